import { refuse } from '../fhir/outcome.ts';
import { type Span, spanOf } from '../search/dates.ts';
import { pointer } from '../search/references.ts';
import type { ChangeRef, Stored } from '../storage/port.ts';
import type { Context, FhirRequest, Services } from './contract.ts';
import { fhirBases } from './headers.ts';
import { permitter } from './permit.ts';
import { param } from './query.ts';
import { isObject } from './write/body.ts';

// Which versions a history holds: https://hl7.org/fhir/R4/http.html#history

type Needs = Pick<Services, 'resources' | 'region'>;

export const sinceOf = ({ params }: FhirRequest): number | undefined => {
  const text = param(params, '_since');
  if (text === undefined) return undefined;
  const since = /^\d{4}(-\d\d(-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(since)) throw refuse('invalid', '_since must be a FHIR instant');
  return since;
};

const ALWAYS: Span = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/** Prefixes of a date search (https://hl7.org/fhir/R4/search.html#date) that leave one span of time. */
const PREFIXES: Readonly<Record<string, ((span: Span) => Span) | undefined>> = {
  eq: (span) => span,
  ge: ({ low }) => ({ ...ALWAYS, low }),
  gt: ({ high }) => ({ ...ALWAYS, low: high }),
  le: ({ high }) => ({ ...ALWAYS, high }),
  lt: ({ low }) => ({ ...ALWAYS, high: low }),
};

/** `_at`: when a version must have been the current one, for a moment at least. */
export const atOf = ({ params }: FhirRequest): Span | undefined => {
  const text = param(params, '_at');
  if (text === undefined) return undefined;
  const [, prefix = 'eq', date = ''] = /^([a-z]{2})?(.*)$/.exec(text) ?? [];
  const span = spanOf(date);
  const during = PREFIXES[prefix];
  if (!span || !during)
    throw refuse('invalid', '_at must be a date or dateTime, with eq, ge, gt, le, lt or nothing before it');
  return during(span);
};

/** Versions of one resource, newest first, of which none is left out at the front: the first that is as old as the time is the last that counts. */
export const currentOf = (
  { low, high }: Span,
  versions: readonly Stored[],
): { versions: readonly Stored[]; isOver: boolean } => {
  const last = versions.findIndex(({ lastUpdated }) => lastUpdated <= low);
  const some = last < 0 ? versions : versions.slice(0, last + 1);
  return { versions: some.filter(({ lastUpdated }) => lastUpdated < high), isOver: last >= 0 };
};

/** Whether it was still current at some moment of the time: nothing had followed it before. */
export const wasCurrent = async ({ resources }: Needs, { low }: Span, stored: Stored): Promise<boolean> => {
  if (stored.lastUpdated > low) return true;
  const next = await resources.getVersion(stored.type, stored.id, stored.version + 1);
  return !next || next.lastUpdated > low;
};

export type IsListed = (ref: Pick<ChangeRef, 'type' | 'id' | 'version'>) => boolean;

/**
 * `_list`: what a List names, in all versions or in the one that it names. A List that the caller may not see, or that there is not,
 * names nothing, as in a search.
 */
export const listOf = async (
  { resources, region }: Needs,
  context: Context,
  { params }: FhirRequest,
): Promise<IsListed | undefined> => {
  const text = param(params, '_list');
  if (text === undefined) return undefined;
  if (text.startsWith('$')) throw refuse('notSupported', '_list: functional lists are not supported');
  const { type, id, version } = pointer(text.includes('/') ? text : `List/${text}`, fhirBases(region));
  if (type !== 'List' || id === undefined || version !== undefined)
    throw refuse('invalid', '_list must be the id of a List, or List/id');
  const list = await resources.get('List', id);
  const isThere = list && !list.deleted && permitter(resources, context)('read', list).permit;
  const named = isThere ? entriesOf(list) : [];
  const known = new Set(named.map(({ type: of, id: one, version: at = '*' }) => `${of}/${one}/${at}`));
  return (ref) => known.has(`${ref.type}/${ref.id}/*`) || known.has(`${ref.type}/${ref.id}/${ref.version}`);
};

/** An entry that is flagged as deleted says that the item left the list. */
const entriesOf = (list: Stored) => {
  const { entry } = list.resource();
  const entries: unknown[] = Array.isArray(entry) ? entry : [];
  return entries.flatMap((each) => {
    if (!isObject(each) || each.deleted === true || !isObject(each.item)) return [];
    return typeof each.item.reference === 'string' ? [pointer(each.item.reference)] : [];
  });
};
