// What the region takes away from the role × data matrix (consent/matrix.ts): one row of `registry`, written by the desk
// (tenants/narrow.ts) and read by every function that decides.
//
//   pattern                     p              s    trips  RRU            WRU
//   what is taken away          auth#matrix    -    1      0.5 eventual   1
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import type { Narrow } from '../consent/matrix.ts';
import { retrying } from '../services/retry.ts';
import { cached } from './cached.ts';
import { STAFF_ROLES } from './rows.ts';

const AREAS = ['basic', 'clinical', 'document', 'care', 'home', 'admin', 'directory', 'enrolment', 'audit'] as const;
const Kept = z.union([z.literal(false), z.strictObject({ types: z.array(z.string()) })]);
const Less = z.partialRecord(z.enum(AREAS), Kept);

/** Role → column → nothing (`false`), or only some types. */
export const NarrowRow = z.partialRecord(
  z.enum([...STAFF_ROLES, 'resident', 'system']),
  z.strictObject({ read: z.optional(Less), write: z.optional(Less) }),
) as z.ZodMiniType<Narrow>;

export const NARROW_KEY = { p: 'auth#matrix', s: '-' };

/** A row that is not as it must be stops the request: better nobody than somebody who was shut out. */
export const parseNarrow = (text: string | undefined): Narrow | undefined =>
  text === undefined ? undefined : NarrowRow.parse(JSON.parse(text));

/** As every row that decides about rights, a change holds within half a minute. */
const HELD_MS = 30_000;

export const openNarrow = ({
  client,
  table,
  clock,
}: {
  client: DynamoDBClient;
  table: string;
  clock: () => number;
}): (() => Promise<Narrow | undefined>) => {
  const read = new GetItemCommand({ TableName: table, Key: { p: { S: NARROW_KEY.p }, s: { S: NARROW_KEY.s } } });
  const load = cached(async () => parseNarrow((await retrying(() => client.send(read))).Item?.d?.S), {
    forMs: HELD_MS,
    most: 1,
    clock,
  });
  return () => load('');
};
