// A forgotten password at the Cognito stand-in, asked by the real client over the wire.
// https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-managing-errors.html
import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  type CognitoIdentityProviderClient,
  ConfirmForgotPasswordCommand,
  ForgotPasswordCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn } from '../../infra/local/cognito/client.ts';
import { openOutbox } from '../../infra/local/cognito/outbox.ts';
import { openCognito } from '../support/cognito.ts';
import { poolResource } from '../support/pool-resource.ts';

const POOL = 'ap-northeast-1_staff0001';
const CLIENT = 'staff-client';
const PASSWORD = 'Correct-horse-9';
const NEXT = 'Another-horse-10';

const ALL = [
  poolResource('AWS::Cognito::UserPool', POOL, {
    Policies: { PasswordPolicy: { MinimumLength: 12 } },
    MfaConfiguration: 'ON',
    AliasAttributes: ['email'],
    AccountRecoverySetting: { RecoveryMechanisms: [{ Name: 'verified_email', Priority: 1 }] },
    LambdaConfig: { PostConfirmation: 'arn:confirmed' },
  }),
  poolResource('AWS::Cognito::UserPoolClient', CLIENT, {
    UserPoolId: POOL,
    ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
    PreventUserExistenceErrors: 'ENABLED',
  }),
];

const outbox = openOutbox(undefined);
/** What the trigger was told. */
const told: { userName?: string }[] = [];
let cognito: CognitoIdentityProviderClient;
let stop: () => Promise<unknown>;
beforeAll(async () => {
  const trigger = async (arn: string, event: { userName?: string }) => {
    told.push({ arn, ...event } as object);
    if (event.userName === 'unheard') throw new Error('the table does not answer');
    return event;
  };
  ({ cognito, stop } = await openCognito(ALL, trigger, outbox));
});
afterAll(() => stop());

const by = (username: string, password = PASSWORD) => ({
  client: cognito,
  poolId: POOL,
  clientId: CLIENT,
  username,
  password,
});
const person = async (username: string, verified = true) => {
  const email = `${username}@staff.example`;
  await cognito.send(
    new AdminCreateUserCommand({
      UserPoolId: POOL,
      Username: username,
      MessageAction: 'SUPPRESS',
      UserAttributes: [
        { Name: 'email', Value: email },
        { Name: 'email_verified', Value: String(verified) },
      ],
    }),
  );
  await cognito.send(
    new AdminSetUserPasswordCommand({ UserPoolId: POOL, Username: username, Password: PASSWORD, Permanent: true }),
  );
  return email;
};
const forgot = (Username: string) => cognito.send(new ForgotPasswordCommand({ ClientId: CLIENT, Username }));
const confirm = (Username: string, ConfirmationCode: string, Password = NEXT) =>
  cognito.send(new ConfirmForgotPasswordCommand({ ClientId: CLIENT, Username, ConfirmationCode, Password }));
const mailed = (to: string) => outbox.letters().filter((letter) => letter.to === to);
const otherThan = (code: string) => (code === '000000' ? '000001' : '000000');

describe('a forgotten password', () => {
  it('is replaced by the code that was mailed, and the second factor is asked as before', async () => {
    const email = await person('doctor');
    const { totpSecret } = await signIn(by('doctor'));

    const { CodeDeliveryDetails } = await forgot('doctor');
    expect(CodeDeliveryDetails).toEqual({ Destination: 'd***@s***', DeliveryMedium: 'EMAIL', AttributeName: 'email' });
    const [letter] = mailed(email);
    await expect(confirm('doctor', letter!.secret, 'short')).rejects.toMatchObject({
      name: 'InvalidPasswordException',
    });
    await confirm('doctor', letter!.secret);

    await expect(signIn(by('doctor'))).rejects.toThrow('Incorrect username or password');
    await expect(signIn(by('doctor', NEXT))).rejects.toThrow(/second factor/);
    await expect(signIn({ ...by('doctor', NEXT), totpSecret })).resolves.toMatchObject({
      accessToken: expect.any(String),
    });
    await expect(confirm('doctor', letter!.secret)).rejects.toMatchObject({ name: 'ExpiredCodeException' });
  });

  it('is told to the trigger as Cognito tells it, once the new password stands', async () => {
    const email = await person('heard');
    await forgot('heard');
    const { secret } = mailed(email)[0]!;
    await expect(confirm('heard', otherThan(secret))).rejects.toThrow();
    expect(told.filter(({ userName }) => userName === 'heard')).toEqual([]);

    await confirm('heard', secret);

    expect(told.filter(({ userName }) => userName === 'heard')).toEqual([
      {
        arn: 'arn:confirmed',
        version: '1',
        triggerSource: 'PostConfirmation_ConfirmForgotPassword',
        region: 'ap-northeast-1',
        userPoolId: POOL,
        userName: 'heard',
        callerContext: { awsSdkVersion: expect.any(String), clientId: CLIENT },
        request: {
          userAttributes: {
            sub: expect.stringMatching(/^[0-9a-f-]{36}$/),
            'cognito:user_status': 'CONFIRMED',
            email,
            email_verified: 'true',
          },
        },
        response: {},
      },
    ]);
  });

  it('is told to have failed where the trigger fails', async () => {
    const email = await person('unheard');
    await forgot('unheard');
    await expect(confirm('unheard', mailed(email)[0]!.secret)).rejects.toMatchObject({
      name: 'UserLambdaValidationException',
    });
  });

  it('of nobody, and of somebody without a verified address, looks the same and mails nothing', async () => {
    await person('unverified', false);
    const before = outbox.letters().length;

    const got = [await forgot('nobody'), await forgot('unverified')];

    for (const { CodeDeliveryDetails } of got)
      expect(CodeDeliveryDetails).toMatchObject({
        Destination: expect.stringMatching(/^[a-z]\*{3}@[a-z]\*{3}$/),
        DeliveryMedium: 'EMAIL',
      });
    expect((await forgot('nobody')).CodeDeliveryDetails).toEqual(got[0]!.CodeDeliveryDetails);
    expect(outbox.letters()).toHaveLength(before);
    await expect(confirm('nobody', '123456')).rejects.toMatchObject({ name: 'CodeMismatchException' });
  });

  it('stays forgotten after five wrong codes, even with the right one', async () => {
    const email = await person('guessed');
    await forgot('guessed');
    const { secret } = mailed(email)[0]!;
    const wrong = () => confirm('guessed', otherThan(secret));

    for (let tries = 1; tries < 5; tries += 1)
      await expect(wrong()).rejects.toMatchObject({ name: 'CodeMismatchException' });

    await expect(wrong()).rejects.toMatchObject({ name: 'LimitExceededException' });
    await expect(confirm('guessed', secret)).rejects.toMatchObject({ name: 'LimitExceededException' });
    await expect(forgot('guessed')).rejects.toMatchObject({ name: 'LimitExceededException' });
  });

  it.each(['asked', 'nobody-asked'])('is asked for five times an hour, of %s', async (username) => {
    if (username === 'asked') await person(username);
    for (let tries = 0; tries < 5; tries += 1) await forgot(username);

    await expect(forgot(username)).rejects.toMatchObject({ name: 'LimitExceededException' });
  });

  it('is none before the first sign-in: the invitation is sent again instead', async () => {
    const email = 'invited@staff.example';
    await cognito.send(
      new AdminCreateUserCommand({
        UserPoolId: POOL,
        Username: 'invited',
        DesiredDeliveryMediums: ['EMAIL'],
        UserAttributes: [
          { Name: 'email', Value: email },
          { Name: 'email_verified', Value: 'true' },
        ],
      }),
    );

    await expect(forgot('invited')).rejects.toMatchObject({ name: 'NotAuthorizedException' });
    const [invitation] = mailed(email);
    expect(invitation).toMatchObject({ kind: 'invitation', username: 'invited' });
    await expect(signIn({ ...by('invited', invitation!.secret), newPassword: NEXT })).resolves.toMatchObject({
      accessToken: expect.any(String),
    });
  });
});
