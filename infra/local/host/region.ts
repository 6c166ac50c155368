// Hosts one stage of a cloud assembly: everything its templates describe, on this machine.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DynamoDbFront } from '../front/dynamodb-front.ts';
import type { Iam } from '../iam.ts';
import type { KeyStore } from '../kms/keys.ts';
import { LocalError, makeFolder } from '../local-dir.ts';
import { type Bucket, bucketsOf } from '../s3/buckets.ts';
import type { ObjectCreated } from '../s3/service.ts';
import type { JsonObject, Stage } from './assembly.ts';
import { asyncInvoker } from './async-invoke.ts';
import { openConsoleSite } from './console-site.ts';
import { type DeadLetters, openDeadLetters } from './dead-letters.ts';
import type { DynamoDbCall } from './dynamodb-client.ts';
import { openEventBus } from './event-bus.ts';
import type { FunctionPool } from './function-pool.ts';
import { type HostedFunction, openFunctions } from './functions.ts';
import { type HttpApi, openHttpApi } from './http-api.ts';
import { type Resource, type Resources, readResources } from './resources.ts';
import { openStreamMappings } from './stream-mapping.ts';
import { createTables } from './tables.ts';

/** What all regions on this machine share. */
export interface SharedServices {
  readonly iam: Iam;
  readonly dynamoDb: DynamoDbCall;
  readonly dynamoDbFront: DynamoDbFront;
  readonly keys: KeyStore;
  readonly addBucket: (bucket: Bucket, created: (event: ObjectCreated) => void) => void;
  readonly addUserPools: (
    resources: Resources,
    invoke: (functionArn: string, event: object) => Promise<unknown>,
  ) => void;
  /** `AWS_ENDPOINT_URL_<SERVICE>` and the like, for every function. */
  readonly endpoints: Readonly<Record<string, string>>;
}

export interface RegionOptions {
  readonly stage: Stage;
  readonly name: string;
  /** Of the first API; 0 takes a free one. */
  readonly port: number;
  /** Where the region keeps its own things; left out: in memory. */
  readonly dataDir: string | undefined;
  readonly environments: number;
  readonly concurrency: number;
}

export interface HostedRegion {
  readonly name: string;
  readonly awsRegion: string;
  readonly baseUrl: string;
  readonly resources: Resources;
  readonly settings: Readonly<Record<string, string>>;
  readonly deadLetters: DeadLetters;
  readonly functions: ReadonlyMap<string, HostedFunction>;
  /** Loads the functions behind the API, so that no first request waits; the others load when they are called. */
  warm(): Promise<void>;
  /** Loads the triggers of user pools: Cognito waits five seconds for one, and a busy desk takes longer to load it. */
  warmTriggers(): Promise<void>;
  /** Streams and schedules begin here, when the seeds have found quiet. */
  startEvents(): Promise<void>;
  stop(): Promise<void>;
}

export const hostRegion = async (options: RegionOptions, shared: SharedServices): Promise<HostedRegion> => {
  const { stage, name, port, dataDir, environments, concurrency } = options;
  const resources = readResources(stage);
  const log = logger(dataDir);
  makeKeys(resources, shared);
  const tables = await createTables(resources, shared.dynamoDb);
  for (const { name: table, arn, keyArn } of tables) shared.dynamoDbFront.addTable(table, { arn, keyArn });

  const apis = await openApis(resources, port);
  const functions = openFunctions({
    resources,
    iam: shared.iam,
    endpoints: shared.endpoints,
    localize: addresses(resources, apis),
    log,
    environments,
    concurrency,
  });
  const poolOf = (arn: string): FunctionPool | undefined =>
    (functions.get(arn) ?? functions.get(arn.replace(/(:function:[^:]+):[^:]+$/, '$1')))?.pool;
  const settings = Object.assign({}, ...[...functions.values()].map((fn) => fn.settings)) as Record<string, string>;
  const site = openConsoleSite({
    resources,
    region: name,
    baseUrl: apis.values().next().value?.endpoint ?? '',
    settings,
    cognitoEndpoint: shared.endpoints['AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER'] ?? '',
  });
  for (const [resource, api] of apis) api.serve(resources, resource, poolOf, site);

  const deadLetters = openDeadLetters(resources, dataDir && join(dataDir, 'queues'));
  const invokeLater = asyncInvoker(resources, deadLetters);
  const bus = openEventBus(resources, poolOf, invokeLater);
  announceUploads(resources, shared, poolOf, (event) => bus.put(event), invokeLater);
  shared.addUserPools(resources, (arn, event) => {
    const fn = poolOf(arn);
    if (!fn) throw new LocalError(`a user pool names the trigger ${arn}, which the template does not have`);
    return fn.invoke(event);
  });

  let streams: { stop(): Promise<void> } | undefined;
  return {
    name,
    awsRegion: resources.awsRegion,
    baseUrl: apis.values().next().value?.endpoint ?? '',
    resources,
    settings,
    deadLetters,
    functions,
    warmTriggers: async () => {
      for (const { properties } of resources.ofType('AWS::Cognito::UserPool')) {
        const lambdas = Object.values((properties['LambdaConfig'] ?? {}) as JsonObject);
        for (const lambda of lambdas) await poolOf(String((lambda as JsonObject)['LambdaArn'] ?? lambda))?.warm();
      }
    },
    warm: async () => {
      for (const { properties } of resources.ofType('AWS::ApiGatewayV2::Integration')) {
        await poolOf(String(properties['IntegrationUri']))?.warm();
      }
    },
    startEvents: async () => {
      bus.start();
      const mappings = resources
        .ofType('AWS::Lambda::EventSourceMapping')
        .filter(({ properties }) => properties['Enabled'] !== false)
        .map((resource) => {
          const source = String(resource.properties['EventSourceArn']);
          const table = tables.find(({ streamArn }) => streamArn === source);
          if (!table) throw new LocalError(`the event source ${source} is no stream of the template's tables`);
          const fn = functionNamed(functions, String(resource.properties['FunctionName']));
          return { resource, tableName: table.name, fn: fn.pool, role: fn.role };
        });
      streams = await openStreamMappings(mappings, {
        call: shared.dynamoDb,
        iam: shared.iam,
        deadLetters,
        positionsFile: dataDir && join(dataDir, 'streams.json'),
        log: (line) => log('streams', `${line}\n`),
      });
    },
    stop: async () => {
      bus.stop();
      await streams?.stop();
      await Promise.all([...apis.values()].map((api) => api.stop()));
      await Promise.all([...functions.values()].map(({ pool }) => pool.stop()));
    },
  };
};

const functionNamed = (functions: ReadonlyMap<string, HostedFunction>, name: string): HostedFunction => {
  const found = [...functions].find(([arn, { pool }]) => arn === name || pool.name === name);
  if (!found) throw new LocalError(`an event source names the function ${name}, which the template does not have`);
  return found[1];
};

const makeKeys = (resources: Resources, { keys, iam }: SharedServices) => {
  for (const key of resources.ofType('AWS::KMS::Key')) {
    const arn = key.attribute('Arn');
    keys.ensure({
      id: key.ref,
      arn,
      spec: String(key.properties['KeySpec'] ?? 'SYMMETRIC_DEFAULT'),
      usage: String(key.properties['KeyUsage'] ?? 'ENCRYPT_DECRYPT'),
    });
    iam.addResourcePolicy(arn, key.properties['KeyPolicy'] as JsonObject);
  }
  for (const { properties } of resources.ofType('AWS::KMS::Alias')) {
    keys.alias(String(properties['AliasName']), String(properties['TargetKeyId']).split('/').at(-1)!);
  }
};

/** The first API gets the port that was asked for. */
const openApis = async (resources: Resources, port: number): Promise<Map<Resource, HttpApi>> => {
  const open = new Map<Resource, HttpApi>();
  for (const api of resources.ofType('AWS::ApiGatewayV2::Api')) {
    open.set(api, await openHttpApi(open.size === 0 ? port : 0));
  }
  return open;
};

/** Addresses in the cloud → where this machine answers for them: API endpoints, and domain names mapped to an API. */
const addresses = (resources: Resources, apis: ReadonlyMap<Resource, HttpApi>): ((text: string) => string) => {
  const pairs = [...apis].flatMap(([api, { endpoint }]) => [
    [api.attribute('ApiEndpoint'), endpoint] as const,
    ...resources
      .ofType('AWS::ApiGatewayV2::ApiMapping')
      .filter(({ properties }) => properties['ApiId'] === api.ref)
      .map(({ properties }) => [`https://${properties['DomainName']}`, endpoint] as const),
  ]);
  return (text) => pairs.reduce((changed, [cloud, local]) => changed.replaceAll(cloud, local), text);
};

interface LambdaNotification {
  readonly arn: string;
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}

const announceUploads = (
  resources: Resources,
  { addBucket }: SharedServices,
  poolOf: (arn: string) => FunctionPool | undefined,
  put: (event: { source: string; detailType: string; resources: string[]; detail: object }) => void,
  invokeLater: (fn: FunctionPool, event: object) => Promise<void>,
) => {
  for (const bucket of bucketsOf(resources)) {
    const resource = resources.ofType('AWS::S3::Bucket').find(({ ref }) => ref === bucket.name)!;
    const given = (resource.properties['NotificationConfiguration'] ?? {}) as JsonObject;
    const toBus = given['EventBridgeConfiguration'] !== undefined;
    const direct = ((given['LambdaConfigurations'] ?? []) as JsonObject[]).map(notification);
    addBucket(bucket, ({ key, version, reason }) => {
      const sequencer = Date.now().toString(16).padStart(16, '0').toUpperCase();
      if (toBus) {
        put({
          source: 'aws.s3',
          detailType: 'Object Created',
          resources: [bucket.arn],
          detail: {
            version: '0',
            bucket: { name: bucket.name },
            object: { key, size: version.size, etag: version.etag, 'version-id': version.id, sequencer },
            'request-id': 'local',
            requester: bucket.account,
            'source-ip-address': '127.0.0.1',
            reason,
          },
        });
      }
      for (const { arn, events, prefix, suffix } of direct) {
        const name = `ObjectCreated:${reason === 'PutObject' ? 'Put' : reason}`;
        const fits = events.some((event) => event === 's3:ObjectCreated:*' || event === `s3:${name}`);
        const fn = poolOf(arn);
        if (!fn || !fits || !key.startsWith(prefix) || !key.endsWith(suffix)) continue;
        const object = {
          key: encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+'),
          size: version.size,
          eTag: version.etag,
          versionId: version.id,
          sequencer,
        };
        const record = {
          eventVersion: '2.1',
          eventSource: 'aws:s3',
          awsRegion: resource.awsRegion,
          eventTime: version.lastModified,
          eventName: name,
          s3: { s3SchemaVersion: '1.0', bucket: { name: bucket.name, arn: bucket.arn }, object },
        };
        void invokeLater(fn, { Records: [record] });
      }
    });
  }
};

const notification = (given: JsonObject): LambdaNotification => {
  const filter = ((given['Filter'] as JsonObject | undefined)?.['S3Key'] as JsonObject | undefined)?.['Rules'];
  const rule = (name: string) =>
    String(((filter ?? []) as JsonObject[]).find((one) => String(one['Name']).toLowerCase() === name)?.['Value'] ?? '');
  return {
    arn: String(given['Function']),
    events: [String(given['Event'])],
    prefix: rule('prefix'),
    suffix: rule('suffix'),
  };
};

/** One file a function; where nothing is kept on disk, only what went wrong is worth a line, and it goes to stderr. */
const logger = (dataDir: string | undefined) => {
  const dir = dataDir && makeFolder(join(dataDir, 'logs'));
  // A test run reads what all of its stacks have logged (test/log-scan.ts).
  const collected = process.env['TSUMUGI_COLLECTED_LOGS'];
  return (functionName: string, text: string) => {
    if (collected) appendFileSync(join(collected, `${process.pid}-${functionName}.log`), text);
    if (dir) appendFileSync(join(dir, `${functionName}.log`), text);
    else if (process.env['TSUMUGI_LOCAL_LOGS']) process.stderr.write(`${functionName}: ${text}`);
  };
};
