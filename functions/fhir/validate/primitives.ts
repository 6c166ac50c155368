// Forms of the primitive types: https://hl7.org/fhir/R4/datatypes.html#primitive
import { numberOf } from '../json.ts';

const MAX_STRING = 1024 * 1024;

const DATE = /^(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?$/;
const CLOCK = '(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?';
const ZONE = '(?:Z|[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00))';
const DATE_TIME = new RegExp(`^(\\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\\d|3[01])(?:T${CLOCK}${ZONE})?)?)?$`);
const INSTANT = new RegExp(`^(\\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T${CLOCK}${ZONE}$`);
const TIME = new RegExp(`^${CLOCK}$`);

// biome-ignore lint/suspicious/noControlCharactersInRegex: FHIR forbids just these.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const daysIn = (year: number, month: number) =>
  [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]!;

const isDate = (match: RegExpExecArray | null): boolean => {
  if (!match || match[1] === '0000') return false;
  return match[3] === undefined || Number(match[3]) <= daysIn(Number(match[1]), Number(match[2]));
};

const isBase64 = (text: string): boolean => {
  const compact = /\s/.test(text) ? text.replaceAll(/\s/g, '') : text;
  return compact.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(compact);
};

type Form = readonly [test: (text: string) => boolean, rule: string];

const form = (pattern: RegExp, rule: string): Form => [(text) => pattern.test(text), rule];

const URI = form(/^\S*$/, 'a URI has no white space');

const TEXT_FORMS: Record<string, Form> = {
  base64Binary: [isBase64, 'is not base64'],
  canonical: URI,
  code: form(/^[^\s]+(?:\s[^\s]+)*$/, 'a code has no white space at its ends, and single spaces within'),
  date: [(text) => isDate(DATE.exec(text)), 'is not a date: YYYY, YYYY-MM or YYYY-MM-DD, of the calendar'],
  dateTime: [
    (text) => isDate(DATE_TIME.exec(text)),
    'is not a dateTime: a date, or YYYY-MM-DDThh:mm:ss with time zone, of the calendar',
  ],
  id: form(/^[A-Za-z0-9\-.]{1,64}$/, 'is not an id: 1 to 64 letters, digits, hyphens and dots'),
  instant: [
    (text) => isDate(INSTANT.exec(text)),
    'is not an instant: YYYY-MM-DDThh:mm:ss with time zone, of the calendar',
  ],
  oid: form(/^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/, 'is not an OID as urn:oid:'),
  time: form(TIME, 'is not a time: hh:mm:ss'),
  uri: URI,
  url: URI,
  uuid: form(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'is not a UUID as urn:uuid:'),
};

const MAX_INTEGER = 2 ** 31 - 1;
const SMALLEST: Record<string, number> = { integer: -(2 ** 31), unsignedInt: 0, positiveInt: 1 };

/** What is wrong with the JSON value of a primitive, as a rule; undefined: nothing. `xhtml`: see narrative.ts. */
export const primitiveFault = (type: string, value: unknown): string | undefined => {
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : 'must be true or false, without quotes';
  if (type === 'decimal') {
    const number = numberOf(value);
    if (number === undefined) return 'must be a JSON number';
    return Number.isFinite(number) ? undefined : 'is larger than a double can hold';
  }

  const smallest = SMALLEST[type];
  if (smallest !== undefined) {
    if (typeof value !== 'number' || !Number.isInteger(value))
      return 'must be a JSON number without fraction and exponent';
    return value >= smallest && value <= MAX_INTEGER
      ? undefined
      : `must be at least ${smallest} and at most ${MAX_INTEGER}`;
  }

  if (typeof value !== 'string') return 'must be a JSON string';
  if (value === '') return 'must not be empty';
  if (value.length > MAX_STRING && type !== 'base64Binary') return 'a string has at most 1,048,576 characters';
  if (CONTROL.test(value)) return 'must not hold control characters';
  if (!value.isWellFormed()) return 'holds half of a surrogate pair, which is no character';
  const textForm = TEXT_FORMS[type];
  return textForm && !textForm[0](value) ? textForm[1] : undefined;
};
