// Value sets and hierarchies in searches: https://hl7.org/fhir/R4/search.html#token, `:in`, `:not-in`, `:above`, `:below`
import { describe, expect, it } from 'vitest';
import type { FhirError } from '../../../functions/fhir/outcome.ts';
import { given, searching } from './support.ts';

const ILLS = 'http://ills.example/CodeSystem/ills';
const ill = (id: string, code: string, system: string | null = ILLS) =>
  given('Condition', id, {
    subject: { reference: 'Patient/p' },
    code: { coding: [{ ...(system && { system }), code }] },
  });
const system = (more: Record<string, unknown> = {}) =>
  given('CodeSystem', 'ills', {
    url: ILLS,
    status: 'active',
    content: 'complete',
    concept: [{ code: 'heart', concept: [{ code: 'rhythm', concept: [{ code: 'flutter' }] }] }, { code: 'lung' }],
    ...more,
  });
const valueSet = (id: string, compose: Record<string, unknown>) =>
  given('ValueSet', id, { url: `http://ills.example/ValueSet/${id}`, version: '2', status: 'active', compose });
const CARDIAC = 'http://ills.example/ValueSet/cardiac';
const stored = [
  system(),
  valueSet('cardiac', { include: [{ system: ILLS, filter: [{ property: 'concept', op: 'is-a', value: 'heart' }] }] }),
  valueSet('lungs', { include: [{ system: ILLS, concept: [{ code: 'lung' }] }] }),
  valueSet('elsewhere', { include: [{ system: 'http://nowhere.example' }] }),
  ill('a', 'heart'),
  ill('b', 'flutter'),
  ill('c', 'lung'),
  ill('bare', 'heart', null),
  given('Condition', 'none', { subject: { reference: 'Patient/p' } }),
  given('Condition', 'active', {
    subject: { reference: 'Patient/p' },
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'relapse' }],
    },
  }),
  given('Patient', 'p', { gender: 'female' }),
  given('Task', 't', { status: 'draft', intent: 'reflex-order' }),
];

const engine = searching(stored);
const found = async (url: string) =>
  (await (await engine).all(url)).map((reference) => reference.split('/')[1]).toSorted();
const refusal = async (url: string) =>
  (await engine).page(url, { handling: 'lenient' }).then(
    () => undefined,
    (error: unknown) => error as FhirError,
  );

describe('a value set', () => {
  it('one of more than ten that a search names is too much', async () => {
    const names = Array.from({ length: 11 }, (_, at) => `http://ills.example/ValueSet/n${at}`);
    expect((await refusal(`Condition?code:in=${names.join()}`))?.issues).toMatchObject([{ code: 'too-costly' }]);
    expect(await found(`Condition?code:in=${Array(11).fill(CARDIAC).join()}`)).toEqual(['a', 'b']);
  });
  it('is named by its canonical URL, with or without version, or by its address here', async () => {
    for (const name of [CARDIAC, `${CARDIAC}|2`, 'ValueSet/cardiac', 'https://api.test.example/fhir/ValueSet/cardiac'])
      expect(await found(`Condition?code:in=${encodeURIComponent(name)}`), name).toEqual(['a', 'b']);
  });
  it('several are alternatives, and :not-in finds what is in none of them, without a code too', async () => {
    expect(await found(`Condition?code:in=${CARDIAC},ValueSet/lungs`)).toEqual(['a', 'b', 'c']);
    expect(await found(`Condition?code:not-in=${CARDIAC}`)).toEqual(['active', 'bare', 'c', 'none']);
    expect(await found(`Condition?patient=p&code:not-in=${CARDIAC},ValueSet/lungs`)).toEqual([
      'active',
      'bare',
      'none',
    ]);
  });
  it('is asked within a patient, behind a chain and behind _has', async () => {
    expect(await found(`Condition?patient=p&code:in=${CARDIAC}`)).toEqual(['a', 'b']);
    expect(await found(`Patient?_has:Condition:patient:code:in=${CARDIAC}`)).toEqual(['p']);
    expect(await found('Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender')).toEqual(['p']);
    expect(
      await found('Condition?patient.gender:in=http://hl7.org/fhir/ValueSet/administrative-gender&code=lung'),
    ).toEqual(['c']);
  });
  it('pages as any other criterion', async () => {
    const { all } = await engine;
    expect(await all(`Condition?code:in=${CARDIAC}&_count=1`)).toHaveLength(2);
  });
  it.each([
    ['Condition?code:in=http://unknown.example/vs', 'not loaded'],
    [`Condition?code:in=${CARDIAC}%7C3`, 'not loaded'],
    ['Condition?code:in=ValueSet/unknown', 'not loaded'],
    ['Condition?code:in=http://ills.example/ValueSet/elsewhere', 'draws on the code system http://nowhere.example'],
    ['Patient?identifier:in=http://ills.example/ValueSet/cardiac', 'no coded element'],
  ])('that cannot be evaluated is refused by the parameter’s name: %s', async (url, rule) => {
    const error = await refusal(url);
    expect(error).toMatchObject({ refusal: 'invalid', issues: [{ diagnostics: expect.stringContaining(rule) }] });
    expect(error!.message).toMatch(/^search parameter (code|identifier)/);
    expect(error!.message).not.toContain('ValueSet/');
  });
  it('that the caller may not read is not loaded', async () => {
    const { page } = await engine;
    await expect(
      page(`Condition?code:in=${CARDIAC}`, { permit: ({ type }) => type !== 'ValueSet' }),
    ).rejects.toMatchObject({ refusal: 'invalid' });
  });
});

describe('a hierarchy', () => {
  it('is searched downwards and upwards, the code itself included', async () => {
    expect(await found(`Condition?code:below=${ILLS}|heart`)).toEqual(['a', 'b']);
    expect(await found(`Condition?code:below=${ILLS}|flutter`)).toEqual(['b']);
    expect(await found(`Condition?code:above=${ILLS}|rhythm`)).toEqual(['a']);
    expect(await found(`Condition?code:above=${ILLS}|flutter,${ILLS}|lung`)).toEqual(['a', 'b', 'c']);
  });
  it('finds nothing below a code that the system does not have', async () =>
    expect(await found(`Condition?code:below=${ILLS}|liver`)).toEqual([]));
  it('is there in R4’s own code systems, of codes with an implied system too', async () => {
    const clinical = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
    expect(await found(`Condition?clinical-status:below=${clinical}|active`)).toEqual(['active']);
    expect(await found(`Condition?clinical-status:below=${clinical}|inactive`)).toEqual([]);
    expect(await found('Task?intent:below=http://hl7.org/fhir/request-intent|order')).toEqual(['t']);
  });
  it.each([
    'Condition?code:below=heart',
    'Condition?code:below=http://unknown.example%7Cx',
    'Patient?active:below=x|true',
  ])('that is not known, or named by half, is refused: %s', async (url) =>
    expect(await refusal(url)).toMatchObject({ status: 400 }),
  );
  it.each([
    [{ hierarchyMeaning: 'part-of' }],
    [{ content: 'fragment' }],
    [{ property: [{ code: 'up', type: 'code', uri: 'http://hl7.org/fhir/concept-properties#parent' }] }],
  ])('is refused where nesting does not tell all that is of a kind: %j', async (more) => {
    const { page } = await searching([system(more)]);
    await expect(page(`Condition?code:below=${ILLS}|heart`)).rejects.toMatchObject({
      refusal: 'invalid',
      issues: [{ diagnostics: expect.stringContaining('code system') }],
    });
  });
});
