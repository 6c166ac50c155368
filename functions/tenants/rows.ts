// What the desk of the region keeps in table `registry`, beside the identity rows that decide about sign-in (auth/rows.ts).
//
//   pattern                                   p                  s                trips
//   a facility, all facilities                tenant#facility    <code>           1 (a page is 1 MB)
//   a member of staff, all staff              tenant#staff       <id>             1
//   a system, all systems                     tenant#system      <client id>      1
//   what the region takes from the matrix     auth#matrix        -                1
//   access reviews, newest last               tenant#review      <time>#<n>       1
//
// Rows that belong together are written in one transaction; each write names the text that it found, so of two administrators
// at once the later one starts again. The store is that of all small rows (services/row-store.ts).
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { refuse } from '../fhir/outcome.ts';
import { allRows } from '../services/all-rows.ts';
import { memoryRowStore, openRowStore, type RowStore, type Row as StoredRow } from '../services/row-store.ts';

export interface RowKey {
  readonly p: string;
  readonly s: string;
}

export interface Row extends RowKey {
  /** JSON. */
  readonly d: string;
}

export interface RowChange extends Row {
  /** The text that was found; undefined: there was none. */
  readonly before: string | undefined;
}

export interface Rows {
  get(key: RowKey): Promise<Row | undefined>;
  /** All rows of a partition, in order of `s`; from the end where the newest are wanted. */
  list(p: string): Promise<Row[]>;
  /** All or none. Rejects (`conflict`) when one is not as it was found. */
  write(changes: readonly RowChange[]): Promise<void>;
}

export const conflict = () => refuse('conflict', 'somebody else has changed this meanwhile; read it again');

const rowOf = ({ p, s, text }: StoredRow): Row => ({ p, s, d: text ?? 'null' });

const deskRows = (store: RowStore): Rows => ({
  get: async ({ p, s }) => {
    const row = await store.get(p, s);
    return row && rowOf(row);
  },
  list: async (p) => (await allRows(store, p)).map(rowOf),
  write: async (changes) => {
    const written = await store.write(
      changes.map(({ p, s, d, before }) => ({ kind: 'put', p, s, data: JSON.parse(d), expect: { text: before } })),
    );
    if (!written) throw conflict();
  },
});

export const dynamoRows = (to: { readonly client: DynamoDBClient; readonly table: string }): Rows =>
  deskRows(openRowStore(to));
export const memoryRows = (): Rows => deskRows(memoryRowStore());
