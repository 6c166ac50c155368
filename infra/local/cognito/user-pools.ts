// Users, groups and signing keys of the Cognito stand-in: one file, replaced as a whole before a change is acknowledged.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto';
import { ServiceError } from '../front/service.ts';
import type { Resources } from '../host/resources.ts';
import { readJson, writeJson } from '../local-dir.ts';
import { type Letter, type Outbox, openOutbox } from './outbox.ts';
import { type PoolClient, type PoolSettings, poolClients, poolSettings } from './pool-settings.ts';
import type { Verifier } from './srp.ts';

export interface User {
  readonly username: string;
  readonly sub: string;
  attributes: Record<string, string>;
  enabled: boolean;
  status: 'CONFIRMED' | 'FORCE_CHANGE_PASSWORD' | 'UNCONFIRMED' | 'RESET_REQUIRED';
  password: Verifier | undefined;
  /** Epoch milliseconds: when a temporary password ends. */
  temporaryUntil: number | undefined;
  /** The second factor; `verified` once a first code was right. */
  totp: { secret: string; verified: boolean; usedSteps: number[] } | undefined;
  passkeys?: Passkey[];
  /** Whether a passkey stands for both factors: the owner's own choice (SetUserMFAPreference). */
  passkeyFactor?: boolean;
  /** The code that was mailed for a new password. */
  recovery?: { readonly hash: string; readonly expires: number } | undefined;
  groups: string[];
  /** Tokens from before this second are refused (global sign-out). */
  signedOutAt: number;
  refreshTokens: RefreshToken[];
  failures: { count: number; lockedUntil: number };
  readonly created: number;
  modified: number;
}

export interface Passkey {
  readonly id: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  /** How often the authenticator was used, as it says itself. */
  counter: number;
  readonly transports: string[];
  readonly attachment: string | undefined;
  readonly name: string;
  readonly created: number;
}

export interface RefreshToken {
  /** SHA-256 of the token. */
  readonly hash: string;
  readonly clientId: string;
  readonly originJti: string;
  /** Epoch seconds. */
  readonly authTime: number;
  readonly expires: number;
}

export interface Group {
  readonly name: string;
  readonly description: string | undefined;
  readonly precedence: number | undefined;
  readonly created: number;
}

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface UserPool {
  readonly settings: PoolSettings;
  readonly users: ReadonlyMap<string, User>;
  readonly groups: ReadonlyMap<string, Group>;
  /** Cognito publishes two: one signs id tokens, the other access tokens. */
  readonly keys: { readonly id: SigningKey; readonly access: SigningKey };
  /** By username, `sub`, or e-mail address where the pool signs in by it. */
  find(name: string): User | undefined;
  saveUser(user: User): void;
  removeUser(user: User): void;
  saveGroup(group: Group): void;
  removeGroup(name: string): void;
  invokeTrigger(functionArn: string, event: object): Promise<unknown>;
  /** Nothing is sent: what Cognito would have mailed lies in the outbox. */
  mail(letter: Omit<Letter, 'at' | 'pool'>): void;
}

export interface UserPools {
  add(resources: Resources, invoke: (functionArn: string, event: object) => Promise<unknown>): void;
  pool(id: unknown): UserPool;
  client(id: unknown): { client: PoolClient; pool: UserPool };
  all(): UserPool[];
}

interface SavedPool {
  users: Record<string, User>;
  groups: Record<string, Group>;
  keys: { id: string; access: string };
}

export const openUserPools = (file: string | undefined, outbox: Outbox = openOutbox(undefined)): UserPools => {
  const saved: Record<string, SavedPool> = (file && readJson<Record<string, SavedPool>>(file)) || {};
  const pools = new Map<string, UserPool>();
  const clients = new Map<string, PoolClient>();
  const persist = () => {
    if (file) writeJson(file, saved);
  };

  return {
    add: (resources, invoke) => {
      for (const resource of resources.ofType('AWS::Cognito::UserPool')) {
        const settings = poolSettings(resource);
        saved[settings.id] ??= { users: {}, groups: {}, keys: { id: newKey(), access: newKey() } };
        const pool = openPool(settings, saved[settings.id]!, persist, invoke, outbox);
        pools.set(settings.id, pool);
        for (const group of resources.ofType('AWS::Cognito::UserPoolGroup')) {
          if (group.properties['UserPoolId'] !== settings.id || pool.groups.has(group.ref)) continue;
          pool.saveGroup({ name: group.ref, description: undefined, precedence: undefined, created: Date.now() });
        }
      }
      for (const client of poolClients(resources)) clients.set(client.id, client);
      persist();
    },
    pool: (id) => {
      const pool = pools.get(String(id));
      if (!pool) throw new ServiceError('ResourceNotFoundException', `User pool ${String(id)} does not exist.`);
      return pool;
    },
    client: (id) => {
      const client = clients.get(String(id));
      const pool = client && pools.get(client.poolId);
      if (!client || !pool)
        throw new ServiceError('ResourceNotFoundException', `User pool client ${String(id)} does not exist.`);
      return { client, pool };
    },
    all: () => [...pools.values()],
  };
};

const newKey = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const signingKey = (pem: string): SigningKey => {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return { kid: createHash('sha256').update(der).digest('base64'), privateKey, publicKey };
};

const openPool = (
  settings: PoolSettings,
  saved: SavedPool,
  persist: () => void,
  invokeTrigger: UserPool['invokeTrigger'],
  outbox: Outbox,
): UserPool => {
  const users = new Map(Object.entries(saved.users));
  const groups = new Map(Object.entries(saved.groups));
  const fold = (name: string) => (settings.caseSensitive ? name : name.toLowerCase());
  return {
    settings,
    users,
    groups,
    keys: { id: signingKey(saved.keys.id), access: signingKey(saved.keys.access) },
    find: (name) => {
      const folded = fold(name);
      const direct = users.get(folded);
      if (direct) return direct;
      const byEmail = settings.emailIsAlias || settings.emailIsUsername;
      return [...users.values()].find(
        ({ sub, attributes }) => sub === name || (byEmail && fold(attributes['email'] ?? '') === folded),
      );
    },
    saveUser: (user) => {
      user.modified = Date.now();
      users.set(fold(user.username), user);
      saved.users[fold(user.username)] = user;
      persist();
    },
    removeUser: (user) => {
      users.delete(fold(user.username));
      delete saved.users[fold(user.username)];
      persist();
    },
    saveGroup: (group) => {
      groups.set(group.name, group);
      saved.groups[group.name] = group;
      persist();
    },
    removeGroup: (name) => {
      groups.delete(name);
      delete saved.groups[name];
      for (const user of users.values()) user.groups = user.groups.filter((group) => group !== name);
      persist();
    },
    invokeTrigger,
    mail: (letter) => outbox.put({ at: new Date().toISOString(), pool: settings.id, ...letter }),
  };
};

export const newUser = (pool: UserPool, username: string, attributes: Record<string, string>): User => {
  const sub = randomUUID();
  return {
    username: pool.settings.emailIsUsername ? sub : username,
    sub,
    attributes,
    enabled: true,
    status: 'FORCE_CHANGE_PASSWORD',
    password: undefined,
    temporaryUntil: undefined,
    totp: undefined,
    groups: [],
    signedOutAt: 0,
    refreshTokens: [],
    failures: { count: 0, lockedUntil: 0 },
    created: Date.now(),
    modified: Date.now(),
  };
};
