// The three addresses of the token Lambda, as HTTP. Bodies are OAuth's, not FHIR's: clients of RFC 6749 read them.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Audit } from '../audit/port.ts';
import { FhirError } from '../fhir/outcome.ts';
import { keySetUrlOf, smartConfiguration, tokenUrlOf } from './smart-configuration.ts';
import { type Issued, OAuthError, type TokenEndpointDeps, tokenEndpoint } from './token-endpoint.ts';

export interface TokenHttpDeps extends TokenEndpointDeps {
  readonly audit: Audit;
  readonly log: (line: Record<string, unknown>) => void;
}

const LONGEST_BODY = 16_384;

type Answer = APIGatewayProxyStructuredResultV2;
export type TokenEvent = Pick<
  APIGatewayProxyEventV2,
  'rawPath' | 'headers' | 'body' | 'isBase64Encoded' | 'requestContext'
>;

export const tokenHttp = (deps: TokenHttpDeps): ((event: TokenEvent) => Promise<Answer>) => {
  const issue = tokenEndpoint(deps);
  const routes: Record<string, (event: TokenEvent) => Promise<Answer>> = {
    [`POST ${pathOf(tokenUrlOf(deps.baseUrl))}`]: async (event) => {
      const issued = await issue(formOf(event));
      await deps.audit.record([recordOf(issued, event)]); // before the token leaves
      return json(200, issued.body, 'no-store');
    },
    [`GET ${pathOf(keySetUrlOf(deps.baseUrl))}`]: async () =>
      json(200, { keys: await deps.keys.publicKeys() }, 'public, max-age=300'),
    [`GET ${pathOf(`${deps.baseUrl}/fhir/.well-known/smart-configuration`)}`]: async () =>
      json(200, smartConfiguration(deps.baseUrl), 'public, max-age=300'),
  };

  return async (event) => {
    const { method } = event.requestContext.http;
    const { requestId } = event.requestContext;
    try {
      const route = routes[`${method === 'HEAD' ? 'GET' : method} ${event.rawPath}`];
      if (!route) return json(404, { error: 'invalid_request', error_description: 'no such address' }, 'no-store');
      return await route(event);
    } catch (error) {
      if (error instanceof OAuthError) {
        deps.log({ level: 'info', event: 'token-refused', requestId, error: error.error, rule: error.message });
        return refusal(error);
      }
      const status = error instanceof FhirError ? error.status : 500;
      deps.log({ level: 'error', event: 'fault', requestId, name: error instanceof Error ? error.name : typeof error });
      // RFC 6749 has no word for it; `temporarily_unavailable` is the one that its section 4 uses.
      return json(
        Math.max(status, 500),
        {
          error: status === 503 ? 'temporarily_unavailable' : 'server_error',
          error_description: `request ${requestId}`,
        },
        'no-store',
      );
    }
  };
};

const pathOf = (url: string): string => new URL(url).pathname;

const formOf = ({ headers, body = '', isBase64Encoded }: TokenEvent): URLSearchParams => {
  const [type] = (headers['content-type'] ?? '').split(';');
  if (type?.trim().toLowerCase() !== 'application/x-www-form-urlencoded')
    throw new OAuthError('invalid_request', 'the body must be application/x-www-form-urlencoded');
  if (headers.authorization !== undefined)
    throw new OAuthError('invalid_request', 'use client_assertion, and no other way of client authentication');
  if (body.length > LONGEST_BODY) throw new OAuthError('invalid_request', 'the body is too long');
  return new URLSearchParams(isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body);
};

const refusal = ({ status, error, message }: OAuthError): Answer => {
  const answer = json(status, { error, error_description: message }, 'no-store');
  return status === 401 ? { ...answer, headers: { ...answer.headers, 'www-authenticate': 'Bearer' } } : answer;
};

const json = (statusCode: number, body: unknown, cacheControl: string): Answer => ({
  statusCode,
  headers: {
    'content-type': 'application/json',
    'cache-control': cacheControl,
    ...(cacheControl === 'no-store' && { pragma: 'no-cache' }),
    'x-content-type-options': 'nosniff',
  },
  body: JSON.stringify(body),
});

/** Sign-ins of systems stand in the audit trail beside what they did with the token. */
const recordOf = ({ system, tokenId }: Issued, event: TokenEvent) =>
  ({
    action: 'E',
    interaction: 'token',
    actor: system.clientId,
    actorKind: 'system',
    role: 'system',
    facility: system.facility,
    tokenId,
    purpose: '',
    requestId: event.requestContext.requestId,
    patientKey: undefined,
    entities: [],
    count: 0,
    outcome: '0',
    status: 200,
  }) as const;
