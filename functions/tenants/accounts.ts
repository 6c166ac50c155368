// Accounts of the staff pool, through Cognito's own API. What an account may do stands in `registry`, never here.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/Welcome.html
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminDeleteUserCommand,
  AdminDisableUserCommand,
  AdminEnableUserCommand,
  AdminGetUserCommand,
  AdminRemoveUserFromGroupCommand,
  AdminUserGlobalSignOutCommand,
  type AttributeType,
  type CognitoIdentityProviderClient,
  CreateGroupCommand,
  DescribeUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { refuse } from '../fhir/outcome.ts';

export interface Account {
  readonly sub: string;
  readonly username: string;
  readonly email: string;
  readonly enabled: boolean;
  /** `FORCE_CHANGE_PASSWORD` until the first sign-in is through. */
  readonly status: string;
}

export interface Accounts {
  find(username: string): Promise<Account | undefined>;
  /** Cognito mails the temporary password; the second factor is set up at the first sign-in. */
  invite(username: string, email: string): Promise<Account>;
  /** Mails a new temporary password to somebody who has not signed in yet. */
  inviteAgain(username: string): Promise<void>;
  disable(username: string): Promise<void>;
  enable(username: string): Promise<void>;
  /** Ends all sessions: refresh tokens give no new access token. */
  signOut(username: string): Promise<void>;
  remove(username: string): Promise<void>;
  ensureGroup(facility: string): Promise<void>;
  join(username: string, facility: string): Promise<void>;
  leave(username: string, facility: string): Promise<void>;
}

export const cognitoAccounts = (client: CognitoIdentityProviderClient, UserPoolId: string): Accounts => {
  const find = async (Username: string): Promise<Account | undefined> => {
    const user = await client
      .send(new AdminGetUserCommand({ UserPoolId, Username }))
      .catch(unless('UserNotFoundException'));
    return user && accountOf(user.Username ?? Username, user.UserAttributes, user.Enabled, user.UserStatus);
  };
  return {
    find,
    invite: async (Username, email) => {
      const { User } = await client
        .send(
          new AdminCreateUserCommand({
            UserPoolId,
            Username,
            DesiredDeliveryMediums: ['EMAIL'],
            UserAttributes: [
              { Name: 'email', Value: email },
              { Name: 'email_verified', Value: 'true' },
            ],
          }),
        )
        .catch(asRefusal);
      return accountOf(Username, User?.Attributes, User?.Enabled, User?.UserStatus);
    },
    inviteAgain: async (Username) => {
      const again = new AdminCreateUserCommand({
        UserPoolId,
        Username,
        MessageAction: 'RESEND',
        DesiredDeliveryMediums: ['EMAIL'], // SMS, if nothing is said
      });
      await client.send(again).catch(asRefusal);
    },
    disable: async (Username) => {
      await client.send(new AdminDisableUserCommand({ UserPoolId, Username })).catch(unless('UserNotFoundException'));
    },
    enable: async (Username) => {
      await client.send(new AdminEnableUserCommand({ UserPoolId, Username }));
    },
    signOut: async (Username) => {
      await client
        .send(new AdminUserGlobalSignOutCommand({ UserPoolId, Username }))
        .catch(unless('UserNotFoundException'));
    },
    remove: async (Username) => {
      await client.send(new AdminDeleteUserCommand({ UserPoolId, Username })).catch(unless('UserNotFoundException'));
    },
    ensureGroup: async (GroupName) => {
      await client.send(new CreateGroupCommand({ UserPoolId, GroupName })).catch(unless('GroupExistsException'));
    },
    join: async (Username, GroupName) => {
      await client.send(new AdminAddUserToGroupCommand({ UserPoolId, Username, GroupName }));
    },
    leave: async (Username, GroupName) => {
      await client
        .send(new AdminRemoveUserFromGroupCommand({ UserPoolId, Username, GroupName }))
        .catch(unless('UserNotFoundException', 'ResourceNotFoundException'));
    },
  };
};

/** How many accounts a pool has, about: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolType.html */
export const accountsOf = async (client: CognitoIdentityProviderClient, UserPoolId: string): Promise<number> =>
  (await client.send(new DescribeUserPoolCommand({ UserPoolId }))).UserPool?.EstimatedNumberOfUsers ?? 0;

const accountOf = (
  username: string,
  attributes: readonly AttributeType[] = [],
  enabled = true,
  status = 'UNKNOWN',
): Account => {
  const named = (name: string) => attributes.find(({ Name }) => Name === name)?.Value ?? '';
  if (named('sub') === '') throw new Error('Cognito gave an account without a sub');
  return { sub: named('sub'), username, email: named('email'), enabled, status };
};

const unless =
  (...names: string[]) =>
  (error: unknown): undefined => {
    if (error instanceof Error && names.includes(error.name)) return undefined;
    throw error;
  };

/** What the administrator can do something about; Cognito's own words may quote what was given. */
const asRefusal = (error: unknown): never => {
  const name = error instanceof Error ? error.name : '';
  if (name === 'UsernameExistsException')
    throw refuse('conflict', 'an account of this name is there already', 'username');
  if (name === 'AliasExistsException') throw refuse('conflict', 'another account has this address', 'email');
  if (name === 'UnsupportedUserStateException') throw refuse('conflict', 'the person has signed in already');
  if (name === 'InvalidParameterException') throw refuse('invalid', 'Cognito does not take this name or address');
  if (name === 'TooManyRequestsException' || name === 'LimitExceededException')
    throw refuse('throttled', 'Cognito has had too many requests; try again');
  throw error;
};
