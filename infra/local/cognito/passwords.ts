// The pool's password policy, and the growing pause after wrong passwords.
import { ServiceError } from '../front/service.ts';
import type { PoolSettings } from './pool-settings.ts';
import { makeVerifier } from './srp.ts';
import type { User, UserPool } from './user-pools.ts';

const DAY_MS = 24 * 3600_000;

/** https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html */
export const requirePolicy = ({ passwords }: PoolSettings, password: string): void => {
  const rules: [boolean, string][] = [
    [password.length >= passwords.minimumLength && password.length <= 256, 'Password not long enough'],
    [!passwords.requireUppercase || /[A-Z]/.test(password), 'Password must have uppercase characters'],
    [!passwords.requireLowercase || /[a-z]/.test(password), 'Password must have lowercase characters'],
    [!passwords.requireNumbers || /[0-9]/.test(password), 'Password must have numeric characters'],
    [
      !passwords.requireSymbols || /[\^$*.[\]{}()?"!@#%&/\\,><':;|_~`=+\- ]/.test(password),
      'Password must have symbol characters',
    ],
  ];
  const broken = rules.find(([holds]) => !holds);
  if (broken) {
    throw new ServiceError('InvalidPasswordException', `Password did not conform with policy: ${broken[1]}`);
  }
};

export const setPassword = (pool: UserPool, user: User, password: unknown, permanent: boolean): void => {
  if (typeof password !== 'string') throw new ServiceError('InvalidParameterException', 'A password is needed');
  requirePolicy(pool.settings, password);
  user.password = makeVerifier(pool.settings.name, user.username, password);
  user.status = permanent ? 'CONFIRMED' : 'FORCE_CHANGE_PASSWORD';
  user.temporaryUntil = permanent ? undefined : Date.now() + pool.settings.passwords.temporaryDays * DAY_MS;
  user.failures = { count: 0, lockedUntil: 0 };
};

const FREE_TRIES = 5;
const LONGEST_MS = 15 * 60_000;

/** After five wrong passwords a second of pause, doubled with each further one up to 15 minutes. */
export const requireUnlocked = ({ failures }: User): void => {
  if (Date.now() < failures.lockedUntil) throw new ServiceError('NotAuthorizedException', 'Password attempts exceeded');
};

export const countFailure = (pool: UserPool, user: User): void => {
  const count = user.failures.count + 1;
  const pause = count < FREE_TRIES ? 0 : Math.min(LONGEST_MS, 1000 * 2 ** (count - FREE_TRIES));
  user.failures = { count, lockedUntil: pause === 0 ? 0 : Date.now() + pause };
  pool.saveUser(user);
};
