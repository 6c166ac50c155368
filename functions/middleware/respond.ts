import { constants, gzipSync } from 'node:zlib';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { parseJson } from '../fhir/json.ts';
import { FhirError } from '../fhir/outcome.ts';
import type { Answer, FhirRequest } from '../interactions/contract.ts';
import { isUnchanged, versionHeaders } from '../interactions/headers.ts';
import type { Wants } from './negotiate.ts';

/** Lambda's answer is JSON of at most 6 MB: our text is escaped into it. A little room for headers. */
const MAX_RESPONSE_BYTES = 6 * 1024 * 1024 - 16 * 1024;
/** Below this, gzip costs more than the bytes it saves. */
const GZIP_FROM_BYTES = 4 * 1024;

type Sent = APIGatewayProxyStructuredResultV2;
interface Sendable {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** Answer → API Gateway. What a stored version says of itself (ETag, Last-Modified) is said here, once. */
export const respond = (answer: Answer, request: FhirRequest, wants: Wants, requestId: string): Sent => {
  const headers: Record<string, string> = {
    // What we answer is somebody's health record: no cache on the way keeps it.
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
    ...correlation(request),
    ...(answer.stored && versionHeaders(answer.stored)),
    ...answer.headers,
  };
  if (isUnchanged(answer, request)) return { statusCode: 304, headers };
  const { status: statusCode } = answer;

  if (answer.bytes) {
    headers['content-type'] = answer.bytes.contentType;
    return sent(request, sendBase64(statusCode, headers, answer.bytes.bytes));
  }
  const text = bodyText(answer);
  if (text === undefined) return { statusCode, headers };
  headers['content-type'] = wants.contentType;
  headers.vary = 'accept, accept-encoding';
  return sent(request, sendText(statusCode, headers, wants.pretty ? pretty(text) : text, wants));
};

/** HEAD says what GET would, the length too (RFC 9110 9.3.2), and leaves the body out. */
const sent = ({ method }: FhirRequest, { body, isBase64Encoded, ...answer }: Sendable): Sent => {
  if (method !== 'HEAD') return { ...answer, body, isBase64Encoded };
  const length = Buffer.byteLength(body, isBase64Encoded ? 'base64' : 'utf8');
  return { ...answer, headers: { ...answer.headers, 'content-length': `${length}` } };
};

const bodyText = ({ stored, resource, text }: Answer): string | undefined => {
  if (text !== undefined) return text;
  if (stored) return stored.deleted ? undefined : stored.text();
  return resource && JSON.stringify(resource);
};

/** Decimals keep their text on the way through: parseJson holds them as raw numbers. */
const pretty = (text: string) => JSON.stringify(parseJson(Buffer.from(text)), null, 2);

const sendText = (statusCode: number, headers: Record<string, string>, text: string, { gzip }: Wants): Sendable => {
  if (gzip && text.length > GZIP_FROM_BYTES) {
    // Level 3: within 6 % of the default on FHIR JSON in half of the time (1 MB bundle, Node 24).
    const packed = gzipSync(text, { level: 3, strategy: constants.Z_DEFAULT_STRATEGY });
    headers['content-encoding'] = 'gzip';
    return sendBase64(statusCode, headers, packed);
  }
  if (text.length > MAX_RESPONSE_BYTES / 8 && escapedLength(text) > MAX_RESPONSE_BYTES) throw tooCostly(gzip);
  return { statusCode, headers, body: text, isBase64Encoded: false };
};

const sendBase64 = (statusCode: number, headers: Record<string, string>, bytes: Uint8Array): Sendable => {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  if (body.length > MAX_RESPONSE_BYTES) throw tooCostly(true);
  return { statusCode, headers, body, isBase64Encoded: true };
};

const tooCostly = (zipped: boolean) =>
  new FhirError('unprocessable', [
    {
      code: 'too-costly',
      diagnostics: zipped
        ? 'the answer is larger than the 6 MB that one response holds; ask for fewer entries (_count) or elements (_elements)'
        : 'the answer is larger than the 6 MB that one response holds; accept gzip, or ask for fewer entries (_count)',
    },
  ]);

/** Bytes that the text takes inside Lambda's JSON answer. */
const escapedLength = (text: string) => Buffer.byteLength(text) + (text.match(/["\\]/g)?.length ?? 0);

/** https://hl7.org/fhir/R4/http.html#custom: the client's own number comes back beside ours. */
const correlation = ({ headers }: FhirRequest): Record<string, string> => {
  const given = headers['x-request-id'];
  return given && /^[A-Za-z0-9\-.]{1,64}$/.test(given) ? { 'x-correlation-id': given } : {};
};
