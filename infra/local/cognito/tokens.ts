// Tokens of a user pool: RS256, the issuer of the real service, claims as the pre-token trigger leaves them.
// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
import { createHash, randomBytes, randomUUID, sign, verify } from 'node:crypto';
import { ServiceError } from '../front/service.ts';
import type { PoolClient } from './pool-settings.ts';
import { askTrigger, triggerEvent } from './triggers.ts';
import type { RefreshToken, SigningKey, User, UserPool } from './user-pools.ts';

type Claims = Record<string, unknown>;

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

const signed = ({ kid, privateKey }: SigningKey, claims: Claims): string => {
  const text = `${encode({ kid, alg: 'RS256' })}.${encode(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
};

export const jwks = ({ keys }: UserPool) => ({
  keys: [keys.id, keys.access].map(({ kid, publicKey }) => ({
    ...publicKey.export({ format: 'jwk' }),
    kid,
    alg: 'RS256',
    use: 'sig',
  })),
});

export const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

/** A first sign-in makes a refresh token; a refresh keeps the one it came with. */
export interface Grant {
  readonly source:
    | 'TokenGeneration_Authentication'
    | 'TokenGeneration_NewPasswordChallenge'
    | 'TokenGeneration_RefreshTokens';
  readonly from?: RefreshToken;
  readonly clientMetadata?: unknown;
}

export const issueTokens = async (pool: UserPool, client: PoolClient, user: User, grant: Grant) => {
  const now = Math.floor(Date.now() / 1000);
  const originJti = grant.from?.originJti ?? randomUUID();
  const authTime = grant.from?.authTime ?? now;
  const groups = user.groups.length > 0 ? { 'cognito:groups': [...user.groups] } : {};
  const common = {
    sub: user.sub,
    ...groups,
    iss: pool.settings.issuer,
    origin_jti: originJti,
    event_id: randomUUID(),
    auth_time: authTime,
    iat: now,
  };
  const id: Claims = {
    ...common,
    ...attributeClaims(user),
    'cognito:username': user.username,
    aud: client.id,
    token_use: 'id',
    exp: now + client.idSeconds,
    jti: randomUUID(),
  };
  const access: Claims = {
    ...common,
    client_id: client.id,
    token_use: 'access',
    scope: 'aws.cognito.signin.user.admin',
    exp: now + client.accessSeconds,
    jti: randomUUID(),
    username: user.username,
  };
  await applyTrigger({ pool, client, user, grant }, id, access);

  let refresh: string | undefined;
  if (!grant.from) {
    refresh = randomBytes(48).toString('base64url');
    const kept = user.refreshTokens.filter(({ expires }) => expires > now).slice(-50);
    user.refreshTokens = [
      ...kept,
      { hash: hashOf(refresh), clientId: client.id, originJti, authTime, expires: now + client.refreshSeconds },
    ];
    pool.saveUser(user);
  }
  return {
    AuthenticationResult: {
      AccessToken: signed(pool.keys.access, access),
      IdToken: signed(pool.keys.id, id),
      ...(refresh !== undefined && { RefreshToken: refresh }),
      ExpiresIn: client.accessSeconds,
      TokenType: 'Bearer',
    },
    ChallengeParameters: {},
  };
};

const attributeClaims = ({ attributes }: User): Claims =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, name.endsWith('_verified') ? value === 'true' : value]),
  );

/** Claims that no trigger may touch. */
const FIXED = new Set(
  'acr amr at_hash auth_time azp client_id exp iat iss jti nbf nonce origin_jti sub token_use username cognito:username aud event_id'.split(
    ' ',
  ),
);

interface Overrides {
  claimsToAddOrOverride?: Claims;
  claimsToSuppress?: string[];
  scopesToAdd?: string[];
  scopesToSuppress?: string[];
}

interface TriggerAnswer {
  claimsOverrideDetails?: Overrides | null;
  claimsAndScopeOverrideDetails?: {
    idTokenGeneration?: Overrides;
    accessTokenGeneration?: Overrides;
    groupOverrideDetails?: { groupsToOverride?: string[] };
  } | null;
}

const applyTrigger = async (
  { pool, client, user, grant }: { pool: UserPool; client: PoolClient; user: User; grant: Grant },
  id: Claims,
  access: Claims,
) => {
  const { preToken } = pool.settings;
  if (!preToken) return;
  const second = preToken.version !== 'V1_0';
  const { request, ...common } = triggerEvent(pool, client.id, user, grant.clientMetadata);
  const event = {
    ...common,
    version: { V1_0: '1', V2_0: '2', V3_0: '3' }[preToken.version] ?? '1',
    triggerSource: grant.source,
    request: {
      ...request,
      groupConfiguration: { groupsToOverride: user.groups, iamRolesToOverride: [], preferredRole: null },
      ...(second && { scopes: String(access['scope']).split(' ') }),
    },
    response: second ? { claimsAndScopeOverrideDetails: null } : { claimsOverrideDetails: null },
  };
  const answer: TriggerAnswer = await askTrigger(pool, preToken.arn, event, 'PreTokenGeneration');
  const { claimsOverrideDetails, claimsAndScopeOverrideDetails: both } = answer;
  if (!second) return override(id, claimsOverrideDetails ?? {});
  const groups = both?.groupOverrideDetails?.groupsToOverride;
  if (groups) {
    id['cognito:groups'] = groups;
    access['cognito:groups'] = groups;
  }
  override(id, both?.idTokenGeneration ?? {});
  override(access, both?.accessTokenGeneration ?? {});
};

const override = (
  claims: Claims,
  { claimsToAddOrOverride = {}, claimsToSuppress = [], scopesToAdd, scopesToSuppress }: Overrides,
) => {
  for (const [name, value] of Object.entries(claimsToAddOrOverride)) if (!FIXED.has(name)) claims[name] = value;
  for (const name of claimsToSuppress) if (!FIXED.has(name)) delete claims[name];
  if (typeof claims['scope'] === 'string') {
    const scopes = [...claims['scope'].split(' '), ...(scopesToAdd ?? [])];
    claims['scope'] = scopes.filter((scope) => !scopesToSuppress?.includes(scope)).join(' ');
  }
};

/** For the calls by which people look after their own account: their token needs Cognito's own scope. */
export const accountOfToken = (pools: readonly UserPool[], token: unknown): { pool: UserPool; user: User } => {
  const { pool, user, claims } = userOfAccessToken(pools, token);
  if (!String(claims['scope']).split(' ').includes('aws.cognito.signin.user.admin'))
    throw new ServiceError('NotAuthorizedException', 'Access Token does not have required scopes');
  return { pool, user };
};

/** Who an access token belongs to, as long as it is good: signature, time, sign-out, revocation. */
const userOfAccessToken = (
  pools: readonly UserPool[],
  token: unknown,
): { pool: UserPool; user: User; claims: Claims } => {
  const [head, body, signature] = String(token).split('.');
  const invalid = (why: string) => new ServiceError('NotAuthorizedException', why);
  let claims: Claims;
  let kid: unknown;
  try {
    claims = JSON.parse(Buffer.from(body ?? '', 'base64url').toString()) as Claims;
    kid = (JSON.parse(Buffer.from(head ?? '', 'base64url').toString()) as Claims)['kid'];
  } catch {
    throw invalid('Invalid Access Token');
  }
  const pool = pools.find(({ settings }) => settings.issuer === claims['iss']);
  const key = pool?.keys.access;
  const good =
    key?.kid === kid &&
    key !== undefined &&
    verify('sha256', Buffer.from(`${head}.${body}`), key.publicKey, Buffer.from(signature ?? '', 'base64url'));
  if (!pool || !good || claims['token_use'] !== 'access') throw invalid('Invalid Access Token');
  if (Number(claims['exp']) <= Date.now() / 1000) throw invalid('Access Token has expired');
  const user = pool.find(String(claims['sub']));
  if (!user) throw new ServiceError('UserNotFoundException', 'User does not exist.');
  if (!user.enabled) throw invalid('User is disabled.');
  const revoked = !user.refreshTokens.some(({ originJti }) => originJti === claims['origin_jti']);
  if (revoked || Number(claims['iat']) * 1000 < user.signedOutAt - 1000) throw invalid('Access Token has been revoked');
  return { pool, user, claims };
};
