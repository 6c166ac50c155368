import { FhirError, REFUSALS, refuse } from '../../fhir/outcome.ts';
import type { Issue, Resource } from '../../fhir/types.ts';
import { validate } from '../../fhir/validate.ts';
import type { FhirRequest } from '../contract.ts';
import { parseForm } from '../query.ts';
import { isObject } from '../write/body.ts';
import { relativeToBase } from '../write/references.ts';

/** Beyond this a Bundle goes through an upload: docs/loading.md. */
export const MAX_ENTRIES = 5_000;

/** One entry of a batch or transaction, its request as any other would come. */
export interface Entry {
  /** Place in the Bundle, and in the answer. */
  readonly at: number;
  readonly fullUrl: string | undefined;
  readonly request: FhirRequest;
  readonly resource: Resource | undefined;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const HEADERS = {
  ifMatch: 'if-match',
  ifNoneMatch: 'if-none-match',
  ifModifiedSince: 'if-modified-since',
  ifNoneExist: 'if-none-exist',
} as const;

export const expressionOf = (at: number) => `Bundle.entry[${at}]`;

const malformed = (at: number, rule: string, element = '') =>
  refuse('invalid', `${expressionOf(at)}${element}: ${rule}`, `${expressionOf(at)}${element}`);

/** An issue of an entry, with the place of the entry before its own: `Bundle.entry[3].resource.name[0]`. */
export const inEntry = (at: number, error: FhirError): FhirError => {
  const issues = error.issues.map((issue): Issue => ({ ...issue, ...placeIn(at, issue) }));
  return new FhirError(error.refusal, issues, error.headers);
};

const placeIn = (at: number, { diagnostics, expression }: Issue): Pick<Issue, 'diagnostics' | 'expression'> => {
  const entry = expressionOf(at);
  if (expression?.every((path) => path.startsWith('Bundle.'))) return { diagnostics, expression };
  const inside = expression?.map((path) => `${entry}.resource${path.replace(/^[A-Za-z]+(?=\.|\[|$)/, '')}`);
  return { diagnostics: `${entry}: ${diagnostics}`, expression: inside ?? [entry] };
};

/** Reads an entry's request: https://hl7.org/fhir/R4/bundle.html#transaction */
export const parseEntry = (value: unknown, at: number, bases: readonly string[], prefer: string | undefined): Entry => {
  if (!isObject(value)) throw malformed(at, 'an entry must be an object');
  const { request, resource, fullUrl } = value;
  if (!isObject(request)) throw malformed(at, 'an entry must say its request', '.request');
  const method = METHODS.find((name) => name === request.method);
  if (!method) throw malformed(at, 'method must be GET, HEAD, POST, PUT, PATCH or DELETE', '.request.method');
  if (typeof request.url !== 'string') throw malformed(at, 'url is missing', '.request.url');
  const needsResource = method === 'POST' || method === 'PUT' || method === 'PATCH';
  if (needsResource && !isObject(resource)) throw malformed(at, `${method} needs a resource`, '.resource');
  if (fullUrl !== undefined && typeof fullUrl !== 'string') throw malformed(at, 'fullUrl must be a uri', '.fullUrl');
  assertEnvelope(at, value);
  if (request.ifNoneExist !== undefined && method !== 'POST')
    throw malformed(at, `${method} takes no ifNoneExist`, '.request.ifNoneExist');
  if (request.ifMatch !== undefined && !isChange(method))
    throw malformed(at, `${method} takes no ifMatch`, '.request.ifMatch');

  // "Always represented in the native FHIR format when wrapped in a Bundle": https://hl7.org/fhir/R4/binary.html#rest
  const json = 'application/fhir+json';
  const headers: Record<string, string | undefined> = { 'content-type': json, accept: json, prefer };
  for (const [element, header] of Object.entries(HEADERS)) {
    if (typeof request[element] === 'string') headers[header] = request[element];
  }
  const body = needsResource ? (resource as Resource) : undefined;
  const { path, params } = parseUrl(at, request.url, bases);
  return {
    at,
    fullUrl,
    resource: body,
    request: { method, path, params, headers, body: undefined, ...(body && { resource: body }) },
  };
};

const isChange = (method: string) => method === 'PUT' || method === 'PATCH' || method === 'DELETE';

/**
 * What stands around the resource is R4 too: a condition that is misspelt or of the wrong type must not be one that was not set.
 * The resource itself is checked as what it is.
 */
const assertEnvelope = (at: number, { resource, ...entry }: Record<string, unknown>): void => {
  if (isPlain(entry)) return;
  const alone = { resourceType: 'Bundle', type: 'transaction', entry: [entry] };
  const faults = validate(alone, { type: 'Bundle' }).filter(({ severity }) => severity === 'error');
  if (faults.length === 0) return;
  // What a rule of the Bundle says of it, it says of this entry.
  const own = (text: string) =>
    text.startsWith('Bundle.entry[0]')
      ? text.replace('Bundle.entry[0]', expressionOf(at))
      : text.replace(/^Bundle(?=:|$)/, expressionOf(at));
  throw new FhirError(
    'invalid',
    faults.map((issue) => ({ ...issue, diagnostics: own(issue.diagnostics), expression: issue.expression?.map(own) })),
  );
};

const PLAIN = new Set(['method', 'url', 'ifMatch', 'ifNoneMatch', 'ifNoneExist']);
const isText = (value: unknown) => typeof value === 'string' && /^\S+$/.test(value);

/** As nearly every entry is: the validator need not look, which would be a third of the time of a large Bundle. */
const isPlain = ({ fullUrl, request, ...others }: Record<string, unknown>): boolean =>
  Object.keys(others).length === 0 &&
  (fullUrl === undefined || (isText(fullUrl) && !String(fullUrl).includes('/_history/'))) &&
  Object.entries(request as object).every(([name, value]) => PLAIN.has(name) && isText(value));

/** Relative to the base, or below it: nobody else's addresses are called from here. */
const parseUrl = (at: number, url: string, bases: readonly string[]): Pick<FhirRequest, 'path' | 'params'> => {
  const relative = relativeToBase(url, bases) ?? url;
  if (/^[a-z][a-z0-9+.-]*:/i.test(relative))
    throw malformed(at, 'url must be relative to the base of this server', '.request.url');
  const mark = relative.indexOf('?');
  const path = mark < 0 ? relative : relative.slice(0, mark);
  try {
    return {
      path: path.split('/').filter(Boolean).map(decodeURIComponent),
      params: mark < 0 ? [] : parseForm(relative.slice(mark + 1)),
    };
  } catch {
    throw malformed(at, 'url is not percent-encoded UTF-8', '.request.url');
  }
};

/** `404`, as `Bundle.entry.response.status` has it. */
export const statusOf = (error: FhirError): string => String(REFUSALS[error.refusal].status);
