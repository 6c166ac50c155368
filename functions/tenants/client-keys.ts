// Public keys of a system: https://hl7.org/fhir/smart-app-launch/STU2.1/client-confidential-asymmetric.html
import { isIP } from 'node:net';
import { PublicJwk } from '../auth/rows.ts';

/** Two lie side by side while a system changes over; more have no use. */
export const MOST_KEYS = 4;
const LEAST_RSA_BITS = 2048;
/** RFC 7518 6.2.2, 6.3.2 and 6.4: members that only the owner may know. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** What is wrong with one key, in words that quote nothing of it. */
export const keyFault = (jwk: Readonly<Record<string, unknown>>): string | undefined => {
  if (PRIVATE.some((member) => member in jwk)) return 'holds a private part: it is known to others now, make a new key';
  if (!PublicJwk.safeParse(jwk).success) return 'must be a public RSA or EC key with a kid';
  if (String(jwk.kid).length > 128) return 'has a kid of more than 128 characters';
  if (jwk.use !== undefined && jwk.use !== 'sig') return 'must be for signatures (use: sig)';
  if (jwk.kty === 'EC') {
    if (jwk.crv !== 'P-384' || !isBase64(jwk.x) || !isBase64(jwk.y)) return 'must be on the curve P-384 (ES384)';
    return jwk.alg === undefined || jwk.alg === 'ES384' ? undefined : 'must be for ES384';
  }
  if (!isBase64(jwk.n) || !isBase64(jwk.e)) return 'must have a modulus and an exponent';
  if (Buffer.from(jwk.n, 'base64url').byteLength * 8 < LEAST_RSA_BITS)
    return `must have at least ${LEAST_RSA_BITS} bits`;
  return jwk.alg === undefined || jwk.alg === 'RS384' ? undefined : 'must be for RS384';
};

const isBase64 = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9_-]{1,1400}$/.test(value);

/** The token endpoint fetches what stands there, so it must be a public host by name, and nothing but https. */
export const keySetUrlFault = (text: string): string | undefined => {
  if (text.length > 512 || !URL.canParse(text)) return 'must be an address';
  const { protocol, username, password, hostname, port, hash } = new URL(text);
  if (protocol !== 'https:') return 'must be https';
  if (username !== '' || password !== '' || hash !== '') return 'must hold no user and no fragment';
  if (port !== '') return 'must use the port of https';
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) || !host.includes('.') || /(^|\.)(localhost|local|internal|amazonaws\.com)$/.test(host))
    return 'must name a public host';
  return undefined;
};
