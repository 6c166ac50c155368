// Carries out a plan: one row as one PutItem, up to a hundred as one TransactWriteItems, more than that staged.
import { randomUUID } from 'node:crypto';
import {
  PutItemCommand,
  type TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { backoff } from '../services/retry.ts';
import { clearOrRefuse, conditionOf, ensureHead, type Failed } from './conditions.ts';
import { type Item, itemSize, keyItem, keyName } from './items.ts';
import { type Plan, planWrites, type RowChange } from './plan.ts';
import type { Resources, Write } from './port.ts';
import { retrying, unavailable } from './send.ts';
import { commitStaged } from './staged.ts';
import type { Store } from './store.ts';
import type { Transactions } from './transactions.ts';

/** DynamoDB takes 4 MB in one transaction; names and expressions count too. */
const TRANSACTION_BYTES = 3_500_000;
/** Leftovers of others that stood in the way are put right, and the write is tried again. */
const CLEARINGS = 5;

export const openCommit =
  (store: Store, transactions: Transactions): Resources['commit'] =>
  async (writes, now) => {
    if (writes.length === 0) return [];
    const plan = await planWrites(store, writes, now);
    try {
      await carryOut(store, transactions, writes, plan, now + store.limits.answerMs);
    } catch (error) {
      await Promise.all(plan.documents.map((name) => store.documents.delete(name).catch(() => {})));
      throw error;
    }
    return [...plan.stored];
  };

const carryOut = async (
  store: Store,
  transactions: Transactions,
  writes: readonly Write[],
  plan: Plan,
  /** When whoever waits for the answer goes away. */
  until: number,
) => {
  const { changes } = plan;
  distinct(changes);
  const bytes = changes.reduce((sum, { image }) => sum + (image ? itemSize(image) : 100), 0);
  const fits = changes.length <= store.limits.transactionRows && bytes <= TRANSACTION_BYTES;
  if (!fits) return commitStaged(store, transactions, writes, changes, until);

  const once = changes.length === 1 && changes[0]!.image ? putOne : transact;
  for (let clearing = 0; ; clearing += 1) {
    const failed = await once(store, changes);
    if (!failed) return;
    await clearOrRefuse(transactions, writes, failed);
    if (clearing >= CLEARINGS) throw unavailable();
    await backoff(clearing);
  }
};

/** Two changes of one row in one commit can only be a mistake above us. */
const distinct = (changes: readonly RowChange[]): void => {
  if (new Set(changes.map(({ key }) => keyName(key))).size < changes.length) {
    throw new Error('a commit must not write one resource twice');
  }
};

const putOne = async ({ client, names }: Store, [change]: readonly RowChange[]): Promise<Failed[] | undefined> => {
  const { key, image } = change!;
  const command = new PutItemCommand({
    TableName: names[key.table],
    Item: image,
    ...conditionOf(change!),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  return retrying(async (mayBeDone) => {
    try {
      await client.send(command);
      return undefined;
    } catch (error) {
      const { name, Item: found } = error as { name: string; Item?: Item };
      if (name !== 'ConditionalCheckFailedException') throw error;
      // Our own write, whose answer was lost on the way.
      return mayBeDone && found && sameRow(found, image!) ? undefined : [{ change: change!, found }];
    }
  });
};

const sameRow = (a: Item, b: Item): boolean =>
  ['v', 'u', 'f'].every((name) => a[name]?.N === b[name]?.N && a[name]?.S === b[name]?.S) &&
  Buffer.compare(a.z?.B ?? Buffer.alloc(0), b.z?.B ?? Buffer.alloc(0)) === 0;

const transact = async ({ client, names }: Store, changes: readonly RowChange[]): Promise<Failed[] | undefined> => {
  const input = {
    TransactItems: changes.map((change) => transactItem(names[change.key.table], change)),
    // The same request sent again is carried out once: this is what a dropped connection needs.
    ClientRequestToken: randomUUID(),
  };
  return retrying(async () => {
    try {
      await client.send(new TransactWriteItemsCommand(input));
      return undefined;
    } catch (error) {
      const reasons = (error as TransactionCanceledException).CancellationReasons ?? [];
      const failed = changes.flatMap((change, at): Failed[] =>
        reasons[at]?.Code === 'ConditionalCheckFailed' ? [{ change, found: reasons[at].Item }] : [],
      );
      if (failed.length === 0) throw error;
      return failed;
    }
  });
};

const transactItem = (TableName: string, change: RowChange): TransactWriteItem => {
  const { key, image, kind } = change;
  const condition = { ...conditionOf(change), ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
  if (kind === 'head') return { Update: { TableName, ...ensureHead(change) } };
  return image
    ? { Put: { TableName, Item: image, ...condition } }
    : { Delete: { TableName, Key: keyItem(key), ...condition } };
};
