// Facility, profession and role come from `registry`, never from attributes that a user may write (design section 3).
import { describe, expect, it } from 'vitest';
import { staffClaims } from '../../../functions/auth/pre-token.ts';
import * as g from './given.ts';

const signIn = (
  more: {
    sub?: string;
    facility?: string;
    version?: string;
    attributes?: Record<string, string>;
    triggerSource?: string;
  } = {},
  identities = g.identities(),
) =>
  staffClaims({ identities })({
    version: more.version ?? '2',
    triggerSource: more.triggerSource ?? 'TokenGeneration_Authentication',
    request: {
      userAttributes: { sub: more.sub ?? 'staff-sub', ...more.attributes },
      ...(more.facility && { clientMetadata: { facility: more.facility } }),
    },
  });
const claims = async (...args: Parameters<typeof signIn>) =>
  (await signIn(...args)).claimsAndScopeOverrideDetails.accessTokenGeneration.claimsToAddOrOverride;

describe('a member of staff', () => {
  it('signs in at the active facility', async () => {
    expect(await claims()).toEqual({
      facility: g.CLINIC,
      facility_type: 'clinic',
      profession: 'doctor',
      role: 'doctor',
      'tsumugi:scopes': 'user/*.cruds',
    });
  });

  it('may choose another of the own facilities, with the role that belongs there', async () => {
    expect(await claims({ facility: '3610000001' })).toMatchObject({ facility: '3610000001', role: 'nurse' });
  });

  it('has the one active facility as the only group', async () => {
    const { claimsAndScopeOverrideDetails } = await signIn();
    expect(claimsAndScopeOverrideDetails.groupOverrideDetails.groupsToOverride).toEqual([g.CLINIC]);
  });

  it('may change the account, its passkeys above all, with the first token after signing in, and with no later one', async () => {
    const suppressed = async (triggerSource: string) =>
      (await signIn({ triggerSource })).claimsAndScopeOverrideDetails.accessTokenGeneration.scopesToSuppress;

    expect(await suppressed('TokenGeneration_Authentication')).toBeUndefined();
    expect(await suppressed('TokenGeneration_NewPasswordChallenge')).toBeUndefined();
    expect(await suppressed('TokenGeneration_RefreshTokens')).toEqual(['aws.cognito.signin.user.admin']);
  });

  it('cannot be more by attributes of the account', async () => {
    const attributes = {
      'custom:facility': '3610000001',
      'custom:role': 'admin',
      facility: '3610000001',
      role: 'admin',
    };
    expect(await claims({ attributes })).toMatchObject({ facility: g.CLINIC, role: 'doctor' });
  });

  it.each<[string, Parameters<typeof signIn>[0], (identities: ReturnType<typeof g.identities>) => void]>([
    ['without a row', { sub: 'nobody' }, () => {}],
    ['without a sub', { sub: '' }, () => {}],
    ['who is disabled', {}, ({ rows }) => Object.assign(rows.staff[0]!, { disabled: true })],
    ['at a facility of somebody else', { facility: '3640000003' }, () => {}],
    ['at a disabled facility', {}, ({ rows }) => Object.assign(rows.facilities[0]!, { disabled: true })],
    ['at a facility that is gone', {}, ({ rows }) => rows.facilities.splice(0)],
    ['of several facilities who chose none', {}, ({ rows }) => Object.assign(rows.staff[0]!, { active: undefined })],
    ['of no facility', {}, ({ rows }) => Object.assign(rows.staff[0]!, { memberships: [] })],
    ['of a pool with version 1 events, which cannot carry the claims', { version: '1' }, () => {}],
  ])('%s gets no token', async (_, more, change) => {
    const identities = g.identities();
    change(identities);
    await expect(signIn(more, identities)).rejects.toThrow();
  });
});
