// FHIRPath's binary operators: https://hl7.org/fhirpath/N1/#operations
import {
  collectionsEqual,
  collectionsEquivalent,
  compareItems,
  contains,
  distinct,
  kindOf,
  numberOf,
} from './equality.ts';
import { PathError } from './lexer.ts';
import { bool, charge, decimal, integer, NONE, type Step, single, text, truth } from './scope.ts';
import type { TypedValue } from './typed-value.ts';

type Operator = (left: TypedValue[], right: TypedValue[]) => TypedValue[];

const ordered =
  (test: (order: number) => boolean): Operator =>
  (left, right) => {
    const [a, b] = [single(left), single(right)];
    if (!a || !b || a.value === undefined || b.value === undefined) return NONE;
    const order = compareItems(a, b);
    return bool(order === undefined ? undefined : test(order));
  };

const negated = (value: boolean | undefined) => (value === undefined ? undefined : !value);

const arithmetic =
  (apply: (a: number, b: number) => number | undefined, isWhole = false): Operator =>
  (left, right) => {
    const [a, b] = [single(left), single(right)];
    if (!a || !b) return NONE;
    const [x, y] = [numberOf(a.value), numberOf(b.value)];
    if (x === undefined || y === undefined) throw new PathError('arithmetic needs numbers');
    const result = apply(x, y);
    if (result === undefined) return NONE;
    const areIntegers = [a, b].every(({ type }) => type !== 'System.Decimal' && type !== 'decimal');
    return (isWhole || areIntegers) && Number.isInteger(result) ? integer(result) : decimal(result);
  };

const add: Operator = (left, right) => {
  const [a, b] = [single(left), single(right)];
  if (!a || !b) return NONE;
  if (kindOf(a) === 'string' && kindOf(b) === 'string') return text(`${a.value}${b.value}`);
  return arithmetic((x, y) => x + y)(left, right);
};

const joined: Operator = (left, right) => text(`${single(left)?.value ?? ''}${single(right)?.value ?? ''}`);

/** Operators that take both sides as they are. */
export const OPERATORS: Record<string, Operator> = {
  '=': (left, right) => bool(collectionsEqual(left, right)),
  '!=': (left, right) => bool(negated(collectionsEqual(left, right))),
  '~': (left, right) => bool(collectionsEquivalent(left, right)),
  '!~': (left, right) => bool(!collectionsEquivalent(left, right)),
  '<': ordered((order) => order < 0),
  '>': ordered((order) => order > 0),
  '<=': ordered((order) => order <= 0),
  '>=': ordered((order) => order >= 0),
  in: (left, right) => {
    const wanted = single(left);
    return wanted ? bool(contains(right, wanted)) : NONE;
  },
  contains: (left, right) => {
    const wanted = single(right);
    return wanted ? bool(contains(left, wanted)) : NONE;
  },
  '+': add,
  '&': joined,
  '-': arithmetic((a, b) => a - b),
  '*': arithmetic((a, b) => a * b),
  '/': arithmetic((a, b) => (b === 0 ? undefined : a / b)),
  div: arithmetic((a, b) => (b === 0 ? undefined : Math.trunc(a / b)), true),
  mod: arithmetic((a, b) => (b === 0 ? undefined : a % b)),
};

type Logic = (left: boolean | undefined, right: () => boolean | undefined) => boolean | undefined;

/** Three-valued logic, the right side only where it matters: https://hl7.org/fhirpath/N1/#boolean-logic */
const LOGIC: Record<string, Logic> = {
  and: (left, right) => {
    if (left === false) return false;
    const other = right();
    return other === false ? false : left === undefined ? undefined : other;
  },
  or: (left, right) => {
    if (left === true) return true;
    const other = right();
    return other === true ? true : left === undefined ? undefined : other;
  },
  xor: (left, right) => {
    const other = right();
    return left === undefined || other === undefined ? undefined : left !== other;
  },
  implies: (left, right) => {
    if (left === false) return true;
    const other = right();
    return other === true ? true : left === undefined ? undefined : other;
  },
};

export const binary = (operator: string, left: Step, right: Step): Step => {
  const logic = LOGIC[operator];
  if (logic) return (input, scope) => bool(logic(truth(left(input, scope)), () => truth(right(input, scope))));
  if (operator === '|')
    return (input, scope) => distinct([...left(input, scope), ...right(input, scope)], (cost) => charge(scope, cost));
  const apply = OPERATORS[operator];
  if (!apply) throw new PathError(`FHIRPath has no operator ${operator}`);
  return (input, scope) => {
    const [one, other] = [left(input, scope), right(input, scope)];
    // `~` looks at each pair.
    charge(scope, operator.endsWith('~') ? one.length * other.length : one.length + other.length);
    return apply(one, other);
  };
};
