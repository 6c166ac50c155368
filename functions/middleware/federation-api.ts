// The federation function answers in three ways: FHIR under /federation/fhir for clients of this region, plain JSON under
// /federation/answer for other regions, who come with an assertion and no token, and the desk for link contracts beside them.
import middy, { type MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context as LambdaContext } from 'aws-lambda';
import type { BreakGlass } from '../break-glass/port.ts';
import type { Actor } from '../consent/actor.ts';
import type { Answering } from '../federation/answer.ts';
import { narrowedBy } from '../federation/answer.ts';
import { OWN_REQUEST } from '../federation/contract.ts';
import type { Exchange } from '../federation/exchange.ts';
import { ContractMessage } from '../federation/exchange.ts';
import { DiscoverRequest, PairRequest, QueryRequest } from '../federation/messages.ts';
import type { Verify } from '../federation/verify.ts';
import { notFound, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Answer, Context, FhirRequest, Interaction, Services } from '../interactions/contract.ts';
import { FHIR_JSON } from '../interactions/media-type.ts';
import { auditing, recordsAs, recordsOf } from './audit.ts';
import { breakingGlass } from './break-glass.ts';
import { openContext } from './context.ts';
import { fhirErrors } from './fhir-errors.ts';
import { type Call, type Fhir, fhirHttp } from './fhir-http.ts';
import { type JsonApiParts, jsonApi } from './json-api.ts';
import { parseJsonBody, parseWith } from './json-body.ts';
import { respond } from './respond.ts';

export interface FederationApiParts extends JsonApiParts {
  readonly services: Pick<Services, 'clock' | 'region' | 'audit' | 'narrow'>;
  /** /federation/fhir. */
  readonly federated: Interaction;
  /** Absent: no emergency opens anything. */
  readonly breakGlass?: BreakGlass | undefined;
  /** /federation/answer. */
  readonly verify: Verify;
  readonly answering: Answering;
  readonly exchange: Pick<Exchange, 'hear'>;
  /** GET /federation/certificates, for everybody. Absent: there are none. */
  readonly certificates?: (() => Promise<object>) | undefined;
  /** GET /federation/fhir/metadata, for everybody. Absent: there is none. */
  readonly statement?: (() => Promise<Resource>) | undefined;
  /** How often one region may ask (abuse/limiter.ts). */
  readonly limit: (who: Pick<Actor, 'kind' | 'subject'>) => Promise<void>;
}

type Handler = (event: APIGatewayProxyEventV2, context: LambdaContext) => Promise<APIGatewayProxyStructuredResultV2>;

const PREFIX = '/federation';

export const federationApi = (parts: FederationApiParts): Handler => {
  const json = jsonApi(parts) as unknown as Handler;
  const fhir = clientApi(parts) as unknown as Handler;
  const answers = answerApi(parts) as unknown as Handler;
  const open = openApi(parts) as unknown as Handler;
  return (event, context) => {
    const { rawPath } = event;
    if (OPEN.includes(rawPath) && ['GET', 'HEAD'].includes(event.requestContext.http.method))
      return open(event, context);
    if (rawPath === `${PREFIX}/fhir` || rawPath.startsWith(`${PREFIX}/fhir/`))
      return fhir({ ...event, rawPath: rawPath.slice(PREFIX.length) }, context);
    return (rawPath.startsWith(`${PREFIX}/answer/`) ? answers : json)(event, context);
  };
};

const METADATA = `${PREFIX}/fhir/metadata`;
const OPEN = [`${PREFIX}/certificates`, METADATA];

/** Without a token, as a key set is. */
const openApi = ({ certificates, statement, log }: FederationApiParts) =>
  middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .use(fhirErrors(log) as MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>)
    .handler(async ({ rawPath }) => ({
      statusCode: 200,
      headers: {
        'content-type': rawPath === METADATA ? FHIR_JSON : 'application/json; charset=utf-8',
        'cache-control': 'public, max-age=300',
        'x-content-type-options': 'nosniff',
      },
      body: JSON.stringify((await (rawPath === METADATA ? statement : certificates)?.()) ?? {}),
    }));

const clientApi = ({ services, authenticate, breakGlass, federated, log }: FederationApiParts) => {
  const contextOf = openContext(services, authenticate);
  const signedIn: Fhir = {
    before: async ({ event }) => {
      const context = await contextOf(event.request.headers, event.requestId);
      // Whatever a resident says it is for, it is for the resident.
      event.context = context.actor.kind === 'resident' ? { ...context, purpose: OWN_REQUEST } : context;
    },
  };
  return middy<Call, Answer | APIGatewayProxyStructuredResultV2>()
    .use(fhirErrors(log)) // outermost: whatever is thrown below leaves as an OperationOutcome
    .use(fhirHttp())
    .use(signedIn)
    .use(breakingGlass(breakGlass))
    .use(
      auditing<Call, Answer>(services.audit, ({ context, request }, status) =>
        context ? recordsOf(context, request, status).map((one) => ({ ...one, via: 'federation' })) : undefined,
      ) as Fhir,
    )
    .handler(async ({ context, request }: Call) => federated(context!, request));
};

/** A question of another region. */
interface Question {
  readonly event: APIGatewayProxyEventV2;
  readonly request: FhirRequest;
  readonly requestId: string;
  readonly what: string;
  readonly body: Buffer;
  context?: Context;
  interaction: string;
}

type Part = MiddlewareObj<Question, Answer | APIGatewayProxyStructuredResultV2>;

const MOST_BYTES = 256 * 1024;
const WHATS = new Set(['discover', 'fhir', 'pair', 'contract']);
const REQUEST_ID = /^[A-Za-z0-9\-._=+/:]{1,64}$/;

const questionOf = (event: APIGatewayProxyEventV2): Question => {
  const { method } = event.requestContext.http;
  const what = event.rawPath.slice(`${PREFIX}/answer/`.length);
  if (!WHATS.has(what)) throw notFound('an address of this form');
  if (method !== 'POST')
    throw Object.assign(refuse('notAllowed', 'this address takes POST'), { headers: { allow: 'POST' } });
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (body.byteLength > MOST_BYTES) throw refuse('tooLarge', `the body may have at most ${MOST_BYTES} bytes here`);
  const headers = event.headers ?? {};
  const given = headers['x-request-id'] ?? '';
  return {
    event,
    request: { method: 'POST', path: [], params: [], headers, body },
    // The asking side's number, so that an auditor can join both trails; the access log of the gateway has its own.
    requestId: REQUEST_ID.test(given) ? given : event.requestContext.requestId,
    what,
    body,
    interaction: `federation-${what}`,
  };
};

const answerApi = ({ services, verify, answering, exchange, limit, log }: FederationApiParts) => {
  const { region, clock } = services;
  const http: Part = {
    before: (middyRequest) => {
      middyRequest.event = questionOf(middyRequest.event as unknown as APIGatewayProxyEventV2);
    },
    after: (middyRequest) => {
      const { request, requestId, event } = middyRequest.event;
      const gzip = /\bgzip\b/.test(event.headers['accept-encoding'] ?? '');
      middyRequest.response = respond(
        middyRequest.response as Answer,
        request,
        { contentType: FHIR_JSON, pretty: false, gzip },
        requestId,
      );
    },
  };
  const asserted: Part = {
    before: async ({ event: call }) => {
      if (call.what === 'contract') return;
      const { headers } = call.request;
      const { actor, purpose, contract } = await verify({
        what: call.what as 'discover' | 'fhir' | 'pair',
        authorization: headers.authorization,
        proof: headers.dpop,
        url: region.baseUrl + call.event.rawPath,
        body: call.body,
      });
      call.context = {
        actor,
        requestId: call.requestId,
        now: clock(),
        purpose,
        consentDefault: region.consentDefault,
        glassOverridesDenial: region.glassOverridesDenial,
        narrow: narrowedBy(contract, await services.narrow?.()),
        disclosed: [],
        refused: [],
      };
      await limit({ kind: 'system', subject: `federation ${contract.community}` });
    },
  };
  return middy<Question, Answer | APIGatewayProxyStructuredResultV2>()
    .use(fhirErrors(log) as Part)
    .use(http)
    .use(asserted)
    .use(
      auditing<Question, Answer>(services.audit, ({ context, interaction }, status) =>
        context ? recordsAs(context, { interaction, method: 'POST', target: [] }, status) : undefined,
      ) as Part,
    )
    .handler(async (call: Question): Promise<Answer> => {
      const body = parseJsonBody(call.body);
      if (call.what === 'contract') {
        const { message } = parseWith(ContractMessage, body);
        return { status: 200, text: JSON.stringify(await exchange.hear(message)) };
      }
      const context = call.context!; // asserted has seen to it
      const said = (answer: unknown): Answer => ({ status: 200, text: JSON.stringify(answer) });
      if (call.what === 'pair') return said((await answering.pair(context, parseWith(PairRequest, body))) ?? {});
      if (call.what === 'discover') {
        const asked = parseWith(DiscoverRequest, body);
        call.context = await answering.open(context, asked);
        return said(await answering.discover(call.context, asked));
      }
      const asked = parseWith(QueryRequest, body);
      call.interaction = asked.kind === 'everything' ? '$everything' : asked.kind === 'read' ? 'read' : 'search-type';
      call.context = await answering.open(context, asked);
      return answering.query(call.context, asked);
    });
};
