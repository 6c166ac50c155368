// From stream records to lines of the change log: only what a client may see changed, and only once it has.
import type { LoggedChange } from './change-log.ts';
import { HEAD, placeOf, typeOfSortKey } from './order.ts';

type Image = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

export interface StreamChange {
  readonly NewImage?: Image | undefined;
  readonly OldImage?: Image | undefined;
}

/** The change that a record shows; undefined for heads, stubs, pointers, look-ups, old versions, staged rows and all the rest. */
export const changeOf = ({ NewImage: row, OldImage: before }: StreamChange): LoggedChange | undefined => {
  const p = row?.p?.S ?? '';
  if (!row?.v?.N || row.t || !(p.startsWith('P') || p.startsWith('T#'))) return undefined;
  // A staged change that was rolled back leaves the version as it was.
  if (before?.v?.N === row.v.N) return undefined;
  const s = row.s?.S ?? '';
  if (s === HEAD) return undefined; // rules and links are no resource
  const type = p.startsWith('P') ? typeOfSortKey(s) : typeOfSortKey(p.slice(2, 4));
  if (!type || !row.u?.N) throw new Error('a row of no known type');
  return { type, id: idOf(row, p, s), version: Number(row.v.N), lastUpdated: Number(row.u.N) };
};

const idOf = (row: Image, p: string, s: string): string => {
  if (row.i?.S) return row.i.S;
  if (!p.startsWith('P')) return s;
  const home = placeOf(row.h?.S ?? s);
  if (!home) throw new Error('a row of no known place');
  return `@${p.slice(1)}${home.date}${home.random}`;
};
