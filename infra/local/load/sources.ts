// What the operator named on the command line, as a flat row of JSON and NDJSON documents.
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
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

/** Gunzip for a stream that is no Node stream (a tar member). */
async function* gunzipped(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Readable } = await import('node:stream');
  yield* Readable.from(body).pipe(createGunzip());
}

const opened = (path: string): AsyncIterable<Uint8Array> => {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  if (!zipped(path)) return file;
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  file.on('error', (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
};

/** Files below what was named, in name order. A named file must be of a kind we read; within folders others are passed over. */
export const files = async (named: readonly string[]): Promise<{ path: string; bytes: number }[]> => {
  const found: { path: string; bytes: number }[] = [];
  for (const path of named) {
    const info = await stat(path).catch(() => undefined);
    if (!info) throw new Error(`${path}: no such file or folder`);
    if (info.isDirectory()) {
      const names = (await readdir(path, { recursive: true })).sort();
      const readable = names.filter((name) => kindOf(name) !== undefined).map((name) => join(path, name));
      for (const file of readable) found.push({ path: file, bytes: (await stat(file)).size });
    } else if (kindOf(path) === undefined) {
      throw new Error(`${path}: not a .json, .ndjson or .tar file (each also as .gz)`);
    } else found.push({ path, bytes: info.size });
  }
  return found;
};

/** The documents of one file: itself, or the members of an archive (manifests and the like, which hold no resources, are left out). */
export async function* documents(path: string): AsyncGenerator<Document> {
  const kind = kindOf(path);
  if (kind === 'tar') {
    for await (const member of members(opened(path))) {
      const inner = kindOf(member.name);
      if (inner !== 'json' && inner !== 'ndjson') continue;
      const body = zipped(member.name) ? gunzipped(member.body) : member.body;
      yield { name: `${path}!${member.name}`, kind: inner, body };
    }
  } else if (kind !== undefined) yield { name: path, kind, body: opened(path) };
}
