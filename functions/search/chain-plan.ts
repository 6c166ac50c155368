// What a chain over a patient reference is bounded by: `patient.identifier=…` names few patients, and their partitions hold every match.
// As any index it only proposes; chain.ts decides. https://hl7.org/fhir/R4/search.html#chaining
import type { Resources, Stored } from '../storage/port.ts';
import { listEntries } from './chain.ts';
import { isKeptWithPatient } from './compartments.ts';
import { parametersOf } from './parameters.ts';
import { lookupsFor } from './plan-lookups.ts';
import type { Criterion, Link, Query } from './query.ts';

/** More patients than this are too many to be read one by one. */
const MOST_PROPOSED = 1000;
const MOST_PAGES = 8;

export interface Proposing {
  readonly resources: Pick<Resources, 'getMany' | 'lookup'>;
  readonly permit: (stored: Stored) => boolean;
}

/** Ids of a type that surely hold all that match; undefined where nothing says so. */
const proposed = async ({ resources, permit }: Proposing, type: string, next: Link): Promise<string[] | undefined> => {
  if (next.kind === 'list')
    return (await listEntries({ resources, permit }, next.ids)).filter((ref) => ref.type === type).map(({ id }) => id);
  if (next.kind !== 'plain') return undefined;
  const { parameter, modifier, values } = next.criterion;
  if (parameter.name === '_id' && modifier === undefined)
    return values.flatMap((value) => (value.kind === 'token' && value.code ? [value.code] : []));
  const ids = new Set<string>();
  const rows = lookupsFor(type, [next.criterion]);
  if (!rows) return undefined;
  for (const row of rows) {
    let after: string | undefined;
    for (let page = 0; page === 0 || after !== undefined; page++) {
      if (page >= MOST_PAGES || ids.size > MOST_PROPOSED) return undefined;
      const found = await resources.lookup({ ...row, after });
      for (const each of found.rows) if (each.type === type) ids.add(each.id);
      after = found.next;
    }
  }
  return ids.size > MOST_PROPOSED ? undefined : [...ids];
};

/** A chain that starts at the patient whose records are searched, and leads to nothing else. */
const proposal = async (proposing: Proposing, types: readonly string[], link: Link): Promise<Criterion | undefined> => {
  if (link.kind !== 'chain') return undefined;
  const own = types.map((type) => parametersOf(type).get(link.name));
  const [parameter] = own;
  const [target, ...others] = link.targets;
  if (!parameter || others.length > 0 || target?.type !== 'Patient') return undefined;
  if (!types.every((type, i) => own[i] && isKeptWithPatient(type, own[i].leaves))) return undefined;
  const ids = await proposed(proposing, 'Patient', target.next);
  return (
    ids && {
      parameter,
      modifier: undefined,
      values: ids.map((id) => ({ kind: 'reference', pointer: { type: 'Patient', id } })),
    }
  );
};

/** The query with what its chains propose as further criteria, the most telling first. */
export const withProposals = async (proposing: Proposing, query: Query): Promise<Query> => {
  const { type, links, criteria } = query;
  const types = type ? [type] : query.types;
  if (links.length === 0 || query.compartment) return query;
  const found = await Promise.all(links.map((link) => proposal(proposing, types, link)));
  const proposals = found.filter((each) => each !== undefined).sort((a, b) => a.values.length - b.values.length);
  return { ...query, criteria: [...criteria, ...proposals] };
};

/** What the Lists of a search name, which is all that it can find. */
export const listed = async (
  proposing: Proposing,
  { links }: Query,
  types: readonly string[],
): Promise<{ type: string; id: string }[] | undefined> => {
  const list = links.find((link) => link.kind === 'list');
  if (!list) return undefined;
  const refs = await listEntries(proposing, list.ids);
  return refs.filter(({ type }) => types.length === 0 || types.includes(type));
};
