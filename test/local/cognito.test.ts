// The Cognito stand-in, asked by the real client over the wire.
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminDeleteUserCommand,
  AdminDisableUserCommand,
  AdminGetUserCommand,
  AdminSetUserPasswordCommand,
  AdminUserGlobalSignOutCommand,
  CognitoIdentityProviderClient,
  CreateGroupCommand,
  GetUserCommand,
  GlobalSignOutCommand,
  InitiateAuthCommand,
  ListUsersCommand,
  RespondToAuthChallengeCommand,
  RevokeTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn } from '../../infra/local/cognito/client.ts';
import { claimSignature, claimTimestamp, clientKey, clientStart } from '../../infra/local/cognito/srp.ts';
import { stepAt, totpCode } from '../../infra/local/cognito/totp.ts';
import type { Iam } from '../../infra/local/iam.ts';
import { openCognito } from '../support/cognito.ts';
import { poolResource } from '../support/pool-resource.ts';

const STAFF = 'ap-northeast-1_staff0001';
const RESIDENTS = 'ap-northeast-1_people001';
const PASSWORD = 'Correct-horse-9';

const passwordPolicy = { Policies: { PasswordPolicy: { MinimumLength: 12 } } };
const all = [
  poolResource('AWS::Cognito::UserPool', STAFF, {
    ...passwordPolicy,
    MfaConfiguration: 'ON',
    AliasAttributes: ['email'],
    LambdaConfig: { PreTokenGenerationConfig: { LambdaArn: 'arn:trigger', LambdaVersion: 'V2_0' } },
  }),
  poolResource('AWS::Cognito::UserPoolClient', 'staff-client', {
    UserPoolId: STAFF,
    ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
    PreventUserExistenceErrors: 'ENABLED',
    AccessTokenValidity: 15,
    TokenValidityUnits: { AccessToken: 'minutes' },
  }),
  poolResource('AWS::Cognito::UserPool', RESIDENTS, {
    ...passwordPolicy,
    MfaConfiguration: 'OPTIONAL',
    UsernameAttributes: ['email'],
  }),
  poolResource('AWS::Cognito::UserPoolClient', 'people-client', {
    UserPoolId: RESIDENTS,
    ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  }),
];

let iam: Iam;
let endpoint: string;
let stop: () => Promise<unknown>;
let cognito: CognitoIdentityProviderClient;
const asked: { userName: string; triggerSource: string; request: { clientMetadata?: object } }[] = [];

const trigger = async (_: string, event: object) => {
  asked.push(event as never);
  if ((event as { userName: string }).userName === 'refused') throw new Error('not at any facility');
  return {
    ...event,
    response: {
      claimsAndScopeOverrideDetails: {
        accessTokenGeneration: {
          claimsToAddOrOverride: { facility: '3610000001', sub: 'forged', roles: ['doctor'] },
          scopesToAdd: ['user/*.rs'],
          ...((event as { userName: string }).userName === 'claimed' && {
            scopesToSuppress: ['aws.cognito.signin.user.admin'],
          }),
        },
        idTokenGeneration: { claimsToAddOrOverride: { facility: '3610000001' }, claimsToSuppress: ['email'] },
      },
    },
  };
};

beforeAll(async () => {
  ({ iam, endpoint, cognito, stop } = await openCognito(all, trigger));
});
afterAll(() => stop());

const create = (UserPoolId: string, Username: string, more = {}) =>
  cognito.send(new AdminCreateUserCommand({ UserPoolId, Username, MessageAction: 'SUPPRESS', ...more }));
const setPassword = (UserPoolId: string, Username: string, Password = PASSWORD) =>
  cognito.send(new AdminSetUserPasswordCommand({ UserPoolId, Username, Password, Permanent: true }));
const staff = async (Username: string) => {
  await create(STAFF, Username, { UserAttributes: [{ Name: 'email', Value: `${Username}@staff.example` }] });
  await setPassword(STAFF, Username);
};
const staffSignIn = (username: string, more: { password?: string; totpSecret?: string | undefined } = {}) =>
  signIn({ client: cognito, poolId: STAFF, clientId: 'staff-client', username, password: PASSWORD, ...more });
const passwordAuth = (USERNAME: string, PASSWORD: string) =>
  cognito.send(
    new InitiateAuthCommand({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: 'people-client',
      AuthParameters: { USERNAME, PASSWORD },
    }),
  );
const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());

describe('signing in', () => {
  it('by SRP sets up a second factor first, and asks for it ever after', async () => {
    await staff('doctor');
    const first = await staffSignIn('doctor');
    expect(first.totpSecret).toMatch(/^[A-Z2-7]{52}$/);
    const second = await staffSignIn('doctor', { totpSecret: first.totpSecret });
    expect(claims(second.accessToken)).toMatchObject({ username: 'doctor', token_use: 'access' });
    await expect(staffSignIn('doctor')).rejects.toThrow(/second factor/);
  });

  it('by the alias of a verified address works as by the name', async () => {
    await staff('aliased');
    const { accessToken } = await staffSignIn('aliased@staff.example');
    expect(claims(accessToken).username).toBe('aliased');
  });

  it('gives tokens that aws-jwt-verify takes for the real service', async () => {
    await staff('verified');
    const { accessToken, idToken } = await staffSignIn('verified');
    const keys = await (await fetch(`${endpoint}/${STAFF}/.well-known/jwks.json`)).json();
    const verifier = (tokenUse: 'access' | 'id') => {
      const made = CognitoJwtVerifier.create({ userPoolId: STAFF, clientId: 'staff-client', tokenUse });
      made.cacheJwks(keys as never);
      return made;
    };
    await expect(verifier('access').verify(accessToken)).resolves.toMatchObject({ token_use: 'access' });
    await expect(verifier('id').verify(idToken)).resolves.toMatchObject({ token_use: 'id' });
    await expect(verifier('access').verify(idToken)).rejects.toThrow();
    expect((keys as { keys: unknown[] }).keys).toHaveLength(2);
    const { exp, iat } = claims(accessToken);
    expect(exp - iat).toBe(15 * 60);
  });

  it('lets the pre-token trigger add claims and scopes, and never change whose token it is', async () => {
    await staff('claimed');
    const { accessToken, idToken } = await signIn({
      client: cognito,
      poolId: STAFF,
      clientId: 'staff-client',
      username: 'claimed',
      password: PASSWORD,
      clientMetadata: { facility: '3610000002' },
    });
    const access = claims(accessToken);
    expect(access).toMatchObject({ facility: '3610000001', roles: ['doctor'], scope: 'user/*.rs' });
    expect(access.sub).not.toBe('forged');
    // Without Cognito's own scope a token is no key to the account.
    await expect(cognito.send(new GetUserCommand({ AccessToken: accessToken }))).rejects.toMatchObject({
      name: 'NotAuthorizedException',
      message: 'Access Token does not have required scopes',
    });
    expect(claims(idToken)).toMatchObject({ facility: '3610000001' });
    expect(claims(idToken).email).toBeUndefined();
    expect(asked.at(-1)).toMatchObject({
      userName: 'claimed',
      triggerSource: 'TokenGeneration_Authentication',
      request: { clientMetadata: { facility: '3610000002' } },
    });
  });

  it('fails when the trigger fails', async () => {
    await staff('refused');
    await expect(staffSignIn('refused')).rejects.toMatchObject({ name: 'UserLambdaValidationException' });
  });

  it('says the same for a wrong password as for somebody who does not exist', async () => {
    await staff('known');
    const wrong = { name: 'NotAuthorizedException', message: 'Incorrect username or password.' };
    await expect(staffSignIn('known', { password: 'Wrong-password-1' })).rejects.toMatchObject(wrong);
    await expect(staffSignIn('nobody', { password: 'Wrong-password-1' })).rejects.toMatchObject(wrong);
  });

  it('pauses after five wrong passwords, even for the right one', async () => {
    await create(RESIDENTS, 'slow@example.jp');
    await setPassword(RESIDENTS, 'slow@example.jp');
    for (let tries = 0; tries < 5; tries += 1) {
      await expect(passwordAuth('slow@example.jp', 'Wrong-password-1')).rejects.toMatchObject({
        message: 'Incorrect username or password.',
      });
    }
    await expect(passwordAuth('slow@example.jp', PASSWORD)).rejects.toMatchObject({
      message: 'Password attempts exceeded',
    });
  });

  it('takes a code of the second factor once, and no wrong one', async () => {
    await staff('codes');
    const { totpSecret } = await staffSignIn('codes');
    const challenge = await srpUntilFactor('codes');
    const code = totpCode(totpSecret!, stepAt(Date.now()) + 1);
    const wrong = code === '000000' ? '000001' : '000000';
    await expect(answerFactor('codes', challenge, wrong)).rejects.toMatchObject({ name: 'CodeMismatchException' });
    await expect(answerFactor('codes', challenge, code)).resolves.toMatchObject({
      AuthenticationResult: { TokenType: 'Bearer' },
    });
    await expect(answerFactor('codes', await srpUntilFactor('codes'), code)).rejects.toMatchObject({
      name: 'ExpiredCodeException',
    });
  });

  it('refuses a session that it did not give out, or that was used', async () => {
    await expect(answerFactor('codes', 'made-up-session-of-some-length', '123456')).rejects.toMatchObject({
      name: 'NotAuthorizedException',
    });
  });

  it('refuses a flow that the client does not allow', async () => {
    const auth = new InitiateAuthCommand({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: 'staff-client',
      AuthParameters: { USERNAME: 'doctor', PASSWORD },
    });
    await expect(cognito.send(auth)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it('asks for a new password after a temporary one, and holds it to the policy', async () => {
    await create(RESIDENTS, 'new@example.jp', { TemporaryPassword: 'Temporary-pass-1' });
    const { ChallengeName, Session } = await passwordAuth('new@example.jp', 'Temporary-pass-1');
    expect(ChallengeName).toBe('NEW_PASSWORD_REQUIRED');
    const answer = (NEW_PASSWORD: string) =>
      cognito.send(
        new RespondToAuthChallengeCommand({
          ClientId: 'people-client',
          ChallengeName: 'NEW_PASSWORD_REQUIRED',
          Session,
          ChallengeResponses: { USERNAME: 'new@example.jp', NEW_PASSWORD },
        }),
      );
    await expect(answer('short')).rejects.toMatchObject({ name: 'InvalidPasswordException' });
    await expect(answer(PASSWORD)).resolves.toMatchObject({ AuthenticationResult: { TokenType: 'Bearer' } });
    await expect(passwordAuth('NEW@example.jp', PASSWORD)).resolves.toMatchObject({ AuthenticationResult: {} });
  });
});

const srpUntilFactor = async (username: string): Promise<string> => {
  const start = clientStart();
  const { ChallengeParameters = {} } = await cognito.send(
    new InitiateAuthCommand({
      AuthFlow: 'USER_SRP_AUTH',
      ClientId: 'staff-client',
      AuthParameters: { USERNAME: username, SRP_A: start.A },
    }),
  );
  const {
    SRP_B: B = '',
    SALT: salt = '',
    USER_ID_FOR_SRP: userId = '',
    SECRET_BLOCK: secretBlock = '',
  } = ChallengeParameters;
  const timestamp = claimTimestamp(new Date());
  const poolName = STAFF.split('_')[1]!;
  const key = clientKey(start, { B, salt, userId, poolName, password: PASSWORD });
  const { Session, ChallengeName } = await cognito.send(
    new RespondToAuthChallengeCommand({
      ClientId: 'staff-client',
      ChallengeName: 'PASSWORD_VERIFIER',
      ChallengeResponses: {
        USERNAME: userId,
        PASSWORD_CLAIM_SECRET_BLOCK: secretBlock,
        PASSWORD_CLAIM_SIGNATURE: claimSignature(key, { poolName, userId, secretBlock, timestamp }),
        TIMESTAMP: timestamp,
      },
    }),
  );
  expect(ChallengeName).toBe('SOFTWARE_TOKEN_MFA');
  return Session!;
};
const answerFactor = (username: string, Session: string, SOFTWARE_TOKEN_MFA_CODE: string) =>
  cognito.send(
    new RespondToAuthChallengeCommand({
      ClientId: 'staff-client',
      ChallengeName: 'SOFTWARE_TOKEN_MFA',
      Session,
      ChallengeResponses: { USERNAME: username, SOFTWARE_TOKEN_MFA_CODE },
    }),
  );

describe('a session that goes on', () => {
  const refresh = (REFRESH_TOKEN: string) =>
    cognito.send(
      new InitiateAuthCommand({
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        ClientId: 'staff-client',
        AuthParameters: { REFRESH_TOKEN },
      }),
    );
  const whoAmI = (AccessToken: string) => cognito.send(new GetUserCommand({ AccessToken }));

  it('gets new tokens by its refresh token, until that is revoked', async () => {
    await staff('refreshed');
    const { refreshToken, accessToken } = await staffSignIn('refreshed');
    const { AuthenticationResult } = await refresh(refreshToken);
    const again = claims(AuthenticationResult!.AccessToken!);
    expect(again.origin_jti).toBe(claims(accessToken).origin_jti);
    expect(again.jti).not.toBe(claims(accessToken).jti);
    expect(AuthenticationResult?.RefreshToken).toBeUndefined();
    expect(asked.at(-1)?.triggerSource).toBe('TokenGeneration_RefreshTokens');
    await expect(whoAmI(accessToken)).resolves.toMatchObject({ Username: 'refreshed' });
    await cognito.send(new RevokeTokenCommand({ ClientId: 'staff-client', Token: refreshToken }));
    await expect(refresh(refreshToken)).rejects.toMatchObject({ name: 'NotAuthorizedException' });
    await expect(whoAmI(accessToken)).rejects.toMatchObject({ name: 'NotAuthorizedException' });
  });

  it.each([
    [
      'the person signs out everywhere',
      (AccessToken: string) => cognito.send(new GlobalSignOutCommand({ AccessToken })),
    ],
    [
      'an administrator signs the person out',
      (_: string, Username: string) => cognito.send(new AdminUserGlobalSignOutCommand({ UserPoolId: STAFF, Username })),
    ],
    [
      'an administrator disables the account',
      (_: string, Username: string) => cognito.send(new AdminDisableUserCommand({ UserPoolId: STAFF, Username })),
    ],
  ] as const)('ends when %s', async (how, end) => {
    const username = `ended-${how.replaceAll(' ', '-')}`;
    await staff(username);
    const { refreshToken, accessToken } = await staffSignIn(username);
    await end(accessToken, username);
    await expect(refresh(refreshToken)).rejects.toMatchObject({ name: 'NotAuthorizedException' });
    await expect(whoAmI(accessToken)).rejects.toMatchObject({ name: 'NotAuthorizedException' });
  });

  it('takes no access token that was changed', async () => {
    await staff('changed');
    const { accessToken } = await staffSignIn('changed');
    const [head, body, signature] = accessToken.split('.');
    const other = Buffer.from(JSON.stringify({ ...claims(accessToken), username: 'doctor' })).toString('base64url');
    expect(body).not.toBe(other);
    await expect(whoAmI(`${head}.${other}.${signature}`)).rejects.toMatchObject({ name: 'NotAuthorizedException' });
  });
});

describe('administration', () => {
  it('makes, finds, groups and removes accounts', async () => {
    await staff('managed');
    await cognito.send(new CreateGroupCommand({ UserPoolId: STAFF, GroupName: '3610000001' }));
    await cognito.send(
      new AdminAddUserToGroupCommand({ UserPoolId: STAFF, Username: 'managed', GroupName: '3610000001' }),
    );
    const { accessToken } = await staffSignIn('managed');
    expect(claims(accessToken)['cognito:groups']).toEqual(['3610000001']);
    const found = await cognito.send(
      new ListUsersCommand({ UserPoolId: STAFF, Filter: 'email = "managed@staff.example"' }),
    );
    expect(found.Users?.map(({ Username }) => Username)).toEqual(['managed']);
    await expect(create(STAFF, 'managed')).rejects.toMatchObject({ name: 'UsernameExistsException' });
    await cognito.send(new AdminDeleteUserCommand({ UserPoolId: STAFF, Username: 'managed' }));
    await expect(
      cognito.send(new AdminGetUserCommand({ UserPoolId: STAFF, Username: 'managed' })),
    ).rejects.toMatchObject({ name: 'UserNotFoundException' });
  });

  it('needs credentials, and a role that allows it', async () => {
    const role = iam.addRole({ arn: 'arn:aws:iam::000000000000:role/none', functions: [], policies: [] });
    const other = new CognitoIdentityProviderClient({
      endpoint,
      region: 'ap-northeast-1',
      credentials: role,
      maxAttempts: 1,
    });
    await expect(other.send(new AdminGetUserCommand({ UserPoolId: STAFF, Username: 'doctor' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    other.destroy();
    const unsigned = await fetch(endpoint, {
      method: 'POST',
      headers: { 'x-amz-target': 'AWSCognitoIdentityProviderService.AdminGetUser' },
      body: JSON.stringify({ UserPoolId: STAFF, Username: 'doctor' }),
    });
    expect(unsigned.status).toBe(403);
  });
});
