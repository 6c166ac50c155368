import * as z from 'zod/mini';
import { jsonFault } from '../fhir/json-fault.ts';
import { FhirError, refuse } from '../fhir/outcome.ts';
import type { Issue } from '../fhir/types.ts';

const MOST_ISSUES = 50;

/** Text → JSON, or a refusal that quotes nothing. */
export const parseJsonBody = (body: Uint8Array): unknown => {
  const text = textOf(body);
  try {
    return JSON.parse(text);
  } catch {
    throw refuse('malformed', `the body is not JSON from ${jsonFault(text)} on`);
  }
};

const textOf = (body: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw refuse('malformed', 'the body is not UTF-8');
  }
};

/** A program that loads zod's larger face as well has its English sentences for what a schema does not say, and others on another day. */
const UNSAID = { error: () => 'Invalid input' };

/** The value that the schema makes of it, or one issue for each fault, each at its element. No message carries a value. */
export const parseWith = <S extends z.core.$ZodType>(schema: S, value: unknown): z.infer<S> => {
  const result = z.safeParse(schema, value, UNSAID);
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap(flat).slice(0, MOST_ISSUES);
  throw new FhirError('invalid', issues);
};

/** The schema's own sentence, where it says one, otherwise the kind of fault. */
const flat = (issue: z.core.$ZodIssue): (Partial<Issue> & Pick<Issue, 'diagnostics'>)[] => {
  const at = issue.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  const expression = [at.replace(/^\./, '') || 'body'];
  return [{ diagnostics: `${expression[0]} ${ruleOf(issue)}`, expression }];
};

const ruleOf = (issue: z.core.$ZodIssue): string => {
  if (issue.message !== 'Invalid input') return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `must be of type ${issue.expected}`;
    case 'unrecognized_keys':
      return 'has elements that are not known here';
    case 'too_small':
      return `must not be less than ${issue.minimum}`;
    case 'too_big':
      return `must not be more than ${issue.maximum}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return 'is not of the form that is needed';
    default:
      return 'is not valid';
  }
};
