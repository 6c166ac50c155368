// POST /ihe/xcpd, /ihe/xca/query, /ihe/xca/retrieve as a Lambda handler: other communities' initiating gateways, who come with an XUA
// assertion and no token. Whatever goes wrong leaves as a SOAP fault that names the rule. Nothing of a message is looked at but its header
// until the assertion holds, and the audit record is written before the answer leaves.
import { randomUUID } from 'node:crypto';
import middy, { type MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Actor } from '../consent/actor.ts';
import { narrowedBy } from '../federation/answer.ts';
import type { VerifyXua, XuaCaller } from '../federation/xua-caller.ts';
import { FhirError, notFound, refuse } from '../fhir/outcome.ts';
import { type IheAnswer, SOAP_TYPE } from '../ihe/faces.ts';
import { assertAction, GATEWAY_FACES, type GatewayServices } from '../ihe/gateway-faces.ts';
import { assertRequest, type Envelope, parseEnvelope, writeFault } from '../ihe/soap/envelope.ts';
import { SoapFault } from '../ihe/soap/fault.ts';
import { readSoapMessage } from '../ihe/soap/mtom.ts';
import { XML_LIMITS } from '../ihe/xml/parse.ts';
import type { Context, Services } from '../interactions/contract.ts';
import { describeFault, jsonLog, type Log } from '../interactions/faults.ts';
import { auditing, recordsAs } from './audit.ts';

export interface RespondingGatewayParts {
  readonly services: Pick<Services, 'clock' | 'region' | 'audit' | 'narrow'>;
  readonly verify: VerifyXua;
  /** Discovery and documents as this caller may use them. */
  readonly gateway: (context: Context, caller: XuaCaller) => Pick<GatewayServices, 'discovery' | 'documents'>;
  /** How often one community may ask (abuse/limiter.ts). */
  readonly limit: (who: Pick<Actor, 'kind' | 'subject'>) => Promise<void>;
  readonly log?: Log;
}

interface GatewayCall {
  readonly event: APIGatewayProxyEventV2;
  readonly face: string;
  /** Of API Gateway; the one in the trail is the asker's. */
  readonly requestId: string;
  readonly interaction: string;
  envelope?: Envelope;
  caller?: XuaCaller;
  context?: Context;
}

type Answered = IheAnswer | APIGatewayProxyStructuredResultV2;
type Part = MiddlewareObj<GatewayCall, Answered>;

/** Questions are small: a query with a hundred documents has some 30 KB. */
const MOST_BYTES = 1024 * 1024;
const LIMITS = { ...XML_LIMITS, bytes: MOST_BYTES, elements: 20_000 };
const REQUEST_ID = /^[A-Za-z0-9\-._=+/:]{1,64}$/;

export const respondingGateway = (parts: RespondingGatewayParts) => {
  const { services, gateway, log = jsonLog } = parts;
  return middy<GatewayCall, Answered>()
    .use(soapFaults(log)) // outermost: whatever is thrown below leaves as a SOAP fault
    .use(gatewayHttp())
    .use(asserted(parts))
    .use(
      auditing<GatewayCall, IheAnswer>(services.audit, ({ context, interaction }, status) =>
        context ? recordsAs(context, { interaction, method: 'POST', target: [] }, status) : undefined,
      ) as Part,
    )
    .handler(async ({ face, envelope, caller, context }: GatewayCall) =>
      // `asserted` has seen to all three.
      GATEWAY_FACES[face]!.answer(envelope!, {
        ...gateway(context!, caller!),
        community: services.region.homeCommunityId,
        asker: caller!.contract.community,
        now: context!.now,
        newId: randomUUID,
      }),
    );
};

const headersOf = (contentType: string, requestId: string) => ({
  'content-type': contentType,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-request-id': requestId,
});

const gatewayHttp = (): Part => ({
  before: (middyRequest) => {
    const event = middyRequest.event as unknown as APIGatewayProxyEventV2;
    const face = event.rawPath.replace(/^\/ihe\//, '');
    if (!Object.hasOwn(GATEWAY_FACES, face)) throw notFound('an address of this form');
    if (event.requestContext.http.method !== 'POST') throw refuse('notAllowed', 'this address takes POST only');
    middyRequest.event = {
      event,
      face,
      requestId: event.requestContext.requestId,
      interaction: `ihe-${face.replace('/', '-')}`,
    };
  },
  after: (middyRequest) => {
    const { http, contentType, body } = middyRequest.response as IheAnswer;
    middyRequest.response = {
      statusCode: http,
      headers: headersOf(contentType, middyRequest.event.requestId),
      // Documents are bytes.
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
    };
  },
});

const asserted = ({ services, verify, limit }: RespondingGatewayParts): Part => ({
  before: async ({ event: call }) => {
    const { event, face } = call;
    const { region, clock } = services;
    const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
    if (body.byteLength > MOST_BYTES) throw refuse('tooLarge', `the body may have at most ${MOST_BYTES} bytes here`);
    const contentType = event.headers['content-type'] ?? '';
    const envelope: Envelope = parseEnvelope(readSoapMessage(contentType, body).envelope, LIMITS);
    call.envelope = envelope;
    assertAction(envelope, GATEWAY_FACES[face]!);
    assertRequest(envelope, contentType);
    const { messageId, assertion } = envelope;
    const { domainName, authentication } = event.requestContext;
    const caller = await verify({
      assertion,
      messageId,
      recipient: region.baseUrl + event.rawPath,
      // API Gateway hands over only what was asked under one of its own names.
      otherRecipient: domainName && `https://${domainName}${event.rawPath}`,
      clientCertificate: authentication?.clientCert.clientCertPem,
    });
    call.caller = caller;
    await limit({ kind: 'system', subject: `federation ${caller.contract.community}` });
    call.context = {
      actor: caller.actor,
      requestId: joint(event.headers['x-request-id'], messageId, call.requestId),
      now: clock(),
      purpose: caller.purpose,
      consentDefault: region.consentDefault,
      glassOverridesDenial: region.glassOverridesDenial,
      narrow: narrowedBy(caller.contract, await services.narrow?.()),
      disclosed: [],
      refused: [],
    };
  },
});

/** The number by which an auditor joins both trails: the asker's own where it gives one, else that of its message. */
const joint = (given: string | undefined, messageId: string, own: string): string =>
  [given, messageId].find((one) => one !== undefined && REQUEST_ID.test(one)) ?? own;

const soapFaults = (log: Log): Part => ({
  onError: (middyRequest) => {
    const error: unknown = middyRequest.error;
    const { envelope, requestId = 'unknown', caller, interaction } = (middyRequest.event ?? {}) as Partial<GatewayCall>;
    const fault = faultOf(error);
    const isRefusal = error instanceof SoapFault || error instanceof FhirError;
    log({
      level: isRefusal ? 'info' : 'error',
      event: isRefusal ? 'refused' : 'fault',
      requestId,
      target: interaction,
      community: caller?.contract.community,
      ...(isRefusal ? { rule: fault.message } : describeFault(error)),
    });
    middyRequest.response = {
      statusCode: error instanceof FhirError ? error.status : fault.status,
      headers: {
        ...headersOf(SOAP_TYPE, requestId),
        ...(error instanceof FhirError && error.headers),
      },
      body: writeFault(fault, `urn:uuid:${randomUUID()}`, envelope?.messageId),
    };
  },
});

/** In SOAP's words. What we refuse names its rule; what went wrong here says nothing but that. */
const faultOf = (error: unknown): SoapFault => {
  if (error instanceof SoapFault) return error;
  if (!(error instanceof FhirError)) return new SoapFault('Receiver', 'internal error');
  const isOurs = error.status >= 500 || error.status === 429;
  return new SoapFault(isOurs ? 'Receiver' : 'Sender', error.issues[0]?.diagnostics ?? 'refused');
};
