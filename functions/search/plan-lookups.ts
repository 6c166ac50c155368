// Which rows of `registry` propose every resource that can match a criterion; undefined where none surely do. The counterpart of
// lookups.ts, which writes the rows.
import type { Resources } from '../storage/port.ts';
import { BARE_PATIENT_NUMBER, foldIdentifier, foldPhone } from './extract.ts';
import { fold, loose } from './kana.ts';
import {
  hasIdentifierRows,
  hasUrlRows,
  NAME_KEY_LENGTH,
  nameKey,
  POSTCODE_KEY_LENGTH,
  postcodeDigits,
} from './lookups.ts';
import type { Criterion, Wanted } from './query.ts';
import { canonicalOf } from './references.ts';

export type LookupQuery = Omit<Parameters<Resources['lookup']>[0], 'after'>;
type Rows = (wanted: Wanted, modifier: string | undefined) => LookupQuery | undefined;

const identifier: Rows = (wanted) => {
  if (wanted.kind !== 'token' || wanted.code === undefined) return undefined;
  const { system, code } = wanted;
  // A patient number may be stored with or without its facility in the system.
  const sortPrefix = system?.startsWith(BARE_PATIENT_NUMBER) ? BARE_PATIENT_NUMBER : system || undefined;
  return { bucket: 'identifier', key: foldIdentifier(code), sortPrefix };
};

const name: Rows = (wanted, modifier) => {
  if (wanted.kind !== 'string' || modifier === 'contains') return undefined;
  const word = loose(wanted.text);
  return [...word].length < NAME_KEY_LENGTH ? undefined : { bucket: 'name', key: nameKey(word), sortPrefix: word };
};

/** Only a whole day: the birth date of a row is a day, and a day alone lies within a day. */
const birthdate: Rows = (wanted) => {
  if (wanted.kind !== 'date' || wanted.prefix !== 'eq') return undefined;
  const { low, high } = wanted.span;
  const day = new Date(low + 9 * 3600_000).toISOString();
  return high - low === 86_400_000 && day.endsWith('T00:00:00.000Z')
    ? { bucket: 'birth', key: day.slice(0, 10) }
    : undefined;
};

const phone: Rows = (wanted) => {
  if (wanted.kind !== 'token' || !wanted.code) return undefined;
  const key = foldPhone(wanted.code);
  return key ? { bucket: 'phone', key } : undefined;
};

const telecom: Rows = (wanted, modifier) => {
  const found = phone(wanted, modifier);
  return found && /^\d+$/.test(found.key) ? found : undefined;
};

const postcode: Rows = (wanted, modifier) => {
  if (wanted.kind !== 'string' || modifier === 'contains') return undefined;
  const digits = postcodeDigits(wanted.text);
  if (digits.length < POSTCODE_KEY_LENGTH || fold(wanted.text) !== digits) return undefined;
  return { bucket: 'postcode', key: digits.slice(0, POSTCODE_KEY_LENGTH), sortPrefix: digits };
};

const url: Rows = (wanted) => (wanted.kind === 'uri' ? { bucket: 'url', key: canonicalOf(wanted.uri).url } : undefined);

/** The digits of a street: fewer people than have a family name. */
const wholePostcode: Rows = (wanted, modifier) => {
  const found = postcode(wanted, modifier);
  return found?.sortPrefix?.length === WHOLE_POSTCODE ? found : undefined;
};
const WHOLE_POSTCODE = 7;

/** The most telling first. */
const PATIENT: readonly (readonly [string, Rows])[] = [
  ['phone', phone],
  ['telecom', telecom],
  ['birthdate', birthdate],
  ['address-postalcode', wholePostcode],
  ['name', name],
  ['family', name],
  ['given', name],
  ['phonetic', name],
  ['address-postalcode', postcode],
];

/** Alternatives are looked up one by one; all of them must be, or none. */
const rowsFor = ({ modifier, values }: Criterion, rows: Rows): LookupQuery[] | undefined => {
  if (modifier !== undefined && modifier !== 'exact' && modifier !== 'contains') return undefined;
  const found = values.flatMap((value) => rows(value, modifier) ?? []);
  return found.length === values.length ? found : undefined;
};

export const lookupsFor = (type: string, criteria: readonly Criterion[]): LookupQuery[] | undefined => {
  const kinds: (readonly [string, Rows])[] = [
    ...(hasIdentifierRows(type) ? [['identifier', identifier] as const] : []),
    ...(hasUrlRows(type) ? [['url', url] as const] : []),
    ...(type === 'Patient' ? PATIENT : []),
  ];
  for (const [parameter, rows] of kinds)
    for (const criterion of criteria) {
      const found = criterion.parameter.name === parameter ? rowsFor(criterion, rows) : undefined;
      if (found) return found;
    }
  return undefined;
};
