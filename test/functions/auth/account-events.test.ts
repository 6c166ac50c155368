// What Cognito tells of accounts: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html
import { describe, expect, it } from 'vitest';
import { accountEvents } from '../../../functions/auth/account-events.ts';
import { residentKey, staffKey } from '../../../functions/auth/rows.ts';
import { memoryRowStore, type RowStore } from '../../../functions/services/row-store.ts';
import * as g from './given.ts';

const NOW = g.NOW + 250;
/** The next second. */
const THEN = g.NOW + 1000;
const DOCTOR = {
  sub: 'doctor',
  disabled: false,
  notBefore: 0,
  memberships: [{ facility: g.CLINIC, profession: 'doctor', role: 'doctor' }],
  active: g.CLINIC,
};
const RESIDENT = { sub: 'resident', disabled: true, notBefore: 7, patients: ['p1'], person: 'n1' };

const given = async (rows: RowStore = memoryRowStore()) => {
  await rows.write([
    { kind: 'put', ...staffKey('doctor'), data: DOCTOR },
    { kind: 'put', ...residentKey('resident'), data: RESIDENT },
  ]);
  const waited: number[] = [];
  const wait = async (ms: number) => void waited.push(ms);
  const hear = accountEvents({ rows, clock: () => NOW, wait });
  return {
    waited,
    tell: (sub: string, triggerSource = 'PostConfirmation_ConfirmForgotPassword', version = '1') =>
      hear({ version, triggerSource, request: { userAttributes: { sub } } }),
    row: async ({ p, s }: { p: string; s: string }) => (await rows.get(p, s))?.data,
  };
};

describe('a new password in the place of a forgotten one', () => {
  it('ends the older sessions of staff and of residents, and changes nothing else of them', async () => {
    const { tell, row } = await given();
    await tell('doctor');
    await tell('resident');
    expect(await row(staffKey('doctor'))).toEqual({ ...DOCTOR, notBefore: THEN });
    expect(await row(residentKey('resident'))).toEqual({ ...RESIDENT, notBefore: THEN });
  });

  it('is answered when the second is over, so that who signs in with it is not refused with those of before', async () => {
    const { tell, waited } = await given();
    await tell('doctor');
    expect(waited).toEqual([THEN - NOW]);
  });

  it('of somebody who is nobody here yet makes nobody', async () => {
    const { tell, row } = await given();
    expect(await tell('newcomer')).toEqual({});
    expect(await row(residentKey('newcomer'))).toBeUndefined();
    expect(await row(staffKey('newcomer'))).toBeUndefined();
  });

  it('takes nothing back of what an administrator did meanwhile', async () => {
    const rows = memoryRowStore();
    let between = true;
    const racing: RowStore = {
      ...rows,
      write: async (changes) => {
        if (between && changes.some(({ p }) => p === staffKey('doctor').p)) {
          between = false;
          await rows.write([{ kind: 'put', ...staffKey('doctor'), data: { ...DOCTOR, disabled: true } }]);
        }
        return rows.write(changes);
      },
    };
    const { row } = await given(rows);
    await accountEvents({ rows: racing, clock: () => NOW, wait: async () => {} })({
      version: '1',
      triggerSource: 'PostConfirmation_ConfirmForgotPassword',
      request: { userAttributes: { sub: 'doctor' } },
    });
    expect(await row(staffKey('doctor'))).toEqual({ ...DOCTOR, disabled: true, notBefore: THEN });
  });

  it('is not told to be done when it could not be', async () => {
    const rows = memoryRowStore();
    await given(rows);
    const never = accountEvents({
      rows: { ...rows, write: async () => false },
      clock: () => NOW,
      wait: async () => {},
    });
    const event = { version: '1', triggerSource: 'PostConfirmation_ConfirmForgotPassword' };
    await expect(never({ ...event, request: { userAttributes: { sub: 'doctor' } } })).rejects.toThrow(
      'again and again',
    );
  });
});

it('a confirmed sign-up ends nothing', async () => {
  const { tell, row } = await given();
  expect(await tell('doctor', 'PostConfirmation_ConfirmSignUp')).toEqual({});
  expect(await row(staffKey('doctor'))).toEqual(DOCTOR);
});

describe('a token of a resident', () => {
  it('may change the account, its passkeys above all, when it is the first after signing in, and no later one', async () => {
    const { tell } = await given();
    expect(await tell('resident', 'TokenGeneration_Authentication', '2')).toEqual({});
    expect(await tell('resident', 'TokenGeneration_NewPasswordChallenge', '2')).toEqual({});
    expect(await tell('resident', 'TokenGeneration_RefreshTokens', '2')).toEqual({
      claimsAndScopeOverrideDetails: {
        accessTokenGeneration: { scopesToSuppress: ['aws.cognito.signin.user.admin'] },
      },
    });
  });

  it('is not given by a pool that is set up so that scopes cannot be taken away', async () => {
    const { tell } = await given();
    await expect(tell('resident', 'TokenGeneration_RefreshTokens', '1')).rejects.toThrow('version 2');
  });
});
