// What the bulk-load function does with one uploaded object: its job from `waiting` to `done`.
import type { Context } from '../interactions/contract.ts';
import type { Documents } from '../storage/port.ts';
import { type Job, jobOf, readJob, writeJob } from './job.ts';
import type { Needs } from './load-group.ts';
import { loadObject, type Open } from './load-object.ts';

export interface Running {
  readonly services: Needs;
  readonly uploads: Pick<Documents, 'get' | 'put' | 'delete'>;
  /** The object's bytes as a stream, from the start. */
  readonly open: (name: string) => ReturnType<Open>;
  /** Writes the audit records of what one group changed, before the next group is begun. */
  readonly record: (context: Context) => Promise<void>;
}

/** How often the job is written while it runs. */
const PROGRESS_MS = 2_000;

/** Files that no second try would read: said in the job, and not thrown. */
const isUnreadable = (error: unknown): error is Error =>
  error instanceof SyntaxError ||
  (error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA') ||
  (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'));

/**
 * Carries out the job that `name` belongs to. Safe to run again: what is stored already makes no version.
 * Rejects when the store or the bucket fails; then the event comes again.
 */
export const runJob = async ({ services, uploads, open, record }: Running, name: string): Promise<Job | undefined> => {
  const of = jobOf(name);
  const job = of && (await readJob(uploads, of.facility, of.id));
  if (!job || job.state === 'done' || job.state === 'failed') return job;

  let written = 0;
  let last: Job = job;
  const done = await loadObject(
    services,
    job,
    () => open(name),
    async (context, progress) => {
      if (context.disclosed.length > 0) await record(context);
      last = progress;
      if (services.clock() - written < PROGRESS_MS) return;
      written = services.clock();
      await writeJob(uploads, progress);
    },
  ).catch((error: unknown): Job => {
    if (!isUnreadable(error)) throw error;
    const refusal = {
      what: 'the file',
      code: 'structure',
      diagnostics: 'the file cannot be read to its end as JSON in UTF-8',
    };
    return { ...last, state: 'failed', refusals: [...last.refusals, refusal] };
  });
  await writeJob(uploads, done);
  await uploads.delete(name);
  return done;
};
