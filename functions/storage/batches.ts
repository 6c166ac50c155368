// Many rows in one call, for large commits: a tenth of the processor time of single calls (docs/loading.md). A batch is no
// transaction: of each row it tells whether it was written, and what was not is written alone, which tells why.
import {
  type AttributeValue,
  BatchExecuteStatementCommand,
  type BatchStatementRequest,
  BatchWriteItemCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { backoff } from '../services/retry.ts';
import { type Item, itemSize, type Key } from './items.ts';
import type { Row } from './rows.ts';
import { eachOf, retrying, unavailable } from './send.ts';
import type { Store } from './store.ts';

type Sending = Pick<Store, 'client' | 'names'>;

/** DynamoDB takes 16 MB in a batch; a call that fails is sent again as a whole. */
const BATCH_BYTES = 1_000_000;
const TRIES = 8;
/** A batch takes the room of so many requests: four at once of a hundred rows, where there could be 24 of one. */
const BATCH_WEIGHT = 6;

/** Works in batches, in order, none too large to be sent again; a few of them at once. */
export const eachBatch = <T>(
  { limits }: Pick<Store, 'limits'>,
  rows: readonly T[],
  itemOf: (row: T) => Item,
  work: (batch: readonly T[]) => Promise<void>,
): Promise<void> => {
  const { batchRows, width } = limits;
  return eachOf(batchesOf(rows, batchRows, itemOf), batchRows > 1 ? Math.ceil(width / BATCH_WEIGHT) : width, work);
};

const batchesOf = <T>(rows: readonly T[], most: number, itemOf: (row: T) => Item): T[][] => {
  const batches: T[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = itemSize(itemOf(row));
    const last = batches.at(-1);
    if (last && last.length < most && bytes + size <= BATCH_BYTES) last.push(row);
    else {
      batches.push([row]);
      bytes = 0;
    }
    bytes += size;
  }
  return batches;
};

/** Of which rows this is worth asking again, one by one. Anything else is a mistake of ours, or a permission that lacks. */
const REFUSED = new Set(['DuplicateItem', 'ConditionalCheckFailed']);
const PASSING = new Set([
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'InternalServerError',
  'TransactionConflict',
]);

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html */
const execute = async ({ client }: Sending, Statements: BatchStatementRequest[]): Promise<boolean[]> => {
  const { Responses = [] } = await retrying(() => client.send(new BatchExecuteStatementCommand({ Statements })));
  return Statements.map((_, at) => {
    const { Code, Message } = Responses[at]?.Error ?? {};
    if (Code !== undefined && !REFUSED.has(Code) && !PASSING.has(Code)) throw new Error(`${Code}: ${Message}`);
    return Responses[at] !== undefined && Code === undefined;
  });
};

/** Writes each row that is not there. False: there is one, or it was not our turn. */
export const insertRows = (store: Sending, rows: readonly Row[]): Promise<boolean[]> =>
  execute(
    store,
    rows.map(({ at, item }) => ({
      Statement: `INSERT INTO "${store.names[at.table]}" VALUE {${Object.keys(item).map((name) => `'${name}':?`)}}`,
      Parameters: Object.values(item),
    })),
  );

/** Makes rows that transaction `t` has staged, and that were not there before, what they are to be. False: not done by us. */
export const unveilRows = (
  store: Sending,
  rows: readonly { readonly at: Key; readonly t: AttributeValue; readonly next: Item }[],
): Promise<boolean[]> =>
  execute(
    store,
    rows.map(({ at, t, next: { p, s, ...rest } }) => ({
      Statement: [
        `UPDATE "${store.names[at.table]}"`,
        ...Object.keys(rest).map((name) => `SET "${name}"=?`),
        'REMOVE "t" REMOVE "w" WHERE "p"=? AND "s"=? AND "t"=?',
      ].join(' '),
      Parameters: [...Object.values(rest), p!, s!, t],
    })),
  );

/** Writes whatever is there, so only what never takes another form: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
export const putRows = async ({ client, names }: Sending, rows: readonly Row[]): Promise<void> => {
  let left: Record<string, WriteRequest[]> = {};
  for (const { at, item } of rows) {
    left[names[at.table]] = [...(left[names[at.table]] ?? []), { PutRequest: { Item: item } }];
  }
  for (let tries = 0; Object.keys(left).length > 0; tries += 1) {
    if (tries >= TRIES) throw unavailable();
    if (tries > 0) await backoff(tries);
    const RequestItems = left;
    const { UnprocessedItems = {} } = await retrying(() => client.send(new BatchWriteItemCommand({ RequestItems })));
    left = UnprocessedItems;
  }
};
