// POST /ihe/{face}, GET /ihe/updates, as a Lambda handler: who asks, the message, the audit record, the answer. Inside, HL7 v2 and SOAP say
// themselves what went wrong; without a valid token the answer is an OperationOutcome, as everywhere.
import middy, { type MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { notFound, refuse } from '../fhir/outcome.ts';
import { type Face, type IheAnswer, methodOf } from '../ihe/faces.ts';
import type { Context, FhirRequest, Services } from '../interactions/contract.ts';
import type { Log } from '../interactions/faults.ts';
import { auditing, recordsAs } from './audit.ts';
import { type Authenticate, openContext } from './context.ts';
import { fhirErrors } from './fhir-errors.ts';

interface IheCall {
  readonly event: APIGatewayProxyEventV2;
  readonly request: Pick<FhirRequest, 'method' | 'path' | 'headers'>;
  readonly requestId: string;
  readonly interaction: string;
  context?: Context;
}

export interface IheApiParts {
  readonly services: Pick<Services, 'clock' | 'region' | 'audit' | 'narrow'>;
  readonly authenticate: Authenticate;
  readonly faces: Readonly<Record<string, Face>>;
  readonly log?: Log;
}

type Answered = IheAnswer | APIGatewayProxyStructuredResultV2;
type Ihe = MiddlewareObj<IheCall, Answered>;
const MOST_BYTES = 4 * 1024 * 1024;

export const iheApi = ({ services, authenticate, faces, log }: IheApiParts) =>
  middy<IheCall, Answered>()
    .use(fhirErrors(log) as Ihe) // outermost: whatever is thrown below leaves as an OperationOutcome
    .use(iheHttp(faces))
    .use(signedIn(services, authenticate))
    .use(
      auditing<IheCall, IheAnswer>(services.audit, ({ context, request, interaction }, status) =>
        context ? recordsAs(context, { interaction, method: request.method, target: [] }, status) : undefined,
      ) as Ihe,
    )
    .handler(async ({ event, context, request }: IheCall) => {
      const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
      if (body.byteLength > MOST_BYTES) throw refuse('tooLarge', `the body may have at most ${MOST_BYTES} bytes here`);
      const face = request.path[1] ?? '';
      const params = new URLSearchParams(event.rawQueryString ?? '');
      return faces[face]!(context!, { face, contentType: request.headers['content-type'] ?? '', body, params });
    });

const iheHttp = (faces: IheApiParts['faces']): Ihe => ({
  before: (middyRequest) => {
    const event = middyRequest.event as unknown as APIGatewayProxyEventV2;
    const path = event.rawPath.split('/').filter(Boolean);
    const face = path[1] ?? '';
    if (path.length !== 2 || !Object.hasOwn(faces, face)) throw notFound('an address of this form');
    const method = methodOf(face);
    if (event.requestContext.http.method !== method) throw refuse('notAllowed', `this address takes ${method} only`);
    middyRequest.event = {
      event,
      request: { method, path, headers: event.headers ?? {} },
      requestId: event.requestContext.requestId,
      interaction: `ihe-${face}`,
    };
  },
  after: (middyRequest) => {
    const { http, contentType, body } = middyRequest.response as IheAnswer;
    middyRequest.response = {
      statusCode: http,
      headers: {
        'content-type': contentType,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-request-id': middyRequest.event.requestId,
      },
      // HL7 v2 in ISO-2022-JP is no UTF-8, so every answer leaves as bytes.
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
    };
  },
});

const signedIn = (services: IheApiParts['services'], authenticate: Authenticate): Ihe => {
  const contextOf = openContext(services, authenticate);
  return {
    before: async ({ event }) => {
      const context = await contextOf(event.request.headers, event.requestId);
      // Messages come from facilities' software; a person has the console.
      if (context.actor.kind !== 'system') throw refuse('forbidden', 'only a facility’s system may send messages');
      event.context = context;
    },
  };
};
