// Work lists: what waits for one facility, person, place or schedule. The entries that a resource has on them, and which of them
// answer a search. What is kept with a patient is on the store's index, for the first owner; what is kept with none, and every
// further owner, has a row of `registry`. Both only propose: the matcher has the last word.
import type { Resource } from '../fhir/types.ts';
import type { Lookup, WorkEntry, WorkQuery } from '../storage/port.ts';
import { isKeptWithPatient } from './compartments.ts';
import { foldCode, pointers, tokens } from './extract.ts';
import { parametersOf } from './parameters.ts';
import { clinicalSpan, placement } from './placement.ts';
import { dateBounds } from './plan-dates.ts';
import type { LookupQuery } from './plan-lookups.ts';
import type { Criterion, Query, Wanted } from './query.ts';

/**
 * The parameters that name the owner: two at most a type, since there are two indexes. A type in `BY_DATE` is asked for by date and
 * then by status, the others by status and then by date.
 *
 * R4 has no parameter for a CarePlan that is due. A list of CarePlans is that of who performs an activity or of a care team; with
 * `status=active&activity-date=le…` it is what is due, filtered exactly.
 */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  Appointment: ['location', 'practitioner'],
  CarePlan: ['performer', 'care-team'],
  Communication: ['recipient'],
  DocumentReference: ['custodian'],
  Encounter: ['service-provider'],
  ServiceRequest: ['performer', 'requester'],
  Slot: ['schedule'],
  Task: ['owner', 'requester'],
};
const BY_DATE: readonly string[] = ['Appointment', 'Encounter', 'Slot'];

/** `actor` of an appointment is what the more particular parameters are parts of. */
const PARTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Appointment.actor': { Location: 'location', Practitioner: 'practitioner' },
};

/** Ends the part of a sort text that is looked up. */
const END = '^';
const LONG = '~';

const indexOf = (at: number): 1 | 2 => (at === 0 ? 1 : 2);
const rowKey = (type: string, list: string, owner: string) => `${type}.${list}|${owner}`;

/** Owners of a list, in order. A patient's own are left out where the patient's partition answers. */
const ownersOf = (resource: Resource, list: string): string[] => {
  const { resourceType: type } = resource;
  const parameter = parametersOf(type).get(list)!;
  const isKept = isKeptWithPatient(type, parameter.leaves);
  const owners = pointers(parameter, resource, resource).flatMap(({ type: of, id }) =>
    of === undefined || id === undefined || (isKept && of === 'Patient') ? [] : [`${of}/${id}`],
  );
  return [...new Set(owners)];
};

const statusOf = (resource: Resource): string => {
  const parameter = parametersOf(resource.resourceType).get('status');
  const found = parameter && tokens(parameter, resource, resource, {})[0]?.code;
  return found ?? '-';
};

const instant = (ms: number) => new Date(ms).toISOString();

const datedOf = (resource: Resource): { date: string; spansDays: boolean } => {
  const span = clinicalSpan(resource);
  if (!span) return { date: '-', spansDays: false };
  return { date: Number.isFinite(span.low) ? instant(span.low) : '-', spansDays: placement(resource).spansDays };
};

/** Entries of the store's index: the first owner of each list. */
export const work = (resource: Resource): WorkEntry[] => {
  const { resourceType: type } = resource;
  const lists = LISTS[type] ?? [];
  if (lists.length === 0) return [];
  const shared = { status: statusOf(resource), ...datedOf(resource), byDate: BY_DATE.includes(type) };
  return lists.flatMap((list, at): WorkEntry[] => {
    const owner = ownersOf(resource, list)[0];
    return owner === undefined ? [] : [{ list, owner, ...shared, index: indexOf(at) }];
  });
};

/** Rows of `registry`: of all owners where no patient keeps it, otherwise of those behind the first. */
export const workRows = (resource: Resource, isInRegistry: boolean): Lookup[] => {
  const { resourceType: type } = resource;
  return (LISTS[type] ?? []).flatMap((list) => {
    const owners = ownersOf(resource, list).slice(isInRegistry ? 0 : 1);
    if (owners.length === 0) return [];
    const { date, spansDays } = datedOf(resource);
    const dated = spansDays ? LONG + date : date;
    const status = statusOf(resource);
    const sort = BY_DATE.includes(type) ? `${dated}${END}${status}` : `${status}${END}${dated}`;
    return owners.map((owner): Lookup => ({ bucket: 'work', key: rowKey(type, list, owner), sort }));
  });
};

interface Named {
  readonly list: string;
  readonly owners: readonly string[];
}

/** The list that a criterion names, and its owners; undefined where it may be more than one list, or none. */
const namedBy = (type: string, { parameter, modifier, values }: Criterion): Named | undefined => {
  if (parameter.kind !== 'reference' || (modifier !== undefined && !/^[A-Z]/.test(modifier))) return undefined;
  const owners = values.map((value: Wanted) =>
    value.kind === 'reference' && value.pointer.type && value.pointer.id && value.pointer.version === undefined
      ? value.pointer
      : undefined,
  );
  if (!owners.every((owner) => owner !== undefined)) return undefined;
  const parts = PARTS[`${type}.${parameter.name}`];
  const lists = new Set(owners.map((owner) => (parts ? parts[owner.type!] : parameter.name)));
  const [list] = lists;
  if (lists.size !== 1 || list === undefined || !LISTS[type]?.includes(list)) return undefined;
  const isKept = isKeptWithPatient(type, parametersOf(type).get(list)!.leaves);
  if (isKept && owners.some((owner) => owner.type === 'Patient')) return undefined;
  return { list, owners: [...new Set(owners.map((owner) => `${owner.type}/${owner.id}`))] };
};

/** Status codes of which every match has one. */
const statusesIn = (criteria: readonly Criterion[]): string[] | undefined => {
  for (const { parameter, modifier, values } of criteria) {
    if (parameter.name !== 'status' || parameter.kind !== 'token' || modifier !== undefined) continue;
    const codes = values.flatMap((value) => (value.kind === 'token' && value.code ? [foldCode(value.code)] : []));
    if (codes.length === values.length) return [...new Set(codes)];
  }
  return undefined;
};

/** More lists than this are not read for one search. */
const MOST_LISTS = 24;

export interface ListRead {
  readonly query: WorkQuery;
  /** Owners that come first in the search: what is also theirs was found there. */
  readonly before: readonly string[];
}

export interface WorkPlan {
  readonly reads: readonly ListRead[];
  readonly rows: readonly LookupQuery[];
}

/** Where a search for the items of some owners finds all of them; undefined where it names no list. */
export const workPlan = ({ type, criteria }: Query): WorkPlan | undefined => {
  if (type === undefined || !LISTS[type]) return undefined;
  const named = criteria.map((criterion) => namedBy(type, criterion)).find((found) => found !== undefined);
  if (!named || named.owners.length > MOST_LISTS) return undefined;
  const { list, owners } = named;
  const bounds = dateBounds(type, criteria);
  const from = bounds.from === undefined ? undefined : instant(bounds.from * 1000);
  const to = bounds.to === undefined ? undefined : instant(bounds.to * 1000 + 999);
  const byDate = BY_DATE.includes(type);
  const found = byDate ? undefined : statusesIn(criteria);
  const statuses = found && found.length * owners.length <= MOST_LISTS ? found : undefined;
  const index = indexOf(LISTS[type].indexOf(list));
  const base = { type, list, index, byDate, from, to };
  return {
    reads: owners.flatMap((owner, at) =>
      (statuses ?? [undefined]).map((status) => ({
        query: { ...base, owner, status },
        before: owners.slice(0, at),
      })),
    ),
    rows: owners.flatMap((owner) =>
      rowRanges(statuses, byDate, from, to).map((range) => ({
        bucket: 'work' as const,
        key: rowKey(type, list, owner),
        ...range,
      })),
    ),
  };
};

type Range = Pick<LookupQuery, 'sortPrefix' | 'sortFrom' | 'sortTo'>;

const rowRanges = (
  statuses: readonly string[] | undefined,
  byDate: boolean,
  from: string | undefined,
  to: string | undefined,
): Range[] => {
  if (byDate)
    return from === undefined && to === undefined
      ? [{}]
      : [
          { sortFrom: from ?? '0', sortTo: to ?? '9' },
          { sortFrom: LONG, sortTo: LONG + (to ?? '') },
        ];
  return (statuses ?? [undefined]).map((status) => (status === undefined ? {} : { sortPrefix: `${status}${END}` }));
};

/** Whether a resource counts for an owner: it is found under the first of those asked for that it has. */
export const isFirstOwner = (resource: Resource, { query, before }: ListRead): boolean => {
  if (before.length === 0) return true;
  const owners = ownersOf(resource, query.list);
  return !before.some((owner) => owners.includes(owner));
};
