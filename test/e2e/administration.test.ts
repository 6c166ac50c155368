// A region from the administrator's chair, on the whole local stack: what is brought in works, what is taken away ends.
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import {
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  ConfirmForgotPasswordCommand,
  ForgotPasswordCommand,
  InitiateAuthCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { signIn } from '../../infra/local/cognito/client.ts';
import { readLetters } from '../../infra/local/cognito/outbox.ts';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';

const HOSPITAL = '3610000014';
const PHARMACY = '3640000034';
const PASSWORD = 'A-new-secret-2026';

let stack: LocalStack;
let cognito: CognitoIdentityProviderClient;
beforeAll(async () => {
  stack = await startLocalStack();
  const { aws } = stack.region();
  cognito = new CognitoIdentityProviderClient({
    endpoint: aws.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER!,
    region: aws.AWS_REGION!,
    credentials: { accessKeyId: aws.AWS_ACCESS_KEY_ID!, secretAccessKey: aws.AWS_SECRET_ACCESS_KEY! },
  });
});
afterAll(async () => {
  cognito?.destroy();
  await stack?.stop();
});

const call = async (token: string, method: string, path: string, body?: unknown) => {
  const answer = await fetch(`${stack.region().baseUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && {
        'content-type': path.startsWith('/fhir') ? 'application/fhir+json' : 'application/json',
      }),
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : undefined };
};

/** The mail with the temporary password as nobody but the person reads it; then the way that everybody has to go. */
const firstSignIn = async (username: string) => {
  const { poolId, clientId } = stack.region().cognito.staff;
  const password = 'From-the-mail-2026';
  await cognito.send(
    new AdminSetUserPasswordCommand({ UserPoolId: poolId, Username: username, Password: password, Permanent: false }),
  );
  return signIn({ client: cognito, poolId, clientId, username, password, newPassword: PASSWORD });
};

/** Asked for once: an authenticator's code is good once, and the next comes half a minute later. */
let admin: Promise<string> | undefined;
const adminToken = (): Promise<string> => {
  admin ??= stack.token('staff:admin');
  return admin;
};

/** Within a minute, as docs/security.md promises: the clock of that is held by test/functions/auth, a busy machine's is its own. */
const refusedSoon = (ask: () => Promise<{ status: number }>): Promise<void> =>
  vi.waitFor(async () => expect((await ask()).status).toBe(401), { timeout: 240_000, interval: 1_000 });

/** SMART Backend Services, by the system's own key. */
const systemToken = async (clientId: string, privateKey: KeyObject): Promise<string> => {
  const { token: tokenUrl } = stack.region();
  const assertion = await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES384', kid: 'a', typ: 'JWT' })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(tokenUrl)
    .setIssuedAt()
    .setExpirationTime('2m')
    .sign(privateKey);
  const granted = await fetch(tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'system/*.cruds',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }),
  });
  return ((await granted.json()) as { access_token: string }).access_token;
};

// Both wait for what follows some seconds later, and neither for the other.
it.concurrent('brings a hospital, a doctor and a system in; the doctor signs in with a second factor and reads; each is refused once disabled', async () => {
  const admin = await adminToken();
  const desk = (method: string, path: string, body?: unknown) => call(admin, method, `/admin${path}`, body);
  const facility = (code: string, type: string) => ({
    code,
    type,
    name: `阿波 ${type}`,
    municipality: '362018',
    contract: { disclose: true, view: true },
    feeClass: 'a',
  });
  expect((await desk('POST', '/facilities', facility(HOSPITAL, 'hospital'))).status).toBe(201);
  expect((await desk('POST', '/facilities', facility(PHARMACY, 'pharmacy'))).status).toBe(201);
  expect((await desk('GET', '/facilities')).body.facilities.length).toBe(9);

  // A system, by its public key.
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'a', alg: 'ES384' }];
  const system = { clientId: 'awa-gateway', name: '阿波 gateway', facility: HOSPITAL, scopes: 'system/*.cruds', keys };
  expect((await desk('POST', '/systems', system)).status).toBe(201);
  // Another one, whose facility will be closed as a whole.
  const other = { ...system, clientId: 'other-gateway', facility: PHARMACY };
  expect((await desk('POST', '/systems', other)).status).toBe(201);
  const [gateway, pharmacy] = (await Promise.all(
    [system, other].map(({ clientId }) => systemToken(clientId, privateKey)),
  )) as [string, string];
  expect((await call(pharmacy, 'GET', '/me/account')).body).toMatchObject({ kind: 'system', facility: PHARMACY });
  const written = await call(gateway, 'POST', '/fhir/Patient', {
    resourceType: 'Patient',
    identifier: [{ system: `urn:oid:1.2.392.100495.20.3.51.1${HOSPITAL}`, value: 'P-1' }],
    name: [{ text: 'Awa Hanako' }],
  });
  expect(written.status).toBe(201);

  expect((await call(gateway, 'GET', '/me/account')).body).toMatchObject({ kind: 'system', facility: HOSPITAL });

  // A doctor, who signs in as everybody must.
  const invited = await desk('POST', '/staff', {
    username: 'y.sudachi',
    email: 'y.sudachi@staff.example',
    name: { family: '酢橘', given: '弓' },
    profession: 'doctor',
    licence: '123456',
    role: 'doctor',
    facility: HOSPITAL,
  });
  expect(invited.status).toBe(201);
  const doctor = await firstSignIn('y.sudachi');
  const read = () => call(doctor.accessToken, 'GET', `/fhir/Patient/${written.body.id}`);
  expect((await read()).status).toBe(200);
  expect((await call(doctor.accessToken, 'GET', '/me/account')).body).toMatchObject({
    role: 'doctor',
    facility: HOSPITAL,
  });
  expect((await call(doctor.accessToken, 'GET', '/admin/staff')).status).toBe(403);
  const practitioner = await call(doctor.accessToken, 'GET', `/fhir/Practitioner/${invited.body.id}`);
  expect(practitioner.body).toMatchObject({ active: true, name: [{ family: '酢橘' }] });

  // The administrator sees none of it.
  for (const path of [
    `/fhir/Patient/${written.body.id}`,
    '/fhir/Patient',
    '/fhir/Observation',
    `/fhir/Patient/${written.body.id}/$everything`,
    `/fhir/Patient/${written.body.id}/_history`,
  ]) {
    const got = await call(admin, 'GET', path);
    expect([403, 404], path).toContain(got.status);
    expect(JSON.stringify(got.body)).not.toContain('Awa');
  }

  // Taken away.
  expect((await desk('POST', `/staff/${invited.body.id}/disable`)).status).toBe(200);
  expect((await desk('POST', '/systems/awa-gateway/disable')).status).toBe(200);
  await expect(
    signIn({
      client: cognito,
      ...stack.region().cognito.staff,
      username: 'y.sudachi',
      password: PASSWORD,
      totpSecret: doctor.totpSecret,
    }),
  ).rejects.toThrow();
  expect((await desk('PATCH', `/facilities/${PHARMACY}`, { disabled: true })).status).toBe(200);
  await Promise.all([
    refusedSoon(read),
    refusedSoon(() => call(gateway, 'GET', '/fhir/Patient')),
    refusedSoon(() => call(pharmacy, 'GET', '/fhir/Patient')),
  ]);
  expect((await desk('PATCH', `/facilities/${PHARMACY}`, { disabled: false })).status).toBe(200);
});

it.concurrent('ends the older sessions of whoever forgot the password, however often they are refreshed', async () => {
  const { poolId, clientId } = stack.region().cognito.staff;
  const [username, email] = ['f.ki', 'f.ki@staff.example'];
  const invited = await call(await adminToken(), 'POST', '/admin/staff', {
    username,
    email,
    name: { family: '木', given: '文' },
    profession: 'clerk',
    role: 'municipal',
    facility: '9886000006',
  });
  expect(invited.status).toBe(201);
  const before = await firstSignIn(username);
  const account = (token: string) => call(token, 'GET', '/me/account');
  expect((await account(before.accessToken)).status).toBe(200);

  await cognito.send(new ForgotPasswordCommand({ ClientId: clientId, Username: username }));
  const letter = readLetters(stack.region().outbox).findLast(({ to }) => to === email)!;
  const password = 'Chosen-by-mail-2026';
  await cognito.send(
    new ConfirmForgotPasswordCommand({
      ClientId: clientId,
      Username: username,
      ConfirmationCode: letter.secret,
      Password: password,
    }),
  );
  const refreshed = async () => {
    const { AuthenticationResult } = await cognito.send(
      new InitiateAuthCommand({
        ClientId: clientId,
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        AuthParameters: { REFRESH_TOKEN: before.refreshToken },
      }),
    );
    return AuthenticationResult!.AccessToken!;
  };
  await Promise.all([
    refusedSoon(() => account(before.accessToken)),
    refreshed().then((token) => refusedSoon(() => account(token))),
  ]);
  expect((await account(await refreshed())).status).toBe(401);
  const since = await signIn({ client: cognito, poolId, clientId, username, password, totpSecret: before.totpSecret });
  expect((await account(since.accessToken)).status).toBe(200);
});

it('gives a new account for a lost second factor, moves, narrows, reviews and imports', async () => {
  const admin = await adminToken();
  const desk = (method: string, path: string, body?: unknown) => call(admin, method, `/admin${path}`, body);
  const invited = await desk('POST', '/staff', {
    username: 'p.yuzu',
    email: 'p.yuzu@staff.example',
    name: { family: '柚子', given: '葉' },
    profession: 'pharmacist',
    licence: '654321',
    role: 'pharmacist',
    facility: HOSPITAL,
  });
  const { totpSecret: lost } = await firstSignIn('p.yuzu');
  expect((await desk('POST', `/staff/${invited.body.id}/second-factor/reset`, {})).status).toBe(200);
  const again = await firstSignIn('p.yuzu');
  expect(again.totpSecret).not.toBe(lost);
  expect((await call(again.accessToken, 'GET', '/me/account')).status).toBe(200);

  expect((await desk('POST', `/staff/${invited.body.id}/move`, { from: HOSPITAL, to: PHARMACY })).status).toBe(200);
  expect((await desk('POST', `/staff/${invited.body.id}/disable`)).status).toBe(200);
  expect((await desk('POST', `/staff/${invited.body.id}/enable`)).status).toBe(200);

  expect((await desk('PUT', '/matrix', { narrow: { 'care-staff': { read: { document: false } } } })).status).toBe(200);
  expect((await desk('GET', '/review/staff?all=true')).body.accounts.length).toBeGreaterThan(10);
  const csv = `code,type,name,municipality,disclose,view,fee_class\n3630000010,dental-clinic,阿波歯科,36201,yes,yes,dental`;
  expect((await desk('POST', '/import/facilities', csv)).body).toEqual({ lines: 1, written: 1, unchanged: 0 });

  // What administrators did is in the trail, for the privacy officer.
  const privacy = await stack.token('staff:privacy');
  const events = await call(privacy, 'GET', '/fhir/AuditEvent?_count=500');
  const seen = JSON.stringify(events.body);
  for (const interaction of ['facility-create', 'staff-invite', 'staff-disable', 'staff-factor-reset', 'matrix-change'])
    expect(seen).toContain(interaction);
  expect(seen).not.toMatch(/sudachi|yuzu|酢橘|柚子/);
});

it.concurrent('counts every request of a facility once, and says what the region is likely to cost', async () => {
  const admin = await adminToken();
  const desk = (method: string, path: string, body?: unknown) => call(admin, method, `/admin${path}`, body);
  const code = '9886001234';
  const given = { code, type: 'home-nursing', name: '数える訪問看護', municipality: '362018', feeClass: 'nursing' };
  expect((await desk('POST', '/facilities', { ...given, contract: { disclose: true, view: true } })).status).toBe(201);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'a', alg: 'ES384' }];
  const system = { clientId: 'counted', name: '数える', facility: code, scopes: 'system/*.cruds', keys };
  expect((await desk('POST', '/systems', system)).status).toBe(201);

  const token = await systemToken('counted', privateKey);
  const patient = { resourceType: 'Patient', name: [{ text: 'Counted' }] };
  const written = await call(token, 'POST', '/fhir/Patient', patient);
  expect(written.status).toBe(201);
  for (const path of [`Patient/${written.body.id}`, `Patient/${written.body.id}/_history`, 'Patient/nobody'])
    await call(token, 'GET', `/fhir/${path}`);
  await call(token, 'GET', `/fhir/Observation?patient=${written.body.id}`);
  await call(token, 'POST', '/fhir', {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [1, 2, 3].map(() => ({ resource: patient, request: { method: 'POST', url: 'Patient' } })),
  });

  const wanted = { read: 3, search: 1, write: 2, token: 1, desk: 0, refused: 1, resources: 4 };
  const usage = await vi.waitFor(
    async () => {
      const { body } = await desk('GET', '/usage');
      const found = body.facilities.find((one: { code: string }) => one.code === code);
      expect(found).toMatchObject({ name: given.name, feeClass: 'nursing', counts: wanted });
      return body;
    },
    { timeout: 240_000, interval: 1_000 },
  );
  expect(usage.people.accounts.staff).toBeGreaterThan(5);
  expect(usage.people.months[0].staff).toBeGreaterThan(0);
  expect(usage.storage.tables.map(({ table }: { table: string }) => table)).toEqual(['clinical', 'registry', 'audit']);
  expect(usage.cost.usd.total).toBeGreaterThan(usage.cost.usd.idle);
  expect(JSON.stringify(usage)).not.toContain('Counted');
  const list = await fetch(`${stack.region().baseUrl}/admin/usage?format=csv`, {
    headers: { authorization: `Bearer ${admin}` },
  });
  expect(await list.text()).toMatch(/,9886001234,数える訪問看護,nursing,3,1,2,0,0,1,0,1,4,/);
});
