// Time-based one-time passwords: RFC 6238 with SHA-1, six digits, thirty seconds, as authenticator apps have them.
import { createHmac, randomBytes } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP_MS = 30_000;

export const stepAt = (now: number): number => Math.floor(now / STEP_MS);

/** 32 bytes in base32, the length that Cognito gives out. */
export const newTotpSecret = (): string => {
  const bits = [...randomBytes(32)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.padEnd(Math.ceil(bits.length / 5) * 5, '0').match(/.{5}/g) ?? [])
    .map((five) => ALPHABET[Number.parseInt(five, 2)])
    .join('');
};

const fromBase32 = (text: string): Buffer => {
  const bits = [...text.replace(/=+$/, '').toUpperCase()]
    .map((char) => ALPHABET.indexOf(char).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
};

export const totpCode = (secret: string, step: number): string => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', fromBase32(secret)).update(counter).digest();
  const at = digest.at(-1)! & 0x0f;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
};

/** The step that a code belongs to: this one, or its neighbours, since clocks differ. */
export const stepOfCode = (secret: string, code: string, now: number): number | undefined =>
  [0, -1, 1].map((offset) => stepAt(now) + offset).find((step) => totpCode(secret, step) === code);
