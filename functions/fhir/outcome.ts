import type { Issue, Resource } from './types.ts';

/**
 * Every way we say no: the one place where an HTTP status meets a FHIR issue code.
 * https://hl7.org/fhir/R4/http.html and https://hl7.org/fhir/R4/valueset-issue-type.html
 */
export const REFUSALS = {
  malformed: { status: 400, code: 'structure' },
  invalid: { status: 400, code: 'invalid' },
  unauthenticated: { status: 401, code: 'login' },
  forbidden: { status: 403, code: 'forbidden' },
  notFound: { status: 404, code: 'not-found' },
  unknownType: { status: 404, code: 'not-supported' },
  notAllowed: { status: 405, code: 'not-supported' },
  notAcceptable: { status: 406, code: 'not-supported' },
  conflict: { status: 409, code: 'conflict' },
  gone: { status: 410, code: 'deleted' },
  stale: { status: 412, code: 'conflict' },
  ambiguous: { status: 412, code: 'multiple-matches' },
  tooLarge: { status: 413, code: 'too-long' },
  unsupportedMedia: { status: 415, code: 'not-supported' },
  unprocessable: { status: 422, code: 'processing' },
  tooCostly: { status: 422, code: 'too-costly' },
  throttled: { status: 429, code: 'throttled' },
  fault: { status: 500, code: 'exception' },
  notSupported: { status: 501, code: 'not-supported' },
  unavailable: { status: 503, code: 'transient' },
} as const satisfies Record<string, { status: number; code: string }>;

export type Refusal = keyof typeof REFUSALS;

/** A refusal by its name. Domain code throws it; only the `fhir-errors` middleware turns it into a response. */
export class FhirError extends Error {
  readonly refusal: Refusal;
  readonly issues: Issue[];
  /** Response headers that belong to the refusal (`WWW-Authenticate`, `Retry-After`, `Allow`). */
  readonly headers: Record<string, string>;

  constructor(refusal: Refusal, issues: (Partial<Issue> & Pick<Issue, 'diagnostics'>)[], headers = {}) {
    super(issues[0]?.diagnostics ?? refusal);
    this.refusal = refusal;
    this.headers = headers;
    this.issues = issues.map((issue) => ({ severity: 'error', code: REFUSALS[refusal].code, ...issue }));
  }

  get status(): number {
    return REFUSALS[this.refusal].status;
  }
}

/** Shorthand: `refuse('notFound', 'Patient/p1 was not found')`. */
export const refuse = (refusal: Refusal, diagnostics: string, expression?: string): FhirError =>
  new FhirError(refusal, [{ diagnostics, ...(expression && { expression: [expression] }) }]);

export const notFound = (reference: string) => refuse('notFound', `${reference} was not found`);
export const gone = (reference: string, headers = {}) =>
  new FhirError('gone', [{ diagnostics: `${reference} was deleted` }], headers);
export const forbidden = (diagnostics: string) => refuse('forbidden', diagnostics);

export const operationOutcome = (issues: readonly Issue[]): Resource => ({
  resourceType: 'OperationOutcome',
  issue: issues,
});
