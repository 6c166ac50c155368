// Sort keys within a patient's partition, and the order in which a scan hands items out. Both stores use this.
//
//   !C                       head of the partition
//   !P                       the Patient
//   <type2><date7><random7>  a resource, newest first (the date counts down)
//   <type2>~<date7><random7> a resource whose period is longer than a day or open: read by every date search, filtered exactly
import { isResourceType, TYPE_CODES, typeOfCode } from '../fhir/resource-types.ts';

export const HEAD = '!C';
export const PATIENT = '!P';

/** Sorts after every base32hex digit, and before `~`. */
const AFTER_DIGITS = 'w';

export const typeCode = (type: string): string => {
  if (!isResourceType(type)) throw new Error(`no such resource type: ${type}`);
  return type === 'Patient' ? PATIENT : TYPE_CODES[type];
};

export interface Place {
  readonly date: string;
  readonly random: string;
  readonly spans: boolean;
}

export const sortKey = (type: string, { date, random, spans }: Place): string =>
  type === 'Patient' ? PATIENT : `${typeCode(type)}${spans ? '~' : ''}${date}${random}`;

export const typeOfSortKey = (s: string): string | undefined => (s === PATIENT ? 'Patient' : typeOfCode(s.slice(0, 2)));

/** Back from a sort key; undefined for anything that is not a resource's place. */
export const placeOf = (s: string): Place | undefined => {
  const spans = s[2] === '~';
  const rest = s.slice(spans ? 3 : 2);
  return rest.length === 14 ? { date: rest.slice(0, 7), random: rest.slice(7), spans } : undefined;
};

/** Order within one type: date, then random, a spanning item after one that is not. */
export const rankOf = (s: string): string => (s[2] === '~' ? `${s.slice(3)}~` : s.slice(2));

export interface KeyRange {
  readonly low: string;
  readonly high: string;
}

/**
 * First and last key of the plain and of the spanning items under a prefix (`OB`, or `OB<hash>` in the index), between two
 * dates in key characters (the newer one sorts first), behind the item of rank `after`. Undefined: nothing can be there.
 */
export const rangesUnder = (
  prefix: string,
  {
    newest = '0',
    oldest = '',
    after,
  }: { newest?: string | undefined; oldest?: string | undefined; after?: string | undefined },
): { plain: KeyRange | undefined; spans: KeyRange } => {
  const rank = after?.replace('~', '');
  const behind = `${rank}!`; // sorts before every digit, and so right behind the item itself
  const low = `${prefix}${rank && behind > newest ? behind : newest}`;
  const high = `${prefix}${oldest}${AFTER_DIGITS}`;
  return {
    plain: low <= high ? { low, high } : undefined,
    // At one rank the plain item comes first.
    spans: {
      low: `${prefix}~${rank ? (after!.endsWith('~') ? behind : rank) : '0'}`,
      high: `${prefix}~${AFTER_DIGITS}`,
    },
  };
};
