// ECDSA over P-256 of a digest that is given (FIPS 186-5, 6.4). Node's own `sign` hashes whatever it gets, and KMS's
// `MessageType: DIGEST` does not. For the stand-in only: it takes no care to run in constant time.
import { type KeyObject, randomBytes } from 'node:crypto';

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const A = P - 3n;
const G: Point = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

const mod = (value: bigint, by: bigint) => ((value % by) + by) % by;

const inverse = (value: bigint, by: bigint): bigint => {
  let [a, b, u, v] = [mod(value, by), by, 1n, 0n];
  while (a > 1n) [a, b, u, v] = [b % a, a, v - (b / a) * u, u];
  return mod(u, by);
};

const add = (one: Point | undefined, other: Point | undefined): Point | undefined => {
  if (!one || !other) return one ?? other;
  if (one.x === other.x && mod(one.y + other.y, P) === 0n) return undefined;
  const slope =
    one.x === other.x
      ? (3n * one.x * one.x + A) * inverse(2n * one.y, P)
      : (other.y - one.y) * inverse(other.x - one.x, P);
  const x = mod(slope * slope - one.x - other.x, P);
  return { x, y: mod(slope * (one.x - x) - one.y, P) };
};

const times = (scalar: bigint, point: Point): Point | undefined => {
  let sum: Point | undefined;
  let doubled: Point | undefined = point;
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = add(sum, doubled);
    doubled = add(doubled, doubled);
  }
  return sum;
};

const number = (bytes: Buffer) => BigInt(`0x${bytes.toString('hex') || '0'}`);
const fromJwk = (text: string | undefined) => number(Buffer.from(text ?? '', 'base64url'));

export const signDigest = (key: KeyObject, digest: Buffer): Buffer => {
  const secret = fromJwk(key.export({ format: 'jwk' }).d);
  const e = number(digest);
  for (;;) {
    const k = mod(number(randomBytes(40)), N - 1n) + 1n;
    const r = mod(times(k, G)!.x, N);
    const s = mod(inverse(k, N) * (e + r * secret), N);
    if (r !== 0n && s !== 0n) return der([r, s]);
  }
};

export const verifyDigest = (key: KeyObject, digest: Buffer, signature: Buffer): boolean => {
  const { x, y } = key.export({ format: 'jwk' });
  const pair = readDer(signature);
  if (!pair) return false;
  const [r, s] = pair;
  if (r <= 0n || r >= N || s <= 0n || s >= N) return false;
  const w = inverse(s, N);
  const sum = add(times(mod(number(digest) * w, N), G), times(mod(r * w, N), { x: fromJwk(x), y: fromJwk(y) }));
  return sum !== undefined && mod(sum.x, N) === r;
};

/** SEQUENCE of two INTEGERs. */
const der = (values: readonly bigint[]): Buffer => {
  const parts = values.map((value) => {
    const hex = value.toString(16);
    const raw = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
    const positive = raw[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), raw]) : raw;
    return Buffer.concat([Buffer.from([2, positive.length]), positive]);
  });
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
};

const readDer = (bytes: Buffer): [bigint, bigint] | undefined => {
  const rLength = bytes[3] ?? 0;
  const sAt = 4 + rLength;
  if (bytes[0] !== 0x30 || bytes[2] !== 2 || bytes[sAt] !== 2 || sAt + 2 + bytes[sAt + 1]! !== bytes.length)
    return undefined;
  return [number(bytes.subarray(4, sAt)), number(bytes.subarray(sAt + 2))];
};
