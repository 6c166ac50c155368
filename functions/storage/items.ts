// Rows as DynamoDB keeps them. Attribute names are short because they are paid for with every row; keys.ts says what each is.
import { hash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Record<string, AttributeValue>;
export type Table = 'clinical' | 'registry';

export interface Key {
  readonly table: Table;
  readonly p: string;
  readonly s: string;
}

export const keyItem = ({ p, s }: Pick<Key, 'p' | 's'>): Item => ({ p: { S: p }, s: { S: s } });
export const keyName = ({ table, p, s }: Key): string => `${table}|${p}|${s}`;

/** A patient's rows are in `clinical` (`P…`, history `H…`), all others in `registry`. */
export const keyOf = (table: Table, item: Item): Key => ({ table, p: text(item.p), s: text(item.s) });

export const text = (value: AttributeValue | undefined): string => value?.S ?? '';
export const number = (value: AttributeValue | undefined): number => Number(value?.N ?? 0);

const TOKEN_BYTES = 6;
/** Beyond this the hashes would cost more than inflating a body now and then. */
const MOST_TOKENS = 64;
const NO_TOKENS = Uint8Array.of(0);

const hashed = (token: string): Buffer => hash('sha256', token, 'buffer').subarray(0, TOKEN_BYTES);

/** Six bytes for each token; undefined: too many to keep, the item may have any. */
export const hashTokens = (tokens: readonly string[]): Uint8Array | undefined => {
  const distinct = [...new Set(tokens)];
  if (distinct.length > MOST_TOKENS) return undefined;
  return distinct.length === 0 ? NO_TOKENS : Buffer.concat(distinct.map(hashed));
};

export type Pruner = (item: Item) => boolean;

/** Keeps items that may have, of each list, at least one token. Hashes once for all items. */
export const pruner = (prune: readonly (readonly string[])[] | undefined): Pruner => {
  if (!prune?.length) return () => true;
  const wanted = prune.map((any) => any.map(hashed));
  return (item) => {
    const held = item.x?.B;
    return !held || wanted.every((any) => any.some((one) => includes(held, one)));
  };
};

export const mayHave = (item: Item, token: string): boolean => !item.x?.B || includes(item.x.B, hashed(token));

const includes = (held: Uint8Array, wanted: Buffer): boolean => {
  const bytes = Buffer.from(held.buffer, held.byteOffset, held.byteLength);
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
    if (at % TOKEN_BYTES === 0) return true;
  }
  return false;
};

/** 35 bits of a primary code, for the `byCode` key. */
export const codeHash = (code: string): Uint8Array => hash('sha256', code, 'buffer').subarray(0, 5);

/**
 * Bytes as DynamoDB counts them:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export const itemSize = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueSize(value), 0);

const valueSize = (value: AttributeValue): number => {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.B !== undefined) return value.B.byteLength;
  if (value.N !== undefined)
    return Math.ceil(value.N.replace(/[-.]|^0+|0+$/g, '').length / 2) + (value.N[0] === '-' ? 2 : 1);
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + itemSize(value.M);
  if (value.L !== undefined) return 3 + value.L.reduce((sum, one) => sum + 1 + valueSize(one), 0);
  return 1;
};
