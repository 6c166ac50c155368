// R4 or not: https://hl7.org/fhir/R4/validation.html. Structure, cardinality, choices, primitives, required bindings, targets of
// references, contained resources, narratives and invariants, of the resource and of those in its entries.
import { isResourceType } from './resource-types.ts';
import type { Issue } from './types.ts';
import { Faults } from './validate/faults.ts';
import { isObject, Walk } from './validate/walk.ts';

/**
 * All that is wrong with a resource, each fault with its FHIRPath; empty: it is valid R4. At most 100 faults, and then one that
 * says that there are more. `type`: what the resource must be. `conditional`: it stands in a
 * transaction, so a reference may be conditional (`Practitioner?identifier=…`).
 */
export const validate = (
  resource: unknown,
  { type, conditional = false }: { type?: string; conditional?: boolean } = {},
): Issue[] => {
  const faults = new Faults();
  const named = isObject(resource) ? resource.resourceType : undefined;
  faults.enter(isResourceType(named) ? named : (type ?? 'Resource'));
  if (type !== undefined && isResourceType(named) && named !== type)
    faults.add('structure', `resourceType must be ${type} here`, 'resourceType');
  else new Walk(faults).resource(resource, conditional);
  return faults.issues;
};
