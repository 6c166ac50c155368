// One uploaded file, from its bytes to resources: cut into entries, sorted by patient, written patient by patient.

import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parseJson } from '../fhir/json.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context } from '../interactions/contract.ts';
import { type Assigned, assign, type Renames, rename, rewrite } from './assign.ts';
import { type Incoming, incoming, Unreadable } from './incoming.ts';
import { type Job, type JobRefusal, MOST_REFUSALS, noCounts } from './job.ts';
import { type GroupResult, loadGroup, type Needs } from './load-group.ts';
import { patientOf } from './patient-of.ts';
import { lines, type Piece, roots } from './scan-json.ts';
import { Spool } from './spool.ts';

/** Opens the uploaded bytes from the start; asked for twice when the file is a Bundle. */
export type Open = () => Promise<AsyncIterable<Uint8Array>>;

/** Shared resources (Practitioner, Organization, …) land in commits of this size. */
const SHARED_BATCH = 50;
const SHARED = '';

/** Called after each group: writes its audit records, and the progress of the job. */
export type Settled = (context: Context, progress: Job) => Promise<void>;

/** Gzip is told by its first two bytes, whatever the content type says. */
async function* unpacked(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await source.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* all() {
    if (head.length > 0) yield head;
    for (let next = await source.next(); !next.done; next = await source.next()) yield next.value;
  }
  if (head[0] !== 0x1f || head[1] !== 0x8b) yield* all();
  else yield* Readable.from(all()).pipe(createGunzip({ chunkSize: 1 << 18 }));
}

const toLine = ({ method, url, created, resource }: Assigned): string =>
  JSON.stringify([method, url, created, resource]);

const fromLine = (line: string): Assigned => {
  const [method, url, created, resource] = parseJson(line) as unknown as [string, string, boolean, Resource];
  return { method, url, created, resource, ifNoneExist: undefined, fullUrl: undefined };
};

export const loadObject = async (services: Needs, job: Job, open: Open, settled: Settled): Promise<Job> => {
  const counts = noCounts();
  const refusals: JobRefusal[] = [];
  const turnAway = (list: readonly JobRefusal[]) => refusals.push(...list.slice(0, MOST_REFUSALS - refusals.length));
  const spool = await Spool.open();
  try {
    await sort(job, open, spool, (what) => {
      counts.refused++;
      turnAway([what]);
    });

    const load = async (patient: string | undefined, entries: readonly Assigned[]): Promise<GroupResult> => {
      const context: Context = {
        actor: job.actor,
        requestId: job.id,
        now: services.clock(),
        purpose: job.purpose,
        narrow: await services.narrow?.(),
        disclosed: [],
      };
      const result = await loadGroup(services, context, patient, entries);
      for (const name of ['created', 'updated', 'unchanged', 'refused'] as const) counts[name] += result.counts[name];
      turnAway(result.refusals);
      const stored = result.counts.created + result.counts.updated + result.counts.unchanged;
      if (patient !== undefined && stored > 0) counts.patients++;
      await settled(context, { ...job, state: 'running', counts, refusals });
      return result;
    };

    const shared = (await spool.take(SHARED)).map(fromLine);
    for (let at = 0; at < shared.length; at += SHARED_BATCH) await load(undefined, shared.slice(at, at + SHARED_BATCH));
    for (const patient of spool.keys()) await load(patient, (await spool.take(patient)).map(fromLine));
    return { ...job, state: 'done', counts, refusals };
  } finally {
    await spool.close();
  }
};

/** Twice through a Bundle (first for the names that its entries have for each other), once through NDJSON. */
const sort = async (job: Job, open: Open, spool: Spool, turnAway: (refusal: JobRefusal) => void): Promise<void> => {
  const byLine = job.contentType.includes('ndjson');
  const pieces = async () => (byLine ? lines : roots)(unpacked(await open()));
  const entries = (piece: Piece, refuse: (rule: string) => void): Incoming[] => {
    try {
      return incoming(piece, parseJson);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      refuse(error.message);
      return [];
    }
  };

  const renames: Renames = new Map();
  if (!byLine) {
    for await (const piece of await pieces()) {
      for (const entry of entries(piece, () => {})) rename(renames, entry, assign(job.facility, entry));
    }
  }
  let number = 0;
  for await (const piece of await pieces()) {
    number++;
    const what = `${byLine ? 'line' : 'entry'} ${number}`;
    for (const entry of entries(piece, (rule) => turnAway({ what, code: 'structure', diagnostics: rule }))) {
      const assigned = assign(job.facility, entry);
      rewrite(assigned.resource, renames);
      await spool.add(patientOf(assigned.resource) ?? SHARED, toLine(assigned));
    }
  }
};
