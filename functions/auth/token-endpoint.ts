// Access tokens for systems: SMART Backend Services.
// https://hl7.org/fhir/smart-app-launch/STU2.1/backend-services.html
// https://hl7.org/fhir/smart-app-launch/STU2.1/client-confidential-asymmetric.html
import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import { cached } from './cached.ts';
import { type FetchLike, type FindKey, findKey, remoteKeys } from './jwks.ts';
import type { FacilityRow, Identities, SystemRow } from './rows.ts';
import { formatScope, narrow, parseScopes } from './scopes.ts';
import { CLIENT_ALGORITHMS, tokenUrlOf } from './smart-configuration.ts';
import type { TokenKeys } from './token-keys.ts';
import { audienceOf } from './verify-token.ts';

/** Ten minutes: half the signatures of the recommended five, and a withdrawn client is refused within a minute in any case. */
export const TOKEN_SECONDS = 600;

/** "The exp value SHALL be no more than five minutes in the future." */
const LONGEST_ASSERTION_SECONDS = 300;
/** Gateways in clinics have clocks of their own. */
const SKEW_SECONDS = 10;
const LONGEST_JTI = 256;

export interface TokenEndpointDeps {
  readonly baseUrl: string;
  readonly region: string;
  readonly identities: Identities;
  readonly keys: TokenKeys;
  readonly clock: () => number;
  readonly newId: () => string;
  readonly fetch?: FetchLike;
}

/** RFC 6749, 5.2. The description names the rule, never what was sent or what is registered. */
export class OAuthError extends Error {
  readonly status: number;
  readonly error: 'invalid_request' | 'invalid_client' | 'invalid_scope' | 'unsupported_grant_type';

  constructor(error: OAuthError['error'], description: string, options?: ErrorOptions) {
    super(description, options);
    this.error = error;
    this.status = error === 'invalid_client' ? 401 : 400;
  }
}

export interface Issued {
  readonly body: { access_token: string; token_type: 'bearer'; expires_in: number; scope: string };
  readonly system: SystemRow;
  readonly tokenId: string;
}

export const tokenEndpoint = (deps: TokenEndpointDeps): ((form: URLSearchParams) => Promise<Issued>) => {
  const clientKeys = registeredKeys(deps);
  return async (form) => {
    const { scope, assertion } = parseRequest(form);
    const { system, facility } = await authenticateClient(deps, clientKeys, assertion);

    const granted = narrow(parseScopes(scope), parseScopes(system.scopes)).filter(({ level }) => level === 'system');
    if (granted.length === 0) throw new OAuthError('invalid_scope', 'none of the requested scopes can be granted');
    const scopes = granted.map(formatScope).join(' ');

    const issuedAt = Math.floor(deps.clock() / 1000);
    const tokenId = deps.newId();
    const access_token = await deps.keys.sign(
      { typ: 'at+jwt' },
      {
        iss: deps.baseUrl,
        aud: audienceOf(deps.baseUrl),
        sub: system.clientId,
        client_id: system.clientId,
        jti: tokenId,
        iat: issuedAt,
        exp: issuedAt + TOKEN_SECONDS,
        region: deps.region,
        facility: facility.code,
        facility_type: facility.type,
        role: 'system',
        scope: scopes,
      },
    );
    return { body: { access_token, token_type: 'bearer', expires_in: TOKEN_SECONDS, scope: scopes }, system, tokenId };
  };
};

const parseRequest = (form: URLSearchParams) => {
  const one = (name: string) => {
    const [value, ...more] = form.getAll(name);
    if (more.length > 0) throw new OAuthError('invalid_request', `${name} is given more than once`);
    return value || undefined;
  };
  const grant = one('grant_type');
  if (grant === undefined) throw new OAuthError('invalid_request', 'grant_type is missing');
  if (grant !== 'client_credentials')
    throw new OAuthError('unsupported_grant_type', 'only client_credentials is supported');
  if (one('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    throw new OAuthError(
      'invalid_request',
      'client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    );
  const assertion = one('client_assertion');
  if (assertion === undefined || assertion.length > 8_192)
    throw new OAuthError('invalid_request', 'client_assertion is missing or too long');
  const scope = one('scope');
  if (scope === undefined) throw new OAuthError('invalid_request', 'scope is missing');
  return { scope, assertion };
};

/** One answer for every fault: an outsider does not learn which clients exist, or how near a forged assertion came. */
const authenticateClient = async (
  { baseUrl, identities, clock }: TokenEndpointDeps,
  clientKeys: (system: SystemRow) => FindKey,
  assertion: string,
): Promise<{ system: SystemRow; facility: FacilityRow }> => {
  const now = clock();
  let system: SystemRow | undefined;
  let claims: JWTPayload;
  try {
    const { iss = '' } = decodeJwt(assertion);
    const { alg = '', jku } = decodeProtectedHeader(assertion);
    if (!CLIENT_ALGORITHMS.includes(alg) || iss === '' || iss.length > 128) throw new Error('not an assertion');
    system = await identities.system(iss);
    if (!system || system.disabled) throw new Error('no such client');
    if (jku !== undefined && jku !== system.jwksUrl) throw new Error('jku is not the registered one');
    const verified = await jwtVerify(assertion, clientKeys(system), {
      algorithms: CLIENT_ALGORITHMS,
      issuer: system.clientId,
      subject: system.clientId,
      audience: tokenUrlOf(baseUrl),
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'jti'],
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(now),
    });
    claims = verified.payload;
  } catch (cause) {
    if (cause instanceof Error && '$metadata' in cause) throw cause; // the table did not answer: a fault, not a refusal
    throw new OAuthError('invalid_client', 'client authentication failed', { cause });
  }

  const { jti = '', exp = 0 } = claims;
  const inTime = exp <= now / 1000 + LONGEST_ASSERTION_SECONDS + SKEW_SECONDS;
  if (!inTime || typeof jti !== 'string' || jti === '' || jti.length > LONGEST_JTI)
    throw new OAuthError('invalid_client', 'client authentication failed');

  const facility = await identities.facility(system.facility);
  if (!facility || facility.disabled) throw new OAuthError('invalid_client', 'client authentication failed');

  // Last, so that only its owner can use an assertion up.
  const once = createHash('sha256')
    .update(JSON.stringify([system.clientId, jti]))
    .digest('base64url');
  const first = await identities.useOnce(once, (exp + SKEW_SECONDS) * 1000 + 60_000);
  if (!first) throw new OAuthError('invalid_client', 'client authentication failed');
  return { system, facility };
};

/** Keys of a client: the registered set, or what its URL says (remembered for as long as `jwks.ts` lets it). */
const registeredKeys = ({ clock, fetch }: TokenEndpointDeps): ((system: SystemRow) => FindKey) => {
  const byUrl = cached(async (url: string) => remoteKeys({ url, clock, ...(fetch && { fetch }) }), {
    forMs: Number.POSITIVE_INFINITY,
    most: 200,
    clock,
  });
  return ({ jwks, jwksUrl }) =>
    async (header) => {
      if (jwks) return findKey(jwks.keys, header);
      return (await byUrl(jwksUrl ?? ''))(header);
    };
};
