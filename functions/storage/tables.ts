// The three tables as data: tests create them from here, and the template test compares the CDK side with it.
// LSIs cannot be added to a table that exists, so `byCode` is decided now.

export interface IndexShape {
  readonly name: string;
  readonly hash: readonly string[];
  readonly range: readonly string[];
}

export interface TableShape {
  readonly hash: 'p';
  readonly range: 's';
  readonly local: readonly IndexShape[];
  readonly global: readonly IndexShape[];
  readonly stream: 'NEW_AND_OLD_IMAGES' | undefined;
  readonly ttl: 'ttl';
}

/** Every key attribute is a string; every index projects ALL. */
export const TABLES = {
  clinical: {
    hash: 'p',
    range: 's',
    local: [{ name: 'byCode', hash: ['p'], range: ['c'] }],
    global: [
      { name: 'work1', hash: ['gt1', 'go1'], range: ['gs1', 'gd1'] },
      { name: 'work2', hash: ['gt2', 'go2'], range: ['gs2', 'gd2'] },
    ],
    stream: 'NEW_AND_OLD_IMAGES',
    ttl: 'ttl',
  },
  registry: { hash: 'p', range: 's', local: [], global: [], stream: 'NEW_AND_OLD_IMAGES', ttl: 'ttl' },
  audit: { hash: 'p', range: 's', local: [], global: [], stream: 'NEW_AND_OLD_IMAGES', ttl: 'ttl' },
} as const satisfies Record<string, TableShape>;

export type TableName = keyof typeof TABLES;

/** Names of the deployed tables, as the environment tells them. */
export type TableNames = Readonly<Record<TableName, string>>;

const keySchema = (hash: readonly string[], range: readonly string[]) => [
  ...hash.map((AttributeName) => ({ AttributeName, KeyType: 'HASH' as const })),
  ...range.map((AttributeName) => ({ AttributeName, KeyType: 'RANGE' as const })),
];

/** `CreateTable` as DynamoDB takes it. */
export const createTableInput = (table: TableName, name: string) => {
  const { hash, range, local, global, stream }: TableShape = TABLES[table];
  const attributes = new Set([
    hash,
    range,
    ...[...local, ...global].flatMap((index) => [...index.hash, ...index.range]),
  ]);
  const index = (of: IndexShape) => ({
    IndexName: of.name,
    KeySchema: keySchema(of.hash, of.range),
    Projection: { ProjectionType: 'ALL' as const },
  });
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST' as const,
    KeySchema: keySchema([hash], [range]),
    AttributeDefinitions: [...attributes].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
    ...(local.length > 0 && { LocalSecondaryIndexes: local.map(index) }),
    ...(global.length > 0 && { GlobalSecondaryIndexes: global.map(index) }),
    ...(stream && { StreamSpecification: { StreamEnabled: true, StreamViewType: stream } }),
  };
};
