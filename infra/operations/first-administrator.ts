// Makes the first administrator of a deployed region: the operator's office, an account in the staff pool, and the rows that
// say what the account is. Everybody else is then invited by an administrator.
//   npm run first-administrator -- --pool ap-northeast-1_… --registry TABLE
//     --username NAME --email ADDRESS --office 9886000007 --office-name 事務局
// Cognito sends the temporary password; the second factor is set up at the first sign-in. May be run again.
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminGetUserCommand,
  type AttributeType,
  CognitoIdentityProviderClient,
  CreateGroupCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { FacilityCode, openIdentities, saveIdentity } from '../../functions/auth/rows.ts';
import { command, LocalError, readArgs } from '../command-line.ts';
import { recordFacility, recordStaff } from './desk-records.ts';

export interface FirstAdministrator {
  readonly cognito: CognitoIdentityProviderClient;
  readonly dynamo: DynamoDBClient;
  readonly poolId: string;
  readonly registryTable: string;
  readonly username: string;
  readonly email: string;
  readonly office: { readonly code: string; readonly name: string };
  readonly now: number;
}

export const makeFirstAdministrator = async (by: FirstAdministrator): Promise<{ sub: string; made: boolean }> => {
  const { cognito, dynamo, poolId, registryTable, username, email, office, now } = by;
  const code = FacilityCode.parse(office.code);
  const registry = { client: dynamo, table: registryTable };
  const identities = openIdentities(registry);

  const facility = await identities.facility(code);
  if (facility && facility.type !== 'operator')
    throw new Error(`facility ${code} is a ${facility.type}, not the operator's office`);
  if (!facility)
    await saveIdentity(registry, 'facility', code, { code, type: 'operator', name: office.name, disabled: false });
  await recordFacility(registry, { code, organization: `office-${code}` }, now);
  await cognito
    .send(new CreateGroupCommand({ UserPoolId: poolId, GroupName: code }))
    .catch(unless('GroupExistsException'));

  const found = await cognito
    .send(new AdminGetUserCommand({ UserPoolId: poolId, Username: username }))
    .catch(unless('UserNotFoundException'));
  const sub = found ? subOf(found.UserAttributes) : await invite(cognito, poolId, username, email);
  // An account that already is somebody does not become an administrator by this way.
  const row = await identities.staff(sub);
  if (row && !row.memberships.some(({ role }) => role === 'admin'))
    throw new Error('this account is a member of staff already');
  if (!row)
    await saveIdentity(registry, 'staff', sub, {
      sub,
      disabled: false,
      notBefore: now,
      memberships: [{ facility: code, profession: 'officer', role: 'admin' }],
      active: code,
    });
  const name = { family: office.name, given: username };
  await recordStaff(registry, { id: `administrator-${sub}`, sub, username, name }, now);
  await cognito.send(new AdminAddUserToGroupCommand({ UserPoolId: poolId, Username: username, GroupName: code }));
  return { sub, made: !row };
};

const invite = async (cognito: CognitoIdentityProviderClient, UserPoolId: string, Username: string, email: string) => {
  const { User } = await cognito.send(
    new AdminCreateUserCommand({
      UserPoolId,
      Username,
      DesiredDeliveryMediums: ['EMAIL'],
      UserAttributes: [
        { Name: 'email', Value: email },
        { Name: 'email_verified', Value: 'true' },
      ],
    }),
  );
  return subOf(User?.Attributes);
};

const subOf = (attributes: readonly AttributeType[] = []): string => {
  const sub = attributes.find(({ Name }) => Name === 'sub')?.Value;
  if (!sub) throw new Error('Cognito gave an account without a sub');
  return sub;
};

const unless = (name: string) => (error: unknown) => {
  if (error instanceof Error && error.name === name) return undefined;
  throw error;
};

const USAGE = `npm run first-administrator -- --pool ap-northeast-1_… --registry TABLE
  --username NAME --email ADDRESS --office 10-DIGIT-CODE --office-name 事務局   (docs/deployment.md, step 4)`;

const main = async (): Promise<number> => {
  const text = { type: 'string' } as const;
  const { values } = readArgs(USAGE, {
    options: { pool: text, registry: text, username: text, email: text, office: text, 'office-name': text },
  });
  const need = (name: keyof typeof values): string => {
    const value = values[name];
    if (!value) throw new LocalError(`--${name} is missing\n${USAGE}`);
    return value;
  };
  const code = need('office');
  if (!FacilityCode.safeParse(code).success) throw new LocalError('--office is the 10 digits of a facility');
  const { made } = await makeFirstAdministrator({
    cognito: new CognitoIdentityProviderClient({}),
    dynamo: new DynamoDBClient({}),
    poolId: need('pool'),
    registryTable: need('registry'),
    username: need('username'),
    email: need('email'),
    office: { code, name: need('office-name') },
    now: Date.now(),
  });
  console.log(
    made ? 'the administrator was made; Cognito sends the temporary password' : 'the administrator is there already',
  );
  return 0;
};

if (import.meta.main) await command(main);
