// Reading and writing the resources of an enrolment: Persons, the region's Patients, proxies. Everything is owned by the region.
import { REGION_OWNER } from '../consent/matrix.ts';
import { storedText } from '../fhir/json.ts';
import { notFound, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { indexEntries } from '../search/index-entries.ts';
import type { Lookup, Placement, Resources, Stored, Write } from '../storage/port.ts';
import { WriteRefused } from '../storage/write-refused.ts';
import { canonicalise } from '../terminology/systems.ts';
import { type Enrolment, enrolmentOf, type Person } from './person.ts';

const NOWHERE: Placement = { patient: undefined, otherPatients: [], date: undefined, spansDays: false };

/** With a seed, two desks that enrol the same person at once meet in the same id. */
export const newPatientId = (resources: Resources, seed: string | undefined): string =>
  resources.allocate('Patient', NOWHERE, seed && `enrolment|${seed}`);

/** The Person of one of the region's Patients is named after it, so that it is found without a look-up. */
export const personIdOf = (resources: Resources, patient: string): string =>
  resources.allocate('Person', NOWHERE, `person-of|${patient}`);

/** An application waits under an id that the account's `sub` gives: one account, one application. */
export const applicationIdOf = (resources: Resources, sub: string): string =>
  resources.allocate('Person', NOWHERE, `application|${sub}`);

const draft = (resource: Resource, id: string, method: 'POST' | 'PUT', more: readonly Lookup[]) => {
  const whole = canonicalise({ ...resource, id });
  const index = indexEntries(whole);
  return {
    type: resource.resourceType,
    id,
    text: storedText(whole),
    index: { ...index, lookups: [...index.lookups, ...more] },
    facility: REGION_OWNER,
    method,
  };
};

/** @param more look-ups beside those that the resource's own elements give */
export const creating = (resource: Resource, id: string, more: readonly Lookup[] = []): Write => ({
  kind: 'create',
  draft: draft(resource, id, 'POST', more),
});

export const replacing = (previous: Stored, resource: Resource, more: readonly Lookup[] = []): Write => ({
  kind: 'replace',
  previous,
  draft: draft(resource, previous.id, 'PUT', more),
});

/** An id for something kept with a patient. */
export const allocate = (resources: Resources, resource: Resource): string =>
  resources.allocate(resource.resourceType, indexEntries(resource));

export interface Enrolled {
  readonly stored: Stored;
  readonly person: Person;
  readonly enrolment: Enrolment;
}

/** The Person, if it was ever enrolled or applied. */
export const findPerson = async (resources: Resources, id: string): Promise<Enrolled | undefined> => {
  const stored = await resources.get('Person', id);
  if (!stored || stored.deleted) return undefined;
  const person = stored.resource() as Person;
  const enrolment = enrolmentOf(person);
  return enrolment && { stored, person, enrolment };
};

export const needPerson = async (resources: Resources, id: string): Promise<Enrolled & { patient: string }> => {
  const found = await findPerson(resources, id);
  if (!found || found.enrolment.patient === undefined) throw notFound(`an enrolment of Person/${id}`);
  return { ...found, patient: found.enrolment.patient };
};

const TRIES = 4;

/** A change of what others change too (links, consents): made again when somebody was faster. */
export const committing = async <T>(
  resources: Resources,
  now: number,
  make: () => Promise<{ readonly writes: readonly Write[]; readonly value: T }>,
): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    const { writes, value } = await make();
    try {
      await resources.commit(writes, now);
      return value;
    } catch (error) {
      const again = error instanceof WriteRefused && error.reason !== 'exists' && attempt < TRIES;
      if (!again) throw error;
    }
  }
};

export const conflict = (diagnostics: string, expression?: string) => refuse('conflict', diagnostics, expression);
