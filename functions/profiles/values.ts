// Fixed values and patterns: https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.fixed_x_

import { isA, isPrimitive } from '../fhir/definitions.ts';
import { numberOf } from '../fhir/path/equality.ts';
import { canonicalSystem } from '../terminology/systems.ts';

type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);

const sameScalar = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (typeof a === 'string') return typeof b === 'string' && canonicalSystem(a) === canonicalSystem(b);
  const number = numberOf(a);
  return number !== undefined && number === numberOf(b);
};

/** Exactly this: every element of one is in the other. */
export const equals = (value: unknown, fixed: unknown): boolean => {
  if (Array.isArray(fixed))
    return (
      Array.isArray(value) && value.length === fixed.length && fixed.every((item, index) => equals(value[index], item))
    );
  if (!isObject(fixed)) return sameScalar(value, fixed);
  if (!isObject(value)) return false;
  const keys = Object.keys(fixed);
  return keys.length === Object.keys(value).length && keys.every((key) => equals(value[key], fixed[key]));
};

/** At least this: each item of an array of the pattern is met by some item of the value's. */
export const holds = (value: unknown, pattern: unknown): boolean => {
  if (Array.isArray(pattern))
    return Array.isArray(value) && pattern.every((wanted) => value.some((item) => holds(item, wanted)));
  if (!isObject(pattern)) return sameScalar(value, pattern);
  return isObject(value) && Object.keys(pattern).every((key) => holds(value[key], pattern[key]));
};

/** Short enough to be read in a message; it is the profile's, not the record's. */
export const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
};

/** A value of a type that a profile allows. Among primitives only the type itself: a `code` is not a `string` here. */
export const isOneOf = (type: string, allowed: readonly string[]): boolean =>
  allowed.includes(type) || (!isPrimitive(type) && allowed.some((wanted) => isA(type, wanted)));
