// `=`, `~` and `<` of FHIRPath: https://hl7.org/fhirpath/N1/#equality, #equivalence, #comparison
import { isA } from '../definitions.ts';
import { PathError } from './lexer.ts';
import { compareTemporal } from './temporal.ts';
import type { TypedValue } from './typed-value.ts';

type Kind = 'boolean' | 'number' | 'string' | 'temporal' | 'time' | 'quantity' | 'other';

const KINDS: Record<string, Kind> = {
  boolean: 'boolean',
  integer: 'number',
  positiveInt: 'number',
  unsignedInt: 'number',
  decimal: 'number',
  date: 'temporal',
  dateTime: 'temporal',
  instant: 'temporal',
  time: 'time',
  'System.Boolean': 'boolean',
  'System.Integer': 'number',
  'System.Decimal': 'number',
  'System.String': 'string',
  'System.Date': 'temporal',
  'System.DateTime': 'temporal',
  'System.Time': 'time',
  'System.Quantity': 'quantity',
};

export const kindOf = ({ type, value }: TypedValue): Kind => {
  const kind = KINDS[type];
  if (kind) return kind;
  if (typeof value === 'string') return 'string';
  return isA(type, 'Quantity') ? 'quantity' : 'other';
};

/** A number, whether a double or kept as text (`JSON.rawJSON`). */
export const numberOf = (value: unknown): number | undefined => {
  if (typeof value === 'number') return value;
  if (typeof value === 'object' && value !== null && 'rawJSON' in value) return Number(value.rawJSON);
  return undefined;
};

const UNIT_WORDS: Record<string, string> = {
  year: 'a',
  month: 'mo',
  week: 'wk',
  day: 'd',
  hour: 'h',
  minute: 'min',
  second: 's',
  millisecond: 'ms',
};

const quantityOf = ({ value }: TypedValue): { value: number | undefined; unit: string } => {
  const quantity = (value ?? {}) as { value?: unknown; code?: unknown; unit?: unknown };
  const unit = String(quantity.code ?? quantity.unit ?? '1');
  return { value: numberOf(quantity.value), unit: UNIT_WORDS[unit.replace(/s$/, '')] ?? unit };
};

const deepEqual = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    const number = numberOf(a);
    return number !== undefined && number === numberOf(b);
  }
  if ('rawJSON' in a || 'rawJSON' in b) return numberOf(a) === numberOf(b);
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => deepEqual((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
};

/** Undefined: cannot be said (dates of different precision, quantities in different units). */
export const itemsEqual = (a: TypedValue, b: TypedValue): boolean | undefined => {
  const kind = kindOf(a);
  const other = kindOf(b);
  if (kind !== other) {
    if (kind === 'string' && other === 'temporal') return temporalEqual(a, b);
    if (kind === 'temporal' && other === 'string') return temporalEqual(a, b);
    return false;
  }
  if (kind === 'temporal' || kind === 'time') return temporalEqual(a, b);
  if (kind === 'number') return numberOf(a.value) === numberOf(b.value);
  if (kind === 'quantity') {
    const [left, right] = [quantityOf(a), quantityOf(b)];
    return left.unit === right.unit ? left.value === right.value : undefined;
  }
  return kind === 'other' ? deepEqual(a.value, b.value) && deepEqual(a.element, b.element) : a.value === b.value;
};

const temporalEqual = (a: TypedValue, b: TypedValue): boolean | undefined => {
  if (a.value === b.value) return true;
  const order = compareTemporal(String(a.value), String(b.value));
  return order === undefined ? undefined : order === 0;
};

export const collectionsEqual = (left: readonly TypedValue[], right: readonly TypedValue[]): boolean | undefined => {
  if (left.length === 0 || right.length === 0) return undefined;
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) {
    const isEqual = itemsEqual(left[i]!, right[i]!);
    if (!isEqual) return isEqual;
  }
  return true;
};

const plain = (text: unknown) => String(text).toLowerCase().replaceAll(/\s+/g, ' ').trim();

const decimals = (number: number) => (String(number).split('.')[1] ?? '').length;

const equivalentValues = (a: unknown, b: unknown): boolean => {
  if (typeof a === 'string' && typeof b === 'string') return plain(a) === plain(b);
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item) => b.some((candidate) => equivalentValues(item, candidate)));
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    const names = (value: object) => Object.keys(value).filter((key) => key !== 'id');
    if (names(a).length !== names(b).length) return false;
    return names(a).every((key) =>
      equivalentValues((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    );
  }
  return deepEqual(a, b);
};

const itemsEquivalent = (a: TypedValue, b: TypedValue): boolean => {
  const kind = kindOf(a);
  if (kind !== kindOf(b)) return false;
  if (kind === 'number') {
    const [left, right] = [numberOf(a.value)!, numberOf(b.value)!];
    const precision = Math.min(decimals(left), decimals(right));
    return left.toFixed(precision) === right.toFixed(precision);
  }
  if (kind === 'string') return plain(a.value) === plain(b.value);
  if (kind === 'other') return equivalentValues(a.value, b.value);
  return itemsEqual(a, b) ?? false;
};

export const collectionsEquivalent = (left: readonly TypedValue[], right: readonly TypedValue[]): boolean =>
  left.length === right.length && left.every((a) => right.some((b) => itemsEquivalent(a, b)));

/** Negative, zero or positive; undefined where no order can be told. */
export const compareItems = (a: TypedValue, b: TypedValue): number | undefined => {
  const kind = kindOf(a);
  const other = kindOf(b);
  if (kind === 'temporal' || kind === 'time' || other === 'temporal' || other === 'time') {
    if (typeof a.value !== 'string' || typeof b.value !== 'string')
      throw new PathError('a date can be compared with a date only');
    return compareTemporal(a.value, b.value);
  }
  if (kind !== other) throw new PathError('values of different types have no order');
  if (kind === 'number') return numberOf(a.value)! - numberOf(b.value)!;
  if (kind === 'quantity') {
    const [left, right] = [quantityOf(a), quantityOf(b)];
    if (left.unit !== right.unit || left.value === undefined || right.value === undefined) return undefined;
    return left.value - right.value;
  }
  if (kind === 'string') return (a.value as string) < (b.value as string) ? -1 : a.value === b.value ? 0 : 1;
  throw new PathError('values of this type have no order');
};

const identityOf = (node: TypedValue): string | undefined => {
  const kind = kindOf(node);
  if (kind === 'string' || kind === 'boolean') return `${kind}:${node.value}`;
  return kind === 'number' ? `number:${numberOf(node.value)}` : undefined;
};

/** Each value once, in order. Strings and numbers by a set: `descendants().linkId.isDistinct()` may see thousands. */
export const distinct = (nodes: readonly TypedValue[], charge: (comparisons: number) => void): TypedValue[] => {
  const seen = new Set<string>();
  const others: TypedValue[] = [];
  return nodes.filter((node) => {
    const identity = node.value === undefined ? undefined : identityOf(node);
    if (identity !== undefined) return !seen.has(identity) && seen.add(identity);
    charge(others.length);
    if (others.some((other) => itemsEqual(other, node))) return false;
    others.push(node);
    return true;
  });
};

export const contains = (nodes: readonly TypedValue[], wanted: TypedValue): boolean =>
  nodes.some((node) => itemsEqual(node, wanted) === true);
