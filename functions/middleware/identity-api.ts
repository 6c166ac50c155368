// The identity function answers in two ways: FHIR under /fhir, plain JSON elsewhere. Both sign in, audit and refuse alike.
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context as LambdaContext } from 'aws-lambda';
import type { Answer, Interaction, Services } from '../interactions/contract.ts';
import { auditing, recordsAs } from './audit.ts';
import { openContext } from './context.ts';
import { fhirErrors } from './fhir-errors.ts';
import { type Call, type Fhir, fhirHttp } from './fhir-http.ts';
import { type JsonApiParts, jsonApi } from './json-api.ts';

export interface IdentityApiParts extends JsonApiParts {
  /** Addresses under /fhir that this function serves. */
  readonly faces: Interaction;
}

export const identityApi = (parts: IdentityApiParts) => {
  const json = jsonApi(parts) as unknown as Handler;
  const fhir = fhirFacesApi(parts) as unknown as Handler;
  const handler: Handler = (event, context) => (event.rawPath.startsWith('/fhir/') ? fhir : json)(event, context);
  return handler;
};

type Handler = (event: APIGatewayProxyEventV2, context: LambdaContext) => Promise<APIGatewayProxyStructuredResultV2>;

const fhirFacesApi = ({ services, authenticate, faces, log }: Omit<IdentityApiParts, 'routes'>) =>
  middy<Call, Answer | APIGatewayProxyStructuredResultV2>()
    .use(fhirErrors(log)) // outermost: whatever is thrown below leaves as an OperationOutcome
    .use(fhirHttp())
    .use(signedIn(services, authenticate))
    .use(
      auditing<Call, Answer>(services.audit, ({ context, request }, status) =>
        // The path's last segment is one of ours; what was sought stays out.
        context
          ? recordsAs(context, { interaction: nameOf(request.path), method: request.method, target: [] }, status)
          : undefined,
      ) as Fhir,
    )
    .handler(async ({ context, request }: Call) => faces(context!, request));

const nameOf = (path: readonly string[]): string => {
  const last = path.at(-1) ?? '';
  return last === '$match' || last === '$ihe-pix' ? last : 'operation';
};

const signedIn = (
  services: Pick<Services, 'clock' | 'region'>,
  authenticate: IdentityApiParts['authenticate'],
): Fhir => {
  const contextOf = openContext(services, authenticate);
  return {
    before: async ({ event }) => {
      event.context = await contextOf(event.request.headers, event.requestId);
    },
  };
};
