import { refuse } from '../fhir/outcome.ts';
import {
  FHIR_JSON,
  JSON_TYPES,
  type MediaType,
  mediaType,
  quality,
  speaksVersion,
} from '../interactions/media-type.ts';

/** What the client wants the answer to look like. */
export interface Wants {
  /** Content type of a FHIR answer, complete with charset. */
  readonly contentType: string;
  readonly pretty: boolean;
  readonly gzip: boolean;
}

const FORMATS = new Set(['json', ...JSON_TYPES, 'application/fhir json', 'application/json fhir']);

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();

/** The type we answer with, or undefined when this range excludes JSON. */
const answers = (range: MediaType): string | undefined => {
  if (!speaksVersion(range)) return undefined;
  if (range.type === '*/*' || range.type === 'application/*' || range.type === 'application/fhir+json') {
    return range.parameters.has('fhirversion') ? 'application/fhir+json; fhirVersion=4.0; charset=utf-8' : FHIR_JSON;
  }
  // A generic type gets its own name back: https://hl7.org/fhir/R4/http.html#mime-type
  if (range.type === 'application/json' || range.type === 'text/json') return `${range.type}; charset=utf-8`;
  return range.type === 'application/json+fhir' ? FHIR_JSON : undefined;
};

/** The best media range of `Accept` that we can answer. */
const preferred = (accept: string): string | undefined => {
  const ranges = accept.split(',').map(mediaType);
  let best: { type: string; q: number } | undefined;
  for (const range of ranges) {
    const q = quality(range);
    const type = answers(range);
    if (type && q > 0 && (!best || q > best.q)) best = { type, q };
  }
  return best?.type;
};

/**
 * Server-driven negotiation: `_format` outranks `Accept`; JSON is all there is.
 * https://hl7.org/fhir/R4/http.html#mime-type
 */
export const negotiate = (
  params: readonly (readonly [string, string])[],
  headers: Readonly<Record<string, string | undefined>>,
  path: readonly string[],
): Wants => {
  const format = params.find(([name]) => name === '_format')?.[1];
  const pretty = params.find(([name]) => name === '_pretty')?.[1] === 'true';
  const gzip = acceptsGzip(headers['accept-encoding']);
  if (format !== undefined) {
    const asked = mediaType(format);
    if (!FORMATS.has(asked.type) || !speaksVersion(asked)) throw notAcceptable('_format');
    const named = asked.type === 'application/json' || asked.type === 'text/json' ? asked : undefined;
    return { contentType: named ? `${named.type}; charset=utf-8` : FHIR_JSON, pretty, gzip };
  }
  const accept = headers.accept;
  if (!accept || accept === '*/*') return { contentType: FHIR_JSON, pretty, gzip };
  const contentType = preferred(accept);
  // The content of a Binary may be of any type; of FHIR's own there is JSON alone.
  if (!contentType && !(path[0] === 'Binary' && accept.split(',').map(mediaType).some(isContent)))
    throw notAcceptable('Accept');
  return { contentType: contentType ?? FHIR_JSON, pretty, gzip };
};

const isContent = (range: MediaType) => quality(range) > 0 && !/^application\/(fhir\+|.*\+fhir$)/.test(range.type);

const acceptsGzip = (header = ''): boolean =>
  header.split(',').some((coding) => {
    const { type, parameters } = header.includes(';')
      ? mediaType(coding)
      : { type: coding.trim(), parameters: NO_PARAMETERS };
    return (type === 'gzip' || type === '*') && Number(parameters.get('q') ?? '1') > 0;
  });

const notAcceptable = (where: string) =>
  refuse(
    'notAcceptable',
    `${where} must admit application/fhir+json with fhirVersion 4.0; this server speaks no other format`,
  );
