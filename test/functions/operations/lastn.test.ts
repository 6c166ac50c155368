// https://hl7.org/fhir/R4/observation-operation-lastn.html
import { describe, expect, it } from 'vitest';
import { clinic, given, openApi, stored } from '../../support/api.ts';
import { parameters } from './given.ts';

const LOINC = 'http://loinc.org';
const LAB = [
  { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] },
];
const coded = (...codes: string[]) => ({ coding: codes.map((code) => ({ system: LOINC, code })) });

const open = async (observations: readonly (readonly [string, unknown, string | undefined])[]) => {
  const api = openApi();
  await stored(api, given.patient({ id: 'p' }));
  for (const [id, code, date] of observations)
    await stored(api, given.observation('p', { id, code, category: LAB, effectiveDateTime: date }));
  return api;
};
type Api = Awaited<ReturnType<typeof open>>;
const ask = async (api: Api, query: string, as?: typeof clinic) => {
  const got = await api.send('GET', `/Observation/$lastn?${query}`, as ? { as } : {});
  const ids = (got.body.entry ?? [])
    .filter(({ search }) => search?.mode === 'match')
    .map(({ resource }) => resource?.id);
  return { ...got, ids };
};

const DAYS = ['2026-11-01', '2026-11-02', '2026-11-03'];
const TWO_CODES = ['a', 'b'].flatMap((code) => DAYS.map((day, at) => [`${code}${at}`, coded(code), day] as const));

describe('Observation/$lastn', () => {
  it('answers the latest of each code, and so many as max says', async () => {
    const api = await open(TWO_CODES);
    expect((await ask(api, 'patient=p&category=laboratory')).ids.sort()).toEqual(['a2', 'b2']);
    expect((await ask(api, 'subject=Patient/p&category=laboratory&max=2')).ids.sort()).toEqual([
      'a1',
      'a2',
      'b1',
      'b2',
    ]);
    expect((await ask(api, `patient=p&code=${LOINC}|a&max=9`)).ids).toEqual(['a2', 'a1', 'a0']);
  });

  it('is a searchset with a total and a self link', async () => {
    const { body } = await ask(await open(TWO_CODES), 'patient=p&category=laboratory&max=2');
    expect(body).toMatchObject({ type: 'searchset', total: 4 });
    expect(body.link?.[0]?.url).toContain('/Observation/$lastn?patient=p&category=laboratory&max=2');
  });

  it('takes translations for equal, by the transitive property', async () => {
    const api = await open([
      ['x', coded('a'), DAYS[0]],
      ['y', coded('b'), DAYS[1]],
      ['z', coded('a', 'b'), DAYS[2]],
      ['w', coded('c'), DAYS[0]],
    ]);
    expect((await ask(api, 'patient=p&category=laboratory')).ids.sort()).toEqual(['w', 'z']);
  });

  it('groups by system and code, and what has only text by its very text', async () => {
    const api = await open([
      ['x', { coding: [{ system: LOINC, code: 'a' }] }, DAYS[0]],
      ['y', { coding: [{ system: 'http://other.example', code: 'a' }] }, DAYS[1]],
      ['t', { text: 'textM' }, DAYS[0]],
      ['u', { text: 'Text' }, DAYS[1]],
      ['v', { text: 'Text' }, DAYS[2]],
    ]);
    expect((await ask(api, 'patient=p&category=laboratory')).ids.sort()).toEqual(['t', 'v', 'x', 'y']);
  });

  it('shows a tie whole', async () => {
    const api = await open([
      ['x', coded('a'), DAYS[2]],
      ['y', coded('a'), DAYS[2]],
      ['z', coded('a'), DAYS[0]],
    ]);
    expect((await ask(api, 'patient=p&category=laboratory')).ids.sort()).toEqual(['x', 'y']);
  });

  it('heeds the other search parameters', async () => {
    const api = await open(TWO_CODES);
    expect((await ask(api, 'patient=p&category=laboratory&date=lt2026-11-03')).ids.sort()).toEqual(['a1', 'b1']);
  });

  it('takes Parameters by POST', async () => {
    const api = await open(TWO_CODES);
    const body = parameters(
      { name: 'patient', valueReference: { reference: 'Patient/p' } },
      { name: 'code', valueString: `${LOINC}|a` },
      { name: 'max', valuePositiveInt: 2 },
    );
    const got = await api.send('POST', '/Observation/$lastn', { body });
    expect(got.body.entry?.map(({ resource }) => resource?.id)).toEqual(['a2', 'a1']);
  });

  it('answers an empty searchset where nothing matches, or nothing may be seen', async () => {
    const api = await open(TWO_CODES);
    expect((await ask(api, 'patient=p&category=vital-signs')).body).toMatchObject({ total: 0 });
    expect((await ask(api, 'patient=p&category=laboratory', clinic)).body).toMatchObject({ total: 0 });
  });

  it.each([
    ['no patient', 'category=laboratory'],
    ['two patients', 'patient=p,q&category=laboratory'],
    ['neither category nor code', 'patient=p'],
    ['max of nought', 'patient=p&category=laboratory&max=0'],
    ['an unknown parameter', 'patient=p&category=laboratory&colour=red'],
    ['paging', 'patient=p&category=laboratory&_count=5'],
  ])('is refused with %s', async (_, query) => {
    expect((await ask(await open([]), query)).status).toBe(400);
  });
});
