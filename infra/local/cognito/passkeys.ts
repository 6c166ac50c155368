// Passkeys: registering, listing and deleting one's own, and proving one. The signatures are verified as WebAuthn has it, by
// @simplewebauthn/server, which is loaded when somebody has one.
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html#amazon-cognito-user-pools-authentication-flow-methods-passkey
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { ServiceError } from '../front/service.ts';
import type { PasskeySettings } from './pool-settings.ts';
import { accountOfToken } from './tokens.ts';
import type { Passkey, User, UserPool, UserPools } from './user-pools.ts';

type Body = Record<string, unknown>;

const MOST = 20;
const TIMEOUT_MS = 180_000;
/** EdDSA, ES256, RS256. */
const ALGORITHMS = [-8, -7, -257];

const webauthn = () => import('@simplewebauthn/server');

const enabled = ({ settings }: UserPool): PasskeySettings => {
  if (!settings.passkeys) throw new ServiceError('WebAuthnNotEnabledException', 'Passkeys are not enabled.');
  return settings.passkeys;
};

/**
 * Whether the person may sign in by a passkey now. Where a second factor is demanded, or set up, only a passkey that was made
 * to count as both will do.
 */
export const offersPasskey = ({ settings }: UserPool, user: User): boolean => {
  const { passkeys, mfa } = settings;
  if (!passkeys || !user.enabled || user.status !== 'CONFIRMED' || !user.passkeys?.length) return false;
  const needsBoth = mfa === 'ON' || (mfa === 'OPTIONAL' && user.totp?.verified === true);
  return !needsBoth || (passkeys.bothFactors && user.passkeyFactor === true && user.totp?.verified === true);
};

/** https://www.w3.org/TR/webauthn-3/#dictdef-publickeycredentialrequestoptionsjson */
export const requestOptions = async (pool: UserPool, user: User) => {
  const { relyingParty, userVerification } = enabled(pool);
  const { generateAuthenticationOptions } = await webauthn();
  const options = await generateAuthenticationOptions({
    rpID: relyingParty,
    timeout: TIMEOUT_MS,
    userVerification,
    allowCredentials: (user.passkeys ?? []).map(({ id, transports }) => ({ id, transports })),
  });
  return { options: JSON.stringify(options), challenge: options.challenge };
};

/** Throws unless one of the user's own passkeys has signed the challenge, on a page of the relying party, with its owner verified. */
export const provePasskey = async (pool: UserPool, user: User, challenge: string, credential: unknown) => {
  const refused = new ServiceError('NotAuthorizedException', 'Invalid passkey.');
  const settings = enabled(pool);
  const response = parsed<AuthenticationResponseJSON>(credential);
  const passkey = user.passkeys?.find(({ id }) => id === response?.id);
  const origin = originOf(response?.response?.clientDataJSON);
  if (!response || !passkey || !origin || !belongs(origin, settings)) throw refused;
  const { verifyAuthenticationResponse } = await webauthn();
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: settings.relyingParty,
    requireUserVerification: settings.userVerification === 'required' || user.passkeyFactor === true,
    credential: {
      id: passkey.id,
      publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
      counter: passkey.counter,
      transports: passkey.transports,
    },
  }).catch(() => {
    throw refused;
  });
  if (!verified) throw refused;
  passkey.counter = authenticationInfo.newCounter;
  pool.saveUser(user);
};

/** Called with one's own access token. */
export const openPasskeys = (pools: UserPools) => {
  /** One that is being registered, by user. */
  const pending = new Map<string, { challenge: string; expires: number }>();

  const own = (body: Body) => {
    const { user, pool } = accountOfToken(pools.all(), body['AccessToken']);
    return { user, pool, settings: enabled(pool) };
  };

  return {
    start: async (body: Body): Promise<object> => {
      const { user, settings } = own(body);
      if ((user.passkeys ?? []).length >= MOST)
        throw new ServiceError('LimitExceededException', 'The user has too many passkeys.');
      const { generateRegistrationOptions } = await webauthn();
      const options = await generateRegistrationOptions({
        rpName: settings.relyingParty,
        rpID: settings.relyingParty,
        userName: user.attributes['email'] ?? user.username,
        userDisplayName: user.username,
        userID: new Uint8Array(Buffer.from(user.sub)),
        timeout: TIMEOUT_MS,
        attestationType: 'none',
        supportedAlgorithmIDs: ALGORITHMS,
        excludeCredentials: (user.passkeys ?? []).map(({ id, transports }) => ({ id, transports })),
        authenticatorSelection: { residentKey: 'required', userVerification: settings.userVerification },
      });
      pending.set(user.sub, { challenge: options.challenge, expires: Date.now() + TIMEOUT_MS });
      return { CredentialCreationOptions: options };
    },
    complete: async (body: Body): Promise<object> => {
      const { user, pool, settings } = own(body);
      const asked = pending.get(user.sub);
      pending.delete(user.sub);
      if (!asked || asked.expires < Date.now())
        throw new ServiceError('WebAuthnChallengeNotFoundException', 'No passkey is being registered.');
      const response = parsed<RegistrationResponseJSON>(body['Credential']);
      const origin = originOf(response?.response?.clientDataJSON);
      if (!response || !origin) throw new ServiceError('InvalidParameterException', 'A credential is needed');
      if (!belongs(origin, settings))
        throw new ServiceError('WebAuthnOriginNotAllowedException', 'The origin is not of the relying party.');
      const { verifyRegistrationResponse } = await webauthn();
      const { verified, registrationInfo: made } = await verifyRegistrationResponse({
        response,
        expectedChallenge: asked.challenge,
        expectedOrigin: origin,
        expectedRPID: settings.relyingParty,
        requireUserVerification: settings.userVerification === 'required',
        supportedAlgorithmIDs: ALGORITHMS,
      }).catch(() => {
        throw new ServiceError('WebAuthnCredentialNotSupportedException', 'The passkey is not acceptable.');
      });
      if (!verified)
        throw new ServiceError('WebAuthnCredentialNotSupportedException', 'The passkey is not acceptable.');
      const { id, publicKey, counter } = made.credential;
      const passkey: Passkey = {
        id,
        publicKey: Buffer.from(publicKey).toString('base64url'),
        counter,
        transports: response.response.transports ?? [],
        attachment: response.authenticatorAttachment,
        name: made.credentialBackedUp ? 'Synced passkey' : 'Passkey',
        created: Date.now(),
      };
      user.passkeys = [...(user.passkeys ?? []), passkey];
      pool.saveUser(user);
      return {};
    },
    list: (body: Body): object => {
      const { user, settings } = own(body);
      return {
        Credentials: (user.passkeys ?? []).map(({ id, name, attachment, transports, created }) => ({
          CredentialId: id,
          FriendlyCredentialName: name,
          RelyingPartyId: settings.relyingParty,
          ...(attachment !== undefined && { AuthenticatorAttachment: attachment }),
          AuthenticatorTransports: transports,
          CreatedAt: created / 1000,
        })),
      };
    },
    remove: (body: Body): object => {
      const { user, pool } = own(body);
      const left = (user.passkeys ?? []).filter(({ id }) => id !== body['CredentialId']);
      if (left.length === user.passkeys?.length)
        throw new ServiceError('ResourceNotFoundException', 'The passkey does not exist.');
      user.passkeys = left;
      pool.saveUser(user);
      return {};
    },
  };
};

/** The SDK sends a document, the wire of challenges a string. */
const parsed = <Shape extends object>(value: unknown): Shape | undefined => {
  try {
    const found: unknown = typeof value === 'string' ? JSON.parse(value) : value;
    return typeof found === 'object' && found !== null ? (found as Shape) : undefined;
  } catch {
    return undefined;
  }
};

const originOf = (clientData: unknown): string | undefined => {
  const data = parsed<{ origin?: unknown }>(Buffer.from(String(clientData ?? ''), 'base64url').toString());
  return typeof data?.origin === 'string' && URL.canParse(data.origin) ? data.origin : undefined;
};

/** https://www.w3.org/TR/webauthn-3/#relying-party-identifier: the host itself or one below it, and encrypted unless it is this machine. */
const belongs = (origin: string, { relyingParty }: PasskeySettings): boolean => {
  const { protocol, hostname } = new URL(origin);
  const named = hostname === relyingParty || hostname.endsWith(`.${relyingParty}`);
  return named && (protocol === 'https:' || hostname === 'localhost');
};
