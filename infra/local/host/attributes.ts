// What `Ref` and `Fn::GetAtt` answer. Everything is computed from region, stack and logical id, so that a second start
// finds the tables, pools and keys of the first, and nothing must exist before its name is known.
import { createHash } from 'node:crypto';
import type { Json, JsonObject } from './assembly.ts';

export interface Named {
  readonly stack: string;
  readonly account: string;
  readonly awsRegion: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: JsonObject;
}

const digest = (of: Named, purpose: string) =>
  createHash('sha256').update(`${purpose}|${of.stack}|${of.logicalId}`).digest('hex');

/** Lower-case letters and digits, as many as asked for. */
const token = (of: Named, length: number) =>
  BigInt(`0x${digest(of, 'token')}`)
    .toString(36)
    .slice(0, length);

const uuid = (of: Named) => digest(of, 'uuid').replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-a$4-$5');

const given = (of: Named, property: string): string | undefined => {
  const value = of.properties[property];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const named = (of: Named, property: string, limit = 64) =>
  given(of, property) ?? `${of.stack}-${of.logicalId}`.slice(0, limit);

const arn = (of: Named, service: string, rest: string) => `arn:aws:${service}:${of.awsRegion}:${of.account}:${rest}`;

interface Kind {
  readonly ref: (of: Named) => string;
  readonly attributes: Record<string, (of: Named, ref: string) => string>;
}

const table: Kind = {
  ref: (of) => named(of, 'TableName', 255),
  attributes: {
    Arn: (of, ref) => arn(of, 'dynamodb', `table/${ref}`),
    // DynamoDB Local stamps its streams with the time; the host knows which one is meant.
    StreamArn: (of, ref) => arn(of, 'dynamodb', `table/${ref}/stream/local`),
    TableId: (of) => uuid(of),
  },
};

const KINDS: Record<string, Kind> = {
  'AWS::DynamoDB::Table': table,
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::S3::Bucket': {
    ref: (of) => given(of, 'BucketName') ?? `${of.stack}-${of.logicalId}`.toLowerCase().slice(0, 63),
    attributes: {
      Arn: (_, ref) => `arn:aws:s3:::${ref}`,
      DomainName: (_, ref) => `${ref}.s3.amazonaws.com`,
      RegionalDomainName: (of, ref) => `${ref}.s3.${of.awsRegion}.amazonaws.com`,
    },
  },
  'AWS::KMS::Key': {
    ref: uuid,
    attributes: { Arn: (of, ref) => arn(of, 'kms', `key/${ref}`), KeyId: (_, ref) => ref },
  },
  'AWS::KMS::Alias': {
    ref: (of) => named(of, 'AliasName', 256),
    attributes: { Arn: (of, ref) => arn(of, 'kms', ref) },
  },
  'AWS::Cognito::UserPool': {
    ref: (of) => `${of.awsRegion}_${token(of, 9)}`,
    attributes: {
      Arn: (of, ref) => arn(of, 'cognito-idp', `userpool/${ref}`),
      ProviderName: (of, ref) => `cognito-idp.${of.awsRegion}.amazonaws.com/${ref}`,
      ProviderURL: (of, ref) => `https://cognito-idp.${of.awsRegion}.amazonaws.com/${ref}`,
      UserPoolId: (_, ref) => ref,
    },
  },
  'AWS::Cognito::UserPoolClient': { ref: (of) => token(of, 26), attributes: { ClientId: (_, ref) => ref } },
  'AWS::Cognito::UserPoolGroup': { ref: (of) => named(of, 'GroupName'), attributes: {} },
  'AWS::Lambda::Function': {
    ref: (of) => named(of, 'FunctionName'),
    attributes: { Arn: (of, ref) => arn(of, 'lambda', `function:${ref}`) },
  },
  'AWS::Lambda::Version': {
    ref: (of) => `${functionArn(of)}:1`,
    attributes: { Version: () => '1', FunctionArn: (of) => `${functionArn(of)}:1` },
  },
  'AWS::Lambda::Alias': { ref: (of) => `${functionArn(of)}:${given(of, 'Name')}`, attributes: {} },
  'AWS::IAM::Role': {
    ref: (of) => named(of, 'RoleName'),
    attributes: { Arn: (of, ref) => `arn:aws:iam::${of.account}:role/${ref}`, RoleId: (of) => token(of, 20) },
  },
  'AWS::IAM::ManagedPolicy': { ref: (of) => `arn:aws:iam::${of.account}:policy/${of.logicalId}`, attributes: {} },
  'AWS::ApiGatewayV2::Api': {
    ref: (of) => token(of, 10),
    attributes: {
      ApiId: (_, ref) => ref,
      ApiEndpoint: (of, ref) => `https://${ref}.execute-api.${of.awsRegion}.amazonaws.com`,
    },
  },
  'AWS::ApiGatewayV2::DomainName': {
    ref: (of) => given(of, 'DomainName') ?? of.logicalId,
    attributes: {
      RegionalDomainName: (of) => `d-${token(of, 10)}.execute-api.${of.awsRegion}.amazonaws.com`,
      RegionalHostedZoneId: () => 'ZLOCAL',
    },
  },
  'AWS::ApiGatewayV2::Stage': { ref: (of) => given(of, 'StageName') ?? '$default', attributes: {} },
  'AWS::CloudFront::Distribution': {
    ref: (of) => token(of, 14).toUpperCase(),
    attributes: {
      Id: (_, ref) => ref,
      DomainName: (of) => `d${token(of, 13)}.cloudfront.net`,
    },
  },
  'AWS::CloudFront::OriginAccessControl': { ref: uuid, attributes: { Id: (_, ref) => ref } },
  'AWS::CloudFront::ResponseHeadersPolicy': { ref: uuid, attributes: { Id: (_, ref) => ref } },
  'AWS::SQS::Queue': {
    ref: (of) => `https://sqs.${of.awsRegion}.amazonaws.com/${of.account}/${named(of, 'QueueName', 80)}`,
    attributes: {
      Arn: (of) => arn(of, 'sqs', named(of, 'QueueName', 80)),
      QueueName: (of) => named(of, 'QueueName', 80),
      QueueUrl: (_, ref) => ref,
    },
  },
  'AWS::SNS::Topic': {
    ref: (of) => arn(of, 'sns', named(of, 'TopicName')),
    attributes: { TopicArn: (_, ref) => ref, TopicName: (of) => named(of, 'TopicName') },
  },
  'AWS::Events::Rule': {
    ref: (of) => named(of, 'Name'),
    attributes: { Arn: (of, ref) => arn(of, 'events', `rule/${ref}`) },
  },
  'AWS::Scheduler::Schedule': {
    ref: (of) => named(of, 'Name'),
    attributes: { Arn: (of, ref) => arn(of, 'scheduler', `schedule/default/${ref}`) },
  },
  'AWS::Logs::LogGroup': {
    ref: (of) => named(of, 'LogGroupName', 512),
    attributes: { Arn: (of, ref) => arn(of, 'logs', `log-group:${ref}:*`) },
  },
};

const functionArn = (of: Named) => {
  const name = String(of.properties['FunctionName']);
  return name.startsWith('arn:') ? name : arn(of, 'lambda', `function:${name}`);
};

/** Types that the host does not run (alarms, dashboards, …) still have names that others refer to. */
const other = (type: string): Kind => {
  const [, service = 'aws', kind = ''] = type.split('::');
  return {
    ref: (of) => `${of.stack}-${of.logicalId}`,
    attributes: { Arn: (of, ref) => arn(of, service.toLowerCase(), `${kind.toLowerCase()}/${ref}`) },
  };
};

export const refOf = (of: Named): Json => (KINDS[of.type] ?? other(of.type)).ref(of);

export const attributeOf = (of: Named, name: string): Json => {
  const kind = KINDS[of.type] ?? other(of.type);
  const ref = kind.ref(of);
  return kind.attributes[name]?.(of, ref) ?? `${ref}.${name}`;
};
