// Collects what is wrong. The path is kept as a stack and put into words only when something is.
import type { Issue } from '../types.ts';

export const MAX_FAULTS = 100;

/** Codes of https://hl7.org/fhir/R4/valueset-issue-type.html that a validator uses. */
export type FaultCode = 'structure' | 'required' | 'value' | 'invariant' | 'code-invalid';

export class Faults {
  readonly issues: Issue[] = [];
  private readonly path: (string | number)[] = [];

  enter(step: string | number): void {
    this.path.push(step);
  }

  leave(): void {
    this.path.pop();
  }

  get isFull(): boolean {
    return this.issues.length > MAX_FAULTS;
  }

  /** `diagnostics` names the rule, never the value. `below`: an element of the present one. */
  add(code: FaultCode, diagnostics: string, below?: string, severity: Issue['severity'] = 'error'): void {
    if (this.isFull) return;
    if (this.issues.length === MAX_FAULTS) {
      if (severity !== 'error') return; // what is only a hint refuses nothing
      this.issues.push({
        severity: 'error',
        code: 'too-long',
        diagnostics: `more than ${MAX_FAULTS} faults; the rest is not listed`,
      });
      return;
    }
    const expression = this.expression() + (below === undefined ? '' : `.${below}`);
    this.issues.push({
      severity,
      code,
      diagnostics: `${expression}: ${diagnostics}`,
      expression: [expression],
    });
  }

  private expression(): string {
    let text = '';
    for (const step of this.path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`;
    return text;
  }
}
