// The invariants of the definitions, evaluated: https://hl7.org/fhir/R4/conformance-rules.html#constraints
import { type Rule, rule } from '../definitions.ts';
import { refuse } from '../outcome.ts';
import { compileNodePath, type NodePath, type PathEnv, PathError, PathTooCostly } from '../path/compile-path.ts';
import type { TypedValue } from '../path/typed-value.ts';

/** Where no order can be told (dates of different precision, other units), these hold: nothing shows that they don't. */
const HOLD_WHEN_UNKNOWN = new Set(['per-1', 'rng-2', 'mdd-1', 'eld-2']);

interface CompiledRule extends Rule {
  readonly path: NodePath;
}

const compiledRules = new Map<number, CompiledRule>();

const compiledRule = (index: number): CompiledRule => {
  const known = compiledRules.get(index);
  if (known) return known;
  const found = rule(index);
  const compiled = { ...found, path: compileNodePath(found.expression) };
  compiledRules.set(index, compiled);
  return compiled;
};

const holds = ({ key, path }: CompiledRule, node: TypedValue, env: PathEnv): boolean => {
  try {
    const [answer] = path(node, env);
    return answer === undefined ? HOLD_WHEN_UNKNOWN.has(key) : answer.value !== false;
  } catch (error) {
    // What could not be checked is not taken to hold: a resource could be made so large that no rule binds it.
    if (error instanceof PathTooCostly) throw tooCostlyToCheck(key);
    // The values do not have the form that the rule takes for granted; what is wrong with them is reported where they stand.
    if (error instanceof PathError) return true;
    throw error;
  }
};

export const tooCostlyToCheck = (key: string) =>
  refuse('tooCostly', `the resource is too large to be held to the rule ${key}; divide it`);

/** The rules that a value breaks. Refuses a resource that a rule cannot be held to. */
export const brokenRules = (indexes: readonly number[], node: TypedValue, env: PathEnv): Rule[] =>
  indexes.map(compiledRule).filter((compiled) => !holds(compiled, node, env));
