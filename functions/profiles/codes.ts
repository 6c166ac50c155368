// Bindings of profiles: https://hl7.org/fhir/R4/terminologies.html#binding

import type { TypedValue } from '../fhir/path/typed-value.ts';
import { canonicalSystem } from '../terminology/systems.ts';

import type { ValueSetTest } from './rules.ts';
import { isObject } from './values.ts';

const coding = (test: ValueSetTest, value: unknown): boolean | undefined => {
  if (!isObject(value) || typeof value.code !== 'string') return false;
  // A plain code may be of any system of the set; a Coding without one is of none.
  return typeof value.system === 'string' ? test(canonicalSystem(value.system), value.code) : false;
};

/** True if any is, undefined if any might be. */
const some = (answers: readonly (boolean | undefined)[]): boolean | undefined =>
  answers.includes(true) ? true : answers.includes(undefined) ? undefined : false;

/** Whether the value has a code of the set; undefined: it cannot be told here. */
export const hasCodeOf = (test: ValueSetTest, { type, value }: TypedValue): boolean | undefined => {
  if (type === 'CodeableConcept') {
    const codings = isObject(value) && Array.isArray(value.coding) ? value.coding : [];
    return some(codings.map((item) => coding(test, item)));
  }
  if (isObject(value)) return coding(test, value);
  return typeof value === 'string' ? test(undefined, value) : undefined;
};
