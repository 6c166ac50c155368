import { refuse } from '../fhir/outcome.ts';
import type { Stored } from '../storage/port.ts';
import type { Answer, FhirRequest, Region } from './contract.ts';

type Headers = Readonly<Record<string, string | undefined>>;

/** https://hl7.org/fhir/R4/http.html#ops: what a successful write answers with. */
export type Return = 'minimal' | 'representation' | 'OperationOutcome';

const preference = (headers: Headers, name: string): string | undefined => {
  for (const part of headers.prefer?.split(/[,;]/) ?? []) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim().toLowerCase() === name)
      return part
        .slice(at + 1)
        .trim()
        .replaceAll('"', '');
  }
  return undefined;
};

/** An unknown preference is ignored (RFC 7240 section 2). */
export const preferReturn = (headers: Headers): Return | undefined => {
  const asked = preference(headers, 'return');
  return asked === 'minimal' || asked === 'representation' || asked === 'OperationOutcome' ? asked : undefined;
};

export const preferHandling = (headers: Headers): 'strict' | 'lenient' =>
  preference(headers, 'handling') === 'strict' ? 'strict' : 'lenient';

/** `W/"3"` → 3. Strong and bare forms are read too, since clients send them. https://hl7.org/fhir/R4/http.html#concurrency */
export const versionOf = (etag: string): number | undefined => {
  const found = /^(?:W\/)?"?([1-9]\d{0,9})"?$/.exec(etag.trim());
  return found ? Number(found[1]) : undefined;
};

/** The form of an entity tag, or of the bare version that some clients send (RFC 9110 8.8.3). */
const TAG = /^(?:(?:W\/)?"[^"]*"|\d+)$/;

/**
 * The conditions that a change sets: `If-Match` with `*`, one ETag or a list of them, and without it `If-Unmodified-Since`; a date
 * that cannot be read is ignored (RFC 9110 13.1). The version of a deletion may be named too, to bring back what was deleted and
 * nothing later. https://hl7.org/fhir/R4/http.html#concurrency
 * @throws FhirError `stale` (412) where what is there, as far as the caller may know of it, is something else
 */
export const assertUnchanged = (headers: Headers, stored: Stored | undefined, reference: string): void => {
  const current = stored?.deleted ? undefined : stored;
  const match = headers['if-match']?.trim();
  if (match === undefined) {
    const since = Date.parse(headers['if-unmodified-since'] ?? '');
    // HTTP dates have no milliseconds.
    if (current && Math.floor(current.lastUpdated / 1000) * 1000 > since)
      throw refuse('stale', `${reference} was changed since`);
    return;
  }
  const tags = match.split(',').map((tag) => tag.trim());
  if (match !== '*' && !tags.every((tag) => TAG.test(tag)))
    throw refuse('invalid', 'If-Match must be * or the ETags of versions, for example W/"3"');
  if (match === '*' ? current : stored && tags.some((tag) => versionOf(tag) === stored.version)) return;
  const versions = [...new Set(tags.flatMap((tag) => versionOf(tag) ?? []))];
  throw refuse(
    'stale',
    `${reference} is not at ${versions.length > 0 ? `version ${versions.join(' or ')}` : 'a version that If-Match names'}`,
  );
};

/** Whether the change names what it follows: then a race that is lost is 412 too, and not 409. */
export const isConditional = (headers: Headers): boolean =>
  (headers['if-match'] ?? '*').trim() !== '*' || isCreateOnly(headers);

/** `If-None-Match: *`: create it, and change nothing that is there (RFC 9110 13.1.2). */
export const isCreateOnly = (headers: Headers): boolean => headers['if-none-match']?.trim() === '*';

/** Where clients find the FHIR API of this region. */
export const fhirBase = ({ baseUrl }: Pick<Region, 'baseUrl'>) => `${baseUrl}/fhir`;

/** All addresses that mean this server: clients may come by another name than the one that we answer with. */
export const fhirBases = ({ baseUrl, otherBaseUrls = [] }: Pick<Region, 'baseUrl' | 'otherBaseUrls'>) =>
  [baseUrl, ...otherBaseUrls].map((url) => `${url}/fhir`);

/** https://hl7.org/fhir/R4/http.html#versioning: how a version shows in HTTP. */
export const versionHeaders = ({ version, lastUpdated }: Pick<Stored, 'version' | 'lastUpdated'>) => ({
  etag: `W/"${version}"`,
  'last-modified': new Date(lastUpdated).toUTCString(),
});

/** Conditional read: https://hl7.org/fhir/R4/http.html#cread. `If-None-Match` outranks the date (RFC 9110 13.2.2). */
export const isUnchanged = ({ stored, status, headers: said }: Answer, { method, headers }: FhirRequest): boolean => {
  if (status !== 200 || (method !== 'GET' && method !== 'HEAD')) return false;
  const match = headers['if-none-match'];
  const since = headers['if-modified-since'];
  if (match === undefined && since === undefined) return false;

  const version = stored ? versionHeaders(stored) : said;
  if (match !== undefined) {
    const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
    const etag = version?.etag;
    return etag !== undefined && (match.trim() === '*' || match.split(',').some((tag) => opaque(tag) === opaque(etag)));
  }
  // HTTP dates have no milliseconds, and neither has ours. A date that cannot be read compares as false.
  return Date.parse(version?.['last-modified'] ?? '') <= Date.parse(since ?? '');
};
