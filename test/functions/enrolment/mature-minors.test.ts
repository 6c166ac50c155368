// From 15 or 16, as the region has it, a minor sees and consents alone, and may keep something from the parents: domain.md 4.4.
import { describe, expect, it } from 'vitest';
import { decidesAlone } from '../../../functions/enrolment/age.ts';
import { consent, dataClass, facilityActor, roleActor, sensitivity } from '../../support/consents.ts';
import { clinicDoctor, doctor, evidence, municipal, openRegion } from './given.ts';

const girl = (birthDate: string) => ({
  name: { kanji: { family: '紬木', given: '小糸' }, kana: { family: 'ツムギ', given: 'コイト' } },
  birthDate,
  insurance: { insurer: '39360000', symbol: '', number: '01234567', branch: '02' },
});
const SIXTEEN = '2010-05-05';
const FOURTEEN = '2012-05-05';

const diagnosis = (patient: string, code: string) => ({
  resourceType: 'Condition',
  subject: { reference: `Patient/${patient}` },
  code: { coding: [{ system: 'http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full', code }] },
  recordedDate: '2026-11-20',
});

const family = async (matureMinorAge: number | undefined, birthDate = SIXTEEN) => {
  const region = openRegion({ matureMinorAge });
  const { call } = region;
  const mother = await region.joined();
  const daughter = await region.joined(girl(birthDate));
  const parent = await region.account(mother.person, 'ito@resident.example');
  const herself = await region.account(daughter.person, 'koito@resident.example');
  const form = { by: mother.person, kind: 'parent', basis: '戸籍謄本 2026-11-01', evidence };
  expect((await call(municipal, 'POST', `/enrolment/people/${daughter.person}/proxies`, form)).status).toBe(201);
  const keep = async (icd: string) =>
    (await call(clinicDoctor, 'POST', '/fhir/Condition', diagnosis(daughter.patient, icd))).body.id as string;
  const [asthma, contraception] = [await keep('J459'), await keep('Z30')];
  region.time.now += 5_000;
  const sees = async (as: typeof parent, id: string) => (await call(as, 'GET', `/fhir/Condition/${id}`)).status === 200;
  const found = async (as: typeof parent) =>
    (await call(as, 'GET', `/fhir/Condition?patient=${daughter.patient}&_total=accurate`)).body.total as number;
  const hide = (provision: object, as = herself) =>
    call(
      as,
      'POST',
      '/fhir/Consent',
      consent(daughter.patient, { type: 'deny', actor: [roleActor('proxy')], ...provision }),
    );
  return { ...region, mother, daughter, parent, herself, asthma, contraception, sees, found, hide };
};

describe('a minor who decides alone', () => {
  it('keeps one kind of record from the parents, who see the rest, and no number of what is kept', async () => {
    const { hide, sees, found, parent, herself, asthma, contraception, time } = await family(16);
    expect([await sees(parent, asthma), await sees(parent, contraception), await found(parent)]).toEqual([
      true,
      true,
      2,
    ]);
    expect((await hide({ securityLabel: [sensitivity('SEX')] })).status).toBe(201);
    time.now += 5_000;
    expect([await sees(parent, asthma), await sees(parent, contraception), await found(parent)]).toEqual([
      true,
      false,
      1,
    ]);
    expect([await sees(herself, asthma), await sees(herself, contraception), await found(herself)]).toEqual([
      true,
      true,
      2,
    ]);
  });

  it('keeps a class of data from them, and from no member of staff', async () => {
    const { hide, sees, parent, asthma, contraception, time } = await family(16);
    expect((await hide({ class: [dataClass('disease')] })).status).toBe(201);
    time.now += 5_000;
    expect([await sees(parent, asthma), await sees(parent, contraception)]).toEqual([false, false]);
    expect(await sees(doctor, asthma)).toBe(true);
  });

  it('has the consents to herself: the parents neither see nor change nor add any', async () => {
    const { call, hide, parent, herself, daughter, time } = await family(16);
    const own = (await hide({ securityLabel: [sensitivity('SEX')] })).body.id as string;
    time.now += 5_000;
    expect((await call(parent, 'GET', `/fhir/Consent/${own}`)).status).toBe(404);
    expect((await call(parent, 'GET', `/fhir/Consent?patient=${daughter.patient}`)).body).toMatchObject({ total: 0 });
    const other = consent(daughter.patient, { type: 'deny', actor: [facilityActor('3610000002')] });
    expect((await call(parent, 'POST', '/fhir/Consent', other)).status).toBe(403);
    expect((await call(parent, 'PUT', `/fhir/Consent/${own}`, { ...other, id: own })).status).not.toBe(200);
    expect((await call(parent, 'DELETE', `/fhir/Consent/${own}`)).status).not.toBe(200);
    expect((await call(herself, 'GET', `/fhir/Consent/${own}`)).status).toBe(200);
    expect((await call(herself, 'POST', '/fhir/Consent', other)).status).toBe(201);
  });

  it('is looked over nobody’s shoulder: who has looked is hers to see', async () => {
    const { call, parent, herself, daughter } = await family(16);
    const path = `/fhir/AuditEvent?patient=${daughter.patient}`;
    expect((await call(herself, 'GET', path)).body.entry?.length ?? 0).toBeGreaterThan(0);
    expect((await call(parent, 'GET', path)).body.entry?.length ?? 0).toBe(0);
  });

  it('is told so at sign-in', async () => {
    const { call, herself, parent } = await family(16);
    expect((await call(herself, 'GET', '/me/enrolment')).body).toMatchObject({ decidesAlone: true });
    expect((await call(parent, 'GET', '/me/enrolment')).body).toMatchObject({ decidesAlone: false });
    // And so are those who act for her, whose pages offer no switches then.
    expect((await call(parent, 'GET', '/me/proxies')).body.iActFor).toMatchObject([{ decidesAlone: true }]);
  });

  it('keeps from adults only what they act for: a permit that names proxies is refused', async () => {
    const { hide } = await family(16);
    expect((await hide({ type: 'permit' })).status).toBe(422);
  });
});

describe('below the age of the region, or without one', () => {
  it('parents see and decide as before', async () => {
    const { call, hide, sees, parent, contraception, daughter, time } = await family(undefined);
    expect((await hide({ securityLabel: [sensitivity('SEX')] })).status).toBe(201);
    time.now += 5_000;
    expect(await sees(parent, contraception)).toBe(true);
    const found = await call(parent, 'GET', `/fhir/Consent?patient=${daughter.patient}`);
    expect(found.body.total).toBeGreaterThan(0);
  });

  it('nobody below it gets an account, by the desk or by an application', async () => {
    const { call, joined } = openRegion({ matureMinorAge: 15 });
    const { person } = await joined(girl(FOURTEEN));
    const path = `/enrolment/people/${person}/account`;
    const answer = await call(municipal, 'POST', path, { email: 'koito@resident.example', by: 'letter' });
    expect(answer.status).toBe(422);
    expect(answer.body.issue[0].diagnostics).toContain('15 or older');
    const older = await joined({ ...girl(SIXTEEN), insurance: undefined });
    const given = { email: 'older@resident.example', by: 'letter' };
    expect((await call(municipal, 'POST', `/enrolment/people/${older.person}/account`, given)).status).toBe(201);
  });

  it('begins with the birthday, in Japan, and ends with the eighteenth', () => {
    const at = (text: string) => decidesAlone('2010-05-05', 16, Date.parse(text));
    expect(at('2026-05-04T23:59:59+09:00')).toBe(false);
    expect(at('2026-05-05T00:00:00+09:00')).toBe(true);
    expect(at('2028-05-04T23:59:59+09:00')).toBe(true);
    expect(at('2028-05-05T00:00:00+09:00')).toBe(false);
    expect(decidesAlone('2010-05-05', undefined, Date.parse('2027-01-01'))).toBe(false);
  });
});

describe('who comes of age within a month', () => {
  it('is told at sign-in, and so is who acts for her, until the day', async () => {
    const { call, parent, herself, daughter, mother, time } = await family(undefined);
    const notices = async (as: typeof parent) => (await call(as, 'GET', '/me/enrolment')).body.notices;
    expect([await notices(herself), await notices(parent)]).toEqual([[], []]);
    time.now = Date.parse('2028-04-05T12:00:00+09:00');
    expect(await notices(herself)).toEqual([{ kind: 'coming-of-age', on: '2028-05-05', patient: daughter.patient }]);
    expect(await notices(parent)).toEqual([{ kind: 'proxy-ends', on: '2028-05-05', patient: daughter.patient }]);
    time.now = Date.parse('2028-05-05T00:00:10+09:00');
    expect([await notices(herself), await notices(parent)]).toEqual([[], []]);
    expect(mother.patient).not.toBe(daughter.patient);
  });
});
