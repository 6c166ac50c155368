// What the desk of the region keeps in table `registry`, beside the identity rows that decide about sign-in (auth/rows.ts).
//
//   pattern                                   p                  s                trips
//   a facility, all facilities                tenant#facility    <code>           1 (a page is 1 MB)
//   a member of staff, all staff              tenant#staff       <id>             1
//   a system, all systems                     tenant#system      <client id>      1
//   what the region takes from the matrix     auth#matrix        -                1
//   access reviews, newest last               tenant#review      <time>#<n>       1
//
// Rows that belong together are written in one transaction; each write names the text that it found, so of two administrators
// at once the later one starts again.
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { refuse } from '../fhir/outcome.ts';
import { retrying } from '../services/retry.ts';

export interface RowKey {
  readonly p: string;
  readonly s: string;
}

export interface Row extends RowKey {
  /** JSON. */
  readonly d: string;
}

export interface RowChange extends Row {
  /** The text that was found; undefined: there was none. */
  readonly before: string | undefined;
}

export interface Rows {
  get(key: RowKey): Promise<Row | undefined>;
  /** All rows of a partition, in order of `s`; from the end where the newest are wanted. */
  list(p: string): Promise<Row[]>;
  /** All or none. Rejects (`conflict`) when one is not as it was found. */
  write(changes: readonly RowChange[]): Promise<void>;
}

export const conflict = () => refuse('conflict', 'somebody else has changed this meanwhile; read it again');

type Item = Record<string, AttributeValue>;

const rowOf = (item: Item): Row => ({ p: item.p?.S ?? '', s: item.s?.S ?? '', d: item.d?.S ?? 'null' });

export const dynamoRows = ({ client, table }: { client: DynamoDBClient; table: string }): Rows => ({
  get: async ({ p, s }) => {
    const read = new GetItemCommand({ TableName: table, Key: { p: { S: p }, s: { S: s } }, ConsistentRead: true });
    const { Item } = await retrying(() => client.send(read));
    return Item && rowOf(Item);
  },
  list: async (p) => {
    const rows: Row[] = [];
    let after: Item | undefined;
    do {
      const query = new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'p = :p',
        ExpressionAttributeValues: { ':p': { S: p } },
        ConsistentRead: true,
        ...(after && { ExclusiveStartKey: after }),
      });
      const { Items = [], LastEvaluatedKey } = await retrying(() => client.send(query));
      rows.push(...Items.map(rowOf));
      after = LastEvaluatedKey;
    } while (after);
    return rows;
  },
  write: async (changes) => {
    const write = new TransactWriteItemsCommand({
      TransactItems: changes.map(({ p, s, d, before }) => ({
        Put: {
          TableName: table,
          Item: { p: { S: p }, s: { S: s }, d: { S: d } },
          // The second: our own write, whose answer was lost.
          ConditionExpression: before === undefined ? 'attribute_not_exists(p) OR d = :d' : 'd = :before OR d = :d',
          ExpressionAttributeValues: { ':d': { S: d }, ...(before !== undefined && { ':before': { S: before } }) },
        },
      })),
    });
    try {
      await retrying(() => client.send(write));
    } catch (error) {
      if (error instanceof TransactionCanceledException) throw conflict();
      throw error;
    }
  },
});

export const memoryRows = (): Rows => {
  const held = new Map<string, Row>();
  const at = ({ p, s }: RowKey) => `${p}\n${s}`;
  return {
    get: async (key) => held.get(at(key)),
    list: async (p) => [...held.values()].filter((row) => row.p === p).sort((a, b) => (a.s < b.s ? -1 : 1)),
    write: async (changes) => {
      for (const { before, d, ...key } of changes) {
        const now = held.get(at(key))?.d;
        if (now !== before && now !== d) throw conflict();
      }
      for (const { p, s, d } of changes) held.set(at({ p, s }), { p, s, d });
    },
  };
};
