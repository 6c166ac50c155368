// Transactions larger than DynamoDB's: the record that decides one, and how a row that it has staged is to be read.
//
// A staged row carries `t` (transaction) and `w` (its next image; an empty map: the row goes). Its other attributes are the
// row before; a row without `n` was not there before. A shadow has `w` as a string and never an image.
// The record is PENDING until one conditional write makes it COMMITTED or ABORTED, which is final. No record: aborted, since a
// record is written before the first row and kept for a day after the last one is rolled forward.
import { DeleteItemCommand, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type Item, type Key, keyItem, number, text } from './items.ts';
import { key } from './keys.ts';
import { eachOf, retrying } from './send.ts';
import type { Store } from './store.ts';

export type State = 'pending' | 'committed' | 'aborted';
const STATES: Readonly<Record<string, State>> = { P: 'pending', C: 'committed', A: 'aborted' };

const MOST_REMEMBERED = 1_000;
/** A reader that meets leftovers puts this many of them right, and not more: it has an answer to give. */
const MENDED_BY_READER = 25;
/** Each time another large transaction must have been decided in the few milliseconds of one read. */
const REREADS = 5;

export const isShadow = (item: Item): boolean => item.w?.S !== undefined;

export interface Transactions {
  stateOf(id: string): Promise<State>;
  /** PENDING → COMMITTED within the deadline, or else ABORTED: what it has become. */
  decide(id: string, to: 'C' | 'A'): Promise<State>;
  /** Makes one staged row what its transaction decided. */
  roll(at: Key, item: Item, state: State): Promise<void>;
  /** Runs one read, and again if it met a transaction that was committed a moment ago. */
  reading<T>(read: (reader: Reader) => Promise<T>): Promise<T>;
}

export interface Reader {
  /** Finds out about the transactions of these rows. */
  learn(items: readonly Item[]): Promise<void>;
  /** The row as it is for this operation. */
  image(item: Item): Item | undefined;
  /**
   * True: a transaction was found committed, or has been since, so that some of its rows may have been read before they were
   * staged. Read again, they are all of one time.
   */
  outdated(): Promise<boolean>;
  /** Rolls a few of the leftovers; errors are of no concern to a reader. */
  mend(rows: readonly { at: Key; item: Item }[]): Promise<void>;
}

export const openTransactions = ({ client, names, clock }: Pick<Store, 'client' | 'names' | 'clock'>): Transactions => {
  /** Final, so worth keeping; with the order in which we heard of them. */
  const committed = new Map<string, number>();
  let heard = 0;

  const remember = (id: string): void => {
    if (committed.size >= MOST_REMEMBERED) committed.clear();
    if (!committed.has(id)) committed.set(id, ++heard);
  };

  const read = async (id: string): Promise<{ state: State; deadline: number }> => {
    const { Item: record } = await retrying(() =>
      client.send(
        new GetItemCommand({ TableName: names.registry, Key: keyItem(key.transaction(id)), ConsistentRead: true }),
      ),
    );
    return { state: STATES[text(record?.a)] ?? 'aborted', deadline: number(record?.e) };
  };

  const decide: Transactions['decide'] = async (id, to) => {
    try {
      await retrying(() =>
        client.send(
          new UpdateItemCommand({
            TableName: names.registry,
            Key: keyItem(key.transaction(id)),
            UpdateExpression: 'SET a = :to',
            ConditionExpression: to === 'C' ? 'a = :pending AND e > :now' : 'a = :pending',
            ExpressionAttributeValues: {
              ':to': { S: to },
              ':pending': { S: 'P' },
              ...(to === 'C' && { ':now': { N: String(clock()) } }),
            },
          }),
        ),
      );
      if (to === 'C') remember(id);
      return to === 'C' ? 'committed' : 'aborted';
    } catch (error) {
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
      // Perhaps our own write, whose answer was lost; perhaps someone else's; or the deadline has passed.
      const { state } = await read(id);
      return state === 'pending' ? decide(id, 'A') : state;
    }
  };

  const stateOf = async (id: string): Promise<State> => {
    if (committed.has(id)) return 'committed';
    const { state, deadline } = await read(id);
    if (state === 'committed') remember(id);
    return state === 'pending' && deadline <= clock() ? decide(id, 'A') : state;
  };

  const roll: Transactions['roll'] = async (at, item, state) => {
    if (state === 'pending') return;
    const TableName = names[at.table];
    const mine = { ConditionExpression: 't = :t', ExpressionAttributeValues: { ':t': item.t! } };
    const next = isShadow(item) ? undefined : state === 'committed' ? nextOf(item) : item.n && 'before';
    const command =
      next === 'before'
        ? new UpdateItemCommand({ TableName, Key: keyItem(at), UpdateExpression: 'REMOVE t, w', ...mine })
        : next
          ? new PutItemCommand({ TableName, Item: next as Item, ...mine })
          : new DeleteItemCommand({ TableName, Key: keyItem(at), ...mine });
    try {
      await retrying(() => client.send(command as PutItemCommand));
    } catch (error) {
      // Someone else was here first: then it is done.
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
    }
  };

  const reader = (): Reader => {
    const known = new Map<string, State>();
    const began = heard;
    let surprised = false;
    return {
      learn: async (items) => {
        const ids = new Set(items.flatMap((item) => (item.t ? [text(item.t)] : [])));
        const fresh = [...ids].filter((id) => (known.get(id) ?? 'pending') === 'pending');
        await Promise.all(fresh.map(async (id) => known.set(id, await stateOf(id))));
        surprised ||= fresh.some((id) => known.get(id) === 'committed' && (committed.get(id) ?? heard + 1) > began);
      },
      image: (item) => {
        if (!item.t) return item;
        if (known.get(text(item.t)) === 'committed') return nextOf(item);
        if (!item.n) return undefined;
        const { t: _t, w: _w, ...before } = item;
        return before;
      },
      outdated: async () => {
        if (surprised) return true;
        const pending = [...known].filter(([, state]) => state === 'pending');
        const states = await Promise.all(pending.map(([id]) => stateOf(id)));
        return states.some((state) => state === 'committed');
      },
      mend: async (rows) => {
        // Not shadows: the row that one leads to may still stand under its old code.
        const final = rows.filter(
          ({ item }) => item.t && !isShadow(item) && (known.get(text(item.t)) ?? 'pending') !== 'pending',
        );
        await eachOf(final.slice(0, MENDED_BY_READER), 8, async ({ at, item }) => {
          await roll(at, item, known.get(text(item.t))!).catch(() => {});
        });
      },
    };
  };

  const reading: Transactions['reading'] = async (read) => {
    for (let again = 0; ; again += 1) {
      const one = reader();
      const found = await read(one);
      if (again >= REREADS || !(await one.outdated())) return found;
    }
  };

  return { stateOf, decide, roll, reading };
};

const nextOf = (item: Item): Item | undefined => {
  const next = item.w?.M;
  return next && Object.keys(next).length > 0 ? next : undefined;
};
