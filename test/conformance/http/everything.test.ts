// https://hl7.org/fhir/R4/patient-operation-everything.html and encounter-operation-everything.html
import { describe, expect, it } from 'vitest';
import { type Api, BASE, clinic, given, openApi, residentOf, stored } from '../../support/api.ts';

const to = (reference: string) => ({ reference });
const put = (api: Api, resourceType: string, id: string, more: object) => stored(api, { resourceType, id, ...more });

const DOCUMENTED = { text: 'x' };
const chart = async () => {
  const api = openApi();
  await put(api, 'Organization', 'o', { name: 'Hospital', partOf: to('Organization/group') });
  await put(api, 'Organization', 'group', { name: 'Group' });
  await put(api, 'Practitioner', 'd', { name: [{ family: 'Sudachi' }] });
  await put(api, 'Medication', 'm', { code: DOCUMENTED });
  await stored(api, given.patient({ id: 'p', managingOrganization: to('Organization/o') }));
  await stored(api, given.patient({ id: 'q' }));
  await put(api, 'Encounter', 'e', {
    status: 'finished',
    class: { code: 'AMB' },
    subject: to('Patient/p'),
    period: { start: '2026-05-01T09:00:00+09:00', end: '2026-05-01T10:00:00+09:00' },
    participant: [{ individual: to('Practitioner/d') }],
    diagnosis: [{ condition: to('Condition/c') }],
  });
  await put(api, 'Condition', 'c', { subject: to('Patient/p'), code: DOCUMENTED, recordedDate: '2025-01-01' });
  await stored(
    api,
    given.observation('p', { id: 'may', encounter: to('Encounter/e'), effectiveDateTime: '2026-05-01' }),
  );
  await stored(api, given.observation('p', { id: 'november', performer: [to('Practitioner/d')] }));
  await stored(
    api,
    given.observation('p', {
      id: 'associated',
      extension: [
        {
          url: 'http://hl7.org/fhir/StructureDefinition/encounter-associatedEncounter',
          valueReference: to('Encounter/e'),
        },
      ],
    }),
  );
  await put(api, 'MedicationRequest', 'r', {
    status: 'active',
    intent: 'order',
    subject: to('Patient/p'),
    medicationReference: to('Medication/m'),
    authoredOn: '2026-06-01',
  });
  await put(api, 'Coverage', 'v', { status: 'active', beneficiary: to('Patient/p'), payor: [to('Organization/o')] });
  await put(api, 'RelatedPerson', 'rp', { patient: to('Patient/p') });
  await put(api, 'Observation', 'other', {
    ...given.observation('q'),
    id: 'other',
    hasMember: [to('Observation/may')],
  });
  return api;
};

const entriesOf = async (api: Api, path: string, sent = {}) => {
  const modes: Record<string, string[]> = { match: [], include: [], outcome: [] };
  let url: string | undefined = path;
  for (let page = 0; url && page < 20; page++) {
    const { status, body } = await api.send('GET', url, sent);
    expect(status).toBe(200);
    for (const { resource, search } of body.entry ?? [])
      modes[search!.mode]!.push(`${resource?.resourceType}/${resource?.id}`);
    url = body.link?.find(({ relation }) => relation === 'next')?.url;
  }
  return { match: modes.match!.toSorted(), include: modes.include!.toSorted(), outcome: modes.outcome! };
};

const ALL = [
  'Condition/c',
  'Coverage/v',
  'Encounter/e',
  'MedicationRequest/r',
  'Observation/associated',
  'Observation/may',
  'Observation/november',
  'Patient/p',
  'RelatedPerson/rp',
];
const LINKED = ['Medication/m', 'Organization/group', 'Organization/o', 'Practitioner/d'];

describe('Patient/$everything', () => {
  it('returns the records, and once each whatever is needed to support them', async () => {
    const found = await entriesOf(await chart(), '/Patient/p/$everything');
    expect(found).toEqual({ match: ALL, include: LINKED, outcome: [] });
  });
  it.each([1, 2, 4])('by pages of %i is the same, what is linked still once', async (count) => {
    const found = await entriesOf(await chart(), `${BASE}/Patient/p/$everything?_count=${count}`);
    expect(found).toEqual({ match: ALL, include: LINKED, outcome: [] });
  });
  it('start and end are care dates; what has none belongs to every range', async () => {
    const api = await chart();
    const undated = ['Coverage/v', 'Patient/p', 'RelatedPerson/rp'];
    const match = async (query: string) => (await entriesOf(api, `/Patient/p/$everything?${query}`)).match;
    expect(await match('start=2026-05-01&end=2026-05-01')).toEqual(
      [...undated, 'Encounter/e', 'Observation/may'].toSorted(),
    );
    expect(await match('start=2026-05&end=2026-06')).toEqual(
      [...undated, 'Encounter/e', 'Observation/may', 'MedicationRequest/r'].toSorted(),
    );
    expect(await match('end=2025')).toEqual([...undated, 'Condition/c'].toSorted());
    expect(await match('start=2026-07')).toEqual(
      [...undated, 'Observation/november', 'Observation/associated'].toSorted(),
    );
    expect((await api.send('GET', '/Patient/p/$everything?start=yesterday')).status).toBe(400);
  });
  it('_type bounds what is linked too, and may be given more than once', async () => {
    const found = await entriesOf(await chart(), '/Patient/p/$everything?_type=Observation,Practitioner&_type=Patient');
    expect(found.match.map((name) => name.split('/')[0])).toEqual([...Array(3).fill('Observation'), 'Patient']);
    expect(found.include).toEqual(['Practitioner/d']);
  });
  it('takes its parameters in a Parameters resource', async () => {
    const body = { resourceType: 'Parameters', parameter: [{ name: '_type', valueCode: 'Condition' }] };
    const answer = await (await chart()).send('POST', '/Patient/p/$everything', { body });
    expect(answer.body.entry).toHaveLength(1);
  });
  it('refuses a parameter that it does not know', async () => {
    expect((await (await chart()).send('GET', '/Patient/p/$everything?beginning=2026')).status).toBe(400);
  });
  it('discloses what is linked as well, and nothing to those who may not see it', async () => {
    const api = await chart();
    api.recorded.length = 0;
    await api.send('GET', '/Patient/p/$everything');
    expect(JSON.stringify(api.recorded)).toContain('Organization/o');
    expect((await entriesOf(api, '/Patient/p/$everything', { as: residentOf('p') })).match).toEqual(ALL);
    expect((await api.send('GET', '/Patient/p/$everything', { as: clinic })).status).toBe(404);
  });
});

describe('Encounter/$everything', () => {
  it('returns the encounter, its compartment, what names it by the standard extension, and what those point at', async () => {
    const found = await entriesOf(await chart(), '/Encounter/e/$everything');
    expect(found).toEqual({
      match: ['Encounter/e', 'Observation/associated', 'Observation/may'],
      include: ['Condition/c', 'Organization/group', 'Organization/o', 'Patient/p', 'Practitioner/d'],
      outcome: [],
    });
  });
  it('comes in pages too', async () => {
    const found = await entriesOf(await chart(), `${BASE}/Encounter/e/$everything?_count=1`);
    expect(found.match).toHaveLength(3);
    expect(found.include).toContain('Patient/p');
  });
  it('is 404 where the encounter is none of the caller’s, and has no start', async () => {
    const api = await chart();
    expect((await api.send('GET', '/Encounter/e/$everything', { as: clinic })).status).toBe(404);
    expect((await api.send('GET', '/Encounter/nobody/$everything')).status).toBe(404);
    expect((await api.send('GET', '/Encounter/e/$everything?start=2026')).status).toBe(400);
  });
});

describe('compartments', () => {
  it.each([
    ['Encounter/e/Observation', ['may']],
    ['Practitioner/d/Observation', ['november']],
    ['Practitioner/d/Encounter', ['e']],
    ['RelatedPerson/rp/*', ['rp']],
    ['Device/x/Observation', []],
  ])('%s holds what R4 says', async (path, wanted) => {
    const { status, body } = await (await chart()).send('GET', `/${path}`);
    expect(status).toBe(200);
    expect(body.entry?.map(({ resource }) => resource?.id) ?? []).toEqual(wanted);
  });
  it('are claimed', async () => {
    const { body } = await openApi().send('GET', '/metadata');
    expect(JSON.stringify(body)).toContain('http://hl7.org/fhir/CompartmentDefinition/relatedPerson');
  });
  it('that R4 does not have are refused', async () => {
    expect((await openApi().send('GET', '/Organization/o/Observation')).status).toBe(404);
  });
});
