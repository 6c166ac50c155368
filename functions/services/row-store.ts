// Small rows of table `registry` that are no FHIR resources: break-glass grants, alerts, counters, figures, what the desk keeps. Who keeps rows here
// says in a heading which there are. Two forms of one promise: DynamoDB, and a map for tests
// (test/functions/services/row-store.contract.test.ts).
import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  type Put,
  QueryCommand,
  type TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { retrying } from './retry.ts';

export interface Row {
  readonly p: string;
  readonly s: string;
  /** Counts from 1 with every `put`; 0: a counter. */
  readonly version: number;
  readonly data: unknown;
  /** `data` as it stands there; of a counter, undefined. */
  readonly text: string | undefined;
  /** Of a counter. */
  readonly count: number;
}

/** What must be there: nothing; this version; this text (undefined: nothing), or what is to be written already. */
export type Expected = 'absent' | number | { readonly text: string | undefined };

export type RowChange =
  | {
      readonly kind: 'put';
      readonly p: string;
      readonly s: string;
      readonly data: unknown;
      /** Left out: whatever. */
      readonly expect?: Expected;
      /** Milliseconds; some days later the row may go. */
      readonly until?: number;
    }
  | { readonly kind: 'delete'; readonly p: string; readonly s: string; readonly expect?: number }
  | { readonly kind: 'add'; readonly p: string; readonly s: string; readonly amount: number };

export interface RowQuery {
  readonly p: string;
  readonly prefix?: string;
  readonly newestFirst?: boolean;
  readonly after?: string | undefined;
  /** @default 100 */
  readonly limit?: number;
}

export interface RowStore {
  /** Strongly consistent, as is `list`. */
  get(p: string, s: string): Promise<Row | undefined>;
  list(query: RowQuery): Promise<{ readonly rows: readonly Row[]; readonly next: string | undefined }>;
  /** All or nothing, at most 100; false when a row was not as expected. */
  write(changes: readonly RowChange[]): Promise<boolean>;
}

type Item = Record<string, AttributeValue>;

const rowOf = (item: Item): Row => ({
  p: item.p?.S ?? '',
  s: item.s?.S ?? '',
  version: Number(item.v?.N ?? 0),
  data: item.d?.S === undefined ? undefined : JSON.parse(item.d.S),
  text: item.d?.S,
  count: Number(item.c?.N ?? 0),
});

const LIMIT = 100;

export const openRowStore = ({ client, table }: { client: DynamoDBClient; table: string }): RowStore => ({
  get: async (p, s) => {
    const read = new GetItemCommand({ TableName: table, Key: { p: { S: p }, s: { S: s } }, ConsistentRead: true });
    const { Item } = await retrying(() => client.send(read));
    return Item && rowOf(Item);
  },
  list: async ({ p, prefix = '', newestFirst = false, after, limit = LIMIT }) => {
    const query = new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: prefix === '' ? 'p = :p' : 'p = :p AND begins_with(s, :s)',
      ExpressionAttributeValues: { ':p': { S: p }, ...(prefix !== '' && { ':s': { S: prefix } }) },
      ScanIndexForward: !newestFirst,
      Limit: limit,
      ...(after !== undefined && { ExclusiveStartKey: { p: { S: p }, s: { S: after } } }),
    });
    const { Items = [], LastEvaluatedKey } = await retrying(() => client.send(query));
    return { rows: Items.map(rowOf), next: LastEvaluatedKey?.s?.S };
  },
  write: async (changes) => {
    if (changes.length === 0) return true;
    const command = new TransactWriteItemsCommand({
      TransactItems: changes.map((change) => transactItem(table, change)),
      // The same request sent again is carried out once.
      ClientRequestToken: randomUUID(),
    });
    try {
      await retrying(() => client.send(command));
      return true;
    } catch (error) {
      const reasons = (error as TransactionCanceledException).CancellationReasons ?? [];
      if (reasons.some(({ Code }) => Code === 'ConditionalCheckFailed' || Code === 'TransactionConflict')) return false;
      throw error;
    }
  },
});

const transactItem = (TableName: string, change: RowChange): TransactWriteItem => {
  const Key = { p: { S: change.p }, s: { S: change.s } };
  if (change.kind === 'add')
    return {
      Update: {
        TableName,
        Key,
        UpdateExpression: 'ADD c :n',
        ExpressionAttributeValues: { ':n': { N: String(change.amount) } },
      },
    };
  if (change.kind === 'delete') return { Delete: { TableName, Key, ...conditionOf(change.expect) } };
  const { data, expect, until } = change;
  const text = JSON.stringify(data);
  return {
    Put: {
      TableName,
      Item: {
        ...Key,
        v: { N: String(typeof expect === 'number' ? expect + 1 : 1) },
        d: { S: text },
        ...(until !== undefined && { ttl: { N: String(Math.ceil(until / 1000)) } }),
      },
      ...conditionOf(expect, text),
    },
  };
};

type Condition = Pick<Put, 'ConditionExpression' | 'ExpressionAttributeValues'>;

const conditionOf = (expect: Expected | undefined, next = ''): Condition => {
  if (expect === undefined) return {};
  if (expect === 'absent') return { ConditionExpression: 'attribute_not_exists(p)' };
  if (typeof expect === 'number')
    return { ConditionExpression: 'v = :v', ExpressionAttributeValues: { ':v': { N: String(expect) } } };
  const { text } = expect;
  return {
    ConditionExpression: text === undefined ? 'attribute_not_exists(p) OR d = :d' : 'd = :found OR d = :d',
    ExpressionAttributeValues: { ':d': { S: next }, ...(text !== undefined && { ':found': { S: text } }) },
  };
};

export const memoryRowStore = (): RowStore => {
  const rows = new Map<string, Row>();
  const name = (p: string, s: string) => `${p}\u001f${s}`;
  return {
    get: async (p, s) => rows.get(name(p, s)),
    list: async ({ p, prefix = '', newestFirst = false, after, limit = LIMIT }) => {
      const sign = newestFirst ? -1 : 1;
      const order = (a: string, b: string) => (a < b ? -sign : a > b ? sign : 0);
      const found = [...rows.values()]
        .filter((row) => row.p === p && row.s.startsWith(prefix))
        .sort((a, b) => order(a.s, b.s))
        .filter(({ s }) => after === undefined || order(s, after) > 0);
      return { rows: found.slice(0, limit), next: found.length > limit ? found[limit - 1]?.s : undefined };
    },
    write: async (changes) => {
      const met = changes.every((change) => {
        if (change.kind === 'add' || change.expect === undefined) return true;
        const row = rows.get(name(change.p, change.s));
        if (typeof change.expect !== 'object')
          return change.expect === 'absent' ? row === undefined : row?.version === change.expect;
        return row?.text === change.expect.text || ('data' in change && row?.text === JSON.stringify(change.data));
      });
      if (!met) return false;
      for (const change of changes) {
        const { p, s } = change;
        const at = name(p, s);
        if (change.kind === 'delete') rows.delete(at);
        else if (change.kind === 'add')
          rows.set(at, {
            p,
            s,
            version: 0,
            data: undefined,
            text: undefined,
            count: (rows.get(at)?.count ?? 0) + change.amount,
          });
        else {
          const version = typeof change.expect === 'number' ? change.expect + 1 : 1;
          const text = JSON.stringify(change.data);
          rows.set(at, { p, s, version, data: JSON.parse(text), text, count: 0 });
        }
      }
      return true;
    },
  };
};
