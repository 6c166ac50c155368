// `_sort`: https://hl7.org/fhir/R4/search.html#sort. What has no value comes last, in either direction; equals are ordered by id,
// so that a page always goes on where the last one ended.
import type { Resource } from '../fhir/types.ts';
import type { Stored } from '../storage/port.ts';
import { amounts, foldedStrings, pointers, rawValues, type Setting, spans, strings, tokens } from './extract.ts';
import { kanaOrder } from './kana.ts';
import { parametersOf } from './parameters.ts';
import type { SortKey } from './query.ts';

/** Values of the keys, `null` where missing, then `Type/id`. */
export type Rank = readonly (string | number | null)[];

/** JP Core's parameter for lists of people by their reading. */
const KANA_SORT = 'jp-kana-sort';

const isNode = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

/** How a person is read. JP Core's expression asks for a usual name; who has an official one only is in the list as well. */
const readings = (resource: Resource, published: readonly string[]): readonly string[] => {
  if (published.length > 0) return published;
  return listOf(resource.name).flatMap((name) => {
    if (!isNode(name) || !listOf(name.extension).some((each) => isNode(each) && each.valueCode === 'SYL')) return [];
    const text = name.text ?? [name.family, ...listOf(name.given)].filter(Boolean).join(' ');
    return typeof text === 'string' && text && name.use !== 'nickname' && name.use !== 'old' ? [text] : [];
  });
};

const FAR = 8.64e15;
const finite = (value: number) => Math.min(Math.max(value, -FAR), FAR);

/** "Ascending: the earliest of several values; descending: the latest." */
const outermost = <T extends string | number>(values: readonly T[], descending: boolean): T | null => {
  let found: T | null = null;
  for (const value of values) if (found === null || (descending ? value > found : value < found)) found = value;
  return found;
};

const sortValue = (
  { parameter: { name }, descending }: SortKey,
  stored: Stored,
  setting: Setting,
): string | number | null => {
  if (name === '_lastUpdated') return stored.lastUpdated;
  if (name === '_id') return stored.id;
  const resource = stored.resource();
  const parameter = parametersOf(stored.type).get(name);
  if (!parameter) return null;
  switch (parameter.kind) {
    case 'date':
      return outermost(
        // By its start in both directions, which is how the store keeps resources (placement.ts).
        spans(parameter, resource, resource).map(({ low }) => finite(low)),
        descending,
      );
    case 'number':
    case 'quantity':
      return outermost(
        amounts(parameter, resource, resource).map(({ low, high }) => finite(descending ? high : low)),
        descending,
      );
    case 'token':
      return outermost(
        tokens(parameter, resource, resource, setting).flatMap(({ code, texts }) => code ?? texts),
        descending,
      );
    case 'string':
      return outermost(
        name === KANA_SORT
          ? readings(resource, strings(parameter, resource, resource)).map(kanaOrder)
          : foldedStrings(parameter, resource, resource),
        descending,
      );
    case 'reference':
      return outermost(
        pointers(parameter, resource, resource).map(({ type, id, url }) => url ?? `${type}/${id}`),
        descending,
      );
    default:
      return outermost(
        rawValues(parameter, resource, resource).filter((value) => typeof value === 'string'),
        descending,
      );
  }
};

/** Starts of dates that are open are kept by their ends, so that the store's order is not theirs. */
export const isOpenStart = ([first]: Rank): boolean => first === -FAR;

export const rankOf = (keys: readonly SortKey[], stored: Stored, setting: Setting): Rank => [
  ...keys.map((key) => sortValue(key, stored, setting)),
  `${stored.type}/${stored.id}`,
];

export const compareRanks = (keys: readonly SortKey[], a: Rank, b: Rank): number => {
  for (let i = 0; i < a.length; i++) {
    const [left, right] = [a[i]!, b[i]!];
    if (left === right) continue;
    if (left === null) return 1;
    if (right === null) return -1;
    const order = left < right ? -1 : 1;
    return keys[i]?.descending ? -order : order;
  }
  return 0;
};
