// References as searches compare them. https://hl7.org/fhir/R4/search.html#reference

export interface Pointer {
  /** `Patient` and `p1` of `Patient/p1` and of `Patient/p1/_history/2`. */
  readonly type?: string | undefined;
  readonly id?: string | undefined;
  /** Anything else: an absolute URL elsewhere, `urn:uuid:…`, a canonical. Without version. */
  readonly url?: string | undefined;
  readonly version?: string | undefined;
}

const RELATIVE = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/;

/**
 * `baseUrls`: ours, in a search, so that an absolute reference to ourselves is the relative one. Stored references to ourselves are
 * relative already (interactions/write/references.ts), so an absolute one in a resource points elsewhere.
 */
export const pointer = (text: string, baseUrls: readonly string[] = []): Pointer => {
  const baseUrl = baseUrls.find((one) => text.startsWith(`${one}/`));
  const own = baseUrl === undefined ? text : text.slice(baseUrl.length + 1);
  const [match, type, id, version] = RELATIVE.exec(own) ?? [];
  if (match !== undefined) return { type, id, version };
  const bar = text.indexOf('|');
  return bar < 0 ? { url: text } : { url: text.slice(0, bar), version: text.slice(bar + 1) };
};

/** `http://…/ValueSet/x|1.0` asks for version 1.0 of what has that URL: https://hl7.org/fhir/R4/search.html#uri */
export const canonicalOf = (text: string): { url: string; version: string | undefined } => {
  const bar = text.lastIndexOf('|');
  return bar < 0 ? { url: text, version: undefined } : { url: text.slice(0, bar), version: text.slice(bar + 1) };
};

/** A version that the search does not name may be any. */
export const pointsAt = (found: Pointer, wanted: Pointer): boolean => {
  if (wanted.version !== undefined && wanted.version !== found.version) return false;
  if (wanted.url !== undefined) return wanted.url === found.url;
  return wanted.id === found.id && found.id !== undefined && (wanted.type === undefined || wanted.type === found.type);
};

/** A canonical of any version, or of one that begins so: https://hl7.org/fhir/R4/search.html#versions */
export const isBelowCanonical = (found: Pointer, wanted: Pointer): boolean =>
  found.url !== undefined &&
  found.url === wanted.url &&
  (wanted.version === undefined || `${found.version ?? ''}.`.startsWith(`${wanted.version}.`));
