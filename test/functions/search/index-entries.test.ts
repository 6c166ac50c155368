// What the store is told about a resource besides its text (functions/storage/port.ts)
import { describe, expect, it } from 'vitest';
import { indexEntries } from '../../../functions/search/index-entries.ts';
import { given, hasSynthea, synthea } from './support.ts';

const P = { subject: { reference: 'Patient/p' } };
const observation = (about: Record<string, unknown>) => indexEntries(given('Observation', 'o', { ...P, ...about }));
const at = (iso: string) => Date.parse(iso) / 1000;

describe('a placement', () => {
  it('is the patient that the resource is about, before others in whose compartments it is', () => {
    const coverage = given('Coverage', 'c', {
      policyHolder: { reference: 'Patient/father' },
      beneficiary: { reference: 'Patient/child' },
    });
    expect(indexEntries(coverage)).toMatchObject({ patient: 'child', otherPatients: ['father'] });
  });
  it('of a Patient is its own', () =>
    expect(indexEntries(given('Patient', 'p'))).toMatchObject({ patient: 'p', otherPatients: [] }));
  it('of a Patient is nobody else’s, whomever it names: the other has a row of its own there', () => {
    const link = [{ other: { reference: 'Patient/q' }, type: 'seealso' }];
    expect(indexEntries(given('Patient', 'p', { link }))).toMatchObject({ patient: 'p', otherPatients: [] });
  });
  it('of what is about no patient is the registry', () => {
    expect(indexEntries(given('Organization', 'o')).patient).toBeUndefined();
    expect(indexEntries(given('Observation', 'o', { subject: { reference: 'Location/l' } })).patient).toBeUndefined();
    expect(
      indexEntries(given('Observation', 'o', { subject: { reference: 'https://elsewhere/Patient/p' } })).patient,
    ).toBeUndefined();
  });
  it.each(['Task', 'Device'])('of a %s that is about a patient is with the patient, though R4 forgets it', (type) => {
    const about = { for: { reference: 'Patient/p' }, patient: { reference: 'Patient/p' } };
    expect(indexEntries(given(type, 'x', about)).patient).toBe('p');
  });
  it('is at the start of the clinical date, to the second', () => {
    expect(observation({ effectiveDateTime: '2020-05-01T10:00:00.9+09:00' })).toMatchObject({
      date: at('2020-05-01T01:00:00Z'),
      spansDays: false,
    });
    expect(observation({ effectiveDateTime: '2020-05-01' })).toMatchObject({
      date: at('2020-05-01T00:00:00+09:00'),
      spansDays: false,
    });
    expect(observation({}).date).toBeUndefined();
  });
  it.each([
    ['a month', { effectiveDateTime: '2020-05' }],
    ['an open period', { effectivePeriod: { start: '2020-05-01' } }],
    ['a period without start', { effectivePeriod: { end: '2020-05-01' } }],
    ['two days', { effectivePeriod: { start: '2020-05-01', end: '2020-05-02' } }],
    ['a period that ends before it starts', { effectivePeriod: { start: '2020-05-03', end: '2020-05-01' } }],
    ['a date that an id cannot hold', { effectiveDateTime: '1850-05-01' }],
  ])('spans days for %s', (_, about) => expect(observation(about).spansDays).toBe(true));
  it('falls back to another date where the first is missing', () => {
    const condition = given('Condition', 'c', { ...P, recordedDate: '2020-05-01' });
    expect(indexEntries(condition).date).toBe(at('2020-05-01T00:00:00+09:00'));
  });
});

describe('the primary code', () => {
  const JLAC10 = 'http://medis.or.jp/CodeSystem/master-JLAC10-17digits';
  const code = (...coding: Record<string, string>[]) => observation({ code: { coding } }).code;

  it('is the one coding of an indexed system, wherever it stands', () => {
    expect(code({ system: 'http://local', code: 'A' }, { system: JLAC10, code: '3D046000001921002' })).toBe(
      `${JLAC10}|3d046000001921002`,
    );
  });
  it('is * where there are several', () => {
    expect(code({ system: 'http://loinc.org', code: '4548-4' }, { system: JLAC10, code: '3D046000001921002' })).toBe(
      '*',
    );
  });
  it('is none where no coding is of an indexed system', () =>
    expect(code({ system: 'http://local', code: 'A' })).toBeUndefined());
});

describe('lookups', () => {
  const patient = given('Patient', 'p', {
    identifier: [{ system: 'http://n', value: '００１２' }],
    name: [
      { family: '山田', given: ['太郎'], text: '山田 太郎' },
      { family: 'ヤマダ', given: ['タロウ'] },
      { family: 'Yamada', given: ['Taro'] },
    ],
    birthDate: '1950-04-01',
    telecom: [
      { system: 'phone', value: '088-123-4567' },
      { system: 'email', value: 'a@example.jp' },
    ],
    address: [{ postalCode: '770-0001' }],
  });
  const rows = indexEntries(patient).lookups;
  const of = (bucket: string) => rows.filter((row) => row.bucket === bucket).map(({ key, sort }) => `${key} ${sort}`);

  it('are the identifiers, folded', () => expect(of('identifier')).toEqual(['0012 http://n']));
  it('are the names in each script, family with given and given alone', () => {
    expect(of('name')).toEqual([
      '山田 山田太郎^1950-04-01',
      '太郎 太郎^1950-04-01',
      'ヤマ ヤマタタロ^1950-04-01',
      'タロ タロ^1950-04-01',
      'ya yamadataro^1950-04-01',
      'ta taro^1950-04-01',
    ]);
  });
  it('are birth date, telephone and postcode', () => {
    expect(of('birth')).toEqual(['1950-04-01 山田太郎^']);
    expect(of('phone')).toEqual(['0881234567 山田太郎^']);
    expect(of('postcode')).toEqual(['770 7700001^山田太郎']);
  });
  it('carry a card by which a candidate is scored', () => {
    expect(JSON.parse(rows.find(({ bucket }) => bucket === 'birth')!.card!)).toEqual({
      n: [
        ['山田', '太郎'],
        ['ヤマダ', 'タロウ'],
        ['Yamada', 'Taro'],
      ],
      b: '1950-04-01',
      t: ['0881234567'],
      z: ['7700001'],
    });
  });
  it('are the URL of a definition, its version told apart, and none of what may be a patient’s', () => {
    const of = (type: string, more: object) =>
      indexEntries({ resourceType: type, id: 'x', url: 'http://acme.org/x|9', ...more })
        .lookups.filter(({ bucket }) => bucket === 'url')
        .map(({ key, sort }) => [key, sort]);
    expect(of('ValueSet', { version: '1.0' })).toEqual([['http://acme.org/x', '1.0']]);
    expect(of('Questionnaire', {})).toEqual([['http://acme.org/x', '']]);
    expect(of('Device', {})).toEqual([]);
  });
  it('of what is kept with a patient are none', () => {
    expect(observation({ identifier: [{ value: '1' }] }).lookups).toEqual([]);
    expect(observation({ identifier: [{ value: '1' }] }).tokens).toContain('identifier=1');
  });
});

describe('labels and class', () => {
  const CLINS = 'http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication';
  it('labels are security labels and delivery tags, no other tags', () => {
    const meta = {
      security: [{ system: 'http://s', code: 'R' }],
      tag: [
        { system: CLINS, code: 'UNINFORMED' },
        { system: CLINS, code: 'OTHER' },
        { system: 'http://t', code: 'UNDELIVERED' },
      ],
    };
    expect(observation({ meta }).labels).toEqual(['http://s|R', `${CLINS}|UNINFORMED`]);
  });
  it.each([
    ['Patient', 'basic'],
    ['Condition', 'clinical'],
    ['DocumentReference', 'document'],
    ['CarePlan', 'care'],
    ['Task', 'admin'],
  ])('a %s is %s', (type, wanted) => expect(indexEntries(given(type, 'x')).dataClass).toBe(wanted));
  it('what a resident measured is the home record', () => {
    expect(observation({ performer: [{ reference: 'Patient/p' }] }).dataClass).toBe('home');
    expect(observation({ performer: [{ reference: 'Patient/p' }, { reference: 'Practitioner/d' }] }).dataClass).toBe(
      'clinical',
    );
  });
});

it('work lists name role, owner, status and date', () => {
  const task = given('Task', 't', {
    status: 'requested',
    owner: { reference: 'Organization/clinic' },
    requester: { reference: 'Organization/hospital' },
    authoredOn: '2020-05-01T10:00:00+09:00',
  });
  const shared = { status: 'requested', date: '2020-05-01T01:00:00.000Z', spansDays: false, byDate: false };
  expect(indexEntries(task).work).toEqual([
    { list: 'owner', owner: 'Organization/clinic', ...shared, index: 1 },
    { list: 'requester', owner: 'Organization/hospital', ...shared, index: 2 },
  ]);
});

it.skipIf(!hasSynthea)('a resource has at most a dozen prune tokens in real data (skipped: no shared data)', () => {
  expect(Math.max(...synthea(8).map((resource) => indexEntries(resource).tokens.length))).toBeLessThanOrEqual(12);
});
