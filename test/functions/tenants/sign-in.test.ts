// Staff sign in with a second factor, and there is no way around it: asked of the stand-in over Cognito's own wire protocol.
// What the pool of a region is set to is held by test/infra/template.test.ts and the last test here.
import {
  AdminInitiateAuthCommand,
  AdminSetUserPasswordCommand,
  AssociateSoftwareTokenCommand,
  GetUserCommand,
  GlobalSignOutCommand,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
  RevokeTokenCommand,
  VerifySoftwareTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import type { CfnUserPool } from 'aws-cdk-lib/aws-cognito';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { beforeEach, describe, expect, it } from 'vitest';
import { residentKey } from '../../../functions/auth/rows.ts';
import { tsumugi } from '../../../infra/app.ts';
import { claimSignature, claimTimestamp, clientKey, clientStart } from '../../../infra/local/cognito/srp.ts';
import { stepAt, totpCode } from '../../../infra/local/cognito/totp.ts';
import { given as infra, ofType, synthesized } from '../../infra/synthesized.ts';
import { admin, CLIENT, type Desk, given, openDesk, POOL } from './desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
  await desk.send('POST', '/admin/facilities', given.facility());
  await desk.send('POST', '/admin/staff', given.doctor());
});

const NAME = 'y.sudachi';
const MAILED = 'From-the-mail-2026';
const OWN = 'A-new-secret-2026';

/** By SRP, up to the challenge that follows the password. */
const password = async (secret: string) => {
  const start = clientStart();
  const { ChallengeParameters: given = {} } = await desk.cognito.send(
    new InitiateAuthCommand({
      AuthFlow: 'USER_SRP_AUTH',
      ClientId: CLIENT,
      AuthParameters: { USERNAME: NAME, SRP_A: start.A },
    }),
  );
  const poolName = POOL.split('_')[1]!;
  const { SRP_B: B = '', SALT: salt = '', USER_ID_FOR_SRP: userId = '', SECRET_BLOCK: secretBlock = '' } = given;
  const timestamp = claimTimestamp(new Date());
  const key = clientKey(start, { B, salt, userId, poolName, password: secret });
  return respond('PASSWORD_VERIFIER', undefined, {
    PASSWORD_CLAIM_SECRET_BLOCK: secretBlock,
    PASSWORD_CLAIM_SIGNATURE: claimSignature(key, { poolName, userId, secretBlock, timestamp }),
    TIMESTAMP: timestamp,
  });
};

const respond = (
  ChallengeName: 'PASSWORD_VERIFIER' | 'NEW_PASSWORD_REQUIRED' | 'MFA_SETUP' | 'SOFTWARE_TOKEN_MFA',
  Session: string | undefined,
  responses: Record<string, string>,
) =>
  desk.cognito.send(
    new RespondToAuthChallengeCommand({
      ClientId: CLIENT,
      ChallengeName,
      Session,
      ChallengeResponses: { USERNAME: NAME, ...responses },
    }),
  );

const mail = () =>
  desk.cognito.send(
    new AdminSetUserPasswordCommand({ UserPoolId: POOL, Username: NAME, Password: MAILED, Permanent: false }),
  );

describe('the first sign-in', () => {
  it('goes from the mailed password to an own one, to a second factor, to tokens', async () => {
    await mail();
    const first = await password(MAILED);
    expect(first).toMatchObject({ ChallengeName: 'NEW_PASSWORD_REQUIRED' });
    const second = await respond('NEW_PASSWORD_REQUIRED', first.Session, { NEW_PASSWORD: OWN });
    expect(second).toMatchObject({ ChallengeName: 'MFA_SETUP' });
    expect(second.AuthenticationResult).toBeUndefined();

    const { SecretCode = '', Session } = await desk.cognito.send(
      new AssociateSoftwareTokenCommand({ Session: second.Session }),
    );
    const verified = await desk.cognito.send(
      new VerifySoftwareTokenCommand({ Session, UserCode: totpCode(SecretCode, stepAt(Date.now())) }),
    );
    const done = await respond('MFA_SETUP', verified.Session, {});

    expect(done.AuthenticationResult?.AccessToken).toBeTruthy();
  });

  it('gives nothing before the factor is proven', async () => {
    await mail();
    const first = await password(MAILED);
    await expect(respond('MFA_SETUP', first.Session, {})).rejects.toThrow('Invalid session');

    const second = await respond('NEW_PASSWORD_REQUIRED', (await password(MAILED)).Session, { NEW_PASSWORD: OWN });
    await expect(respond('MFA_SETUP', second.Session, {})).rejects.toThrow('Invalid session');

    const third = await password(OWN);
    const { Session } = await desk.cognito.send(new AssociateSoftwareTokenCommand({ Session: third.Session }));
    await expect(respond('MFA_SETUP', Session, {})).rejects.toThrow('Invalid session');
  });

  it('wants a code of the new secret, and no other', async () => {
    await mail();
    const second = await respond('NEW_PASSWORD_REQUIRED', (await password(MAILED)).Session, { NEW_PASSWORD: OWN });
    const { Session } = await desk.cognito.send(new AssociateSoftwareTokenCommand({ Session: second.Session }));

    await expect(
      desk.cognito.send(new VerifySoftwareTokenCommand({ Session, UserCode: '000000' })),
    ).rejects.toMatchObject({ name: 'EnableSoftwareTokenMFAException' });
  });
});

describe('every later sign-in', () => {
  it('asks for the factor, and lets nobody set up another one instead', async () => {
    await desk.firstSignIn(NAME);

    const asked = await password(OWN);

    expect(asked).toMatchObject({ ChallengeName: 'SOFTWARE_TOKEN_MFA' });
    expect(asked.AuthenticationResult).toBeUndefined();
    await expect(desk.cognito.send(new AssociateSoftwareTokenCommand({ Session: asked.Session }))).rejects.toThrow(
      'Invalid session',
    );
    await expect(respond('MFA_SETUP', asked.Session, {})).rejects.toThrow('Invalid session');
  });

  it.each(['USER_PASSWORD_AUTH', 'CUSTOM_AUTH', 'USER_AUTH'] as const)('knows no flow %s', async (AuthFlow) => {
    await desk.firstSignIn(NAME);

    const other = new InitiateAuthCommand({
      AuthFlow,
      ClientId: CLIENT,
      AuthParameters: { USERNAME: NAME, PASSWORD: OWN },
    });

    await expect(desk.cognito.send(other)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it('is no matter for administrators either', async () => {
    await desk.firstSignIn(NAME);
    const flow = new AdminInitiateAuthCommand({
      UserPoolId: POOL,
      ClientId: CLIENT,
      AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: NAME, PASSWORD: OWN },
    });

    await expect(desk.cognito.send(flow)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it('pauses after five wrong passwords, the right one too', async () => {
    await desk.firstSignIn(NAME);
    for (let tries = 0; tries < 5; tries += 1)
      await expect(password('Wrong-password-1')).rejects.toThrow('Incorrect username or password');

    await expect(password(OWN)).rejects.toThrow('Password attempts exceeded');
  });
});

describe('signing out', () => {
  const refresh = (token: string) =>
    desk.cognito.send(
      new InitiateAuthCommand({
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        ClientId: CLIENT,
        AuthParameters: { REFRESH_TOKEN: token },
      }),
    );

  it('on one device ends that session', async () => {
    const { refreshToken, totpSecret } = await desk.firstSignIn(NAME);
    const other = await desk.signIn(NAME, totpSecret);

    await desk.cognito.send(new RevokeTokenCommand({ ClientId: CLIENT, Token: refreshToken }));

    await expect(refresh(refreshToken)).rejects.toThrow();
    expect((await refresh(other.refreshToken)).AuthenticationResult?.AccessToken).toBeTruthy();
  });

  it('everywhere ends all sessions at Cognito', async () => {
    const { accessToken, refreshToken } = await desk.firstSignIn(NAME);

    await desk.cognito.send(new GlobalSignOutCommand({ AccessToken: accessToken }));

    await expect(refresh(refreshToken)).rejects.toThrow();
    await expect(desk.cognito.send(new GetUserCommand({ AccessToken: accessToken }))).rejects.toThrow();
  });

  it('by POST /me/sign-out ends the access tokens here too', async () => {
    const { accessToken, refreshToken } = await desk.firstSignIn(NAME);
    const { sub } = JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString());

    const got = await desk.send('POST', '/me/sign-out', undefined, { ...admin, subject: sub, role: 'doctor' });

    expect(got.status).toBe(204);
    expect((await desk.identities.staff(sub))?.notBefore).toBe(desk.time.now);
    await expect(refresh(refreshToken)).rejects.toThrow();
  });

  it('is there for residents too, whether they have joined or not', async () => {
    const { accessToken, refreshToken } = await desk.firstSignIn(NAME);
    const { sub } = JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString());
    const resident = { ...admin, kind: 'resident', subject: sub, role: 'resident', facility: undefined } as const;

    expect((await desk.send('POST', '/me/sign-out', undefined, resident)).status).toBe(204);
    await expect(refresh(refreshToken)).rejects.toThrow();

    const row = { sub, disabled: false, notBefore: 0, patients: ['p1'] };
    await desk.rows.write([{ ...residentKey(sub), d: JSON.stringify(row), before: undefined }]);
    expect((await desk.send('POST', '/me/sign-out', undefined, resident)).status).toBe(204);
    expect(JSON.parse((await desk.rows.get(residentKey(sub)))!.d)).toEqual({ ...row, notBefore: desk.time.now });
  });
});

it('the pool that is deployed has no other way in', () => {
  const [stage] = synthesized(infra.region()).stages;
  const pools = ofType(stage!.stateful, 'AWS::Cognito::UserPool');
  const [id, pool] = pools.find(([, { Properties }]) => Properties.MfaConfiguration === 'ON')!;
  const clients = ofType(stage!.stateful, 'AWS::Cognito::UserPoolClient').filter(
    ([, { Properties }]) => (Properties.UserPoolId as { Ref: string }).Ref === id,
  );

  expect(pool.Properties).toMatchObject({
    EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
    AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
  });
  expect(pool.Properties.DeviceConfiguration).toBeUndefined(); // a remembered device would stand for the factor
  expect(pool.Properties.Policies).not.toHaveProperty('SignInPolicy'); // no code by mail, no passkey in the place of both
  // No custom challenges: the one asks who somebody is, the other hears of new passwords.
  expect(Object.keys(pool.Properties.LambdaConfig as object)).toEqual(['PostConfirmation', 'PreTokenGenerationConfig']);
  expect(clients.map(([, { Properties }]) => Properties.ExplicitAuthFlows)).toEqual([
    ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  ]);
  expect(clients.map(([, { Properties }]) => Properties.AllowedOAuthFlowsUserPoolClient)).toEqual([false]);
});

describe('passkeys in the pools that are deployed', () => {
  const consoleDomain = {
    name: 'ehr.example.jp',
    certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000',
  };
  const region = (...who: ('staff' | 'residents')[]) => infra.region({ consoleDomain, passkeys: { for: who } });
  const stageOf = (...who: ('staff' | 'residents')[]) => {
    const { app, stages } = tsumugi({
      regions: [region(...who)],
      checked: false,
      bundles: () => Code.fromInline('exports.handler = () => {}'),
    });
    return { app, stateful: stages[0]!.stateful };
  };

  it('stand for both factors, with their owner verified, on pages of the console alone', () => {
    const [stage] = synthesized(region('staff', 'residents')).stages;
    for (const [, { Properties }] of ofType(stage!.stateful, 'AWS::Cognito::UserPool'))
      expect(Properties).toMatchObject({
        UserPoolTier: 'ESSENTIALS',
        Policies: { SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'WEB_AUTHN'] } },
        WebAuthnRelyingPartyID: 'ehr.example.jp',
        WebAuthnUserVerification: 'required',
        WebAuthnFactorConfiguration: 'MULTI_FACTOR_WITH_USER_VERIFICATION',
      });
  });

  it('are for those whom the region file names', () => {
    const [stage] = synthesized(region('staff')).stages;
    const residents = ofType(stage!.stateful, 'AWS::Cognito::UserPool')
      .map(([, { Properties }]) => Properties)
      .find(({ MfaConfiguration }) => MfaConfiguration === 'OPTIONAL');

    expect(residents).toMatchObject({ UserPoolTier: 'LITE' });
    expect(residents).not.toHaveProperty('WebAuthnRelyingPartyID');
  });

  it.each<[string, (pool: CfnUserPool) => void, RegExp]>([
    ['that would be one factor', (pool) => (pool.webAuthnFactorConfiguration = 'SINGLE_FACTOR'), /one factor/],
    ['by default, which is one factor', (pool) => (pool.webAuthnFactorConfiguration = undefined), /one factor/],
    ['of whoever holds the device', (pool) => (pool.webAuthnUserVerification = 'preferred'), /UserVerification/],
    [
      'beside a code by mail alone',
      (pool) => pool.addPropertyOverride('Policies.SignInPolicy.AllowedFirstAuthFactors', ['PASSWORD', 'EMAIL_OTP']),
      /EMAIL_OTP/,
    ],
  ])('are refused when the template is made: %s', (_, change, message) => {
    const { app, stateful } = stageOf('staff', 'residents');
    change(stateful.staff.pool.node.defaultChild as CfnUserPool);

    expect(() => app.synth()).toThrow(message);
  });
});

describe('a forgotten password in the pools that are deployed', () => {
  const poolsOf = (more = {}) =>
    ofType(synthesized(infra.region(more)).stages[0]!.stateful, 'AWS::Cognito::UserPool').map(
      ([, { Properties }]) => Properties,
    );

  it('is replaced by way of the verified address alone, in words that are read here', () => {
    for (const pool of poolsOf()) {
      expect(pool).toMatchObject({
        AccountRecoverySetting: { RecoveryMechanisms: [{ Name: 'verified_email', Priority: 1 }] },
        VerificationMessageTemplate: { EmailMessage: expect.stringMatching(/確認コード \/ Code: \{####\}/) },
        AdminCreateUserConfig: {
          InviteMessageTemplate: { EmailMessage: expect.stringMatching(/\{username\}.*\{####\}/) },
        },
      });
      expect(pool).not.toHaveProperty('EmailConfiguration');
    }
  });

  it('is told of by Amazon SES where the region file names a sender', () => {
    for (const pool of poolsOf({ mailFrom: 'no-reply@ehr.example.jp' }))
      expect(pool).toMatchObject({
        EmailConfiguration: { EmailSendingAccount: 'DEVELOPER', From: 'no-reply@ehr.example.jp' },
      });
  });
});
