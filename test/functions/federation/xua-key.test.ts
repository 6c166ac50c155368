// The region's RSA key for XUA: made once, sealed by KMS, changed with an overlap.
import { createPrivateKey, createVerify, X509Certificate } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Role } from '../../../functions/consent/actor.ts';
import { certificateRoutes, publishedCertificates } from '../../../functions/federation/certificate-routes.ts';
import { openXuaKeys, type XuaKeys } from '../../../functions/federation/xua-key.ts';
import { jsonApi } from '../../../functions/middleware/json-api.ts';
import { memoryRowStore, type Row, type RowStore } from '../../../functions/services/row-store.ts';
import { openApi } from '../../support/api.ts';
import { openTestKms, type TestKms } from '../../support/kms.ts';
import { doctorAt } from './world.ts';

const DAY = 86_400_000;
const P = 'federation#xua-key';
const START = Date.parse('2026-11-22T00:00:00Z');
const message = Buffer.from('SignedInfo');
let now = START;
let kms: TestKms;
let rows: RowStore;
/** A key takes a second to make on a busy machine, so most tests begin with this one. */
let made: Row;

const open = (): XuaKeys =>
  openXuaKeys({ kms: kms.kms, keyId: kms.keyId, rows, community: '2.999.36.1', clock: () => now });
const holds = async (keys: XuaKeys, certificate: string): Promise<boolean> => {
  const signature = await (await keys.signer()).sign(message);
  return createVerify('RSA-SHA256').update(message).verify(new X509Certificate(certificate).publicKey, signature);
};

beforeAll(async () => {
  kms = await openTestKms();
  rows = memoryRowStore();
  await open().signer();
  made = (await rows.list({ p: P })).rows[0]!;
});
afterAll(() => kms.stop());
beforeEach(async () => {
  now = START;
  rows = memoryRowStore();
  await rows.write([{ kind: 'put', p: P, s: made.s, data: made.data, expect: 'absent' }]);
  kms.asked.length = 0;
});

it('is one key however many functions begin at once, and its certificate is a good one', async () => {
  rows = memoryRowStore();
  const [a, b] = [open(), open()];
  const [first, second] = await Promise.all([a.signer(), b.signer()]);
  expect(first.certificate).toBe(second.certificate);
  const certificate = new X509Certificate(first.certificate);
  expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(3072);
  expect([certificate.subject, certificate.ca]).toEqual(['CN=2.999.36.1', false]);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(await holds(b, first.certificate)).toBe(true);
});

it('stands in the table sealed, and opens only under its own serial number', async () => {
  const { privateKey } = made.data as { privateKey: string };
  const sealed = Buffer.from(privateKey, 'base64');
  expect(() => createPrivateKey({ key: sealed, format: 'der', type: 'pkcs8' })).toThrow();
  const opened = (serial: string) =>
    kms.kms('TrentService.Decrypt', {
      KeyId: kms.keyId,
      CiphertextBlob: privateKey,
      EncryptionContext: { use: 'tsumugi/xua-key', serial },
    });
  await expect(opened('000001')).resolves.toBeDefined();
  await expect(opened('000002')).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
});

it('asks KMS once for many signatures', async () => {
  const keys = open();
  for (let turn = 0; turn < 5; turn += 1) await (await keys.signer()).sign(message);
  expect(kms.asked).toEqual(['Decrypt']);
});

it('publishes the next key before it signs, and the last one until it is retired', async () => {
  const keys = open();
  const [first] = await keys.published();
  const next = await keys.next(now + 30 * DAY);
  expect((await keys.published()).map(({ serial, signs }) => [serial, signs])).toEqual([
    ['000001', true],
    ['000002', false],
  ]);
  expect(await holds(keys, first!.certificate)).toBe(true);
  await expect(keys.next(now + 30 * DAY)).rejects.toMatchObject({ refusal: 'conflict' });
  now += 31 * DAY;
  expect((await keys.published()).map(({ serial, signs }) => [serial, signs])).toEqual([
    ['000002', true],
    ['000001', false],
  ]);
  expect(await holds(keys, next.certificate)).toBe(true);
  await keys.retire('000001');
  expect((await keys.published()).map(({ serial }) => serial)).toEqual(['000002']);
  await expect(keys.retire('000002')).rejects.toMatchObject({ refusal: 'conflict' });
});

it('makes its successor by itself after two years, and signs with it a month later', async () => {
  const keys = open();
  const [first] = await keys.published();
  now += 2 * 365 * DAY;
  const [signing, next] = await keys.published();
  expect([signing?.serial, next?.serial]).toEqual([first?.serial, '000002']);
  now += 30 * DAY;
  expect((await keys.published())[0]?.serial).toBe('000002');
});

it('is changed at the desk, by who says why, and everybody sees which certificates hold', async () => {
  const keys = open();
  const api = openApi();
  const parts = { keys, clock: () => now, community: '2.999.36.1' };
  let role: Role = 'admin';
  const handler = jsonApi({
    services: api.services,
    authenticate: async () => doctorAt('3690000001', { role }),
    routes: certificateRoutes(parts),
    log: () => {},
  });
  const ask = async (path: string, body: object) => {
    const event = {
      rawPath: `/federation/certificates${path}`,
      headers: { 'content-type': 'application/json' },
      requestContext: { requestId: 'r1', http: { method: 'POST' } },
      body: JSON.stringify(body),
    };
    const { statusCode } = (await handler(event as never, {} as never)) as APIGatewayProxyStructuredResultV2;
    return statusCode;
  };
  expect(await ask('', {})).toBe(400); // no reason
  role = 'doctor';
  expect(await ask('', { reason: 'a test' })).toBe(403);
  role = 'operator';
  expect(await ask('', { reason: 'the key was found out', signsInDays: 0 })).toBe(201);
  expect(await ask('/000001/retire', { reason: 'the key was found out' })).toBe(200);
  const { certificates } = await publishedCertificates(parts);
  expect(certificates).toMatchObject([
    { serial: '000002', signs: true, fingerprint: expect.stringMatching(/^[0-9A-F:]{95}$/) },
  ]);
  expect(JSON.stringify(certificates)).not.toContain('privateKey');
  expect(api.recorded.filter(({ outcome }) => outcome === '0').map(({ interaction }) => interaction)).toEqual([
    'certificate-next',
    'certificate-retire',
  ]);
});
