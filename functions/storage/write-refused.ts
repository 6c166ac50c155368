import { FhirError, type Refusal } from '../fhir/outcome.ts';

/** A commit that was not done because one of its writes met another state than it expected. Nothing was written. */
export class WriteRefused extends FhirError {
  /** Index of the write within the commit. */
  readonly at: number;
  readonly reason: 'exists' | 'changed' | 'busy';

  constructor(at: number, reason: 'exists' | 'changed' | 'busy', reference: string) {
    const [refusal, text]: [Refusal, string] =
      reason === 'exists'
        ? ['conflict', `${reference} exists already`]
        : reason === 'changed'
          ? ['stale', `${reference} was changed by someone else`]
          : ['unavailable', `${reference} is being changed by a larger transaction; try again`];
    super(refusal, [{ diagnostics: text }]);
    this.at = at;
    this.reason = reason;
  }
}
