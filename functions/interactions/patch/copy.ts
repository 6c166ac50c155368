import { isRawNumber, numberOf } from '../../fhir/json.ts';
import { isObject } from '../write/body.ts';

/** A copy that keeps raw numbers, which `structuredClone` would not. */
export const copyOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isObject(value) || isRawNumber(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)]));
};

/** JSON equality; numbers by their value (RFC 6902 section 4.6). */
export const isEqual = (one: unknown, other: unknown): boolean => {
  if (isRawNumber(one) || isRawNumber(other)) return numberOf(one) === numberOf(other);
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((item, at) => isEqual(item, other[at]));
  }
  if (!isObject(one) || !isObject(other)) return one === other;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length && keys.every((key) => key in other && isEqual(one[key], other[key]))
  );
};
