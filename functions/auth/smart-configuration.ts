import { parseScopes } from './scopes.ts';

export const tokenUrlOf = (baseUrl: string): string => `${baseUrl}/auth/token`;
export const keySetUrlOf = (baseUrl: string): string => `${baseUrl}/auth/jwks.json`;

export const CLIENT_ALGORITHMS = ['RS384', 'ES384'];

/** What a system may be registered for at most. */
export const SYSTEM_SCOPES = parseScopes('system/*.cruds');

/**
 * What `/.well-known/smart-configuration` says: the fields that a server without an authorization endpoint must give.
 * https://hl7.org/fhir/smart-app-launch/STU2.1/conformance.html#metadata
 */
export const smartConfiguration = (baseUrl: string) => ({
  issuer: baseUrl,
  jwks_uri: keySetUrlOf(baseUrl),
  token_endpoint: tokenUrlOf(baseUrl),
  token_endpoint_auth_methods_supported: ['private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
  grant_types_supported: ['client_credentials'],
  scopes_supported: ['system/*.cruds', 'system/*.rs', 'system/*.read', 'system/*.write'],
  // Required of every server although there is no authorization endpoint to use it at.
  code_challenge_methods_supported: ['S256'],
  capabilities: ['client-confidential-asymmetric', 'permission-v1', 'permission-v2'],
});
