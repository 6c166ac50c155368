// The order of work lists, and which part of one a query asks for. Both stores use this.
import type { WorkEntry, WorkQuery } from './port.ts';

/** One BatchGetItem re-reads so many. */
export const WORK_PAGE = 100;

export const orDash = (value: string): string => value.slice(0, 500) || '-';
/** Marks long periods: sorts behind every date, as `z` does before it. */
const LONG = '~';
const BEFORE_LONG = 'z';

/** The two sort texts of an entry: what most narrows the list comes first. A period longer than a day stands behind all others. */
export const workSort = ({ status, date, spansDays, byDate }: WorkEntry): [string, string] => {
  const dated = spansDays ? LONG + orDash(date) : orDash(date);
  return byDate ? [dated, orDash(status)] : [orDash(status), dated];
};

/** Sort texts that are asked for; several where long periods have to be read beside the others. */
export interface WorkRange {
  /** Exact first sort text. */
  readonly first?: string | undefined;
  /** Bounds of the other (or, without `first`, of the first). */
  readonly low?: string | undefined;
  readonly high?: string | undefined;
}

const LAST = '\u{10ffff}';

/** Ranges that hold all that a query asks for. Long periods are found by their start alone, whatever `from` says. */
export const workRanges = ({ status, from, to, byDate }: WorkQuery): WorkRange[] => {
  const first = byDate || status === undefined ? {} : { first: orDash(status) };
  if ((from === undefined && to === undefined) || (!byDate && status === undefined)) return [first];
  const ranges = [
    { ...first, low: from ?? '0', high: to ?? BEFORE_LONG },
    { ...first, low: LONG, high: LONG + (to ?? LAST) },
  ];
  return ranges.filter(({ low, high }) => low <= high); // two dates that exclude each other leave the long periods
};

export const isInRange = (sort: readonly [string, string], { first, low, high }: WorkRange): boolean => {
  if (first !== undefined && sort[0] !== first) return false;
  const bounded = first === undefined ? sort[0] : sort[1];
  return (low === undefined || bounded >= low) && (high === undefined || bounded <= high);
};

/** True for a row's sort text within what a look-up asks for. */
export const isSought = (
  sort: string,
  {
    sortPrefix = '',
    sortFrom = '',
    sortTo,
  }: { sortPrefix?: string | undefined; sortFrom?: string | undefined; sortTo?: string | undefined },
): boolean =>
  sort.startsWith(sortPrefix) && sort >= sortFrom && (sortTo === undefined || sort <= `${sortTo}\u{10ffff}`);
