// What identity keeps in `registry`, all of it owned by the region: Persons (https://hl7.org/fhir/R4/person.html) and, for each pair of
// Patients that was ever in question, what became of it (pairs.ts).

import type { Audit } from '../audit/port.ts';
import { REGION_OWNER } from '../consent/matrix.ts';
import { storedText } from '../fhir/json.ts';
import type { Resource } from '../fhir/types.ts';
import { indexEntries } from '../search/index-entries.ts';
import type { Draft, Lookup, Placement, Resources, Stored, Write } from '../storage/port.ts';
import { WriteRefused } from '../storage/write-refused.ts';

export interface IdentityServices {
  readonly resources: Resources;
  readonly audit: Audit;
  readonly clock: () => number;
  /** Consent over all records of a person, compiled for their heads (consent/head-writes.ts). `writes`: as if they were done. */
  readonly policyOver: (patients: readonly string[], writes?: readonly Write[]) => Promise<string | undefined>;
}

export const NOWHERE: Placement = { patient: undefined, otherPatients: [], date: undefined, spansDays: false };

interface Kept {
  readonly lookups?: readonly Lookup[];
  /** @default as search/data-class.ts has it */
  readonly dataClass?: string;
  /** @default the region */
  readonly facility?: string;
}

const draftOf = (resource: Resource, id: string, method: Draft['method'], kept: Kept): Draft => {
  const whole = { ...resource, id };
  const index = indexEntries(whole);
  return {
    type: resource.resourceType,
    id,
    text: storedText(whole),
    index: {
      ...index,
      lookups: [...index.lookups, ...(kept.lookups ?? [])],
      dataClass: kept.dataClass ?? index.dataClass,
    },
    facility: kept.facility ?? REGION_OWNER,
    method,
  };
};

export const creating = (resource: Resource, id: string, kept: Kept = {}): Write => ({
  kind: 'create',
  draft: draftOf(resource, id, 'POST', kept),
});

export const replacing = (previous: Stored, resource: Resource, kept: Kept = {}): Write => ({
  kind: 'replace',
  previous,
  draft: draftOf(resource, previous.id, 'PUT', kept),
});

const TRIES = 12;
const wait = (tries: number) =>
  new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(20 * 2 ** tries, 1000)));

/**
 * Two who decide on one person at the same time meet at its Person or its heads: the later one is refused, and decides anew with
 * what the other has written. Nothing is decided on what was read before.
 */
export const deciding = async <T>(decide: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await decide();
    } catch (error) {
      if (!(error instanceof WriteRefused) || tries === TRIES) throw error;
      await wait(tries);
    }
  }
};
