// What Cognito tells of an account after a new password, and asks of a resident's token. Cognito itself ends no session when a
// forgotten password is replaced: whoever knew the old one would stay in for as long as refresh tokens live. So the subject's row
// says "not before": every token whose owner signed in earlier is refused, refreshed ones too (middleware/authenticate.ts).
// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html
import type { RowStore } from '../services/row-store.ts';
import { ACCOUNT_SCOPE, REFRESHED } from './pre-token.ts';
import { ResidentRow, residentKey, StaffRow, staffKey } from './rows.ts';

/** The part of Cognito's events that is read. */
export interface AccountEvent {
  readonly version: string;
  readonly triggerSource: string;
  readonly request: { readonly userAttributes: Readonly<Record<string, string | undefined>> };
  readonly response?: object | undefined;
}

/** Also sent to this trigger: `PostConfirmation_ConfirmSignUp`, of whom there is nothing to end. */
const NEW_PASSWORD = 'PostConfirmation_ConfirmForgotPassword';
const TRIES = 4;

export interface AccountNeeds {
  readonly rows: Pick<RowStore, 'get' | 'write'>;
  readonly clock: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
}

export const accountEvents =
  ({ rows, clock, wait }: AccountNeeds) =>
  async ({ version, triggerSource, request }: AccountEvent): Promise<object> => {
    if (triggerSource.startsWith('TokenGeneration_')) return residentToken(version, triggerSource);
    if (triggerSource !== NEW_PASSWORD) return {};
    // Tokens count whole seconds: those of this very second are of before. Cognito answers when we do, so whoever signs in with the
    // new password does so in the next.
    const notBefore = (Math.floor(clock() / 1000) + 1) * 1000;
    await endOlderSessions(rows, request.userAttributes.sub ?? '', notBefore);
    await wait(Math.max(0, notBefore - clock()));
    return {};
  };

/** As of staff (pre-token.ts): only the first token after signing in may change the account, its passkeys above all. */
const residentToken = (version: string, triggerSource: string): object => {
  if (!['2', '3'].includes(version)) throw new Error('the trigger of the residents pool must be of version 2');
  if (triggerSource !== REFRESHED) return {};
  return { claimsAndScopeOverrideDetails: { accessTokenGeneration: { scopesToSuppress: [ACCOUNT_SCOPE] } } };
};

/** A `sub` is in one pool only; who has no row yet has nothing that a token could open. */
const endOlderSessions = async (rows: AccountNeeds['rows'], sub: string, notBefore: number): Promise<void> => {
  for (const [{ p, s }, shape] of [
    [staffKey(sub), StaffRow],
    [residentKey(sub), ResidentRow],
  ] as const)
    for (let tries = TRIES; ; tries -= 1) {
      const found = await rows.get(p, s);
      if (!found) break;
      const row = shape.parse(found.data);
      if (row.notBefore >= notBefore) break;
      const data = { ...row, notBefore };
      if (await rows.write([{ kind: 'put', p, s, data, expect: { text: found.text } }])) break;
      // Others write rows rarely: somebody who loses each time is not to be told that all is well.
      if (tries === 1) throw new Error('the row of the account is written by others again and again');
    }
};
