// What the CapabilityStatement says about `_include` and `_revinclude` of each type.
// https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.searchInclude
import { RESOURCE_TYPES } from '../fhir/resource-types.ts';
import { targetsOf } from './chain-parse.ts';
import { referenceParameters } from './include.ts';

/** By target type, the parameters whose definition names it. */
let referrers: Map<string, string[]> | undefined;
/** Parameters that may point at any type: said once, not 145 times. */
let anywhere: string[] = [];

const read = (): Map<string, string[]> => {
  if (referrers) return referrers;
  referrers = new Map();
  anywhere = [];
  for (const source of RESOURCE_TYPES)
    for (const parameter of referenceParameters(source)) {
      const name = `${source}:${parameter.name}`;
      const targets = targetsOf(parameter);
      if (targets.length === 0) anywhere.push(name);
      for (const target of targets) referrers.set(target, [...(referrers.get(target) ?? []), name]);
    }
  return referrers;
};

/** Reverse includes that every type answers: the `*` of each, besides what it lists by name. */
export const untypedReferrers = (): readonly string[] => {
  read();
  return anywhere;
};

export const includesOf = (type: string): { searchInclude: string[]; searchRevInclude: string[] } => ({
  searchInclude: ['*', `${type}:*`, ...referenceParameters(type).map(({ name }) => `${type}:${name}`)],
  searchRevInclude: ['*', ...(read().get(type) ?? [])],
});
