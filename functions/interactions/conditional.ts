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
 * their patients alike never meet. `except`: what a transaction is about to change or to take away, as `Type/id`.
 * https://hl7.org/fhir/R4/http.html#ccreate
 */
export const matches = async (
  services: Pick<Services, 'resources' | 'region' | 'clock'>,
  context: Context,
  type: string,
  params: readonly (readonly [string, string])[],
  except: ReadonlySet<string> = NONE,
): Promise<readonly Stored[]> => {
  const criteria = criteriaIn(type, params);
  assertSearchable(context, type);
  const permit = searchPermit(services.resources, context);
  const owner = ownerOf(context);
  const isMeant = (stored: Stored) => stored.facility === owner && !except.has(`${type}/${stored.id}`);
  return matching(services)(context, type, criteria, (stored) => isMeant(stored) && permit(stored));
};

const NONE: ReadonlySet<string> = new Set();

export const criteriaIn = (type: string, params: readonly (readonly [string, string])[]) => {
  const criteria = params.filter(([name]) => !RESULT_PARAMS.has(name));
  if (criteria.length === 0) throw refuse('stale', `a conditional interaction on ${type} needs search criteria`);
  return criteria;
};

/** `If-None-Exist: identifier=…`; the type and a question mark before it are admitted, since Bundle.entry.request has them. */
export const parseCriteria = (type: string, text: string) =>
  parseForm(text.replace(/^\?/, '').replace(new RegExp(`^(?:[^?]*/)?${type}\\?`), ''));

/** At most one, or 412: https://hl7.org/fhir/R4/http.html#cond-update */
export const onlyMatch = (type: string, found: readonly Stored[]): Stored | undefined => {
  if (found.length > 1) throw ambiguous(type);
  return found[0];
};

export const ambiguous = (type: string) => refuse('ambiguous', `the criteria match more than one ${type}`);
