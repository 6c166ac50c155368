// What the benchmark asks of the API, by name. The load generator makes each request from its client's number and turn.
import { birthDate, CODES, chart, day, hundred, kana, observation, onlyPatient, people, SYSTEM } from './data.ts';
import type { Call } from './http-client.ts';

export const PATIENTS = 32;
/** Each with a work list of 20. */
const OWNERS = 8;

export const patientId = (at: number) => `bench-${at % PATIENTS}`;

export interface Scenario {
  readonly title: string;
  /** Status that counts as done. */
  readonly status: number;
  /** Of issue 2, measured at each number of clients; the others at eight. */
  readonly basic?: true;
  /** Takes long, or writes much: fewer samples for the ceiling. */
  readonly heavy?: true;
  readonly call: (client: number, turn: number, ids: Ids) => Call;
}

/** Server-assigned ids of a patient's Observations, in the order in which they were posted. */
export type Ids = ReadonlyMap<string, readonly string[]>;

const idOf = (ids: Ids, patient: string, turn: number) => ids.get(patient)?.[turn % 90] ?? 'absent';

const spread = (client: number, turn: number) => client * 7 + turn;

const text = encodeURIComponent;

const get = (path: (patient: string, at: number) => string): Pick<Scenario, 'status' | 'call'> => ({
  status: 200,
  call: (client, turn) => ({ method: 'GET', path: path(patientId(spread(client, turn)), spread(client, turn)) }),
});

export const SCENARIOS = {
  read: {
    title: 'read an Observation',
    basic: true,
    status: 200,
    call: (client, turn, ids) => ({
      method: 'GET',
      path: `/Observation/${idOf(ids, patientId(spread(client, turn)), turn)}`,
    }),
  },
  create: {
    title: 'create an Observation',
    basic: true,
    status: 201,
    call: (client, turn) => ({
      method: 'POST',
      path: '/Observation',
      body: JSON.stringify(
        observation(`bench-w-${client}`, CODES[turn % 10]!, '2026-01-01T09:00:00+09:00', 70 + (turn % 40)),
      ),
      headers: { prefer: 'return=minimal' },
    }),
  },
  update: {
    title: 'update an Observation',
    basic: true,
    status: 200,
    call: (client, turn, ids) => {
      const patient = `bench-u-${client}`;
      const id = idOf(ids, patient, turn);
      const value = (Date.now() % 1e6) + turn; // never what is there already
      const date = `${day(turn % 90)}T09:00:00+09:00`; // as it was: one that moves is written in three rows
      return {
        method: 'PUT',
        path: `/Observation/${id}`,
        body: JSON.stringify(observation(patient, CODES[turn % 10]!, date, value, id)),
        headers: { prefer: 'return=minimal' },
      };
    },
  },
  code: {
    title: 'Observations by patient and code (9 found)',
    basic: true,
    status: 200,
    call: (client, turn) => ({
      method: 'GET',
      path: `/Observation?patient=${patientId(spread(client, turn))}&code=${encodeURIComponent(`${SYSTEM}|${CODES[turn % 10]}`)}`,
    }),
  },
  category: {
    title: 'Observations by patient and category, newest 50',
    basic: true,
    status: 200,
    call: (client, turn) => ({
      method: 'GET',
      path: `/Observation?patient=${patientId(spread(client, turn))}&category=laboratory&_sort=-date&_count=50`,
    }),
  },
  everything: {
    title: 'a whole chart of 100 resources',
    basic: true,
    status: 200,
    call: (client, turn) => ({
      method: 'GET',
      path: `/Patient/${patientId(spread(client, turn))}/$everything?_count=200`,
    }),
  },
  transaction: {
    title: 'transaction of 100 creates',
    basic: true,
    heavy: true,
    status: 200,
    call: (client, turn) => ({
      method: 'POST',
      path: '',
      body: JSON.stringify(hundred(`bench-w-${client}`, turn)),
      headers: { prefer: 'return=minimal' },
    }),
  },
  include: {
    title: 'Conditions of a patient with who asserts them (`_include`)',
    ...get((patient) => `/Condition?patient=${patient}&_include=Condition:asserter`),
  },
  revinclude: {
    title: 'a Patient with the Conditions about it (`_revinclude`)',
    ...get((patient) => `/Patient?_id=${patient}&_revinclude=Condition:subject`),
  },
  chain: {
    title: 'Conditions of a patient by the name of who asserts them (chain)',
    ...get((patient) => `/Condition?patient=${patient}&asserter:Practitioner.name=${text('見本')}`),
  },
  has: {
    title: 'a Patient by birth date who has a Condition (`_has`)',
    ...get((_, at) => `/Patient?birthdate=${birthDate(at % PATIENTS)}&_has:Condition:subject:clinical-status=active`),
  },
  worklist: {
    title: 'requested Tasks of an owner (work list of 20)',
    ...get((_, at) => `/Task?owner=Organization/bench-org-${at % OWNERS}&status=requested`),
  },
  pdq: {
    title: 'Patient by kana name and birth date (PDQ)',
    ...get((_, at) => `/Patient?name=${text(kana(at % PATIENTS))}&birthdate=${birthDate(at % PATIENTS)}`),
  },
  walk: {
    title: 'all Observations above a value (walk, 20 pages)',
    heavy: true,
    ...get(() => '/Observation?value-quantity=gt100000000&_count=10'),
  },
  lastn: {
    title: 'latest of each of 10 codes (`$lastn`)',
    ...get((patient) => `/Observation/$lastn?patient=${patient}&category=laboratory`),
  },
  summary: {
    title: "a patient's summary (`$summary`)",
    ...get((patient) => `/Patient/${patient}/$summary`),
  },
  validate: {
    title: 'check an Observation (`$validate`)',
    status: 200,
    call: (client, turn) => ({
      method: 'POST',
      path: '/Observation/$validate',
      body: JSON.stringify(observation(patientId(spread(client, turn)), CODES[turn % 10]!, '2026-01-01', turn)),
    }),
  },
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;
export const scenarioNames = Object.keys(SCENARIOS) as ScenarioName[];

/** Ids that the server gave to the Observations of a Bundle. */
export const idsIn = (bundle: string): string[] => {
  const entries = (JSON.parse(bundle) as { entry?: { response?: { location?: string } }[] }).entry ?? [];
  return entries.flatMap(({ response }) => /Observation\/([^/]+)/.exec(response?.location ?? '')?.[1] ?? []);
};

export interface Preparation {
  readonly patient: string;
  readonly calls: readonly Call[];
}

/** What must be there before the first measurement; the last call of each makes the Observations whose ids are kept. */
export const preparations = (clients: number): Preparation[] => {
  const post = (bundle: unknown): Call => ({ method: 'POST', path: '', body: JSON.stringify(bundle) });
  const filled = [
    ...Array.from({ length: PATIENTS }, (_, at) => patientId(at)),
    ...Array.from({ length: clients }, (_, at) => `bench-u-${at}`),
  ].map((patient, at) => ({ patient, calls: [post(onlyPatient(patient, at)), post(chart(patient))] }));
  const empty = Array.from({ length: clients }, (_, at) => ({
    patient: `bench-w-${at}`,
    calls: [post(onlyPatient(`bench-w-${at}`, at))],
  }));
  return [{ patient: '', calls: people(OWNERS).map(post) }, ...filled, ...empty];
};
