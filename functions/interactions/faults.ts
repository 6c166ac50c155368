import { FhirError } from '../fhir/outcome.ts';

export type Log = (line: Record<string, unknown>) => void;

/** One JSON line a refusal or fault: ids and rules, never bodies, queries or values. */
export const jsonLog: Log = (line) => console.log(JSON.stringify(line));

/** An unforeseen error says nothing but a number; the log has the rest. */
export const unforeseen = (error: unknown, requestId: string): FhirError =>
  error instanceof Error && error.name === 'TimeoutError'
    ? new FhirError('unavailable', [{ code: 'timeout', diagnostics: `request ${requestId} took too long; try again` }])
    : new FhirError('fault', [{ diagnostics: `something went wrong on our side; request ${requestId}` }]);

/**
 * A parser's message may quote what it could not parse, so of a foreign error only its name and its stack frames are kept;
 * an AWS error's message speaks of keys and permissions, and is needed to act on it.
 */
export const describeFault = (error: unknown) => {
  if (!(error instanceof Error)) return { name: typeof error };
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  const fromAws = '$metadata' in error || '$fault' in error;
  return { name: error.name, ...(fromAws && { message: error.message }), frames: frames?.slice(0, 12) };
};

/** Turns whatever was thrown into a refusal; the unforeseen is logged on the way. */
export const asRefusal = (error: unknown, requestId: string, log: Log = jsonLog): FhirError => {
  if (error instanceof FhirError) return error;
  log({ level: 'error', event: 'fault', requestId, ...describeFault(error) });
  return unforeseen(error, requestId);
};
