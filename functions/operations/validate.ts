import { assertEnforceable } from '../consent/compile.ts';
import { FhirError, notFound, operationOutcome, refuse } from '../fhir/outcome.ts';
import type { Issue, Resource } from '../fhir/types.ts';
import { validate } from '../fhir/validate.ts';
import type { Context, FhirRequest, Interaction, Services } from '../interactions/contract.ts';
import { parseId, parseType } from '../interactions/ids.ts';
import { assertReadable, assertWritable, permitter } from '../interactions/permit.ts';
import { isObject, readJson } from '../interactions/write/body.ts';
import { profileIssues } from '../profiles/profiles.ts';
import { canonicalise } from '../terminology/systems.ts';

/**
 * Says what a write would say, and what could not be checked besides, and writes nothing. `profile` names a profile to hold the
 * resource against, whatever it claims; `mode`, which write is meant, so that it is said whether the caller may do it. The answer is
 * 200 whether the resource is valid or not.
 * https://hl7.org/fhir/R4/resource-operation-validate.html
 */
export const validateOperation =
  ({ profiles, resources }: Pick<Services, 'profiles' | 'resources'>): Interaction =>
  async (context, request) => {
    const { consentDefault, actor } = context;
    const type = parseType(request.path[0]!);
    const { resource, profile, mode } = asked(request);
    const issues = [...(await refusedIn(mode, resources, context, request, resource))];
    if (!resource) return { status: 200, resource: operationOutcome(issues.length > 0 ? issues : [OK]) };
    issues.push(...validate(canonicalise(resource), { type }));
    // Profiles speak of what is R4; of anything else they would say nothing that helps.
    if (issues.length === 0) {
      const further = profiles
        ? await profiles.issues(resource, profile)
        : profileIssues(resource, { required: profile, verbose: true });
      issues.push(...further, ...unenforceable(resource, consentDefault, actor.kind === 'resident'));
    }
    return { status: 200, resource: operationOutcome(issues.length > 0 ? issues : [OK]) };
  };

const OK = { severity: 'information', code: 'informational', diagnostics: 'no fault was found' } as const;

/** https://hl7.org/fhir/R4/valueset-resource-validation-mode.html */
const MODES = ['create', 'update', 'delete', 'profile'] as const;
type Mode = (typeof MODES)[number];
const isMode = (text: string): text is Mode => (MODES as readonly string[]).includes(text);

/** What the write that `mode` names would be refused for, besides what the resource holds. */
const refusedIn = async (
  mode: Mode | undefined,
  resources: Services['resources'],
  context: Context,
  { path }: FhirRequest,
  resource: Resource | undefined,
): Promise<readonly Issue[]> => {
  const [type, id] = [path[0]!, path.length > 2 ? parseId(path[0]!, path[1]!) : undefined];
  const forbidden = (diagnostics: string): Issue => ({ severity: 'error', code: 'forbidden', diagnostics });
  if (mode === 'create') {
    try {
      assertWritable(context, type, 'create');
      return [];
    } catch (error) {
      if (error instanceof FhirError) return [forbidden(error.message)];
      throw error;
    }
  }
  if (mode !== 'update' && mode !== 'delete') return [];
  if (id === undefined) throw refuse('invalid', `mode ${mode} is asked of one resource: [type]/[id]/$validate`);
  const stored = await resources.get(type, id);
  const isThere = stored !== undefined && !stored.deleted;
  if (!isThere && mode === 'delete') throw notFound(`${type}/${id}`);
  if (isThere) assertReadable(resources, context, stored);
  const issues: Issue[] = [];
  if (isThere && !permitter(resources, context)(mode, stored).permit)
    issues.push(forbidden(`${type}/${id} may not be changed`));
  if (mode === 'update' && resource?.id !== id)
    issues.push({
      severity: 'error',
      code: 'invalid',
      diagnostics: 'the id is not that of the address',
      expression: [`${type}.id`],
    });
  return issues;
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

interface Asked {
  /** Left out where it is asked whether it may be deleted. */
  readonly resource: Resource | undefined;
  readonly profile: string[];
  readonly mode: Mode | undefined;
}

/** The resource itself, or Parameters with a parameter `resource`; profiles and the mode from there, or from the URL. */
const asked = (request: FhirRequest): Asked => {
  const inUrlMode = request.params.find(([name]) => name === 'mode')?.[1];
  const isEmpty = !request.resource && !request.body?.length;
  const body: unknown =
    isEmpty && inUrlMode === 'delete' ? { resourceType: 'Parameters', parameter: [] } : readJson(request);
  const inUrl = request.params.filter(([name]) => name === 'profile').map(([, value]) => value);
  const parameters =
    isObject(body) && body.resourceType === 'Parameters' && Array.isArray(body.parameter)
      ? body.parameter.filter(isObject)
      : undefined;
  const found = parameters ? parameters.find(({ name }) => name === 'resource')?.resource : body;
  const inBodyMode = parameters?.find(({ name }) => name === 'mode');
  const mode = inUrlMode ?? inBodyMode?.valueCode ?? inBodyMode?.valueString;
  if (mode !== undefined && (typeof mode !== 'string' || !isMode(mode)))
    throw refuse('invalid', `mode takes ${MODES.join(', ')}`);
  if (found !== undefined ? !isObject(found) : mode !== 'delete')
    throw refuse('malformed', 'the body must be a resource, or Parameters with a parameter resource');
  const inBody = (parameters ?? []).flatMap(({ name, valueUri, valueCanonical }) => {
    const profile = name === 'profile' ? (valueUri ?? valueCanonical) : undefined;
    return typeof profile === 'string' ? profile : [];
  });
  return { resource: found as Resource | undefined, profile: [...inUrl, ...inBody], mode };
};
