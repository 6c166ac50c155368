// A commit of more rows than one DynamoDB transaction takes (design, section 5): list the rows, stage them, flip one record,
// roll forward. A crash at any point leaves either nothing to be seen (before the flip) or everything (after it).
import { randomUUID } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { backoff } from '../services/retry.ts';
import { eachBatch, insertRows } from './batches.ts';
import { clearOrRefuse, conditionOf, ensureHead, type Failed } from './conditions.ts';
import { type Item, type Key, keyItem, text } from './items.ts';
import { key, SCHEMA } from './keys.ts';
import type { RowChange } from './plan.ts';
import type { Write } from './port.ts';
import type { Row } from './rows.ts';
import { eachOf, outOfTime, retrying, unavailable } from './send.ts';
import type { Store } from './store.ts';
import { finish, rollAll, rollWithin } from './sweep.ts';
import type { State, Transactions } from './transactions.ts';

const CHUNK_KEYS = 2_000; // some 20 KB each, deflated
const CLEARINGS = 5;
/** What a row may take on a partition that writes a thousand units a second, and then some. */
const MS_A_ROW = 20;

export const commitStaged = async (
  store: Store,
  transactions: Transactions,
  writes: readonly Write[],
  changes: readonly RowChange[],
  until: number,
): Promise<void> => {
  const id = randomUUID();
  const isLate = () => store.clock() > until;
  const heads = changes.filter(({ kind }) => kind === 'head');
  const early = changes.filter(({ kind }) => kind === 'early');
  const rows: Staged[] = [...changes.filter(({ kind }) => !kind), ...shadows(changes)];

  await begin(
    store,
    id,
    rows.map((row) => row.key),
  );
  const staged: Row[] = [];
  try {
    await eachOf(heads, store.limits.width, (head) => sendHead(store, head));
    await eachBatch(store, early.map(rowOf), itemOf, async (batch) => {
      const done = batch.length > 1 ? await insertRows(store, batch) : [];
      for (const [at, row] of batch.entries()) if (!done[at]) await putEarly(store, row);
    });
    const alone = async (row: Staged) => {
      if (isLate()) throw outOfTime();
      staged.push(await stage(store, transactions, writes, row, id));
    };
    const isNew = ({ expect }: Staged) => expect === 'absent';
    const fresh = rows.filter(isNew).map((row) => ({ row, at: row.key, item: freshRow(row, id) }));
    await eachBatch(store, fresh, itemOf, async (batch) => {
      if (isLate()) throw outOfTime();
      const done = batch.length > 1 ? await insertRows(store, batch) : [];
      for (const [at, one] of batch.entries()) {
        if (done[at]) staged.push(one);
        else await alone(one.row);
      }
    });
    await eachOf(
      rows.filter((row) => !isNew(row)),
      store.limits.width,
      alone,
    );
    if (isLate()) throw outOfTime();
    if ((await transactions.decide(id, 'C')) !== 'committed') throw unavailable();
  } catch (error) {
    // If even that fails, others will do it: nothing of an undecided transaction can be seen.
    const state = await giveUp(store, transactions, id, isLate() ? store.limits.rollForwardMs : undefined).catch(
      () => 'aborted' as const,
    );
    if (state !== 'committed') throw error;
  }
  // From here on the transaction stands, whatever happens to us.
  await rollWithin(store, transactions, staged, 'committed', store.limits.rollForwardMs)
    .then((done) => (done ? finish(store, id) : undefined))
    .catch(() => {});
};

type Staged = RowChange & {
  /** Of a shadow: sort key of the row that it leads to. */
  readonly leads?: string;
};

/** A reader by the new code must meet a row whose code changes; the row itself stands under its old code until rolled. */
const shadows = (changes: readonly RowChange[]): Staged[] =>
  changes.flatMap((change) => {
    const { image, codeBefore, key: at } = change;
    const after = image?.c && text(image.c);
    if (!after || change.expect === 'absent' || after === codeBefore) return [];
    const shadow = key.shadow(at);
    return [
      {
        ...change,
        key: shadow,
        image: { ...keyItem(shadow), c: image.c! },
        expect: 'absent' as const,
        leads: at.s,
      },
    ];
  });

const begin = async (store: Store, id: string, keys: readonly Key[]): Promise<void> => {
  const deadline = String(store.clock() + store.limits.stagingMs + keys.length * MS_A_ROW);
  const put = (Item: Item) =>
    retrying(() => store.client.send(new PutItemCommand({ TableName: store.names.registry, Item })));
  const n = { N: String(SCHEMA) };
  // In this order: what is listed may not exist, what exists is listed.
  await put({ ...keyItem(key.openTransaction(id)), n, e: { N: deadline } });
  const chunks = Array.from({ length: Math.ceil(keys.length / CHUNK_KEYS) }, (_, at) =>
    keys.slice(at * CHUNK_KEYS, (at + 1) * CHUNK_KEYS),
  );
  await eachOf(chunks, 4, async (chunk, at) => {
    const list = deflateRawSync(JSON.stringify(chunk.map(({ table, p, s }) => [table[0], p, s])));
    await put({ ...keyItem(key.manifest(id, at)), n, z: { B: list } });
  });
  await put({ ...keyItem(key.transaction(id)), n, a: { S: 'P' }, e: { N: deadline } });
};

const sendHead = async ({ client, names }: Store, head: RowChange): Promise<void> => {
  await retrying(() => client.send(new UpdateItemCommand({ TableName: names[head.key.table], ...ensureHead(head) })));
};

const rowOf = ({ key: at, image }: RowChange): Row => ({ at, item: image ?? {} });
const itemOf = ({ item }: Row): Item => item;

/** An old version may be there from an attempt that failed. */
const putEarly = async ({ client, names }: Store, { at, item }: Row): Promise<void> => {
  await retrying(() => client.send(new PutItemCommand({ TableName: names[at.table], Item: item })));
};

const freshRow = ({ key: at, image, leads }: Staged, id: string): Item => ({
  ...keyItem(at),
  t: { S: id },
  w: leads ? { S: leads } : { M: image ?? {} },
  ...(image?.c && { c: image.c }),
});

/** Writes `t` and `w` if the row is as expected; what is there already stays beside them. */
const stage = async (
  store: Store,
  transactions: Transactions,
  writes: readonly Write[],
  change: Staged,
  id: string,
): Promise<Row> => {
  const { key: at } = change;
  const fresh = freshRow(change, id);
  for (let clearing = 0; ; clearing += 1) {
    const failed = await stageOnce(store, change, fresh);
    if (!failed) return { at, item: change.expect === 'absent' ? fresh : { ...fresh, n: { N: String(SCHEMA) } } };
    await clearOrRefuse(transactions, writes, [failed]);
    if (clearing >= CLEARINGS) throw unavailable();
    await backoff(clearing);
  }
};

const stageOnce = ({ client, names }: Store, change: RowChange, fresh: Item): Promise<Failed | undefined> => {
  const TableName = names[change.key.table];
  const { ConditionExpression, ExpressionAttributeValues } = conditionOf(change) as ReturnType<typeof conditionOf> & {
    ExpressionAttributeValues?: Item;
  };
  const failing = { ConditionExpression, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
  const command =
    change.expect === 'absent'
      ? new PutItemCommand({ TableName, Item: fresh, ...failing })
      : new UpdateItemCommand({
          TableName,
          Key: keyItem(change.key),
          // A row that is not there yet needs its code, one that is there has one, or a shadow.
          UpdateExpression: `SET t = :t, w = :w${fresh.c && change.expect === 'free' ? ', c = if_not_exists(c, :c)' : ''}`,
          ExpressionAttributeValues: {
            ...ExpressionAttributeValues,
            ':t': fresh.t!,
            ':w': fresh.w!,
            ...(fresh.c && change.expect === 'free' && { ':c': fresh.c }),
          },
          ...failing,
        });
  return retrying(async () => {
    try {
      await client.send(command as PutItemCommand);
      return undefined;
    } catch (error) {
      const { name, Item: found } = error as { name: string; Item?: Item };
      if (name !== 'ConditionalCheckFailedException') throw error;
      return found?.t && text(found.t) === text(fresh.t) ? undefined : { change, found };
    }
  });
};

/** The decision may have been made although its answer was lost: then it stands, and the rows are rolled forward. */
const giveUp = async (
  store: Store,
  transactions: Transactions,
  id: string,
  /** Where time is short; the sweeper does the rest, and whoever meets a row of it. */
  ms: number | undefined,
): Promise<State> => {
  const state = await transactions.decide(id, 'A');
  // A row whose write is still on its way is left to the sweeper, so the transaction stays on its list.
  await rollAll(store, transactions, id, state, ms);
  return state;
};
