// The ceiling: what the AWS SDK reaches with the same DynamoDB operations and nothing around them, audit record included.
// A process of its own, as a Lambda would be. Tables are of its own too, in the DynamoDB Local that serves the stack.
import { randomBytes } from 'node:crypto';
import {
  type AttributeValue,
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { createTableInput, type TableName } from '../../../functions/storage/tables.ts';
import { type Measured, measure } from './measure.ts';
import type { ScenarioName } from './scenarios.ts';

export type CeilingOrder =
  | { readonly kind: 'prepare'; readonly endpoint: string; readonly clients: number }
  | { readonly kind: 'run'; readonly scenario: ScenarioName; readonly clients: number; readonly seconds: number };

export interface CeilingResult {
  readonly measured?: Measured;
  readonly cpuMs: number;
  readonly error?: string;
}

type Item = Record<string, AttributeValue>;

const TABLES: Record<TableName, string> = {
  clinical: `bench-clinical-${process.pid}`,
  registry: `bench-registry-${process.pid}`,
  audit: `bench-audit-${process.pid}`,
};
const PATIENTS = 32;
/** Bytes of a laboratory result once compressed, and of its token hashes (storage-study.md, C). */
const BODY = 180;
const TOKENS = 36;

let client: DynamoDBClient;
let sequence = 0;

const partition = (at: number) => `Pbench${String(at % PATIENTS).padStart(7, '0')}`;
const unique = () => `${Date.now().toString(32)}${(sequence++).toString(32).padStart(7, '0')}`;

const row = (p: string, s: string, code: number): Item => ({
  p: { S: p },
  s: { S: s },
  c: { S: `OB${String(code).padStart(7, '0')}${s.slice(2)}` },
  n: { N: '1' },
  v: { N: '1' },
  u: { N: String(Date.now()) },
  x: { B: randomBytes(TOKENS) },
  z: { B: randomBytes(BODY) },
  f: { S: '3610000001' },
  k: { S: 'clinical' },
  o: { S: 'POST' },
});

const place = (at: number) => `OB${String(at).padStart(7, '0')}0000000`;

const auditRow = (): Item => ({
  p: { S: `A#bench-${process.pid}` },
  s: { S: unique() },
  h: { B: randomBytes(32) },
  b: { S: 'x'.repeat(480) },
});

const audit = async () => {
  await client.send(
    new PutItemCommand({ TableName: TABLES.audit, Item: auditRow(), ConditionExpression: 'attribute_not_exists(p)' }),
  );
};

const putNew = (Item: Item) => ({ TableName: TABLES.clinical, Item, ConditionExpression: 'attribute_not_exists(p)' });

const get = (p: string, s: string) =>
  client.send(
    new GetItemCommand({ TableName: TABLES.clinical, Key: { p: { S: p }, s: { S: s } }, ConsistentRead: true }),
  );

const query = (p: string, sort: string, from: string, to: string, IndexName?: string) =>
  client.send(
    new QueryCommand({
      TableName: TABLES.clinical,
      ...(IndexName && { IndexName }),
      ConsistentRead: true,
      ScanIndexForward: false,
      KeyConditionExpression: `p = :p AND ${sort} BETWEEN :a AND :b`,
      ExpressionAttributeValues: { ':p': { S: p }, ':a': { S: from }, ':b': { S: to } },
    }),
  );

const OPERATIONS: Record<ScenarioName, (at: number, turn: number) => Promise<unknown>> = {
  read: async (at, turn) => {
    await get(partition(at * 7 + turn), place(turn % 90));
    await audit();
  },
  create: async (at, turn) => {
    await client.send(new PutItemCommand(putNew(row(`Pwrite${at}`, `OB${unique()}`, turn % 10))));
    await audit();
  },
  update: async (at, turn) => {
    const p = partition(at);
    const found = await get(p, place(turn % 90));
    await client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          {
            Put: {
              TableName: TABLES.clinical,
              Item: row(p, place(turn % 90), turn % 10),
              ConditionExpression: 'v = :v',
              ExpressionAttributeValues: { ':v': found.Item?.v ?? { N: '1' } },
            },
          },
          { Put: putNew(row(`H${p.slice(1)}`, `${place(turn % 90)}#${unique()}`, turn % 10)) },
        ],
      }),
    );
    await audit();
  },
  code: async (at, turn) => {
    const code = `OB${String(turn % 10).padStart(7, '0')}`;
    await query(partition(at * 7 + turn), 'c', code, `${code}~`, 'byCode');
    await audit();
  },
  category: async (at, turn) => {
    await query(partition(at * 7 + turn), 's', 'OB', 'OB~');
    await audit();
  },
  everything: async (at, turn) => {
    await query(partition(at * 7 + turn), 's', '!', '~');
    await audit();
  },
  transaction: async (at, turn) => {
    await client.send(
      new TransactWriteItemsCommand({
        TransactItems: Array.from({ length: 100 }, (_, number) => ({
          Put: putNew(row(`Pwrite${at}`, `OB${unique()}`, (number + turn) % 10)),
        })),
      }),
    );
    await audit();
  },
};

const prepare = async (endpoint: string): Promise<void> => {
  client = new DynamoDBClient({
    endpoint,
    region: 'ap-northeast-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  for (const [table, name] of Object.entries(TABLES)) {
    await client.send(new CreateTableCommand(createTableInput(table as TableName, name)));
  }
  for (let at = 0; at < PATIENTS; at++) {
    for (let number = 0; number < 100; number++) {
      const s = number < 90 ? place(number) : `CO${String(number).padStart(7, '0')}0000000`;
      const item = row(partition(at), s, number % 10);
      if (number >= 90) delete item.c;
      await client.send(new PutItemCommand({ TableName: TABLES.clinical, Item: item }));
    }
  }
};

const run = async (order: CeilingOrder): Promise<CeilingResult> => {
  try {
    if (order.kind === 'prepare') {
      await prepare(order.endpoint);
      return { cpuMs: 0 };
    }
    const before = process.cpuUsage();
    const measured = await measure(async (at, turn) => void (await OPERATIONS[order.scenario](at, turn)), order);
    const { user, system } = process.cpuUsage(before);
    return { measured, cpuMs: (user + system) / 1000 };
  } catch (error) {
    return { cpuMs: 0, error: error instanceof Error ? error.message : String(error) };
  }
};

process.on('message', (order: CeilingOrder) => void run(order).then((result) => process.send?.(result)));
process.on('disconnect', () => process.exit(0));
