import { assertEnforceable } from '../consent/compile.ts';
import { FhirError, operationOutcome, refuse } from '../fhir/outcome.ts';
import type { Issue, Resource } from '../fhir/types.ts';
import { validate } from '../fhir/validate.ts';
import type { Context, FhirRequest, Interaction, Services } from '../interactions/contract.ts';
import { parseType } from '../interactions/ids.ts';
import { isObject, readJson } from '../interactions/write/body.ts';
import { profileIssues } from '../profiles/profiles.ts';
import { canonicalise } from '../terminology/systems.ts';

/**
 * Says what a write would say, and what could not be checked besides, and writes nothing. `profile` names a profile to hold the
 * resource against, whatever it claims. The answer is 200 whether the resource is valid or not.
 * https://hl7.org/fhir/R4/resource-operation-validate.html
 */
export const validateOperation =
  ({ profiles }: Pick<Services, 'profiles'>): Interaction =>
  async ({ consentDefault, actor }, request) => {
    const type = parseType(request.path[0]!);
    const { resource, profile } = asked(request);
    const issues = validate(canonicalise(resource), { type });
    // Profiles speak of what is R4; of anything else they would say nothing that helps.
    if (issues.length === 0) {
      const further = profiles
        ? await profiles.issues(resource, profile)
        : profileIssues(resource, { required: profile, verbose: true });
      issues.push(...further, ...unenforceable(resource, consentDefault, actor.kind === 'resident'));
    }
    const ok = { severity: 'information', code: 'informational', diagnostics: 'no fault was found' } as const;
    return { status: 200, resource: operationOutcome(issues.length > 0 ? issues : [ok]) };
  };

/** A Consent is also held to what can be enforced (consent/compile.ts). */
const unenforceable = (
  resource: Resource,
  consentDefault: Context['consentDefault'],
  isOwn: boolean,
): readonly Issue[] => {
  if (resource.resourceType !== 'Consent') return [];
  try {
    assertEnforceable(resource, consentDefault, isOwn);
    return [];
  } catch (error) {
    if (error instanceof FhirError) return error.issues;
    throw error;
  }
};

/** The resource itself, or Parameters with a parameter `resource`; profiles from there, or from the URL. */
const asked = (request: FhirRequest): { resource: Resource; profile: string[] } => {
  const body: unknown = readJson(request);
  const inUrl = request.params.filter(([name]) => name === 'profile').map(([, value]) => value);
  const parameters =
    isObject(body) && body.resourceType === 'Parameters' && Array.isArray(body.parameter)
      ? body.parameter.filter(isObject)
      : undefined;
  const found = parameters ? parameters.find(({ name }) => name === 'resource')?.resource : body;
  if (!isObject(found))
    throw refuse('malformed', 'the body must be a resource, or Parameters with a parameter resource');
  const inBody = (parameters ?? []).flatMap(({ name, valueUri, valueCanonical }) => {
    const profile = name === 'profile' ? (valueUri ?? valueCanonical) : undefined;
    return typeof profile === 'string' ? profile : [];
  });
  return { resource: found as Resource, profile: [...inUrl, ...inBody] };
};
