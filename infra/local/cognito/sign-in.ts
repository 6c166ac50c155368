// Signing in: InitiateAuth and the challenges that follow it.
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ServiceError } from '../front/service.ts';
import { offersPasskey, provePasskey, requestOptions } from './passkeys.ts';
import { countFailure, requireUnlocked, setPassword } from './passwords.ts';
import type { PoolClient } from './pool-settings.ts';
import {
  claimSignature,
  isPassword,
  isPublicValue,
  makeVerifier,
  type ServerChallenge,
  serverChallenge,
  serverKey,
  type Verifier,
} from './srp.ts';
import { hashOf, issueTokens } from './tokens.ts';
import { newTotpSecret, stepAt, stepOfCode } from './totp.ts';
import type { User, UserPool, UserPools } from './user-pools.ts';

type Body = Record<string, unknown>;
type Parameters = Readonly<Record<string, string | undefined>>;

interface Party {
  readonly pool: UserPool;
  readonly client: PoolClient;
}

interface Pending {
  readonly client: PoolClient;
  readonly pool: UserPool;
  readonly username: string;
  readonly challenge: string;
  readonly expires: number;
  /** A password was changed on the way. */
  readonly renewed?: boolean;
  /** The second factor was set up on the way. */
  readonly factorReady?: boolean;
  /** What a passkey has to sign. */
  readonly passkeyChallenge?: string;
}

interface SrpPending {
  readonly A: string;
  readonly verifier: Verifier;
  readonly challenge: ServerChallenge;
  /** Nobody, when the client hides whether a user exists. */
  readonly username: string | undefined;
  readonly clientId: string;
  readonly expires: number;
}

const wrong = () => new ServiceError('NotAuthorizedException', 'Incorrect username or password.');
const badSession = () => new ServiceError('NotAuthorizedException', 'Invalid session for the user.');
const parameter = (message: string) => new ServiceError('InvalidParameterException', message);

export const openSignIn = (pools: UserPools) => {
  const sessions = new Map<string, Pending>();
  const srp = new Map<string, SrpPending>();

  const forget = () => {
    const now = Date.now();
    for (const [key, { expires }] of sessions) if (expires < now) sessions.delete(key);
    for (const [key, { expires }] of srp) if (expires < now) srp.delete(key);
  };

  const openSession = (pending: Omit<Pending, 'expires'>): string => {
    const session = randomBytes(48).toString('base64url');
    sessions.set(session, { ...pending, expires: Date.now() + pending.client.sessionSeconds * 1000 });
    return session;
  };

  /** A session is good for one step. */
  const takeSession = (session: unknown, ...challenges: string[]): Pending & { user: User } => {
    const pending = sessions.get(String(session));
    if (!pending || pending.expires < Date.now() || !challenges.includes(pending.challenge)) throw badSession();
    const user = pending.pool.find(pending.username);
    if (!user?.enabled) throw badSession();
    sessions.delete(String(session));
    return { ...pending, user };
  };

  const challenge = (name: string, party: Party, user: User, parameters: object, more: Partial<Pending> = {}) => ({
    ChallengeName: name,
    Session: openSession({ client: party.client, pool: party.pool, username: user.username, challenge: name, ...more }),
    ChallengeParameters: parameters,
  });

  const startSrp = ({ pool, client }: Party, parameters: Parameters) => {
    const { USERNAME: name = '', SRP_A: A = '' } = parameters;
    if (!isPublicValue(A)) throw parameter('Missing or bad required parameter SRP_A');
    const user = pool.find(name);
    if (!user && !client.hidesUsers) throw new ServiceError('UserNotFoundException', 'User does not exist.');
    const userId = user?.username ?? phantomId(pool, name);
    // A user who does not exist has a password that nobody knows.
    const verifier = user?.password ?? makeVerifier(pool.settings.name, userId, randomBytes(16).toString('hex'));
    const started = serverChallenge(verifier);
    const block = randomBytes(512).toString('base64');
    srp.set(block, {
      A,
      verifier,
      challenge: started,
      username: user?.username,
      clientId: client.id,
      expires: Date.now() + client.sessionSeconds * 1000,
    });
    return {
      ChallengeName: 'PASSWORD_VERIFIER',
      ChallengeParameters: {
        SALT: verifier.salt,
        SECRET_BLOCK: block,
        SRP_B: started.B,
        USERNAME: userId,
        USER_ID_FOR_SRP: userId,
      },
    };
  };

  const proveSrp = (party: Party, responses: Parameters, clientMetadata: unknown) => {
    const secretBlock = responses['PASSWORD_CLAIM_SECRET_BLOCK'] ?? '';
    const pending = srp.get(secretBlock);
    srp.delete(secretBlock);
    if (!pending || pending.expires < Date.now() || pending.clientId !== party.client.id) throw badSession();
    const user = pending.username === undefined ? undefined : party.pool.find(pending.username);
    if (user) requireUnlocked(user);
    const expected = claimSignature(serverKey(pending.verifier, pending.challenge, pending.A), {
      poolName: party.pool.settings.name,
      userId: pending.username ?? '',
      secretBlock,
      timestamp: responses['TIMESTAMP'] ?? '',
    });
    if (!user?.password || !same(expected, responses['PASSWORD_CLAIM_SIGNATURE'] ?? '')) {
      if (user) countFailure(party.pool, user);
      throw wrong();
    }
    return afterPassword(party, user, clientMetadata);
  };

  const plainPassword = (party: Party, parameters: Parameters, clientMetadata: unknown) => {
    const { USERNAME: name = '', PASSWORD: password = '' } = parameters;
    const user = party.pool.find(name);
    if (!user) {
      if (!party.client.hidesUsers) throw new ServiceError('UserNotFoundException', 'User does not exist.');
      throw wrong();
    }
    requireUnlocked(user);
    if (!user.password || !isPassword(party.pool.settings.name, user.username, password, user.password)) {
      countFailure(party.pool, user);
      throw wrong();
    }
    return afterPassword(party, user, clientMetadata);
  };

  const afterPassword = (party: Party, user: User, clientMetadata: unknown) => {
    if (!user.enabled) throw new ServiceError('NotAuthorizedException', 'User is disabled.');
    if (user.status === 'UNCONFIRMED') throw new ServiceError('UserNotConfirmedException', 'User is not confirmed.');
    if (user.status === 'RESET_REQUIRED') {
      throw new ServiceError('PasswordResetRequiredException', 'Password reset required for the user');
    }
    if (user.failures.count > 0) {
      user.failures = { count: 0, lockedUntil: 0 };
      party.pool.saveUser(user);
    }
    if (user.status === 'FORCE_CHANGE_PASSWORD') {
      if (user.temporaryUntil !== undefined && user.temporaryUntil < Date.now()) {
        throw new ServiceError(
          'NotAuthorizedException',
          'Temporary password has expired and must be reset by an administrator.',
        );
      }
      return challenge('NEW_PASSWORD_REQUIRED', party, user, {
        USER_ID_FOR_SRP: user.username,
        requiredAttributes: '[]',
        userAttributes: JSON.stringify(user.attributes),
      });
    }
    return afterPrimary(party, user, false, clientMetadata);
  };

  const afterPrimary = (party: Party, user: User, renewed: boolean, clientMetadata: unknown) => {
    const { mfa } = party.pool.settings;
    if (user.totp?.verified && mfa !== 'OFF') {
      const parameters = { USER_ID_FOR_SRP: user.username, FRIENDLY_DEVICE_NAME: 'local' };
      return challenge('SOFTWARE_TOKEN_MFA', party, user, parameters, { renewed });
    }
    if (mfa === 'ON') {
      const parameters = { USER_ID_FOR_SRP: user.username, MFAS_CAN_SETUP: '["SOFTWARE_TOKEN_MFA"]' };
      return challenge('MFA_SETUP', party, user, parameters, { renewed });
    }
    return done(party, user, renewed, clientMetadata);
  };

  const done = ({ pool, client }: Party, user: User, renewed: boolean, clientMetadata: unknown) =>
    issueTokens(pool, client, user, {
      source: renewed ? 'TokenGeneration_NewPasswordChallenge' : 'TokenGeneration_Authentication',
      clientMetadata,
    });

  /**
   * Choice-based sign-in: who signs in chooses the first factor. A password leads to the second one as ever.
   * https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flows-selection-sdk.html
   */
  const choose = async (party: Party, wanted: string | undefined, parameters: Parameters, clientMetadata: unknown) => {
    const { USERNAME: name = '' } = parameters;
    const user = party.pool.find(name);
    if (!user && !party.client.hidesUsers) throw new ServiceError('UserNotFoundException', 'User does not exist.');
    if (wanted === 'PASSWORD' && parameters['PASSWORD'] !== undefined)
      return plainPassword(party, parameters, clientMetadata);
    if (wanted === 'PASSWORD_SRP' && parameters['SRP_A'] !== undefined) return startSrp(party, parameters);
    const passkey = user !== undefined && offersPasskey(party.pool, user);
    if (wanted === 'WEB_AUTHN' && passkey) {
      const { options, challenge: passkeyChallenge } = await requestOptions(party.pool, user);
      return challenge('WEB_AUTHN', party, user, { CREDENTIAL_REQUEST_OPTIONS: options }, { passkeyChallenge });
    }
    const { pool, client } = party;
    return {
      ChallengeName: 'SELECT_CHALLENGE',
      Session: openSession({ client, pool, username: user?.username ?? name, challenge: 'SELECT_CHALLENGE' }),
      AvailableChallenges: ['PASSWORD', 'PASSWORD_SRP', ...(passkey ? ['WEB_AUTHN'] : [])],
      ChallengeParameters: {},
    };
  };

  /** Nobody may be behind the name, and nobody is to see that. */
  const chosen = (party: Party, body: Body, responses: Parameters) => {
    const session = String(body['Session']);
    const pending = sessions.get(session);
    if (pending?.challenge !== 'SELECT_CHALLENGE' || pending.expires < Date.now()) throw badSession();
    if (pending.client.id !== party.client.id) throw badSession();
    sessions.delete(session);
    return choose(party, responses['ANSWER'], { ...responses, USERNAME: pending.username }, body['ClientMetadata']);
  };

  const byPasskey = async (party: Party, pending: Pending & { user: User }, responses: Parameters, data: unknown) => {
    const { user, passkeyChallenge } = pending;
    // Taken away between the question and the answer.
    if (passkeyChallenge === undefined || !offersPasskey(party.pool, user)) throw badSession();
    await provePasskey(party.pool, user, passkeyChallenge, responses['CREDENTIAL']);
    return done(party, user, false, data);
  };

  const refresh = ({ pool, client }: Party, parameters: Parameters) => {
    const hash = hashOf(parameters['REFRESH_TOKEN'] ?? '');
    const now = Math.floor(Date.now() / 1000);
    for (const user of pool.users.values()) {
      const from = user.refreshTokens.find((token) => token.hash === hash && token.clientId === client.id);
      if (!from) continue;
      if (from.expires <= now) throw new ServiceError('NotAuthorizedException', 'Refresh Token has expired');
      if (!user.enabled) throw new ServiceError('NotAuthorizedException', 'User is disabled.');
      return issueTokens(pool, client, user, { source: 'TokenGeneration_RefreshTokens', from });
    }
    throw new ServiceError('NotAuthorizedException', 'Invalid Refresh Token.');
  };

  const requireFlow = ({ client }: Party, ...names: string[]) => {
    if (!names.some((name) => client.flows.includes(name))) {
      throw parameter(`${names[0]?.replace('ALLOW_', '')} flow not enabled for this client`);
    }
  };

  const initiate = (party: Party, body: Body) => {
    forget();
    const parameters = (body['AuthParameters'] ?? {}) as Parameters;
    switch (body['AuthFlow']) {
      case 'USER_SRP_AUTH':
        requireFlow(party, 'ALLOW_USER_SRP_AUTH');
        return startSrp(party, parameters);
      case 'USER_PASSWORD_AUTH':
        requireFlow(party, 'ALLOW_USER_PASSWORD_AUTH');
        return plainPassword(party, parameters, undefined);
      case 'ADMIN_USER_PASSWORD_AUTH':
        requireFlow(party, 'ALLOW_ADMIN_USER_PASSWORD_AUTH');
        return plainPassword(party, parameters, undefined);
      case 'USER_AUTH':
        requireFlow(party, 'ALLOW_USER_AUTH');
        return choose(party, parameters['PREFERRED_CHALLENGE'], parameters, undefined);
      case 'REFRESH_TOKEN_AUTH':
      case 'REFRESH_TOKEN':
        requireFlow(party, 'ALLOW_REFRESH_TOKEN_AUTH');
        return refresh(party, parameters);
      default:
        throw parameter(`the Cognito stand-in has no flow ${String(body['AuthFlow'])}`);
    }
  };

  const respond = (party: Party, body: Body) => {
    const responses = (body['ChallengeResponses'] ?? {}) as Parameters;
    const metadata = body['ClientMetadata'];
    const name = String(body['ChallengeName']);
    if (name === 'PASSWORD_VERIFIER') return proveSrp(party, responses, metadata);
    if (name === 'SELECT_CHALLENGE') return chosen(party, body, responses);
    const pending = takeSession(body['Session'], name);
    const { user, renewed = false } = pending;
    if (pending.client.id !== party.client.id) throw badSession();
    switch (name) {
      case 'NEW_PASSWORD_REQUIRED':
        try {
          setPassword(party.pool, user, responses['NEW_PASSWORD'], true);
        } catch (error) {
          sessions.set(String(body['Session']), pending); // another try with a better password
          throw error;
        }
        party.pool.saveUser(user);
        return afterPrimary(party, user, true, metadata);
      case 'SOFTWARE_TOKEN_MFA':
        try {
          spendCode(party.pool, user, responses['SOFTWARE_TOKEN_MFA_CODE'] ?? '');
        } catch (error) {
          sessions.set(String(body['Session']), pending); // Cognito lets the same session try again
          throw error;
        }
        return done(party, user, renewed, metadata);
      case 'WEB_AUTHN':
        return byPasskey(party, pending, responses, metadata);
      case 'MFA_SETUP':
        if (!pending.factorReady) throw badSession();
        return done(party, user, renewed, metadata);
      default:
        throw parameter(`the Cognito stand-in has no challenge ${name}`);
    }
  };

  return {
    initiateAuth: (body: Body) => initiate(pools.client(body['ClientId']), body),
    adminInitiateAuth: (body: Body) => initiate(partyOf(pools, body), body),
    respond: (body: Body) => respond(pools.client(body['ClientId']), body),
    adminRespond: (body: Body) => respond(partyOf(pools, body), body),
    /** Setting up the second factor within a sign-in. */
    associate: (body: Body) => {
      const pending = takeSession(body['Session'], 'MFA_SETUP');
      const SecretCode = newFactor(pending.pool, pending.user);
      return { SecretCode, Session: openSession({ ...pending, factorReady: false }) };
    },
    verify: (body: Body) => {
      const pending = takeSession(body['Session'], 'MFA_SETUP');
      try {
        confirmFactor(pending.pool, pending.user, String(body['UserCode']));
      } catch (error) {
        sessions.set(String(body['Session']), pending);
        throw error;
      }
      return { Status: 'SUCCESS', Session: openSession({ ...pending, factorReady: true }) };
    },
  };
};

const partyOf = (pools: UserPools, body: Body): Party => {
  const party = pools.client(body['ClientId']);
  if (party.pool.settings.id !== body['UserPoolId']) {
    throw new ServiceError('ResourceNotFoundException', `User pool client ${String(body['ClientId'])} does not exist.`);
  }
  return party;
};

const same = (expected: string, given: string) => {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** Always the same for a name, so that nobody can tell it from a user's. */
const phantomId = ({ settings }: UserPool, name: string): string => {
  if (!settings.emailIsUsername) return name;
  const hex = createHash('sha256').update(`${settings.id} ${name}`).digest('hex');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-a$4-$5');
};

export const newFactor = (pool: UserPool, user: User): string => {
  const secret = newTotpSecret();
  user.totp = { secret, verified: user.totp?.verified ?? false, usedSteps: [] };
  if (user.totp.verified) user.totp.verified = false;
  pool.saveUser(user);
  return secret;
};

export const confirmFactor = (pool: UserPool, user: User, code: string): void => {
  if (!user.totp) throw new ServiceError('SoftwareTokenMFANotFoundException', 'No software token is being set up.');
  const step = stepOfCode(user.totp.secret, code, Date.now());
  if (step === undefined) throw new ServiceError('EnableSoftwareTokenMFAException', 'Code mismatch');
  user.totp = { ...user.totp, verified: true, usedSteps: [step] };
  pool.saveUser(user);
};

/** A code is good once. */
const spendCode = (pool: UserPool, user: User, code: string): void => {
  if (!user.totp) throw badSession();
  const step = stepOfCode(user.totp.secret, code, Date.now());
  if (step === undefined) throw new ServiceError('CodeMismatchException', 'Invalid code received for user');
  if (user.totp.usedSteps.includes(step)) {
    throw new ServiceError('ExpiredCodeException', 'Your software token has already been used once.');
  }
  const recent = user.totp.usedSteps.filter((used) => used > stepAt(Date.now()) - 3);
  user.totp = { ...user.totp, usedSteps: [...recent, step] };
  pool.saveUser(user);
};
