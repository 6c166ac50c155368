import type { Resource } from '../../fhir/types.ts';
import { indexEntries, placement } from '../../search/index-entries.ts';
import type { IndexEntries, Placement } from '../../storage/port.ts';
import { isObject } from './body.ts';

// Where a resource goes. search/index-entries.ts says it for all types by their compartments; a Binary has none, but its
// securityContext may name the patient whose it is: https://hl7.org/fhir/R4/binary-definitions.html#Binary.securityContext

export const placingOf = (resource: Resource): Placement => withSecurityContext(resource, placement(resource));

export const indexOf = (resource: Resource): IndexEntries => withSecurityContext(resource, indexEntries(resource));

const withSecurityContext = <T extends Placement>({ resourceType, securityContext }: Resource, place: T): T => {
  if (resourceType !== 'Binary' || !isObject(securityContext)) return place;
  const [, patient] = /^Patient\/([A-Za-z0-9\-.]{1,64})$/.exec(String(securityContext.reference)) ?? [];
  return patient === undefined ? place : { ...place, patient };
};
