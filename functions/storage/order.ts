// Sort keys within a patient's partition, and the order in which a scan hands items out. Both stores use this.
//
//   !C                       head of the partition
//   !P                       the Patient
//   <type2><date7><random7>  a resource, newest first (the date counts down)
//   <type2>~<date7><random7> a resource whose period is longer than a day or open: read by every date search, filtered exactly
import { isResourceType, TYPE_CODES, typeOfCode } from '../fhir/resource-types.ts';

export const HEAD = '!C';
export const PATIENT = '!P';

/** Sorts after every base32hex digit, and after `~`. */
const AFTER_DIGITS = 'w';
const AFTER_SPANS = '~~';

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

/** First and last sort key of a type's plain and spanning items between two dates (characters; newest first). */
export const rangesOf = (type: string, newest: string | undefined, oldest: string | undefined) => {
  const code = typeCode(type);
  return {
    plain: [`${code}${newest ?? '0'}`, `${code}${oldest ?? ''}${AFTER_DIGITS}`] as const,
    spans: [`${code}~`, `${code}${AFTER_SPANS}`] as const,
  };
};
