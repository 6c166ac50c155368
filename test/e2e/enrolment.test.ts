// The whole way over the local stack: a person joins at the counter, signs in for the first time, sees the own record, opens
// nothing to others after withdrawal. Cognito's own API, the synthesized roles, the built bundles.
import { dirname } from 'node:path';
import { AdminCreateUserCommand, type CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn } from '../../infra/local/cognito/client.ts';
import { cognitoClient } from '../../infra/local/demo/identities.ts';
import { officerMailsOf, readMails } from '../../infra/local/sns/service.ts';
import { evidence, form } from '../functions/enrolment/given.ts';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';

let stack: LocalStack;
let cognito: CognitoIdentityProviderClient;
const tokens = new Map<string, string>();

beforeAll(async () => {
  stack = await startLocalStack();
  cognito = cognitoClient(stack.region());
});

afterAll(async () => {
  cognito?.destroy();
  await stack?.stop();
});

const as = async (who: string): Promise<string> => {
  if (!tokens.has(who)) tokens.set(who, await stack.token(who));
  return tokens.get(who)!;
};

// biome-ignore lint/suspicious/noExplicitAny: the shape of an answer is what the test is about
type Answered = { status: number; body: any };

const REPRESENTATION = 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation';

const call = async (token: string, method: string, path: string, body?: unknown, more = {}): Promise<Answered> => {
  const fhir = path.startsWith('/fhir/');
  const answer = await fetch(`${stack.region().baseUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': fhir ? 'application/fhir+json' : 'application/json' }),
      ...more,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text && JSON.parse(text) };
};

const until = async (what: () => Promise<boolean>) => {
  for (let tries = 0; tries < 960; tries += 1) {
    if (await what()) return true;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return false;
};

describe('a resident', () => {
  const email = 'ito@resident.example';
  const password = 'Tsumugi-first-2026';
  const pool = () => ({
    client: cognito,
    poolId: stack.region().settings.RESIDENTS_POOL_ID!,
    clientId: stack.region().settings.RESIDENTS_CLIENT_ID!,
    username: email,
  });

  it('joins, signs in for the first time, sees the own record, and closes it to others by withdrawing', async () => {
    const desk = await as('staff:municipal');
    const joined = await call(desk, 'POST', '/enrolment/people', form());
    expect(joined.status).toBe(201);
    const { person, patient, card } = joined.body as { person: string; patient: string; card: { qr: string } };

    const account = await call(desk, 'POST', `/enrolment/people/${person}/account`, { email, by: 'letter' });
    expect(account.status).toBe(201);
    // The password of the letter opens nothing but the choice of a new one.
    await expect(signIn({ ...pool(), password: account.body.password })).rejects.toThrow(/temporary/);
    const { accessToken } = await signIn({ ...pool(), password: account.body.password, newPassword: password });
    await expect(signIn({ ...pool(), password: account.body.password })).rejects.toThrow();

    const me = await call(accessToken, 'GET', '/me/person');
    expect(me.body).toMatchObject({ person, status: 'enrolled' });
    expect((await call(accessToken, 'GET', `/fhir/Patient/${patient}`)).status).toBe(200);
    expect((await call(accessToken, 'GET', '/fhir/Patient/demo-resident-1')).status).toBe(404);

    const doctor = await as('staff:hospital-doctor');
    const seen = await call(doctor, 'POST', '/enrolment/cards/lookup', { card: card.qr });
    expect(seen.body.patient).toBe(patient);
    const allergy = await call(doctor, 'POST', '/fhir/AllergyIntolerance', {
      resourceType: 'AllergyIntolerance',
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
      },
      code: { text: 'ペニシリン' },
      patient: { reference: `Patient/${patient}` },
    });
    expect(allergy.status).toBe(201);
    const mine = await call(accessToken, 'GET', `/fhir/AllergyIntolerance?patient=${patient}`);
    expect(mine.body.entry).toHaveLength(1);

    const clinic = await as('staff:clinic-doctor');
    const path = `/fhir/AllergyIntolerance?patient=${patient}`;
    const before = await call(clinic, 'GET', path);
    expect(before.body.entry).toHaveLength(1);

    expect((await call(desk, 'POST', `/enrolment/people/${person}/withdrawal`, { evidence })).status).toBe(200);
    const closed = async () => ((await call(clinic, 'GET', path)).body.entry ?? []).length === 0;
    expect(await until(closed)).toBe(true);
    expect((await call(clinic, 'GET', `/fhir/AllergyIntolerance/${allergy.body.id}`)).status).toBe(404);
    expect((await call(doctor, 'GET', path)).body.entry).toHaveLength(1);
    expect((await call(doctor, 'POST', '/enrolment/cards/lookup', { card: card.qr })).status).toBe(410);
  });

  it('gets a new first password at the desk, and loses the account with death', async () => {
    const desk = await as('staff:municipal');
    const name = { kanji: { family: '架空', given: '次郎' }, kana: { family: 'カクウ', given: 'ジロウ' } };
    const { person } = (await call(desk, 'POST', '/enrolment/people', form({ name, insurance: undefined }))).body;
    const username = 'jiro@resident.example';
    const path = `/enrolment/people/${person}`;
    expect((await call(desk, 'POST', `${path}/account`, { email: username, by: 'letter' })).status).toBe(201);
    const renewed = await call(desk, 'POST', `${path}/account/password`, { evidence });
    // A token of the very second of the change is refused: `iat` counts whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const given = { ...pool(), username, password: renewed.body.password, newPassword: password };
    const { accessToken } = await signIn(given);
    expect(await until(async () => (await call(accessToken, 'GET', '/me/person')).status === 200)).toBe(true);

    expect((await call(desk, 'POST', `${path}/death`, { on: '2026-01-01', evidence })).status).toBe(200);
    expect(await until(async () => (await call(accessToken, 'GET', '/me/person')).status === 401)).toBe(true);
    await expect(signIn({ ...pool(), username, password })).rejects.toThrow();
  });

  it('sees what a hospital has written of the same person, once the matcher has linked it', async () => {
    const desk = await as('staff:municipal');
    const name = { kanji: { family: '架空', given: '結' }, kana: { family: 'カクウ', given: 'ユイ' } };
    const insurance = { insurer: '39360000', symbol: '', number: '7654321', branch: '03' };
    const { person, patient } = (await call(desk, 'POST', '/enrolment/people', form({ name, insurance }))).body;
    const username = 'yui@resident.example';
    const made = await call(desk, 'POST', `/enrolment/people/${person}/account`, { email: username, by: 'letter' });
    const given = { ...pool(), username, password: made.body.password, newPassword: password };
    const { accessToken } = await signIn(given);

    const known = (await call(accessToken, 'GET', `/fhir/Patient/${patient}`)).body;
    const hospital = await as('system:hospital');
    const number = { system: 'urn:oid:1.2.392.100495.20.3.51.13610000001', value: 'H-77' };
    const { id: _, meta: __, ...demographics } = known;
    const record = { ...demographics, identifier: [...known.identifier, number] };
    const chart = await call(hospital, 'POST', '/fhir/Patient', record);
    expect(chart.status).toBe(201);
    const linked = async () => (await call(accessToken, 'GET', `/fhir/Patient/${chart.body.id}`)).status === 200;
    expect(await until(linked)).toBe(true);
  });

  it('has the scan of the signed form at the desk', async () => {
    const desk = await as('staff:municipal');
    const pdf = '%PDF-1.7 a form';
    const headers = { authorization: `Bearer ${desk}`, 'content-type': 'application/pdf' };
    const kept = await fetch(`${stack.region().baseUrl}/enrolment/scans`, { method: 'POST', headers, body: pdf });
    expect(kept.status).toBe(201);
    const { scan } = (await kept.json()) as { scan: string };
    const name = { kanji: { family: '架空', given: '文' }, kana: { family: 'カクウ', given: 'フミ' } };
    const posted = form({ name, insurance: undefined, route: 'post', evidence: { ...evidence, scan } });
    const { person } = (await call(desk, 'POST', '/enrolment/people', posted)).body;
    const { url } = (await call(desk, 'GET', `/enrolment/people/${person}/scan`)).body;
    expect(await (await fetch(url)).text()).toBe(pdf);
  });

  it('applies with an own account, which shows nothing until the desk confirms', async () => {
    const username = 'hanae@resident.example';
    const made = new AdminCreateUserCommand({
      UserPoolId: pool().poolId,
      Username: username,
      TemporaryPassword: 'Temporary-2026-1',
      MessageAction: 'SUPPRESS',
    });
    await cognito.send(made);
    const start = { ...pool(), username, password: 'Temporary-2026-1', newPassword: password };
    const { accessToken } = await signIn(start);
    expect((await call(accessToken, 'GET', '/fhir/Patient/demo-resident-1')).status).toBe(401);

    const name = { kanji: { family: '架空', given: '花枝' }, kana: { family: 'カクウ', given: 'ハナエ' } };
    const { evidence: _, ...wishes } = form({ name, insurance: undefined });
    const applied = await call(accessToken, 'POST', '/me/application', { ...wishes, route: 'app' });
    expect(applied.status).toBe(201);
    const desk = await as('staff:municipal');
    const confirm = `/enrolment/applications/${applied.body.receipt}/confirmation`;
    const joined = await call(desk, 'POST', confirm, { evidence });
    expect(joined.status).toBe(201);
    const seesItself = async () =>
      (await call(accessToken, 'GET', `/fhir/Patient/${joined.body.patient}`)).status === 200;
    expect(await until(seesItself)).toBe(true);
  });

  it('is found by the insurance of two Coverages, as the stream brings them', async () => {
    const patient = (family: string, kana: string) => ({
      resourceType: 'Patient',
      name: [
        { extension: [{ url: REPRESENTATION, valueCode: 'IDE' }], family, given: ['千代'] },
        { extension: [{ url: REPRESENTATION, valueCode: 'SYL' }], family: kana, given: ['チヨ'] },
      ],
      gender: 'female',
      birthDate: '1939-09-09',
    });
    const part = (name: string, valueString: string) => ({
      url: `http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Coverage_InsuredPerson${name}`,
      valueString,
    });
    const register = async (who: string, family: string, kana: string) => {
      const token = await as(who);
      const { id } = (await call(token, 'POST', '/fhir/Patient', patient(family, kana))).body;
      const covered = await call(token, 'POST', '/fhir/Coverage', {
        resourceType: 'Coverage',
        status: 'active',
        extension: [part('Symbol', '７７'), part('Number', '1234'), part('SubNumber', '01')],
        beneficiary: { reference: `Patient/${id}` },
        payor: [{ identifier: { system: 'urn:oid:1.2.392.100495.20.3.61', value: '06360012' } }],
      });
      expect(covered).toMatchObject({ status: 201 });
      return id as string;
    };
    const a = await register('system:hospital', '粟野', 'アワノ');
    await register('system:clinic', '麦田', 'ムギタ');
    const desk = await as('staff:municipal');
    const records = async () => (await call(desk, 'GET', `/identity/patients/${a}/person`)).body.records?.length;
    expect(await until(async () => (await records()) === 2)).toBe(true);
  });

  it('hears of broken glass, which the privacy officer reviews', async () => {
    const name = { kanji: { family: '架空', given: '花' }, kana: { family: 'カクウ', given: 'ハナ' } };
    const desk = await as('staff:municipal');
    const other = form({ name, insurance: undefined });
    const { patient, person } = (await call(desk, 'POST', '/enrolment/people', other)).body;
    const reason = encodeURIComponent('救急搬送中で本人に確認できない');
    const crew = await as('staff:ambulance');
    // The fire department and the hospital have one privacy officer, who confirms the address; later nobody is.
    const admin = await as('staff:admin');
    const officerOf = (code: string, email: string | null) =>
      call(admin, 'PATCH', `/admin/facilities/${code}`, { privacyOfficer: email === null ? null : { email } });
    const [FIRE, HOSPITAL, ADDRESS] = ['9886000005', '3610000001', 'privacy@fire.example'];
    const mails = () => readMails(officerMailsOf(dirname(stack.region().outbox))).filter(({ to }) => to === ADDRESS);
    expect(await officerOf(FIRE, ADDRESS)).toMatchObject({ status: 200 });
    expect((await fetch(mails()[0]!.link!)).status).toBe(200);
    expect(await officerOf(HOSPITAL, ADDRESS)).toMatchObject({ status: 200 });
    const headers = { 'x-purpose': 'BTG', 'x-purpose-reason': reason };
    expect((await call(crew, 'GET', `/fhir/Patient/${patient}`, undefined, headers)).status).toBe(200);

    const officer = await as('staff:privacy');
    const queue = await call(officer, 'GET', '/admin/break-glass');
    expect(queue.body.cases).toMatchObject([{ role: 'ambulance', reason: '救急搬送中で本人に確認できない' }]);
    const review = { outcome: 'justified', note: '搬送記録と一致' };
    const { id } = queue.body.cases[0];
    const isTold = async () => mails().some(({ kind, text }) => kind === 'message' && text.includes(id));
    expect(await until(isTold)).toBe(true);
    expect(JSON.stringify(mails())).not.toMatch(/架空|カクウ|救急/);
    for (const code of [FIRE, HOSPITAL]) expect(await officerOf(code, null)).toMatchObject({ status: 200 });
    expect((await call(officer, 'POST', `/admin/break-glass/${id}/review`, review)).status).toBe(200);
    void person;
  });
});
