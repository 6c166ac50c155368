// Modifiers and the parameter types' own rules: https://hl7.org/fhir/R4/search.html#modifiers, #string, #token, #reference, #uri
import { describe, expect, it } from 'vitest';
import { CLINIC, given, HOSPITAL, searching, store } from './support.ts';

const found = async (resources: ReturnType<typeof given>[], url: string) =>
  (await (await searching(resources)).all(url)).map((reference) => reference.split('/')[1]).toSorted();

describe('a string', () => {
  const named = (id: string, ...given_: string[]) => given('Patient', id, { name: [{ given: given_ }] });
  const patients = [
    named('eve', 'Eve'),
    named('evelyn', 'Evelyn'),
    named('severine', 'Severine'),
    named('EVE', 'EVE'),
    named('accent', 'Éve'),
  ];
  const search = (query: string) => found(patients, `Patient?${query}`);

  it('matches the start, whatever the case and accents', async () =>
    expect(await search('given=eve')).toEqual(['EVE', 'accent', 'eve', 'evelyn']));
  it('with :contains matches anywhere', async () =>
    expect(await search('given:contains=eve')).toEqual(['EVE', 'accent', 'eve', 'evelyn', 'severine']));
  it('with :exact matches the whole, case and accents included', async () =>
    expect(await search('given:exact=Eve')).toEqual(['eve']));
  it('ignores punctuation and white space', async () =>
    expect(
      await found(
        [given('Patient', 'p', { address: [{ postalCode: '770-0001' }] })],
        'Patient?address-postalcode=7700001',
      ),
    ).toEqual(['p']));
  it('searches every part of a name', async () => {
    const name = { family: 'Chalmers', given: ['Peter', 'James'], text: 'Mr. Peter' };
    for (const part of ['chal', 'james', 'mr peter'])
      expect(await found([given('Patient', 'p', { name: [name] })], `Patient?name=${part}`)).toEqual(['p']);
  });
});

describe('a token', () => {
  const coded = (id: string, ...coding: Record<string, string>[]) => given('Condition', id, { code: { coding } });
  const conditions = [
    coded('a', { system: 'http://a', code: 'X1', display: 'Headache, severe' }),
    coded('b', { system: 'http://b', code: 'X1' }),
    coded('none', { code: 'X1' }),
    coded('both', { system: 'http://a', code: 'Y' }, { system: 'http://b', code: 'Z' }),
    given('Condition', 'text', { code: { text: 'Headache after lunch' } }),
    given('Condition', 'nothing'),
  ];
  const search = (query: string) => found(conditions, `Condition?${query}`);

  it('[code] matches irrespective of the system', async () =>
    expect(await search('code=X1')).toEqual(['a', 'b', 'none']));
  it('[system]|[code] matches both', async () => expect(await search('code=http://a|X1')).toEqual(['a']));
  it('|[code] matches where there is no system', async () => expect(await search('code=|X1')).toEqual(['none']));
  it('[system]| matches any code of the system', async () =>
    expect(await search('code=http://a|')).toEqual(['a', 'both']));
  it('is matched without regard to case', async () => expect(await search('code=x1')).toEqual(['a', 'b', 'none']));
  it('joins values by or, and parameters by and', async () => {
    expect(await search('code=Y,http://b|X1')).toEqual(['b', 'both']);
    expect(await search('code=Y&code=Z')).toEqual(['both']);
  });
  it('with :not also finds what has no value', async () => {
    expect(await search('code:not=X1')).toEqual(['both', 'nothing', 'text']);
    expect(await search('code:not=X1,Y')).toEqual(['nothing', 'text']);
  });
  it('with :text searches texts and displays', async () =>
    expect(await search('code:text=headache')).toEqual(['a', 'text']));
  it('with :missing finds what has no value, or has one', async () => {
    expect(await search('code:missing=true')).toEqual(['nothing']);
    expect(await search('code:missing=false')).toEqual(['a', 'b', 'both', 'none', 'text']);
  });
  it('of an element of type code may name the system of its binding, and no other', async () => {
    const patient = given('Patient', 'p', { gender: 'male' });
    expect(await found([patient], 'Patient?gender=http://hl7.org/fhir/administrative-gender|male')).toEqual(['p']);
    expect(await found([patient], 'Patient?gender=http://other|male')).toEqual([]);
  });
  it('of an element of type boolean is true or false', async () => {
    const patients = [
      given('Patient', 'a', { active: true }),
      given('Patient', 'b', { active: false }),
      given('Patient', 'c'),
    ];
    expect(await found(patients, 'Patient?active=true')).toEqual(['a']);
    expect(await found(patients, 'Patient?active:not=true')).toEqual(['b', 'c']);
  });
  it('deceased is true for a date of death as for a flag', async () => {
    const patients = [
      given('Patient', 'a', { deceasedDateTime: '2020-01-01' }),
      given('Patient', 'b', { deceasedBoolean: false }),
      given('Patient', 'c'),
    ];
    expect(await found(patients, 'Patient?deceased=true')).toEqual(['a']);
  });
  it.each(['Observation?code:of-type=http://v2|MR|1', 'Patient?telecom:of-type=http://v2|MR|1'])(
    'with :of-type is refused where the parameter searches no Identifier: %s',
    async (query) => {
      await expect(found([], query)).rejects.toMatchObject({
        refusal: 'invalid',
        issues: [{ diagnostics: expect.stringContaining(query.includes('code') ? 'code' : 'telecom') }],
      });
    },
  );

  it('with :of-type matches an identifier by type and value', async () => {
    const typed = (id: string, code: string) =>
      given('Patient', id, { identifier: [{ type: { coding: [{ system: 'http://v2', code }] }, value: '12345' }] });
    expect(
      await found([typed('mr', 'MR'), typed('dl', 'DL')], 'Patient?identifier:of-type=http://v2|MR|12345'),
    ).toEqual(['mr']);
  });
  it('of a telephone is found however it is punctuated', async () => {
    const patients = [given('Patient', 'p', { telecom: [{ system: 'phone', value: '088-123-4567' }] })];
    expect(await found(patients, 'Patient?phone=0881234567')).toEqual(['p']);
    expect(await found(patients, 'Patient?telecom=088(123)4567')).toEqual(['p']);
  });
  it('_tag, _security and _profile search in meta', async () => {
    const one = given('Basic', 'b', {
      meta: {
        tag: [{ system: 'http://t', code: 'x' }],
        security: [{ code: 'R' }],
        profile: ['http://p/A|1'],
        source: 'urn:x#1',
      },
    });
    for (const query of [
      '_tag=http://t|x',
      '_security=R',
      '_profile=http://p/A',
      '_profile=http://p/A|1',
      '_source=urn:x%231',
    ])
      expect(await found([one], `Basic?${query}`), query).toEqual(['b']);
    expect(await found([one], 'Basic?_tag=y')).toEqual([]);
  });
});

describe('a patient number whose system lacks its facility', () => {
  const BARE = 'urn:oid:1.2.392.100495.20.3.51.1';
  const numbered = (id: string, system: string) => given('Patient', id, { identifier: [{ system, value: '00012' }] });

  it('means the searching facility’s own patient, also where the system is stored in full', async () => {
    const { all, resources } = await searching([numbered('ours', BARE), numbered('full', `${BARE}${HOSPITAL}`)]);
    await store(resources, [numbered('theirs', BARE)], CLINIC);
    expect((await all(`Patient?identifier=${BARE}|00012`)).toSorted()).toEqual(['Patient/full', 'Patient/ours']);
    expect(await all(`Patient?identifier=${BARE}${CLINIC}|00012`)).toEqual(['Patient/theirs']);
    expect(await all('Patient?identifier=00012')).toHaveLength(3);
  });
  it('matches full width as half width', async () => {
    expect(
      await found(
        [given('Patient', 'p', { identifier: [{ system: 'http://i', value: '00012345::１８７:' }] })],
        'Patient?identifier=http://i|00012345::187:',
      ),
    ).toEqual(['p']);
  });
});

describe('a reference', () => {
  const about = (id: string, reference: string) => given('Observation', id, { subject: { reference } });
  const observations = [
    about('p', 'Patient/23'),
    about('g', 'Group/23'),
    about('v', 'Patient/23/_history/2'),
    about('x', 'https://other/fhir/Patient/23'),
  ];
  const search = (query: string) => found(observations, `Observation?${query}`);

  it('[id] matches the id of any type, if no Patient has it', async () =>
    expect(await search('subject=23')).toEqual(['g', 'p', 'v']));
  it('[type]/[id] matches that resource, in any version', async () =>
    expect(await search('subject=Patient/23')).toEqual(['p', 'v']));
  it('[id] that is of resources of several types is refused, and the type settles it', async () => {
    const { page } = await searching([...observations, given('Patient', '23'), given('Group', '23')]);
    await expect(page('Observation?subject=23')).rejects.toMatchObject({
      refusal: 'invalid',
      issues: [{ diagnostics: expect.stringContaining('[type]/[id]') }],
    });
    expect((await page('Observation?subject=Group/23')).matches).toHaveLength(1);
    expect((await page('Observation?patient=23')).matches).toHaveLength(2);
    expect((await page('Observation?performer=23')).matches).toEqual([]);
  });
  it('[id] is of what the caller may see: nobody learns that there is another', async () => {
    const { page } = await searching([...observations, given('Patient', '23'), given('Group', '23')]);
    const seen = await page('Observation?subject=23', { permit: ({ type }) => type !== 'Group' });
    expect(seen.matches.map(({ id }) => id).toSorted()).toEqual(['p', 'v']);
  });
  it(':[type] takes an id of that type', async () => {
    expect(await search('subject:Patient=23')).toEqual(['p', 'v']);
    expect(await search('subject:Group=23')).toEqual(['g']);
  });
  it('an absolute URL below our base is the relative one', async () =>
    expect(await search('subject=https://api.test.example/fhir/Patient/23')).toEqual(['p', 'v']));
  it('an absolute URL elsewhere is another resource', async () =>
    expect(await search('subject=https://other/fhir/Patient/23')).toEqual(['x']));
  it('patient is subject where it is a Patient', async () => expect(await search('patient=23')).toEqual(['p', 'v']));
  it('with :identifier matches the identifier in the reference', async () => {
    const one = given('Observation', 'i', { subject: { identifier: { system: 'http://n', value: '7' } } });
    expect(await found([one], 'Observation?subject:identifier=http://n|7')).toEqual(['i']);
    expect(await found([one], 'Observation?subject:identifier=http://n|8')).toEqual([]);
  });
  it('to a canonical matches with or without version', async () => {
    const one = given('QuestionnaireResponse', 'r', { questionnaire: 'http://q/Q|2' });
    expect(await found([one], 'QuestionnaireResponse?questionnaire=http://q/Q')).toEqual(['r']);
    expect(await found([one], 'QuestionnaireResponse?questionnaire=http://q/Q|2')).toEqual(['r']);
    expect(await found([one], 'QuestionnaireResponse?questionnaire=http://q/Q|3')).toEqual([]);
  });
});

describe('a uri', () => {
  const set = (id: string, url: string) => given('ValueSet', id, { url });
  const sets = [
    set('root', 'http://acme.org/fhir'),
    set('below', 'http://acme.org/fhir/ValueSet/123'),
    set('beside', 'http://acme.org/fhirs'),
  ];

  it('matches exactly, case and all', async () => {
    expect(await found(sets, 'ValueSet?url=http://acme.org/fhir')).toEqual(['root']);
    expect(await found(sets, 'ValueSet?url=http://ACME.org/fhir')).toEqual([]);
  });
  it('with :below matches the path and what is under it', async () =>
    expect(await found(sets, 'ValueSet?url:below=http://acme.org/fhir')).toEqual(['below', 'root']));
  it('with :above matches what the value is under', async () =>
    expect(await found(sets, 'ValueSet?url:above=http://acme.org/fhir/ValueSet/123/_history/5')).toEqual([
      'below',
      'root',
    ]));
});

describe('a backslash', () => {
  it('takes their meaning from comma, bar, dollar and backslash', async () => {
    const one = given('Patient', 'p', { identifier: [{ system: 'http://s', value: 'a|b,c$d\\e' }] });
    const value = encodeURIComponent('http://s|a\\|b\\,c\\$d\\\\e');
    expect(await found([one], `Patient?identifier=${value}`)).toEqual(['p']);
  });
});
