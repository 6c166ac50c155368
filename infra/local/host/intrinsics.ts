// Evaluates CloudFormation's intrinsic functions.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
import { LocalError } from '../local-dir.ts';
import type { Json, JsonObject, Stack } from './assembly.ts';

/** What a template may refer to. */
export interface Scope {
  readonly stack: Stack;
  /** `Ref` of a resource. */
  readonly ref: (logicalId: string) => Json;
  /** `Fn::GetAtt` of a resource. */
  readonly attribute: (logicalId: string, name: string) => Json;
  /** `Fn::ImportValue`. */
  readonly imported: (name: string) => Json;
}

const NO_VALUE = Symbol('AWS::NoValue');
type Value = Json | typeof NO_VALUE;

export const evaluate = (value: Json, scope: Scope): Json => {
  const found = walk(value, scope);
  return found === NO_VALUE ? null : found;
};

const walk = (value: Json, scope: Scope): Value => {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    return value.map((entry) => walk(entry, scope)).filter((entry): entry is Json => entry !== NO_VALUE);
  }
  const keys = Object.keys(value);
  const name = keys[0];
  if (keys.length === 1 && name && (name === 'Ref' || name === 'Condition' || name.startsWith('Fn::'))) {
    const call = FUNCTIONS[name];
    // A policy statement has a key `Condition` of its own; there it holds an object.
    if (call && !(name === 'Condition' && typeof value[name] !== 'string')) return call(value[name] as Json, scope);
    if (name.startsWith('Fn::')) throw new LocalError(`the template uses ${name}, which the local host does not know`);
  }
  const answer: JsonObject = {};
  for (const [key, entry] of Object.entries(value)) {
    const found = walk(entry, scope);
    if (found !== NO_VALUE) answer[key] = found;
  }
  return answer;
};

const text = (value: Json, scope: Scope): string => String(evaluate(value, scope));
const list = (value: Json, scope: Scope): Json[] => {
  const found = evaluate(value, scope);
  return Array.isArray(found) ? found : [found];
};

const FUNCTIONS: Record<string, (argument: Json, scope: Scope) => Value> = {
  Ref: (name, scope) => reference(String(name), scope),
  'Fn::GetAtt': (argument, scope) => {
    const [logicalId, ...attribute] = typeof argument === 'string' ? argument.split('.') : list(argument, scope);
    return scope.attribute(String(logicalId), attribute.join('.'));
  },
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = argument as [string, Json];
    return list(parts, scope).map(String).join(separator);
  },
  'Fn::Split': (argument, scope) => {
    const [separator, source] = argument as [string, Json];
    return text(source, scope).split(separator);
  },
  'Fn::Select': (argument, scope) => {
    const [index, from] = argument as [Json, Json];
    return list(from, scope)[Number(evaluate(index, scope))] ?? null;
  },
  'Fn::Sub': (argument, scope) => {
    const [pattern, given] = Array.isArray(argument) ? (argument as [string, JsonObject]) : [String(argument), {}];
    return pattern.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (name in given) return text(given[name] as Json, scope);
      const dot = name.indexOf('.');
      return String(dot < 0 ? reference(name, scope) : scope.attribute(name.slice(0, dot), name.slice(dot + 1)));
    });
  },
  'Fn::ImportValue': (argument, scope) => scope.imported(text(argument, scope)),
  'Fn::Base64': (argument, scope) => Buffer.from(text(argument, scope)).toString('base64'),
  'Fn::FindInMap': (argument, scope) => {
    const [map, first, second] = list(argument, scope).map(String) as [string, string, string];
    return scope.stack.template.Mappings?.[map]?.[first]?.[second] ?? null;
  },
  'Fn::GetAZs': () => ['a', 'c', 'd'],
  'Fn::If': (argument, scope) => {
    const [name, yes, no] = argument as [string, Json, Json];
    return walk(holds(name, scope) ? yes : no, scope);
  },
  'Fn::Equals': (argument, scope) => {
    const [one, other] = list(argument, scope);
    return String(one) === String(other);
  },
  'Fn::And': (argument, scope) => list(argument, scope).every(Boolean),
  'Fn::Or': (argument, scope) => list(argument, scope).some(Boolean),
  'Fn::Not': (argument, scope) => !list(argument, scope)[0],
  Condition: (name, scope) => holds(String(name), scope),
};

export const holds = (condition: string, scope: Scope): boolean => {
  const found = scope.stack.template.Conditions?.[condition];
  if (found === undefined) throw new LocalError(`the template names a condition ${condition} that it does not define`);
  return Boolean(evaluate(found, scope));
};

const reference = (name: string, scope: Scope): Value => {
  const { stack } = scope;
  switch (name) {
    case 'AWS::AccountId':
      return stack.account;
    case 'AWS::Region':
      return stack.awsRegion;
    case 'AWS::Partition':
      return 'aws';
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    case 'AWS::StackName':
      return stack.name;
    case 'AWS::StackId':
      return `arn:aws:cloudformation:${stack.awsRegion}:${stack.account}:stack/${stack.name}/local`;
    case 'AWS::NoValue':
      return NO_VALUE;
  }
  const parameter = stack.template.Parameters?.[name];
  return parameter ? (parameter.Default ?? null) : scope.ref(name);
};
