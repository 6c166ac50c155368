// One way to DynamoDB: retries what may be retried, counts what it cost, and says plainly when it is out of luck.
import { refuse } from '../fhir/outcome.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html */
const TRANSIENT = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'Throttling',
  'RequestLimitExceeded',
  'LimitExceededException',
  'InternalServerError',
  'InternalFailure',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'TransactionInProgressException',
  'TransactionConflictException',
  'TimeoutError',
  'AbortError',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

const TRANSIENT_REASONS = new Set(['None', 'TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

interface Failure {
  name?: string;
  code?: string;
  message?: string;
  CancellationReasons?: { Code?: string }[];
  $metadata?: { httpStatusCode?: number; attempts?: number };
}

export const isTransient = (error: unknown): boolean => {
  const { name = '', code = '', message = '', CancellationReasons, $metadata } = error as Failure;
  if (name === 'TransactionCanceledException') {
    return (CancellationReasons ?? []).every((reason) => TRANSIENT_REASONS.has(reason.Code ?? 'None'));
  }
  return (
    TRANSIENT.has(name) ||
    TRANSIENT.has(code) ||
    /socket hang up/.test(message) ||
    ($metadata?.httpStatusCode ?? 0) >= 500
  );
};

/** The answer never came, or came after another attempt: the request may have been carried out. */
const isAmbiguous = (error: unknown): boolean => {
  const { $metadata, name } = error as Failure;
  return $metadata?.httpStatusCode === undefined || $metadata.httpStatusCode >= 500 || name === 'TimeoutError';
};

const ATTEMPTS = 8;
const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 1_000;
/** No attempt begins after this: whoever waits for an API has 29 s. */
const PATIENCE_MS = 15_000;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
export const backoff = (attempt: number): Promise<void> =>
  pause(Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt));

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
