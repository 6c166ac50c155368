// The key that signs our access tokens. Its private half never leaves KMS; TOKEN_KEY_ID may list predecessors after a comma:
// the first signs, all verify, so a key is changed without a gap (docs/security.md, "Key rotation").
import { createPublicKey } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import * as z from 'zod/mini';
import type { PublicJwk } from './rows.ts';

/** One call of an AWS service that speaks JSON (functions/services/aws-fetch.ts). */
export type CallKms = (target: string, body: Record<string, unknown>) => Promise<unknown>;

const PublicKeyAnswer = z.looseObject({ PublicKey: z.string() });
const SignAnswer = z.looseObject({ Signature: z.string() });

export interface TokenKeys {
  /** Public halves, the signing one first. Read from KMS once for each execution environment. */
  publicKeys(): Promise<readonly PublicJwk[]>;
  /** JWS compact serialization with ES256: https://datatracker.ietf.org/doc/html/rfc7515 */
  sign(header: { typ: string }, claims: Record<string, unknown>): Promise<string>;
}

export const openTokenKeys = (callKms: CallKms, keyIds: string): TokenKeys => {
  const [signing = '', ...former] = keyIds.split(',').map((id) => id.trim());
  let loaded: Promise<readonly PublicJwk[]> | undefined;

  const publicKeys = () => {
    loaded ??= Promise.all([signing, ...former].map((id) => publicKeyOf(callKms, id)));
    loaded.catch(() => {
      loaded = undefined; // a failure is not remembered
    });
    return loaded;
  };

  return {
    publicKeys,
    sign: async ({ typ }, claims) => {
      const [key] = await publicKeys();
      const input = `${encode({ alg: 'ES256', typ, kid: key?.kid })}.${encode(claims)}`;
      const answer = await callKms('TrentService.Sign', {
        KeyId: signing,
        Message: Buffer.from(input).toString('base64'),
        MessageType: 'RAW',
        SigningAlgorithm: 'ECDSA_SHA_256',
      });
      const der = Buffer.from(SignAnswer.parse(answer).Signature, 'base64');
      return `${input}.${joseSignature(der).toString('base64url')}`;
    },
  };
};

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const publicKeyOf = async (callKms: CallKms, keyId: string): Promise<PublicJwk> => {
  const answer = PublicKeyAnswer.parse(await callKms('TrentService.GetPublicKey', { KeyId: keyId }));
  const jwk = createPublicKey({ key: Buffer.from(answer.PublicKey, 'base64'), format: 'der', type: 'spki' }).export({
    format: 'jwk',
  });
  if (jwk.kty !== 'EC' || jwk.crv !== 'P-256') throw new Error('the token key must be ECC_NIST_P256');
  const kid = await calculateJwkThumbprint(jwk as Parameters<typeof calculateJwkThumbprint>[0]);
  return { kty: 'EC', crv: jwk.crv, x: jwk.x, y: jwk.y, kid, alg: 'ES256', use: 'sig' };
};

/** KMS answers ECDSA signatures in DER (two INTEGERs), JOSE wants both numbers at full length side by side (RFC 7518, 3.4). */
export const joseSignature = (der: Uint8Array, size = 32): Buffer => {
  const bytes = Buffer.from(der);
  // SEQUENCE of less than 128 bytes: one byte of length.
  const rLength = bytes[3] ?? 0;
  const sLength = bytes[5 + rLength] ?? 0;
  const whole =
    bytes[0] === 0x30 && bytes[2] === 2 && bytes[4 + rLength] === 2 && bytes.length === 6 + rLength + sLength;
  if (!whole) throw new Error('not an ECDSA signature');
  const number = (at: number, length: number) => {
    const digits = bytes.subarray(at, at + length);
    const trimmed = digits.subarray(
      Math.max(
        0,
        digits.findIndex((byte) => byte !== 0),
      ),
    );
    return Buffer.concat([Buffer.alloc(Math.max(0, size - trimmed.length)), trimmed]);
  };
  return Buffer.concat([number(4, rLength), number(6 + rLength, sLength)]);
};
