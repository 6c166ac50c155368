// From a bearer token to an Actor. The token says who signed in where; the subject's row in `registry` says whether that
// still holds: a disabled or changed subject is refused within the half minute that a row is remembered.
import { cached } from '../auth/cached.ts';
import type { FacilityRow, Identities, ResidentRow } from '../auth/rows.ts';
import { parseScopes } from '../auth/scopes.ts';
import { isOutage, TokenRefused, type TokenTrust, tokenVerifier, type Verified } from '../auth/verify-token.ts';
import type { Actor } from '../consent/actor.ts';
import { FhirError } from '../fhir/outcome.ts';

export interface AuthenticateDeps extends TokenTrust {
  readonly identities: Identities;
  /** Whose records a resident may see now (enrolment/acting-for.ts). @default those of the row */
  readonly patientsOf?: ((row: ResidentRow) => Promise<Pick<Actor, 'patients' | 'minors'>>) | undefined;
  /** Lets residents in who have an account and have not joined yet, with nobody's records: to apply. @default false */
  readonly newcomers?: boolean | undefined;
}

export type Headers = Readonly<Record<string, string | undefined>>;

/** Design section 3 asks for 60 s; the rest is for the row's own replication. */
const ROW_MS = 30_000;
const ROWS = 2_000;
/** A resident's row says whose records are shown: a proxy that is revoked must be so within 5 s. */
const RESIDENT_ROW_MS = 2_000;

/** Scopes of a resident's own session; consent/decide.ts narrows them to the resident's own records. */
const RESIDENT_SCOPES = parseScopes('patient/*.cruds');

/** https://datatracker.ietf.org/doc/html/rfc6750 */
export const authenticate = (deps: AuthenticateDeps): ((headers: Headers) => Promise<Actor>) => {
  const verifyToken = tokenVerifier(deps);
  const actorOf = currentActor(deps);
  return async (headers) => {
    const token = bearer(headers.authorization);
    if (token === undefined) throw unauthenticated(deps.baseUrl, 'a bearer token is needed');
    try {
      return await actorOf(await verifyToken(token));
    } catch (error) {
      if (error instanceof TokenRefused)
        throw unauthenticated(deps.baseUrl, 'the access token is not valid', 'invalid_token');
      if (!isOutage(error)) throw error;
      throw new FhirError('unavailable', [{ diagnostics: 'the access token could not be checked; try again' }], {
        'retry-after': '1',
      });
    }
  };
};

const bearer = (header: string | undefined): string | undefined =>
  /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i.exec(header ?? '')?.[1];

/** One text for every fault of a token: what exactly was wrong helps nobody but the one who forged it. */
const unauthenticated = (realm: string, diagnostics: string, error?: string) =>
  new FhirError('unauthenticated', [{ diagnostics }], {
    'www-authenticate': `Bearer realm="${realm}"${error ? `, error="${error}"` : ''}`,
  });

/** Holds a verified token against what `registry` says of its subject now. */
const currentActor = ({ identities, clock, patientsOf, newcomers = false }: AuthenticateDeps) => {
  const held = { forMs: ROW_MS, most: ROWS, clock };
  const system = cached((id) => identities.system(id), held);
  const staff = cached((sub) => identities.staff(sub), held);
  const resident = cached((sub) => identities.resident(sub), { ...held, forMs: RESIDENT_ROW_MS });
  const facility = cached((code) => identities.facility(code), held);

  return async (verified: Verified): Promise<Actor> => {
    const { claims } = verified;
    if (verified.kind === 'resident') {
      const found = await resident(claims.sub);
      const row = found || !newcomers ? standing(found, bornAt(verified)) : undefined;
      return {
        kind: 'resident',
        subject: claims.sub,
        role: 'resident',
        facility: undefined,
        facilityType: undefined,
        scopes: RESIDENT_SCOPES,
        ...(row ? ((await patientsOf?.(row)) ?? { patients: row.patients }) : { patients: [] }),
        tokenId: claims.jti,
      };
    }

    const { facility: code, facility_type: type } = verified.claims;
    const [subject, at] = await Promise.all([
      verified.kind === 'system' ? system(claims.sub) : staff(claims.sub),
      facility(code),
    ]);
    const row = standing(subject, bornAt(verified));
    if (!isActive(at) || at.type !== type) throw new TokenRefused('facility');
    const role = verified.kind === 'system' ? 'system' : verified.claims.role;
    const belongs =
      'memberships' in row
        ? row.memberships.some((member) => member.facility === code && member.role === role)
        : row.facility === code;
    if (!belongs) throw new TokenRefused('membership');
    return {
      kind: verified.kind,
      subject: claims.sub,
      role,
      facility: code,
      facilityType: type,
      ...(at.organization !== undefined && { organization: at.organization }),
      scopes: parseScopes(verified.kind === 'system' ? verified.claims.scope : verified.claims['tsumugi:scopes']),
      patients: [],
      tokenId: claims.jti,
    };
  };
};

const isActive = (row: FacilityRow | undefined): row is FacilityRow => row !== undefined && !row.disabled;

/** A session is as old as its sign-in, however often it was refreshed since. */
const bornAt = (token: Verified): number =>
  token.kind === 'system' ? token.claims.iat : Math.min(token.claims.iat, token.claims.auth_time);

/** The row, if the subject still stands. Tokens count whole seconds, so a token of the very second of the change is refused too. */
const standing = <T extends { disabled: boolean; notBefore: number }>(row: T | undefined, issuedAt: number): T => {
  if (!row || row.disabled || issuedAt * 1000 < row.notBefore) throw new TokenRefused('subject');
  return row;
};
