// The desk of a region in one process: rows and resources in memory, accounts at the Cognito stand-in over the wire.
import { randomUUID } from 'node:crypto';
import {
  AdminGetUserCommand,
  AdminListGroupsForUserCommand,
  AdminSetUserPasswordCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import type { APIGatewayProxyStructuredResultV2, Context as LambdaContext } from 'aws-lambda';
import { afterAll } from 'vitest';
import type { AuditRecord } from '../../../functions/audit/port.ts';
import { staffClaims } from '../../../functions/auth/pre-token.ts';
import type { Identities } from '../../../functions/auth/rows.ts';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor } from '../../../functions/consent/actor.ts';
import { jsonApi } from '../../../functions/middleware/json-api.ts';
import { openAws } from '../../../functions/services/aws-fetch.ts';
import { openTopic } from '../../../functions/services/sns.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import { cognitoAccounts } from '../../../functions/tenants/accounts.ts';
import { find } from '../../../functions/tenants/records.ts';
import { tenantRoutes } from '../../../functions/tenants/routes.ts';
import { memoryRows, type Rows } from '../../../functions/tenants/rows.ts';
import { signIn } from '../../../infra/local/cognito/client.ts';
import { openService } from '../../../infra/local/front/service.ts';
import { openTopics } from '../../../infra/local/sns/service.ts';
import { hospital, NOW } from '../../support/api.ts';
import { openCognito } from '../../support/cognito.ts';
import { poolResource } from '../../support/pool-resource.ts';

export const OFFICE = '9886000007';
export const HOSPITAL = '3610000014';
export const PHARMACY = '3640000034';
export const POOL = 'ap-northeast-1_staff0001';
export const CLIENT = 'staffclient';
const PASSWORD = 'A-new-secret-2026';

export const admin: Actor = {
  ...hospital,
  kind: 'staff',
  subject: 'admin-1',
  role: 'admin',
  facility: OFFICE,
  facilityType: 'operator',
  scopes: parseScopes('user/*.cruds'),
};

const ALL = [
  poolResource('AWS::Cognito::UserPool', POOL, {
    Policies: { PasswordPolicy: { MinimumLength: 12 } },
    MfaConfiguration: 'ON',
    AliasAttributes: ['email'],
    LambdaConfig: { PreTokenGenerationConfig: { LambdaArn: 'arn:trigger', LambdaVersion: 'V2_0' } },
  }),
  poolResource('AWS::Cognito::UserPoolClient', CLIENT, {
    ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
    UserPoolId: POOL,
  }),
];

export const identitiesOn = (rows: Rows): Identities => ({
  system: async (id) => (await find(rows, 'systemRow', id)).value,
  staff: async (id) => (await find(rows, 'staffRow', id)).value,
  facility: async (id) => (await find(rows, 'facilityRow', id)).value,
  resident: async () => undefined,
  useOnce: async () => true,
});

export interface Got {
  readonly status: number | undefined;
  readonly headers: APIGatewayProxyStructuredResultV2['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for
  readonly body: any;
}

/** One stand-in a file (its keys take a second to make), empty for each desk. */
const openAccounts = async () => {
  const held = { rows: memoryRows() };
  const {
    iam,
    pools,
    cognito,
    stop: stopCognito,
  } = await openCognito(ALL, async (_, event) => {
    const claims = staffClaims({ identities: identitiesOn(held.rows) });
    return { ...event, response: await claims(event as Parameters<typeof claims>[0]) };
  });
  const topics = openTopics();
  const sns = await openService(topics.service, iam);
  const aws = openAws('sns', {
    env: {
      AWS_REGION: 'ap-northeast-1',
      AWS_ENDPOINT_URL_SNS: sns.endpoint,
      AWS_ACCESS_KEY_ID: iam.operator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: iam.operator.secretAccessKey,
    },
  });
  /** A topic for each desk: addresses of one test are no matter of the next. */
  const openMail = () => {
    const arn = `arn:aws:sns:ap-northeast-1:000000000000:officers-${randomUUID()}`;
    return { topic: openTopic(arn, aws), mails: () => topics.mails().filter(({ topic }) => topic === arn) };
  };
  const empty = (rows: Rows) => {
    held.rows = rows;
    const pool = pools.pool(POOL);
    for (const user of [...pool.users.values()]) pool.removeUser(user);
    for (const group of [...pool.groups.keys()]) pool.removeGroup(group);
  };
  const stop = async () => {
    await stopCognito();
    await sns.stop();
  };
  return { cognito, empty, openMail, stop };
};
let shared: ReturnType<typeof openAccounts> | undefined;

afterAll(async () => {
  const running = await shared;
  shared = undefined;
  await running?.stop();
});

export const openDesk = async () => {
  const used = new Map<string, number>();
  const lastUse = { of: async (subject: string) => used.get(subject) };
  const time = { now: NOW };
  const rows = memoryRows();
  const { resources } = openMemory(() => time.now);
  const recorded: AuditRecord[] = [];
  const logged: Record<string, unknown>[] = [];

  shared ??= openAccounts();
  const { cognito, empty, openMail } = await shared;
  empty(rows);
  const { topic: officers, mails } = openMail();

  let actor: Actor = admin;
  const accounts = cognitoAccounts(cognito, POOL);
  const needs = { resources, rows, accounts, residents: accounts, lastUse, officers };
  const handler = jsonApi({
    services: {
      clock: () => time.now,
      region: { name: 'tokushima', baseUrl: 'https://api.example', homeCommunityId: '1.2.3' },
      audit: { record: async (records) => void recorded.push(...records) },
    },
    authenticate: async () => actor,
    routes: tenantRoutes(needs),
    log: (line) => void logged.push(line),
  });

  const send = async (method: string, path: string, body?: unknown, as: Actor = admin): Promise<Got> => {
    actor = as;
    time.now += 1000;
    const [rawPath, rawQueryString = ''] = path.split('?');
    const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
    const raw = body instanceof Uint8Array;
    const event = {
      rawPath,
      rawQueryString,
      headers: { 'content-type': raw ? 'text/csv' : 'application/json' },
      requestContext: { requestId: 'request-1', http: { method, path: rawPath } },
      isBase64Encoded: raw,
      ...(body !== undefined && { body: raw ? Buffer.from(body).toString('base64') : text }),
    };
    const got = (await handler(event as never, {} as LambdaContext)) as APIGatewayProxyStructuredResultV2;
    const type = String(got.headers?.['content-type'] ?? '');
    const parsed = got.body && type.includes('json') ? JSON.parse(got.body) : got.body;
    return { status: got.statusCode, headers: got.headers, body: parsed };
  };

  return {
    send,
    rows,
    resources,
    recorded,
    logged,
    time,
    needs,
    used,
    cognito,
    officers,
    /** What privacy officers have been sent. */
    mails,
    identities: identitiesOn(rows),
    user: (Username: string) => cognito.send(new AdminGetUserCommand({ UserPoolId: POOL, Username })),
    groups: async (Username: string) => {
      const { Groups = [] } = await cognito.send(new AdminListGroupsForUserCommand({ UserPoolId: POOL, Username }));
      return Groups.map(({ GroupName }) => GroupName).sort();
    },
    /** The temporary password as the mail would have it, then the first sign-in. */
    firstSignIn: async (username: string) => {
      const password = 'From-the-mail-2026';
      await cognito.send(
        new AdminSetUserPasswordCommand({ UserPoolId: POOL, Username: username, Password: password, Permanent: false }),
      );
      return signIn({ client: cognito, poolId: POOL, clientId: CLIENT, username, password, newPassword: PASSWORD });
    },
    signIn: (username: string, totpSecret: string | undefined) =>
      signIn({ client: cognito, poolId: POOL, clientId: CLIENT, username, password: PASSWORD, totpSecret }),
  };
};

export type Desk = Awaited<ReturnType<typeof openDesk>>;

/** Nobody of these is a real person. */
export const given = {
  facility: (more: Record<string, unknown> = {}) => ({
    code: HOSPITAL,
    type: 'hospital',
    name: '阿波中央病院',
    kana: 'アワチュウオウビョウイン',
    municipality: '362018',
    contract: { disclose: true, view: true },
    feeClass: 'hospital-a',
    ...more,
  }),
  pharmacy: (more: Record<string, unknown> = {}) =>
    given.facility({ code: PHARMACY, type: 'pharmacy', name: 'すだち薬局', kana: 'スダチヤッキョク', ...more }),
  doctor: (more: Record<string, unknown> = {}) => ({
    username: 'y.sudachi',
    email: 'y.sudachi@staff.example',
    name: { family: '酢橘', given: '弓', familyKana: 'スダチ', givenKana: 'ユミ' },
    profession: 'doctor',
    licence: '123456',
    role: 'doctor',
    facility: HOSPITAL,
    ...more,
  }),
};
