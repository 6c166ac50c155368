// Runs a plan: reads, asks the policy, matches exactly, orders and counts. Policy comes first: what the caller may not see is not
// matched, not sorted and not counted.
import { refuse } from '../fhir/outcome.ts';
import type { Resources, Stored } from '../storage/port.ts';
import { Links } from './chain.ts';
import { isAlwaysInCompartment, isInCompartment } from './compartments.ts';
import { matchesAll } from './match.ts';
import { parametersOf } from './parameters.ts';
import { clinicalSpan, placedAt, placedDate } from './placement.ts';
import type { Plan, Segment } from './plan.ts';
import type { Criterion, Query } from './query.ts';
import { compareRanks, isOpenStart, type Rank, rankOf } from './sort.ts';
import { Budget, MAX_PAGE_BYTES, OutOfBudget, type Place, type Prepare, Source, UNBOUNDED } from './source.ts';

/** What one request may read where nothing bounds a search: about 10 s and 20 pages of the store. */
export const WALK_PAGES = 20;
export const WALK_MS = 10_000;
/** More candidates than this are not sorted in memory. */
const MOST_SORTED = 5_000;

export interface Running {
  readonly resources: Pick<Resources, 'scan' | 'walk' | 'lookup' | 'getMany' | 'workList'>;
  readonly clock: () => number;
  readonly permit: (stored: Stored) => boolean;
  /** Pages that a search without bounds may read. */
  readonly pages?: number;
  /** The query's conditions on other resources. */
  readonly links?: Links | undefined;
}

/** Where a search goes on. */
export interface Progress {
  /** A place for every segment. */
  readonly places?: readonly Place[] | undefined;
  /** Sorted searches: rank of the last match that was shown. */
  readonly last?: Rank | undefined;
  /** Matches on the pages before. */
  readonly shown: number;
}

export interface Found {
  readonly matches: Stored[];
  readonly next: Progress | undefined;
  /** The budget ended before the page was full. */
  readonly isStopped: boolean;
  /** Other resources that decide about matches could not all be read: there may be more matches, on no page. */
  readonly isIncomplete?: boolean;
  /** A chain was asked on the current version of something that is referred to in another. */
  readonly isOtherVersion?: boolean;
  readonly total: number | undefined;
}

/** Criteria as they read for one type, when a search goes over several. */
const criteriaFor = (query: Query): ((type: string) => readonly Criterion[]) => {
  if (query.type) return () => query.criteria;
  const known = new Map<string, readonly Criterion[]>();
  return (type) => {
    let found = known.get(type);
    if (!found) {
      found = query.criteria.map((criterion) => ({
        ...criterion,
        parameter: parametersOf(type).get(criterion.parameter.name) ?? criterion.parameter,
      }));
      known.set(type, found);
    }
    return found;
  };
};

/** @returns whether a stored resource is part of the answer, but for what other resources decide */
const ownFilter = (plan: Plan, { permit }: Running): ((stored: Stored) => boolean) => {
  const { query } = plan;
  const criteria = criteriaFor(query);
  const isAsked = (type: string) =>
    query.type ? type === query.type : query.types.length === 0 || query.types.includes(type);
  const { compartment } = query;
  const owners = compartment ? [compartment, ...(compartment.also ?? []).map((id) => ({ ...compartment, id }))] : [];
  const isPartition =
    compartment?.type === 'Patient' &&
    plan.segments.length > 0 &&
    plan.segments.every((segment) => segment.from === 'scan' && owners.some(({ id }) => id === segment.scan.patient));
  const isSurelyWithin = (type: string) => !compartment || (isPartition && isAlwaysInCompartment(type));
  return (stored) => {
    if (stored.deleted || !isAsked(stored.type) || !permit(stored)) return false;
    const own = criteria(stored.type);
    const isWithin = isSurelyWithin(stored.type);
    if (own.length === 0 && isWithin) return true; // nothing to read the resource for
    const resource = stored.resource();
    return (
      (isWithin || owners.some((owner) => isInCompartment(owner, resource))) &&
      matchesAll(own, resource, { facility: stored.facility })
    );
  };
};

interface Filter {
  readonly isMatch: (stored: Stored) => boolean;
  /** Must have seen what `isMatch` is asked about. */
  readonly prepare?: Prepare;
}

const filter = (plan: Plan, running: Running): Filter => {
  const isMatch = ownFilter(plan, running);
  const { links } = running;
  if (!links) return { isMatch };
  return {
    isMatch: (stored) => isMatch(stored) && links.holds(stored),
    prepare: (page) => links.decide(page.filter(isMatch)),
  };
};

/** The sources in order, or merged newest first. */
async function* inOrder(sources: readonly Source[], isMerged: boolean): AsyncGenerator<Stored> {
  if (!isMerged) {
    for (const source of sources)
      for (let stored = await source.peek(); stored; stored = await source.peek()) {
        source.take();
        yield stored;
      }
    return;
  }
  for (;;) {
    const heads = await Promise.all(sources.map((source) => source.peek()));
    let newest = -1;
    let time = Number.NEGATIVE_INFINITY;
    for (const [i, head] of heads.entries()) {
      if (!head) continue;
      const start = heads.filter(Boolean).length === 1 ? 0 : timeOf(head);
      if (newest < 0 || start > time) [newest, time] = [i, start];
    }
    if (newest < 0) return;
    sources[newest]!.take();
    yield heads[newest]!;
  }
}

const timeOf = (stored: Stored): number => clinicalSpan(stored.resource())?.low ?? stored.lastUpdated;

const bytesOf = (stored: Stored) => Buffer.byteLength(stored.text());

/** Gathers a page from matches that come one by one; true when it is full and `stored` belongs to the next. */
class Page {
  readonly matches: Stored[] = [];
  private bytes = 0;
  private readonly count: number;
  private readonly mostBytes: number;

  constructor({ count, includes }: Pick<Query, 'count' | 'includes'>) {
    this.count = count;
    this.mostBytes = includes.length > 0 ? MAX_PAGE_BYTES / 2 : MAX_PAGE_BYTES;
  }

  isFullFor(stored: Stored): boolean {
    if (this.matches.length >= this.count) return true;
    const bytes = bytesOf(stored);
    if (this.matches.length > 0 && this.bytes + bytes > this.mostBytes) return true;
    this.bytes += bytes;
    return false;
  }
}

const sourcesOf = (plan: Plan, running: Running, places: readonly Place[] | undefined, prepare?: Prepare) => {
  const budget = plan.isBudgeted ? budgetOf(running) : UNBOUNDED;
  return plan.segments.map((segment, i) => new Source(running.resources, segment, places?.[i] ?? {}, budget, prepare));
};

/** All that match; undefined when the budget did not suffice. */
const gather = async (plan: Plan, running: Running): Promise<Stored[] | undefined> => {
  const { isMatch, prepare } = filter(plan, running);
  if (plan.refs) {
    const found = await running.resources.getMany(plan.refs);
    const present = found.filter((stored) => stored !== undefined);
    await prepare?.(present);
    return present.filter(isMatch);
  }
  const matches: Stored[] = [];
  try {
    for await (const stored of inOrder(sourcesOf(plan, running, undefined, prepare), false))
      if (isMatch(stored)) matches.push(stored);
  } catch (error) {
    if (error instanceof OutOfBudget) return undefined;
    throw error;
  }
  return matches;
};

const sorted = async (plan: Plan, running: Running, progress: Progress): Promise<Found> => {
  const { query } = plan;
  const all = await gather(plan, running);
  if (!all || (plan.isBudgeted && all.length > MOST_SORTED))
    throw refuse(
      'notSupported',
      'search parameter _sort: this search reads too much to be sorted; name the patient, or leave _sort out',
    );
  const ranked = all.map((stored) => ({ stored, rank: rankOf(query.sort, stored, { facility: stored.facility }) }));
  return cut(ranked, plan, progress, true);
};

interface Ranked {
  readonly stored: Stored;
  readonly rank: Rank;
}

const cut = (ranked: Ranked[], { query }: Plan, progress: Progress, isAll: boolean): Found => {
  ranked.sort((a, b) => compareRanks(query.sort, a.rank, b.rank));
  const { last } = progress;
  const rest = last ? ranked.filter(({ rank }) => compareRanks(query.sort, rank, last) > 0) : ranked;
  const page = new Page(query);
  for (const { stored } of rest) {
    if (page.isFullFor(stored)) break;
    page.matches.push(stored);
  }
  const shown = progress.shown + page.matches.length;
  const isEnd = isAll && page.matches.length === rest.length;
  return {
    matches: page.matches,
    next: isEnd ? undefined : { last: rest[page.matches.length - 1]?.rank ?? last, shown },
    isStopped: false,
    total: isAll ? ranked.length : undefined,
  };
};

/** From a segment that is kept newest first: what was kept at `second` or before. */
const until = (segment: Segment, second: number): Segment =>
  segment.from === 'scan'
    ? { ...segment, scan: { ...segment.scan, to: Math.min(segment.scan.to ?? Number.POSITIVE_INFINITY, second) } }
    : segment;

/**
 * `_sort` by the main date, newest first: read in the store's order until a page is full, then ordered to the millisecond. What has no
 * date, or only an end, is kept elsewhere than it is sorted, so the last pages are made from all of it.
 */
const newestFirst = async (plan: Plan, running: Running, progress: Progress): Promise<Found> => {
  const { query } = plan;
  const { last } = progress;
  const start = last?.[0];
  if (last && (typeof start !== 'number' || isOpenStart(last))) return sorted(plan, running, progress);

  const { isMatch, prepare } = filter(plan, running);
  const segments =
    typeof start === 'number' ? plan.segments.map((segment) => until(segment, placedAt(start))) : plan.segments;
  const ranked: Ranked[] = [];
  let found = 0;
  let latest: Stored | undefined;
  for await (const stored of inOrder(sourcesOf({ ...plan, segments }, running, undefined, prepare), plan.isMerged)) {
    // All of the second of the last match is read, since the store orders by seconds.
    if (latest && found > query.count && keptAt(stored) < keptAt(latest))
      return cut(ranked.filter(isInPlace), plan, progress, false);
    if (!isMatch(stored)) continue;
    const rank = rankOf(query.sort, stored, { facility: stored.facility });
    ranked.push({ stored, rank });
    if (!isInPlace({ rank }) || (last && compareRanks(query.sort, rank, last) <= 0)) continue;
    found++;
    latest = stored;
  }
  return last ? sorted(plan, running, progress) : cut(ranked, plan, progress, true);
};

const isInPlace = ({ rank }: Pick<Ranked, 'rank'>): boolean => rank[0] !== null && !isOpenStart(rank);
/** What has no main date is passed by: its place says nothing about the order. */
const keptAt = (stored: Stored): number => placedDate(stored.resource()).date ?? Number.POSITIVE_INFINITY;

const streamed = async (plan: Plan, running: Running, progress: Progress): Promise<Found> => {
  const { query } = plan;
  const { isMatch, prepare } = filter(plan, running);
  const sources = sourcesOf(plan, running, progress.places, prepare);
  const page = new Page(query);
  let places = sources.map(({ place }) => place);
  const goesOn = (isStopped: boolean): Found => ({
    matches: page.matches,
    next: { places, shown: progress.shown + page.matches.length },
    isStopped,
    total: undefined,
  });
  try {
    for await (const stored of inOrder(sources, plan.isMerged)) {
      if (isMatch(stored)) {
        if (page.isFullFor(stored)) return goesOn(false);
        page.matches.push(stored);
      }
      places = sources.map(({ place }) => place);
    }
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    places = sources.map(({ place }) => place);
    return goesOn(true);
  }
  return { matches: page.matches, next: undefined, isStopped: false, total: progress.shown + page.matches.length };
};

/** Counts without showing: what has been counted is carried from page to page until the end is reached. */
const counted = async (plan: Plan, running: Running, progress: Progress): Promise<Found> => {
  const all: Plan = { ...plan, query: { ...plan.query, count: Number.POSITIVE_INFINITY } };
  if (plan.refs || !plan.isBudgeted) {
    const matches = await gather(all, running);
    return { matches: [], next: undefined, isStopped: false, total: matches?.length };
  }
  const { isMatch, prepare } = filter(plan, running);
  const sources = sourcesOf(plan, running, progress.places, prepare);
  let { shown } = progress;
  try {
    for await (const stored of inOrder(sources, false)) if (isMatch(stored)) shown++;
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return {
      matches: [],
      next: { places: sources.map(({ place }) => place), shown },
      isStopped: true,
      total: undefined,
    };
  }
  return { matches: [], next: undefined, isStopped: false, total: shown };
};

/** `_total=accurate`: all is read once more where the page alone does not tell. */
const withTotal = async (found: Found, plan: Plan, running: Running): Promise<Found> => {
  const isWanted = plan.query.total === 'accurate' || plan.query.total === 'estimate';
  if (plan.query.total === 'none') return { ...found, total: undefined };
  if (!isWanted || found.total !== undefined || plan.isBudgeted) return found;
  return { ...found, total: (await gather(plan, running))?.length };
};

/** The budget of one request, for what no patient bounds. */
export const budgetOf = ({ pages, clock }: Pick<Running, 'pages' | 'clock'>): Budget =>
  new Budget(pages ?? WALK_PAGES, WALK_MS, clock);

export const run = async (plan: Plan, asked: Running, progress: Progress): Promise<Found> => {
  const { query } = plan;
  const { resources, permit } = asked;
  const links =
    query.links.length > 0 ? new Links({ resources, permit, budget: budgetOf(asked) }, query.links) : undefined;
  const running = { ...asked, links };
  if (query.countOnly) return whole(await counted(plan, running, progress), links);
  const isSorted = plan.refs !== undefined || query.sort.length > 0;
  const found = await (plan.isByDate ? newestFirst : isSorted ? sorted : streamed)(plan, running, progress);
  return whole(await withTotal(found, plan, running), links);
};

/** No total is said where something was not read. */
const whole = (found: Found, links: Links | undefined): Found => ({
  ...found,
  ...(links?.isOtherVersion && { isOtherVersion: true }),
  ...(links?.isIncomplete && { isIncomplete: true, total: undefined }),
});
