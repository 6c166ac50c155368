// docs/terminology.md, "Operations": CodeSystem and ValueSet operations of R4 over what is loaded and what is built in.
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import { clinic, openApi, residentOf, stored } from '../../support/api.ts';
import { ALL_WARDS, call, loadWards, parameters, valueSet, WARDS, wards } from './given.ts';

const GENDER = 'http://hl7.org/fhir/administrative-gender';
const open = async (compose?: Record<string, unknown>) => {
  const api = openApi();
  await loadWards(api, compose);
  return api;
};
type Api = Awaited<ReturnType<typeof open>>;
type Contains = { system: string; code: string; display?: string; inactive?: boolean; designation?: unknown };
interface Expansion {
  total: number;
  offset: number;
  parameter?: unknown;
  contains?: Contains[];
}

/** https://hl7.org/fhir/R4/codesystem-operation-lookup.html */
describe('CodeSystem/$lookup', () => {
  it('tells what a code stands for', async () => {
    const { status, value, parts, body } = await call(
      await open(),
      'GET',
      `/CodeSystem/$lookup?system=${WARDS}&code=I1`,
    );
    expect(status).toBe(200);
    expect(validate(body)).toEqual([]);
    expect([value('name'), value('version'), value('display')]).toEqual(['病棟', '1.9', '内科１病棟']);
    expect(JSON.stringify(parts)).toContain('"valueInteger":40');
    expect(JSON.stringify(parts)).toContain('First floor');
    expect(parts.find(({ name }) => name === 'designation')).toMatchObject({
      part: [
        { name: 'language', valueCode: 'en' },
        { name: 'value', valueString: 'Internal medicine 1' },
      ],
    });
  });

  it('takes Parameters by POST, and a coding', async () => {
    const api = await open();
    const sent = [
      parameters({ name: 'system', valueUri: WARDS }, { name: 'code', valueCode: 'S1' }),
      parameters({ name: 'coding', valueCoding: { system: WARDS, code: 'S1' } }),
    ];
    for (const body of sent)
      expect((await call(api, 'POST', '/CodeSystem/$lookup', { body })).value('display')).toBe('外科病棟');
  });

  it('answers in the language that is asked for, and only the properties that are named', async () => {
    const { value, parts } = await call(
      await open(),
      'GET',
      `/CodeSystem/$lookup?system=${WARDS}&code=I1&displayLanguage=en&property=parent`,
    );
    expect(value('display')).toBe('Internal medicine 1');
    expect(parts.filter(({ name }) => name === 'property')).toEqual([
      {
        name: 'property',
        part: [
          { name: 'code', valueCode: 'parent' },
          { name: 'value', valueCode: 'INT' },
        ],
      },
    ]);
  });

  it('names the children of a concept when asked', async () => {
    const { parts } = await call(await open(), 'GET', `/CodeSystem/$lookup?system=${WARDS}&code=INT&property=child`);
    expect(JSON.stringify(parts.filter(({ name }) => name === 'property'))).toMatch(/"I1".*"I2"/);
  });

  it('knows the code systems of required bindings', async () => {
    const api = openApi();
    const display = async (system: string, code: string) =>
      (await call(api, 'GET', `/CodeSystem/$lookup?system=${system}&code=${code}`)).value('display');
    expect(await display(GENDER, 'male')).toBe('Male');
    expect(await display('http://hl7.org/fhir/observation-status', 'entered-in-error')).toBe('Entered in Error');
    expect(await display('http://hl7.org/fhir/resource-types', 'CareTeam')).toBe('CareTeam');
  });

  it('finds a system by either spelling', async () => {
    const api = openApi();
    await stored(api, wards({ url: 'http://medis.or.jp/CodeSystem/master-JLAC10-17digits' }));
    for (const system of ['urn:oid:1.2.392.200119.4.504', '1.2.392.200119.4.504'])
      expect((await call(api, 'GET', `/CodeSystem/$lookup?system=${system}&code=S1`)).value('display')).toBe(
        '外科病棟',
      );
  });

  it('takes the newest version, the one that is named, and the own facility’s before others’', async () => {
    const api = await open();
    const concept = [{ code: 'S1', display: '新外科病棟' }];
    await stored(api, wards({ id: 'wards-10', version: '1.10', concept }));
    await stored(api, wards({ id: 'wards-2', version: '2.0', concept: [{ code: 'S1', display: '診療所' }] }), {
      as: clinic,
    });
    const display = async (more = '', as = undefined as typeof clinic | undefined) =>
      (await call(api, 'GET', `/CodeSystem/$lookup?system=${WARDS}&code=S1${more}`, as ? { as } : {})).value('display');
    expect(await display()).toBe('新外科病棟');
    expect(await display('&version=1.9')).toBe('外科病棟');
    expect(await display('', clinic)).toBe('診療所');
  });

  it('refuses what it does not know', async () => {
    const api = await open();
    const status = async (query: string) => (await api.send('GET', `/CodeSystem/$lookup?${query}`)).status;
    expect(await status('system=http://nobody.example&code=x')).toBe(404);
    expect(await status(`system=${WARDS}&code=XX`)).toBe(404);
    expect(await status(`system=${WARDS}`)).toBe(400);
    expect(await status(`system=${WARDS}&code=S1&date=2026-01-01`)).toBe(400);
    await api.send('DELETE', '/CodeSystem/wards');
    expect(await status(`system=${WARDS}&code=S1`)).toBe(404);
  });

  it('is for residents too: definitions speak of nobody', async () => {
    const { status } = await call(await open(), 'GET', `/CodeSystem/$lookup?system=${WARDS}&code=S1`, {
      as: residentOf('p'),
    });
    expect(status).toBe(200);
  });
});

/** https://hl7.org/fhir/R4/codesystem-operation-validate-code.html */
describe('CodeSystem/$validate-code', () => {
  const ask = async (api: Api, query: string) => call(api, 'GET', `/CodeSystem/$validate-code?${query}`);

  it('says whether the code is one, and what it is called', async () => {
    const api = await open();
    const { value, body } = await ask(api, `url=${WARDS}&code=S1`);
    expect([value('result'), value('display')]).toEqual([true, '外科病棟']);
    expect(validate(body)).toEqual([]);
    expect((await ask(api, `url=${WARDS}&code=XX`)).value('result')).toBe(false);
    expect((await ask(api, `url=${GENDER}&code=female`)).value('result')).toBe(true);
  });

  it('minds the case only where the system does', async () => {
    const api = await open();
    expect((await ask(api, `url=${WARDS}&code=s1`)).value('result')).toBe(true);
    expect((await ask(api, `url=${GENDER}&code=Female`)).value('result')).toBe(false);
  });

  it('says when the display is not one of the code, whatever its width', async () => {
    const api = await open();
    expect((await ask(api, `url=${WARDS}&code=I1&display=内科1病棟`)).value('result')).toBe(true);
    expect((await ask(api, `url=${WARDS}&code=I1&display=internal medicine 1`)).value('result')).toBe(true);
    const wrong = await ask(api, `url=${WARDS}&code=I1&display=外科`);
    expect([wrong.value('result'), wrong.value('display')]).toEqual([false, '内科１病棟']);
  });

  it('admits an abstract code only where that is asked for', async () => {
    const api = await open();
    expect((await ask(api, `url=${WARDS}&code=INT`)).value('result')).toBe(false);
    expect((await ask(api, `url=${WARDS}&code=INT&abstract=true`)).value('result')).toBe(true);
  });

  it('takes a coding and a CodeableConcept, and the resource by its id', async () => {
    const api = await open();
    const concept = {
      coding: [
        { system: 'http://other.example', code: 'S1' },
        { system: WARDS, code: 'S1' },
      ],
    };
    const bodies = [
      parameters({ name: 'coding', valueCoding: { system: WARDS, code: 'S1' } }),
      parameters({ name: 'url', valueUri: WARDS }, { name: 'codeableConcept', valueCodeableConcept: concept }),
    ];
    for (const body of bodies)
      expect((await call(api, 'POST', '/CodeSystem/$validate-code', { body })).value('result')).toBe(true);
    expect((await call(api, 'GET', '/CodeSystem/wards/$validate-code?code=S1')).value('result')).toBe(true);
    const other = parameters({ name: 'coding', valueCoding: { system: 'http://other.example', code: 'S1' } });
    expect((await call(api, 'POST', '/CodeSystem/wards/$validate-code', { body: other })).value('result')).toBe(false);
  });

  it('does not speak for a system that is loaded in part', async () => {
    const api = openApi();
    await stored(api, wards({ content: 'fragment' }));
    const { value } = await ask(api, `url=${WARDS}&code=XX`);
    expect(value('result')).toBe(false);
    expect(value('message')).toMatch(/part of the code system/);
  });
});

/** https://hl7.org/fhir/R4/valueset-operation-expand.html */
describe('ValueSet/$expand', () => {
  const expand = async (api: Api, query: string, path = '/ValueSet/$expand') => {
    const got = await api.send('GET', `${path}?${query}`);
    const expansion = got.body.expansion as Expansion | undefined;
    return { ...got, expansion, codes: expansion?.contains?.map(({ code }) => code) ?? [] };
  };

  it('lists the codes, flat and in their order, as a valid ValueSet', async () => {
    const { status, body, codes, expansion } = await expand(await open(), `url=${ALL_WARDS}`);
    expect(status).toBe(200);
    expect(validate(body)).toEqual([]);
    expect(codes).toEqual(['INT', 'I1', 'I2', 'S1']);
    expect(expansion).toMatchObject({ total: 4, offset: 0 });
    expect(expansion?.contains?.[2]).toMatchObject({ system: WARDS, version: '1.9', inactive: true });
    expect(body.compose).toBeUndefined();
  });

  it('pages by offset and count, and records what shaped it', async () => {
    const { codes, expansion } = await expand(await open(), `url=${ALL_WARDS}&offset=1&count=2`);
    expect(codes).toEqual(['I1', 'I2']);
    expect(expansion).toMatchObject({ total: 4, offset: 1 });
    expect(expansion?.parameter).toEqual([
      { name: 'offset', valueInteger: 1 },
      { name: 'count', valueInteger: 2 },
    ]);
    expect((await expand(await open(), `url=${ALL_WARDS}&count=0`)).expansion).toMatchObject({ total: 4 });
  });

  it('filters by words in code, display and designations, whatever the width, the case and the kana', async () => {
    const api = await open();
    expect((await expand(api, `url=${ALL_WARDS}&filter=内科 1`)).codes).toEqual(['I1']);
    expect((await expand(api, `url=${ALL_WARDS}&filter=MEDICINE`)).codes).toEqual(['I1']);
    expect((await expand(api, `url=${ALL_WARDS}&filter=病棟`)).codes).toEqual(['I1', 'I2', 'S1']);
  });

  it('leaves out inactive codes, and groups that nobody chooses, when asked', async () => {
    const api = await open();
    expect((await expand(api, `url=${ALL_WARDS}&activeOnly=true`)).codes).toEqual(['INT', 'I1', 'S1']);
    expect((await expand(api, `url=${ALL_WARDS}&activeOnly=true&excludeNotForUI=true`)).codes).toEqual(['I1', 'S1']);
  });

  it('shows designations, another language and the definition when asked', async () => {
    const query = `url=${ALL_WARDS}&filter=I1&includeDesignations=true&includeDefinition=true&displayLanguage=en`;
    const { expansion, body } = await expand(await open(), query);
    expect(expansion?.contains?.[0]).toMatchObject({
      display: 'Internal medicine 1',
      designation: [{ language: 'en', value: 'Internal medicine 1' }],
    });
    expect(body.compose).toEqual({ include: [{ system: WARDS }] });
    expect(validate(body)).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ['codes that are listed', { include: [{ system: WARDS, concept: [{ code: 'S1' }] }] }, ['S1']],
    [
      'is-a',
      { include: [{ system: WARDS, filter: [{ property: 'concept', op: 'is-a', value: 'INT' }] }] },
      ['INT', 'I1', 'I2'],
    ],
    [
      'descendent-of',
      { include: [{ system: WARDS, filter: [{ property: 'concept', op: 'descendent-of', value: 'INT' }] }] },
      ['I1', 'I2'],
    ],
    [
      'is-not-a',
      { include: [{ system: WARDS, filter: [{ property: 'concept', op: 'is-not-a', value: 'INT' }] }] },
      ['S1'],
    ],
    ['a property', { include: [{ system: WARDS, filter: [{ property: 'beds', op: '=', value: '30' }] }] }, ['S1']],
    ['in', { include: [{ system: WARDS, filter: [{ property: 'code', op: 'in', value: 'I1,S1' }] }] }, ['I1', 'S1']],
    [
      'exists',
      { include: [{ system: WARDS, filter: [{ property: 'beds', op: 'exists', value: 'true' }] }] },
      ['I1', 'S1'],
    ],
    [
      'both of two filters',
      {
        include: [
          {
            system: WARDS,
            filter: [
              { property: 'beds', op: 'exists', value: 'true' },
              { property: 'concept', op: 'is-a', value: 'INT' },
            ],
          },
        ],
      },
      ['I1'],
    ],
    [
      'either of two includes, once',
      { include: [{ system: WARDS, concept: [{ code: 'S1' }] }, { system: WARDS }] },
      ['S1', 'INT', 'I1', 'I2'],
    ],
    [
      'an exclusion',
      { include: [{ system: WARDS }], exclude: [{ system: WARDS, concept: [{ code: 'I1' }] }] },
      ['INT', 'I2', 'S1'],
    ],
    ['active codes only, by the definition', { inactive: false, include: [{ system: WARDS }] }, ['INT', 'I1', 'S1']],
    [
      'a value set of R4',
      { include: [{ valueSet: ['http://hl7.org/fhir/ValueSet/administrative-gender'] }] },
      ['male', 'female', 'other', 'unknown'],
    ],
    [
      'what a system and a value set share',
      {
        include: [
          {
            system: GENDER,
            concept: [{ code: 'male' }, { code: 'x' }],
            valueSet: ['http://hl7.org/fhir/ValueSet/administrative-gender'],
          },
        ],
      },
      ['male'],
    ],
  ])('composes %s', async (_, compose, expected) => {
    const { codes, text } = await expand(await open(compose), `url=${ALL_WARDS}`);
    expect(codes, text).toEqual(expected);
  });

  it('expands the resource at the address, one that is sent, and those of required bindings', async () => {
    const api = await open();
    expect((await expand(api, 'count=1', '/ValueSet/all-wards/$expand')).codes).toEqual(['INT']);
    const body = parameters({ name: 'valueSet', resource: valueSet({ include: [{ system: WARDS }] }) });
    const sent = await api.send('POST', '/ValueSet/$expand', { body });
    expect((sent.body.expansion as Expansion).total).toBe(4);
    const gender = await expand(api, 'url=http://hl7.org/fhir/ValueSet/administrative-gender');
    expect(gender.expansion?.contains?.[0]).toEqual({
      system: GENDER,
      version: '4.0.1',
      code: 'male',
      display: 'Male',
    });
    expect(validate(gender.body)).toEqual([]);
  });

  it('takes an expansion for its word where there is nothing else', async () => {
    const api = openApi();
    const contains = [{ system: WARDS, code: 'S1', contains: [{ system: WARDS, code: 'S2' }] }];
    const { compose: _, ...rest } = valueSet({});
    await stored(api, { ...rest, expansion: { timestamp: '2026-11-22T00:00:00Z', contains } } as Resource);
    expect((await expand(api, `url=${ALL_WARDS}`)).codes).toEqual(['S1', 'S2']);
  });

  it('says too-costly for more codes than one answer holds, and pages through them', async () => {
    const api = openApi();
    const concept = Array.from({ length: 1500 }, (_, at) => ({ code: `c${at}` }));
    await stored(api, wards({ concept }));
    await stored(api, valueSet({ include: [{ system: WARDS }] }));
    const { status, body } = await expand(api, `url=${ALL_WARDS}`);
    expect(status).toBe(422);
    expect(body.issue?.[0]?.code).toBe('too-costly');
    expect((await expand(api, `url=${ALL_WARDS}&offset=1490&count=100`)).codes).toHaveLength(10);
    expect((await expand(api, `url=${ALL_WARDS}&filter=c149`)).codes).toHaveLength(11);
  });

  it('bounds what a value set is made of, and those that include themselves', async () => {
    const api = await open({
      include: Array.from({ length: 300 }, () => ({ system: WARDS, concept: [{ code: 'S1' }] })),
    });
    expect((await expand(api, `url=${ALL_WARDS}`)).body.issue?.[0]?.code).toBe('too-costly');
    const itself = await open({ include: [{ valueSet: [ALL_WARDS] }] });
    expect((await expand(itself, `url=${ALL_WARDS}`)).status).toBe(422);
  });

  it('refuses rather than leave codes out', async () => {
    const status = async (compose: Record<string, unknown>, query = '') =>
      (await expand(await open(compose), `url=${ALL_WARDS}${query}`)).status;
    expect(await status({ include: [{ system: 'http://nobody.example' }] })).toBe(422);
    expect(await status({ include: [{ valueSet: ['http://nobody.example/vs'] }] })).toBe(422);
    const regex = [{ property: 'code', op: 'regex', value: '(a+)+' }];
    expect(await status({ include: [{ system: WARDS, filter: regex }] })).toBe(501);
    expect(await status({ include: [{ system: WARDS }] }, '&date=2020-01-01')).toBe(400);
    expect((await expand(openApi(), 'url=http://nobody.example/vs')).status).toBe(404);
    expect((await expand(openApi(), '')).status).toBe(400);
  });
});

/** https://hl7.org/fhir/R4/valueset-operation-validate-code.html */
describe('ValueSet/$validate-code', () => {
  const INTERNAL = { include: [{ system: WARDS, filter: [{ property: 'concept', op: 'is-a', value: 'INT' }] }] };
  const ask = (api: Api, query: string, path = '/ValueSet/$validate-code') => call(api, 'GET', `${path}?${query}`);

  it('says whether the code is in the set', async () => {
    const api = await open(INTERNAL);
    const inside = await ask(api, `url=${ALL_WARDS}&system=${WARDS}&code=I1`);
    expect([inside.value('result'), inside.value('display')]).toEqual([true, '内科１病棟']);
    expect(validate(inside.body)).toEqual([]);
    expect((await ask(api, `url=${ALL_WARDS}&system=${WARDS}&code=S1`)).value('result')).toBe(false);
    expect((await ask(api, `url=${ALL_WARDS}&system=http://other.example&code=I1`)).value('result')).toBe(false);
    expect((await ask(api, `system=${WARDS}&code=I1`, '/ValueSet/all-wards/$validate-code')).value('result')).toBe(
      true,
    );
  });

  it('checks against required bindings', async () => {
    const url = 'http://hl7.org/fhir/ValueSet/administrative-gender';
    expect((await ask(openApi(), `url=${url}&system=${GENDER}&code=male`)).value('result')).toBe(true);
    expect((await ask(openApi(), `url=${url}&system=${GENDER}&code=m`)).value('result')).toBe(false);
  });

  it('takes a CodeableConcept of which one coding fits, and a ValueSet that is sent', async () => {
    const api = await open();
    const concept = {
      coding: [
        { system: 'http://other.example', code: 'x' },
        { system: WARDS, code: 'I1' },
      ],
    };
    const body = parameters(
      { name: 'valueSet', resource: valueSet(INTERNAL) },
      { name: 'codeableConcept', valueCodeableConcept: concept },
    );
    expect((await call(api, 'POST', '/ValueSet/$validate-code', { body })).value('result')).toBe(true);
  });

  it('needs a system with a code, and one thing to check', async () => {
    const api = await open();
    expect((await ask(api, `url=${ALL_WARDS}&code=I1`)).status).toBe(400);
    expect((await ask(api, `url=${ALL_WARDS}`)).status).toBe(400);
  });
});

describe('The CapabilityStatement', () => {
  it('lists the operations of each type', async () => {
    const { body } = await openApi().send('GET', '/metadata');
    const [rest] = body.rest as { resource: { type: string; operation?: { name: string }[] }[] }[];
    const names = (type: string) =>
      rest?.resource.find((each) => each.type === type)?.operation?.map(({ name }) => name) ?? [];
    expect(names('CodeSystem')).toEqual(expect.arrayContaining(['lookup', 'validate-code', 'meta', 'meta-add']));
    expect(names('ValueSet')).toEqual(expect.arrayContaining(['expand', 'validate-code']));
    expect(names('Observation')).toContain('lastn');
    expect(names('Patient')).not.toContain('lastn');
    expect(validate(body)).toEqual([]);
  });
});
