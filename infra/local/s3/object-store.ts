// Objects of the S3 stand-in with their versions, in a folder or in memory. A body is on disk before the index names it,
// so a kill between the two leaves a stray file and never half an object.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJson } from '../local-dir.ts';

export interface Retention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  /** ISO time. */
  readonly until: string;
}

export interface Version {
  readonly id: string;
  readonly deleteMarker: boolean;
  readonly size: number;
  readonly etag: string;
  /** ISO time. */
  readonly lastModified: string;
  /** `content-type`, `x-amz-meta-…` and other headers that come back with the object. */
  readonly headers: Readonly<Record<string, string>>;
  /** `x-amz-checksum-…`. */
  readonly checksums: Readonly<Record<string, string>>;
  retention?: Retention | undefined;
}

export interface NewVersion {
  readonly body: Buffer;
  readonly etag?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly checksums: Readonly<Record<string, string>>;
  readonly retention: Retention | undefined;
}

export interface ObjectStore {
  /** Newest first. */
  versions(bucket: string, key: string): readonly Version[];
  body(bucket: string, key: string, version: Version): Buffer;
  put(bucket: string, key: string, object: NewVersion, versioned: boolean): Version;
  mark(bucket: string, key: string): Version;
  remove(bucket: string, key: string, versionId: string): void;
  retain(bucket: string, key: string, versionId: string, retention: Retention): void;
  /** In the order of the keys. */
  keys(bucket: string): string[];
}

interface Entry {
  readonly key: string;
  versions: Version[];
}

export const openObjectStore = (dir: string | undefined): ObjectStore => {
  const buckets = new Map<string, Map<string, Entry>>();
  const bodies = new Map<string, Buffer>();

  const bucketOf = (bucket: string): Map<string, Entry> => {
    let found = buckets.get(bucket);
    if (!found) {
      found = dir ? load(join(dir, bucket)) : new Map();
      buckets.set(bucket, found);
    }
    return found;
  };
  const folder = (bucket: string, key: string) =>
    join(dir!, bucket, createHash('sha256').update(key).digest('hex').slice(0, 40));

  const save = (bucket: string, entry: Entry) => {
    const all = bucketOf(bucket);
    if (entry.versions.length === 0) {
      all.delete(entry.key);
      if (dir) rmSync(folder(bucket, entry.key), { recursive: true, force: true });
      return;
    }
    all.set(entry.key, entry);
    if (dir) writeJson(join(folder(bucket, entry.key), 'versions.json'), entry);
  };

  const add = (bucket: string, key: string, version: Version, replaces: boolean): Version => {
    const entry = bucketOf(bucket).get(key) ?? { key, versions: [] };
    save(bucket, { key, versions: replaces ? [version] : [version, ...entry.versions] });
    return version;
  };

  return {
    versions: (bucket, key) => bucketOf(bucket).get(key)?.versions ?? [],
    body: (bucket, key, { id }) =>
      dir ? readFileSync(join(folder(bucket, key), id)) : bodies.get(`${bucket}/${key}/${id}`)!,
    put: (bucket, key, { body, etag, headers, checksums, retention }, versioned) => {
      const id = versioned ? randomBytes(16).toString('hex') : 'null';
      if (dir) {
        mkdirSync(folder(bucket, key), { recursive: true });
        writeFileSync(join(folder(bucket, key), id), body);
      } else bodies.set(`${bucket}/${key}/${id}`, body);
      const version: Version = {
        id,
        deleteMarker: false,
        size: body.length,
        etag: etag ?? createHash('md5').update(body).digest('hex'),
        lastModified: new Date().toISOString(),
        headers,
        checksums,
        ...(retention && { retention }),
      };
      return add(bucket, key, version, !versioned);
    },
    mark: (bucket, key) =>
      add(
        bucket,
        key,
        {
          id: randomBytes(16).toString('hex'),
          deleteMarker: true,
          size: 0,
          etag: '',
          lastModified: new Date().toISOString(),
          headers: {},
          checksums: {},
        },
        false,
      ),
    remove: (bucket, key, versionId) => {
      const versions = (bucketOf(bucket).get(key)?.versions ?? []).filter(({ id }) => id !== versionId);
      save(bucket, { key, versions });
      if (!dir) bodies.delete(`${bucket}/${key}/${versionId}`);
      else rmSync(join(folder(bucket, key), versionId), { force: true });
    },
    retain: (bucket, key, versionId, retention) => {
      const versions = (bucketOf(bucket).get(key)?.versions ?? []).map((version) =>
        version.id === versionId ? { ...version, retention } : version,
      );
      save(bucket, { key, versions });
    },
    keys: (bucket) => [...bucketOf(bucket).keys()].sort(byBytes),
  };
};

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

const load = (path: string): Map<string, Entry> => {
  const found = new Map<string, Entry>();
  if (!existsSync(path)) return found;
  for (const name of readdirSync(path)) {
    const entry = readJson<Entry>(join(path, name, 'versions.json'));
    if (entry) found.set(entry.key, entry);
  }
  return found;
};
