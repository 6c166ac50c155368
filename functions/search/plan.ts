// From a query to where its matches are: the fewest places that surely hold them all. Everything found there is matched exactly
// afterwards, so a plan may propose too much, never too little.
import { refuse } from '../fhir/outcome.ts';
import { RESOURCE_TYPES } from '../fhir/resource-types.ts';
import type { Issue } from '../fhir/types.ts';
import type { Resources, Scan, Walk } from '../storage/port.ts';
import { listed, type Proposing, withProposals } from './chain-plan.ts';
import { isKeptWithPatient, mayHavePatient, NEVER_WITH_PATIENT, patientsOf } from './compartments.ts';
import { PRIMARY_SYSTEMS, primaryCode, SEVERAL_CODES } from './index-entries.ts';
import { mainDate } from './placement.ts';
import { dateBounds, isMainDate } from './plan-dates.ts';
import { type LookupQuery, lookupsFor } from './plan-lookups.ts';
import { prune } from './prune.ts';
import type { Criterion, Query, Wanted } from './query.ts';
import { type ListRead, workPlan } from './work-lists.ts';

/** One run of the store, read from its start to its end. */
export type Segment =
  /** `before`: patients whose segments come first; what is kept with one of them too was found there. */
  | { readonly from: 'scan'; readonly scan: Scan; readonly before: readonly string[] }
  | { readonly from: 'walk'; readonly walk: Walk }
  | { readonly from: 'work'; readonly list: ListRead }
  | { readonly from: 'lookup'; readonly lookups: readonly LookupQuery[]; readonly at: number; readonly type: string };

export interface Plan {
  /** Known by their ids: read, then matched. */
  readonly refs?: readonly { type: string; id: string }[];
  readonly segments: readonly Segment[];
  /** Segments lie side by side in time (codes of one patient) and are merged; otherwise they follow each other. */
  readonly isMerged: boolean;
  /** `_sort` asks for the order in which the segments are kept: newest first, by the type's main date. */
  readonly isByDate: boolean;
  /** Nothing bounds how much must be read: it stops where the budget ends. */
  readonly isBudgeted: boolean;
  readonly query: Query;
}

/** More patients or codes than this are not read side by side. */
const MOST_MERGED = 24;
/** More patients than this are not read one after the other: the cursor has to hold a place for each. */
const MOST_PATIENTS = 100;
/** Of a work list no less is read at a time, since policy and other criteria leave some of it out. */
const LEAST_LISTED = 20;

const isToken = (wanted: Wanted): wanted is Extract<Wanted, { kind: 'token' }> => wanted.kind === 'token';
const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** Every alternative, if each has what is asked for. */
const every = <T>(values: readonly Wanted[], take: (wanted: Wanted) => T | undefined): T[] | undefined => {
  const taken = values.flatMap((value) => take(value) ?? []);
  return taken.length === values.length ? taken : undefined;
};

const idsIn = ({ criteria }: Query): string[] | undefined => {
  const criterion = criteria.find(({ parameter, modifier }) => parameter.name === '_id' && modifier === undefined);
  return (
    criterion &&
    every(criterion.values, (value) => (isToken(value) && value.system === undefined ? value.code : undefined))
  );
};

const isCode = ({ parameter, modifier }: Criterion) => parameter.name === 'code' && modifier === undefined;

/** Keys of `byCode` that hold every Observation with one of the codes sought (index-entries.ts, PRIMARY_SYSTEMS). */
const codesIn = (type: string, criteria: readonly Criterion[]): string[] | undefined => {
  if (type !== 'Observation') return undefined;
  for (const { values } of criteria.filter(isCode)) {
    const codes = every(values, (value) =>
      isToken(value) && value.code && PRIMARY_SYSTEMS.includes(value.system ?? '')
        ? primaryCode(value.system!, value.code)
        : undefined,
    );
    if (codes) return distinct([...codes, SEVERAL_CODES]);
  }
  return undefined;
};

const isPatientPointer = (wanted: Wanted) =>
  wanted.kind === 'reference' && wanted.pointer.type === 'Patient' ? wanted.pointer.id : undefined;

const isPlacing = (type: string, { parameter, modifier }: Criterion): boolean =>
  parameter.kind === 'reference' &&
  (modifier === undefined || modifier === 'Patient') &&
  isKeptWithPatient(type, parameter.leaves);

const patientsIn = ({ type, types, criteria }: Query): string[] | undefined => {
  const all = type ? [type] : types;
  if (all.length === 0 || all.includes('Patient')) return undefined;
  for (const criterion of criteria) {
    if (!all.every((each) => isPlacing(each, criterion))) continue;
    const patients = every(criterion.values, isPatientPointer);
    if (patients) return distinct(patients);
  }
  return undefined;
};

/** All must be read before the answer is known. */
const isWhole = ({ total, countOnly }: Query): boolean => total === 'accurate' || total === 'estimate' || countOnly;

/** True when the store's own bounds leave little to filter, so that it need not read much more than is shown. */
const isMostlyMatching = (type: string | undefined, query: Query, patients: readonly string[]): boolean =>
  patients.length === 1 &&
  query.links.length === 0 &&
  query.criteria.every(
    (criterion) =>
      type !== undefined &&
      (isPlacing(type, criterion) || isMainDate(type, criterion) || (isCode(criterion) && codesIn(type, [criterion]))),
  );

const walkOver = (type: string | undefined, query: Query): Segment => ({
  from: 'walk',
  walk: { type, prune: type === undefined ? undefined : prune(type, query.criteria) },
});

const NOT_WITH_PATIENT: Issue = {
  severity: 'information',
  code: 'incomplete',
  diagnostics: `${NEVER_WITH_PATIENT.join(' and ')} are left out of a compartment search over all types; name them with _type`,
};

const isNewestFirst = ({ type, sort }: Query): boolean =>
  type !== undefined && sort.length === 1 && sort[0]!.descending && sort[0]!.parameter.name === mainDate(type);

const patientPlan = (query: Query, patients: readonly string[]): Plan => {
  const isMany = patients.length > MOST_MERGED;
  const isByDate = isNewestFirst(query) && !isWhole(query) && !isMany;
  const all = query.type ? [query.type] : query.types.length > 0 ? query.types : [undefined];
  const types = all.filter((type) => type === undefined || mayHavePatient(type));
  const walks = all.filter((type) => type !== undefined && NEVER_WITH_PATIENT.includes(type));
  const scans = types.flatMap((type): Scan[] => {
    if (!type) return [{ patient: '' }];
    const base = { patient: '', type, ...dateBounds(type, query.criteria), prune: prune(type, query.criteria) };
    const codes = codesIn(type, query.criteria) ?? [];
    return codes.length > 0 && codes.length * patients.length <= MOST_MERGED
      ? codes.map((code) => ({ ...base, code }))
      : [base];
  });
  const isPart = (isByDate || query.sort.length === 0) && !isWhole(query);
  const limit = isPart && isMostlyMatching(query.type, query, patients) ? query.count + 1 : undefined;
  const segments = patients.flatMap((patient, at) =>
    scans.map(
      (scan): Segment => ({
        from: 'scan',
        scan: { ...scan, patient, limit: scan.code === SEVERAL_CODES ? undefined : limit },
        before: patients.slice(0, at),
      }),
    ),
  );
  const isMerged =
    (isByDate && segments.length > 1) || (scans.length > 1 && scans.every(({ code }) => code !== undefined));
  return {
    segments: [...segments, ...walks.map((type) => walkOver(type, query))],
    isMerged,
    isByDate: isByDate && walks.length === 0,
    isBudgeted: isMany || walks.length > 0,
    query: all[0] === undefined ? { ...query, outcome: [...query.outcome, NOT_WITH_PATIENT] } : query,
  };
};

/** The work lists of those whom the search names. */
const listsPlan = (query: Query): Plan | undefined => {
  const found = workPlan(query);
  if (!found) return undefined;
  const isPart = query.sort.length === 0 && !isWhole(query);
  const limit = isPart ? Math.max(query.count + 1, LEAST_LISTED) : undefined;
  const { reads, rows } = found;
  return {
    segments: [
      ...reads.map(({ query: of, before }): Segment => ({ from: 'work', list: { query: { ...of, limit }, before } })),
      ...rows.map((_, at): Segment => ({ from: 'lookup', lookups: rows, at, type: query.type! })),
    ],
    isMerged: false,
    isByDate: false,
    isBudgeted: true,
    query,
  };
};

const walkPlan = (query: Query): Plan => {
  const types = query.type ? [query.type] : query.types.length > 0 ? query.types : [undefined];
  return {
    segments: types.map((type) => walkOver(type, query)),
    isMerged: false,
    isByDate: false,
    isBudgeted: true,
    query,
  };
};

/** An id that the server chose is no other resource's: nobody else can write one (storage.md). */
const isServerId = (id: string): boolean => /^[0-9a-v]{26}$/.test(id);
/** Bare ids that are looked up to see what they are of. */
const MOST_BARE = 300;

interface Bare {
  readonly id: string;
  readonly types: readonly string[];
}

const bareIds = ({ parameter, modifier, values }: Criterion): Bare[] => {
  if (parameter.kind !== 'reference' || modifier !== undefined) return [];
  const types = parameter.targets.length > 0 ? parameter.targets : RESOURCE_TYPES;
  return values.flatMap((value) =>
    value.kind === 'reference' && value.pointer.id !== undefined && value.pointer.type === undefined
      ? [{ id: value.pointer.id, types: isServerId(value.pointer.id) ? types.filter(isPatient) : types }]
      : [],
  );
};
const isPatient = (type: string): boolean => type === 'Patient';

/**
 * What bare ids are of: a Patient's if there is such a Patient, so that its partition is read and no other. One that is of resources
 * of several types, of those that the caller may see, is refused. https://hl7.org/fhir/R4/search.html#reference
 */
const withTypes = async (
  { resources, permit }: Pick<Planning, 'resources' | 'permit'>,
  query: Query,
): Promise<Query> => {
  const { type, criteria } = query;
  if (!type) return query;
  const asked = criteria.map(bareIds);
  const refs = asked.flat().flatMap(({ id, types }) => types.map((of) => ({ type: of, id })));
  if (refs.length === 0) return query;
  // Too many to look them all up: Patients decide where the search is read.
  const some = refs.length > MOST_BARE ? refs.filter((ref) => isPatient(ref.type)) : refs;
  const found = await resources.getMany(some);
  const there = new Map<string, Set<string>>();
  const patients = new Set<string>();
  for (const stored of found) {
    if (!stored || stored.deleted) continue;
    // Where to read is no answer: what is read there is decided upon one by one.
    if (stored.type === 'Patient') patients.add(stored.id);
    if (permit(stored)) there.set(stored.id, (there.get(stored.id) ?? new Set()).add(stored.type));
  }
  return {
    ...query,
    criteria: criteria.map((criterion, at) => {
      const { name } = criterion.parameter;
      if (asked[at]!.some(({ id, types }) => types.filter((of) => there.get(id)?.has(of)).length > 1))
        throw refuse(
          'invalid',
          `search parameter ${name}: an id is of resources of several types, expected [type]/[id]`,
        );
      return isPlacing(type, criterion)
        ? { ...criterion, values: criterion.values.map(ofPatient(patients)) }
        : criterion;
    }),
  };
};

const ofPatient =
  (patients: ReadonlySet<string>) =>
  (value: Wanted): Wanted => {
    const { id, type } = value.kind === 'reference' ? value.pointer : {};
    return id !== undefined && type === undefined && patients.has(id)
      ? { kind: 'reference', pointer: { type: 'Patient', id } }
      : value;
  };

/** Patients whose partitions hold a compartment: the one it is, or the one whose encounter it is. */
const compartmentPatients = async (
  resources: Pick<Resources, 'get'>,
  { compartment }: Query,
): Promise<string[] | undefined> => {
  if (compartment?.type === 'Patient') return [compartment.id, ...(compartment.also ?? [])];
  if (compartment?.type !== 'Encounter') return undefined;
  const encounter = await resources.get('Encounter', compartment.id);
  if (!encounter || encounter.deleted) return undefined;
  const patients = patientsOf(encounter.resource());
  return patients.length > 0 ? patients : undefined;
};

type Planning = Proposing & {
  readonly resources: Pick<Resources, 'get'>;
  /** Whether something is there must be known for sure: no index that trails the writes is read. */
  readonly isSure?: boolean;
};

/** A List may name more than is read for one search. */
const MOST_LISTED = 5_000;

/** What is known by its id: `_id`, `_list`. */
const refsIn = async (planning: Planning, asked: Query, types: readonly string[]): Promise<Plan['refs']> => {
  const ids = idsIn(asked);
  if (ids && types.length > 0) return types.flatMap((type) => distinct(ids).map((id) => ({ type, id })));
  const refs = await listed(planning, asked, types);
  if (refs && refs.length > MOST_LISTED)
    throw refuse('tooCostly', `search parameter _list: names more than ${MOST_LISTED} resources`);
  return refs;
};

export const plan = async (planning: Planning, asked: Query): Promise<Plan> => {
  const { resources } = planning;
  const refs = await refsIn(planning, asked, asked.type ? [asked.type] : asked.types);
  if (refs) return { refs, segments: [], isMerged: false, isByDate: false, isBudgeted: false, query: asked };
  const query = await withTypes(planning, asked);
  // What the query names itself comes first; chains are looked up only where nothing else bounds the search.
  const own = (await compartmentPatients(resources, query)) ?? patientsIn(query);
  if (own && own.length <= MOST_PATIENTS) return patientPlan(query, own);
  const lookups = query.type && lookupsFor(query.type, query.criteria);
  if (lookups) {
    const segments = lookups.map((_, at): Segment => ({ from: 'lookup', lookups, at, type: query.type! }));
    return { segments, isMerged: false, isByDate: false, isBudgeted: true, query };
  }
  const lists = planning.isSure ? undefined : listsPlan(query);
  if (lists) return lists;
  const proposed = own ? query : await withProposals(planning, query);
  const patients = patientsIn(proposed);
  return patients && patients.length <= MOST_PATIENTS ? patientPlan(proposed, patients) : walkPlan(proposed);
};
