// What administrators do to accounts and groups, and what people do to their own.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/Welcome.html
import { randomBytes } from 'node:crypto';
import { ServiceError } from '../front/service.ts';
import { requireUnlocked, setPassword } from './passwords.ts';
import { confirmFactor, newFactor } from './sign-in.ts';
import { isPassword } from './srp.ts';
import { accountOfToken, hashOf } from './tokens.ts';
import { type Group, newUser, type User, type UserPool, type UserPools } from './user-pools.ts';

type Body = Record<string, unknown>;
interface Attribute {
  readonly Name: string;
  readonly Value?: string;
}

const seconds = (milliseconds: number) => milliseconds / 1000;

const attributesOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(((value ?? []) as Attribute[]).map(({ Name, Value }) => [Name, Value ?? '']));

const asAttributes = ({ sub, attributes }: User): Attribute[] =>
  Object.entries({ sub, ...attributes }).map(([Name, Value]) => ({ Name, Value }));

const describeUser = (user: User) => ({
  Username: user.username,
  Attributes: asAttributes(user),
  UserCreateDate: seconds(user.created),
  UserLastModifiedDate: seconds(user.modified),
  Enabled: user.enabled,
  UserStatus: user.status,
});

const factors = ({ totp }: User) =>
  totp?.verified ? { UserMFASettingList: ['SOFTWARE_TOKEN_MFA'], PreferredMfaSetting: 'SOFTWARE_TOKEN_MFA' } : {};

const describeGroup = (pool: UserPool, { name, description, precedence, created }: Group) => ({
  GroupName: name,
  UserPoolId: pool.settings.id,
  Description: description,
  Precedence: precedence,
  CreationDate: seconds(created),
  LastModifiedDate: seconds(created),
});

const userNamed = (pool: UserPool, name: unknown): User => {
  const user = pool.find(String(name));
  if (!user) throw new ServiceError('UserNotFoundException', 'User does not exist.');
  return user;
};

const groupNamed = (pool: UserPool, name: unknown): Group => {
  const group = pool.groups.get(String(name));
  if (!group) throw new ServiceError('ResourceNotFoundException', 'Group not found.');
  return group;
};

const signOut = (user: User) => {
  user.refreshTokens = [];
  user.signedOutAt = Date.now();
};

/** Where the pool demands a second factor, a preference takes none off: the call succeeds and changes nothing, as Cognito's does. */
const preferFactor = (user: User, { settings }: UserPool, body: Body) => {
  const wanted = (name: string) => (body[name] as { Enabled?: boolean } | undefined)?.Enabled;
  if (wanted('SoftwareTokenMfaSettings') === false && settings.mfa !== 'ON') user.totp = undefined;
  const passkey = wanted('WebAuthnMfaSettings');
  if (passkey === true && !settings.passkeys?.bothFactors) {
    throw new ServiceError('InvalidParameterException', 'Passkeys are not a second factor in this user pool.');
  }
  if (passkey === true && !user.totp?.verified) {
    throw new ServiceError('InvalidParameterException', 'Another factor must be set up before passkeys count as one.');
  }
  if (passkey !== undefined) user.passkeyFactor = passkey;
};

type AdminOperation = (pool: UserPool, body: Body) => object;

const onUser =
  (change: (user: User, pool: UserPool, body: Body) => object | undefined): AdminOperation =>
  (pool, body) => {
    const user = userNamed(pool, body['Username']);
    const answer = change(user, pool, body);
    pool.saveUser(user);
    return answer ?? {};
  };

export const ADMIN_OPERATIONS: Record<string, AdminOperation> = {
  AdminCreateUser: (pool, body) => {
    const name = String(body['Username'] ?? '');
    const attributes = attributesOf(body['UserAttributes']);
    const { emailIsUsername } = pool.settings;
    if (name === '' || (emailIsUsername && !name.includes('@'))) {
      throw new ServiceError(
        'InvalidParameterException',
        emailIsUsername ? 'Username should be an email.' : 'A username is needed',
      );
    }
    const temporary = String(body['TemporaryPassword'] ?? `Aa1!${randomBytes(18).toString('base64url')}`);
    const invite = (user: User) => {
      const to = user.attributes['email'];
      const mailed = (body['DesiredDeliveryMediums'] as string[] | undefined)?.includes('EMAIL');
      if (body['MessageAction'] === 'SUPPRESS' || !mailed || to === undefined) return;
      pool.mail({ to, kind: 'invitation', username: emailIsUsername ? to : user.username, secret: temporary });
    };
    if (body['MessageAction'] === 'RESEND') {
      const waiting = userNamed(pool, name);
      if (waiting.status !== 'FORCE_CHANGE_PASSWORD') {
        throw new ServiceError(
          'UnsupportedUserStateException',
          'User is in a state that cannot be resent an invitation.',
        );
      }
      setPassword(pool, waiting, temporary, false);
      pool.saveUser(waiting);
      invite(waiting);
      return { User: describeUser(waiting) };
    }
    if (pool.find(name)) throw new ServiceError('UsernameExistsException', 'User account already exists');
    const email = attributes['email'];
    if (
      email !== undefined &&
      pool.settings.emailIsAlias &&
      attributes['email_verified'] === 'true' &&
      pool.find(email)
    ) {
      throw new ServiceError('AliasExistsException', 'An account with the email already exists.');
    }
    const user = newUser(pool, name, emailIsUsername ? { email: name, ...attributes } : attributes);
    setPassword(pool, user, temporary, false);
    pool.saveUser(user);
    invite(user);
    return { User: describeUser(user) };
  },
  AdminSetUserPassword: onUser((user, pool, body) => {
    setPassword(pool, user, body['Password'], body['Permanent'] === true);
    return undefined;
  }),
  AdminDisableUser: onUser((user) => {
    user.enabled = false;
    signOut(user);
    return undefined;
  }),
  AdminEnableUser: onUser((user) => {
    user.enabled = true;
    return undefined;
  }),
  AdminUpdateUserAttributes: onUser((user, _, body) => {
    user.attributes = { ...user.attributes, ...attributesOf(body['UserAttributes']) };
    return undefined;
  }),
  AdminUserGlobalSignOut: onUser((user) => {
    signOut(user);
    return undefined;
  }),
  AdminSetUserMFAPreference: onUser((user, pool, body) => {
    preferFactor(user, pool, body);
    return undefined;
  }),
  AdminAddUserToGroup: onUser((user, pool, body) => {
    const { name } = groupNamed(pool, body['GroupName']);
    if (!user.groups.includes(name)) user.groups = [...user.groups, name];
    return undefined;
  }),
  AdminRemoveUserFromGroup: onUser((user, pool, body) => {
    const { name } = groupNamed(pool, body['GroupName']);
    user.groups = user.groups.filter((group) => group !== name);
    return undefined;
  }),
  AdminDeleteUser: (pool, body) => {
    pool.removeUser(userNamed(pool, body['Username']));
    return {};
  },
  AdminGetUser: (pool, body) => {
    const user = userNamed(pool, body['Username']);
    const { Attributes, ...rest } = describeUser(user);
    return { ...rest, UserAttributes: Attributes, ...factors(user) };
  },
  AdminListGroupsForUser: (pool, body) => ({
    Groups: userNamed(pool, body['Username']).groups.map((name) => describeGroup(pool, groupNamed(pool, name))),
  }),
  ListUsers: (pool, body) =>
    page(body, [...pool.users.values()].filter(filterOf(body['Filter'])), 'Users', describeUser),
  ListUsersInGroup: (pool, body) => {
    const { name } = groupNamed(pool, body['GroupName']);
    return page(
      body,
      [...pool.users.values()].filter(({ groups }) => groups.includes(name)),
      'Users',
      describeUser,
    );
  },
  CreateGroup: (pool, body) => {
    const name = String(body['GroupName'] ?? '');
    if (name === '') throw new ServiceError('InvalidParameterException', 'A group name is needed');
    if (pool.groups.has(name)) throw new ServiceError('GroupExistsException', 'A group with the name already exists.');
    const group: Group = {
      name,
      description: body['Description'] === undefined ? undefined : String(body['Description']),
      precedence: body['Precedence'] === undefined ? undefined : Number(body['Precedence']),
      created: Date.now(),
    };
    pool.saveGroup(group);
    return { Group: describeGroup(pool, group) };
  },
  GetGroup: (pool, body) => ({ Group: describeGroup(pool, groupNamed(pool, body['GroupName'])) }),
  ListGroups: (pool, body) => page(body, [...pool.groups.values()], 'Groups', (group) => describeGroup(pool, group)),
  DescribeUserPool: (pool) => ({
    UserPool: { Id: pool.settings.id, Arn: pool.settings.arn, EstimatedNumberOfUsers: pool.users.size },
  }),
  DeleteGroup: (pool, body) => {
    pool.removeGroup(groupNamed(pool, body['GroupName']).name);
    return {};
  },
};

const page = <Item>(body: Body, items: Item[], name: string, describe: (item: Item) => object) => {
  const start = Number(body['PaginationToken'] ?? body['NextToken'] ?? 0);
  const limit = Number(body['Limit'] ?? 60);
  const next = start + limit < items.length ? String(start + limit) : undefined;
  return {
    [name]: items.slice(start, start + limit).map(describe),
    ...(next !== undefined && (name === 'Groups' ? { NextToken: next } : { PaginationToken: next, NextToken: next })),
  };
};

/** `email = "…"`, `username ^= "…"`: https://docs.aws.amazon.com/cognito/latest/developerguide/how-to-manage-user-accounts.html */
const filterOf = (filter: unknown): ((user: User) => boolean) => {
  if (typeof filter !== 'string' || filter === '') return () => true;
  const [, name, operator, value] = /^\s*"?([\w:]+)"?\s*(\^?=)\s*"(.*)"\s*$/.exec(filter) ?? [];
  if (!name || value === undefined) throw new ServiceError('InvalidParameterException', 'Error while parsing filter.');
  const fields = (user: User): Record<string, string> => ({
    ...user.attributes,
    sub: user.sub,
    username: user.username,
    'cognito:user_status': user.status,
    status: user.enabled ? 'Enabled' : 'Disabled',
  });
  return (user) => {
    const found = fields(user)[name] ?? '';
    return operator === '=' ? found === value : found.startsWith(value);
  };
};

type OwnOperation = (pools: UserPools, body: Body) => object | Promise<object>;

const own =
  (act: (user: User, pool: UserPool, body: Body) => object | Promise<object>): OwnOperation =>
  (pools, body) => {
    const { user, pool } = accountOfToken(pools.all(), body['AccessToken']);
    return act(user, pool, body);
  };

/** Called with one's own access token, or with a token to give up. */
export const OWN_OPERATIONS: Record<string, OwnOperation> = {
  GetUser: own((user) => ({ Username: user.username, UserAttributes: asAttributes(user), ...factors(user) })),
  GlobalSignOut: own((user, pool) => {
    signOut(user);
    pool.saveUser(user);
    return {};
  }),
  ChangePassword: own((user, pool, body) => {
    requireUnlocked(user);
    const old = String(body['PreviousPassword']);
    if (!user.password || !isPassword(pool.settings.name, user.username, old, user.password)) {
      throw new ServiceError('NotAuthorizedException', 'Incorrect username or password.');
    }
    setPassword(pool, user, body['ProposedPassword'], true);
    pool.saveUser(user);
    return {};
  }),
  AssociateSoftwareToken: own((user, pool) => ({ SecretCode: newFactor(pool, user) })),
  VerifySoftwareToken: own((user, pool, body) => {
    confirmFactor(pool, user, String(body['UserCode']));
    return { Status: 'SUCCESS' };
  }),
  SetUserMFAPreference: own((user, pool, body) => {
    const wanted = (body['SoftwareTokenMfaSettings'] as { Enabled?: boolean } | undefined)?.Enabled;
    if (wanted === true && !user.totp?.verified) {
      throw new ServiceError('InvalidParameterException', 'User does not have a verified software token.');
    }
    preferFactor(user, pool, body);
    pool.saveUser(user);
    return {};
  }),
  RevokeToken: (pools, body) => {
    const { pool } = pools.client(body['ClientId']);
    const hash = hashOf(String(body['Token']));
    for (const user of pool.users.values()) {
      if (!user.refreshTokens.some((token) => token.hash === hash)) continue;
      user.refreshTokens = user.refreshTokens.filter((token) => token.hash !== hash);
      pool.saveUser(user);
    }
    return {};
  },
};
