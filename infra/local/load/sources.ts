// What the operator named on the command line, as a flat row of JSON and NDJSON documents.
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { LocalError, unreadable } from '../../command-line.ts';
import { members } from './tar.ts';

export interface Document {
  /** File name, for archives `archive.tar.gz!member`. */
  readonly name: string;
  readonly kind: 'json' | 'ndjson';
  /** Bytes of the document, decompressed. Read it before asking for the next one. */
  readonly body: AsyncIterable<Uint8Array>;
}

const kindOf = (name: string): Document['kind'] | 'tar' | undefined => {
  const plain = name.toLowerCase().replace(/\.gz$/, '');
  if (plain.endsWith('.tar') || plain.endsWith('.tgz')) return 'tar';
  if (plain.endsWith('.ndjson') || plain.endsWith('.jsonl')) return 'ndjson';
  return plain.endsWith('.json') ? 'json' : undefined;
};

const zipped = (name: string): boolean => /\.(gz|tgz)$/i.test(name);

async function* gunzipped(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const zipped = body instanceof Readable ? body : Readable.from(body);
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  zipped.on('error', (error) => gunzip.destroy(error));
  yield* zipped.pipe(gunzip);
}

/** Opened when it is read: a fault before that would have nobody to hear it. */
async function* opened(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  yield* zipped(path) ? gunzipped(file) : file;
}

/** What the first bytes of a file show that is neither JSON nor NDJSON in UTF-8. A mark of UTF-8 itself is welcome. */
const OTHERS: readonly (readonly [readonly number[], string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], 'is a zip archive: unpack it, and name its files or the folder'],
  [[0x1f, 0x8b], 'is compressed: its name has to end in .gz'],
  [[0xff, 0xfe], 'is UTF-16, and FHIR is UTF-8: convert it first (iconv -f UTF-16 -t UTF-8)'],
  [[0xfe, 0xff], 'is UTF-16, and FHIR is UTF-8: convert it first (iconv -f UTF-16 -t UTF-8)'],
  [[0x3c], 'is XML (or HTML), and only FHIR in JSON is taken'],
];

/** The bytes of a document; whatever is wrong with them is said by its name. */
async function* sound(name: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  try {
    for await (const chunk of body) {
      const other = isFirst && OTHERS.find(([mark]) => mark.every((byte, at) => chunk[at] === byte));
      if (other) throw new LocalError(`${name}: ${other[1]}`);
      isFirst &&= chunk.length === 0;
      yield chunk;
    }
  } catch (error) {
    throw faultIn(name, error);
  }
}

/** zlib says "incorrect header check" and the like. */
export const faultIn = (name: string, error: unknown): LocalError => {
  const { code, message = '' } = error as { code?: string; message?: string };
  if (code === 'Z_DATA_ERROR' && message === 'incorrect header check')
    return new LocalError(`${name}: is called .gz and is not compressed by gzip`);
  if (code?.startsWith('Z_')) return new LocalError(`${name}: is cut off or damaged (gzip: ${message})`);
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return new LocalError(`${name}: is not UTF-8, as FHIR has to be (is it Shift_JIS? iconv -f CP932 -t UTF-8)`);
  return unreadable(name, error);
};

/** Files below what was named, in name order. A named file must be of a kind we read; within folders others are passed over. */
export const files = async (named: readonly string[]): Promise<{ path: string; bytes: number }[]> => {
  const found: { path: string; bytes: number }[] = [];
  for (const path of named) {
    const info = await stat(path).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    if (info.isDirectory()) {
      const names = (await readdir(path, { recursive: true })).sort();
      const readable = names.filter((name) => kindOf(name) !== undefined).map((name) => join(path, name));
      for (const file of readable) found.push({ path: file, bytes: (await stat(file)).size });
    } else if (kindOf(path) === undefined) {
      throw new LocalError(`${path}: not a .json, .ndjson or .tar file (each also as .gz)`);
    } else found.push({ path, bytes: info.size });
  }
  if (found.length === 0) throw new LocalError(`no .json, .ndjson or .tar file is in ${named.join(', ')}`);
  return found;
};

/** The documents of one file: itself, or the members of an archive (manifests and the like, which hold no resources, are left out). */
export async function* documents(path: string): AsyncGenerator<Document> {
  const kind = kindOf(path);
  if (kind === 'tar') {
    for await (const member of members(sound(path, opened(path)))) {
      const inner = kindOf(member.name);
      if (inner !== 'json' && inner !== 'ndjson') continue;
      const name = `${path}!${member.name}`;
      const body = zipped(member.name) ? gunzipped(member.body) : member.body;
      yield { name, kind: inner, body: sound(name, body) };
    }
  } else if (kind !== undefined) yield { name: path, kind, body: sound(path, opened(path)) };
}
