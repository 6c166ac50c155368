// SRP-6a as Cognito speaks it: 3072-bit group of RFC 5054, SHA-256, a key of 16 bytes by HKDF.
// Both sides stand here, because they must agree to the bit; the client side signs in for `npm run token`.
import { createHash, createHmac, randomBytes } from 'node:crypto';

const N_HEX =
  'FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD' +
  'EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED' +
  'EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F' +
  '83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B' +
  'E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510' +
  '15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7' +
  'ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C' +
  'BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF';
const N = BigInt(`0x${N_HEX}`);
const G = 2n;

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const hmac = (key: Buffer, ...parts: Buffer[]) => createHmac('sha256', key).update(Buffer.concat(parts)).digest();
const toNumber = (bytes: Buffer) => BigInt(`0x${bytes.toString('hex')}`);

/** Big-endian, with a leading zero byte where the first bit is set: a number that is not negative. */
const pad = (value: bigint): Buffer => {
  const hex = value.toString(16);
  const even = hex.length % 2 ? `0${hex}` : hex;
  return Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, 'hex');
};

const power = (base: bigint, exponent: bigint): bigint => {
  let result = 1n;
  let square = ((base % N) + N) % N;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % N;
    square = (square * square) % N;
  }
  return result;
};

const K = toNumber(sha256(pad(N), pad(G)));

export interface Verifier {
  /** Hex. */
  readonly salt: string;
  /** Hex. */
  readonly verifier: string;
}

const privateValue = (poolName: string, userId: string, password: string, salt: string) =>
  toNumber(sha256(pad(BigInt(`0x${salt}`)), sha256(Buffer.from(`${poolName}${userId}:${password}`))));

/** What is kept of a password. `poolName` is the part of the pool's id after the underscore. */
export const makeVerifier = (poolName: string, userId: string, password: string): Verifier => {
  const salt = randomBytes(16).toString('hex');
  return { salt, verifier: power(G, privateValue(poolName, userId, password, salt)).toString(16) };
};

export const isPassword = (poolName: string, userId: string, password: string, { salt, verifier }: Verifier): boolean =>
  power(G, privateValue(poolName, userId, password, salt)).toString(16) === verifier;

export interface ServerChallenge {
  readonly b: bigint;
  /** Hex. */
  readonly B: string;
}

export const serverChallenge = ({ verifier }: Verifier): ServerChallenge => {
  const b = toNumber(randomBytes(32));
  return { b, B: ((K * BigInt(`0x${verifier}`) + power(G, b)) % N).toString(16) };
};

/** A public value that is 0 modulo N would make every password right. */
export const isPublicValue = (hex: string): boolean => /^[0-9a-f]+$/i.test(hex) && BigInt(`0x${hex}`) % N !== 0n;

const scramble = (A: string, B: string) => toNumber(sha256(pad(BigInt(`0x${A}`)), pad(BigInt(`0x${B}`))));

const sessionKey = (secret: bigint, u: bigint): Buffer =>
  hmac(hmac(pad(u), pad(secret)), Buffer.from('Caldera Derived Key'), Buffer.from([1])).subarray(0, 16);

export const serverKey = ({ verifier }: Verifier, { b, B }: ServerChallenge, A: string): Buffer => {
  const u = scramble(A, B);
  return sessionKey(power(BigInt(`0x${A}`) * power(BigInt(`0x${verifier}`), u), b), u);
};

export const claimSignature = (
  key: Buffer,
  {
    poolName,
    userId,
    secretBlock,
    timestamp,
  }: { poolName: string; userId: string; secretBlock: string; timestamp: string },
): string =>
  hmac(
    key,
    Buffer.from(poolName),
    Buffer.from(userId),
    Buffer.from(secretBlock, 'base64'),
    Buffer.from(timestamp),
  ).toString('base64');

export const clientStart = () => {
  const a = toNumber(randomBytes(32));
  return { a, A: power(G, a).toString(16) };
};

export const clientKey = (
  { a, A }: { a: bigint; A: string },
  challenge: { B: string; salt: string; userId: string; poolName: string; password: string },
): Buffer => {
  const { B, salt, userId, poolName, password } = challenge;
  const u = scramble(A, B);
  const x = privateValue(poolName, userId, password, salt);
  const base = BigInt(`0x${B}`) - K * power(G, x);
  return sessionKey(power(base, a + u * x), u);
};

/** `Sun Nov 22 14:05:09 UTC 2026`: day without a leading zero. */
export const claimTimestamp = (at: Date): string => {
  const [weekday, day, month, year, time] = at.toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${Number(day)} ${time} UTC ${year}`;
};
