// https://hl7.org/fhir/R4/search.html#chaining, #has and #list
import { describe, expect, it } from 'vitest';
import { search } from '../../../functions/search/search.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import type { Resources, Stored } from '../../../functions/storage/port.ts';
import { context, given, NOW, region, requestOf, searching, store } from './support.ts';

const to = (text: string) => ({ reference: text });
const code = (text: string) => ({ code: { coding: [{ system: 'http://c', code: text }] } });
const all = [
  given('Organization', 'group', { name: 'Keiyukai' }),
  given('Organization', 'org', { name: 'Hospital', identifier: [{ value: '361' }], partOf: to('Organization/group') }),
  given('Organization', 'clinic', { name: 'Clinic', identifier: [{ value: '362' }] }),
  given('Practitioner', 'doctor', { name: [{ family: 'Naka' }] }),
  given('Patient', 'peter', {
    name: [{ family: 'Chalmers', given: ['Peter'] }],
    identifier: [{ system: 'http://n', value: '7' }],
    birthDate: '1950-04-01',
    gender: 'male',
    generalPractitioner: [to('Practitioner/doctor')],
  }),
  given('Patient', 'mary', { name: [{ family: 'Roe', given: ['Mary'] }], gender: 'female', birthDate: '1960-01-01' }),
  given('Device', 'pump', { deviceName: [{ name: 'Peter', type: 'user-friendly-name' }] }),
  given('Location', 'peter-ward', { name: 'Peter ward' }),
  given('Encounter', 'at-org', {
    subject: to('Patient/peter'),
    serviceProvider: to('Organization/org'),
    class: { code: 'AMB' },
  }),
  given('Encounter', 'at-clinic', {
    subject: to('Patient/mary'),
    serviceProvider: to('Organization/clinic'),
    class: { code: 'IMP' },
  }),
  given('Observation', 'o1', { subject: to('Patient/peter'), encounter: to('Encounter/at-org'), ...code('x') }),
  given('Observation', 'o2', { subject: to('Patient/mary'), encounter: to('Encounter/at-clinic'), ...code('y') }),
  given('Observation', 'o3', { subject: to('Location/peter-ward'), ...code('x') }),
  given('MedicationRequest', 'inside', {
    subject: to('Patient/peter'),
    contained: [{ resourceType: 'Medication', id: 'm', ...code('abc') }],
    medicationReference: to('#m'),
  }),
  given('Medication', 'med', code('abc')),
  given('MedicationRequest', 'outside', { subject: to('Patient/mary'), medicationReference: to('Medication/med') }),
  given('List', 'one', {
    status: 'current',
    mode: 'working',
    entry: [{ item: to('Patient/mary') }, { item: to('Observation/o1') }, { deleted: true, item: to('Patient/peter') }],
  }),
  given('Group', 'g', { member: [{ entity: to('Patient/mary') }], ...code('study') }),
  given('Provenance', 'prov', {
    target: [to('Observation/o1')],
    recorded: '2026-01-01T00:00:00Z',
    agent: [{ who: to('Practitioner/doctor') }],
  }),
  given('Questionnaire', 'form', { url: 'http://forms/1', title: 'Admission' }),
  given('QuestionnaireResponse', 'answers', { subject: to('Patient/mary'), questionnaire: 'http://forms/1' }),
];
type Permit = (stored: Pick<Stored, 'type' | 'id'>) => boolean;
const find = async (url: string, permit: Permit = () => true) => {
  const engine = await searching(all);
  return (await engine.all(url, { permit })).map((each) => each.split('/')[1]).toSorted();
};

describe('a chain', () => {
  it('searches by what a reference leads to, of a type', async () => {
    expect(await find('Observation?subject:Patient.name=peter')).toEqual(['o1']);
    expect(await find('Observation?patient.name=roe')).toEqual(['o2']);
    expect(await find('Observation?subject:Patient.gender=female')).toEqual(['o2']);
  });
  it('without a type leads to every type that has the parameter', async () =>
    expect(await find('Observation?subject.name=peter')).toEqual(['o1', 'o3']));
  it('takes identifiers, ids, and modifiers of its last parameter', async () => {
    expect(await find('Observation?patient.identifier=http://n|7')).toEqual(['o1']);
    expect(await find('Observation?patient._id=mary')).toEqual(['o2']);
    expect(await find('Observation?patient.name:exact=Roe')).toEqual(['o2']);
    expect(await find('Observation?patient.identifier:missing=true')).toEqual(['o2']);
    expect(await find('Observation?patient.gender:not=male')).toEqual(['o2']);
  });
  it('leads over several references', async () => {
    expect(await find('Observation?encounter.service-provider.name=hosp')).toEqual(['o1']);
    expect(
      await find('Observation?encounter:Encounter.service-provider:Organization.partof:Organization.name=keiyu'),
    ).toEqual(['o1']);
    expect(await find('Observation?patient.general-practitioner:Practitioner.family=naka')).toEqual(['o1']);
  });
  it('is joined by or within, and by and with others, each on its own', async () => {
    expect(await find('Observation?patient.name=peter,mary')).toEqual(['o1', 'o2']);
    expect(await find('Observation?patient.name=peter&encounter.class=AMB')).toEqual(['o1']);
    expect(await find('Observation?patient.name=peter&encounter.class=IMP')).toEqual([]);
    expect(await find('Observation?patient=mary&encounter.class=IMP&code=y')).toEqual(['o2']);
  });
  it('is evaluated inside contained resources', async () =>
    expect(await find('MedicationRequest?medication.code=abc')).toEqual(['inside', 'outside']));
  it('follows canonical references', async () =>
    expect(await find('QuestionnaireResponse?questionnaire.title=adm')).toEqual(['answers']));
  it('finds nothing where nothing is led to', async () => {
    expect(await find('Observation?patient.name=nobody')).toEqual([]);
    expect(await find('Observation?patient.identifier=none')).toEqual([]);
  });
  it('is shown in the self link and kept by the cursor', async () => {
    const { page } = await searching(all);
    const first = await page('Observation?patient.name=peter,mary&_count=1');
    expect(first.self).toContain('patient.name=peter');
    expect((await page(first.next!)).matches).toHaveLength(1);
  });
  it('counts what it finds', async () => {
    const { page } = await searching(all);
    expect(await page('Observation?patient.name=peter,mary&_total=accurate&_count=1')).toMatchObject({ total: 2 });
    expect(await page('Observation?encounter.class=AMB&_summary=count')).toMatchObject({ total: 1, matches: [] });
  });
  it.each([
    'Observation?code.name=x',
    'Observation?subject:Organization.name=x',
    'Observation?subject:Nothing.name=x',
    'Observation?subject:Patient.nothing=x',
    'Observation?subject.nothing=x',
    'Observation?subject:Patient.birthdate=x',
    'Observation?subject:Patient.',
    'Organization?partof.partof.partof.partof.partof.partof.partof.name=x',
    'Observation?subject:Patient:exact.name=x',
  ])('that cannot be followed is refused: %s', async (url) => {
    const { page } = await searching([]);
    await expect(page(url)).rejects.toMatchObject({ refusal: 'invalid' });
  });
});

describe('_has', () => {
  it('searches by what points here', async () => {
    expect(await find('Patient?_has:Observation:patient:code=x')).toEqual(['peter']);
    expect(await find('Encounter?_has:Observation:encounter:code=http://c|y')).toEqual(['at-clinic']);
  });
  it('is joined with other parameters', async () => {
    expect(await find('Patient?_has:Observation:patient:code=x,y&gender=female')).toEqual(['mary']);
    expect(await find('Patient?_has:Observation:patient:code=x&_has:Observation:patient:code=y')).toEqual([]);
  });
  it('may be nested', async () => {
    expect(await find('Patient?_has:Observation:patient:_has:Provenance:target:agent=Practitioner/doctor')).toEqual([
      'peter',
    ]);
    expect(await find('Organization?_has:Encounter:service-provider:_has:Observation:encounter:code=y')).toEqual([
      'clinic',
    ]);
  });
  it('may end in a chain, and a chain in it', async () => {
    expect(await find('Patient?_has:Encounter:patient:service-provider.name=hosp')).toEqual(['peter']);
    expect(await find('Observation?patient._has:Group:member:code=study')).toEqual(['o2']);
    expect(await find('Observation?encounter:Encounter._has:Observation:encounter:code=x')).toEqual(['o1']);
  });
  it('finds resources that are no patient’s', async () => {
    expect(await find('Practitioner?_has:Patient:general-practitioner:gender=male')).toEqual(['doctor']);
    expect(await find('Location?_has:Observation:subject:code=x')).toEqual(['peter-ward']);
    expect(await find('Patient?_has:Group:member:code=study')).toEqual(['mary']);
  });
  it.each([
    'Patient?_has=x',
    'Patient?_has:Observation=x',
    'Patient?_has:Observation:patient=x',
    'Patient?_has:Observation:patient:=x',
    'Patient?_has.Observation.patient.code=x',
    'Patient?_has:Nothing:patient:code=x',
    'Patient?_has:Observation:code:code=x',
    'Patient?_has:Observation:patient:nothing=x',
  ])('that is malformed is refused: %s', async (url) => {
    const { page } = await searching([]);
    await expect(page(url)).rejects.toMatchObject({ refusal: 'invalid' });
  });
});

describe('_list', () => {
  it('finds what the list names, but for what it says has left', async () => {
    expect(await find('Patient?_list=one')).toEqual(['mary']);
    expect(await find('Observation?_list=one')).toEqual(['o1']);
    expect(await find('Patient?_list=one&gender=male')).toEqual([]);
    expect(await find('Patient?_list=none')).toEqual([]);
  });
  it('over several types finds all of it', async () => {
    expect(await find('?_list=one')).toEqual(['mary', 'o1']);
    expect(await find('?_type=Patient,Encounter&_list=one')).toEqual(['mary']);
  });
  it('takes part in chains', async () => {
    expect(await find('Observation?patient._list=one')).toEqual(['o2']);
    expect(await find('Encounter?_has:Observation:encounter:_list=one')).toEqual(['at-org']);
  });
});

describe('what the caller may not see cannot be inferred', () => {
  const without =
    (...denied: string[]) =>
    ({ type, id }: Pick<Stored, 'type' | 'id'>) =>
      !denied.includes(`${type}/${id}`);
  it('through the end of a chain', async () => {
    expect(await find('Observation?patient.name=peter', without('Patient/peter'))).toEqual([]);
    expect(await find('Observation?patient=peter', without('Patient/peter'))).toEqual(['o1']);
    expect(await find('Observation?patient.gender:not=male', without('Patient/mary'))).toEqual([]);
    expect(await find('Observation?patient._id=peter', without('Patient/peter'))).toEqual([]);
  });
  it('through a step in the middle of a chain', async () =>
    expect(await find('Observation?encounter.service-provider.name=hosp', without('Encounter/at-org'))).toEqual([]));
  it('through _has, at any step', async () => {
    expect(await find('Patient?_has:Observation:patient:code=x', without('Observation/o1'))).toEqual([]);
    expect(
      await find(
        'Patient?_has:Observation:patient:_has:Provenance:target:agent=Practitioner/doctor',
        without('Provenance/prov'),
      ),
    ).toEqual([]);
    expect(
      await find('Patient?_has:Encounter:patient:service-provider.name=hosp', without('Organization/org')),
    ).toEqual([]);
  });
  it('through a list', async () => {
    expect(await find('Patient?_list=one', without('List/one'))).toEqual([]);
    expect(await find('Observation?patient._list=one', without('List/one'))).toEqual([]);
  });
  it('through canonical references', async () =>
    expect(await find('QuestionnaireResponse?questionnaire.title=adm', without('Questionnaire/form'))).toEqual([]));
  it('through a total', async () => {
    const { page } = await searching(all);
    const permit = without('Patient/peter');
    expect((await page('Observation?patient.name=peter&_summary=count', { permit })).total).toBe(0);
  });
});

/** A store that counts what it is asked. */
const counting = async (resources: readonly ReturnType<typeof given>[]) => {
  const { resources: real, seal } = openMemory(() => NOW);
  await store(real, resources);
  const calls: string[] = [];
  const told = <A extends unknown[], R>(call: (...asked: A) => R, name: (...asked: A) => string) => {
    return (...asked: A): R => {
      calls.push(name(...asked));
      return call(...asked);
    };
  };
  const watched: Resources = {
    ...real,
    get: told(real.get, () => 'get'),
    getMany: told(real.getMany, () => 'getMany'),
    scan: told(real.scan, ({ type }) => `scan ${type}`),
    walk: told(real.walk, ({ type }) => `walk ${type}`),
    lookup: told(real.lookup, () => 'lookup'),
  };
  const ask = search({ resources: watched, seal, clock: () => NOW, region });
  return { calls, ask: (url: string) => ask(context(), requestOf(url)) };
};

describe('what it reads', () => {
  it.each([
    ['Observation?patient.identifier=http://n|7', ['lookup', 'scan Observation', 'getMany']],
    ['Observation?subject:Patient.name=peter', ['lookup', 'scan Observation', 'getMany']],
    ['Observation?patient.birthdate=1950-04-01', ['lookup', 'scan Observation', 'getMany']],
    ['Observation?patient=peter&encounter.class=AMB', ['scan Observation', 'getMany']],
    ['Observation?patient=peter&encounter.service-provider.name=hosp', ['scan Observation', 'getMany', 'getMany']],
    [
      'Encounter?patient=peter&_has:Observation:encounter:code=x',
      ['scan Encounter', 'scan Observation', 'walk Observation'],
    ],
    ['Patient?identifier=http://n|7&_has:Observation:patient:code=x', ['lookup', 'getMany', 'scan Observation']],
    [
      'Observation?patient=peter&_include=Observation:patient&_include=Observation:encounter',
      ['scan Observation', 'getMany'],
    ],
    [
      'Patient?_id=peter&_revinclude=Observation:patient&_revinclude=Encounter:patient',
      ['getMany', 'scan Encounter', 'scan Observation'],
    ],
    [
      '?_type=Observation,Encounter&patient.identifier=http://n|7',
      ['lookup', 'scan Encounter', 'scan Observation', 'getMany'],
    ],
    ['Patient?_list=one', ['getMany', 'getMany', 'getMany']],
    ['QuestionnaireResponse?patient=mary&questionnaire.title=adm', ['scan QuestionnaireResponse', 'lookup', 'getMany']],
    [
      'QuestionnaireResponse?patient=mary&_include=QuestionnaireResponse:questionnaire',
      ['scan QuestionnaireResponse', 'lookup', 'getMany'],
    ],
  ])('%s', async (url, wanted) => {
    const { ask, calls } = await counting(all);
    await ask(url);
    expect(calls.toSorted()).toEqual(wanted.toSorted());
  });
});

describe('a chain that nothing bounds', () => {
  it('stops, says so, and goes on where it stopped', async () => {
    const many = Array.from({ length: 4_600 }, (_, i) => given('Observation', `o${i}`, { subject: to('Location/l') }));
    const engine = await searching([given('Location', 'l', { name: 'Ward' }), ...many]);
    const first = await engine.page('Observation?subject:Location.name=nothing');
    expect(first).toMatchObject({ matches: [], outcome: [{ severity: 'warning', code: 'incomplete' }] });
    expect(first.next).toBeDefined();
    expect(await engine.all('Observation?subject:Location.name=ward&_count=1000')).toHaveLength(4_600);
  });
  it('_has over everything says that it did not read all of it', async () => {
    const many = Array.from({ length: 4_600 }, (_, i) => given('Observation', `o${i}`, { subject: to('Location/l') }));
    const { page } = await searching([given('Location', 'l', { name: 'Ward' }), ...many]);
    const got = await page('Location?_has:Observation:subject:date=2020&_total=accurate');
    expect(got).toMatchObject({ matches: [], outcome: [{ severity: 'warning', code: 'incomplete' }] });
    expect(got.total).toBeUndefined();
  });
});
