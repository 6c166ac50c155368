// Puts right what a transaction has staged, once it is decided: by its own writer, or later by the sweeper.
import { inflateRawSync } from 'node:zlib';
import { DeleteItemCommand, GetItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { eachBatch, putRows, unveilRows } from './batches.ts';
import { type Key, keyItem, number, text } from './items.ts';
import { isAliasKey, isShadowKey, key, TRANSACTIONS } from './keys.ts';
import { keyFrom, type Row, readRows } from './rows.ts';
import { eachOf, retrying } from './send.ts';
import type { Store } from './store.ts';
import { isShadow, type State, type Transactions } from './transactions.ts';

/** The part of the store that this needs; ids, and so the region's key, are none of it. */
export type Sweeping = Pick<Store, 'client' | 'names' | 'clock' | 'limits' | 'documents'>;

const KEPT_SECONDS = 24 * 60 * 60;

/** True when all rows are done. */
export const rollWithin = async (
  store: Sweeping,
  transactions: Transactions,
  rows: readonly Row[],
  state: State,
  ms: number,
): Promise<boolean> => {
  const end = store.clock() + ms;
  let late = false;
  const isLate = () => {
    late ||= store.clock() > end;
    return late;
  };
  const one = async ({ at, item }: Row) => {
    if (!isLate()) await transactions.roll(at, item, state);
  };
  const roll = async (some: readonly Row[]) => {
    const forward = (row: Row) => state === 'committed' && isFresh(row);
    const next = ({ item }: Row) => item.w!.M!;
    // An alias never changes once it is there: this one may be written whatever has become of it meanwhile.
    const aliases = some.filter((row) => forward(row) && isAliasKey(row.at));
    await eachBatch(store, aliases, next, async (batch) => {
      if (isLate()) return;
      const rows = batch.map((row) => ({ at: row.at, item: next(row) }));
      if (batch.length > 1) await putRows(store, rows);
      else await one(batch[0]!);
    });
    const charted = some.filter((row) => forward(row) && row.at.table === 'clinical');
    await eachBatch(store, charted, next, async (batch) => {
      if (isLate()) return;
      const rows = batch.map((row) => ({ at: row.at, t: row.item.t!, next: next(row) }));
      const done = batch.length > 1 ? await unveilRows(store, rows) : [];
      for (const [at, row] of batch.entries()) if (!done[at]) await one(row);
    });
    const batched = new Set([...aliases, ...charted]);
    await eachOf(
      some.filter((row) => !batched.has(row)),
      store.limits.width,
      one,
    );
  };
  // Shadows go when all others are done, not beside the last of them: until then they are what leads to rows under a new code.
  await roll(rows.filter(({ item }) => !isShadow(item)));
  await roll(rows.filter(({ item }) => isShadow(item)));
  return !late;
};

/** A new row: its next image is all that it will have. */
const isFresh = ({ item }: Row): boolean => !item.n && Object.keys(item.w?.M ?? {}).length > 0;

export const finish = async ({ client, names, clock }: Sweeping, id: string): Promise<void> => {
  const TableName = names.registry;
  const { Items = [] } = await retrying(() => client.send(new QueryCommand(manifestQuery(TableName, id))));
  const gone = [...Items.map((item) => keyItem(keyFrom('registry', item))), keyItem(key.openTransaction(id))];
  // Readers that met a staged row a moment ago still ask for the decision.
  await retrying(() =>
    client.send(
      new UpdateItemCommand({
        TableName,
        Key: keyItem(key.transaction(id)),
        UpdateExpression: 'SET #ttl = :ttl',
        ConditionExpression: 'attribute_exists(p)',
        ExpressionAttributeNames: { '#ttl': 'ttl' },
        ExpressionAttributeValues: { ':ttl': { N: String(Math.floor(clock() / 1000) + KEPT_SECONDS) } },
      }),
    ),
  ).catch((error: Error) => {
    if (error.name !== 'ConditionalCheckFailedException') throw error;
  });
  for (const Key of gone) await retrying(() => client.send(new DeleteItemCommand({ TableName, Key })));
};

const manifestQuery = (TableName: string, id: string) => ({
  TableName,
  KeyConditionExpression: 'p = :p AND begins_with(s, :m)',
  ExpressionAttributeValues: { ':p': { S: key.transaction(id).p }, ':m': { S: 'M' } },
  ConsistentRead: true,
});

export interface Swept {
  readonly rolledForward: number;
  readonly rolledBack: number;
  /** Still within their deadline. */
  readonly pending: number;
}

/** Finishes what was left behind: committed transactions forward, aborted and expired ones back. */
export const sweepTransactions = async (store: Sweeping, transactions: Transactions): Promise<Swept> => {
  const { client, names, clock } = store;
  const swept = { rolledForward: 0, rolledBack: 0, pending: 0 };
  const { Items = [] } = await retrying(() =>
    client.send(
      new QueryCommand({
        TableName: names.registry,
        KeyConditionExpression: 'p = :p',
        ExpressionAttributeValues: { ':p': { S: TRANSACTIONS } },
        ConsistentRead: true,
      }),
    ),
  );
  for (const open of Items) {
    const id = text(open.s);
    // A listed transaction without a record may be just beginning.
    const state =
      number(open.e) > clock() && !(await hasRecord(store, id)) ? 'pending' : await transactions.stateOf(id);
    if (state === 'pending') swept.pending += 1;
    else {
      await rollAll(store, transactions, id, state);
      // A write that was on its way when its transaction was aborted may still arrive: look again after the deadline.
      if (state === 'committed' || number(open.e) + store.limits.stagingMs < clock()) await finish(store, id);
      if (state === 'committed') swept.rolledForward += 1;
      else swept.rolledBack += 1;
    }
  }
  return swept;
};

const hasRecord = async ({ client, names }: Sweeping, id: string): Promise<boolean> => {
  const { Item: record } = await retrying(() =>
    client.send(
      new GetItemCommand({ TableName: names.registry, Key: keyItem(key.transaction(id)), ConsistentRead: true }),
    ),
  );
  return record !== undefined;
};

export const rollAll = async (
  store: Sweeping,
  transactions: Transactions,
  id: string,
  state: State,
  /** Where time is short; what is not done stays on the list. */
  ms = Number.POSITIVE_INFINITY,
): Promise<void> => {
  const end = store.clock() + ms;
  const { Items: chunks = [] } = await retrying(() =>
    store.client.send(new QueryCommand(manifestQuery(store.names.registry, id))),
  );
  for (const chunk of chunks) {
    const list = JSON.parse(inflateRawSync(chunk.z!.B!).toString()) as [string, string, string][];
    const keys = list.map(([table, p, s]): Key => ({ table: table === 'c' ? 'clinical' : 'registry', p, s }));
    const roll = (some: readonly Key[]) =>
      eachOf(inHundreds(some), 4, async (batch) => {
        if (store.clock() > end) return;
        const rows = (await readRows(store, batch)).filter(({ item }) => text(item.t) === id);
        await rollWithin(store, transactions, rows, state, end - store.clock());
        if (state === 'aborted') await dropBodies(store, rows);
      });
    await roll(keys.filter((at) => !isShadowKey(at)));
    await roll(keys.filter(isShadowKey));
  }
};

const inHundreds = (keys: readonly Key[]): Key[][] =>
  Array.from({ length: Math.ceil(keys.length / 100) }, (_, at) => keys.slice(at * 100, at * 100 + 100));

/** Bodies in S3 that nobody will ever point to. */
const dropBodies = async ({ documents }: Sweeping, rows: readonly Row[]): Promise<void> => {
  const names = rows.flatMap(({ item }) => (item.w?.M?.y ? [text(item.w.M.y)] : []));
  await Promise.all(names.map((name) => documents.delete(name).catch(() => {})));
};
