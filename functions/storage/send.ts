// One way to DynamoDB: retries what may be retried, counts what it cost, and says plainly when it is out of luck.
import { refuse } from '../fhir/outcome.ts';
import { backoff, type Failure, isTransient } from '../services/retry.ts';

/** The answer never came, or came after another attempt: the request may have been carried out. */
const isAmbiguous = (error: unknown): boolean => {
  const { $metadata, name } = error as Failure;
  return $metadata?.httpStatusCode === undefined || $metadata.httpStatusCode >= 500 || name === 'TimeoutError';
};

const ATTEMPTS = 8;
/** No attempt begins after this: whoever waits for an API has 29 s. */
const PATIENCE_MS = 15_000;

export const unavailable = () => comeAgain('the store is busy; nothing was written, please try again', 1);

/** More rows than could be staged before whoever waits for the answer goes away. */
export const outOfTime = () =>
  comeAgain('not all of it could be written in the time of a request; nothing was, try again or send it in parts', 10);

const comeAgain = (diagnostics: string, seconds: number) => {
  const error = refuse('unavailable', diagnostics);
  error.headers['retry-after'] = String(seconds);
  return error;
};

/**
 * Runs `attempt` until it succeeds or fails for good. An attempt learns whether an earlier one may have been carried out
 * although its answer was lost: a condition that fails then may have been met by ourselves.
 */
export const retrying = async <T>(attempt: (mayBeDone: boolean) => Promise<T>): Promise<T> => {
  const began = performance.now();
  let mayBeDone = false;
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt(mayBeDone);
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (tries + 1 >= ATTEMPTS || performance.now() - began > PATIENCE_MS) throw unavailable();
      mayBeDone ||= isAmbiguous(error);
      await backoff(tries);
    }
  }
};

/** Runs `work` over `list`, at most `width` at once; the first failure is thrown when all that began have ended. */
export const eachOf = async <T>(list: readonly T[], width: number, work: (one: T, at: number) => Promise<void>) => {
  let next = 0;
  let failed: { error: unknown } | undefined;
  const runner = async () => {
    while (next < list.length && !failed) {
      const at = next++;
      try {
        await work(list[at]!, at);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, list.length) }, runner));
  if (failed) throw failed.error;
};
