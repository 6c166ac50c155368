// A person is often a patient of several facilities. A search that names one of a person's Patients covers all of them (design section
// 5, `_linked`): each record is still decided on by itself.
import type { Actor } from '../consent/actor.ts';
import type { Resources, Stored } from '../storage/port.ts';
import { isKeptWithPatient } from './compartments.ts';
import type { Criterion, Query, Wanted } from './query.ts';

/** Patients that the search names, each with the others of the same person. */
export type LinkedPatients = Readonly<Record<string, readonly string[]>>;

/** Staff and residents ask about people, systems about the records that they exchange. */
export const isLinkedByDefault = ({ kind }: Pick<Actor, 'kind'>): boolean => kind !== 'system';

interface Asking {
  readonly resources: Pick<Resources, 'heads' | 'getMany'>;
  readonly permit: (stored: Stored) => boolean;
}

const isPatients = (query: Query, { parameter, modifier }: Criterion): boolean => {
  const types = query.type ? [query.type] : query.types;
  return (
    types.length > 0 &&
    !types.includes('Patient') &&
    parameter.kind === 'reference' &&
    (modifier === undefined || modifier === 'Patient') &&
    types.every((type) => isKeptWithPatient(type, parameter.leaves))
  );
};

/** Id of a Patient that a value names; a bare id may be one. */
const patientIn = (wanted: Wanted): string | undefined =>
  wanted.kind === 'reference' && (wanted.pointer.type ?? 'Patient') === 'Patient' ? wanted.pointer.id : undefined;

export const namedPatients = (query: Query): string[] => {
  const { compartment, criteria } = query;
  const inCriteria = criteria
    .filter((criterion) => isPatients(query, criterion))
    .flatMap(({ values }) => values.flatMap((value) => patientIn(value) ?? []));
  return [...new Set(compartment?.type === 'Patient' ? [compartment.id, ...inCriteria] : inCriteria)];
};

/** More than this are named by no one who looks at a person. */
const MOST_NAMED = 20;

/** Whom a Patient is linked to is told only to who may see that Patient. */
export const linkedPatients = async (asking: Asking, ids: readonly string[]): Promise<LinkedPatients> => {
  if (ids.length === 0 || ids.length > MOST_NAMED) return {};
  const { resources, permit } = asking;
  const heads = await resources.heads(ids);
  const others = ids.map((id, at) => (heads[at]?.linked ?? []).filter((other) => other !== id));
  const linked = ids.filter((_, at) => others[at]!.length > 0);
  if (linked.length === 0) return {};
  const patients = await resources.getMany(linked.map((id) => ({ type: 'Patient', id })));
  const seen = linked.filter((_, at) => {
    const patient = patients[at];
    return patient !== undefined && !patient.deleted && permit(patient);
  });
  return Object.fromEntries(seen.map((id) => [id, others[ids.indexOf(id)]!]));
};

/** The search as if it had named all of them. */
export const withLinked = (query: Query, linked: LinkedPatients): Query => {
  if (Object.keys(linked).length === 0) return query;
  const { compartment } = query;
  const also = compartment?.type === 'Patient' ? linked[compartment.id] : undefined;
  return {
    ...query,
    ...(compartment && also && { compartment: { ...compartment, also } }),
    criteria: query.criteria.map((criterion) =>
      isPatients(query, criterion)
        ? { ...criterion, values: criterion.values.flatMap((value) => all(value, linked)) }
        : criterion,
    ),
  };
};

const all = (value: Wanted, linked: LinkedPatients): Wanted[] => [
  value,
  ...(linked[patientIn(value) ?? ''] ?? []).map(
    (id): Wanted => ({ kind: 'reference', pointer: { type: 'Patient', id } }),
  ),
];
