// What the parts of a compiled expression share.
import { PathError, PathTooCostly } from './lexer.ts';
import { system, type TypedValue } from './typed-value.ts';

export interface Scope {
  readonly context: TypedValue;
  readonly resource: TypedValue;
  readonly rootResource: TypedValue;
  readonly now: number;
  readonly variables: Readonly<Record<string, unknown>>;
  /** `$this`, `$index`, `$total`: set by the functions that iterate. */
  self: TypedValue;
  index: number;
  total: TypedValue[];
  /** Values that may still be met before the evaluation is given up. */
  budget: number;
  /** What fixed paths have found in this evaluation, by their place in the expression. */
  readonly fixed: Map<object, TypedValue[]>;
}

/** An expression may multiply what it finds (`descendants().descendants()`); it must not take the server's time for it. */
export const charge = (scope: Scope, cost: number): void => {
  scope.budget -= cost;
  if (scope.budget < 0) throw new PathTooCostly('a FHIRPath expression meets too many values');
};

export const spend = (scope: Scope, values: TypedValue[]): TypedValue[] => {
  charge(scope, values.length);
  return values;
};

/** A compiled part: takes the input collection of the place where it stands. */
export type Step = (input: TypedValue[], scope: Scope) => TypedValue[];

export const NONE: TypedValue[] = [];
const TRUE: TypedValue[] = [system('Boolean', true)];
const FALSE: TypedValue[] = [system('Boolean', false)];

export const bool = (value: boolean | undefined): TypedValue[] => (value === undefined ? NONE : value ? TRUE : FALSE);

/** Longer than any text that a body can bring. */
const MAX_TEXT = 8_000_000;

export const text = (value: string): TypedValue[] => {
  if (value.length > MAX_TEXT) throw new PathTooCostly('a FHIRPath expression makes too long a text');
  return [system('String', value)];
};

export const integer = (value: number): TypedValue[] => [system('Integer', value)];
export const decimal = (value: number): TypedValue[] => [system('Decimal', Number(value.toPrecision(15)))];

export const single = (nodes: TypedValue[]): TypedValue | undefined => {
  if (nodes.length > 1) throw new PathError('a single value was expected');
  return nodes[0];
};

/** https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections */
export const truth = (nodes: TypedValue[]): boolean | undefined => {
  const node = single(nodes);
  if (!node) return undefined;
  return typeof node.value === 'boolean' ? node.value : true;
};

export const stringOf = (nodes: TypedValue[]): string | undefined => {
  const value = single(nodes)?.value;
  if (value !== undefined && typeof value !== 'string') throw new PathError('a string was expected');
  return value;
};

/** Runs `step` for one item with `$this` set to it. */
export const withSelf = (step: Step, node: TypedValue, index: number, scope: Scope): TypedValue[] => {
  const { self, index: outer } = scope;
  scope.self = node;
  scope.index = index;
  const result = step([node], scope);
  scope.self = self;
  scope.index = outer;
  return result;
};
