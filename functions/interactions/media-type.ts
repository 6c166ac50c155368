import { refuse } from '../fhir/outcome.ts';

export const FHIR_JSON = 'application/fhir+json; charset=utf-8';
export const JSON_TYPES: ReadonlySet<string> = new Set([
  'application/fhir+json',
  'application/json',
  'text/json',
  'application/json+fhir',
]);

export interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** `application/fhir+json; fhirVersion=4.0`; names fold to lower case. */
export const mediaType = (text: string): MediaType => {
  const [type = '', ...rest] = text.split(';');
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const at = parameter.indexOf('=');
    if (at < 0) continue;
    const value = parameter.slice(at + 1).trim();
    parameters.set(parameter.slice(0, at).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1'));
  }
  return { type: type.trim().toLowerCase(), parameters };
};

/** How much a range of `Accept` is wanted (RFC 9110 12.4.2). */
export const quality = ({ parameters }: MediaType): number => Number(parameters.get('q') ?? '1');

/** https://hl7.org/fhir/R4/http.html#version-parameter: we speak 4.0 and nothing else. */
export const speaksVersion = ({ parameters }: MediaType) =>
  /^4\.0(\.\d+)?$/.test(parameters.get('fhirversion') ?? '4.0');

/** What a request body must be: https://hl7.org/fhir/R4/http.html#mime-type */
export type BodyKind = 'fhir' | 'form' | 'patch' | 'any';

const BODY_TYPES: Record<Exclude<BodyKind, 'any'>, ReadonlySet<string>> = {
  fhir: JSON_TYPES,
  form: new Set(['application/x-www-form-urlencoded']),
  patch: new Set(['application/json-patch+json', ...JSON_TYPES]),
};

/** Refuses a body whose type, version or charset we do not read. */
export const admitBody = (kind: BodyKind, header: string | undefined): MediaType => {
  const given = mediaType(header ?? '');
  if (kind === 'any') return given;
  if (!BODY_TYPES[kind].has(given.type)) {
    throw refuse('unsupportedMedia', `Content-Type must be ${[...BODY_TYPES[kind]].slice(0, 2).join(' or ')}`);
  }
  if (!speaksVersion(given)) throw refuse('unsupportedMedia', 'fhirVersion in Content-Type must be 4.0');
  if (!/^utf-?8$/i.test(given.parameters.get('charset') ?? 'utf-8')) {
    throw refuse('unsupportedMedia', 'charset in Content-Type must be utf-8');
  }
  return given;
};
