// Where the resources are kept that point at a resource, and reading them: for `_has` and `_revinclude`.
import type { Resource } from '../fhir/types.ts';
import type { Resources, Stored, Walk } from '../storage/port.ts';
import { isKeptWithPatient, mayHavePatient, NEVER_WITH_PATIENT, patientsOf } from './compartments.ts';
import { pointers } from './extract.ts';
import type { Parameter } from './parameters.ts';
import type { Budget } from './source.ts';

/** At most this many reads side by side. */
const SIDE_BY_SIDE = 16;

/** A run of the store that holds referrers. */
export type Run =
  | { readonly in: 'patient'; readonly patient: string }
  /** What is kept with no patient: Provenance, say, that names a result but not whose it is. */
  | { readonly in: 'registry' }
  | { readonly in: 'all' };

/** Patients with whom a resource is kept; a Patient's own id. */
export const keptWith = (resource: Resource): readonly string[] =>
  resource.resourceType === 'Patient' && resource.id ? [resource.id] : patientsOf(resource);

/**
 * Where resources of a type may be that point at `resource` by `parameter`. What points into a patient's chart is kept with the same
 * patient, or with none; that it were kept with another patient is not looked for (docs/search.md).
 */
export const runsFor = (type: string, parameter: Parameter, resource: Resource): readonly Run[] => {
  const patients = keptWith(resource);
  if (NEVER_WITH_PATIENT.includes(type) || !mayHavePatient(type)) return [{ in: 'registry' }];
  if (patients.length === 0) return [{ in: 'all' }];
  const own = patients.map((patient): Run => ({ in: 'patient', patient }));
  if (resource.resourceType !== 'Patient') return [...own, { in: 'registry' }];
  return isKeptWithPatient(type, parameter.leaves) ? own : [{ in: 'all' }];
};

export const runKey = (type: string, run: Run): string =>
  `${type} ${run.in} ${run.in === 'patient' ? run.patient : ''}`;

type Store = Pick<Resources, 'scan' | 'walk'>;

/** All of a type in a run, a page at a time. `isWhole` is asked when it ends: false, when the budget ended first. */
export const readRun = async (
  store: Store,
  type: string | undefined,
  run: Run,
  prune: Walk['prune'],
  budget: Pick<Budget, 'take'>,
  each: (page: readonly Stored[]) => Promise<boolean> | boolean,
): Promise<{ isWhole: boolean }> => {
  let after: string | undefined;
  do {
    if (run.in !== 'patient' && !budget.take()) return { isWhole: false };
    const page =
      run.in === 'patient'
        ? await store.scan({ patient: run.patient, type, prune, after })
        : await store.walk({ type, prune, after, ...(run.in === 'registry' && { isRegistry: true }) });
    if (!(await each(page.items.filter(({ deleted }) => !deleted)))) return { isWhole: false };
    after = page.next;
  } while (after !== undefined);
  return { isWhole: true };
};

/** `Type/id` of all that a resource points at by a parameter. */
export const pointsTo = (parameter: Parameter, resource: Resource): string[] =>
  pointers(parameter, resource, resource).flatMap(({ type, id }) => (type && id ? [`${type}/${id}`] : []));

/** Runs tasks a few at a time. */
export const sideBySide = async <T>(all: readonly T[], task: (one: T) => Promise<void>): Promise<void> => {
  let at = 0;
  const next = async (): Promise<void> => {
    while (at < all.length) await task(all[at++]!);
  };
  await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, all.length) }, next));
};
