// Conditions on other resources: chains, reverse chains and lists, from the names of their parameters.
// https://hl7.org/fhir/R4/search.html#chaining, #has, #list
import { FhirError, refuse } from '../fhir/outcome.ts';
import { RESOURCE_TYPES } from '../fhir/resource-types.ts';
import { isSearchableType, type Parameter, parametersOf } from './parameters.ts';
import { splitEscaped } from './parse-values.ts';
import type { Criterion, Link } from './query.ts';

/** A chain may lead over this many references. */
export const MOST_LEVELS = 6;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;

export type ReadCriterion = (parameter: Parameter, modifier: string | undefined, value: string) => Criterion;

const invalid = (name: string, rule: string) => refuse('invalid', `search parameter ${name}: ${rule}`);

/** Types that a reference parameter may lead to: its definition's, narrowed where the path itself names one. */
export const targetsOf = ({ leaves, targets }: Parameter): readonly string[] => {
  const named = leaves.map(({ steps }) => steps.at(-1)?.target);
  return named.every((target) => target !== undefined) && named.length > 0 ? [...new Set(named)] : targets;
};

/** `subject:Patient.name` → the reference and what comes after it; undefined for what is not a chain. */
const cut = (key: string): { name: string; type: string | undefined; rest: string } | undefined => {
  const dot = key.indexOf('.');
  if (dot < 0) return undefined;
  const [name = '', type, ...more] = key.slice(0, dot).split(':');
  if (more.length > 0) throw invalid(name, 'expected [reference]:[type].[parameter]');
  return { name, type, rest: key.slice(dot + 1) };
};

export const isLinked = (key: string, isReference: (name: string) => boolean): boolean =>
  // However it goes on: what is malformed is refused, since without it the answer would be another one.
  /^_(list|has)(?![A-Za-z0-9_-])/.test(key) || (key.includes('.') && isReference(key.split(/[.:]/)[0]!));

/** One condition on a resource of a type, of whatever kind. */
const condition = (type: string, key: string, value: string, read: ReadCriterion, levels: number): Link => {
  const at = key.split(/[.:]/)[0]!;
  if (isLinked(key, (name) => parametersOf(type).get(name)?.kind === 'reference'))
    return link([type], key, value, read, levels);
  const [name = '', modifier, ...more] = key.split(':');
  const parameter = parametersOf(type).get(name);
  if (!parameter || more.length > 0) throw invalid(at || '_has', `ends in a parameter that ${type} does not have`);
  if (parameter.kind === 'special') throw refuse('notSupported', `search parameter ${name} is not supported`);
  return { kind: 'plain', criterion: read(parameter, modifier, value) };
};

const has = (key: string, value: string, read: ReadCriterion, levels: number): Link => {
  const [, type = '', name = '', ...rest] = key.split(':');
  if (!isSearchableType(type) || !name || rest.length === 0)
    throw invalid('_has', 'expected _has:[type]:[reference]:[parameter]');
  const parameter = parametersOf(type).get(name);
  if (parameter?.kind !== 'reference') throw invalid('_has', `${type} has no such reference parameter`);
  return { kind: 'has', type, parameter, next: condition(type, rest.join(':'), value, read, levels - 1) };
};

const chain = (types: readonly string[], key: string, value: string, read: ReadCriterion, levels: number): Link => {
  const { name, type, rest } = cut(key)!;
  const own = types.map((each) => parametersOf(each).get(name)!);
  if (own.length === 0 || own.some((parameter) => parameter?.kind !== 'reference'))
    throw invalid(name, 'only a reference can be chained');
  if (type !== undefined && !isSearchableType(type)) throw invalid(name, 'is chained over something that is no type');
  const allowed = own.flatMap(targetsOf);
  const isOpen = own.some((parameter) => targetsOf(parameter).length === 0);
  if (type !== undefined && !isOpen && !allowed.includes(type)) throw invalid(name, `is not a reference to a ${type}`);
  const first = rest.split(/[.:]/)[0]!;
  const isEverywhere = first === '_has' || first === '_list';
  const candidates = (type ? [type] : isOpen ? parametersWith(first) : [...new Set(allowed)]).filter(
    (target) => isEverywhere || parametersOf(target).has(first),
  );
  // The next parameter may read differently for each type that the reference may lead to; one that it suits is enough.
  const targets: { type: string; next: Link }[] = [];
  let fault: unknown = invalid(name, 'is chained to a parameter that its targets do not have');
  for (const target of candidates) {
    try {
      targets.push({ type: target, next: condition(target, rest, value, read, levels - 1) });
    } catch (error) {
      if (!(error instanceof FhirError)) throw error;
      fault = error;
    }
  }
  if (targets.length === 0) throw fault;
  return { kind: 'chain', name, targets };
};

/** Types of R4 that have a parameter: where a reference may lead anywhere. */
const parametersWith = (name: string): readonly string[] =>
  RESOURCE_TYPES.filter((type) => parametersOf(type).has(name));

const list = (key: string, value: string): Link => {
  if (key !== '_list') throw invalid('_list', 'takes no modifier');
  const ids = splitEscaped(value, ',');
  if (ids.some((id) => id.startsWith('$')))
    throw refuse('notSupported', 'search parameter _list: functional lists are not supported');
  if (!ids.every((id) => ID.test(id))) throw invalid('_list', 'takes ids of List resources');
  return { kind: 'list', ids };
};

/** @param types that are searched; a chain must start from a parameter that all of them have */
export const link = (
  types: readonly string[],
  key: string,
  value: string,
  read: ReadCriterion,
  levels = MOST_LEVELS,
): Link => {
  const name = key.split(/[.:]/)[0]!;
  if (levels <= 0) throw invalid(name, `leads over more than ${MOST_LEVELS} references`);
  if (name === '_list') return list(key, value);
  return name === '_has' ? has(key, value, read, levels) : chain(types, key, value, read, levels);
};
