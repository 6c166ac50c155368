import { createHash } from 'node:crypto';
import { parseJson } from '../fhir/json.ts';
import { notFound, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Stored } from '../storage/port.ts';
import type { Answer, Context, FhirRequest, Services } from './contract.ts';
import { versionHeaders } from './headers.ts';
import { JSON_TYPES, type MediaType, mediaType, quality } from './media-type.ts';
import { assertReadable } from './permit.ts';
import { param } from './query.ts';
import { subsetOf, subsetResource } from './subset.ts';
import { isObject } from './write/body.ts';

// Binary: https://hl7.org/fhir/R4/binary.html. The bytes lie in S3 under a name of ours; in the place of `data` the stored
// resource has an extension with that name.

const POINTER = 'urn:tsumugi:document';

/**
 * A request that carries the content itself rather than a Binary resource around it; "including when the content type is
 * application/fhir+json, except for the special case where the content is actually a Binary": https://hl7.org/fhir/R4/binary.html#rest
 */
export const isRawBinary = ({ path, headers, resource, body }: FhirRequest): boolean => {
  if (path[0] !== 'Binary' || resource) return false;
  if (!JSON_TYPES.has(mediaType(headers['content-type'] ?? '').type)) return true;
  if (!body) return false;
  const json = parseJson(body);
  return !isObject(json) || json.resourceType !== 'Binary';
};

/** `Content-Type` and `X-Security-Context` of a raw request become elements. */
export const rawBinary = ({ headers, body }: FhirRequest): Resource => {
  const { type } = mediaType(headers['content-type'] ?? '');
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(type)) throw refuse('unsupportedMedia', 'a Binary needs a Content-Type');
  const context = headers['x-security-context'];
  return {
    resourceType: 'Binary',
    contentType: headers['content-type'],
    ...(context && { securityContext: { reference: context } }),
    data: Buffer.from(body ?? []).toString('base64'),
  };
};

/** A pointer may only come from us: a client's would read somebody else's document. */
export const assertNoPointer = (resource: Resource): void => {
  if (JSON.stringify(resource._data ?? '').includes(POINTER)) {
    throw refuse('unprocessable', 'Binary.data has an extension that is reserved for this server', 'Binary.data');
  }
};

/** Moves `data` into S3. Named by its content, so that sending the same bytes again changes nothing. */
export const storeData = async (
  { documents }: Pick<Services, 'documents'>,
  { actor }: Context,
  resource: Resource,
): Promise<void> => {
  if (typeof resource.data !== 'string') return;
  const bytes = Buffer.from(resource.data, 'base64');
  const name = `binary/${actor.facility}/${createHash('sha256').update(bytes).digest('hex')}`;
  await documents.put(name, bytes, String(resource.contentType));
  delete resource.data;
  resource._data = { extension: [{ url: POINTER, valueString: name }] };
};

const pointerOf = ({ _data }: Resource): string | undefined => {
  const extensions = isObject(_data) && Array.isArray(_data.extension) ? _data.extension : [];
  return extensions.find((extension) => extension?.url === POINTER)?.valueString;
};

const isFhirForm = ({ type }: MediaType) => type === 'application/fhir+json' || type === 'application/json+fhir';

/** FHIR form when the client names it and wants nothing more than that, the content itself otherwise. */
const wantsResource = ({ params, headers }: FhirRequest): boolean => {
  if (param(params, '_format') !== undefined) return true;
  const ranges = (headers.accept ?? '').split(',').map(mediaType);
  const most = (some: readonly MediaType[]) => Math.max(0, ...some.map(quality));
  const asFhir = most(ranges.filter(isFhirForm));
  return asFhir > 0 && asFhir >= most(ranges.filter((range) => !isFhirForm(range)));
};

export const readBinary = async (
  services: Pick<Services, 'resources' | 'documents'>,
  context: Context,
  request: FhirRequest,
  stored: Stored,
): Promise<Answer> => {
  const resource = stored.resource();
  await assertContextReadable(services, context, resource);
  const name = pointerOf(resource);
  const document = name === undefined ? undefined : await services.documents.get(name);
  if (name !== undefined && !document) throw notFound(`the content of Binary/${stored.id}`);
  if (!wantsResource(request)) {
    // A document is somebody else's markup under our address: no script of it may run.
    const headers = {
      ...versionHeaders(stored),
      ...securityHeader(resource),
      'content-security-policy': 'sandbox',
    };
    const contentType = String(resource.contentType);
    return { status: 200, bytes: { bytes: document?.bytes ?? new Uint8Array(), contentType }, headers };
  }
  const { _data, ...rest } = resource;
  const subset = subsetOf(request.params);
  const data = document && Buffer.from(document.bytes).toString('base64');
  const whole = { ...rest, ...(data && { data }) };
  return { status: 200, resource: subset ? subsetResource(whole, subset) : whole, headers: versionHeaders(stored) };
};

/** What a raw answer cannot say in its body: https://hl7.org/fhir/R4/binary.html#rest */
const securityHeader = ({ securityContext }: Resource): Record<string, string> =>
  isObject(securityContext) && typeof securityContext.reference === 'string'
    ? { 'x-security-context': securityContext.reference }
    : {};

/** Who may not read what the content belongs to may not read the content. */
const assertContextReadable = async (
  { resources }: Pick<Services, 'resources'>,
  context: Context,
  { securityContext }: Resource,
) => {
  const reference = isObject(securityContext) ? securityContext.reference : undefined;
  const found = typeof reference === 'string' ? /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})$/.exec(reference) : null;
  if (!found) return;
  const owner = await resources.get(found[1]!, found[2]!);
  if (owner) assertReadable(resources, context, owner);
};
