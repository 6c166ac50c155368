// HTTP request → Lambda event → HTTP answer, payload format 2.0.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface HttpRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly sourceIp: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly body: string | Buffer;
}

export interface ApiIdentity {
  readonly accountId: string;
  readonly apiId: string;
  readonly stage: string;
}

/**
 * Delivered as text; everything else, `application/fhir+json` too, arrives in base64.
 * Not documented; measured against AWS in https://github.com/ministackorg/ministack/pull/766
 */
const TEXT_TYPE = /^(text\/.*|application\/(json|xml|javascript))$/;

export const toEvent = (
  { method, target, headers, body, sourceIp }: HttpRequest,
  routeKey: string,
  pathParameters: Record<string, string>,
  { accountId, apiId, stage }: ApiIdentity,
): object => {
  const at = target.indexOf('?');
  const rawPath = decodePath(at < 0 ? target : target.slice(0, at));
  const rawQueryString = at < 0 ? '' : target.slice(at + 1);
  const { cookie, ...others } = headers;
  const now = new Date();
  const host = headers.host ?? 'localhost';
  const encoded = body.length > 0 && !isText(headers['content-type'], body);
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString,
    ...(cookie !== undefined && { cookies: cookie.split(/;\s*/) }),
    headers: flat(others),
    ...(rawQueryString !== '' && { queryStringParameters: queryParameters(rawQueryString) }),
    ...(Object.keys(pathParameters).length > 0 && { pathParameters }),
    requestContext: {
      accountId,
      apiId,
      domainName: host,
      domainPrefix: host.split(/[.:]/)[0],
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId: randomUUID(),
      routeKey,
      stage,
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(encoded ? 'base64' : 'utf8') }),
    isBase64Encoded: encoded,
  };
};

const isText = (contentType: string | undefined, body: Buffer) =>
  TEXT_TYPE.test((contentType ?? '').split(';')[0]!.trim().toLowerCase()) && isUtf8(body);

/** API Gateway hands the path over decoded. */
const decodePath = (path: string) => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

const flat = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : (value ?? '')]),
  );

const queryParameters = (query: string): Record<string, string> => {
  const found: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(query)) {
    found[name] = name in found ? `${found[name]},${value}` : value;
  }
  return { ...found };
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const commonLogTime = (at: Date) =>
  `${String(at.getUTCDate()).padStart(2, '0')}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}:${at.toISOString().slice(11, 19)} +0000`;

/** What API Gateway itself answers. */
export const gatewayAnswer = (status: number, message: string): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message }),
});

/** Lambda's limit on an answer, in bytes. */
const MAX_ANSWER_BYTES = 6_291_556;

/** A function's result as an answer; one that is no answer at all is the function's fault. */
export const toAnswer = (result: unknown): HttpAnswer => {
  if (!isObject(result) || result['statusCode'] === undefined) {
    // Format 2.0 infers: any JSON value is the body of a 200.
    if (result === null || result === undefined) return internalError();
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: typeof result === 'string' ? result : JSON.stringify(result),
    };
  }
  const status = Number(result['statusCode']);
  const body = result['body'] ?? '';
  if (!Number.isInteger(status) || status < 100 || status > 599 || typeof body !== 'string') return internalError();
  if (body.length > MAX_ANSWER_BYTES || (body.length > MAX_ANSWER_BYTES / 3 && escapedBytes(body) > MAX_ANSWER_BYTES)) {
    return internalError();
  }
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(isObject(result['headers']) ? result['headers'] : {})) {
    if (value !== undefined && value !== null) headers[name.toLowerCase()] = String(value);
  }
  if (Array.isArray(result['cookies'])) headers['set-cookie'] = result['cookies'].map(String);
  if (body !== '' && headers['content-type'] === undefined) headers['content-type'] = 'text/plain;charset=utf-8';
  return { status, headers, body: result['isBase64Encoded'] === true ? Buffer.from(body, 'base64') : body };
};

/** The answer travels as a JSON string, with its quotes escaped. */
export const escapedBytes = (text: string) => Buffer.byteLength(JSON.stringify(text));

export const internalError = () => gatewayAnswer(500, 'Internal Server Error');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
