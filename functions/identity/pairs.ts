// What became of a pair of Patients that could be one person: a Linkage (https://hl7.org/fhir/R4/linkage.html) of the region, one for
// each pair, whose history says who decided what, when and on what grounds. Its class is nobody's in the role × data matrix: no
// client reads it over FHIR; the desk does, through its own routes.
import { createHash } from 'node:crypto';
import { REGION_OWNER } from '../consent/matrix.ts';
import type { Resource } from '../fhir/types.ts';
import type { Lookup, Resources, Stored, Write } from '../storage/port.ts';
import type { Comparison } from './matching/compare.ts';
import type { Undo } from './persons.ts';
import { creating, replacing } from './store.ts';

/**
 * `review`: people are asked. `linked`: joined, and `undo` says how to part them. `different`: two people, never to be asked or linked again.
 * `settled`: became one person by way of another pair. `duplicate`: one facility's, merged.
 */
export const STATES = ['review', 'linked', 'different', 'settled', 'duplicate'] as const;
export type State = (typeof STATES)[number];

export interface Ruling {
  readonly state: State;
  /** What agreed and what did not, as it was compared: no names, no dates. */
  readonly agreement?: Comparison | undefined;
  /** `sub` or client of who decided; the feed by its name. */
  readonly by: string;
  /** ISO instant. */
  readonly at: string;
  readonly reason?: string | undefined;
  readonly undo?: Undo | undefined;
  /** Linked by rule, and a record was changed since so that something speaks against it: people are asked. False: they have been. */
  readonly doubt?: boolean | undefined;
  /** A duplicate: versions of the two Patients before they were merged. */
  readonly before?: { readonly kept: number; readonly replaced: number } | undefined;
}

export interface Pair {
  readonly id: string;
  /** In order of their ids; a duplicate: kept, replaced. */
  readonly patients: readonly [string, string];
  readonly ruling: Ruling;
  readonly stored: Stored;
}

const RULING = 'urn:tsumugi:identity-ruling';

/** By the opaque keys of the partitions: nobody outside can tell the id, and take it first. */
export const pairId = ({ patientKey }: Pick<Resources, 'patientKey'>, a: string, b: string): string =>
  `pair-${createHash('sha256')
    .update([patientKey(a), patientKey(b)].sort().join('|'))
    .digest('hex')
    .slice(0, 40)}`;

export const QUEUE = 'Linkage.identity-review';
/** What the odds are best for comes first; then what waits longest. */
const queueSort = ({ agreement, at }: Ruling): string =>
  `${String(1000 - Math.round(agreement?.score ?? 0)).padStart(5, '0')}|${at}`;

/** Waits for people. */
export const isOpen = ({ state, doubt }: Ruling): boolean =>
  state === 'review' || (state === 'linked' && doubt === true);

const lookupsOf = (ruling: Ruling): Lookup[] =>
  isOpen(ruling) ? [{ bucket: 'work', key: QUEUE, sort: queueSort(ruling) }] : [];

const linkageOf = ([a, b]: readonly [string, string], ruling: Ruling): Resource => ({
  resourceType: 'Linkage',
  active: ruling.state === 'linked' || ruling.state === 'settled' || ruling.state === 'duplicate',
  extension: [{ url: RULING, valueString: JSON.stringify(ruling) }],
  item: [
    { type: 'source', resource: { reference: `Patient/${a}` } },
    { type: ruling.state === 'duplicate' ? 'historical' : 'alternate', resource: { reference: `Patient/${b}` } },
  ],
});

export const pairOf = (stored: Stored | undefined): Pair | undefined => {
  if (!stored || stored.deleted || stored.type !== 'Linkage' || stored.facility !== REGION_OWNER) return undefined;
  const { extension, item } = stored.resource() as unknown as {
    extension?: { url: string; valueString: string }[];
    item: { resource: { reference: string } }[];
  };
  const text = extension?.find(({ url }) => url === RULING)?.valueString;
  if (text === undefined) return undefined;
  const [a = '', b = ''] = item.map(({ resource }) => resource.reference.slice('Patient/'.length));
  return { id: stored.id, patients: [a, b], ruling: JSON.parse(text) as Ruling, stored };
};

export interface PairRow {
  readonly id: string;
  readonly patients: readonly [string, string];
  readonly pair: Pair | undefined;
  readonly stored: Stored | undefined;
}

/** What is known of these pairs, in one trip. */
export const readPairs = async (
  resources: Resources,
  pairs: readonly (readonly [string, string])[],
): Promise<PairRow[]> => {
  const rows = pairs.map(([a, b]) => ({
    id: pairId(resources, a, b),
    patients: (a < b ? [a, b] : [b, a]) as [string, string],
  }));
  const found = rows.length === 0 ? [] : await resources.getMany(rows.map(({ id }) => ({ type: 'Linkage', id })));
  return rows.map((row, at) => ({ ...row, stored: found[at], pair: pairOf(found[at]) }));
};

/** The next version of what is known of a pair. */
export const ruling = ({ id, patients, stored }: PairRow, next: Ruling, order = patients): Write => {
  const kept = { dataClass: 'identity', lookups: lookupsOf(next) };
  const linkage = linkageOf(order, next);
  return stored ? replacing(stored, linkage, kept) : creating(linkage, id, kept);
};

export const between = (a: readonly string[], b: readonly string[]): [string, string][] =>
  a.flatMap((one) => b.map((other): [string, string] => [one, other]));
