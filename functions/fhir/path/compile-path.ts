// FHIRPath, as far as R4's search parameters, invariants and FHIRPath Patch use it: https://hl7.org/fhirpath/N1/
// An expression is parsed once into closures. Not covered: memberOf, conformsTo, date arithmetic, unit conversion.
import { isA, isPrimitive } from '../definitions.ts';
import { numberOf } from './equality.ts';
import { COLLECTION_FUNCTIONS } from './functions.ts';
import { PathError } from './lexer.ts';
import { childrenNamed, isOfType, startOf } from './navigate.ts';
import { binary } from './operators.ts';
import { type Ast, parsePath } from './parser.ts';
import { bool, decimal, integer, NONE, type Scope, type Step, single, spend } from './scope.ts';
import { TEXT_FUNCTIONS } from './text-functions.ts';
import { type CompiledPath, type PathEnv, system, type TypedValue } from './typed-value.ts';

export { PathError, PathTooCostly } from './lexer.ts';
export type { CompiledPath, PathEnv, TypedValue } from './typed-value.ts';

const FUNCTIONS = new Map(Object.entries({ ...COLLECTION_FUNCTIONS, ...TEXT_FUNCTIONS }));

const CONSTANTS: Record<string, string> = {
  ucum: 'http://unitsofmeasure.org',
  sct: 'http://snomed.info/sct',
  loinc: 'http://loinc.org',
};

const asNodes = (value: unknown): TypedValue[] => {
  if (value === undefined || value === null) return NONE;
  if (typeof value === 'string') return [system('String', value)];
  if (typeof value === 'boolean') return [system('Boolean', value)];
  if (typeof value === 'number') return [system(Number.isInteger(value) ? 'Integer' : 'Decimal', value)];
  return [startOf(value)];
};

const variable = (name: string): Step => {
  const constant = CONSTANTS[name];
  if (constant) return () => [system('String', constant)];
  if (name.startsWith('vs-')) return () => [system('String', `http://hl7.org/fhir/ValueSet/${name.slice(3)}`)];
  if (name.startsWith('ext-'))
    return () => [system('String', `http://hl7.org/fhir/StructureDefinition/${name.slice(4)}`)];
  if (name === 'context') return (_, { context }) => [context];
  if (name === 'resource') return (_, { resource }) => [resource];
  if (name === 'rootResource') return (_, { rootResource }) => [rootResource];
  return (_, { variables }) => {
    if (!Object.hasOwn(variables, name))
      throw new PathError('an environment variable of a FHIRPath expression is unknown');
    return asNodes(variables[name]);
  };
};

const members = (input: TypedValue[], name: string, scope: Scope): TypedValue[] => {
  if (input.length === 0) return NONE;
  const found: TypedValue[] = [];
  for (const node of input) childrenNamed(node, name, found);
  return spend(scope, found);
};

/** A name that starts a path is a type (`Patient.name`) where the input is of that type. */
const firstMember = (name: string): Step => {
  if (!/^[A-Z]/.test(name)) return (input, scope) => members(input, name, scope);
  return (input, scope) => (input.length === 1 && isA(input[0]!.type, name) ? input : members(input, name, scope));
};

const member = (of: Ast | undefined, name: string): Step => {
  if (!of) return firstMember(name);
  const before = compile(of);
  return (input, scope) => members(before(input, scope), name, scope);
};

/** `ofType(Quantity)`, `is(Patient)`: the argument is a name, not a path. */
const typeArgument = ([argument]: readonly Ast[]): string => {
  if (argument?.kind !== 'member') throw new PathError('a type name was expected');
  return argument.of?.kind === 'member' ? `${argument.of.name}.${argument.name}` : argument.name;
};

const typeTest = (operator: string, before: Step, type: string): Step =>
  operator === 'is'
    ? (input, scope) => {
        const node = single(before(input, scope));
        return node ? bool(isOfType(node, type)) : NONE;
      }
    : // A primitive is taken as its own type only: `gender.as(string)` is empty, since `gender` is a code.
      (input, scope) =>
        before(input, scope).filter((node) => isOfType(node, type) && (node.type === type || !isPrimitive(node.type)));

const identity: Step = (input) => input;

const call = ({ of, name, args }: Extract<Ast, { kind: 'call' }>): Step => {
  const before = of ? compile(of) : identity;
  if (name === 'is' || name === 'as' || name === 'ofType') return typeTest(name, before, typeArgument(args));
  const apply = FUNCTIONS.get(name);
  if (!apply) throw new PathError(`FHIRPath function ${/^\w{1,30}$/.test(name) ? name : ''} is not known here`);
  const steps = args.map(compile);
  return (input, scope) => spend(scope, apply(before(input, scope), scope, steps));
};

const special = (name: string): Step => {
  if (name === 'this') return (_, { self }) => [self];
  if (name === 'index') return (_, { index }) => integer(index);
  if (name === 'total') return (_, { total }) => total;
  throw new PathError('a special name of a FHIRPath expression is unknown');
};

const negate =
  (of: Step): Step =>
  (input, scope) => {
    const node = single(of(input, scope));
    const value = numberOf(node?.value);
    if (node && value === undefined) throw new PathError('a number was expected');
    return value === undefined ? NONE : node?.type === 'System.Integer' ? integer(-value) : decimal(-value);
  };

/** A path from `%resource` and the like, without arguments: the same wherever in an expression it stands. */
const isFixed = (ast: Ast): boolean => {
  if (ast.kind === 'variable') return ast.name === 'resource' || ast.name === 'rootResource' || ast.name === 'context';
  if (ast.kind === 'call' && ast.args.length > 0) return false;
  return (ast.kind === 'member' || ast.kind === 'call') && ast.of !== undefined && isFixed(ast.of);
};

/** Walked once for an evaluation: `element.all(path.startsWith(%resource.snapshot.element.first().path))` would walk it for each element. */
const compile = (ast: Ast): Step => {
  if (ast.kind === 'variable' || !isFixed(ast)) return compileStep(ast);
  const step = compileStep(ast);
  return (input, scope) => {
    const known = scope.fixed.get(ast);
    // Not walked again, but what it found is met again.
    if (known) return spend(scope, known);
    const found = step(input, scope);
    scope.fixed.set(ast, found);
    return found;
  };
};

const compileStep = (ast: Ast): Step => {
  switch (ast.kind) {
    case 'literal': {
      const literal = [system(ast.type, ast.value)];
      return () => literal;
    }
    case 'quantity': {
      const quantity = [system('Quantity', { value: ast.value, unit: ast.unit })];
      return () => quantity;
    }
    case 'empty':
      return () => NONE;
    case 'variable':
      return variable(ast.name);
    case 'special':
      return special(ast.name);
    case 'member':
      return member(ast.of, ast.name);
    case 'call':
      return call(ast);
    case 'index': {
      const [before, at] = [compile(ast.of), compile(ast.at)];
      return (input, scope) => {
        const index = numberOf(single(at([scope.self], scope))?.value);
        return before(input, scope).slice(index, (index ?? 0) + 1);
      };
    }
    case 'type':
      return typeTest(ast.operator, compile(ast.of), ast.type);
    case 'minus':
      return negate(compile(ast.of));
    case 'binary':
      return binary(ast.operator, compile(ast.left), compile(ast.right));
  }
};

const newScope = (context: TypedValue, env: PathEnv, budget: number): Scope => {
  const resource = env.resource === undefined ? context : startOf(env.resource);
  return {
    context,
    resource,
    rootResource: env.rootResource === undefined ? resource : startOf(env.rootResource),
    now: env.now ?? 0,
    variables: env.variables ?? {},
    self: context,
    index: 0,
    total: NONE,
    budget,
    fixed: new Map(),
  };
};

export type NodePath = (context: TypedValue, env?: PathEnv) => TypedValue[];

const compiled = new Map<string, NodePath>();

/** More than the largest body that we take can hold, several times over; seconds at most. */
const BUDGET = 2_000_000;

/**
 * Compiles an expression of the definitions, once, to start from any typed value: an invariant on `Observation.component`.
 * Throws PathError where it cannot be parsed, and when it is run on values that it does not fit.
 */
export const compileNodePath = (expression: string): NodePath => {
  const known = compiled.get(expression);
  if (known) return known;
  const step = compile(parsePath(expression));
  const path: NodePath = (context, env = {}) => step([context], newScope(context, env, BUDGET));
  compiled.set(expression, path);
  return path;
};

/** A pattern can take the server's time for ever, repeating can, and texts can be made to grow; a patch needs none of these. */
const NOT_FOR_CLIENTS = new Set('matches replaceMatches repeat aggregate replace split join toChars'.split(' '));
const CLIENT_BUDGET = 200_000;

const assertForClients = (ast: Ast): void => {
  if (ast.kind === 'call') {
    if (NOT_FOR_CLIENTS.has(ast.name)) throw new PathError(`FHIRPath function ${ast.name} is not allowed here`);
    ast.args.forEach(assertForClients);
  }
  if ('of' in ast && ast.of) assertForClients(ast.of);
  if (ast.kind === 'index') assertForClients(ast.at);
  if (ast.kind === 'binary') [ast.left, ast.right].forEach(assertForClients);
};

/**
 * Compiles an expression that came from outside (FHIRPath Patch). It is not kept, may hold no pattern, and has a small budget.
 * Throws PathError as `compileNodePath` does.
 */
export const compilePath = (expression: string): CompiledPath => {
  const ast = parsePath(expression);
  assertForClients(ast);
  const step = compile(ast);
  return (resource, env = {}) => {
    const context = startOf(resource);
    return step([context], newScope(context, env, CLIENT_BUDGET));
  };
};
