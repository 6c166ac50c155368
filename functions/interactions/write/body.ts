import { parseJson } from '../../fhir/json.ts';
import { FhirError, refuse } from '../../fhir/outcome.ts';
import type { Json, Resource } from '../../fhir/types.ts';
import { validate } from '../../fhir/validate.ts';
import { canonicalise } from '../../terminology/systems.ts';
import type { FhirRequest } from '../contract.ts';

/** The JSON that came, whatever it is. Entries of a batch arrive parsed. */
export const readJson = (request: FhirRequest): Json => {
  if (request.resource) return request.resource as unknown as Json;
  if (!request.body) throw refuse('malformed', 'the request needs a body');
  return parseJson(request.body);
};

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The resource in the body, of the type that the path names. Its elements are not looked at yet. */
export const readResource = (request: FhirRequest, type: string): Resource => {
  const json = readJson(request);
  if (!isObject(json)) throw refuse('malformed', 'the body must be one FHIR resource as a JSON object');
  assertType(json, type);
  return json;
};

export function assertType(json: Record<string, unknown>, type: string): asserts json is Resource {
  if (typeof json.resourceType !== 'string') throw refuse('malformed', 'the body has no resourceType', 'resourceType');
  if (json.resourceType !== type) {
    throw refuse('invalid', `the resourceType of the body must be that of the path, ${type}`, 'resourceType');
  }
}

/** Every fault at once; what is stored is valid R4, its systems canonical (in place). Hints and warnings come back for `Prefer: return=OperationOutcome`. */
export const assertValid = (resource: Resource, type: string, { conditional = false } = {}) => {
  const issues = validate(canonicalise(resource), { type, conditional });
  if (issues.some(({ severity }) => severity === 'error' || severity === 'fatal')) {
    throw new FhirError('invalid', issues);
  }
  return issues;
};
