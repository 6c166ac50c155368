// How much each search reads. A plan may read too much, never too little; properties.test.ts holds the second half.
import { describe, expect, it } from 'vitest';
import { search } from '../../../functions/search/search.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import type { Resources, Scan, Stored, Walk } from '../../../functions/storage/port.ts';
import { context, given, NOW, region, requestOf, searching, store } from './support.ts';

const P = { subject: { reference: 'Patient/p' } };
const LOINC = 'http://loinc.org';
const coded = (id: string, ...coding: { system?: string; code: string }[]) =>
  given('Observation', id, { ...P, code: { coding }, status: 'final', effectiveDateTime: '2020-01-01' });

const resources = [
  given('Patient', 'p', {
    identifier: [{ system: 'http://n', value: '0012' }],
    name: [
      { family: '山田', given: ['太郎'] },
      { family: 'ヤマダ', given: ['タロウ'] },
    ],
    birthDate: '1950-04-01',
    telecom: [{ system: 'phone', value: '088-123-4567' }],
    address: [{ postalCode: '770-0001' }],
  }),
  given('Organization', 'org', { identifier: [{ value: '3610000001' }], name: 'Hospital' }),
  coded('one', { system: LOINC, code: '8302-2' }),
  coded('two', { system: LOINC, code: '8302-2' }, { system: LOINC, code: '3137-7' }),
  coded('local', { system: 'http://local', code: '8302-2' }),
  given('ValueSet', 'vs1', { url: 'http://acme.org/fhir/ValueSet/x', version: '1.0' }),
  given('ValueSet', 'vs2', { url: 'http://acme.org/fhir/ValueSet/x', version: '2.0' }),
  given('CodeSystem', 'cs', { url: 'http://acme.org/fhir/ValueSet/x' }),
];

/** A store that writes down what it was asked. */
const watched = async () => {
  const { resources: real, seal } = openMemory(() => NOW);
  await store(real, resources);
  const calls: { call: string; scan?: Scan; walk?: Walk }[] = [];
  const watchedResources: Resources = {
    ...real,
    getMany: (refs) => {
      calls.push({ call: 'getMany' });
      return real.getMany(refs);
    },
    scan: (scan) => {
      calls.push({ call: 'scan', scan });
      return real.scan(scan);
    },
    walk: (walk) => {
      calls.push({ call: 'walk', walk });
      return real.walk(walk);
    },
    lookup: (query) => {
      calls.push({ call: 'lookup' });
      return real.lookup(query);
    },
  };
  const ask = search({ resources: watchedResources, seal, clock: () => NOW, region });
  return async (url: string, permit: (stored: Stored) => boolean = () => true) => {
    calls.length = 0;
    const { matches } = await ask(context(), { ...requestOf(url), permit });
    return { ids: matches.map(({ id }) => id).toSorted(), calls: [...calls], names: calls.map(({ call }) => call) };
  };
};

describe('one read of the patient’s partition answers', () => {
  it.each([
    'Observation?patient=p',
    'Observation?patient=Patient/p&status=final&date=ge2019',
    'Observation?subject=Patient/p&code:not=x',
    'Observation?performer=Patient/p',
    'Patient/p/Observation?value-quantity=5',
    'Patient/p/*',
  ])('%s', async (url) => expect((await (await watched())(url)).names).toEqual(['scan']));

  it('a bare subject after one look whether there is such a patient', async () => {
    expect((await (await watched())('Observation?subject=p')).names).toEqual(['getMany', 'scan']);
  });
  it('a bare subject whose Patient itself may not be seen', async () => {
    const { ids, names } = await (await watched())('Observation?subject=p', ({ type }) => type !== 'Patient');
    expect(names).toEqual(['getMany', 'scan']);
    expect(ids).toEqual(['local', 'one', 'two']);
  });
  it('with the newest only, when nothing else is asked', async () => {
    const { calls } = await (await watched())('Observation?patient=p&_count=2');
    expect(calls[0]!.scan!.limit).toBe(3);
  });
  it('with the newest only, when they are sorted newest first', async () => {
    const { calls } = await (await watched())('Observation?patient=p&_sort=-date&_count=2');
    expect(calls.map(({ call }) => call)).toEqual(['scan']);
    expect(calls[0]!.scan!.limit).toBe(3);
  });
  it('bounded by its date, and pruned by its codes', async () => {
    const { calls } = await (await watched())(
      'Observation?patient=p&date=ge2020&date=lt2021&status=final&category=a,b',
    );
    expect(calls[0]!.scan).toMatchObject({
      from: Date.parse('2020-01-01T00:00:00+09:00') / 1000,
      to: Date.parse('2021-01-01T00:00:00+09:00') / 1000,
      prune: [['status=final'], ['category=a', 'category=b']],
    });
  });
  it('but not pruned by what :not, :text or :missing ask', async () => {
    const { calls } = await (await watched())(
      'Observation?patient=p&status:not=final&code:text=x&category:missing=true',
    );
    expect(calls[0]!.scan!.prune).toBeUndefined();
  });
});

it('many patients are read one after the other, as far as one request may', async () => {
  const patients = Array.from({ length: 40 }, (_, i) => `q${i}`);
  const observations = patients.map((id) => given('Observation', id, { subject: { reference: `Patient/${id}` } }));
  const { page, all } = await searching(observations);
  const url = `Observation?patient=${patients.join()}`;
  expect((await page(url)).outcome).toEqual([expect.objectContaining({ code: 'incomplete' })]);
  expect(await all(url)).toHaveLength(40);
});

describe('the index by code', () => {
  it('is read for a code of a system that it is sure of, together with Observations of several such codes', async () => {
    const { ids, calls } = await (await watched())(`Observation?patient=p&code=${LOINC}|8302-2`);
    expect(calls.map(({ scan }) => scan!.code)).toEqual([`${LOINC}|8302-2`, '*']);
    expect(ids).toEqual(['one', 'two']);
  });
  it('finds the second of two codes', async () => {
    expect((await (await watched())(`Observation?patient=p&code=${LOINC}|3137-7`)).ids).toEqual(['two']);
  });
  it('is not read for any other system, nor without one', async () => {
    const ask = await watched();
    for (const [code, wanted] of [
      ['http://local|8302-2', ['local']],
      ['8302-2', ['local', 'one', 'two']],
      [`${LOINC}|8302-2,http://local|8302-2`, ['local', 'one', 'two']],
    ] as const) {
      const { ids, calls } = await ask(`Observation?patient=p&code=${code}`);
      expect(calls.map(({ scan }) => scan!.code)).toEqual([undefined]);
      expect(ids).toEqual(wanted);
    }
  });
});

describe('registry rows answer', () => {
  it.each([
    ['Patient?identifier=http://n|0012', ['p']],
    ['Patient?identifier=0012', ['p']],
    ['Patient?name=山田', ['p']],
    ['Patient?name=やまだ', ['p']],
    ['Patient?name=ﾔﾏﾀﾞ', ['p']],
    ['Patient?name=山田太郎', ['p']],
    ['Patient?given=たろう', ['p']],
    ['Patient?phonetic=ヤマタ', ['p']],
    ['Patient?phonetic=タロー', ['p']],
    ['Patient?name=ヤマタ', []],
    ['Patient?birthdate=1950-04-01', ['p']],
    ['Patient?birthdate=1950-04-02', []],
    ['Patient?phone=0881234567', ['p']],
    ['Patient?address-postalcode=770', ['p']],
    ['Patient?address-postalcode=7700001', ['p']],
    ['Patient?family=やまだ&birthdate=1950-04-01&gender:missing=true', ['p']],
    ['Organization?identifier=3610000001', ['org']],
    ['ValueSet?url=http://acme.org/fhir/ValueSet/x', ['vs1', 'vs2']],
    ['ValueSet?url=http://acme.org/fhir/ValueSet/x|2.0', ['vs2']],
    ['ValueSet?url=http://acme.org/fhir/ValueSet/x|3.0,http://acme.org/none', []],
    ['CodeSystem?url=http://acme.org/fhir/ValueSet/x&version:missing=true', ['cs']],
  ])('%s', async (url, wanted) => {
    const { ids, names } = await (await watched())(url);
    expect(ids).toEqual(wanted);
    expect(names[0]).toBe('lookup');
    expect(names).not.toContain('walk');
  });
});

it('a canonical URL is one Query of its rows, then what they name', async () => {
  const ask = await watched();
  expect((await ask('ValueSet?url=http://acme.org/fhir/ValueSet/x')).names).toEqual(['lookup', 'getMany']);
  expect((await ask('ValueSet?url=http://acme.org/none')).names.filter((name) => name === 'lookup')).toHaveLength(1);
  // A part of a URL is in no key.
  expect((await ask('ValueSet?url:below=http://acme.org/fhir')).names).toContain('walk');
});

it('ids are read, not sought', async () => {
  const { ids, names } = await (await watched())('Observation?_id=one,two,nobody&code=3137-7');
  expect(names).toEqual(['getMany']);
  expect(ids).toEqual(['two']);
});

describe('a search that nothing bounds', () => {
  it.each([
    'Organization?name=hosp',
    'Observation?code=8302-2',
    'Patient?name=や',
    'Patient?birthdate=1950',
    'Patient?name:contains=田',
  ])('walks, and finds: %s', async (url) => {
    const { ids, names } = await (await watched())(url);
    expect(names).toContain('walk');
    expect(ids.length).toBeGreaterThan(0);
  });

  const many = Array.from({ length: 4500 }, (_, i) =>
    given('Basic', `b${i}`, { code: { text: i % 900 === 899 ? 'rare' : 'common' } }),
  );

  it('stops where the budget of one request ends, says so, and goes on behind its cursor', async () => {
    const { page, all } = await searching(many);
    const first = await page('Basic?code:text=rare');
    expect(first.outcome).toEqual([expect.objectContaining({ severity: 'warning', code: 'incomplete' })]);
    expect(first.matches.length).toBeLessThan(5);
    expect(first.next).toEqual(expect.any(String));
    expect(first.total).toBeUndefined();
    expect(await all('Basic?code:text=rare')).toHaveLength(5);
  });
  it('counts over several pages and tells the total at the end', async () => {
    const { page } = await searching(many);
    const first = await page('Basic?code:text=rare&_summary=count');
    expect(first).toMatchObject({ countOnly: true, outcome: [{ severity: 'warning' }] });
    expect(first.total).toBeUndefined();
    expect((await page(first.next!)).total).toBe(5);
  });
  it('stops by the clock too', async () => {
    let now = NOW;
    const { page } = await searching(many, () => (now += 3000));
    expect((await page('Basic?code:text=rare')).outcome).toHaveLength(1);
  });
  it('is not sorted when there is too much of it, and says so', async () => {
    const { page } = await searching(many);
    await expect(page('Basic?_sort=code')).rejects.toMatchObject({ refusal: 'notSupported' });
    await expect(page('Basic?_sort=code&subject:missing=false')).rejects.toMatchObject({ refusal: 'notSupported' });
  });
});

describe('a compartment', () => {
  const others = [
    given('Practitioner', 'd'),
    given('Encounter', 'e', P),
    given('Observation', 'in', {
      ...P,
      encounter: { reference: 'Encounter/e' },
      performer: [{ reference: 'Practitioner/d' }],
    }),
    given('Observation', 'out', P),
    given('Group', 'g', { member: [{ entity: { reference: 'Patient/p' } }] }),
    given('Task', 't', { for: { reference: 'Patient/p' } }),
  ];

  it('of an encounter or a practitioner holds what names it', async () => {
    const { all } = await searching(others);
    expect(await all('Encounter/e/Observation')).toEqual(['Observation/in']);
    expect(await all('Practitioner/d/Observation')).toEqual(['Observation/in']);
  });
  it('of a patient holds what R4 says: no Task, though it is kept with the patient', async () => {
    const { all, page } = await searching(others);
    expect((await all('Patient/p/*')).toSorted()).toEqual(['Encounter/e', 'Observation/in', 'Observation/out']);
    expect(await all('Task?patient=p')).toEqual(['Task/t']);
    expect((await page('Patient/p/*?_type=Encounter')).matches).toHaveLength(1);
  });
  it('finds groups by their type, and says that they are left out of all types', async () => {
    const { all, page } = await searching(others);
    expect(await all('Patient/p/Group')).toEqual(['Group/g']);
    expect(await all('Group?member=Patient/p')).toEqual(['Group/g']);
    expect((await page('Patient/p/*')).outcome).toEqual([expect.objectContaining({ severity: 'information' })]);
    expect(await all('Patient/p/*?_type=Group,Encounter')).toEqual(['Encounter/e', 'Group/g']);
  });
});

it('a search over all types takes the parameters of all', async () => {
  const { all } = await searching(resources);
  expect(await all('?_type=Patient,Organization&_id=p,org')).toEqual(['Organization/org', 'Patient/p']);
  expect((await all('?_lastUpdated=ge2026-01-01')).length).toBe(resources.length);
});
