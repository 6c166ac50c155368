import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Seal } from './port.ts';
import type { RegionSecrets } from './region-secrets.ts';

/** AES-256-GCM under the cursor key; `bind` is authenticated with it, so a token opens only where it was made for. */
export const openSeal = (secrets: RegionSecrets): Seal => sealOf(createSecretKey(secrets.cursor));

/** A key object, since preparing a key anew costs Node five times the sealing. */
const sealOf = (cursor: KeyObject): Seal => ({
  seal: (value, bind) => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', cursor, iv).setAAD(Buffer.from(bind));
    const sealed = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
  },
  open: (token, bind) => {
    try {
      const bytes = Buffer.from(token, 'base64url');
      // Node decodes leniently; two spellings of one token would be a way around a list of used ones.
      if (bytes.length < 28 || bytes.toString('base64url') !== token) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', cursor, bytes.subarray(0, 12), { authTagLength: 16 })
        .setAAD(Buffer.from(bind))
        .setAuthTag(bytes.subarray(12, 28));
      return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8'));
    } catch {
      return undefined;
    }
  },
});
