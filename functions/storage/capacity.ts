// What a plan costs in write units, and how long a partition needs for it. DynamoDB Local counts one row of a transaction, so
// tests and docs compute: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
//
// For one person (one partition, 1,000 write units a second), server ids, rows under 1 KB:
//   5,000 Observations: staged 2 each (row and `byCode`), rolled forward 2 each: 20,000 units, 20 s
//   5,000 others: 1 + 1: 10,000 units, 10 s
// An API request has 29 s. What is not rolled forward 5 s after the decision is left to the sweeper, so that the answer leaves
// after about 15 s in the first case. Client-assigned ids add two units each to partitions of `registry`, one for each alias,
// which slow nothing down. A new table has 4,000 units a second in all.
import { type Item, itemSize, keyName, text } from './items.ts';
import type { RowChange } from './plan.ts';

const UNIT_BYTES = 1024;
const units = (bytes: number): number => Math.max(1, Math.ceil(bytes / UNIT_BYTES));

/** Write units of one row's change, its indexes included, outside of any transaction. */
const rowUnits = ({ image, codeBefore }: Pick<RowChange, 'image' | 'codeBefore'>): number => {
  const size = units(image ? itemSize(image) : 0);
  const code = image?.c && text(image.c);
  const lists = image ? ['gt1', 'gt2'].filter((name) => image[name]).length : 0;
  const left = codeBefore && codeBefore !== code ? 1 : 0;
  return size * (1 + (code ? 1 : 0) + lists) + left;
};

/** Staging writes keys, transaction and next image, and no work lists; a row that is there keeps its own image beside it. */
const stagedUnits = (change: RowChange): number => {
  if (change.kind === 'early' || change.kind === 'head') return rowUnits(change);
  const staged: Item = { ...(change.image?.c && { c: change.image.c }), t: { S: '-'.repeat(36) } };
  const bytes = itemSize(staged) + (change.image ? itemSize(change.image) : 0) + 40;
  const before = change.expect === 'absent' ? 0 : UNIT_BYTES / 2; // an assumption: half a KB of what is there
  const stage = units(bytes + before) * (change.image?.c || change.codeBefore ? 2 : 1);
  const { codeBefore } = change;
  const shadow = change.image?.c && change.expect !== 'absent' && text(change.image.c) !== codeBefore ? 4 : 0;
  return stage + rowUnits(change) + shadow;
};

export interface WriteUnits {
  readonly total: number;
  /** By `table|partition`. */
  readonly partitions: ReadonlyMap<string, number>;
}

/** A plan's write units, as one plain write, as a DynamoDB transaction (twice of everything), or staged and rolled forward. */
export const computeWriteUnits = (
  changes: readonly RowChange[],
  how: 'plain' | 'transaction' | 'staged',
): WriteUnits => {
  const partitions = new Map<string, number>();
  for (const change of changes) {
    const cost = how === 'staged' ? stagedUnits(change) : rowUnits(change) * (how === 'transaction' ? 2 : 1);
    const partition = keyName({ ...change.key, s: '' }).slice(0, -1);
    partitions.set(partition, (partitions.get(partition) ?? 0) + cost);
  }
  return { total: [...partitions.values()].reduce((sum, one) => sum + one, 0), partitions };
};
