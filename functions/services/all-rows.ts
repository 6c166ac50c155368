import type { Row, RowStore } from './row-store.ts';

/** All rows of a partition, in order of `s`, page after page. */
export const allRows = async (rows: Pick<RowStore, 'list'>, p: string): Promise<Row[]> => {
  const all: Row[] = [];
  let after: string | undefined;
  do {
    const page = await rows.list({ p, after, limit: 1_000 });
    all.push(...page.rows);
    after = page.next;
  } while (after !== undefined);
  return all;
};
