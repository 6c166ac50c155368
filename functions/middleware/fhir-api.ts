import middy from '@middy/core';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Actor } from '../consent/actor.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Answer, FhirRequest, Services } from '../interactions/contract.ts';
import type { Log } from '../interactions/faults.ts';
import { type AuditEvents, isOpen, routes } from '../interactions/routes.ts';
import { audited } from './audit.ts';
import { fhirErrors } from './fhir-errors.ts';
import { type Call, type Fhir, fhirHttp } from './fhir-http.ts';

export interface ApiParts {
  readonly services: Services;
  /** middleware/authenticate.ts: a verified token becomes an actor, or the request ends here. */
  readonly authenticate: (headers: FhirRequest['headers']) => Promise<Actor>;
  readonly audits?: AuditEvents;
  readonly log?: Log;
}

/** The whole FHIR API as a Lambda handler: entries/fhir-api.ts gives it live parts, tests give it others. */
export const fhirApi = ({ services, authenticate, audits, log }: ApiParts) => {
  const dispatch = routes(services, audits);
  return middy<Call, Answer | APIGatewayProxyStructuredResultV2>()
    .use(fhirErrors(log)) // outermost: whatever is thrown below leaves as an OperationOutcome
    .use(fhirHttp())
    .use(authenticated(services, authenticate))
    .use(audited(services))
    .handler(async ({ context, request }: Call) => {
      // What anybody may read asks nobody who he is, and so has no context.
      return dispatch(context!, request);
    });
};

/** https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html */
const PURPOSE = /^[A-Z]{3,16}$/;

const authenticated = (
  { clock, region }: Pick<Services, 'clock' | 'region'>,
  authenticate: ApiParts['authenticate'],
): Fhir => ({
  before: async (middyRequest) => {
    const call = middyRequest.event;
    const { request, requestId } = call;
    if (isOpen(request)) return;
    const actor = await authenticate(request.headers);
    const purpose = request.headers['x-purpose'] ?? 'TREAT';
    if (!PURPOSE.test(purpose)) throw refuse('invalid', 'X-Purpose must be a code of PurposeOfUse');
    call.context = { actor, requestId, now: clock(), purpose, consentDefault: region.consentDefault, disclosed: [] };
  },
});
