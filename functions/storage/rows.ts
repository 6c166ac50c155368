import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import { backoff } from '../services/retry.ts';
import { type Item, type Key, keyItem, keyName, type Table, text } from './items.ts';
import { retrying, unavailable } from './send.ts';
import type { Store } from './store.ts';

export interface Row {
  readonly at: Key;
  readonly item: Item;
}

export const keyFrom = (table: Table, item: Item): Key => ({ table, p: text(item.p), s: text(item.s) });

/** Rows as they stand, staged or not; in no order. At most 100 keys. */
export const readRows = async (
  { client, names }: Pick<Store, 'client' | 'names'>,
  keys: readonly Key[],
): Promise<Row[]> => {
  const found: Row[] = [];
  const wanted = new Map(keys.map((at) => [keyName(at), at]));
  let left: Key[] = [...wanted.values()];
  for (let tries = 0; left.length > 0; tries += 1) {
    const asked = left;
    if (tries > 0) await backoff(tries);
    if (tries > 10) throw unavailable();
    const { Responses = {} } = await retrying(() =>
      client.send(
        new BatchGetItemCommand({
          RequestItems: Object.fromEntries(
            (['clinical', 'registry'] as const).flatMap((table) => {
              const Keys = asked.filter((at) => at.table === table).map(keyItem);
              return Keys.length > 0 ? [[names[table], { Keys, ConsistentRead: true }]] : [];
            }),
          ),
        }),
      ),
    ).then((answer) => {
      const unread = answer.UnprocessedKeys ?? {};
      left = (['clinical', 'registry'] as const).flatMap((table) =>
        (unread[names[table]]?.Keys ?? []).map((item) => keyFrom(table, item)),
      );
      return answer;
    });
    for (const table of ['clinical', 'registry'] as const) {
      for (const item of Responses[names[table]] ?? []) {
        found.push({ at: keyFrom(table, item), item });
      }
    }
  }
  return found;
};
