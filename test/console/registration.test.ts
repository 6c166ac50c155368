// Who is registered, who stands in one line, and what a loaded chart becomes when something was written.
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../console/src/api/client.ts';
import { alike, grouped } from '../../console/src/clinic/groups.ts';
import { EMPTY, numberSystem, patientOf, registrationOf } from '../../console/src/clinic/registration.ts';
import { withWritten } from '../../console/src/record/use-record.ts';
import { validate } from '../../functions/fhir/validate.ts';
import { profileIssues, requiredProfiles } from '../../functions/profiles/profiles.ts';

const OWN = { facility: '3610000002', organization: 'Organization/o1' };

describe('a registration', () => {
  const values = {
    ...EMPTY,
    number: '００１２',
    family: '見本',
    given: '冬彦',
    familyKana: 'みほん',
    givenKana: 'ﾌﾕﾋｺ',
    birthDate: 'S50.12.24',
    phone: '０９０-0000-0009',
    postalCode: '770-0000',
    address: '見本市',
  };

  it('is a valid JP_Patient with the own number, kana in katakana and a date as FHIR has it', () => {
    const patient = patientOf(values, OWN);
    expect(validate(patient)).toEqual([]);
    const issues = profileIssues(patient as never, { required: requiredProfiles(true, patient as never) });
    expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(patient).toMatchObject({
      identifier: [{ system: numberSystem(OWN.facility), value: '0012' }],
      name: [{ text: '見本 冬彦' }, { text: 'ミホン フユヒコ' }],
      birthDate: '1975-12-24',
      telecom: [{ value: '090-0000-0009' }],
      managingOrganization: { reference: 'Organization/o1' },
    });
  });

  it('of a person whom another facility knows begins with everything but the number', () => {
    const known = registrationOf(patientOf(values, OWN));
    expect(known).toMatchObject({
      number: '',
      family: '見本',
      given: '冬彦',
      familyKana: 'ミホン',
      birthDate: '1975-12-24',
    });
  });

  it('is valid with a name in kana and a date alone', () => {
    const patient = patientOf({ ...EMPTY, number: '1', familyKana: 'ミホン', birthDate: '1975-12-24' }, OWN);
    expect(validate(patient)).toEqual([]);
  });
});

describe('one line for one person', () => {
  const patient = (id: string, text = 'ミホン ハルコ', birthDate = '1961-04-12'): Resource => ({
    resourceType: 'Patient',
    id,
    name: [{ text }],
    birthDate,
  });

  it('asks about those of one name and birth date', () => {
    const groups = alike([patient('a'), patient('b', 'ミホン　ハルコ'), patient('c', 'ミホン ハルコ', '1962-04-12')]);
    expect(groups.map((group) => group.map(({ id }) => id))).toEqual([['a', 'b'], ['c']]);
  });

  it('puts together what the region has linked, and not what is only alike', () => {
    const linked = new Map([['a', new Set(['a', 'c'])]]);
    const groups = grouped([patient('a'), patient('b'), patient('c')], linked);
    expect(groups.map((group) => group.map(({ id }) => id))).toEqual([['a', 'c'], ['b']]);
  });
});

it('puts what was written into the loaded chart, once, and leaves the other pages', () => {
  const page = (...ids: string[]) => ({
    resourceType: 'Bundle',
    type: 'searchset',
    entry: ids.map((id) => ({ resource: { resourceType: 'Condition', id } })),
  });
  const after = withWritten({ pages: [page('a'), page('b', 'c')], pageParams: [] }, [
    { resourceType: 'Condition', id: 'b', meta: { versionId: '2' } },
    { resourceType: 'Condition', id: 'd' },
  ]);
  expect(after.pages.map(({ entry }) => entry.map(({ resource }) => resource.id))).toEqual([['b', 'd', 'a'], ['c']]);
  expect(withWritten(undefined, [])).toBeUndefined();
});
