// The region's RSA key for XUA: made once, sealed by KMS, changed with an overlap.
import { createPrivateKey, createVerify, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openXuaKeys, type XuaKeys } from '../../../functions/federation/xua-key.ts';
import { memoryRowStore, type RowStore } from '../../../functions/services/row-store.ts';
import { openTestKms, type TestKms } from '../../support/kms.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-11-22T00:00:00Z');
const message = Buffer.from('SignedInfo');
let now = START;
let kms: TestKms;
let rows: RowStore;

const open = (): XuaKeys =>
  openXuaKeys({ kms: kms.kms, keyId: kms.keyId, rows, community: '2.999.36.1', clock: () => now });
const holds = async (keys: XuaKeys, certificate: string): Promise<boolean> => {
  const signature = await (await keys.signer()).sign(message);
  return createVerify('RSA-SHA256').update(message).verify(new X509Certificate(certificate).publicKey, signature);
};

beforeAll(async () => {
  kms = await openTestKms();
});
afterAll(() => kms.stop());
beforeEach(() => {
  now = START;
  rows = memoryRowStore();
  kms.asked.length = 0;
});

it('is one key however many functions begin at once, and its certificate is a good one', async () => {
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
  await open().signer();
  const [row] = (await rows.list({ p: 'federation#xua-key' })).rows;
  const { privateKey } = row!.data as { privateKey: string };
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
  await keys.signer();
  kms.asked.length = 0;
  const again = open();
  for (let turn = 0; turn < 5; turn += 1) await (await again.signer()).sign(message);
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
