// What the stand-in encrypts: AES-256-GCM, the key's id in front, the encryption context authenticated.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ServiceError } from '../front/service.ts';
import type { KmsKey } from './keys.ts';

const VERSION = 1;
const ID_BYTES = 36;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + ID_BYTES + IV_BYTES + TAG_BYTES;

export type EncryptionContext = Readonly<Record<string, string>>;

/** KMS compares contexts by content, whatever the order. */
const authenticated = (context: EncryptionContext | undefined) =>
  Buffer.from(JSON.stringify(Object.entries(context ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))));

export const seal = (key: KmsKey, plaintext: Buffer, context: EncryptionContext | undefined): Buffer => {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.secret!, iv).setAAD(authenticated(context));
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.from([VERSION]), Buffer.from(key.id.padEnd(ID_BYTES)), iv, cipher.getAuthTag(), sealed]);
};

export const keyIdOf = (blob: Buffer): string | undefined =>
  blob.length >= HEAD_BYTES && blob[0] === VERSION ? blob.toString('utf8', 1, 1 + ID_BYTES).trim() : undefined;

export const unseal = (key: KmsKey, blob: Buffer, context: EncryptionContext | undefined): Buffer => {
  const iv = blob.subarray(1 + ID_BYTES, 1 + ID_BYTES + IV_BYTES);
  const tag = blob.subarray(1 + ID_BYTES + IV_BYTES, HEAD_BYTES);
  try {
    const opener = createDecipheriv('aes-256-gcm', key.secret!, iv).setAAD(authenticated(context)).setAuthTag(tag);
    return Buffer.concat([opener.update(blob.subarray(HEAD_BYTES)), opener.final()]);
  } catch {
    throw new ServiceError(
      'InvalidCiphertextException',
      'The ciphertext or the encryption context is not the one sealed',
    );
  }
};
