// One call of DynamoDB, said again while the service is busy or the line was cut. Only for calls that may be carried out
// twice: reads, and puts that are the same each time. The client itself tries once (storage/client.ts).

const ATTEMPTS = 5;
const FIRST_WAIT_MS = 25;

export const retrying = async <T>(call: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (attempt >= ATTEMPTS || !isTransient(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * FIRST_WAIT_MS * 2 ** attempt));
    }
  }
};

const BUSY = /Throttl|Throughput|LimitExceeded|InternalServerError|ServiceUnavailable|TransactionConflict|Timeout/;
const CUT = /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EAI_AGAIN)$/;

const isTransient = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const { name, code = '', $metadata } = error as Error & { code?: string; $metadata?: { httpStatusCode?: number } };
  return (
    BUSY.test(name) || CUT.test(code) || ($metadata?.httpStatusCode ?? 0) >= 500 || /socket hang up/.test(error.message)
  );
};
