// Passkeys at the Cognito stand-in, asked by the real client over the wire; the provider is test/support/authenticator.ts.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_WebAuthnConfigurationType.html
import {
  AdminCreateUserCommand,
  AdminDeleteUserCommand,
  AdminDisableUserCommand,
  AdminSetUserMFAPreferenceCommand,
  AdminSetUserPasswordCommand,
  type CognitoIdentityProviderClient,
  CompleteWebAuthnRegistrationCommand,
  DeleteWebAuthnCredentialCommand,
  InitiateAuthCommand,
  ListWebAuthnCredentialsCommand,
  RespondToAuthChallengeCommand,
  SetUserMFAPreferenceCommand,
  StartWebAuthnRegistrationCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn } from '../../infra/local/cognito/client.ts';
import { openUserPools } from '../../infra/local/cognito/user-pools.ts';
import type { Json } from '../../infra/local/host/assembly.ts';
import { type Manner, openAuthenticator } from '../support/authenticator.ts';
import { openCognito } from '../support/cognito.ts';
import { poolResource, resourcesOf } from '../support/pool-resource.ts';

const STAFF = 'ap-northeast-1_staff0001';
const RESIDENTS = 'ap-northeast-1_people001';
const PASSWORD = 'Correct-horse-9';
const CLIENTS: Record<string, string> = { [STAFF]: 'staff-client', [RESIDENTS]: 'people-client' };

const passkeys: Record<string, Json> = {
  Policies: { SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'WEB_AUTHN'] } },
  WebAuthnRelyingPartyID: 'ehr.example.jp',
  WebAuthnUserVerification: 'required',
  WebAuthnFactorConfiguration: 'MULTI_FACTOR_WITH_USER_VERIFICATION',
};
const flows = ['ALLOW_USER_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'];
const client = (poolId: string) =>
  poolResource('AWS::Cognito::UserPoolClient', CLIENTS[poolId]!, {
    UserPoolId: poolId,
    ExplicitAuthFlows: flows,
    PreventUserExistenceErrors: 'ENABLED',
  });
const pool = (id: string, MfaConfiguration: string, more: Record<string, Json> = passkeys) =>
  poolResource('AWS::Cognito::UserPool', id, { MfaConfiguration, UserPoolTier: 'ESSENTIALS', ...more });

let cognito: CognitoIdentityProviderClient;
let stop: () => Promise<unknown>;
beforeAll(async () => {
  ({ cognito, stop } = await openCognito([
    pool(STAFF, 'ON'),
    client(STAFF),
    pool(RESIDENTS, 'OPTIONAL'),
    client(RESIDENTS),
  ]));
});
afterAll(() => stop());

let made = 0;
/** A person of the pool with a password, and a second factor where the pool demands one. */
const person = async (UserPoolId = STAFF) => {
  made += 1;
  const username = `person-${made}`;
  await cognito.send(new AdminCreateUserCommand({ UserPoolId, Username: username, MessageAction: 'SUPPRESS' }));
  await cognito.send(
    new AdminSetUserPasswordCommand({ UserPoolId, Username: username, Password: PASSWORD, Permanent: true }),
  );
  const by = { client: cognito, poolId: UserPoolId, clientId: CLIENTS[UserPoolId]!, username, password: PASSWORD };
  return { username, pool: UserPoolId, ...(await signIn(by)) };
};
type Person = Awaited<ReturnType<typeof person>>;

const register = async ({ accessToken: AccessToken }: Person, manner?: Manner) => {
  const provider = openAuthenticator();
  const { CredentialCreationOptions } = await cognito.send(new StartWebAuthnRegistrationCommand({ AccessToken }));
  const Credential = provider.register(CredentialCreationOptions as never, manner);
  await cognito.send(new CompleteWebAuthnRegistrationCommand({ AccessToken, Credential: Credential as never }));
  return provider;
};
const countAsBoth = ({ accessToken: AccessToken }: Person, Enabled = true) =>
  cognito.send(new SetUserMFAPreferenceCommand({ AccessToken, WebAuthnMfaSettings: { Enabled } }));
const ask = (username: string, pool = STAFF, PREFERRED_CHALLENGE = 'WEB_AUTHN') =>
  cognito.send(
    new InitiateAuthCommand({
      AuthFlow: 'USER_AUTH',
      ClientId: CLIENTS[pool]!,
      AuthParameters: { USERNAME: username, PREFERRED_CHALLENGE },
    }),
  );
type Asked = Awaited<ReturnType<typeof ask>>;
const optionsOf = ({ ChallengeParameters }: Asked) =>
  JSON.parse(ChallengeParameters?.['CREDENTIAL_REQUEST_OPTIONS'] ?? '{}');
const answer = (username: string, { Session }: Asked, credential: object, pool = STAFF) =>
  cognito.send(
    new RespondToAuthChallengeCommand({
      ClientId: CLIENTS[pool]!,
      ChallengeName: 'WEB_AUTHN',
      Session,
      ChallengeResponses: { USERNAME: username, CREDENTIAL: JSON.stringify(credential) },
    }),
  );
const available = ({ ChallengeName, AvailableChallenges }: Asked) => [ChallengeName, AvailableChallenges];
const NO_PASSKEY = ['SELECT_CHALLENGE', ['PASSWORD', 'PASSWORD_SRP']];

describe('a passkey in a pool that demands two factors', () => {
  it('signs its owner in without a password or a code', async () => {
    const doctor = await person();
    const provider = await register(doctor);
    await countAsBoth(doctor);

    const asked = await ask(doctor.username);
    const options = optionsOf(asked);
    expect(options).toMatchObject({ rpId: 'ehr.example.jp', userVerification: 'required' });
    expect(options.allowCredentials).toEqual([{ id: provider.id, type: 'public-key', transports: ['internal'] }]);

    const { AuthenticationResult } = await answer(doctor.username, asked, provider.prove(options));
    const claims = JSON.parse(Buffer.from(AuthenticationResult!.AccessToken!.split('.')[1]!, 'base64url').toString());
    expect(claims).toMatchObject({ username: doctor.username, token_use: 'access' });
    expect(claims).not.toHaveProperty('amr');
  });

  it('is not offered until its owner makes it count as both factors', async () => {
    const doctor = await person();
    await register(doctor);

    expect(available(await ask(doctor.username))).toEqual(NO_PASSKEY);
    await countAsBoth(doctor);
    expect((await ask(doctor.username)).ChallengeName).toBe('WEB_AUTHN');
    await cognito.send(
      new AdminSetUserMFAPreferenceCommand({
        UserPoolId: STAFF,
        Username: doctor.username,
        WebAuthnMfaSettings: { Enabled: false },
      }),
    );
    expect(available(await ask(doctor.username))).toEqual(NO_PASSKEY);
  });

  it.each<[string, Manner]>([
    ['without a PIN or a finger', { verified: false }],
    ['on the page of somebody else', { origin: 'https://ehr.example.jp.evil.example' }],
    ['on a page that is not encrypted', { origin: 'http://ehr.example.jp' }],
  ])('is refused %s, when it is registered and when it is used', async (_, manner) => {
    const doctor = await person();
    await expect(register(doctor, manner)).rejects.toThrow();
    const provider = await register(doctor);
    await countAsBoth(doctor);

    const asked = await ask(doctor.username);

    await expect(answer(doctor.username, asked, provider.prove(optionsOf(asked), manner))).rejects.toMatchObject({
      name: 'NotAuthorizedException',
    });
  });

  it('signs one question once, and never an older one', async () => {
    const doctor = await person();
    const provider = await register(doctor);
    await countAsBoth(doctor);
    const asked = await ask(doctor.username);
    const proof = provider.prove(optionsOf(asked));
    await answer(doctor.username, asked, proof);

    await expect(answer(doctor.username, asked, proof)).rejects.toThrow('Invalid session');
    await expect(answer(doctor.username, await ask(doctor.username), proof)).rejects.toThrow('Invalid passkey');
  });

  it('opens no account but its owner’s', async () => {
    const [doctor, nurse] = [await person(), await person()];
    const provider = await register(doctor);
    await register(nurse);
    await countAsBoth(nurse);

    const asked = await ask(nurse.username);

    await expect(answer(nurse.username, asked, provider.prove(optionsOf(asked)))).rejects.toThrow('Invalid passkey');
  });

  it('is listed, and gone when it is deleted, even between question and answer', async () => {
    const doctor = await person();
    const { accessToken: AccessToken } = doctor;
    const provider = await register(doctor);
    await countAsBoth(doctor);
    const asked = await ask(doctor.username);

    const { Credentials } = await cognito.send(new ListWebAuthnCredentialsCommand({ AccessToken }));
    expect(Credentials).toMatchObject([{ CredentialId: provider.id, RelyingPartyId: 'ehr.example.jp' }]);
    await cognito.send(new DeleteWebAuthnCredentialCommand({ AccessToken, CredentialId: provider.id }));

    expect((await cognito.send(new ListWebAuthnCredentialsCommand({ AccessToken }))).Credentials).toEqual([]);
    await expect(answer(doctor.username, asked, provider.prove(optionsOf(asked)))).rejects.toThrow('Invalid session');
    expect(available(await ask(doctor.username))).toEqual(NO_PASSKEY);
  });

  it('ends with the account: a name that is made anew has none', async () => {
    const doctor = await person();
    await register(doctor);
    await countAsBoth(doctor);

    await cognito.send(new AdminDeleteUserCommand({ UserPoolId: STAFF, Username: doctor.username }));
    await cognito.send(new AdminCreateUserCommand({ UserPoolId: STAFF, Username: doctor.username }));

    expect(available(await ask(doctor.username))).toEqual(NO_PASSKEY);
  });

  it('does not open an account that an administrator has disabled', async () => {
    const doctor = await person();
    const provider = await register(doctor);
    await countAsBoth(doctor);
    const asked = await ask(doctor.username);

    await cognito.send(new AdminDisableUserCommand({ UserPoolId: STAFF, Username: doctor.username }));

    await expect(answer(doctor.username, asked, provider.prove(optionsOf(asked)))).rejects.toThrow('Invalid session');
    expect(available(await ask(doctor.username))).toEqual(NO_PASSKEY);
  });
});

it('shows no difference between somebody without a passkey and nobody', async () => {
  const { username } = await person();

  expect(available(await ask('nobody'))).toEqual(available(await ask(username)));
});

it('leads from a password to the second factor, by the chosen way too', async () => {
  const { username } = await person();
  const by = (AuthParameters: Record<string, string>) =>
    cognito.send(new InitiateAuthCommand({ AuthFlow: 'USER_AUTH', ClientId: CLIENTS[STAFF]!, AuthParameters }));
  const choose = async (name: string, secret: string) =>
    cognito.send(
      new RespondToAuthChallengeCommand({
        ClientId: CLIENTS[STAFF]!,
        ChallengeName: 'SELECT_CHALLENGE',
        Session: (await ask(name, STAFF, 'PASSWORD')).Session,
        ChallengeResponses: { USERNAME: name, ANSWER: 'PASSWORD', PASSWORD: secret },
      }),
    );

  const direct = await by({ USERNAME: username, PREFERRED_CHALLENGE: 'PASSWORD', PASSWORD });
  const chosen = await choose(username, PASSWORD);

  for (const got of [direct, chosen])
    expect(got).toMatchObject({ ChallengeName: 'SOFTWARE_TOKEN_MFA', Session: expect.any(String) });
  expect([direct.AuthenticationResult, chosen.AuthenticationResult]).toEqual([undefined, undefined]);
  for (const name of [username, 'nobody'])
    await expect(choose(name, 'Wrong-password-1')).rejects.toThrow('Incorrect username or password.');
});

describe('a passkey in a pool where a second factor is optional', () => {
  it('takes the place of the password', async () => {
    const resident = await person(RESIDENTS);
    const provider = await register(resident);

    const asked = await ask(resident.username, RESIDENTS);

    await expect(answer(resident.username, asked, provider.prove(optionsOf(asked)), RESIDENTS)).resolves.toMatchObject({
      AuthenticationResult: { TokenType: 'Bearer' },
    });
    // With nothing else set up there is nothing that it could be counted with.
    await expect(countAsBoth(resident)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

it.each([
  ['that counts as one factor where two are demanded', { ...passkeys, WebAuthnFactorConfiguration: 'SINGLE_FACTOR' }],
  ['in the Lite plan', { ...passkeys, UserPoolTier: 'LITE' }],
])('makes no pool with a passkey %s', (_, properties) => {
  const make = () => openUserPools(undefined).add(resourcesOf(pool(STAFF, 'ON', properties)), async () => ({}));

  expect(make).toThrow(/passkey/);
});
