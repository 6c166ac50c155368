// Accounts of the residents pool, through Cognito's own API. An account alone shows nothing: its row in `registry` says whose it is.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
import { randomInt } from 'node:crypto';
import {
  AdminCreateUserCommand,
  AdminDisableUserCommand,
  AdminGetUserCommand,
  AdminSetUserPasswordCommand,
  AdminUserGlobalSignOutCommand,
  type AttributeType,
  type CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider';
import { refuse } from '../fhir/outcome.ts';

export interface Made {
  readonly sub: string;
  /** To be printed on the letter; it must be changed at the first sign-in. Undefined: Cognito mails it. */
  readonly password: string | undefined;
}

export interface Accounts {
  /** `letter`: we hand the first password over on paper; `mail`: Cognito sends it. */
  create(email: string, by: 'letter' | 'mail'): Promise<Made>;
  /** A new first password on paper, for who lost it. Ends all sessions. */
  renew(sub: string): Promise<Made>;
  disable(sub: string): Promise<void>;
}

export const residentAccounts = (client: CognitoIdentityProviderClient, UserPoolId: string): Accounts => ({
  create: async (email, by) => {
    const password = by === 'letter' ? firstPassword() : undefined;
    const create = new AdminCreateUserCommand({
      UserPoolId,
      Username: email,
      ...(password === undefined
        ? { DesiredDeliveryMediums: ['EMAIL'] }
        : { MessageAction: 'SUPPRESS', TemporaryPassword: password }),
      UserAttributes: [
        { Name: 'email', Value: email },
        { Name: 'email_verified', Value: 'true' },
      ],
    });
    try {
      const { User } = await client.send(create);
      return { sub: subOf(User?.Attributes), password };
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'UsernameExistsException') return asRefusal(error);
      // Made by a desk whose line was cut, and nobody has ever signed in: it is the same account still.
      const found = await client.send(new AdminGetUserCommand({ UserPoolId, Username: email })).catch(asRefusal);
      if (found.UserStatus !== 'FORCE_CHANGE_PASSWORD') return asRefusal(error);
      const again = firstPassword();
      await client.send(
        new AdminSetUserPasswordCommand({ UserPoolId, Username: email, Password: again, Permanent: false }),
      );
      return { sub: subOf(found.UserAttributes), password: again };
    }
  },
  renew: async (Username) => {
    const password = firstPassword();
    // Not for who can help himself: the second factor, where there is one, stays.
    await client.send(new AdminGetUserCommand({ UserPoolId, Username })).catch(asRefusal);
    await client.send(new AdminSetUserPasswordCommand({ UserPoolId, Username, Password: password, Permanent: false }));
    await client.send(new AdminUserGlobalSignOutCommand({ UserPoolId, Username }));
    return { sub: Username, password };
  },
  disable: async (Username) => {
    await client.send(new AdminDisableUserCommand({ UserPoolId, Username })).catch(unlessGone);
    await client.send(new AdminUserGlobalSignOutCommand({ UserPoolId, Username })).catch(unlessGone);
  },
});

/** No letters that a printed page confuses. */
const LETTERS = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnpqrstuvwxyz', '23456789', '#+=?'];

/** Sixteen characters, some of every kind that the pool asks for. */
const firstPassword = (): string => {
  const draw = (from: string) => from[randomInt(from.length)]!;
  const all = LETTERS.slice(0, 3).join('');
  const drawn = [...LETTERS.map(draw), ...Array.from({ length: 12 }, () => draw(all))];
  for (let at = drawn.length - 1; at > 0; at -= 1) {
    const other = randomInt(at + 1);
    [drawn[at], drawn[other]] = [drawn[other]!, drawn[at]!];
  }
  return drawn.join('');
};

const subOf = (attributes: readonly AttributeType[] = []): string => {
  const sub = attributes.find(({ Name }) => Name === 'sub')?.Value;
  if (!sub) throw new Error('Cognito gave an account without a sub');
  return sub;
};

const unlessGone = (error: unknown): undefined => {
  if (error instanceof Error && error.name === 'UserNotFoundException') return undefined;
  throw error;
};

/** Cognito's own words may quote what was given. */
const asRefusal = (error: unknown): never => {
  const name = error instanceof Error ? error.name : '';
  if (name === 'UsernameExistsException' || name === 'AliasExistsException')
    throw refuse('conflict', 'another account has this address', 'email');
  if (name === 'UserNotFoundException') throw refuse('notFound', 'the account is not there any more');
  if (name === 'InvalidParameterException') throw refuse('invalid', 'Cognito does not take this address', 'email');
  if (name === 'TooManyRequestsException' || name === 'LimitExceededException')
    throw refuse('throttled', 'Cognito has had too many requests; try again');
  throw error;
};
