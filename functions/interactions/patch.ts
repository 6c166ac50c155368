import { parseJson } from '../fhir/json.ts';
import { gone, notFound, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Stored } from '../storage/port.ts';
import { matches, onlyMatch } from './conditional.ts';
import type { Answer, Context, FhirRequest, Interaction, Services } from './contract.ts';
import { assertUnchanged, fhirBases, isConditional } from './headers.ts';
import { parseId, parseType } from './ids.ts';
import { mediaType } from './media-type.ts';
import { copyOf, isEqual } from './patch/copy.ts';
import { fhirPathPatch } from './patch/fhirpath-patch.ts';
import { jsonPatch } from './patch/json-patch.ts';
import { assertReadable, assertWritable, disclose } from './permit.ts';
import { writtenAnswer } from './write/answer.ts';
import { assertValid, isObject, readJson } from './write/body.ts';
import { commitOne, replaceWrite } from './write/draft.ts';
import { assertProfiles } from './write/meets-profiles.ts';
import { normaliseReferences } from './write/references.ts';

type Needs = Pick<Services, 'resources' | 'seal' | 'region' | 'clock' | 'profiles'>;

/** FHIR patch, JSON Patch or FHIRPath Patch by Content-Type: https://hl7.org/fhir/R4/http.html#patch */
export const patch =
  (services: Needs): Interaction =>
  async (context, request) => {
    const type = parseType(request.path[0]!);
    const id = parseId(type, request.path[1]!);
    assertWritable(context, type, 'update');
    const stored = await services.resources.get(type, id);
    if (!stored) throw notFound(`${type}/${id}`);
    return apply(services, context, request, stored);
  };

/** https://hl7.org/fhir/R4/http.html#3.1.0.6.1 */
export const conditionalPatch =
  (services: Needs): Interaction =>
  async (context, request) => {
    const type = parseType(request.path[0]!);
    assertWritable(context, type, 'update');
    const found = onlyMatch(type, await matches(services, context, type, request.params));
    if (!found) throw notFound(`a ${type} that meets the criteria`);
    return apply(services, context, request, found);
  };

const apply = async (services: Needs, context: Context, request: FhirRequest, previous: Stored): Promise<Answer> => {
  const { type, id } = previous;
  assertReadable(services.resources, context, previous);
  if (previous.deleted) throw gone(`${type}/${id}`);
  assertUnchanged(request.headers, previous, `${type}/${id}`);
  const resource = patched(previous, request);
  const issues = [...assertValid(resource, type), ...(await assertProfiles(services, resource))];
  normaliseReferences(resource, fhirBases(services.region));
  const write = replaceWrite(services, context, previous, { type, resource, method: 'PATCH' });
  const stored = write ? await commitOne(services, context, write, isConditional(request.headers)) : previous;
  disclose(context, 'U', stored);
  return writtenAnswer(services, request, 200, stored, issues);
};

/** The next state, still unchecked but for its identity. */
export const patched = (previous: Stored, request: FhirRequest): Resource => {
  const before = copyOf(previous.resource()) as Resource;
  const body = patchBody(request);
  const after = Array.isArray(body) ? jsonPatch(before, body) : fhirPathPatch(before, body);
  if (!isObject(after) || after.resourceType !== previous.type || after.id !== previous.id) {
    throw refuse('unprocessable', 'a patch may not change the resourceType or the id');
  }
  return withSafeNarrative(previous.resource(), after as Resource);
};

/**
 * A narrative that tells what the data no longer say is unsafe. One that was generated is dropped, unless the patch wrote it
 * anew; one that says more than the data is the author's to change. https://hl7.org/fhir/R4/http.html#patch
 */
const withSafeNarrative = (before: Resource, after: Resource): Resource => {
  if (after.text === undefined || !isEqual(before.text, after.text) || isEqual(before, after)) return after;
  const status = isObject(after.text) ? after.text.status : undefined;
  if (status !== 'generated' && status !== 'empty') {
    throw refuse(
      'unprocessable',
      'the patch must replace the narrative too, since it says more than the data',
      `${after.resourceType}.text`,
    );
  }
  const { text: _, ...rest } = after;
  return rest as Resource;
};

/** In a Bundle a JSON Patch comes as a Binary: https://hl7.org/fhir/R4/http.html#patch */
const patchBody = (request: FhirRequest): unknown => {
  const body = readJson(request);
  if (isObject(body) && body.resourceType === 'Binary') {
    if (mediaType(String(body.contentType)).type !== 'application/json-patch+json' || typeof body.data !== 'string') {
      throw refuse('unsupportedMedia', 'a Binary that patches must hold application/json-patch+json');
    }
    return parseJson(Buffer.from(body.data, 'base64'));
  }
  const isJsonPatch = mediaType(request.headers['content-type'] ?? '').type === 'application/json-patch+json';
  if (isJsonPatch !== Array.isArray(body))
    throw refuse('malformed', 'the patch is not of the form that Content-Type names');
  return body;
};
