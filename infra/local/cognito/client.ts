// Signs a person in as an app does: SRP, then the second factor. For `npm run token`, seeds and tests.
import {
  AssociateSoftwareTokenCommand,
  type CognitoIdentityProviderClient,
  InitiateAuthCommand,
  type InitiateAuthCommandOutput,
  RespondToAuthChallengeCommand,
  VerifySoftwareTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { claimSignature, claimTimestamp, clientKey, clientStart } from './srp.ts';
import { stepAt, totpCode } from './totp.ts';

export interface SignIn {
  readonly client: CognitoIdentityProviderClient;
  readonly poolId: string;
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
  /** Base32; needed where a second factor is set up. */
  readonly totpSecret?: string | undefined;
  /** Takes the place of a temporary one. */
  readonly newPassword?: string | undefined;
  /** Handed to the triggers. */
  readonly clientMetadata?: Record<string, string>;
}

export interface SignedIn {
  readonly accessToken: string;
  readonly idToken: string;
  readonly refreshToken: string;
  /** The factor that was set up on the way, to be kept by the person. */
  readonly totpSecret: string | undefined;
}

export const signIn = async (by: SignIn): Promise<SignedIn> => {
  let answer: InitiateAuthCommandOutput = await provePassword(by);
  let { totpSecret } = by;
  if (answer.ChallengeName === 'NEW_PASSWORD_REQUIRED') {
    if (by.newPassword === undefined) throw new Error('the password is a temporary one, and no new one was given');
    answer = await respond(by, 'NEW_PASSWORD_REQUIRED', { NEW_PASSWORD: by.newPassword }, answer.Session);
  }
  if (answer.ChallengeName === 'MFA_SETUP') {
    const setUp = await setUpFactor(by, answer.Session);
    totpSecret = setUp.secret;
    answer = await respond(by, 'MFA_SETUP', {}, setUp.session);
  } else if (answer.ChallengeName === 'SOFTWARE_TOKEN_MFA') {
    if (totpSecret === undefined) throw new Error('a second factor is set up, and its secret was not given');
    answer = await proveFactor(by, totpSecret, answer.Session);
  }
  const { AccessToken, IdToken, RefreshToken } = answer.AuthenticationResult ?? {};
  if (!AccessToken || !IdToken || !RefreshToken) throw new Error(`signing in ended at ${answer.ChallengeName}`);
  return { accessToken: AccessToken, idToken: IdToken, refreshToken: RefreshToken, totpSecret };
};

const respond = (
  { client, clientId, username, clientMetadata }: SignIn,
  ChallengeName: 'PASSWORD_VERIFIER' | 'NEW_PASSWORD_REQUIRED' | 'MFA_SETUP' | 'SOFTWARE_TOKEN_MFA',
  responses: Record<string, string>,
  Session: string | undefined,
) =>
  client.send(
    new RespondToAuthChallengeCommand({
      ClientId: clientId,
      ChallengeName,
      ChallengeResponses: { USERNAME: username, ...responses },
      ...(Session !== undefined && { Session }),
      ...(clientMetadata && { ClientMetadata: clientMetadata }),
    }),
  );

const provePassword = async (by: SignIn) => {
  const { client, poolId, clientId, username, password } = by;
  const start = clientStart();
  const { ChallengeParameters = {} } = await client.send(
    new InitiateAuthCommand({
      AuthFlow: 'USER_SRP_AUTH',
      ClientId: clientId,
      AuthParameters: { USERNAME: username, SRP_A: start.A },
    }),
  );
  const poolName = poolId.slice(poolId.indexOf('_') + 1);
  const {
    SRP_B: B = '',
    SALT: salt = '',
    USER_ID_FOR_SRP: userId = '',
    SECRET_BLOCK: secretBlock = '',
  } = ChallengeParameters;
  const timestamp = claimTimestamp(new Date());
  const key = clientKey(start, { B, salt, userId, poolName, password });
  const signature = claimSignature(key, { poolName, userId, secretBlock, timestamp });
  return respond(
    { ...by, username: userId },
    'PASSWORD_VERIFIER',
    { PASSWORD_CLAIM_SECRET_BLOCK: secretBlock, PASSWORD_CLAIM_SIGNATURE: signature, TIMESTAMP: timestamp },
    undefined,
  );
};

const setUpFactor = async ({ client }: SignIn, session: string | undefined) => {
  const { SecretCode: secret = '', Session } = await client.send(
    new AssociateSoftwareTokenCommand({ Session: session }),
  );
  const verified = await client.send(
    new VerifySoftwareTokenCommand({ Session, UserCode: totpCode(secret, stepAt(Date.now())) }),
  );
  return { secret, session: verified.Session };
};

/** A code works once; whoever signs in twice within half a minute takes the neighbouring one, or waits for the next. */
const proveFactor = async (by: SignIn, secret: string, session: string | undefined) => {
  for (let attempt = 0; ; attempt += 1) {
    const step = stepAt(Date.now()) + ([0, 1, -1][attempt % 3] ?? 0);
    try {
      return await respond(by, 'SOFTWARE_TOKEN_MFA', { SOFTWARE_TOKEN_MFA_CODE: totpCode(secret, step) }, session);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ExpiredCodeException' || attempt >= 8) throw error;
      if (attempt % 3 === 2) await new Promise((resolve) => setTimeout(resolve, 15_000));
    }
  }
};
