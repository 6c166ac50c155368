// The KMS stand-in, asked by the real client over the wire. https://docs.aws.amazon.com/kms/latest/APIReference/
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  GetPublicKeyCommand,
  KMSClient,
  SignCommand,
  VerifyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, openService } from '../../infra/local/front/service.ts';
import { type Iam, openIam } from '../../infra/local/iam.ts';
import { openKeyStore } from '../../infra/local/kms/keys.ts';
import { kmsService } from '../../infra/local/kms/service.ts';

const DATA = {
  id: '11111111-1111-4111-a111-111111111111',
  arn: 'arn:aws:kms:ap-northeast-1:000000000000:key/11111111-1111-4111-a111-111111111111',
};
const SIGNING = {
  id: '22222222-2222-4222-a222-222222222222',
  arn: 'arn:aws:kms:ap-northeast-1:000000000000:key/22222222-2222-4222-a222-222222222222',
};

let dir: string;
let iam: Iam;
let listening: Listening;
let kms: KMSClient;

const open = async () => {
  const keys = openKeyStore(join(dir, 'kms.json'));
  keys.ensure({ ...DATA, spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT' });
  keys.ensure({ ...SIGNING, spec: 'ECC_NIST_P256', usage: 'SIGN_VERIFY' });
  keys.alias('alias/data', DATA.id);
  listening = await openService(kmsService(keys), iam);
  kms = client(iam.operator);
};
const client = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
  new KMSClient({ endpoint: listening.endpoint, region: 'ap-northeast-1', credentials, maxAttempts: 1 });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tsumugi-kms-'));
  iam = openIam();
  await open();
});
afterAll(async () => {
  kms.destroy();
  await listening.stop();
  rmSync(dir, { recursive: true });
});

describe('the KMS stand-in', () => {
  it('gives a data key that only Decrypt with the same encryption context opens again', async () => {
    const context = { region: 'tokushima', purpose: 'ids' };
    const made = await kms.send(
      new GenerateDataKeyCommand({ KeyId: DATA.id, KeySpec: 'AES_256', EncryptionContext: context }),
    );
    expect(made.Plaintext).toHaveLength(32);
    const opened = await kms.send(
      new DecryptCommand({
        CiphertextBlob: made.CiphertextBlob,
        EncryptionContext: { purpose: 'ids', region: 'tokushima' },
      }),
    );
    expect(Buffer.from(opened.Plaintext!)).toEqual(Buffer.from(made.Plaintext!));
    expect(opened.KeyId).toBe(DATA.arn);
    await expect(
      kms.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext: { region: 'kesen' } })),
    ).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
  });

  it('gives an RSA pair whose private half only Decrypt with the same encryption context opens', async () => {
    const EncryptionContext = { use: 'xua' };
    const made = await kms.send(
      new GenerateDataKeyPairWithoutPlaintextCommand({
        KeyId: DATA.id,
        KeyPairSpec: 'RSA_3072',
        EncryptionContext,
      }),
    );
    const CiphertextBlob = made.PrivateKeyCiphertextBlob;
    const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    const privateKey = createPrivateKey({ key: Buffer.from(Plaintext!), format: 'der', type: 'pkcs8' });
    const publicKey = createPublicKey({ key: Buffer.from(made.PublicKey!), format: 'der', type: 'spki' });
    const message = Buffer.from('to be signed');
    expect(verify('sha256', message, publicKey, sign('sha256', message, privateKey))).toBe(true);
    expect(publicKey.asymmetricKeyDetails?.modulusLength).toBe(3072);
    await expect(kms.send(new DecryptCommand({ CiphertextBlob }))).rejects.toMatchObject({
      name: 'InvalidCiphertextException',
    });
  });

  it('refuses a ciphertext that was changed', async () => {
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId: 'alias/data', Plaintext: Buffer.from('secret') }),
    );
    const changed = Buffer.from(CiphertextBlob!);
    changed[changed.length - 1]! ^= 1;
    await expect(kms.send(new DecryptCommand({ CiphertextBlob: changed }))).rejects.toMatchObject({
      name: 'InvalidCiphertextException',
    });
  });

  it.each([
    ['RAW', (message: Buffer) => message],
    ['DIGEST', (message: Buffer) => createHash('sha256').update(message).digest()],
  ] as const)('signs a %s message so that its public key verifies it', async (MessageType, given) => {
    const message = Buffer.from('to be signed');
    const request = {
      KeyId: SIGNING.arn,
      MessageType,
      Message: given(message),
      SigningAlgorithm: 'ECDSA_SHA_256',
    } as const;
    const { Signature } = await kms.send(new SignCommand(request));
    const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: SIGNING.id }));
    const key = createPublicKey({ key: Buffer.from(PublicKey!), format: 'der', type: 'spki' });
    expect(verify('sha256', message, key, Signature!)).toBe(true);
    await expect(kms.send(new VerifyCommand({ ...request, Signature }))).resolves.toMatchObject({
      SignatureValid: true,
    });
    await expect(
      kms.send(new VerifyCommand({ ...request, Message: given(Buffer.from('another')), Signature })),
    ).rejects.toMatchObject({ name: 'KMSInvalidSignatureException' });
  });

  it('refuses a digest of the wrong length, a key used for another purpose, and a key that is not there', async () => {
    const sign = (input: Partial<ConstructorParameters<typeof SignCommand>[0]>) =>
      kms.send(
        new SignCommand({ KeyId: SIGNING.id, Message: Buffer.from('x'), SigningAlgorithm: 'ECDSA_SHA_256', ...input }),
      );
    await expect(sign({ MessageType: 'DIGEST' })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(sign({ KeyId: DATA.id })).rejects.toMatchObject({ name: 'InvalidKeyUsageException' });
    await expect(sign({ KeyId: 'alias/nobody' })).rejects.toMatchObject({ name: 'NotFoundException' });
  });

  it('refuses a caller whose key or signature is wrong', async () => {
    const wrongSecret = client({ ...iam.operator, secretAccessKey: 'x'.repeat(40) });
    await expect(wrongSecret.send(new GetPublicKeyCommand({ KeyId: SIGNING.id }))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
    const nobody = client({ accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' });
    await expect(nobody.send(new GetPublicKeyCommand({ KeyId: SIGNING.id }))).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
  });

  it('refuses what the role of the caller does not allow', async () => {
    const role = iam.addRole({
      arn: 'arn:aws:iam::000000000000:role/reader',
      functions: [],
      policies: [
        {
          name: 'p',
          policy: {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: 'kms:GetPublicKey', Resource: SIGNING.arn }],
          },
        },
      ],
    });
    iam.addResourcePolicy(SIGNING.arn, {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'kms:*', Resource: '*' },
      ],
    });
    const reader = client(role);
    await expect(reader.send(new GetPublicKeyCommand({ KeyId: SIGNING.id }))).resolves.toBeDefined();
    await expect(
      reader.send(new SignCommand({ KeyId: SIGNING.id, Message: Buffer.from('x'), SigningAlgorithm: 'ECDSA_SHA_256' })),
    ).rejects.toMatchObject({ name: 'AccessDeniedException', message: expect.stringContaining('kms:Sign') });
  });

  it('has the same keys after a restart, and says so when their file is damaged', async () => {
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: DATA.id, Plaintext: Buffer.from('secret') }));
    await listening.stop();
    await open();
    const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob }));
    expect(Buffer.from(Plaintext!).toString()).toBe('secret');

    const file = join(dir, 'kms.json');
    const good = readFileSync(file);
    writeFileSync(file, '{');
    expect(() => openKeyStore(file)).toThrow(/data folder is damaged/);
    writeFileSync(file, good);
  });
});
