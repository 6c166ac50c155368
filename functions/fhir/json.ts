// FHIR JSON as text and as values: https://hl7.org/fhir/R4/json.html
// What we store is the client's own text, less what the server decides, so that a read is splicing and no parsing.

import { jsonFault } from './json-fault.ts';
import { refuse } from './outcome.ts';
import type { Json, RawNumber, Resource } from './types.ts';

declare global {
  // https://tc39.es/proposal-json-parse-with-source/, in Node since 21; TypeScript's `lib` does not have it yet.
  interface JSON {
    rawJSON(text: string): RawNumber;
    isRawJSON(value: unknown): value is RawNumber;
  }
}

/** Deeper than any resource that a person means; shallow enough for every recursion that follows. */
export const MAX_DEPTH = 64;

/** More than any FHIR element has, extensions of primitives included; few enough to look through. */
const MAX_NAMES = 256;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const decode = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes);
  } catch {
    throw refuse('malformed', 'the body is not UTF-8');
  }
};

/** Every number of a JSON text, and now and then digits inside a string, which cost some time and nothing else. */
const NUMBER = /(?:":|[[,])\s*(-?\d[\d.eE+-]*)/g;

/**
 * What all numbers that a double would not write back have: a zero at the end of a fraction, an exponent, six zeros behind the
 * point, sixteen characters, or a minus before zero. Most texts have none, and one test of the whole costs a third of the numbers.
 */
const SUSPECT = /(?:":|[[,])\s*(?:-0(?![.\d])|-?(?:\d*\.\d*0(?!\d)|0\.000000|[\d.]*[eE]|[\d.]{16}))/;

/** True if a double writes all numbers back as they came. It does not for `1.00`, `1E2`, `-0`, `0.0000001` and long ones. */
const isPlain = (text: string): boolean => {
  if (!SUSPECT.test(text)) return true;
  for (const [, number = ''] of text.matchAll(NUMBER)) if (String(Number(number)) !== number) return false;
  return true;
};

const keepText = (_key: string, value: unknown, context?: { source?: string }): unknown => {
  if (typeof value !== 'number' || context?.source === undefined || String(value) === context.source) return value;
  return JSON.rawJSON(context.source);
};

/** Parses text that was checked before: our own, or what the store holds. A reviver makes JSON.parse four times slower. */
export const parseTrusted = (text: string): Json => JSON.parse(text, isPlain(text) ? undefined : keepText) as Json;

const parse = (text: string): Json => {
  try {
    return parseTrusted(text);
  } catch {
    throw refuse('malformed', `the body is not JSON from ${jsonFault(text)} on`);
  }
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Just after the string that begins at `at`. */
const endOfString = (text: string, at: number): number => {
  let end = at;
  for (;;) {
    end = text.indexOf('"', end + 1);
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
};

/**
 * What JSON.parse does not refuse: a name that stands twice in one object (readers differ on which one counts), and depth.
 * One pass over text that is known to be JSON.
 */
const checkStructure = (text: string): void => {
  // Of the objects and arrays that are open: the names of an object so far. Most have few, so a list does.
  const names: (string[] | undefined)[] = [];
  let isName = false;
  for (let at = 0; at < text.length; ) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (isName) addName(names.at(-1)!, text.slice(at + 1, end - 1));
        isName = false;
        at = end;
        continue;
      }
      case 0x7b: // {
      case 0x5b: // [
        isName = text.charCodeAt(at) === 0x7b;
        names.push(isName ? [] : undefined);
        if (names.length > MAX_DEPTH) throw refuse('malformed', `JSON may nest ${MAX_DEPTH} deep here`);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        names.pop();
        isName = false;
        break;
      case 0x2c: // ,
        isName = names.at(-1) !== undefined;
        break;
    }
    at++;
  }
};

const addName = (names: string[], written: string): void => {
  const name = written.includes('\\') ? (JSON.parse(`"${written}"`) as string) : written;
  if (names.includes(name)) throw refuse('malformed', 'a JSON object has the same name twice');
  if (names.length === MAX_NAMES) throw refuse('malformed', `a JSON object may have ${MAX_NAMES} names here`);
  names.push(name);
};

/**
 * Reads a body: strict UTF-8 without byte order mark, no name twice, no more than MAX_DEPTH deep. A number whose text a
 * double would change (`1.00`) stays text, as FHIR asks: https://hl7.org/fhir/R4/datatypes.html#decimal
 */
export const parseJson = (body: Uint8Array | string): Json => {
  const text = typeof body === 'string' ? body : decode(body);
  if (text.charCodeAt(0) === 0xfeff) throw refuse('malformed', 'the body must not begin with a byte order mark');
  const value = parse(text);
  checkStructure(text);
  return value;
};

export const isRawNumber = (value: unknown): value is RawNumber => JSON.isRawJSON(value);

/** The number that a JSON value stands for. */
export const numberOf = (value: unknown): number | undefined => {
  if (typeof value === 'number') return value;
  return isRawNumber(value) ? Number(value.rawJSON) : undefined;
};

/** A resource as it is stored: JSON without `resourceType`, `id`, `meta.versionId` and `meta.lastUpdated`; `meta` first. */
export const storedText = (resource: Resource): string => {
  const { resourceType: _type, id: _id, meta, ...rest } = resource;
  const { versionId: _version, lastUpdated: _time, ...ownMeta } = meta ?? {};
  return JSON.stringify(Object.keys(ownMeta).length > 0 ? { meta: ownMeta, ...rest } : rest);
};

const META = '{"meta":{';

/** The complete JSON of a version from its stored text, which is not parsed. */
export const spliceText = (type: string, id: string, version: number, lastUpdated: number, stored: string): string => {
  const time = new Date(lastUpdated).toISOString();
  const head = `{"resourceType":"${type}","id":"${id}","meta":{"versionId":"${version}","lastUpdated":"${time}"`;
  // `storedText` writes `meta` only where something is in it.
  if (stored.startsWith(META)) return `${head},${stored.slice(META.length)}`;
  return stored === '{}' ? `${head}}}` : `${head}},${stored.slice(1)}`;
};
