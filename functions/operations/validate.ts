import { operationOutcome, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { validate } from '../fhir/validate.ts';
import type { FhirRequest, Interaction } from '../interactions/contract.ts';
import { parseType } from '../interactions/ids.ts';
import { isObject, readJson } from '../interactions/write/body.ts';
import { canonicalise } from '../terminology/systems.ts';

/**
 * Says what a write would say, and writes nothing. The answer is 200 whether the resource is valid or not.
 * https://hl7.org/fhir/R4/resource-operation-validate.html
 */
export const validateOperation: Interaction = async (_context, request) => {
  const type = parseType(request.path[0]!);
  const issues = validate(canonicalise(resourceIn(request)), { type });
  const ok = { severity: 'information', code: 'informational', diagnostics: 'no fault was found' } as const;
  return { status: 200, resource: operationOutcome(issues.length > 0 ? issues : [ok]) };
};

/** The resource itself, or Parameters with a parameter `resource`. */
const resourceIn = (request: FhirRequest): Resource => {
  const body: unknown = readJson(request);
  const found =
    isObject(body) && body.resourceType === 'Parameters' && Array.isArray(body.parameter)
      ? body.parameter.filter(isObject).find(({ name }) => name === 'resource')?.resource
      : body;
  if (!isObject(found))
    throw refuse('malformed', 'the body must be a resource, or Parameters with a parameter resource');
  return found as Resource;
};
