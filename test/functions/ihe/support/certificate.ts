// A key with its certificate, made on the spot: a stored one would expire.
import { createSign, generateKeyPairSync } from 'node:crypto';
import { selfSigned } from '../../../../functions/federation/certificate.ts';
import type { AssertionSigner } from '../../../../functions/ihe/ports.ts';

export interface TestKey extends AssertionSigner {
  readonly privateKey: string;
}

/** A key, its certificate, and a signer over them. */
export const testKey = (name: string, from: number, until: number, bits = 2048): TestKey => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const sign = (octets: Uint8Array) => createSign('RSA-SHA256').update(octets).sign(privateKey);
  return {
    certificate: selfSigned({
      commonName: name,
      from,
      until,
      publicKey: publicKey.export({ type: 'spki', format: 'der' }),
      sign,
    }),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    sign: async (octets) => sign(octets),
  };
};
