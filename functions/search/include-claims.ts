// What the CapabilityStatement says about `_include` and `_revinclude` of each type.
// https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.searchInclude
import { RESOURCE_TYPES } from '../fhir/resource-types.ts';
import { targetsOf } from './chain-parse.ts';
import { referenceParameters } from './include.ts';

let referrers: Map<string, string[]> | undefined;

/** By target type, the parameters that may point at it. Those that may point at anything are claimed for every type. */
const referrersOf = (type: string): string[] => {
  if (!referrers) {
    referrers = new Map();
    for (const source of RESOURCE_TYPES)
      for (const parameter of referenceParameters(source)) {
        const targets = targetsOf(parameter);
        for (const target of targets.length > 0 ? targets : RESOURCE_TYPES)
          referrers.set(target, [...(referrers.get(target) ?? []), `${source}:${parameter.name}`]);
      }
  }
  return referrers.get(type) ?? [];
};

export const includesOf = (type: string): { searchInclude?: string[]; searchRevInclude?: string[] } => {
  const own = referenceParameters(type).map(({ name }) => `${type}:${name}`);
  const others = referrersOf(type);
  return {
    searchInclude: ['*', `${type}:*`, ...own],
    ...(others.length > 0 && { searchRevInclude: others }),
  };
};
