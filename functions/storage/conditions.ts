// What a row must be like for its change, and what to say when it is not.
import { referenceOf } from './heads.ts';
import { type Item, keyItem, text } from './items.ts';
import type { RowChange } from './plan.ts';
import type { Write } from './port.ts';
import type { Transactions } from './transactions.ts';
import { WriteRefused } from './write-refused.ts';

export interface Failed {
  readonly change: RowChange;
  readonly found: Item | undefined;
}

/** Refuses, unless what stood in the way was a leftover of a decided transaction, and is out of the way now. */
export const clearOrRefuse = async (
  transactions: Transactions,
  writes: readonly Write[],
  failed: readonly Failed[],
): Promise<void> => {
  for (const { change, found } of failed) {
    if (!found?.t) throw refusal(writes, change, change.expect === 'absent' ? 'exists' : 'changed');
    const state = await transactions.stateOf(text(found.t));
    if (state === 'pending') throw refusal(writes, change, 'busy');
    await transactions.roll(change.key, found, state);
  }
};

const refusal = (writes: readonly Write[], { write }: RowChange, reason: 'exists' | 'changed' | 'busy') => {
  const of = writes[write]!;
  // A place that is taken on a move is no other resource of that id.
  return new WriteRefused(write, reason === 'exists' && of.kind !== 'create' ? 'changed' : reason, referenceOf(of));
};

export const conditionOf = ({ expect }: RowChange) =>
  expect === 'absent'
    ? { ConditionExpression: 'attribute_not_exists(p)' }
    : expect === 'free'
      ? { ConditionExpression: 'attribute_not_exists(t)' }
      : expect === 'unversioned'
        ? { ConditionExpression: 'attribute_not_exists(v) AND attribute_not_exists(t)' }
        : {
            ConditionExpression: 'v = :v AND attribute_not_exists(t)',
            ExpressionAttributeValues: { ':v': { N: String(expect.version) } },
          };

/** A head that is there already, with what it knows, stays. */
export const ensureHead = ({ key, image }: RowChange) => ({
  Key: keyItem(key),
  UpdateExpression: 'SET n = if_not_exists(n, :n)',
  ExpressionAttributeValues: { ':n': image!.n! },
});
