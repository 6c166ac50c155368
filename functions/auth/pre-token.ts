// What a member of staff is, at the facility of this sign-in: from `registry` into the access token, never from attributes
// that a user may write. Whoever has no row, is disabled, or belongs to no active facility gets no token at all.
// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
import type { Identities, StaffRow } from './rows.ts';

/** The part of Cognito's event, version 2, that is read. */
export interface PreTokenEvent {
  readonly version: string;
  readonly triggerSource?: string | undefined;
  readonly request: {
    readonly userAttributes: Readonly<Record<string, string | undefined>>;
    /** `{ facility }` chooses among several; Cognito passes it on from RespondToAuthChallenge and GetTokensFromRefreshToken. */
    readonly clientMetadata?: Readonly<Record<string, string | undefined>> | undefined;
  };
}

export interface PreTokenResponse {
  readonly claimsAndScopeOverrideDetails: {
    readonly accessTokenGeneration: {
      readonly claimsToAddOrOverride: Record<string, string>;
      readonly scopesToSuppress?: string[];
    };
    readonly groupOverrideDetails: { readonly groupsToOverride: string[] };
  };
}

/** Cognito shows the message to the person who signs in. */
export class SignInRefused extends Error {}

const DEFAULT_SCOPES = 'user/*.cruds';

/**
 * Whose token holds it may make a passkey, which signs in by itself, or another authenticator. So only the first token after password
 * and factor does, for its fifteen minutes: a token that leaks later, out of a page that was left open, changes nothing at Cognito.
 */
export const ACCOUNT_SCOPE = 'aws.cognito.signin.user.admin';
export const REFRESHED = 'TokenGeneration_RefreshTokens';

export const staffClaims =
  ({ identities }: { identities: Pick<Identities, 'staff' | 'facility'> }) =>
  async ({ version, triggerSource, request }: PreTokenEvent): Promise<PreTokenResponse> => {
    // Version 1 cannot write claims into access tokens: the pool is set up wrongly, and nobody must get in without them.
    if (!['2', '3'].includes(version)) throw new SignInRefused('sign-in is not set up');
    const row = await identities.staff(request.userAttributes.sub ?? '');
    if (!row || row.disabled) throw new SignInRefused('this account has no access');

    const membership = chosen(row, request.clientMetadata?.facility);
    const facility = membership && (await identities.facility(membership.facility));
    if (!membership || !facility || facility.disabled)
      throw new SignInRefused('this account has no access at the facility');
    return {
      claimsAndScopeOverrideDetails: {
        accessTokenGeneration: {
          claimsToAddOrOverride: {
            facility: facility.code,
            facility_type: facility.type,
            profession: membership.profession,
            role: membership.role,
            'tsumugi:scopes': membership.scopes ?? DEFAULT_SCOPES,
          },
          ...(triggerSource === REFRESHED && { scopesToSuppress: [ACCOUNT_SCOPE] }),
        },
        groupOverrideDetails: { groupsToOverride: [facility.code] },
      },
    };
  };

/** One active facility per token: the one that was asked for, the one chosen last, or the only one. */
const chosen = ({ memberships, active }: StaffRow, asked: string | undefined) => {
  const wanted = asked ?? active;
  if (wanted !== undefined) return memberships.find(({ facility }) => facility === wanted);
  return memberships.length === 1 ? memberships[0] : undefined;
};
