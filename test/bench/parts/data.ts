// The data that the benchmark runs on: patients of ours with laboratory series. Nobody in here is a real person.
import type { Resource } from '../../../functions/fhir/types.ts';

export const SYSTEM = 'urn:oid:1.2.392.200119.4.504';
/** Tests of a patient's series: with 9 of each and the rest below, a chart holds 100 resources. */
export const CODES = Array.from({ length: 10 }, (_, at) => `3D0${String(at).padStart(2, '0')}0000019262`);

/** A JLAC10 laboratory result as a Japanese hospital sends it, about 1 KB. */
export const observation = (patient: string, code: string, date: string, value: number, id?: string): Resource => ({
  resourceType: 'Observation',
  ...(id && { id }),
  status: 'final',
  category: [
    {
      coding: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/observation-category',
          code: 'laboratory',
          display: 'Laboratory',
        },
      ],
      text: '検体検査',
    },
  ],
  code: { coding: [{ system: SYSTEM, code, display: '検査' }], text: '検査' },
  subject: { reference: `Patient/${patient}` },
  effectiveDateTime: date,
  performer: [{ display: '見本病院 検査部' }],
  valueQuantity: { value, unit: 'mg/dL', system: 'http://unitsofmeasure.org', code: 'mg/dL' },
  interpretation: [
    {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation', code: 'N', display: 'Normal' },
      ],
    },
  ],
  referenceRange: [
    {
      low: { value: 70, unit: 'mg/dL', system: 'http://unitsofmeasure.org', code: 'mg/dL' },
      high: { value: 109, unit: 'mg/dL', system: 'http://unitsofmeasure.org', code: 'mg/dL' },
    },
  ],
});

export const patient = (id: string, number: number): Resource => ({
  resourceType: 'Patient',
  id,
  active: true,
  identifier: [{ system: 'urn:tsumugi:bench', value: id }],
  name: [
    { extension: [written('IDE')], use: 'official', text: '見本 太郎', family: '見本', given: ['太郎'] },
    {
      extension: [written('SYL')],
      use: 'official',
      text: `${kana(number)} タロウ`,
      family: kana(number),
      given: ['タロウ'],
    },
  ],
  gender: number % 2 === 0 ? 'male' : 'female',
  birthDate: birthDate(number),
});

const written = (valueCode: string) => ({
  url: 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation',
  valueCode,
});
export const birthDate = (number: number) => `19${40 + (number % 50)}-05-05`;
const SYLLABLES = [...'アイウエオカキクケコサシスセソタ'];
/** A family name of its own for each of 256. */
export const kana = (number: number) => `ミホン${SYLLABLES[number % 16]}${SYLLABLES[Math.floor(number / 16) % 16]}`;

export const day = (at: number) => new Date(Date.UTC(2024, 0, 1 + at * 9)).toISOString().slice(0, 10);

type Entry = { resource: Resource; request: { method: string; url: string } };

const transaction = (entry: Entry[]): Resource => ({ resourceType: 'Bundle', type: 'transaction', entry });

const post = (resource: Resource): Entry => ({ resource, request: { method: 'POST', url: resource.resourceType } });

const put = (resource: Resource & { id: string }): Entry => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
});

const DOCTORS = 4;
const WAITING = 20;

/** Who else takes part: doctors who assert Conditions, and organizations with Tasks that wait for them. */
export const people = (owners: number): Resource[] => [
  transaction(
    Array.from({ length: DOCTORS }, (_, at) =>
      put({ resourceType: 'Practitioner', id: `bench-dr-${at}`, name: [{ text: '見本 花子', family: '見本' }] }),
    ),
  ),
  ...Array.from({ length: owners }, (_, owner) =>
    transaction([
      put({ resourceType: 'Organization', id: `bench-org-${owner}`, name: '見本診療所' }),
      ...Array.from({ length: WAITING }, (_, at) =>
        post({
          resourceType: 'Task',
          status: 'requested',
          intent: 'order',
          description: '紹介',
          for: { reference: `Patient/bench-${at}` },
          owner: { reference: `Organization/bench-org-${owner}` },
          authoredOn: `${day(at)}T09:00:00+09:00`,
        }),
      ),
    ]),
  ),
];

/** A patient by a known id; what is about it gets ids from the server. */
export const onlyPatient = (id: string, number: number): Resource =>
  transaction([{ resource: patient(id, number), request: { method: 'PUT', url: `Patient/${id}` } }]);

/** The rest of a chart of 100: 90 Observations, then 9 Conditions. */
export const chart = (id: string): Resource => {
  const entries: Entry[] = [];
  for (let at = 0; at < 90; at++) {
    entries.push(post(observation(id, CODES[at % 10]!, `${day(at)}T09:00:00+09:00`, 70 + (at % 40))));
  }
  for (let at = 0; at < 9; at++) {
    entries.push(
      post({
        resourceType: 'Condition',
        clinicalStatus: {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
        },
        code: { coding: [{ system: 'http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full', code: `E1${at}` }] },
        subject: { reference: `Patient/${id}` },
        asserter: { reference: `Practitioner/bench-dr-${at % DOCTORS}` },
        onsetDateTime: day(at * 5),
      }),
    );
  }
  return transaction(entries);
};

/** A hundred new results for one patient. */
export const hundred = (patientId: string, turn: number): Resource =>
  transaction(
    Array.from({ length: 100 }, (_, at) =>
      post(observation(patientId, CODES[at % 10]!, `${day(at)}T10:00:00+09:00`, 70 + ((at + turn) % 40))),
    ),
  );
