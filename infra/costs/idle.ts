// What a region costs in a month in which nobody calls it, computed from the resources of its templates.
import type { Entry } from '../permissions.ts';
import { MONTH_MINUTES, USD } from './prices.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface CostLine {
  readonly what: string;
  readonly usd: number;
}

/**
 * Types that cost nothing while nothing happens, each with the reason. A type that is neither here nor computed below is
 * refused: whoever adds one says first what it costs.
 */
export const FREE_WHEN_IDLE: Readonly<Record<string, string>> = {
  'AWS::ApiGatewayV2::Api': 'by request',
  'AWS::ApiGatewayV2::ApiMapping': 'part of the API',
  'AWS::ApiGatewayV2::DomainName': 'HTTP APIs have host names free of charge; certificates of ACM too',
  'AWS::ApiGatewayV2::Integration': 'part of the API',
  'AWS::ApiGatewayV2::Route': 'part of the API',
  'AWS::ApiGatewayV2::Stage': 'part of the API',
  'AWS::Budgets::Budget': 'budgets that only notify are free',
  'AWS::CloudFront::Distribution': 'by request and by byte, the first terabyte of a month free',
  'AWS::CloudFront::OriginAccessControl': 'free',
  'AWS::CloudFront::ResponseHeadersPolicy': 'free',
  'AWS::Cognito::UserPool': 'by person who signs in',
  'AWS::Cognito::UserPoolClient': 'by person who signs in; none uses client credentials',
  'AWS::DynamoDB::GlobalTable': 'on demand: by request and by stored byte',
  'AWS::IAM::Policy': 'free',
  'AWS::IAM::Role': 'free',
  'AWS::KMS::Alias': 'free',
  'AWS::Lambda::EventInvokeConfig': 'free',
  'AWS::Lambda::EventSourceMapping': 'Lambda reads streams of DynamoDB free of charge',
  'AWS::Lambda::Function': 'by invocation',
  'AWS::Lambda::Permission': 'free',
  'AWS::Logs::LogGroup': 'by byte',
  'AWS::S3::Bucket': 'by request and by stored byte',
  'AWS::S3::BucketPolicy': 'free',
  'AWS::SNS::Subscription': 'by message',
  'AWS::SNS::Topic': 'by message',
  'AWS::SNS::TopicPolicy': 'free',
  'AWS::SQS::Queue': 'by request; Lambda does not poll the dead-letter queue',
  'AWS::SQS::QueuePolicy': 'free',
};

/** What one run of a schedule uses when there is nothing to do. */
interface IdleRun {
  readonly milliseconds: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly signatures: number;
  readonly objectsPut: number;
}

const IDLE_RUNS: Partial<Record<Entry, IdleRun>> = {
  // Reads how far the trail is sealed, and the chains opened since, a day a query: 32 days where nothing was ever sealed
  // (functions/audit/seal.ts). Signs and writes nothing when no chain grew.
  'audit-sealer': { milliseconds: 250, readUnits: 33, writeUnits: 0, signatures: 0, objectsPut: 0 },
  // Reads the list of open transactions.
  'transaction-sweeper': {
    milliseconds: 100,
    readUnits: 2,
    writeUnits: 0,
    signatures: 0,
    objectsPut: 0,
  },
};

/** DynamoDB asks KMS again when a key it used is five minutes old; each table may ask by itself. */
const KMS_CACHE_MINUTES = 5;

/** A run that has nothing to say logs nothing, but be careful. */
const LOG_BYTES_PER_RUN = 300;

export const idleMonth = (templates: readonly Template[]): CostLine[] => {
  const resources = templates.flatMap(({ Resources }) => Object.entries(Resources));
  const unknown = resources.filter(([, { Type }]) => !(Type in FREE_WHEN_IDLE) && !(Type in COMPUTED));
  if (unknown.length > 0)
    throw new Error(
      `no price for ${[...new Set(unknown.map(([, { Type }]) => Type))].join(', ')} (infra/costs/idle.ts)`,
    );

  const lines = resources.flatMap(
    ([id, resource]) => COMPUTED[resource.Type]?.(resource, Object.fromEntries(resources), id) ?? [],
  );
  return [...lines, keyRequests(resources.map(([, resource]) => resource))];
};

export const total = (lines: readonly CostLine[]) => lines.reduce((sum, { usd }) => sum + usd, 0);

type All = Readonly<Record<string, Resource>>;

const COMPUTED: Readonly<Record<string, (resource: Resource, all: All, id: string) => CostLine[]>> = {
  'AWS::KMS::Key': (_, __, id) => [{ what: `key ${id}`, usd: USD.kmsKeyMonth }],
  'AWS::CloudWatch::Alarm': ({ Properties = {} }, _, id) => {
    const metrics = Array.isArray(Properties.Metrics) ? Properties.Metrics.length : 1;
    return [{ what: `alarm ${id}`, usd: metrics * USD.alarmMetricMonth }];
  },
  'AWS::CloudWatch::Dashboard': () => [{ what: 'dashboard', usd: USD.dashboardMonth }],
  'AWS::Events::Rule': ({ Properties = {} }, all) => {
    const every = /^rate\((\d+) minutes?\)$/.exec(String(Properties.ScheduleExpression ?? ''))?.[1];
    if (every === undefined) {
      if (Properties.ScheduleExpression !== undefined) throw new Error(`no price for ${Properties.ScheduleExpression}`);
      return []; // waits for events
    }
    return targets(Properties).map((target) => schedule(MONTH_MINUTES / Number(every), all[target]));
  },
};

const targets = (rule: Readonly<Record<string, unknown>>): string[] =>
  (rule.Targets as { Arn: { 'Fn::GetAtt': [string, string] } }[]).map(({ Arn }) => Arn['Fn::GetAtt'][0]);

const schedule = (runs: number, fn: Resource | undefined): CostLine => {
  const { Description, MemorySize } = (fn?.Properties ?? {}) as { Description?: string; MemorySize?: number };
  const entry = Description?.match(/entries\/(.+)\.ts$/)?.[1] as Entry | undefined;
  const run = entry && IDLE_RUNS[entry];
  if (!entry || !run || !MemorySize)
    throw new Error(`nobody said what an idle run of ${entry ?? 'a schedule'} uses (infra/costs/idle.ts)`);
  const each =
    USD.lambdaRequest +
    (run.milliseconds / 1000) * (MemorySize / 1024) * USD.lambdaGbSecond +
    run.readUnits * USD.readUnit +
    run.writeUnits * USD.writeUnit +
    run.signatures * USD.kmsSign +
    run.objectsPut * USD.s3Put +
    (LOG_BYTES_PER_RUN / 1e9) * USD.logsIngestGb;
  return { what: `${entry}, ${Math.round(runs).toLocaleString('en')} runs`, usd: runs * each };
};

const keyRequests = (resources: readonly Resource[]): CostLine => {
  const tables = resources.filter(({ Type }) => Type === 'AWS::DynamoDB::GlobalTable').length;
  return {
    what: 'requests of tables to their key',
    usd: tables * (MONTH_MINUTES / KMS_CACHE_MINUTES) * USD.kmsRequest,
  };
};
