// Table `audit` in two forms, DynamoDB and memory, held to one contract test.
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { retrying } from '../services/retry.ts';
import type { Item } from './record.ts';

export interface AuditQuery {
  readonly p: string;
  /** Bounds of the sort key, inclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Sort key behind which a further page starts. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly newestFirst?: boolean | undefined;
  /** Only records of this patient key, or of this actor. */
  readonly where?: { readonly k?: string | undefined; readonly u?: string | undefined } | undefined;
}

export interface AuditTable {
  /** Stores a record if its place is free or holds the very same record (same hash); false: the place holds another. */
  append(item: Item): Promise<boolean>;
  put(item: Item): Promise<void>;
  /** Replaces an item if its attribute `n` is still what it was (undefined: there is no item). */
  replace(item: Item, n: number | undefined): Promise<boolean>;
  get(key: { p: string; s: string }): Promise<Item | undefined>;
  query(query: AuditQuery): Promise<{ items: Item[]; next: string | undefined }>;
}

export const dynamoAuditTable = ({ client, table }: { client: DynamoDBClient; table: string }): AuditTable => {
  const putIf = async (Item: Item, ConditionExpression: string, values: Record<string, AttributeValue>) => {
    const ExpressionAttributeValues = Object.keys(values).length > 0 ? values : undefined;
    try {
      const put = new PutItemCommand({ TableName: table, Item, ConditionExpression, ExpressionAttributeValues });
      await retrying(() => client.send(put));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };
  return {
    append: (item) => putIf(item, 'attribute_not_exists(p) OR h = :h', { ':h': item.h as AttributeValue }),
    put: async (item) => {
      await retrying(() => client.send(new PutItemCommand({ TableName: table, Item: item })));
    },
    replace: (item, n) =>
      n === undefined ? putIf(item, 'attribute_not_exists(p)', {}) : putIf(item, 'n = :n', { ':n': { N: String(n) } }),
    get: async ({ p, s }) => {
      const Key = { p: { S: p }, s: { S: s } };
      const get = new GetItemCommand({ TableName: table, Key, ConsistentRead: true });
      return (await retrying(() => client.send(get))).Item;
    },
    query: async ({ p, from = ' ', to = '~', after, limit, newestFirst = false, where = {} }) => {
      const filters = Object.entries(where).filter(([, value]) => value !== undefined) as [string, string][];
      const { Items = [], LastEvaluatedKey } = await retrying(() =>
        client.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: 'p = :p AND s BETWEEN :from AND :to',
            ...(filters.length > 0 && {
              FilterExpression: filters.map(([name]) => `${name} = :${name}`).join(' AND '),
            }),
            ExpressionAttributeValues: {
              ':p': { S: p },
              ':from': { S: from },
              ':to': { S: to },
              ...Object.fromEntries(filters.map(([name, value]) => [`:${name}`, { S: value }])),
            },
            ConsistentRead: true, // "who looked at my record" shows the look of a moment ago
            ScanIndexForward: !newestFirst,
            Limit: limit,
            ...(after !== undefined && { ExclusiveStartKey: { p: { S: p }, s: { S: after } } }),
          }),
        ),
      );
      return { items: Items, next: LastEvaluatedKey?.s?.S };
    },
  };
};

export const memoryAuditTable = (): AuditTable & { readonly items: Map<string, Item> } => {
  const items = new Map<string, Item>();
  const place = (item: Item) => `${item.p?.S}\n${item.s?.S}`;
  const same = (a: Item | undefined, b: Item) => Buffer.from(a?.h?.B ?? []).equals(Buffer.from(b.h?.B ?? []));
  const set = (item: Item) => {
    items.set(place(item), item);
    return true;
  };
  return {
    items,
    append: async (item) => (!items.has(place(item)) || same(items.get(place(item)), item)) && set(item),
    put: async (item) => void set(item),
    replace: async (item, n) => {
      const held = items.get(place(item));
      return (held ? Number(held.n?.N) : undefined) === n && set(item);
    },
    get: async ({ p, s }) => items.get(`${p}\n${s}`),
    query: async ({ p, from = ' ', to = '~', after, limit = 1_000, newestFirst = false, where = {} }) => {
      const order = newestFirst ? -1 : 1;
      const sort = (item: Item) => item.s?.S ?? '';
      const inRange = [...items.values()]
        .filter((item) => item.p?.S === p && sort(item) >= from && sort(item) <= to)
        .sort((a, b) => (sort(a) < sort(b) ? -order : order))
        .filter((item) => after === undefined || (newestFirst ? sort(item) < after : sort(item) > after));
      const page = inRange.slice(0, limit);
      const last = page.at(-1);
      const found = page.filter((item) =>
        Object.entries(where).every(([name, value]) => value === undefined || item[name]?.S === value),
      );
      return { items: found, next: last && inRange.length > limit ? sort(last) : undefined };
    },
  };
};
