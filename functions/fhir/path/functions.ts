// FHIRPath's functions on collections: https://hl7.org/fhirpath/N1/#functions, https://hl7.org/fhir/R4/fhirpath.html#functions
import { isPrimitive } from '../definitions.ts';
import { collectionsEqual, contains, distinct } from './equality.ts';
import { PathError } from './lexer.ts';
import { children, childrenNamed, descendants, resolveReference } from './navigate.ts';
import { bool, charge, integer, NONE, type Scope, type Step, single, spend, text, truth, withSelf } from './scope.ts';
import type { TypedValue } from './typed-value.ts';

export type PathFunction = (input: TypedValue[], scope: Scope, args: readonly Step[]) => TypedValue[];

const argument = (args: readonly Step[], at = 0): Step => {
  const step = args[at];
  if (!step) throw new PathError('a FHIRPath function lacks an argument');
  return step;
};

/** An argument that is a value of its own, not a test of each item: it starts where the expression as a whole stands. */
const evaluated = (args: readonly Step[], scope: Scope, at = 0) => argument(args, at)([scope.self], scope);

/** The argument of a function that holds each value of the input against it. */
const comparedWith = (input: TypedValue[], scope: Scope, args: readonly Step[]): TypedValue[] => {
  const other = evaluated(args, scope);
  charge(scope, input.length * other.length);
  return other;
};

const once = (nodes: TypedValue[], scope: Scope): TypedValue[] =>
  distinct(nodes, (comparisons) => charge(scope, comparisons));

const filter = (input: TypedValue[], scope: Scope, step: Step): TypedValue[] =>
  input.filter((node, index) => truth(withSelf(step, node, index, scope)) === true);

const every = (input: TypedValue[], wanted: boolean): boolean => input.every(({ value }) => value === wanted);
const some = (input: TypedValue[], wanted: boolean): boolean => input.some(({ value }) => value === wanted);

const hasValue = (input: TypedValue[]): boolean => {
  const [node] = input;
  return (
    input.length === 1 && node!.value !== undefined && (node!.type.startsWith('System.') || isPrimitive(node!.type))
  );
};

const repeat: PathFunction = (input, scope, args) => {
  const step = argument(args);
  const found: TypedValue[] = [];
  let fresh = input;
  while (fresh.length > 0) {
    const next = spend(
      scope,
      fresh.flatMap((node, index) => withSelf(step, node, index, scope)),
    );
    charge(scope, next.length * found.length);
    fresh = next.filter((node) => !contains(found, node));
    found.push(...fresh);
  }
  return found;
};

const aggregate: PathFunction = (input, scope, args) => {
  const { total } = scope;
  scope.total = args[1] ? evaluated(args, scope, 1) : NONE;
  input.forEach((node, index) => {
    scope.total = withSelf(argument(args), node, index, scope);
  });
  const result = scope.total;
  scope.total = total;
  return result;
};

const count = (args: readonly Step[], scope: Scope): number => Number(single(evaluated(args, scope))?.value);

const extension: PathFunction = (input, scope, args) => {
  const url = single(evaluated(args, scope))?.value;
  const found: TypedValue[] = [];
  for (const node of input) childrenNamed(node, 'extension', found);
  return found.filter(({ value }) => (value as { url?: unknown }).url === url);
};

const resolve: PathFunction = (input, scope) =>
  input.flatMap((node) => resolveReference(node, scope.rootResource.value) ?? []);

export const COLLECTION_FUNCTIONS: Record<string, PathFunction> = {
  empty: (input) => bool(input.length === 0),
  not: (input) => {
    const value = truth(input);
    return bool(value === undefined ? undefined : !value);
  },
  exists: (input, scope, args) => bool((args[0] ? filter(input, scope, args[0]) : input).length > 0),
  all: (input, scope, args) => bool(filter(input, scope, argument(args)).length === input.length),
  allTrue: (input) => bool(every(input, true)),
  allFalse: (input) => bool(every(input, false)),
  anyTrue: (input) => bool(some(input, true)),
  anyFalse: (input) => bool(some(input, false)),
  subsetOf: (input, scope, args) => {
    const other = comparedWith(input, scope, args);
    return bool(input.every((node) => contains(other, node)));
  },
  supersetOf: (input, scope, args) => bool(comparedWith(input, scope, args).every((node) => contains(input, node))),
  count: (input) => integer(input.length),
  distinct: once,
  isDistinct: (input, scope) => bool(once(input, scope).length === input.length),
  where: (input, scope, args) => filter(input, scope, argument(args)),
  select: (input, scope, args) => input.flatMap((node, index) => withSelf(argument(args), node, index, scope)),
  repeat,
  aggregate,
  single: (input) => (single(input) ? input : NONE),
  first: (input) => input.slice(0, 1),
  last: (input) => input.slice(-1),
  tail: (input) => input.slice(1),
  skip: (input, scope, args) => input.slice(Math.max(0, count(args, scope))),
  take: (input, scope, args) => input.slice(0, Math.max(0, count(args, scope))),
  intersect: (input, scope, args) => {
    const other = comparedWith(input, scope, args);
    return once(
      input.filter((node) => contains(other, node)),
      scope,
    );
  },
  exclude: (input, scope, args) => {
    const other = comparedWith(input, scope, args);
    return input.filter((node) => !contains(other, node));
  },
  union: (input, scope, args) => once([...input, ...evaluated(args, scope)], scope),
  combine: (input, scope, args) => [...input, ...evaluated(args, scope)],
  children: (input) => input.flatMap(children),
  descendants: (input, scope) => {
    const found = descendants(input, scope.budget);
    if (!found) throw new PathError('a FHIRPath expression meets too many values');
    return found;
  },
  trace: (input) => input,
  iif: (input, scope, args) => {
    const isTrue = truth(argument(args)(input, scope)) === true;
    return (isTrue ? argument(args, 1) : args[2])?.(input, scope) ?? NONE;
  },
  hasValue: (input) => bool(hasValue(input)),
  getValue: (input) => (hasValue(input) ? input : NONE),
  extension,
  resolve,
  // Narratives are checked where they are validated (validate/narrative.ts).
  htmlChecks: () => bool(true),
  comparable: (input, scope, args) => bool(collectionsEqual(input, evaluated(args, scope)) !== undefined),
  now: (_input, { now }) => [{ type: 'System.DateTime', value: new Date(now).toISOString() }],
  today: (_input, { now }) => [{ type: 'System.Date', value: new Date(now).toISOString().slice(0, 10) }],
  timeOfDay: (_input, { now }) => [{ type: 'System.Time', value: new Date(now).toISOString().slice(11, 23) }],
  join: (input, scope, args) =>
    text(input.map(({ value }) => value).join(String(args[0] ? single(evaluated(args, scope))?.value : ''))),
};
