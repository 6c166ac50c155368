// What matters in the template: what is kept, what is encrypted, what is billed.
import { describe, expect, it } from 'vitest';
import { TABLES, type TableShape } from '../../functions/storage/tables.ts';
import { FREE_WHEN_IDLE } from '../../infra/costs/idle.ts';
import { ENTRIES } from '../../infra/permissions.ts';
import { given, ofType, type Resource, synthesized, type Template } from './synthesized.ts';

const { stages } = synthesized(given.region());
const [stage] = stages;
if (!stage) throw new Error('no stage');
const both = [stage.stateful, stage.stateless];
const all = both.flatMap(({ Resources }) => Object.entries(Resources));
const of = (type: string) => both.flatMap((template) => ofType(template, type));
const only = (template: Template, type: string): Resource => {
  const found = ofType(template, type);
  if (found.length !== 1) throw new Error(`${found.length} of ${type}`);
  return found[0]![1];
};

describe('billing', () => {
  it('uses only types whose idle price is known', () => {
    const known = [...Object.keys(FREE_WHEN_IDLE), 'AWS::KMS::Key', 'AWS::CloudWatch::Alarm', 'AWS::Events::Rule'];

    expect([...new Set(all.map(([, { Type }]) => Type))].filter((type) => !known.includes(type))).toEqual([]);
  });

  it('has nothing that is billed by the hour', () => {
    const byTheHour =
      /^AWS::(EC2|ElasticLoadBalancing|ElasticLoadBalancingV2|RDS|DocDB|Neptune|Redshift|OpenSearch|OpenSearchService|OpenSearchServerless|Elasticsearch|ElastiCache|MemoryDB|DAX|ECS|EKS|Kinesis|MSK|AmazonMQ|EFS|FSx|SageMaker|WorkSpaces|Transfer|DMS|Glue|EMR|ApiGateway|NetworkFirewall|GlobalAccelerator|DirectoryService|HealthLake|WAFv2)::/;

    expect(all.filter(([, { Type }]) => byTheHour.test(Type)).map(([id]) => id)).toEqual([]);
  });

  it('provisions no throughput and no concurrency', () => {
    const text = JSON.stringify(both);

    for (const word of [
      'ProvisionedThroughput',
      'ProvisionedConcurrency',
      'WriteProvisioned',
      'VpcConfig',
      'SnapStart',
    ])
      expect(text).not.toContain(word);
    for (const [, table] of of('AWS::DynamoDB::GlobalTable'))
      expect(table.Properties).toMatchObject({ BillingMode: 'PAY_PER_REQUEST' });
  });
});

describe('tables', () => {
  const keySchema = (hash: readonly string[], range: readonly string[]) => [
    ...hash.map((AttributeName) => ({ AttributeName, KeyType: 'HASH' })),
    ...range.map((AttributeName) => ({ AttributeName, KeyType: 'RANGE' })),
  ];
  const indexes = (of: TableShape['local']) =>
    of.map(({ name, hash, range }) => ({
      IndexName: name,
      KeySchema: keySchema(hash, range),
      Projection: { ProjectionType: 'ALL' },
    }));
  const table = (name: string) => {
    const found = of('AWS::DynamoDB::GlobalTable').find(([id]) => id.toLowerCase().includes(name));
    if (!found) throw new Error(`no table ${name}`);
    return found[1];
  };

  it('are the three of functions/storage/tables.ts', () => {
    expect(of('AWS::DynamoDB::GlobalTable')).toHaveLength(Object.keys(TABLES).length);
  });

  it.each(Object.entries(TABLES))(
    '%s has the keys, indexes and stream that the store expects',
    (name, shape: TableShape) => {
      const { Properties } = table(name);

      expect(Properties.KeySchema).toEqual(keySchema([shape.hash], [shape.range]));
      expect(Properties.LocalSecondaryIndexes ?? []).toEqual(indexes(shape.local));
      expect(Properties.GlobalSecondaryIndexes ?? []).toEqual(indexes(shape.global));
      expect(Properties.StreamSpecification).toEqual(shape.stream && { StreamViewType: shape.stream });
      expect(Properties.TimeToLiveSpecification).toEqual({ AttributeName: shape.ttl, Enabled: true });
    },
  );

  it.each(Object.keys(TABLES))('%s is kept, encrypted with our key, recoverable and protected', (name) => {
    const { Properties, DeletionPolicy, UpdateReplacePolicy } = table(name);

    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    expect(Properties).toMatchObject({
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      Replicas: [
        {
          Region: 'ap-northeast-1',
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          SSESpecification: { KMSMasterKeyId: { 'Fn::GetAtt': [expect.stringMatching(/^KeysData/), 'Arn'] } },
        },
      ],
    });
  });
});

describe('keys', () => {
  it('are three: one encrypts, two sign', () => {
    const kinds = of('AWS::KMS::Key').map(([, { Properties }]) => [
      Properties.KeySpec ?? 'SYMMETRIC',
      Properties.KeyUsage,
    ]);

    expect(kinds).toEqual([
      ['SYMMETRIC', undefined],
      ['ECC_NIST_P256', 'SIGN_VERIFY'],
      ['ECC_NIST_P256', 'SIGN_VERIFY'],
    ]);
  });

  it('are kept when the stack goes: without them the data are noise', () => {
    for (const [, key] of of('AWS::KMS::Key')) expect(key.DeletionPolicy).toBe('Retain');
  });

  it('serve services only on behalf of this account', () => {
    const [, data] = of('AWS::KMS::Key')[0]!;
    const { Statement } = data.Properties.KeyPolicy as { Statement: { Principal: unknown; Condition?: unknown }[] };

    for (const { Principal, Condition } of Statement.slice(1)) expect([Principal, Condition]).not.toContain(undefined);
    expect(JSON.stringify(Statement.find(({ Principal }) => JSON.stringify(Principal).includes('*')))).toContain(
      'kms:CallerAccount',
    );
  });
});

describe('buckets', () => {
  it('are closed to the public, versioned and kept', () => {
    for (const [, bucket] of of('AWS::S3::Bucket')) {
      expect(bucket.DeletionPolicy).toBe('Retain');
      expect(bucket.Properties).toMatchObject({
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        VersioningConfiguration: { Status: 'Enabled' },
      });
    }
  });

  it('take requests by TLS only', () => {
    const buckets = of('AWS::S3::Bucket').map(([id]) => id);
    const secured = of('AWS::S3::BucketPolicy')
      .filter(([, { Properties }]) => JSON.stringify(Properties).includes('"aws:SecureTransport":"false"'))
      .map(([, { Properties }]) => (Properties.Bucket as { Ref: string }).Ref);

    expect(secured.sort()).toEqual(buckets.sort());
  });

  it('lock the audit archive for as long as the region file says', () => {
    const locked = of('AWS::S3::Bucket').filter(([, { Properties }]) => Properties.ObjectLockEnabled === true);

    expect(locked).toHaveLength(1);
    expect(locked[0]![1].Properties.ObjectLockConfiguration).toEqual({
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Days: 5 * 365, Mode: 'GOVERNANCE' } },
    });
  });
});

describe('functions', () => {
  const functions = of('AWS::Lambda::Function');

  it('are one for each entry, and no other', () => {
    const entries = functions.map(([, { Properties }]) => Properties.Description);

    expect(entries.sort()).toEqual(ENTRIES.map((entry) => `functions/entries/${entry}.ts`).sort());
  });

  it.each(functions)('%s runs Node 24 on arm64, and logs to a group that forgets', (_, { Properties }) => {
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN', LogGroup: { Ref: expect.any(String) } },
    });
    expect(Properties.ReservedConcurrentExecutions).toBeUndefined();
  });

  it('answer before API Gateway gives up', () => {
    for (const [id, { Properties }] of functions)
      if (/^(FhirApi|Token)/.test(id)) expect(Properties.Timeout).toBeLessThan(30);
  });

  it('keep concurrency for those that the region file names', () => {
    const region = given.region({ name: 'reserving', reservedConcurrency: { token: 10 } });
    const [reserving] = synthesized(region).stages;
    const token = ofType(reserving!.stateless, 'AWS::Lambda::Function').find(([id]) => id.startsWith('Token'));

    expect(token?.[1].Properties.ReservedConcurrentExecutions).toBe(10);
  });

  it('write their logs encrypted, for the days that the region file says', () => {
    for (const [, { Properties }] of of('AWS::Logs::LogGroup'))
      expect(Properties).toMatchObject({ RetentionInDays: 365, KmsKeyId: expect.anything() });
  });
});

describe('API', () => {
  const routes = ofType(stage.stateless, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties.RouteKey);

  it('has the routes of docs/architecture.md, and no other', () => {
    expect(routes.sort()).toEqual([
      'ANY /admin/{proxy+}',
      'ANY /audit/{proxy+}',
      'ANY /enrolment/{proxy+}',
      'ANY /federation/{proxy+}',
      'ANY /fhir',
      'ANY /fhir/{proxy+}',
      'ANY /identity/{proxy+}',
      'ANY /me/pairings',
      'ANY /me/pairings/{id}',
      'ANY /me/{proxy+}',
      'GET /auth/jwks.json',
      'GET /fhir/.well-known/smart-configuration',
      'GET /fhir/Patient/$ihe-pix',
      'GET /ihe/updates',
      'POST /auth/token',
      'POST /fhir/Patient/$ihe-pix',
      'POST /fhir/Patient/$match',
      'POST /ihe/xca/query',
      'POST /ihe/xca/retrieve',
      'POST /ihe/xcpd',
      'POST /ihe/{proxy+}',
    ]);
  });

  it('is throttled, and logs neither path nor query: they hold ids and search values', () => {
    const { Properties } = only(stage.stateless, 'AWS::ApiGatewayV2::Stage');

    expect(Properties.DefaultRouteSettings).toEqual({ ThrottlingBurstLimit: 200, ThrottlingRateLimit: 100 });
    expect(JSON.stringify(Properties.AccessLogSettings)).not.toMatch(/\$context\.(path|request\.|http|domain)/);
  });

  it('answers at the address that AWS gives while the region has no host name', () => {
    expect(only(stage.stateless, 'AWS::ApiGatewayV2::Api').Properties.DisableExecuteApiEndpoint).not.toBe(true);
    expect(ofType(stage.stateless, 'AWS::ApiGatewayV2::DomainName')).toEqual([]);
  });

  describe('with host names of its own', () => {
    const certificate = (last: string) =>
      `arn:aws:acm:ap-northeast-1:123456789012:certificate/00000000-0000-0000-0000-00000000000${last}`;
    const region = given.region({
      domain: { name: 'api.ehr.example.jp', certificateArn: certificate('1') },
      mtlsDomain: {
        name: 'ihe.ehr.example.jp',
        certificateArn: certificate('2'),
        truststore: 's3://trust-of-testing/ca/truststore.pem',
      },
      alarmEmail: 'operator@example.jp',
    });
    const [hosted] = synthesized(region).stages;
    const { stateless } = hosted!;

    it('closes the address that AWS gives: it would be a way around mutual TLS', () => {
      expect(only(stateless, 'AWS::ApiGatewayV2::Api').Properties.DisableExecuteApiEndpoint).toBe(true);
    });

    it('asks for a client certificate at the second host name only', () => {
      const names = ofType(stateless, 'AWS::ApiGatewayV2::DomainName').map(([, { Properties }]) => Properties);

      expect(names).toHaveLength(2);
      expect(names.find(({ DomainName }) => DomainName === 'api.ehr.example.jp')).not.toHaveProperty(
        'MutualTlsAuthentication',
      );
      expect(names.find(({ DomainName }) => DomainName === 'ihe.ehr.example.jp')).toHaveProperty(
        'MutualTlsAuthentication',
        { TruststoreUri: 's3://trust-of-testing/ca/truststore.pem' },
      );
    });

    it('tells the functions the host name', () => {
      const [, fhirApi] = ofType(stateless, 'AWS::Lambda::Function').find(([id]) => id.startsWith('FhirApi'))!;

      expect(fhirApi.Properties).toHaveProperty('Environment.Variables.BASE_URL', 'https://api.ehr.example.jp');
    });

    it('sends alarms and the budget to the operator', () => {
      expect(only(stateless, 'AWS::SNS::Subscription').Properties).toMatchObject({ Endpoint: 'operator@example.jp' });
      expect(only(stateless, 'AWS::Budgets::Budget').Properties).toMatchObject({
        Budget: { BudgetLimit: { Amount: 50, Unit: 'USD' } },
      });
    });
  });
});

describe('events', () => {
  it('finds a bad record by halving, and keeps what failed for good', () => {
    const mappings = ofType(stage.stateless, 'AWS::Lambda::EventSourceMapping');

    expect(mappings).not.toHaveLength(0);
    for (const [, { Properties }] of mappings)
      expect(Properties).toMatchObject({
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        MaximumRetryAttempts: 10,
        DestinationConfig: { OnFailure: { Destination: expect.anything() } },
      });
  });

  it('seals every minute, sweeps every five, and loads what is put under incoming/', () => {
    const rules = ofType(stage.stateless, 'AWS::Events::Rule').map(([, { Properties }]) => Properties);

    expect(rules.map(({ ScheduleExpression }) => ScheduleExpression).sort()).toEqual([
      'rate(1 minute)',
      'rate(5 minutes)',
      undefined,
    ]);
    expect(rules.find(({ EventPattern }) => EventPattern !== undefined)).toMatchObject({
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: { object: { key: [{ prefix: 'incoming/' }] } },
      },
    });
  });

  it('wakes somebody up for each alarm', () => {
    const alarms = ofType(stage.stateless, 'AWS::CloudWatch::Alarm');

    expect(alarms.length).toBeLessThanOrEqual(6);
    for (const [, { Properties }] of alarms) expect(Properties.AlarmActions).toHaveLength(1);
  });
});

describe('logins', () => {
  const pools = ofType(stage.stateful, 'AWS::Cognito::UserPool');
  const pool = (name: string) => pools.find(([id]) => id.startsWith(name))![1];
  const clients = ofType(stage.stateful, 'AWS::Cognito::UserPoolClient');

  it('of staff need a second factor and an administrator who registers them', () => {
    expect(pool('Staff').Properties).toMatchObject({
      MfaConfiguration: 'ON',
      EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
      UserPoolTier: 'ESSENTIALS',
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      LambdaConfig: { PreTokenGenerationConfig: { LambdaVersion: 'V2_0' } },
    });
  });

  it('end older sessions with a new password, and tokens of residents lose what could change the account where the plan lets them', () => {
    const heard = (name: string, of = pool) => of(name).Properties.LambdaConfig as Record<string, unknown>;
    expect(Object.keys(heard('Staff'))).toContain('PostConfirmation');
    expect(Object.keys(heard('Residents'))).toEqual(['PostConfirmation']);
    expect(heard('Residents').PostConfirmation).toEqual(heard('Staff').PostConfirmation);
    const [dear] = synthesized(given.region({ passkeys: { for: ['residents'], localhost: true } })).stages;
    const dearPools = ofType(dear!.stateful, 'AWS::Cognito::UserPool');
    const residents = dearPools.find(([id]) => id.startsWith('Residents'))![1];
    expect(heard('', () => residents)).toMatchObject({ PreTokenGenerationConfig: { LambdaVersion: 'V2_0' } });
  });

  it('of residents are free for the first ten thousand', () => {
    expect(pool('Residents').Properties).toMatchObject({
      UserPoolTier: 'LITE',
      MfaConfiguration: 'OPTIONAL',
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: false },
    });
  });

  it('are kept, and protected against deletion', () => {
    for (const [, { Properties, DeletionPolicy }] of pools)
      expect([DeletionPolicy, Properties.DeletionProtection]).toEqual(['Retain', 'ACTIVE']);
  });

  it('never send a password, and are short', () => {
    for (const [, { Properties }] of clients) {
      expect(Properties.ExplicitAuthFlows).toEqual(['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']);
      expect(Properties).toMatchObject({ AccessTokenValidity: 15, PreventUserExistenceErrors: 'ENABLED' });
      expect(Properties.GenerateSecret).toBe(false);
    }
  });

  it('let nobody write about himself what a decision could rest on', () => {
    const writable = clients.flatMap(([, { Properties }]) => Properties.WriteAttributes as string[]);

    expect([...new Set(writable)].sort()).toEqual(['email', 'locale']);
  });
});
