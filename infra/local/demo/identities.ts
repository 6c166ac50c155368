// Who there is in a demo region: facilities, one system each, staff of every profession, two residents. Everything goes the
// way that administration goes: rows in `registry`, accounts through Cognito's own API, second factors set up by signing in.
// What must be remembered (private keys, second factors) stands in the region's local folder and is never committed.
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminGetUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  CreateGroupCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { calculateJwkThumbprint } from 'jose';
import {
  type Identities,
  openIdentities,
  type PublicJwk,
  type StaffRow,
  saveIdentity,
} from '../../../functions/auth/rows.ts';
import { LICENSED } from '../../../functions/tenants/facility-roles.ts';
import { recordFacility, recordStaff, recordSystem } from '../../operations/desk-records.ts';
import { signIn } from '../cognito/client.ts';
import { LocalError, readJson, writeJson } from '../local-dir.ts';
import type { Seed, SeedContext } from '../seed-context.ts';
import { type DemoFacilities, demoFacilities } from './facilities.ts';

export { demoFacilities, demoOrganizations } from './facilities.ts';

type FacilityKind = keyof DemoFacilities;
type Role = StaffRow['memberships'][number]['role'];

interface DemoSystem {
  readonly who: `system:${string}`;
  readonly facility: FacilityKind;
}
interface DemoStaff {
  readonly who: `staff:${string}`;
  readonly facility: FacilityKind;
  readonly profession: string;
  readonly role: Role;
}
interface DemoResident {
  readonly who: `resident:${string}`;
  readonly patient: string;
}

/** Names as design section 4 has them: tests and people use them. */
export const DEMO_IDENTITIES: {
  readonly systems: readonly DemoSystem[];
  readonly staff: readonly DemoStaff[];
  readonly residents: readonly DemoResident[];
} = {
  systems: [
    { who: 'system:hospital', facility: 'hospital' },
    { who: 'system:clinic', facility: 'clinic' },
    { who: 'system:pharmacy', facility: 'pharmacy' },
    { who: 'system:care', facility: 'care' },
    { who: 'system:fire', facility: 'fire' },
    { who: 'system:municipality', facility: 'municipality' },
  ],
  staff: [
    { who: 'staff:hospital-doctor', facility: 'hospital', profession: 'doctor', role: 'doctor' },
    { who: 'staff:clinic-doctor', facility: 'clinic', profession: 'doctor', role: 'doctor' },
    { who: 'staff:nurse', facility: 'hospital', profession: 'nurse', role: 'nurse' },
    { who: 'staff:pharmacist', facility: 'pharmacy', profession: 'pharmacist', role: 'pharmacist' },
    { who: 'staff:care-manager', facility: 'care', profession: 'care-manager', role: 'care-manager' },
    { who: 'staff:ambulance', facility: 'fire', profession: 'emergency-life-saving-technician', role: 'ambulance' },
    { who: 'staff:municipal', facility: 'municipality', profession: 'officer', role: 'municipal' },
    { who: 'staff:admin', facility: 'operator', profession: 'officer', role: 'admin' },
    { who: 'staff:operator', facility: 'operator', profession: 'officer', role: 'operator' },
    { who: 'staff:privacy', facility: 'operator', profession: 'officer', role: 'privacy' },
  ],
  residents: [
    { who: 'resident:1', patient: 'demo-resident-1' },
    { who: 'resident:2', patient: 'demo-resident-2' },
  ],
};

export const demoNames = (): string[] =>
  [...DEMO_IDENTITIES.systems, ...DEMO_IDENTITIES.staff, ...DEMO_IDENTITIES.residents].map(({ who }) => who);

/** Known to everybody, and so good for nothing but a machine at a desk: `seedIdentities` refuses any other. */
const DEMO_PASSWORD = 'Tsumugi-demo-2026';

/** An EC key with its private part. */
type ClientJwk = { readonly kid: string; readonly [member: string]: unknown };

/** What is kept in the region's local folder. */
export interface DemoSecrets {
  systems: Record<string, { clientId: string; privateJwk: ClientJwk }>;
  people: Record<string, { username: string; password: string; totpSecret?: string | undefined }>;
}

/** What of a region the demo identities need; both `SeedContext` and `.local/endpoints.json` have it. */
export type DemoRegion = Pick<SeedContext, 'baseUrl' | 'settings' | 'aws' | 'dataDir'>;

const secretsFile = ({ dataDir }: DemoRegion) => join(dataDir, 'demo-identities.json');
export const readSecrets = (region: DemoRegion): DemoSecrets =>
  readJson<DemoSecrets>(secretsFile(region)) ?? { systems: {}, people: {} };

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html: given, since the variables are not our own. */
export const awsClient = ({ aws }: DemoRegion, service: 'DYNAMODB' | 'COGNITO_IDENTITY_PROVIDER') => {
  const endpoint = aws[`AWS_ENDPOINT_URL_${service}`];
  if (!endpoint || new URL(endpoint).hostname !== '127.0.0.1')
    throw new LocalError('demo identities, whose passwords everybody knows, are for a local stack only');
  return {
    endpoint,
    region: aws.AWS_REGION ?? '',
    credentials: { accessKeyId: aws.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: aws.AWS_SECRET_ACCESS_KEY ?? '' },
  };
};

export const cognitoClient = (region: DemoRegion) =>
  new CognitoIdentityProviderClient(awsClient(region, 'COGNITO_IDENTITY_PROVIDER'));

/** Makes what is missing; what is there already, and perhaps was changed since, stays as it is. */
export const seedIdentities: Seed = async (context) => {
  const { region, settings, say } = context;
  const client = new DynamoDBClient(awsClient(context, 'DYNAMODB'));
  const cognito = cognitoClient(context);
  const registry = { client, table: settings.REGISTRY_TABLE ?? '' };
  const identities = openIdentities(registry);
  const facilities = demoFacilities(region);
  const secrets = readSecrets(context);
  const keep = () => writeJson(secretsFile(context), secrets);
  try {
    for (const [kind, row] of Object.entries(facilities)) {
      const organization = `demo-${kind}`;
      const known = await identities.facility(row.code);
      // Of a stack from before the row named it: whatever else was changed since stays.
      if (!known?.organization) await saveIdentity(registry, 'facility', row.code, { ...row, ...known, organization });
      await recordFacility(registry, { code: row.code, organization }, Date.now());
    }
    await seedSystems(identities, registry, facilities, secrets);
    keep();
    const seeding = { context, cognito, identities, registry, facilities, secrets };
    let made = 0;
    for (const one of DEMO_IDENTITIES.staff) made += Number(await seedStaff(seeding, one));
    for (const one of DEMO_IDENTITIES.residents) made += Number(await seedResident(seeding, one));
    keep();
    if (made > 0) say(`${made} demo accounts were made`);
  } finally {
    client.destroy();
    cognito.destroy();
  }
};

interface Registry {
  readonly client: DynamoDBClient;
  readonly table: string;
}
interface Seeding {
  readonly context: SeedContext;
  readonly cognito: CognitoIdentityProviderClient;
  readonly identities: Identities;
  readonly registry: Registry;
  readonly facilities: DemoFacilities;
  readonly secrets: DemoSecrets;
}

const standing = { disabled: false, notBefore: 0 };

const seedSystems = async (
  identities: Identities,
  registry: Registry,
  facilities: DemoFacilities,
  secrets: DemoSecrets,
) => {
  for (const { who, facility } of DEMO_IDENTITIES.systems) {
    const clientId = who.replace(':', '-');
    secrets.systems[who] ??= { clientId, privateJwk: await newClientKey() };
    const { d: _, ...publicJwk } = secrets.systems[who].privateJwk;
    await recordSystem(registry, clientId, Date.now());
    const known = await identities.system(clientId);
    if (known?.jwks?.keys.some(({ kid }) => kid === publicJwk.kid)) continue;
    await saveIdentity(registry, 'system', clientId, {
      ...standing,
      clientId,
      name: `${facilities[facility].name} システム`,
      facility: facilities[facility].code,
      scopes: 'system/*.cruds',
      jwks: { keys: [publicJwk as PublicJwk] },
    });
  }
};

const newClientKey = async (): Promise<ClientJwk> => {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' });
  return {
    ...jwk,
    kid: await calculateJwkThumbprint(jwk as Parameters<typeof calculateJwkThumbprint>[0]),
    alg: 'ES384',
  };
};

/** True when an account was made. */
const seedStaff = async (seeding: Seeding, { who, facility, profession, role }: DemoStaff): Promise<boolean> => {
  const { context, cognito, identities, registry, facilities, secrets } = seeding;
  const pool = { poolId: context.settings.STAFF_POOL_ID ?? '', clientId: context.settings.STAFF_CLIENT_ID ?? '' };
  const username = who.slice('staff:'.length);
  const { code } = facilities[facility];
  const { sub, made } = await account(cognito, pool.poolId, username, `${username}@staff.example`);

  if (!(await identities.staff(sub)))
    await saveIdentity(registry, 'staff', sub, {
      ...standing,
      sub,
      memberships: [{ facility: code, profession, role }],
      active: code,
    });
  const name = { family: 'デモ', given: username };
  const licensed = LICENSED.includes(role) && { licence: '000000' };
  await recordStaff(registry, { id: `demo-${username}`, sub, username, name, ...licensed }, Date.now());
  if (made) await joinGroup(cognito, pool.poolId, username, code);
  if (made || secrets.people[who]?.totpSecret === undefined) {
    const { totpSecret, accessToken } = await signIn({ client: cognito, ...pool, username, password: DEMO_PASSWORD });
    secrets.people[who] = { username, password: DEMO_PASSWORD, totpSecret };
    firstTokens.set(`${context.region}|${who}`, accessToken);
  }
  return made;
};

const seedResident = async (
  { context, cognito, identities, registry, secrets }: Seeding,
  { who, patient }: DemoResident,
) => {
  const username = `${who.replace(':', '')}@resident.example`;
  const { sub, made } = await account(cognito, context.settings.RESIDENTS_POOL_ID ?? '', username, username);
  if (!(await identities.resident(sub)))
    await saveIdentity(registry, 'resident', sub, { ...standing, sub, patients: [patient] });
  secrets.people[who] = { username, password: DEMO_PASSWORD };
  return made;
};

const account = async (cognito: CognitoIdentityProviderClient, UserPoolId: string, Username: string, email: string) => {
  const found = await cognito
    .send(new AdminGetUserCommand({ UserPoolId, Username }))
    .catch(unless('UserNotFoundException'));
  if (found) return { sub: subOf(found.UserAttributes), made: false };
  const { User } = await cognito.send(
    new AdminCreateUserCommand({
      UserPoolId,
      Username,
      MessageAction: 'SUPPRESS',
      UserAttributes: [
        { Name: 'email', Value: email },
        { Name: 'email_verified', Value: 'true' },
      ],
    }),
  );
  await cognito.send(
    new AdminSetUserPasswordCommand({ UserPoolId, Username, Password: DEMO_PASSWORD, Permanent: true }),
  );
  return { sub: subOf(User?.Attributes), made: true };
};

const subOf = (attributes: readonly { Name?: string | undefined; Value?: string | undefined }[] = []): string => {
  const sub = attributes.find(({ Name }) => Name === 'sub')?.Value;
  if (!sub) throw new LocalError('an account without a sub');
  return sub;
};

/** A code of the second factor is good once: a seed that asked for a token anew would wait for the next half minute. */
const firstTokens = new Map<string, string>();
export const firstTokenOf = ({ region }: Pick<SeedContext, 'region'>, who: string): string | undefined =>
  firstTokens.get(`${region}|${who}`);

/** A facility is a group of the staff pool. */
const joinGroup = async (
  cognito: CognitoIdentityProviderClient,
  UserPoolId: string,
  Username: string,
  GroupName: string,
) => {
  await cognito.send(new CreateGroupCommand({ UserPoolId, GroupName })).catch(unless('GroupExistsException'));
  await cognito.send(new AdminAddUserToGroupCommand({ UserPoolId, Username, GroupName }));
};

const unless = (name: string) => (error: unknown) => {
  if (error instanceof Error && error.name === name) return undefined;
  throw error;
};

/** For the person at the terminal. */
export const demoAccountLines = (region: string): string[] => [
  `staff     ${DEMO_IDENTITIES.staff.map(({ who }) => who.slice('staff:'.length)).join(', ')}`,
  `residents ${DEMO_IDENTITIES.residents.map(({ who }) => `${who.replace(':', '')}@resident.example`).join(', ')}`,
  `password  ${DEMO_PASSWORD}; staff's six digits: npm run -s token -- --region ${region} --as staff:admin --code`,
];
