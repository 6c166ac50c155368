// Everything that `npm start` runs: DynamoDB Local, the stand-ins, and the regions on top of them.
import { dirname, join } from 'node:path';
import { openOutbox } from './cognito/outbox.ts';
import { cognitoService } from './cognito/service.ts';
import { openUserPools } from './cognito/user-pools.ts';
import { startDynamoDbLocal } from './dynamodb.ts';
import { openDynamoDbFront } from './front/dynamodb-front.ts';
import { openService } from './front/service.ts';
import { readStage } from './host/assembly.ts';
import { dynamoDbClient } from './host/dynamodb-client.ts';
import { openHttpApi } from './host/http-api.ts';
import { type HostedRegion, hostRegion, type SharedServices } from './host/region.ts';
import { type Iam, openIam } from './iam.ts';
import { openKeysOf } from './kms/keys.ts';
import { kmsService } from './kms/service.ts';
import { makeFolder } from './local-dir.ts';
import type { Bucket } from './s3/buckets.ts';
import { openObjectStore } from './s3/object-store.ts';
import { type ObjectCreated, s3Service } from './s3/service.ts';
import { officerMailsOf, openTopics } from './sns/service.ts';

export interface StackOptions {
  readonly assemblyDir: string;
  readonly regions: readonly string[];
  /** Of the first region, the next ones follow; 0 takes free ones. */
  readonly port: number;
  /** Left out: in memory. */
  readonly dataDir: string | undefined;
  /** What Cognito would have mailed. Left out: in memory. */
  readonly outboxFile?: string | undefined;
  /** Execution environments of a function at most. */
  readonly environments: number;
  /** Invocations at once in one environment; Lambda has one. */
  readonly concurrency: number;
  /** DynamoDB Local that starts sooner and stays slow. */
  readonly forTests: boolean;
}

export interface Stack {
  readonly regions: readonly HostedRegion[];
  readonly iam: Iam;
  /** Of DynamoDB Local: without it nothing works. */
  readonly databasePid: number;
  /** `AWS_ENDPOINT_URL_<SERVICE>` of everything that runs. */
  readonly endpoints: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Free ones are always there. */
export const assertPorts = async (first: number, count: number): Promise<void> => {
  if (first === 0) return;
  for (let port = first; port < first + count; port++) await (await openHttpApi(port)).stop();
};

export const openStack = async (options: StackOptions): Promise<Stack> => {
  const { assemblyDir, regions: names, port, dataDir, environments, concurrency, forTests, outboxFile } = options;
  const stops: (() => unknown)[] = [];
  const stop = async () => {
    for (const close of stops.splice(0).reverse()) await close();
  };
  const within = (name: string) => dataDir && join(dataDir, name);
  try {
    // What is easily wrong is said before Java starts.
    const stages = names.map((name) => readStage(assemblyDir, name));
    await assertPorts(port, names.length);
    const keys = openKeysOf(dataDir);
    const dynamoDb = await startDynamoDbLocal({ dataDir: within('dynamodb'), forTests });
    stops.push(() => dynamoDb.stop());
    const client = dynamoDbClient(dynamoDb.endpoint);
    stops.push(() => client.close());

    const iam = openIam();
    const buckets = new Map<string, { bucket: Bucket; created: (event: ObjectCreated) => void }>();
    const pools = openUserPools(within('cognito.json'), openOutbox(outboxFile));
    const front = await openDynamoDbFront(dynamoDb.endpoint, iam);
    const kms = await openService(kmsService(keys), iam);
    const s3 = await openService(
      s3Service({
        store: openObjectStore(dataDir && makeFolder(join(dataDir, 's3'))),
        iam,
        bucket: (name) => buckets.get(name)?.bucket,
        created: (event) => buckets.get(event.bucket.name)?.created(event),
      }),
      iam,
    );
    const cognito = await openService(cognitoService(pools), iam);
    const topics = openTopics({
      subscriptions: within('sns.ndjson'),
      mails: outboxFile && officerMailsOf(dirname(outboxFile)),
    });
    const sns = await openService(topics.service, iam);
    for (const listening of [front, kms, s3, cognito, sns]) stops.push(() => listening.stop());

    const endpoints = {
      // A service that has no stand-in must not be looked for in the cloud.
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ENDPOINT_URL_DYNAMODB: front.endpoint,
      AWS_ENDPOINT_URL_KMS: kms.endpoint,
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: cognito.endpoint,
      AWS_ENDPOINT_URL_SNS: sns.endpoint,
      AWS_EC2_METADATA_DISABLED: 'true',
      // Its regions are all on this machine: they may ask each other at http://127.0.0.1 (functions/federation/peer-http.ts).
      TSUMUGI_LOOPBACK_PEERS: 'true',
    };
    const shared: SharedServices = {
      iam,
      dynamoDb: client,
      dynamoDbFront: front,
      keys,
      addBucket: (bucket, created) => void buckets.set(bucket.name, { bucket, created }),
      addUserPools: (resources, invoke) => pools.add(resources, invoke),
      endpoints,
    };
    const regions: HostedRegion[] = [];
    for (const [index, stage] of stages.entries()) {
      const region = await hostRegion(
        {
          stage,
          name: names[index]!,
          port: port === 0 ? 0 : port + index,
          dataDir: dataDir && makeFolder(join(dataDir, names[index]!)),
          environments,
          concurrency,
        },
        shared,
      );
      stops.push(() => region.stop());
      regions.push(region);
    }
    return { regions, iam, databasePid: dynamoDb.pid, endpoints, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** What the AWS SDK needs to act as the administrator of the account. */
export const operatorEnvironment = ({ iam, endpoints }: Stack, awsRegion: string): Record<string, string> => ({
  ...endpoints,
  AWS_REGION: awsRegion,
  AWS_ACCESS_KEY_ID: iam.operator.accessKeyId,
  AWS_SECRET_ACCESS_KEY: iam.operator.secretAccessKey,
});
