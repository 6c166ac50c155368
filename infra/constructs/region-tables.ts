// The three tables, and who may touch them. Their shape is functions/storage/tables.ts (a test compares the two),
// their items are described in functions/storage/keys.ts. An LSI cannot be added to a table that exists.
import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { EnvName } from '../../functions/env.ts';
import type { Connectable } from './capability.ts';
import type { EntryFunction } from './entry-function.ts';

const text = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });

/** A work list: who owns it and what it lists, then in which state and when. */
const workList = (number: 1 | 2): dynamodb.GlobalSecondaryIndexPropsV2 => ({
  indexName: `work${number}`,
  partitionKeys: [text(`gt${number}`), text(`go${number}`)],
  sortKeys: [text(`gs${number}`), text(`gd${number}`)],
  projectionType: dynamodb.ProjectionType.ALL,
});

interface RegionTableProps {
  readonly key: kms.IKey;
  readonly setting: EnvName;
  readonly stream: boolean;
  /** @default none */
  readonly localIndexes?: readonly dynamodb.LocalSecondaryIndexProps[];
  /** @default none */
  readonly globalIndexes?: readonly dynamodb.GlobalSecondaryIndexPropsV2[];
}

/** A table that is kept whatever happens to the stack. */
export class RegionTable extends Construct implements Connectable {
  readonly table: dynamodb.TableV2;
  private readonly setting: EnvName;
  private readonly indexes: readonly string[];

  constructor(scope: Construct, id: string, props: RegionTableProps) {
    super(scope, id);
    const { localIndexes = [], globalIndexes = [] } = props;
    this.setting = props.setting;
    this.indexes = [...localIndexes, ...globalIndexes].map(({ indexName }) => indexName);
    this.table = new dynamodb.TableV2(this, 'Table', {
      partitionKey: text('p'),
      sortKey: text('s'),
      localSecondaryIndexes: [...localIndexes],
      globalSecondaryIndexes: [...globalIndexes],
      billing: dynamodb.Billing.onDemand(),
      encryption: dynamodb.TableEncryptionV2.customerManagedKey(props.key),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'ttl',
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      ...(props.stream && { dynamoStream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES }),
    });
    Validations.of(this).acknowledge({
      id: 'HIPAA.Security-DynamoDBInBackupPlan',
      reason:
        'Point-in-time recovery goes back 35 days to the second, at half the price of backups; a copy in a second account is a decision of the operator (docs/deployment.md).',
    });
  }

  connect(fn: EntryFunction, actions: readonly string[]) {
    fn.tell({ [this.setting]: this.table.tableName });
    const forStream = actions.filter((action) => ON_STREAM.has(action));
    const forTable = actions.filter((action) => ![ON_STREAM, ON_INDEX, ON_ALL].some((other) => other.has(action)));
    const forIndexes = actions.filter((action) => ON_INDEX.has(action));
    fn.allow(forTable, [this.table.tableArn]);
    fn.allow(forIndexes, [this.table.tableArn, ...this.indexes.map((name) => `${this.table.tableArn}/index/${name}`)]);
    if (forStream.length > 0) fn.allow(forStream, [this.streamArn]);
    const forAll = actions.filter((action) => ON_ALL.has(action));
    if (forAll.length === 0) return;
    fn.allow(forAll, ['*']);
    Validations.of(fn.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'dynamodb:ListStreams knows no resources; Lambda asks for it where it reads a stream, and it shows names only.',
    });
  }

  get streamArn(): string {
    const { tableStreamArn } = this.table;
    if (tableStreamArn === undefined) throw new Error(`${this.node.path} has no stream`);
    return tableStreamArn;
  }
}

const ON_STREAM = new Set(['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator']);
const ON_ALL = new Set(['dynamodb:ListStreams']);
const ON_INDEX = new Set(['dynamodb:Query']);

export class RegionTables extends Construct {
  readonly clinical: RegionTable;
  readonly registry: RegionTable;
  readonly audit: RegionTable;

  constructor(scope: Construct, id: string, { key }: { readonly key: kms.IKey }) {
    super(scope, id);
    this.clinical = new RegionTable(this, 'Clinical', {
      key,
      setting: 'CLINICAL_TABLE',
      stream: true,
      localIndexes: [{ indexName: 'byCode', sortKey: text('c'), projectionType: dynamodb.ProjectionType.ALL }],
      globalIndexes: [workList(1), workList(2)],
    });
    this.registry = new RegionTable(this, 'Registry', { key, setting: 'REGISTRY_TABLE', stream: true });
    this.audit = new RegionTable(this, 'Audit', { key, setting: 'AUDIT_TABLE', stream: true });
  }

  get connections() {
    return { clinical: this.clinical, registry: this.registry, audit: this.audit } satisfies Record<
      string,
      Connectable
    >;
  }
}
