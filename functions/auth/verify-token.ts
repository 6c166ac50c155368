// Whether a bearer token is one of ours. Deny by default: the issuer picks the rules, and every rule must hold.
//
//   issuer              signed by            alg     use
//   BASE_URL            KMS token key        ES256   typ at+jwt (RFC 9068), aud BASE_URL/fhir, region
//   the staff pool      Cognito              RS256   token_use access, our client id, claims of entries/pre-token.ts
//   the residents pool  Cognito              RS256   token_use access, our client id
//
// https://datatracker.ietf.org/doc/html/rfc8725 (JWT best current practices)
import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import * as z from 'zod/mini';
import { type FindKey, findKey, KeySetUnreachable, remoteKeys } from './jwks.ts';
import type { PublicJwk } from './rows.ts';
import { STAFF_ROLES } from './rows.ts';

const text = z.string().check(z.minLength(1));
const times = { iat: z.number(), exp: z.number(), jti: text, sub: text };

const SystemClaims = z.looseObject({
  ...times,
  client_id: text,
  facility: text,
  facility_type: text,
  scope: z.string(),
  region: text,
});
const CognitoClaims = {
  ...times,
  token_use: z.literal('access'),
  client_id: text,
  /** When its owner signed in: a refreshed token has that of the first. */
  auth_time: z.number(),
};
const StaffClaims = z.looseObject({
  ...CognitoClaims,
  facility: text,
  facility_type: text,
  role: z.enum(STAFF_ROLES),
  'tsumugi:scopes': z.string(),
});
const ResidentClaims = z.looseObject({ ...CognitoClaims });

export type Verified =
  | { readonly kind: 'system'; readonly claims: z.infer<typeof SystemClaims> }
  | { readonly kind: 'staff'; readonly claims: z.infer<typeof StaffClaims> }
  | { readonly kind: 'resident'; readonly claims: z.infer<typeof ResidentClaims> };

export interface Pool {
  /** `ap-northeast-1_AbCdEf123` */
  readonly id: string;
  readonly clientId: string;
}

export interface TokenTrust {
  readonly baseUrl: string;
  readonly region: string;
  /** Public halves of the token key and its predecessors. */
  readonly tokenKeys: () => Promise<readonly PublicJwk[]>;
  readonly staffPool: Pool;
  readonly residentsPool: Pool;
  /** Origin of a local stand-in of Cognito: its keys are fetched there, its issuer is the real one. */
  readonly cognitoOrigin?: string | undefined;
  readonly clock: () => number;
  readonly fetch?: Parameters<typeof remoteKeys>[0]['fetch'];
}

/** The token is not good here. Why, is for tests and never for the caller. */
export class TokenRefused extends Error {}

const LONGEST = 8_192;
/** Clocks of issuer and verifier may differ by this much, in one direction: a token from the future is refused beyond it. */
const SKEW_SECONDS = 60;
const REMEMBERED = 1_000;

interface Trusted {
  readonly options: JWTVerifyOptions;
  readonly key: FindKey;
  readonly read: (claims: JWTPayload) => Verified;
}

export const issuerOf = ({ id }: Pool): string => `https://cognito-idp.${id.split('_')[0]}.amazonaws.com/${id}`;

export const audienceOf = (baseUrl: string): string => `${baseUrl}/fhir`;

/** Verifies a token, and remembers by hash what it verified until the token expires. */
export const tokenVerifier = (trust: TokenTrust): ((token: string) => Promise<Verified>) => {
  const issuers = trustedIssuers(trust);
  const remembered = new Map<string, Verified>();
  return async (token) => {
    const hash = createHash('sha256').update(token).digest('base64');
    const known = remembered.get(hash);
    if (known && trust.clock() < known.claims.exp * 1000) return known;
    remembered.delete(hash);

    const verified = await verify(token, issuers, trust.clock());
    remembered.set(hash, verified);
    if (remembered.size > REMEMBERED) remembered.delete(remembered.keys().next().value as string);
    return verified;
  };
};

const verify = async (token: string, issuers: ReadonlyMap<string, Trusted>, now: number): Promise<Verified> => {
  try {
    if (token.length > LONGEST) throw new TokenRefused('too long');
    const trusted = issuers.get(decodeJwt(token).iss ?? '');
    if (!trusted) throw new TokenRefused('issuer');
    // Before any key is looked for: `none`, HS256 and the like do not get that far.
    if (!trusted.options.algorithms?.includes(decodeProtectedHeader(token).alg ?? ''))
      throw new TokenRefused('algorithm');
    const { payload } = await jwtVerify(token, trusted.key, { ...trusted.options, currentDate: new Date(now) });
    const verified = trusted.read(payload);
    if (verified.claims.iat > now / 1000 + SKEW_SECONDS) throw new TokenRefused('issued in the future');
    return verified;
  } catch (error) {
    if (error instanceof TokenRefused || isOutage(error)) throw error;
    throw new TokenRefused('not verified', { cause: error });
  }
};

/** What we depend on did not answer (key set, KMS, table): no fault of the token, the caller should hear 503 and not 401. */
export const isOutage = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'TimeoutError' || '$metadata' in error || error instanceof KeySetUnreachable);

const trustedIssuers = (trust: TokenTrust): ReadonlyMap<string, Trusted> => {
  const { baseUrl, region, staffPool, residentsPool } = trust;
  const requiredClaims = ['iss', 'sub', 'iat', 'exp', 'jti'];
  const ofPool = (pool: Pool, read: Trusted['read']): [string, Trusted] => [
    issuerOf(pool),
    {
      options: { issuer: issuerOf(pool), algorithms: ['RS256'], requiredClaims },
      key: poolKeys(pool, trust),
      read: (claims) => {
        if (claims.client_id !== pool.clientId) throw new TokenRefused('client');
        return read(claims);
      },
    },
  ];
  return new Map<string, Trusted>([
    [
      baseUrl,
      {
        options: {
          issuer: baseUrl,
          audience: audienceOf(baseUrl),
          typ: 'at+jwt',
          algorithms: ['ES256'],
          requiredClaims,
        },
        key: async (header) => findKey(await ownKeys(trust), header),
        read: (claims) => {
          if (claims.region !== region) throw new TokenRefused('region');
          return { kind: 'system', claims: SystemClaims.parse(claims) };
        },
      },
    ],
    ofPool(staffPool, (claims) => ({ kind: 'staff', claims: StaffClaims.parse(claims) })),
    ofPool(residentsPool, (claims) => ({ kind: 'resident', claims: ResidentClaims.parse(claims) })),
  ]);
};

const ownKeys = (trust: TokenTrust) =>
  trust.tokenKeys().catch((cause) => {
    throw new KeySetUnreachable('the token keys cannot be read', { cause });
  });

const poolKeys = (pool: Pool, { cognitoOrigin, clock, fetch }: TokenTrust): FindKey =>
  remoteKeys({
    url: cognitoOrigin
      ? `${cognitoOrigin.replace(/\/$/, '')}/${pool.id}/.well-known/jwks.json`
      : `${issuerOf(pool)}/.well-known/jwks.json`,
    plainHttp: cognitoOrigin !== undefined,
    clock,
    ...(fetch && { fetch }),
  });
