// Value sets that a region has loaded: https://hl7.org/fhir/R4/valueset.html#compositions

import type { Resource } from '../fhir/types.ts';
import { canonicalSystem } from '../terminology/systems.ts';

import type { ValueSetTest } from './rules.ts';
import { isObject } from './values.ts';

type Json = Record<string, unknown>;

const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** Codes of a code system that is loaded whole; undefined: it is not, so nobody can say. */
export type CodesOf = (system: string) => ReadonlySet<string> | undefined;
export type OtherSet = (canonical: string) => ValueSetTest | undefined;

/** The codes of a CodeSystem, however they are nested. Undefined: it does not hold all of them. */
export const codesOf = ({ content, concept, supplements }: Resource): ReadonlySet<string> | undefined => {
  if (content !== 'complete' || supplements !== undefined) return undefined;
  const codes = new Set<string>();
  const visit = (concepts: unknown) => {
    for (const { code, concept: inner } of list(concepts)) {
      if (typeof code === 'string') codes.add(code);
      visit(inner);
    }
  };
  visit(concept);
  return codes;
};

/** Code systems and value sets that a ValueSet is made of. */
export const partsOf = (set: Resource): { systems: string[]; sets: string[] } => {
  const compose = isObject(set.compose) ? set.compose : {};
  const includes = [...list(compose.include), ...list(compose.exclude)];
  return {
    systems: includes.flatMap(({ system, concept }) =>
      typeof system === 'string' && !Array.isArray(concept) ? system : [],
    ),
    sets: includes.flatMap(({ valueSet }) =>
      Array.isArray(valueSet) ? valueSet.filter((url) => typeof url === 'string') : [],
    ),
  };
};

export const testOf = (set: Resource, codes: CodesOf, other: OtherSet): ValueSetTest => {
  const compose = isObject(set.compose) ? set.compose : undefined;
  const expansion = isObject(set.expansion) ? set.expansion : undefined;
  if (!compose) return expansion ? expanded(expansion) : () => undefined;
  const includes = list(compose.include).map((part) => included(part, codes, other));
  const excludes = list(compose.exclude).map((part) => included(part, codes, other));
  return (system, code) => {
    const inside = any(includes.map((test) => test(system, code)));
    if (inside === false || excludes.length === 0) return inside;
    const outside = any(excludes.map((test) => test(system, code)));
    return outside === true ? false : outside === undefined ? undefined : inside;
  };
};

const any = (answers: readonly (boolean | undefined)[]): boolean | undefined =>
  answers.includes(true) ? true : answers.includes(undefined) ? undefined : false;

const expanded = (expansion: Json): ValueSetTest => {
  const pairs = new Set<string>();
  const plain = new Set<unknown>();
  const visit = (contains: unknown) => {
    for (const { system, code, contains: inner } of list(contains)) {
      if (typeof code === 'string') {
        pairs.add(`${canonicalSystem(String(system))}|${code}`);
        plain.add(code);
      }
      visit(inner);
    }
  };
  visit(expansion.contains);
  return (system, code) => (system === undefined ? plain.has(code) : pairs.has(`${system}|${code}`));
};

/** One `include`: codes of one system, and all of the value sets named. */
const included = (
  { system: written, concept, filter, valueSet }: Json,
  codes: CodesOf,
  other: OtherSet,
): ValueSetTest => {
  const own = typeof written === 'string' ? canonicalSystem(written) : undefined;
  const named = Array.isArray(concept) ? new Set(list(concept).map(({ code }) => code)) : undefined;
  const isFiltered = Array.isArray(filter) && filter.length > 0;
  const sets = Array.isArray(valueSet) ? valueSet.filter((url) => typeof url === 'string') : [];
  const inSystem: ValueSetTest = (system, code) => {
    if (own === undefined) return true;
    if (system !== undefined && system !== own) return false;
    if (named) return named.has(code);
    const all = codes(own);
    if (all && !all.has(code)) return false;
    // A filter needs what only a terminology service knows of the concepts.
    return isFiltered || !all ? undefined : true;
  };
  return (system, code) => {
    const answers = [inSystem(system, code), ...sets.map((url) => other(url)?.(system, code))];
    return answers.includes(false) ? false : answers.includes(undefined) ? undefined : true;
  };
};
