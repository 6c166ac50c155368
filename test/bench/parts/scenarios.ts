// What the benchmark asks of the API, by name. The load generator makes each request from its client's number and turn.
import { CODES, chart, hundred, observation, onlyPatient, SYSTEM } from './data.ts';
import type { Call } from './http-client.ts';

export const PATIENTS = 32;

export const patientId = (at: number) => `bench-${at % PATIENTS}`;

export interface Scenario {
  readonly title: string;
  /** Status that counts as done. */
  readonly status: number;
  readonly call: (client: number, turn: number, ids: Ids) => Call;
}

/** Server-assigned ids of a patient's Observations, in the order in which they were posted. */
export type Ids = ReadonlyMap<string, readonly string[]>;

const idOf = (ids: Ids, patient: string, turn: number) => ids.get(patient)?.[turn % 90] ?? 'absent';

const spread = (client: number, turn: number) => client * 7 + turn;

export const SCENARIOS = {
  read: {
    title: 'read an Observation',
    status: 200,
    call: (client, turn, ids) => ({
      method: 'GET',
      path: `/Observation/${idOf(ids, patientId(spread(client, turn)), turn)}`,
    }),
  },
  create: {
    title: 'create an Observation',
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
    status: 200,
    call: (client, turn, ids) => {
      const patient = `bench-u-${client}`;
      const id = idOf(ids, patient, turn);
      const value = (Date.now() % 1e6) + turn; // never what is there already
      const day = '2024-01-01T09:00:00+09:00';
      return {
        method: 'PUT',
        path: `/Observation/${id}`,
        body: JSON.stringify(observation(patient, CODES[turn % 10]!, day, value, id)),
        headers: { prefer: 'return=minimal' },
      };
    },
  },
  code: {
    title: 'Observations by patient and code (9 found)',
    status: 200,
    call: (client, turn) => ({
      method: 'GET',
      path: `/Observation?patient=${patientId(spread(client, turn))}&code=${encodeURIComponent(`${SYSTEM}|${CODES[turn % 10]}`)}`,
    }),
  },
  category: {
    title: 'Observations by patient and category, newest 50',
    status: 200,
    call: (client, turn) => ({
      method: 'GET',
      path: `/Observation?patient=${patientId(spread(client, turn))}&category=laboratory&_sort=-date&_count=50`,
    }),
  },
  everything: {
    title: 'a whole chart of 100 resources',
    status: 200,
    call: (client, turn) => ({
      method: 'GET',
      path: `/Patient/${patientId(spread(client, turn))}/$everything?_count=200`,
    }),
  },
  transaction: {
    title: 'transaction of 100 creates',
    status: 200,
    call: (client, turn) => ({
      method: 'POST',
      path: '',
      body: JSON.stringify(hundred(`bench-w-${client}`, turn)),
      headers: { prefer: 'return=minimal' },
    }),
  },
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;
export const scenarioNames = Object.keys(SCENARIOS) as ScenarioName[];

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
  return [...filled, ...empty];
};
