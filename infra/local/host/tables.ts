// Makes the template's tables in DynamoDB Local, and holds those of an earlier start to the template.
import { isDeepStrictEqual } from 'node:util';
import { LocalError } from '../local-dir.ts';
import type { Json, JsonObject } from './assembly.ts';
import { type DynamoDbCall, DynamoDbError } from './dynamodb-client.ts';
import type { Resource, Resources } from './resources.ts';

export interface HostedTable {
  readonly name: string;
  readonly arn: string;
  /** The template's name for the stream. */
  readonly streamArn: string;
  /** Customer-managed key, when the template has one. */
  readonly keyArn: string | undefined;
}

export const createTables = (resources: Resources, call: DynamoDbCall): Promise<HostedTable[]> =>
  Promise.all(
    resources.ofType('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable').map(async (table) => {
      await ensure(table, call);
      return {
        name: table.ref,
        arn: table.attribute('Arn'),
        streamArn: table.attribute('StreamArn'),
        keyArn: keyOf(resources, table),
      };
    }),
  );

/** The template's properties, without what DynamoDB Local does not know (encryption, backups, tags, capacity). */
const definition = ({ ref, properties }: Resource) => ({
  TableName: ref,
  AttributeDefinitions: properties['AttributeDefinitions'],
  KeySchema: properties['KeySchema'],
  BillingMode: 'PAY_PER_REQUEST',
  ...indexes('LocalSecondaryIndexes', properties),
  ...indexes('GlobalSecondaryIndexes', properties),
  ...stream(properties),
});

const indexes = (kind: string, properties: JsonObject): JsonObject => {
  const given = properties[kind];
  if (!Array.isArray(given) || given.length === 0) return {};
  return {
    [kind]: (given as JsonObject[]).map(({ IndexName, KeySchema, Projection }) => ({
      IndexName: IndexName ?? null,
      KeySchema: KeySchema ?? null,
      Projection: Projection ?? null,
    })),
  };
};

const stream = (properties: JsonObject) => {
  const given = properties['StreamSpecification'] as JsonObject | undefined;
  return given && { StreamSpecification: { StreamEnabled: true, StreamViewType: given['StreamViewType'] } };
};

const ensure = async (table: Resource, call: DynamoDbCall): Promise<void> => {
  const wanted = definition(table);
  try {
    const { Table } = (await call('DescribeTable', { TableName: table.ref })) as { Table: JsonObject };
    refuseOtherShape(table.ref, wanted as unknown as JsonObject, Table);
  } catch (error) {
    if (!(error instanceof DynamoDbError) || error.code !== 'ResourceNotFoundException') throw error;
    await call('CreateTable', wanted);
    const ttl = table.properties['TimeToLiveSpecification'] as JsonObject | undefined;
    if (ttl?.['Enabled'] === true) {
      await call('UpdateTimeToLive', {
        TableName: table.ref,
        TimeToLiveSpecification: { Enabled: true, AttributeName: ttl['AttributeName'] },
      });
    }
  }
};

/** Keys and local indexes of a table cannot be changed in AWS either. */
const refuseOtherShape = (name: string, wanted: JsonObject, found: JsonObject) => {
  const same =
    isDeepStrictEqual(shape(wanted['KeySchema']), shape(found['KeySchema'])) &&
    ['LocalSecondaryIndexes', 'GlobalSecondaryIndexes'].every((kind) =>
      isDeepStrictEqual(indexShape(wanted[kind]), indexShape(found[kind])),
    );
  if (!same) throw new LocalError(`the data folder has a table ${name} with other keys or indexes than the template`);
};

const shape = (keys: Json | undefined) =>
  ((keys ?? []) as JsonObject[]).map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`);

const indexShape = (found: Json | undefined) =>
  Object.fromEntries(
    ((found ?? []) as JsonObject[])
      .map(({ IndexName, KeySchema }) => [String(IndexName), shape(KeySchema)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const keyOf = (resources: Resources, { properties }: Resource): string | undefined => {
  const replica = (properties['Replicas'] as JsonObject[] | undefined)?.[0]?.['SSESpecification'] as JsonObject;
  const own = properties['SSESpecification'] as JsonObject | undefined;
  return keyArn(resources, replica?.['KMSMasterKeyId'] ?? own?.['KMSMasterKeyId']);
};

/** A key may be named by its id or its ARN. */
export const keyArn = (resources: Resources, name: Json | undefined): string | undefined => {
  if (typeof name !== 'string') return undefined;
  const key = resources.ofType('AWS::KMS::Key').find((one) => one.ref === name || one.attribute('Arn') === name);
  return key?.attribute('Arn');
};
