// Ids that tell an outsider nothing and a reader where to look (docs/architecture.md, "Ids").
//
// A server id is one AES block as 26 base32hex characters. Inside: 12 characters patient key (60 bits), 7 characters clinical
// date (35 bits, seconds since 1900 counted down from the end, so that keys sort newest first), 7 characters random (33 bits,
// of which the first says that the clinical period is longer than a day: such resources have a place of their own, order.ts).
import {
  type Cipheriv,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type Decipheriv,
  randomBytes,
} from 'node:crypto';
import { decodeBytes, decodeNumber, encodeBytes, encodeNumber } from './base32.ts';
import type { Placement } from './port.ts';
import type { RegionSecrets } from './region-secrets.ts';

/** Where an id leads: `key` is undefined for resources of the registry. */
export interface Home {
  readonly key: string | undefined;
  /** 7 characters. */
  readonly date: string;
  /** 7 characters, the first below 8. */
  readonly random: string;
  readonly spans: boolean;
}

export interface Ids {
  allocate(type: string, placement: Placement, seed?: string): string;
  isServerId(id: string): boolean;
  patientKey(id: string): string;
  /** Home of a server id. */
  homeOf(type: string, id: string): Home;
  /** Home of a client-assigned id; the random part is drawn from the id, so that a create sent twice meets itself. */
  homeFor(type: string, id: string, at: { key: string | undefined; date: string; spans: boolean }): Home;
  idAt(type: string, home: Pick<Home, 'key' | 'date' | 'random'>): string;
  patientKeyOf(type: string, id: string): string | undefined;
  /** Key characters for a clinical date in seconds since 1970. */
  dateChars(seconds: number): string;
}

const SERVER_ID = /^[0-9a-v]{25}[048cgkos]$/; // 128 bits in 26 characters: the last holds three
const MOST_PATIENT_KEYS = 5_000;
const REGISTRY_KEY = '000000000000';
const SECONDS_1900_TO_1970 = 2_208_988_800;
const LAST_SECOND = 2 ** 35 - 1;

/** A clinical date far outside of 1900 to 2988 is a mistake, but not ours to refuse. */
export const dateChars = (seconds: number): string =>
  encodeNumber(LAST_SECOND - Math.min(LAST_SECOND, Math.max(0, Math.floor(seconds) + SECONDS_1900_TO_1970)), 7);

/** Seconds since 1970 of a key's date characters. */
export const dateOfChars = (chars: string): number => LAST_SECOND - decodeNumber(chars) - SECONDS_1900_TO_1970;

export const openIds = (secrets: RegionSecrets, clock: () => number): Ids => {
  const patientBlock = block(secrets.patientIds);
  const otherBlock = block(secrets.otherIds);
  const blockOf = (type: string) => (type === 'Patient' ? patientBlock : otherBlock);
  const secret = createSecretKey(secrets.hmac); // made anew for every hash it would be half of the work
  const hmac = (text: string) => createHmac('sha256', secret).update(text).digest();
  /** Of client-assigned Patient ids: one request asks for the same a dozen times. */
  const patientKeys = new Map<string, string>();

  const isServerId = (id: string) => SERVER_ID.test(id);

  const idAt: Ids['idAt'] = (type, { key = REGISTRY_KEY, date, random }) => blockOf(type).encrypt(key + date + random);

  const homeOf = (type: string, id: string): Home => {
    const text = blockOf(type).decrypt(id);
    const key = text.slice(0, 12);
    const random = text.slice(19);
    return { key: key === REGISTRY_KEY ? undefined : key, date: text.slice(12, 19), random, spans: spansOf(random) };
  };

  const patientKey = (id: string): string => {
    if (isServerId(id)) return homeOf('Patient', id).key ?? REGISTRY_KEY;
    const known = patientKeys.get(id);
    if (known !== undefined) return known;
    const made = patientKeyFrom(hmac(`patient|${id}`));
    if (patientKeys.size >= MOST_PATIENT_KEYS) patientKeys.clear();
    patientKeys.set(id, made);
    return made;
  };

  const allocate = (type: string, placement: Placement, seed?: string): string => {
    // A seeded id must come out the same a minute later, so an undated one is placed at the end of all dates.
    const seconds = placement.date ?? (seed === undefined ? clock() / 1000 : -SECONDS_1900_TO_1970);
    const date = dateChars(seconds);
    const own = type === 'Patient';
    const key = !own && placement.patient !== undefined ? patientKey(placement.patient) : undefined;
    const bits = seed === undefined ? randomBytes(16) : hmac(`seed|${type}|${key ?? ''}|${date}|${seed}`);
    return idAt(type, {
      key: own ? patientKeyFrom(bits) : key,
      date,
      random: randomChars(bits.subarray(8), placement.spansDays),
    });
  };

  const homeFor: Ids['homeFor'] = (type, id, { key, date, spans }) => ({
    key,
    date,
    random: randomChars(hmac(`id|${type}|${id}`), spans),
    spans,
  });

  const patientKeyOf = (type: string, id: string): string | undefined =>
    type === 'Patient' ? patientKey(id) : isServerId(id) ? homeOf(type, id).key : undefined;

  return { allocate, isServerId, patientKey, patientKeyOf, homeOf, homeFor, idAt, dateChars };
};

const patientKeyFrom = (bits: Uint8Array): string => {
  const key = encodeBytes(bits, 12);
  return key === REGISTRY_KEY ? '000000000001' : key;
};

/** 33 bits in seven characters: three in the first, the highest of which is the span. */
const randomChars = (bits: Uint8Array, spans: boolean): string =>
  encodeNumber(((bits[0] ?? 0) & 3) + (spans ? 4 : 0), 1) + encodeBytes(bits.subarray(1), 6);

const spansOf = (random: string): boolean => random[0]! >= '4';

const MOST_IDS = 10_000;

/** One AES block at a time. ECB of a single block of unique content is what is wanted here; the ciphers live as long as we do. */
const block = (key: Uint8Array) => {
  const encipher: Cipheriv = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  const decipher: Decipheriv = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  /** A chart's ids are made from its keys each time it is shown. */
  const made = new Map<string, string>();
  const encrypt = (plain: string): string => {
    const known = made.get(plain);
    if (known !== undefined) return known;
    const id = encodeBytes(encipher.update(packed(plain)), 26);
    if (made.size >= MOST_IDS) made.clear();
    made.set(plain, id);
    return id;
  };
  return {
    encrypt,
    decrypt: (id: string): string => unpacked(decipher.update(decodeBytes(id, 16))),
  };
};

// 26 characters of which the twentieth holds three bits: 19 × 5 + 3 + 6 × 5 = 128.
const packed = (plain: string): Uint8Array => {
  const bytes = decodeBytes(plain.slice(0, 19), 12); // 95 bits: eleven bytes and seven bits
  const tail = decodeNumber(plain.slice(19));
  bytes[11] = (decodeNumber(plain.slice(16, 19)) & 127) * 2 + Math.floor(tail / 2 ** 32);
  const all = new Uint8Array(16);
  all.set(bytes);
  new DataView(all.buffer).setUint32(12, tail % 2 ** 32);
  return all;
};

const unpacked = (bytes: Uint8Array): string => {
  const tail = (bytes[11]! & 1) * 2 ** 32 + new DataView(bytes.buffer, bytes.byteOffset, 16).getUint32(12);
  return encodeBytes(bytes, 19) + encodeNumber(tail, 7);
};
