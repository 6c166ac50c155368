// One call of DynamoDB, said again while the service is busy or the line was cut. The client itself tries once (storage/client.ts).

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

export interface Failure {
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

const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 1_000;

/** Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
export const backoff = (attempt: number): Promise<void> =>
  new Promise((resolve) =>
    setTimeout(resolve, Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt)),
  );

const ATTEMPTS = 5;

/** Only for calls that may be carried out twice: reads, and puts that are the same each time. */
export const retrying = async <T>(call: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (attempt >= ATTEMPTS || !isTransient(error)) throw error;
      await backoff(attempt);
    }
  }
};
