// https://hl7.org/fhir/R4/search.html#include, #chaining and #has, through the whole API and under the caller's rules
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { type Api, BASE, clinic, given, openApi, residentOf, stored } from '../../support/api.ts';

const chart = async (api: Api) => {
  await stored(api, { resourceType: 'Organization', id: 'org', name: 'Awa Hospital' });
  await stored(api, given.patient({ id: 'p1', managingOrganization: { reference: 'Organization/org' } }));
  await stored(api, {
    resourceType: 'Encounter',
    id: 'e1',
    status: 'finished',
    class: { code: 'AMB' },
    subject: { reference: 'Patient/p1' },
    serviceProvider: { reference: 'Organization/org' },
  });
  for (const id of ['o1', 'o2'])
    await stored(api, given.observation('p1', { id, encounter: { reference: 'Encounter/e1' } }));
};
const modes = ({ entry = [] }: { entry?: { fullUrl?: string; search?: { mode: string } }[] }) =>
  entry.map(({ fullUrl, search }) => `${search?.mode} ${fullUrl?.slice(BASE.length + 1)}`).toSorted();

describe('_include and _revinclude', () => {
  it('are answered as entries with mode include; total counts matches only', async () => {
    const api = openApi();
    await chart(api);
    const { body } = await api.send(
      'GET',
      '/Observation?patient=p1&_include=Observation:encounter&_include=Observation:patient&_total=accurate',
    );
    expect(modes(body)).toEqual([
      'include Encounter/e1',
      'include Patient/p1',
      'match Observation/o1',
      'match Observation/o2',
    ]);
    expect(body.total).toBe(2);
    const back = await api.send('GET', '/Patient?_id=p1&_revinclude=Observation:patient');
    expect(modes(back.body)).toEqual(['include Observation/o1', 'include Observation/o2', 'match Patient/p1']);
  });
  it('are taken in the body of a POST as well', async () => {
    const api = openApi();
    await chart(api);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const got = await api.send('POST', '/Encounter/_search', {
      body: 'patient=p1&_include=Encounter%3Aservice-provider',
      headers,
    });
    expect(modes(got.body)).toEqual(['include Organization/org', 'match Encounter/e1']);
  });
  it('come whole where _elements asks for some of the matches', async () => {
    const api = openApi();
    await chart(api);
    const { body } = await api.send('GET', '/Encounter?_id=e1&_include=Encounter:patient&_elements=subject');
    const of = (mode: string) => body.entry!.find(({ search }) => search?.mode === mode)!.resource as Resource;
    expect(of('match').meta?.tag).toMatchObject([{ code: 'SUBSETTED' }]);
    expect(of('include')).toHaveProperty('name');
    expect(of('include').meta?.tag).toBeUndefined();
  });
  it('are recorded as disclosed, each resource that was shown', async () => {
    const api = openApi();
    await chart(api);
    api.recorded.length = 0;
    await api.send('GET', '/Encounter?_id=e1&_revinclude=Observation:encounter&_include=Encounter:patient');
    const person = api.recorded.find(({ patientKey }) => patientKey !== undefined);
    expect(person).toMatchObject({ interaction: 'search-type', action: 'R', count: 4 });
    expect(person?.entities).toContain('Observation/o1');
  });
  it('are claimed for each type, and once for all what may point at anything', async () => {
    const api = openApi();
    const { body, text } = await api.send('GET', '/metadata');
    const rest = body.rest as {
      documentation: string;
      resource: { type: string; searchInclude?: string[]; searchRevInclude?: string[] }[];
    }[];
    const observation = rest[0]!.resource.find(({ type }) => type === 'Observation')!;
    expect(observation.searchInclude).toContain('Observation:encounter');
    expect(observation.searchRevInclude).toEqual(expect.arrayContaining(['*', 'DiagnosticReport:result']));
    expect(rest[0]!.documentation).toContain('Provenance:target');
    expect(observation.searchRevInclude).not.toContain('Provenance:target');
    const patient = rest[0]!.resource.find(({ type }) => type === 'Patient')!;
    expect(patient.searchRevInclude).toContain('Observation:subject');
    expect(text.length).toBeLessThan(460_000);
  });
});

describe('what a caller may not see', () => {
  it('is neither included nor inferred through a chain or _has', async () => {
    const api = openApi();
    await chart(api);
    const own = {
      resourceType: 'Observation',
      id: 'own',
      status: 'final',
      code: { text: 'x' },
      subject: { reference: 'Patient/p1' },
      encounter: { reference: 'Encounter/e1' },
    };
    await stored(api, own, { as: clinic });
    const search = async (query: string) => modes((await api.send('GET', query, { as: clinic })).body);
    expect(await search('/Observation?patient=p1')).toEqual(['match Observation/own']);
    expect(await search('/Observation?patient=p1&_include=Observation:patient&_include=Observation:encounter')).toEqual(
      ['match Observation/own'],
    );
    for (const chained of [
      'patient.gender=female',
      'patient.name=awa',
      'encounter.class=AMB',
      'encounter._has:Observation:encounter:code=718-7',
    ])
      expect(await search(`/Observation?patient=p1&${chained}`), chained).toEqual([]);
    expect(await search('/Observation?patient.identifier=P-1')).toEqual([]);
    const organization = await search('/Organization?_has:Encounter:service-provider:class=AMB');
    expect(organization.filter((each) => each.startsWith('match'))).toEqual([]);
  });
  it('stays hidden from another resident', async () => {
    const api = openApi();
    await chart(api);
    const as = residentOf('p2');
    expect(modes((await api.send('GET', '/Observation?patient.name=awa', { as })).body)).toEqual([]);
    const mine = await api.send('GET', '/Observation?patient.name=awa&_include=Observation:patient', {
      as: residentOf('p1'),
    });
    expect(modes(mine.body)).toEqual(['include Patient/p1', 'match Observation/o1', 'match Observation/o2']);
  });
});

describe('a conditional interaction', () => {
  it('takes chains, and no includes', async () => {
    const api = openApi();
    await chart(api);
    const body = given.observation('p1', {});
    const again = await api.send('POST', '/Observation', {
      body,
      headers: { 'if-none-exist': 'patient.identifier=P-1&_id=o1' },
    });
    expect(again.status).toBe(200);
    const wrong = await api.send('POST', '/Observation', {
      body,
      headers: { 'if-none-exist': '_id=o1&_include=Observation:patient' },
    });
    expect(wrong.status).toBe(400);
  });
});

describe('search over several types', () => {
  it('takes chains that all of the types have', async () => {
    const api = openApi();
    await chart(api);
    const { body } = await api.send('GET', '/?_type=Observation,Encounter&patient.name=awa');
    expect(modes(body)).toEqual(['match Encounter/e1', 'match Observation/o1', 'match Observation/o2']);
  });
  it.each(['_filter', '_text', '_content', '_query', '_contained', '_containedType'])(
    'refuses %s by its name',
    async (name) => {
      const api = openApi();
      const { status, body } = await api.send('GET', `/?_type=Patient&${name}=x`);
      expect(status).toBe(501);
      expect(body.issue?.[0]?.diagnostics).toContain(name);
    },
  );
});
