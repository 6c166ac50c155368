// Reads counted = reads recorded: for every way to see something, the persons in the answer are the persons in the trail.
import { beforeAll, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../../functions/audit/port.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { type Api, clinic, type Got, given, openApi, type Sent, stored } from '../../support/api.ts';

let api: Api;
let a: string;
let b: string;
let observation: string;
let encounter: string;

beforeAll(async () => {
  api = openApi();
  a = (await stored(api, given.patient())).id;
  b = (await stored(api, given.patient({ identifier: [{ system: 'urn:s', value: 'P-2' }] }))).id;
  encounter = (
    await stored(api, {
      resourceType: 'Encounter',
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
      subject: { reference: `Patient/${a}` },
      period: { start: '2026-11-01' },
    })
  ).id;
  observation = (await stored(api, given.observation(a, { encounter: { reference: `Encounter/${encounter}` } }))).id;
  for (const patient of [a, b, b]) await stored(api, given.observation(patient));
  await api.send('PATCH', `/Observation/${observation}`, {
    headers: { 'content-type': 'application/json-patch+json' },
    body: JSON.stringify([{ op: 'replace', path: '/status', value: 'amended' }]),
  });
});

/** Every resource of a patient in an answer, however deep: the person that it is of, once for each resource. */
const personsShown = (got: Got): string[] => {
  const found: string[] = [];
  const visit = (resource: Resource & { entry?: unknown }) => {
    if (resource.resourceType === 'Bundle') {
      for (const entry of (resource.entry ?? []) as { resource?: Resource }[])
        if (entry.resource) visit(entry.resource);
      return;
    }
    if (resource.resourceType === 'Patient') found.push(resource.id!);
    const { subject } = resource as { subject?: { reference?: string } };
    if (subject?.reference?.startsWith('Patient/')) found.push(subject.reference.slice('Patient/'.length));
  };
  if (got.body.resourceType) visit(got.body);
  return found;
};

const countOf = (persons: readonly string[]) => {
  const counts: Record<string, number> = {};
  for (const person of persons) counts[person] = (counts[person] ?? 0) + 1;
  return counts;
};

const recordedBy = async (method: string, path: string, sent: Sent = {}) => {
  const before = api.recorded.length;
  const got = await api.send(method, path, sent);
  return { got, records: api.recorded.slice(before) };
};

const recordedPersons = (records: readonly AuditRecord[]) => {
  const idOf = new Map([a, b].map((id) => [api.services.resources.patientKey(id), id]));
  const persons = records.filter(({ patientKey }) => patientKey !== undefined);
  return Object.fromEntries(persons.map(({ patientKey, count }) => [idOf.get(patientKey!), count]));
};

const READS: [string, () => string][] = [
  ['a read', () => `/Observation/${observation}`],
  ['a read of a Patient', () => `/Patient/${a}`],
  ['a read of a version', () => `/Observation/${observation}/_history/1`],
  ['a history', () => `/Observation/${observation}/_history`],
  ['a history of a type', () => '/Observation/_history'],
  ['a history of all', () => '/_history'],
  ['a search of one person', () => `/Observation?patient=${a}`],
  ['a search by id', () => `/Observation?_id=${observation}`],
  ['a search of everybody', () => '/Observation?code=718-7'],
  ['a page of a search', () => '/Observation?code=718-7&_count=1'],
  [
    'a search with _include',
    () => `/Observation?_id=${observation}&_include=Observation:subject&_include=Observation:encounter`,
  ],
  ['a search with _revinclude', () => `/Patient?_id=${a}&_revinclude=Observation:subject`],
  ['a chained search', () => '/Observation?subject:Patient.family=Awa'],
  ['a _has search', () => '/Patient?_has:Observation:subject:code=718-7'],
  ['a search by identifier', () => '/Patient?identifier=urn:s|P-2'],
  ['a compartment', () => `/Patient/${a}/Observation`],
  ['the whole compartment', () => `/Patient/${a}/*`],
  ['$everything', () => `/Patient/${a}/$everything`],
  ['$lastn', () => `/Observation/$lastn?patient=${a}&code=718-7`],
  ['a system search', () => `/?_type=Observation,Encounter&patient=${a}`],
  ['_elements', () => `/Observation?patient=${a}&_elements=subject`],
];

describe('the persons that are shown are the persons that are recorded, by', () => {
  it.each(READS)('%s', async (_, path) => {
    const { got, records } = await recordedBy('GET', path());

    expect(got.status, got.text).toBe(200);
    expect(personsShown(got).length, got.text).toBeGreaterThan(0);
    expect(recordedPersons(records)).toEqual(countOf(personsShown(got)));
  });

  it('a batch of reads, with what it refuses one by one', async () => {
    const urls = [
      `Observation/${observation}`,
      `Patient/${b}`,
      `Observation?patient=${b}`,
      'Observation/nowhere',
      'Nothing/1',
    ];
    const entry = [...urls.map((url) => ({ request: { method: 'GET', url } })), { request: {} }];
    const { got, records } = await recordedBy('POST', '', { body: given.bundle('batch', entry) });

    expect(recordedPersons(records)).toEqual(countOf(personsShown(got)));
    const refused = records.filter(({ outcome }) => outcome !== '0');
    expect(refused.map(({ interaction, entities, status }) => [interaction, entities, status])).toEqual(
      expect.arrayContaining([
        ['read', ['Observation/nowhere'], 404],
        ['read', ['Nothing/1'], 404],
        ['unknown', [], 400],
      ]),
    );
    expect(refused).toHaveLength(3);
  });

  it('reads within a transaction, beside what it writes', async () => {
    const entry = [
      { request: { method: 'POST', url: 'Observation' }, resource: given.observation(b) },
      { request: { method: 'GET', url: `Patient/${a}` } },
    ];
    const { records } = await recordedBy('POST', '', { body: given.bundle('transaction', entry) });

    expect(recordedPersons(records)).toEqual({ [a]: 1, [b]: 1 });
  });
});

describe('what is not shown is not recorded as shown', () => {
  it.each(READS)('to another facility, by %s', async (_, path) => {
    const { got, records } = await recordedBy('GET', path(), { as: clinic });

    expect(personsShown(got)).toEqual([]);
    expect(recordedPersons(records)).toEqual({});
    expect(records.length).toBeGreaterThan(0); // the attempt is
  });

  it('a number of hits is of nobody in particular, and is recorded as a search', async () => {
    const { records } = await recordedBy('GET', `/Observation?patient=${a}&_summary=count`);
    expect(records).toMatchObject([{ interaction: 'search-type', outcome: '0' }]);
  });
});
