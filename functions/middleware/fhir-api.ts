import middy from '@middy/core';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { BreakGlass } from '../break-glass/port.ts';
import type { Answer, Services } from '../interactions/contract.ts';
import type { Log } from '../interactions/faults.ts';
import { type AuditEvents, isOpen, routes } from '../interactions/routes.ts';
import { audited } from './audit.ts';
import { breakingGlass } from './break-glass.ts';
import { type Authenticate, openContext } from './context.ts';
import { fhirErrors } from './fhir-errors.ts';
import { type Call, type Fhir, fhirHttp } from './fhir-http.ts';

export interface ApiParts {
  readonly services: Services;
  readonly authenticate: Authenticate;
  readonly audits?: AuditEvents;
  readonly breakGlass?: BreakGlass | undefined;
  readonly log?: Log;
}

/** The whole FHIR API as a Lambda handler: entries/fhir-api.ts gives it live parts, tests give it others. */
export const fhirApi = ({ services, authenticate, audits, breakGlass, log }: ApiParts) => {
  const dispatch = routes(services, audits);
  return middy<Call, Answer | APIGatewayProxyStructuredResultV2>()
    .use(fhirErrors(log)) // outermost: whatever is thrown below leaves as an OperationOutcome
    .use(fhirHttp())
    .use(authenticated(services, authenticate))
    .use(breakingGlass(breakGlass))
    .use(audited(services))
    .handler(async ({ context, request }: Call) => {
      // What anybody may read asks nobody who he is, and so has no context.
      return dispatch(context!, request);
    });
};

const authenticated = (services: Pick<Services, 'clock' | 'region' | 'narrow'>, authenticate: Authenticate): Fhir => {
  const contextOf = openContext(services, authenticate);
  return {
    before: async ({ event }) => {
      if (isOpen(event.request)) return;
      event.context = await contextOf(event.request.headers, event.requestId);
    },
  };
};
