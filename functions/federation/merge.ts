// Pages of several communities as one: in one order, each entry with its origin, the same source resource once.
import type { Resource } from '../fhir/types.ts';
import { clinicalSpan } from '../search/placement.ts';
import type { SortKey } from '../search/query.ts';
import { compareRanks, type Rank, rankOf } from '../search/sort.ts';
import type { Stored } from '../storage/port.ts';
import { urnOf } from './assertion.ts';
import type { Entry } from './peer-bundle.ts';

/** Where in a community's pages one is: the cursor of the page (absent: the first), and how many of its matches were shown. */
export interface Place {
  readonly cursor?: string | undefined;
  readonly skip: number;
}

export interface Source {
  /** OID. */
  readonly community: string;
  readonly place: Place;
  readonly entries: readonly Entry[];
  readonly next: string | undefined;
}

export interface Shown extends Entry {
  readonly community: string;
  /** The resource with its origin, as JSON: written once, to be measured and to be sent. */
  readonly text: string;
}

export interface Merged {
  readonly shown: readonly Shown[];
  /** Where each is now; a community that is read to its end is not there. */
  readonly places: ReadonlyMap<string, Place>;
  /** Names of what was shown last: the next page leaves them out. */
  readonly last: readonly string[];
}

/**
 * What names a source resource wherever it is: a copy says in `meta.source` where it is from; a document has a number of its own in all
 * the world. Records that only look alike are shown both: two tests of one day are two tests.
 */
export const namesOf = (community: string, resource: Resource): string[] => {
  const { resourceType: type, id, meta, masterIdentifier, identifier } = resource;
  const [, from] = /^urn:oid:([0-9.]+)$/.exec(typeof meta?.source === 'string' ? meta.source : '') ?? [];
  const numbers = [masterIdentifier, ...(Array.isArray(identifier) ? identifier : [identifier])].flatMap((one) => {
    const { system, value } = (typeof one === 'object' && one !== null ? one : {}) as {
      system?: unknown;
      value?: unknown;
    };
    return system === 'urn:ietf:rfc:3986' && typeof value === 'string' ? [`${type}|${value}`] : [];
  });
  return [`${from ?? community}|${type}/${id}`, ...numbers];
};

const NEWEST_FIRST: readonly SortKey[] = [];

/** As the store keeps records: newest clinical date first; what has none by when it was written. */
const defaultRank = (resource: Resource, lastUpdated: number): Rank => {
  const low = clinicalSpan(resource)?.low;
  const time = low !== undefined && Number.isFinite(low) ? low : lastUpdated;
  return [-time, `${resource.resourceType}/${resource.id}`];
};

/** Where a record stands among those of a search. */
export const rankBy = (sort: readonly SortKey[], resource: Resource): Rank => {
  const { resourceType: type, id = '', meta } = resource;
  const lastUpdated = Date.parse(meta?.lastUpdated ?? '') || 0;
  if (sort.length === 0) return defaultRank(resource, lastUpdated);
  const stored = { type, id, lastUpdated, facility: '', resource: () => resource } as unknown as Stored;
  return rankOf(sort, stored, { facility: '' });
};

export interface MergeOptions {
  /** Undefined: one community after the other (`$everything`). */
  readonly sort: readonly SortKey[] | undefined;
  readonly count: number;
  readonly bytes: number;
  readonly left: readonly string[];
}

/** https://hl7.org/fhir/R4/resource-definitions.html#Meta.source: which community it came from. */
export const originOf = (community: string, resource: Resource): Resource => ({
  ...resource,
  meta: { ...resource.meta, source: urnOf(community) },
});

const shownFrom = (community: string, entry: Entry): Shown => ({
  ...entry,
  community,
  text: JSON.stringify(originOf(community, entry.resource)),
});

const MOST_LAST = 8;

export const merge = (sources: readonly Source[], { sort, count, bytes, left }: MergeOptions): Merged => {
  const open = sources.map((source) => {
    const matches = source.entries.filter(({ mode }) => mode === 'match');
    return { source, matches, ranks: new Map<number, Rank>(), at: source.place.skip };
  });
  const rankAt = (one: (typeof open)[number]): Rank => {
    const rank = one.ranks.get(one.at) ?? rankBy(sort ?? NEWEST_FIRST, one.matches[one.at]!.resource);
    one.ranks.set(one.at, rank);
    return rank;
  };
  const seen = new Set(left);
  const shown: Shown[] = [];
  const last: string[][] = [];
  let size = 0;
  while (shown.length < count && size < bytes) {
    // Whose page is used up and has another: what comes next is not known before that is read.
    const waits = open.some(({ at, matches, source }) => at >= matches.length && source.next !== undefined);
    const ready = open.filter(({ at, matches }) => at < matches.length);
    if (ready.length === 0 || (waits && sort !== undefined)) break;
    if (
      sort === undefined &&
      open.find(({ at, matches, source }) => at < matches.length || source.next !== undefined) !== ready[0]
    )
      break;
    const next =
      sort === undefined ? ready[0]! : ready.reduce((a, b) => (compareRanks(sort, rankAt(b), rankAt(a)) < 0 ? b : a));
    const entry = next.matches[next.at]!;
    next.at += 1;
    const names = namesOf(next.source.community, entry.resource);
    if (names.some((name) => seen.has(name))) continue;
    for (const name of names) seen.add(name);
    last.push(names);
    const one = shownFrom(next.source.community, entry);
    shown.push(one);
    size += one.text.length;
  }
  return { shown: [...shown, ...included(open, seen)], places: placesOf(open), last: last.flat().slice(-MOST_LAST) };
};

/** What comes with the matches of a page comes with the page that shows its first match. */
const included = (open: readonly { source: Source; at: number }[], seen: Set<string>): Shown[] =>
  open
    .filter(
      ({ source, at }) => source.place.skip === 0 && (at > 0 || source.entries.every(({ mode }) => mode === 'include')),
    )
    .flatMap(({ source }) =>
      source.entries
        .filter(({ mode, resource }) => {
          if (mode !== 'include') return false;
          const names = namesOf(source.community, resource);
          const isNew = !names.some((name) => seen.has(name));
          for (const name of names) seen.add(name);
          return isNew;
        })
        .map((entry) => shownFrom(source.community, entry)),
    );

const placesOf = (open: readonly { source: Source; matches: readonly Entry[]; at: number }[]): Map<string, Place> =>
  new Map(
    open.flatMap(({ source, matches, at }): [string, Place][] => {
      if (at < matches.length) return [[source.community, { cursor: source.place.cursor, skip: at }]];
      return source.next === undefined ? [] : [[source.community, { cursor: source.next, skip: 0 }]];
    }),
  );
