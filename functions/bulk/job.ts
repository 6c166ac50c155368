// An upload job: opened by a request, carried out by the bulk-load Lambda, kept beside the upload in S3 (a report may be larger than a table item).
import * as z from 'zod/mini';
import type { Actor } from '../consent/actor.ts';
import type { Documents } from '../storage/port.ts';

/** What we take: a Bundle (or one resource) as JSON, or resources line by line; either also gzipped. */
export const CONTENT_TYPES = ['application/fhir+json', 'application/fhir+ndjson'] as const;

/** Refusals that a report names one by one; the counts cover them all. */
export const MOST_REFUSALS = 5_000;

export interface JobRefusal {
  /** `Observation/x`, or a url of the file's own making. */
  readonly what: string;
  readonly code: string;
  readonly diagnostics: string;
  readonly expression?: string;
}

export interface Counts {
  created: number;
  updated: number;
  unchanged: number;
  refused: number;
  /** Patients whose resources were stored. */
  patients: number;
}

export interface Job {
  readonly id: string;
  readonly facility: string;
  readonly contentType: string;
  readonly openedAt: number;
  /** Who opened it: what the job writes, this actor writes. */
  readonly actor: Actor;
  readonly purpose: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  readonly counts: Counts;
  readonly refusals: readonly JobRefusal[];
}

export const noCounts = (): Counts => ({ created: 0, updated: 0, unchanged: 0, refused: 0, patients: 0 });

const jobName = (facility: string, id: string) => `jobs/${facility}/${id}.json`;

/** Where the client's bytes go; the bucket tells the bulk-load Lambda about every object below `incoming/`. */
export const incomingName = (facility: string, id: string) => `incoming/${facility}/${id}`;

const INCOMING = /^incoming\/(\d{10})\/([0-9a-f-]{36})$/;

/** Facility and job that an object in the bucket belongs to; undefined: no upload of ours. */
export const jobOf = (name: string): { facility: string; id: string } | undefined => {
  const [, facility, id] = INCOMING.exec(name) ?? [];
  return facility !== undefined && id !== undefined ? { facility, id } : undefined;
};

export const isJobId = (text: string): boolean => /^[0-9a-f-]{36}$/.test(text);

/** The head of a job as it is read back; the rest is our own writing. */
const Head = z.looseObject({
  id: z.string(),
  facility: z.string(),
  state: z.string(),
  actor: z.looseObject({ subject: z.string() }),
});

export const readJob = async (
  uploads: Pick<Documents, 'get'>,
  facility: string,
  id: string,
): Promise<Job | undefined> => {
  const found = await uploads.get(jobName(facility, id));
  if (!found) return undefined;
  return Head.parse(JSON.parse(Buffer.from(found.bytes).toString('utf8'))) as unknown as Job;
};

export const writeJob = (uploads: Pick<Documents, 'put'>, job: Job): Promise<void> =>
  uploads.put(jobName(job.facility, job.id), Buffer.from(JSON.stringify(job)), 'application/json');
