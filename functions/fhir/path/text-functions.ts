// FHIRPath's functions on one string or number: https://hl7.org/fhirpath/N1/#string-manipulation, #math, #conversion
import { kindOf, numberOf } from './equality.ts';
import type { PathFunction } from './functions.ts';
import { PathError } from './lexer.ts';
import { bool, decimal, integer, NONE, type Scope, type Step, single, stringOf, text } from './scope.ts';
import { isTemporal } from './temporal.ts';
import { system, type TypedValue } from './typed-value.ts';

const argumentText = (args: readonly Step[], scope: Scope, at = 0): string | undefined =>
  args[at] ? stringOf(args[at]([scope.self], scope)) : undefined;

const argumentNumber = (args: readonly Step[], scope: Scope, at = 0): number | undefined =>
  args[at] ? numberOf(single(args[at]([scope.self], scope))?.value) : undefined;

/** Empty in, empty out; an argument that is empty makes the answer empty too. */
const onText =
  (apply: (value: string, ...args: (string | undefined)[]) => TypedValue[]): PathFunction =>
  (input, scope, args) => {
    const value = stringOf(input);
    const texts = args.map((_, at) => argumentText(args, scope, at));
    return value === undefined || texts.includes(undefined) ? NONE : apply(value, ...texts);
  };

const onNumber =
  (apply: (value: number, argument: number | undefined) => TypedValue[]): PathFunction =>
  (input, scope, args) => {
    const node = single(input);
    if (!node) return NONE;
    const value = numberOf(node.value);
    if (value === undefined) throw new PathError('a number was expected');
    return apply(value, argumentNumber(args, scope));
  };

const MAX_PATTERN = 1000;

/** Patterns come from the definitions only (compile-path.ts, NOT_FOR_CLIENTS). */
const pattern = (source: string | undefined, flags: string): RegExp => {
  if (source === undefined || source.length > MAX_PATTERN) throw new PathError('a pattern is missing or too long');
  return new RegExp(source, flags);
};

const toText = (node: TypedValue): string | undefined => {
  const { value } = node;
  if (kindOf(node) === 'quantity') {
    const quantity = value as { value?: unknown; code?: string; unit?: string };
    return `${numberOf(quantity.value)} '${quantity.code ?? quantity.unit ?? '1'}'`;
  }
  if (typeof value === 'object' && value !== null && 'rawJSON' in value) return String(value.rawJSON);
  return typeof value === 'object' || value === undefined ? undefined : String(value);
};

const toBoolean = ({ value }: TypedValue): boolean | undefined => {
  const word = String(value).toLowerCase();
  if (['true', 't', 'yes', 'y', '1', '1.0'].includes(word)) return true;
  return ['false', 'f', 'no', 'n', '0', '0.0'].includes(word) ? false : undefined;
};

const toNumber = (node: TypedValue, form: RegExp): number | undefined => {
  if (typeof node.value === 'boolean') return Number(node.value);
  const written = toText(node);
  return written !== undefined && form.test(written) ? Number(written) : undefined;
};

const toQuantity = (node: TypedValue): unknown => {
  if (kindOf(node) === 'quantity') return node.value;
  const match = /^([+-]?\d+(?:\.\d+)?)\s*(?:'([^']+)'|([a-z]+))?$/.exec(toText(node) ?? '');
  return match ? { value: Number(match[1]), unit: match[2] ?? match[3] ?? '1' } : undefined;
};

type SystemName = Parameters<typeof system>[0];

const temporal = (form: RegExp) => (node: TypedValue) => {
  const written = toText(node);
  return written !== undefined && form.test(written) && isTemporal(written) ? written : undefined;
};

const CONVERSIONS: Record<string, [SystemName, (node: TypedValue) => unknown]> = {
  Boolean: ['Boolean', toBoolean],
  Integer: ['Integer', (node) => toNumber(node, /^[+-]?\d+$/)],
  Decimal: ['Decimal', (node) => toNumber(node, /^[+-]?\d+(\.\d+)?$/)],
  String: ['String', toText],
  Quantity: ['Quantity', toQuantity],
  Date: ['Date', temporal(/^\d{4}(-\d\d(-\d\d)?)?$/)],
  DateTime: ['DateTime', temporal(/^\d{4}/)],
  Time: ['Time', temporal(/^\d\d(:\d\d(:\d\d(\.\d+)?)?)?$/)],
};

const conversions: Record<string, PathFunction> = {};
for (const [name, [type, convert]] of Object.entries(CONVERSIONS)) {
  conversions[`to${name}`] = (input) => {
    const node = single(input);
    const value = node && convert(node);
    return value === undefined ? NONE : [system(type, value)];
  };
  conversions[`convertsTo${name}`] = (input) => {
    const node = single(input);
    return node ? bool(convert(node) !== undefined) : NONE;
  };
}

export const TEXT_FUNCTIONS: Record<string, PathFunction> = {
  ...conversions,
  indexOf: onText((value, part = '') => integer(value.indexOf(part))),
  contains: onText((value, part = '') => bool(value.includes(part))),
  startsWith: onText((value, part = '') => bool(value.startsWith(part))),
  endsWith: onText((value, part = '') => bool(value.endsWith(part))),
  upper: onText((value) => text(value.toUpperCase())),
  lower: onText((value) => text(value.toLowerCase())),
  trim: onText((value) => text(value.trim())),
  length: onText((value) => integer(value.length)),
  toChars: onText((value) => [...value].map((char) => system('String', char))),
  split: onText((value, separator = '') => value.split(separator).map((part) => system('String', part))),
  replace: onText((value, from = '', to = '') => text(value.replaceAll(from, () => to))),
  matches: onText((value, source) => bool(pattern(source, 's').test(value))),
  replaceMatches: onText((value, source, to = '') => text(value.replace(pattern(source, 'gs'), to))),
  substring: (input, scope, args) => {
    const value = stringOf(input);
    const start = argumentNumber(args, scope);
    if (value === undefined || start === undefined || start < 0 || start >= value.length) return NONE;
    const length = argumentNumber(args, scope, 1);
    return text(value.slice(start, length === undefined ? undefined : start + Math.max(0, length)));
  },
  abs: onNumber((value) => (Number.isInteger(value) ? integer(Math.abs(value)) : decimal(Math.abs(value)))),
  ceiling: onNumber((value) => integer(Math.ceil(value))),
  floor: onNumber((value) => integer(Math.floor(value))),
  truncate: onNumber((value) => integer(Math.trunc(value))),
  round: onNumber((value, places = 0) => decimal(Number(value.toFixed(places)))),
  exp: onNumber((value) => decimal(Math.exp(value))),
  ln: onNumber((value) => decimal(Math.log(value))),
  log: onNumber((value, base = 10) => decimal(Math.log(value) / Math.log(base))),
  sqrt: onNumber((value) => (value < 0 ? NONE : decimal(Math.sqrt(value)))),
  power: onNumber((value, exponent = 1) => {
    const result = value ** exponent;
    return Number.isNaN(result) ? NONE : Number.isInteger(result) ? integer(result) : decimal(result);
  }),
};
