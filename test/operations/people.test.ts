// Accounts of a region from the outside: made through Cognito's own API, let in by the API's own check.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdminSetUserPasswordCommand, CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryAudit } from '../../functions/audit/memory.ts';
import { staffClaims } from '../../functions/auth/pre-token.ts';
import { identityItem, openIdentities } from '../../functions/auth/rows.ts';
import { tokenHttp } from '../../functions/auth/token-http.ts';
import { validate } from '../../functions/fhir/validate.ts';
import { authenticate } from '../../functions/middleware/authenticate.ts';
import { signIn } from '../../infra/local/cognito/client.ts';
import { demoToken } from '../../infra/local/demo/demo-token.ts';
import {
  DEMO_IDENTITIES,
  demoFacilities,
  demoNames,
  demoOrganizations,
  seedIdentities,
} from '../../infra/local/demo/identities.ts';
import type { SeedContext } from '../../infra/local/seed-context.ts';
import { makeFirstAdministrator } from '../../infra/operations/first-administrator.ts';
import { tokenKeys } from '../functions/auth/given.ts';
import { openCognito } from '../support/cognito.ts';
import { createTables, dynamoClient, dynamoDb, stopDynamoDb } from '../support/dynamodb.ts';
import { poolResource } from '../support/pool-resource.ts';

const STAFF = 'ap-northeast-1_staff0001';
const RESIDENTS = 'ap-northeast-1_people001';

const pool = { Policies: { PasswordPolicy: { MinimumLength: 12 } } };
const client = { ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] };
const all = [
  poolResource('AWS::Cognito::UserPool', STAFF, {
    ...pool,
    MfaConfiguration: 'ON',
    AliasAttributes: ['email'],
    LambdaConfig: { PreTokenGenerationConfig: { LambdaArn: 'arn:trigger', LambdaVersion: 'V2_0' } },
  }),
  poolResource('AWS::Cognito::UserPoolClient', 'staffclient', { ...client, UserPoolId: STAFF }),
  poolResource('AWS::Cognito::UserPool', RESIDENTS, {
    ...pool,
    MfaConfiguration: 'OPTIONAL',
    UsernameAttributes: ['email'],
  }),
  poolResource('AWS::Cognito::UserPoolClient', 'peopleclient', { ...client, UserPoolId: RESIDENTS }),
];

let context: SeedContext;
let as: (token: string) => ReturnType<ReturnType<typeof authenticate>>;
let registry: { client: Awaited<ReturnType<typeof dynamoClient>>; table: string };
const said: string[] = [];
const stops: (() => unknown)[] = [];

beforeAll(async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tsumugi-people-'));
  const dynamo = await dynamoClient();
  registry = { client: dynamo, table: (await createTables(dynamo)).registry };
  const identities = openIdentities(registry);
  const claims = staffClaims({ identities });

  const { iam, ...cognito } = await openCognito(all, async (_, event) => ({
    ...event,
    response: await claims(event as Parameters<typeof claims>[0]),
  }));

  let handle: ReturnType<typeof tokenHttp> | undefined;
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = await handle!({
      rawPath: request.url ?? '',
      headers: request.headers as Record<string, string>,
      body: Buffer.concat(chunks).toString(),
      isBase64Encoded: false,
      requestContext: { requestId: 'r', http: { method: request.method } } as never,
    });
    response.writeHead(answer.statusCode ?? 500, answer.headers as Record<string, string>).end(answer.body);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const parts = { baseUrl, region: 'tokushima', identities, clock: Date.now };
  handle = tokenHttp({ ...parts, keys: tokenKeys, newId: randomUUID, audit: memoryAudit(), log: () => {} });

  stops.push(
    () => cognito.stop(),
    () => server.close(),
    stopDynamoDb,
    () => rmSync(dataDir, { recursive: true, force: true }),
  );
  context = {
    region: 'tokushima',
    awsRegion: 'ap-northeast-1',
    baseUrl,
    settings: {
      REGISTRY_TABLE: registry.table,
      STAFF_POOL_ID: STAFF,
      STAFF_CLIENT_ID: 'staffclient',
      RESIDENTS_POOL_ID: RESIDENTS,
      RESIDENTS_CLIENT_ID: 'peopleclient',
    },
    aws: {
      AWS_REGION: 'ap-northeast-1',
      AWS_ACCESS_KEY_ID: iam.operator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: iam.operator.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: (await dynamoDb()).endpoint,
      AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: cognito.endpoint,
    },
    dataDir,
    say: (line) => said.push(line),
  };
  await seedIdentities(context);
  const check = authenticate({
    ...parts,
    tokenKeys: tokenKeys.publicKeys,
    staffPool: { id: STAFF, clientId: 'staffclient' },
    residentsPool: { id: RESIDENTS, clientId: 'peopleclient' },
    cognitoOrigin: cognito.endpoint,
  });
  as = (token) => check({ authorization: `Bearer ${token}` });
});
afterAll(async () => {
  for (const stop of stops) await stop();
});

describe('the demo identities', () => {
  it('have the names that the command contract has', () => {
    expect(demoNames()).toEqual(
      expect.arrayContaining([
        ...['hospital', 'clinic', 'pharmacy', 'care'].map((name) => `system:${name}`),
        ...[
          'hospital-doctor',
          'clinic-doctor',
          'nurse',
          'pharmacist',
          'care-manager',
          'ambulance',
          'municipal',
          'admin',
          'privacy',
        ].map((name) => `staff:${name}`),
        'resident:1',
        'resident:2',
      ]),
    );
  });

  it('work at facilities with the codes that the command contract has', () => {
    const codes = (region: string) => {
      const { hospital, clinic, pharmacy, care } = demoFacilities(region);
      return [hospital, clinic, pharmacy, care].map(({ code }) => code);
    };
    expect(codes('tokushima')).toEqual(['3610000001', '3610000002', '3640000003', '9886000004']);
    expect(codes('kesen')).toEqual(['0310000001', '0310000002', '0340000003', '9886000004']);
  });

  it('have facilities that are valid Organizations with those codes', () => {
    for (const region of ['tokushima', 'kesen'])
      for (const organization of demoOrganizations(region)) {
        expect(validate(organization)).toEqual([]);
        expect(organization.identifier).toMatchObject([{ value: expect.stringMatching(/^[0-9]{10}$/) }]);
      }
  });

  it.each(DEMO_IDENTITIES.systems)('$who is let in as the system of its facility', async ({ who, facility }) => {
    const { code, type } = demoFacilities('tokushima')[facility];
    expect(await as(await demoToken(context, who))).toMatchObject({
      kind: 'system',
      facility: code,
      facilityType: type,
      scopes: [{ level: 'system', type: '*', create: true, read: true, update: true, delete: true, search: true }],
    });
  });

  it.each(DEMO_IDENTITIES.staff)(
    '$who signs in with a second factor, and is let in as $role',
    async ({ who, facility, role }) => {
      expect(await as(await demoToken(context, who))).toMatchObject({
        kind: 'staff',
        role,
        facility: demoFacilities('tokushima')[facility].code,
      });
    },
  );

  it.each(DEMO_IDENTITIES.residents)('$who is let in to the own record', async ({ who, patient }) => {
    expect(await as(await demoToken(context, who))).toMatchObject({ kind: 'resident', patients: [patient] });
  });

  it('are made once: a second start changes nothing, not even what was changed since', async () => {
    const identities = openIdentities(registry);
    const before = await identities.system('system-clinic');
    await registry.client.send(
      new PutItemCommand({
        TableName: registry.table,
        Item: identityItem('system', 'system-clinic', { ...before!, disabled: true }),
      }),
    );
    said.length = 0;
    await seedIdentities(context);
    expect(said).toEqual([]);
    expect(await identities.system('system-clinic')).toEqual({ ...before, disabled: true });
    await expect(demoToken(context, 'system:clinic')).rejects.toThrow('invalid_client');
  });

  it('are refused anywhere but on this machine', async () => {
    const cloud = { ...context, aws: { AWS_REGION: 'ap-northeast-1' } };
    await expect(seedIdentities(cloud)).rejects.toThrow('local stack only');
    const elsewhere = {
      ...context,
      aws: { ...context.aws, AWS_ENDPOINT_URL_DYNAMODB: 'https://dynamodb.ap-northeast-1.amazonaws.com' },
    };
    await expect(seedIdentities(elsewhere)).rejects.toThrow('local stack only');
  });
});

describe('the first administrator', () => {
  const make = (username: string) => {
    const cognito = new CognitoIdentityProviderClient({
      endpoint: context.aws.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER!,
      region: 'ap-northeast-1',
      credentials: { accessKeyId: context.aws.AWS_ACCESS_KEY_ID!, secretAccessKey: context.aws.AWS_SECRET_ACCESS_KEY! },
    });
    const office = { code: '9886000009', name: '事務局' };
    const by = {
      cognito,
      dynamo: registry.client,
      poolId: STAFF,
      registryTable: registry.table,
      office,
      now: Date.now() - 60_000,
    };
    return { cognito, done: makeFirstAdministrator({ ...by, username, email: `${username}@office.example` }) };
  };

  it('is made, signs in with a second factor, and is let in as an administrator', async () => {
    const { cognito, done } = make('first');
    expect(await done).toMatchObject({ made: true });
    await cognito.send(
      new AdminSetUserPasswordCommand({
        UserPoolId: STAFF,
        Username: 'first',
        Password: 'Chosen-by-hand-1',
        Permanent: true,
      }),
    );
    const { accessToken } = await signIn({
      client: cognito,
      poolId: STAFF,
      clientId: 'staffclient',
      username: 'first',
      password: 'Chosen-by-hand-1',
    });
    expect(await as(accessToken)).toMatchObject({
      kind: 'staff',
      role: 'admin',
      facility: '9886000009',
      facilityType: 'operator',
    });
  });

  it('is the same when the command is run again', async () => {
    expect(await make('first').done).toMatchObject({ made: false });
  });

  it('is not somebody who is a member of staff already', async () => {
    await expect(make('nurse').done).rejects.toThrow('member of staff already');
  });
});
