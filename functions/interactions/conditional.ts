import { refuse } from '../fhir/outcome.ts';
import { matching } from '../search/search.ts';
import type { Stored } from '../storage/port.ts';
import type { Context, Services } from './contract.ts';
import { assertSearchable, searchPermit } from './permit.ts';
import { parseForm } from './query.ts';
import { ownerOf } from './write/draft.ts';

/** Parameters of the answer, not of the search. */
const RESULT_PARAMS = new Set(['_format', '_pretty', '_summary', '_elements', '_count', '_total', '_sort']);

/**
 * What a conditional interaction means by its criteria: the own facility's records only, so that two facilities that number
 * their patients alike never meet. https://hl7.org/fhir/R4/http.html#ccreate
 */
export const matches = async (
  services: Pick<Services, 'resources' | 'region' | 'clock'>,
  context: Context,
  type: string,
  params: readonly (readonly [string, string])[],
): Promise<readonly Stored[]> => {
  const criteria = params.filter(([name]) => !RESULT_PARAMS.has(name));
  if (criteria.length === 0) throw refuse('stale', `a conditional interaction on ${type} needs search criteria`);
  assertSearchable(context, type);
  const permit = searchPermit(services.resources, context);
  const owner = ownerOf(context);
  return matching(services)(context, type, criteria, (stored) => stored.facility === owner && permit(stored));
};

/** `If-None-Exist: identifier=…`; the type and a question mark before it are admitted, since Bundle.entry.request has them. */
export const parseCriteria = (type: string, text: string) =>
  parseForm(text.replace(/^\?/, '').replace(new RegExp(`^(?:[^?]*/)?${type}\\?`), ''));

/** At most one, or 412: https://hl7.org/fhir/R4/http.html#cond-update */
export const onlyMatch = (type: string, found: readonly Stored[]): Stored | undefined => {
  if (found.length > 1) throw refuse('ambiguous', `the criteria match more than one ${type}`);
  return found[0];
};
