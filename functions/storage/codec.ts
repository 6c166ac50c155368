// Bodies as they lie in the table: one byte that names the dictionary, then deflate-raw (RFC 1951).
// Measured (storage-study.md, C): with a preset dictionary a small resource takes a third of what deflate alone makes of it,
// at a fifth of zstd's time, since Node digests a zstd dictionary anew on every call.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { FHIR_1 } from './dictionaries/fhir-1.ts';

/** A dictionary stays as it is, to the last byte, as long as any item was ever written with it. A better one gets the next number. */
const DICTIONARIES: readonly (Buffer | undefined)[] = [undefined, Buffer.from(FHIR_1)];
const NEWEST = 1;

/** Deflate looks back 32 KB; a dictionary in front of a longer text is only help for its beginning, and never harm. */
export const compress = (text: string): Buffer => {
  const dictionary = DICTIONARIES[NEWEST]!;
  return Buffer.concat([Buffer.of(NEWEST), deflateRawSync(text, { dictionary })]);
};

/**
 * Whoever opens a chart asks for the same bodies several times within minutes, and inflating is what a search pays most for. The
 * same bytes are the same text, so nothing can be out of date. Two generations: when the young one is full it becomes the old one.
 */
const MOST_KEPT_CHARACTERS = 4_000_000;
const MOST_BODY_BYTES = 4_096;
let young = new Map<string, string>();
let old = young;
let kept = 0;

export const decompress = (bytes: Uint8Array): string => {
  if (bytes.byteLength > MOST_BODY_BYTES) return inflated(bytes);
  const name = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const known = young.get(name);
  if (known !== undefined) return known;
  const text = old.get(name) ?? inflated(bytes);
  kept += text.length + name.length;
  if (kept > MOST_KEPT_CHARACTERS) [old, young, kept] = [young, new Map(), text.length + name.length];
  young.set(name, text);
  return text;
};

const inflated = (bytes: Uint8Array): string => {
  const dictionary = DICTIONARIES[bytes[0] ?? 0];
  if (!dictionary) throw new Error('a body names a dictionary that this version does not have');
  return inflateRawSync(bytes.subarray(1), { dictionary }).toString('utf8');
};
