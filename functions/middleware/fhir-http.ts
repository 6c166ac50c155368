import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { FhirError, refuse } from '../fhir/outcome.ts';
import type { Answer, Context, FhirRequest } from '../interactions/contract.ts';
import { parseForm } from '../interactions/query.ts';
import { negotiate, type Wants } from './negotiate.ts';
import { respond } from './respond.ts';

/** One request on its way through the middlewares: fhir-http puts it where the Lambda event was. */
export interface Call {
  readonly request: FhirRequest;
  readonly wants: Wants;
  /** API Gateway's number for the request; all that a client learns of an unforeseen fault. */
  readonly requestId: string;
  /** Set by authenticate; absent for what anybody may read (CapabilityStatement). */
  context?: Context;
}

export type Fhir = MiddlewareObj<Call, Answer | APIGatewayProxyStructuredResultV2>;

/** Lambda's event holds at most 6 MB, escapes included: docs/api/limits.md. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** The only place that knows API Gateway's event (HTTP API, payload 2.0) and answer. */
export const fhirHttp = (): Fhir => ({
  before: (middy) => {
    middy.event = parseEvent(middy.event as unknown as APIGatewayProxyEventV2);
  },
  after: (middy) => {
    const { request, wants, requestId } = middy.event;
    middy.response = respond(middy.response as Answer, request, wants, requestId);
  },
});

export const parseEvent = (event: APIGatewayProxyEventV2): Call => {
  const { method } = event.requestContext.http;
  if (!METHODS.has(method)) {
    const diagnostics = `${method.slice(0, 16).replace(/[^A-Z]/g, '')} is not a method of this API`;
    throw new FhirError('notAllowed', [{ diagnostics }], { allow: [...METHODS].join(', ') });
  }
  const headers = event.headers ?? {};
  const path = pathBelowBase(event.rawPath);
  const params = parseForm(event.rawQueryString ?? '');
  const wants = negotiate(params, headers, path);
  const body = readBody(event);
  if (body && path.at(-1) === '_search' && method === 'POST' && isForm(headers['content-type'])) {
    params.push(...parseForm(body.toString('utf8')));
  }
  return {
    request: { method: method as FhirRequest['method'], path, params, headers, body },
    wants,
    requestId: event.requestContext.requestId,
  };
};

const isForm = (contentType: string | undefined) => /^application\/x-www-form-urlencoded\b/i.test(contentType ?? '');

/** API Gateway decodes some of the path and not all; a segment that does not decode is nobody's address. */
const pathBelowBase = (rawPath: string): string[] => {
  const below = rawPath.replace(/^\/fhir(?=\/|$)/, '').replace(/\/+$/, '');
  if (below === '') return [];
  try {
    return below.slice(1).split('/').map(decodeURIComponent);
  } catch {
    throw refuse('invalid', 'the path is not percent-encoded UTF-8');
  }
};

const readBody = (event: APIGatewayProxyEventV2): Buffer | undefined => {
  if (event.body === undefined || event.body === '') return undefined;
  const coding = event.headers?.['content-encoding'] ?? 'identity';
  if (coding.trim().toLowerCase() !== 'identity')
    throw new FhirError(
      'unsupportedMedia',
      [{ diagnostics: 'Content-Encoding: a body is taken as it is, not packed' }],
      {
        'accept-encoding': 'identity',
      },
    );
  const body = Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8');
  if (body.byteLength > MAX_BODY_BYTES) {
    throw refuse(
      'tooLarge',
      'a request holds at most 4 MB; larger files go through an upload (npm run load, docs/loading.md)',
    );
  }
  return body;
};
