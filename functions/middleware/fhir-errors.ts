import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { FhirError, operationOutcome } from '../fhir/outcome.ts';
import { isResourceType } from '../fhir/resource-types.ts';
import { describeFault, jsonLog, type Log, unforeseen } from '../interactions/faults.ts';
import { FHIR_JSON } from '../interactions/media-type.ts';
import type { Call, Fhir } from './fhir-http.ts';

/** A call as far as it came; the JSON APIs name its interaction. */
type Failed = Partial<Call> & { readonly interaction?: string };

/** Outermost: whatever is thrown below leaves as an OperationOutcome. */
export const fhirErrors = (log: Log = jsonLog): Pick<Fhir, 'onError'> => ({
  onError: (middy) => {
    const error: unknown = middy.error;
    const call = middy.event as Failed;
    const requestId = call.requestId ?? rawRequestId(middy.event) ?? 'unknown';
    log(describe(error, requestId, call));
    middy.response = errorResponse(error, requestId, isHead(middy.event));
  },
});

export const errorResponse = (error: unknown, requestId: string, head: boolean): APIGatewayProxyStructuredResultV2 => {
  const refusal = error instanceof FhirError ? error : unforeseen(error, requestId);
  const headers = {
    'content-type': FHIR_JSON,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
    ...refusal.headers,
  };
  if (head) return { statusCode: refusal.status, headers };
  return { statusCode: refusal.status, headers, body: JSON.stringify(operationOutcome(refusal.issues)) };
};

const describe = (error: unknown, requestId: string, { request, context, interaction }: Failed) => {
  const where = {
    requestId,
    method: request?.method,
    // Type and interaction name the place; the id stays out, it would lead to a person.
    target: interaction ?? request?.path.filter(isOurWord).join('/'),
    facility: context?.actor.facility,
  };
  if (error instanceof FhirError) {
    const rules = error.issues.slice(0, 20).map(({ code, expression }) => ({ code, at: expression?.[0] }));
    return { level: error.status >= 500 ? 'error' : 'info', event: 'refused', ...where, status: error.status, rules };
  }
  return { level: 'error', event: 'fault', ...where, ...describeFault(error) };
};

/** A client may write a name where an id belongs, so a segment is logged only if we gave it its meaning. */
const isOurWord = (segment: string) => isResourceType(segment) || OUR_WORDS.has(segment);
const OUR_WORDS = new Set([
  ...['_history', '_search', 'metadata'],
  ...['$everything', '$summary', '$validate', '$lastn', '$meta', '$meta-add', '$meta-delete', '$lookup', '$expand'],
  ...['$validate-code', '$upload', '$upload-status', '$match', '$ihe-pix'],
]);

const rawRequestId = (event: unknown) =>
  (event as { requestContext?: { requestId?: string } } | undefined)?.requestContext?.requestId;

const isHead = (event: unknown) => {
  const { request, requestContext } = event as {
    request?: { method: string };
    requestContext?: { http?: { method: string } };
  };
  return (request?.method ?? requestContext?.http?.method) === 'HEAD';
};
