// What the region takes away from the role × data matrix, and which facilities have no contract to see or to show: two rows of
// `registry`, written by the desk (functions/tenants) and read by every function that decides.
//
//   pattern                     p                s    trips  RRU            WRU
//   what is taken away          auth#matrix      -    1      0.5 eventual   1
//   facilities without          auth#contracts   -    1      0.5 eventual   1
//
// Read by hand and not by a schema: this stands in every bundle, and the desk's schema is what writes it (tenants/narrow.ts).
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Contracts, Narrow } from '../consent/matrix.ts';
import { retrying } from '../services/retry.ts';
import { cached } from './cached.ts';

export const NARROW_KEY = { p: 'auth#matrix', s: '-' };
export const CONTRACTS_KEY = { p: 'auth#contracts', s: '-' };

/** A row that is not as it must be stops the request: better nobody than somebody who was shut out. */
export const parseNarrow = (text: string | undefined): Narrow => {
  const narrow: unknown = JSON.parse(text ?? '{}');
  const cellOk = (kept: unknown) => kept === false || (isObject(kept) && isTexts(kept.types));
  const roleOk = (less: unknown) =>
    isObject(less) &&
    ['read', 'write'].every((verb) => {
      const cells = less[verb] ?? {};
      return isObject(cells) && Object.values(cells).every(cellOk);
    });
  if (!isObject(narrow) || !Object.values(narrow).every(roleOk))
    throw new Error('the row auth#matrix is not of its form');
  return narrow as Narrow;
};

export const parseContracts = (text: string | undefined): Contracts => {
  const row: unknown = JSON.parse(text ?? '{"noView":[],"noDisclose":[]}');
  if (!isObject(row) || !isTexts(row.noView) || !isTexts(row.noDisclose))
    throw new Error('the row auth#contracts is not of its form');
  return { noView: new Set(row.noView), noDisclose: new Set(row.noDisclose) };
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

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
}): (() => Promise<Narrow>) => {
  const read = async ({ p, s }: typeof NARROW_KEY) => {
    const get = new GetItemCommand({ TableName: table, Key: { p: { S: p }, s: { S: s } } });
    return (await retrying(() => client.send(get))).Item?.d?.S;
  };
  const load = cached(
    async () => {
      const [narrow, contracts] = await Promise.all([read(NARROW_KEY), read(CONTRACTS_KEY)]);
      return { ...parseNarrow(narrow), contracts: parseContracts(contracts) };
    },
    { forMs: HELD_MS, most: 1, clock },
  );
  return () => load('');
};
