// Whether a document is what a stored query asks for: the parameters of FindDocuments, ITI TF-2 3.18.4.1.2.3.7.1
import type { CodeCriteria, DocumentQuery } from '../ports.ts';
import type { Code, DocumentEntry } from './entry.ts';

const CODES: Readonly<Record<keyof DocumentQuery['codes'], (entry: DocumentEntry) => readonly (Code | undefined)[]>> = {
  classCode: ({ classCode }) => [classCode],
  typeCode: ({ typeCode }) => [typeCode],
  formatCode: ({ formatCode }) => [formatCode],
  facilityTypeCode: ({ facilityTypeCode }) => [facilityTypeCode],
  practiceSettingCode: ({ practiceSettingCode }) => [practiceSettingCode],
  confidentialityCode: ({ confidentialityCodes }) => confidentialityCodes,
  eventCode: ({ eventCodes }) => eventCodes,
};

export const meets = (entry: DocumentEntry, query: DocumentQuery): boolean =>
  (query.statuses.length === 0 || query.statuses.includes(entry.status)) &&
  query.types.includes(entry.onDemand ? 'on-demand' : 'stable') &&
  Object.entries(query.codes).every(([name, criteria]) =>
    hasCodes(CODES[name as keyof DocumentQuery['codes']](entry), criteria),
  ) &&
  Object.entries(query.times).every(([name, range]) => isWithin(timeOf(entry, name), range)) &&
  (query.authorPersons.length === 0 || query.authorPersons.some((pattern) => isBy(entry, pattern)));

const hasCodes = (codes: readonly (Code | undefined)[], criteria: CodeCriteria): boolean =>
  criteria.every((any) =>
    any.some((one) => codes.some((code) => code?.code === one.code && code.scheme === one.scheme)),
  );

const timeOf = (entry: DocumentEntry, name: string): string | undefined =>
  // An on-demand document has none: it is made when it is asked for.
  entry.onDemand && name === 'creationTime' ? undefined : entry[name as 'creationTime'];

/** From inclusive, to exclusive. A time that is not known is in no range; but what is made on demand is always of now. */
const isWithin = (time: string | undefined, { from, to }: { from?: string | undefined; to?: string | undefined }) => {
  if (time === undefined) return false;
  // DTM of different lengths: what is not said is the beginning of what is.
  return (from === undefined || whole(time) >= whole(from)) && (to === undefined || whole(time) < whole(to));
};

const FIRST = '00000101000000';
const whole = (dtm: string): string => dtm + FIRST.slice(dtm.length);

/** SQL's LIKE: `%` for any, `_` for one. */
const isBy = ({ authors }: DocumentEntry, pattern: string): boolean =>
  authors.some(({ person }) => person !== undefined && like(person, pattern));

/** Without a regular expression of a stranger's making: two places are enough to go back to. */
export const like = (text: string, pattern: string): boolean => {
  let [at, of, star, mark] = [0, 0, -1, 0];
  while (at < text.length) {
    if (of < pattern.length && pattern[of] === '%') {
      star = of;
      mark = at;
      of += 1;
    } else if (of < pattern.length && (pattern[of] === '_' || pattern[of] === text[at])) {
      at += 1;
      of += 1;
    } else if (star >= 0) {
      of = star + 1;
      mark += 1;
      at = mark;
    } else return false;
  }
  while (pattern[of] === '%') of += 1;
  return of === pattern.length;
};
