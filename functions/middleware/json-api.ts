// The JSON APIs beside FHIR as a Lambda handler: an entry gives it a table of routes (interactions/json-route.ts). The order is
// that of the FHIR API: who asks, may that role, what is asked, the audit record, the answer.
import middy, { type MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type * as z from 'zod/mini';
import { FhirError, forbidden, notFound, refuse } from '../fhir/outcome.ts';
import type { Context, FhirRequest, Services } from '../interactions/contract.ts';
import type { Log } from '../interactions/faults.ts';
import type { JsonAnswer, JsonRequest, JsonRoute } from '../interactions/json-route.ts';
import { mediaType } from '../interactions/media-type.ts';
import { parseForm } from '../interactions/query.ts';
import { auditing, recordsAs } from './audit.ts';
import { type Authenticate, openContext } from './context.ts';
import { fhirErrors } from './fhir-errors.ts';
import { parseJsonBody, parseWith } from './json-body.ts';
import { type Found, matchRoute } from './json-routes.ts';

export interface JsonApiParts {
  readonly services: Pick<Services, 'clock' | 'region' | 'audit' | 'narrow'>;
  readonly authenticate: Authenticate;
  readonly routes: readonly JsonRoute[];
  readonly log?: Log;
}

interface JsonCall {
  readonly event: APIGatewayProxyEventV2;
  readonly request: Pick<FhirRequest, 'method' | 'path' | 'headers'>;
  readonly requestId: string;
  context?: Context;
  /** What the trail and the log call it. */
  interaction: string;
}

type Answered = JsonAnswer | APIGatewayProxyStructuredResultV2;
type Json = MiddlewareObj<JsonCall, Answered>;

const MOST_BYTES = 256 * 1024;
/** Lambda's answer is JSON of at most 6 MB, our text escaped into it. */
const MOST_ANSWER_BYTES = 3 * 1024 * 1024;

export const jsonApi = ({ services, authenticate, routes, log }: JsonApiParts) => {
  const find = matchRoute(routes);
  return middy<JsonCall, Answered>()
    .use(fhirErrors(log) as Json) // outermost: whatever is thrown below leaves as an OperationOutcome
    .use(jsonHttp())
    .use(signedIn(services, authenticate))
    .use(
      auditing<JsonCall, JsonAnswer>(services.audit, ({ context, request, interaction }, status) =>
        // A path may hold what leads to a person; what was touched is noted by the handler.
        context ? recordsAs(context, { interaction, method: request.method, target: [] }, status) : undefined,
      ),
    )
    .handler(async (call: JsonCall) => {
      const context = call.context!; // signedIn has seen to it
      const found = find(call.request.method, call.request.path);
      if (!found.route) throw notThere(found, call);
      const { route, params } = found;
      call.interaction = route.interaction;
      if (!route.roles.includes(context.actor.role)) throw forbidden(`this role may not do ${route.interaction}`);
      const { headers } = call.request;
      const request = { params, headers, query: queryOf(route, call.event), body: bodyOf(route, call) };
      return route.handle(context, request as JsonRequest<never>);
    });
};

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

const jsonHttp = (): Json => ({
  before: (middyRequest) => {
    const event = middyRequest.event as unknown as APIGatewayProxyEventV2;
    const { method } = event.requestContext.http;
    if (!METHODS.has(method)) throw refuse('notAllowed', 'this is not a method of this API');
    middyRequest.event = {
      event,
      request: { method: method as FhirRequest['method'], path: segments(event.rawPath), headers: event.headers ?? {} },
      requestId: event.requestContext.requestId,
      interaction: 'unknown',
    };
  },
  after: (middyRequest) => {
    middyRequest.response = respond(middyRequest.response as JsonAnswer, middyRequest.event);
  },
});

const signedIn = (services: Pick<Services, 'clock' | 'region' | 'narrow'>, authenticate: Authenticate): Json => {
  const contextOf = openContext(services, authenticate);
  return {
    before: async ({ event }) => {
      event.context = await contextOf(event.request.headers, event.requestId);
    },
  };
};

const segments = (rawPath: string): string[] => {
  try {
    return rawPath.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    throw refuse('invalid', 'the path is not percent-encoded UTF-8');
  }
};

const notThere = ({ allow }: Found, { request }: JsonCall) =>
  allow.length === 0
    ? notFound('an address of this form')
    : new FhirError('notAllowed', [{ diagnostics: `this address does not take ${request.method}` }], {
        allow: allow.join(', '),
      });

const queryOf = ({ query: known = [] }: JsonRoute, { rawQueryString }: APIGatewayProxyEventV2) => {
  const query: Record<string, string> = Object.create(null);
  for (const [name, value] of parseForm(rawQueryString ?? '')) {
    if (!known.includes(name)) throw refuse('invalid', `the query may have here: ${known.join(', ') || 'nothing'}`);
    if (name in query) throw refuse('invalid', 'a parameter of the query is given twice');
    query[name] = value;
  }
  return query;
};

const bodyOf = ({ body: schema, mostBytes = MOST_BYTES }: JsonRoute, { event, request }: JsonCall): unknown => {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.byteLength > mostBytes) throw refuse('tooLarge', `the body may have at most ${mostBytes} bytes here`);
  if (schema === 'bytes') return bytes;
  if (bytes.byteLength === 0) return schema && whereNothingIsSaid(schema);
  if (mediaType(request.headers['content-type'] ?? '').type !== 'application/json')
    throw refuse('unsupportedMedia', 'the body must be JSON, and Content-Type must say application/json');
  const value = parseJsonBody(bytes);
  if (schema) return parseWith(schema, value);
  // What many clients send with a POST that has nothing to say.
  if (JSON.stringify(value) !== '{}') throw refuse('invalid', 'this address takes no body');
  return undefined;
};

/** No body is an object without elements; where some are needed, the answer says which. */
const whereNothingIsSaid = (schema: z.core.$ZodType): unknown => {
  try {
    return parseWith(schema, {});
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    throw new FhirError('invalid', [{ diagnostics: 'a body in JSON (application/json) is needed' }, ...error.issues]);
  }
};

const respond = (answer: JsonAnswer, { requestId, request }: JsonCall): APIGatewayProxyStructuredResultV2 => {
  const text = answer.text?.text ?? (answer.body === undefined ? undefined : JSON.stringify(answer.body));
  const headers: Record<string, string> = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
    ...(text !== undefined && { 'content-type': answer.text?.contentType ?? 'application/json; charset=utf-8' }),
    ...answer.headers,
  };
  if (text === undefined || request.method === 'HEAD') return { statusCode: answer.status, headers };
  if (Buffer.byteLength(text) > MOST_ANSWER_BYTES)
    throw refuse('tooCostly', 'the answer is larger than one response holds; ask for fewer');
  return { statusCode: answer.status, headers, body: text };
};
