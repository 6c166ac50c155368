// https://hl7.org/fhir/R4/search.html#include
import { describe, expect, it } from 'vitest';
import { MOST_INCLUDED, MOST_ROUNDS } from '../../../functions/search/include.ts';
import { given, reference, type Searching, searching } from './support.ts';

const to = (text: string) => ({ reference: text });
const P = { subject: to('Patient/p') };
const chart = [
  given('Organization', 'group', { name: 'Group' }),
  given('Organization', 'org', { name: 'Hospital', partOf: to('Organization/group') }),
  given('Practitioner', 'doctor', {}),
  given('PractitionerRole', 'role', { practitioner: to('Practitioner/doctor'), organization: to('Organization/org') }),
  given('Patient', 'p', { managingOrganization: to('Organization/org') }),
  given('Patient', 'q', {}),
  given('Encounter', 'e', { ...P, serviceProvider: to('Organization/org') }),
  given('Observation', 'a', { ...P, encounter: to('Encounter/e'), performer: [to('Practitioner/doctor')] }),
  given('Observation', 'b', { ...P, encounter: to('Encounter/e'), hasMember: [to('Observation/a')] }),
  given('Observation', 'c', { ...P, hasMember: [to('Observation/b')], performer: [to('Organization/org')] }),
  given('Observation', 'other', { subject: to('Patient/q') }),
  given('Provenance', 'without-patient', { target: [to('Observation/a')], recorded: '2026-01-01T00:00:00Z' }),
  given('Questionnaire', 'form', { url: 'http://forms/1', version: '2' }),
  given('QuestionnaireResponse', 'answers', { ...P, questionnaire: 'http://forms/1|2' }),
  given('Group', 'g', { type: 'person', actual: true, member: [{ entity: to('Patient/p') }] }),
];
const included = async ({ page }: Searching, url: string) => (await page(url)).included.map(reference).toSorted();
const of = async (url: string) => included(await searching(chart), url);

describe('_include', () => {
  it('adds what a parameter of the matches points at', async () =>
    expect(await of('Encounter?patient=p&_include=Encounter:patient')).toEqual(['Patient/p']));
  it('adds each resource once, however often it is pointed at', async () =>
    expect(await of('Observation?patient=p&_include=Observation:encounter')).toEqual(['Encounter/e']));
  it('does not repeat a match', async () =>
    expect(await of('Observation?patient=p&_include=Observation:has-member')).toEqual([]));
  it('takes a target type', async () => {
    expect(await of('Observation?patient=p&_include=Observation:performer')).toEqual([
      'Organization/org',
      'Practitioner/doctor',
    ]);
    expect(await of('Observation?patient=p&_include=Observation:performer:Practitioner')).toEqual([
      'Practitioner/doctor',
    ]);
  });
  it('may be given several times', async () =>
    expect(await of('Observation?_id=a&_include=Observation:patient&_include=Observation:encounter')).toEqual([
      'Encounter/e',
      'Patient/p',
    ]));
  it('takes * for all parameters of a type, and of all types', async () => {
    const all = ['Encounter/e', 'Patient/p', 'Practitioner/doctor'];
    expect(await of('Observation?_id=a&_include=Observation:*')).toEqual(all);
    expect(await of('Observation?_id=a&_include=*')).toEqual(all);
  });
  it('takes nothing from what was included, but with :iterate', async () => {
    expect(await of('Observation?_id=a&_include=Observation:encounter&_include=Encounter:service-provider')).toEqual([
      'Encounter/e',
    ]);
    expect(
      await of(
        'Observation?_id=a&_include=Observation:encounter&_include:iterate=Encounter:service-provider&_include:iterate=Organization:partof',
      ),
    ).toEqual(['Encounter/e', 'Organization/group', 'Organization/org']);
  });
  it(':iterate follows a parameter over itself', async () =>
    expect(await of('Observation?_id=c&_include:iterate=Observation:has-member')).toEqual([
      'Observation/a',
      'Observation/b',
    ]));
  it('resolves canonical references', async () =>
    expect(await of('QuestionnaireResponse?patient=p&_include=QuestionnaireResponse:questionnaire')).toEqual([
      'Questionnaire/form',
    ]));
  it('leaves out what does not exist, is contained, or is elsewhere', async () => {
    const engine = await searching([
      given('Observation', 'x', {
        subject: to('Patient/p'),
        contained: [{ resourceType: 'Practitioner', id: 'in' }],
        performer: [
          to('#in'),
          to('Practitioner/none'),
          to('https://elsewhere/fhir/Practitioner/1'),
          { identifier: { value: '1' } },
        ],
      }),
    ]);
    expect(await included(engine, 'Observation?patient=p&_include=Observation:performer')).toEqual([]);
  });
  it('leaves matches, pages and totals as they are', async () => {
    const { page } = await searching(chart);
    const first = await page('Observation?patient=p&_include=Observation:patient&_count=2&_total=accurate');
    expect(first).toMatchObject({ total: 3, matches: { length: 2 }, included: { length: 1 } });
    expect(first.self).toContain('_include=Observation%3Apatient');
    expect(await page(first.next!)).toMatchObject({ matches: { length: 1 }, included: { length: 1 } });
  });
  it('is not answered with a count alone', async () =>
    expect(await of('Observation?patient=p&_include=Observation:patient&_summary=count')).toEqual([]));
});

describe('_revinclude', () => {
  it('adds what points at the matches', async () =>
    expect(await of('Encounter?patient=p&_revinclude=Observation:encounter')).toEqual([
      'Observation/a',
      'Observation/b',
    ]));
  it('adds all of a patient’s', async () =>
    expect(await of('Patient?_id=p&_revinclude=Observation:patient&_revinclude=Encounter:subject')).toEqual([
      'Encounter/e',
      'Observation/a',
      'Observation/b',
      'Observation/c',
    ]));
  it('finds what names a result but not whose it is', async () =>
    expect(await of('Observation?_id=a&_revinclude=Provenance:target')).toEqual(['Provenance/without-patient']));
  it('finds groups of a patient', async () =>
    expect(await of('Patient?_id=p&_revinclude=Group:member')).toEqual(['Group/g']));
  it('walks for what points at a resource that is no patient’s', async () =>
    expect(
      await of('Practitioner?_id=doctor&_revinclude=Observation:performer&_revinclude=PractitionerRole:practitioner'),
    ).toEqual(['Observation/a', 'PractitionerRole/role']));
  it('takes * for all parameters of a type, and within a chart for all types', async () => {
    expect(await of('Encounter?_id=e&_revinclude=Observation:*')).toEqual(['Observation/a', 'Observation/b']);
    expect(await of('Encounter?_id=e&_revinclude=*')).toEqual(['Observation/a', 'Observation/b']);
  });
  it('with :iterate adds what points at what was added', async () =>
    expect(await of('Observation?_id=a&_revinclude:iterate=Observation:has-member')).toEqual([
      'Observation/b',
      'Observation/c',
    ]));
  it('works together with _include', async () =>
    expect(await of('Encounter?_id=e&_include=Encounter:patient&_revinclude:iterate=Group:member')).toEqual([
      'Group/g',
      'Patient/p',
    ]));
});

describe('what may be included', () => {
  it('is decided as for a match: what the caller may not see is not there', async () => {
    const { page } = await searching(chart);
    const permit = ({ type }: { type: string }) => type !== 'Encounter';
    const got = await page(
      'Observation?_id=a&_include=Observation:encounter&_include:iterate=Encounter:service-provider&_revinclude=Encounter:diagnosis',
      { permit },
    );
    expect(got.included).toEqual([]);
  });
  it('is bounded, and the answer says that more was left out', async () => {
    const many = Array.from({ length: MOST_INCLUDED + 5 }, (_, i) => given('Observation', `o${i}`, P));
    const { page } = await searching([given('Patient', 'p'), ...many]);
    const got = await page('Patient?_id=p&_revinclude=Observation:subject');
    expect(got.included).toHaveLength(MOST_INCLUDED);
    expect(got.outcome).toMatchObject([{ severity: 'warning', code: 'incomplete' }]);
  });
  it('is bounded in bytes together with the matches', async () => {
    const long = 'x'.repeat(150_000);
    const many = Array.from({ length: 40 }, (_, i) => given('DocumentReference', `d${i}`, { ...P, description: long }));
    const { page } = await searching([given('Patient', 'p'), ...many]);
    const got = await page('Patient?_id=p&_revinclude=DocumentReference:subject');
    expect(got.included.length).toBeGreaterThan(20);
    expect(got.included.length).toBeLessThan(27);
    expect(got.outcome).toMatchObject([{ code: 'incomplete' }]);
  });
  it('is followed a bounded number of times, and the answer says so', async () => {
    const long = Array.from({ length: MOST_ROUNDS + 3 }, (_, i) =>
      given('Organization', `o${i}`, { partOf: to(`Organization/o${i + 1}`) }),
    );
    const { page } = await searching(long);
    const got = await page('Organization?_id=o0&_include:iterate=Organization:partof');
    expect(got.included).toHaveLength(MOST_ROUNDS);
    expect(got.outcome[0]?.diagnostics).toContain(':iterate');
  });
  it('ends where references go in a circle', async () => {
    const { page } = await searching([
      given('Organization', 'x', { partOf: to('Organization/y') }),
      given('Organization', 'y', { partOf: to('Organization/x') }),
    ]);
    expect((await page('Organization?_id=x&_include:iterate=Organization:partof')).included.map(reference)).toEqual([
      'Organization/y',
    ]);
  });
});

describe('an _include that is malformed', () => {
  it.each([
    'Observation?_include=Observation',
    'Observation?_include=Observation:subject:Patient:more',
    'Observation?_include=Nothing:subject',
    'Observation?_include=Observation:code',
    'Observation?_include=Observation:nothing',
    'Observation?_include=Observation:subject:Nobody',
    'Observation?_include:recurse=Observation:subject',
    'Observation?_include=Observation:subject&_summary=text',
  ])('is refused: %s', async (url) => {
    const { page } = await searching([]);
    await expect(page(url)).rejects.toMatchObject({ refusal: 'invalid' });
  });
});
