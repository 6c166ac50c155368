// A forgotten password: a code to the verified address, and a new password for it. The second factor stays what it was.
// https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-managing-errors.html
import { createHash, randomInt } from 'node:crypto';
import { ServiceError } from '../front/service.ts';
import { setPassword } from './passwords.ts';
import { hashOf } from './tokens.ts';
import { askTrigger, triggerEvent } from './triggers.ts';
import type { User, UserPool, UserPools } from './user-pools.ts';

type Body = Record<string, unknown>;

const HOUR_MS = 3600_000;
const PAUSE_MS = 15 * 60_000;
/** Cognito lets an account ask between five and twenty times an hour, depending on what it thinks of the asker. */
const MAILS_AN_HOUR = 5;
const WRONG_CODES = 5;

interface Tries {
  mailed: number[];
  wrong: number;
  pausedUntil: number;
}

const limit = () => new ServiceError('LimitExceededException', 'Attempt limit exceeded, please try after some time.');
const wrongCode = () =>
  new ServiceError('CodeMismatchException', 'Invalid verification code provided, please try again.');

export const openRecovery = (pools: UserPools) => {
  const held = new Map<string, Tries>();

  /** Counted for names that nobody has as well: a limit would tell the two apart. */
  const triesOf = (pool: UserPool, user: User | undefined, name: string): Tries => {
    const key = `${pool.settings.id} ${user?.sub ?? name.toLowerCase()}`;
    const tries = held.get(key) ?? { mailed: [], wrong: 0, pausedUntil: 0 };
    held.set(key, tries);
    if (Date.now() < tries.pausedUntil) throw limit();
    return tries;
  };

  const party = (body: Body) => {
    const { client, pool } = pools.client(body['ClientId']);
    const name = String(body['Username'] ?? '');
    if (name === '') throw new ServiceError('InvalidParameterException', 'A username is needed');
    const user = pool.find(name);
    if (!user && !client.hidesUsers) throw new ServiceError('UserNotFoundException', 'User does not exist.');
    return { client, pool, user, name };
  };

  return {
    forgot: (body: Body): object => {
      const { client, pool, user, name } = party(body);
      const tries = triesOf(pool, user, name);
      tries.mailed = tries.mailed.filter((at) => at > Date.now() - HOUR_MS);
      if (tries.mailed.length >= MAILS_AN_HOUR) throw limit();
      tries.mailed.push(Date.now());
      const email = user && reachable(user, pool);
      if (user?.enabled && user.status === 'FORCE_CHANGE_PASSWORD')
        throw new ServiceError('NotAuthorizedException', 'User password cannot be reset in the current state.');
      if (!user?.enabled || email === undefined) {
        if (user && !client.hidesUsers)
          throw new ServiceError(
            'InvalidParameterException',
            'Cannot reset password for the user as there is no registered/verified email or phone_number',
          );
        return delivered(simulated(pool, name));
      }
      const code = String(randomInt(1_000_000)).padStart(6, '0');
      user.recovery = { hash: hashOf(code), expires: Date.now() + HOUR_MS };
      tries.wrong = 0;
      pool.saveUser(user);
      pool.mail({ to: email, kind: 'new-password', username: user.username, secret: code });
      return delivered(masked(email));
    },
    confirm: async (body: Body): Promise<object> => {
      const { client, pool, user, name } = party(body);
      const tries = triesOf(pool, user, name);
      const right = user?.enabled && user.recovery?.hash === hashOf(String(body['ConfirmationCode'] ?? ''));
      if (user?.enabled && (user.recovery === undefined || user.recovery.expires < Date.now()))
        throw new ServiceError('ExpiredCodeException', 'Invalid code provided, please request a code again.');
      if (!right) {
        tries.wrong += 1;
        if (tries.wrong < WRONG_CODES) throw wrongCode();
        held.set(`${pool.settings.id} ${user?.sub ?? name.toLowerCase()}`, {
          ...tries,
          wrong: 0,
          pausedUntil: Date.now() + PAUSE_MS,
        });
        if (user) {
          user.recovery = undefined;
          pool.saveUser(user);
        }
        throw limit();
      }
      setPassword(pool, user, body['Password'], true);
      user.recovery = undefined;
      pool.saveUser(user);
      tries.wrong = 0;
      await tellOfNewPassword(pool, client.id, user, body['ClientMetadata']);
      return {};
    },
  };
};

/** Whatever becomes of it, the password is changed. */
const tellOfNewPassword = async (pool: UserPool, clientId: string, user: User, clientMetadata: unknown) => {
  const { postConfirmation } = pool.settings;
  if (postConfirmation === undefined) return;
  const event = {
    ...triggerEvent(pool, clientId, user, clientMetadata),
    version: '1',
    triggerSource: 'PostConfirmation_ConfirmForgotPassword',
    response: {},
  };
  await askTrigger(pool, postConfirmation, event, 'PostConfirmation');
};

/** Where a code may go: an address that is known to be the owner's. */
const reachable = ({ attributes }: User, { settings }: UserPool): string | undefined =>
  settings.recoversByEmail && attributes['email_verified'] === 'true' ? attributes['email'] : undefined;

const delivered = (Destination: string) => ({
  CodeDeliveryDetails: { Destination, DeliveryMedium: 'EMAIL', AttributeName: 'email' },
});

const masked = (email: string): string => email.replace(/^(.)[^@]*@(.).*$/, '$1***@$2***');

/** Always the same for a name, and no different from a real one. */
const simulated = ({ settings }: UserPool, name: string): string => {
  if (name.includes('@')) return masked(name);
  const letters = createHash('sha256').update(`${settings.id} ${name}`).digest();
  const letter = (at: number) => String.fromCharCode(97 + (letters[at]! % 26));
  return `${letter(0)}***@${letter(1)}***`;
};
