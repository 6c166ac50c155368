// How large the tables are, once a day. AWS renews its figures every six hours, free of charge:
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { allRows } from '../services/all-rows.ts';
import type { RowStore } from '../services/row-store.ts';
import { japaneseDay } from './usage.ts';

export interface TableSize {
  readonly table: string;
  /** Rows: history, rules and look-ups among them. */
  readonly rows: number;
  /** With its indexes. */
  readonly bytes: number;
}

export interface SizesOf {
  readonly day: string;
  readonly tables: readonly TableSize[];
}

export type Sizes = () => Promise<readonly TableSize[]>;

/** @param tables what we call it → its name in AWS */
export const tableSizes =
  (client: DynamoDBClient, tables: Readonly<Record<string, string>>): Sizes =>
  () =>
    Promise.all(
      Object.entries(tables).map(async ([table, TableName]) => {
        const { Table: found } = await client.send(new DescribeTableCommand({ TableName }));
        const indexes = [...(found?.LocalSecondaryIndexes ?? []), ...(found?.GlobalSecondaryIndexes ?? [])];
        const bytes = indexes.reduce((sum, { IndexSizeBytes = 0 }) => sum + IndexSizeBytes, found?.TableSizeBytes ?? 0);
        return { table, rows: found?.ItemCount ?? 0, bytes };
      }),
    );

const PARTITION = 'usage#sizes';

/** Notes the sizes of the day, the first time that it is called on it. */
export const openSizeDiary = ({
  rows,
  sizes,
  clock,
}: {
  readonly rows: RowStore;
  readonly sizes: Sizes;
  readonly clock: () => number;
}): (() => Promise<void>) => {
  let done = '';
  return async () => {
    const day = japaneseDay(clock());
    if (day === done) return;
    if (!(await rows.get(PARTITION, day))) {
      // Another environment may be first: its figures are as good.
      await rows.write([{ kind: 'put', p: PARTITION, s: day, data: await sizes(), expect: 'absent' }]);
    }
    done = day;
  };
};

export const sizesBetween = async (rows: RowStore, from: string, to: string): Promise<SizesOf[]> =>
  (await allRows(rows, PARTITION))
    .filter(({ s }) => from <= s && s <= to)
    .map(({ s, data }) => ({ day: s, tables: data as TableSize[] }));
