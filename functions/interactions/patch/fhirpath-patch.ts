import { type Element, structureOf } from '../../fhir/definitions.ts';
import { type FhirError, refuse } from '../../fhir/outcome.ts';
import { compilePath } from '../../fhir/path/compile-path.ts';
import type { TypedValue } from '../../fhir/path/typed-value.ts';
import type { Resource } from '../../fhir/types.ts';
import { isObject } from '../write/body.ts';

// FHIRPath Patch: https://hl7.org/fhir/R4/fhirpatch.html

const MAX_OPERATIONS = 1000;
type Wrong = (rule: string) => FhirError;
type Part = Record<string, unknown>;
type Node = Record<string, unknown>;

/** Applies all operations or throws; `resource` is changed on the way, so hand in a copy. */
export const fhirPathPatch = (resource: Resource, body: unknown): Resource => {
  if (!isObject(body) || body.resourceType !== 'Parameters' || !Array.isArray(body.parameter)) {
    throw refuse('malformed', 'a FHIRPath Patch is a Parameters resource with operations');
  }
  if (body.parameter.length > MAX_OPERATIONS)
    throw refuse('tooLarge', `a patch holds at most ${MAX_OPERATIONS} operations`);
  body.parameter.forEach((parameter: unknown, at) => {
    const wrong: Wrong = (rule) =>
      refuse('unprocessable', `patch operation ${at}: ${rule}`, `Parameters.parameter[${at}]`);
    if (!isObject(parameter) || parameter.name !== 'operation' || !Array.isArray(parameter.part)) {
      throw wrong('it must be named operation and have parts');
    }
    step(resource, parameter.part.filter(isObject), wrong);
  });
  return resource;
};

const step = (resource: Resource, parts: readonly Part[], wrong: Wrong): void => {
  const part = (name: string) => parts.find((each) => each.name === name);
  const text = (name: string): string => {
    const found = part(name);
    const value = found?.valueString ?? found?.valueCode;
    if (typeof value !== 'string') throw wrong(`${name} is missing`);
    return value;
  };
  const index = (name: string): number => {
    const value = part(name)?.valueInteger;
    if (typeof value !== 'number' || value < 0 || !Number.isInteger(value))
      throw wrong(`${name} must be a whole number`);
    return value;
  };
  const value = (): Part => {
    const found = part('value');
    if (!found) throw wrong('value is missing');
    return found;
  };
  const nodes = evaluate(resource, text('path'), wrong);
  const apply = OPERATIONS[text('type')];
  if (!apply) throw wrong('type must be add, insert, delete, replace or move');
  apply(nodes, { text, index, value }, wrong);
};

interface Arguments {
  readonly text: (name: string) => string;
  readonly index: (name: string) => number;
  readonly value: () => Part;
}

const OPERATIONS: Record<string, ((nodes: TypedValue[], given: Arguments, wrong: Wrong) => void) | undefined> = {
  add: (nodes, { text, value }, wrong) => add(only(nodes, wrong), text('name'), value(), wrong),
  insert: (nodes, { index, value }, wrong) => insert(listOf(nodes, wrong), index('index'), value(), wrong),
  delete: (nodes, _, wrong) => {
    if (nodes.length > 0) remove(only(nodes, wrong), wrong);
  },
  replace: (nodes, { value }, wrong) => replace(only(nodes, wrong), value(), wrong),
  move: (nodes, { index }, wrong) => move(listOf(nodes, wrong), index('source'), index('destination'), wrong),
};

const evaluate = (resource: Resource, path: string, wrong: Wrong): TypedValue[] => {
  try {
    return compilePath(path)(resource);
  } catch {
    throw wrong('path is not a FHIRPath expression that can be evaluated here');
  }
};

const only = (nodes: readonly TypedValue[], wrong: Wrong): TypedValue => {
  if (nodes.length !== 1) throw wrong(`path must lead to one element, it leads to ${nodes.length}`);
  return nodes[0]!;
};

interface List {
  readonly owner: TypedValue;
  readonly key: string;
  readonly items: unknown[];
}

const listOf = (nodes: readonly TypedValue[], wrong: Wrong): List => {
  const [first] = nodes;
  const owner = first?.owner;
  const items = owner && first.key ? (owner.value as Node)[first.key] : undefined;
  if (!owner || !first?.key || !Array.isArray(items) || !nodes.every((node) => node.owner?.value === owner.value)) {
    throw wrong('path must lead to the items of one list');
  }
  return { owner, key: first.key, items };
};

const elementOf = (owner: TypedValue, name: string, wrong: Wrong): Element => {
  const structure = structureOf(owner.type);
  const element = structure?.elements.get(name) ?? structure?.properties.get(name)?.element;
  if (!element) throw wrong('there is no element of this name here');
  return element;
};

const add = (owner: TypedValue, name: string, part: Part, wrong: Wrong): void => {
  if (!isObject(owner.value)) throw wrong('path must lead to an element that has elements');
  const element = elementOf(owner, name, wrong);
  const { key, value } = jsonOf(element, part, wrong);
  const node = owner.value;
  if (element.max > 1) {
    const list = Array.isArray(node[key]) ? (node[key] as unknown[]) : [];
    node[key] = [...list, value];
    return;
  }
  if (propertyKeys(owner, element).some((each) => node[each] !== undefined))
    throw wrong('the element has a value already');
  node[key] = value;
};

const insert = ({ owner, key, items }: List, at: number, part: Part, wrong: Wrong): void => {
  if (at > items.length) throw wrong('index is outside the list');
  items.splice(at, 0, jsonOf(elementOf(owner, key, wrong), part, wrong).value);
  siblings(owner, key)?.splice(at, 0, null);
};

const move = ({ owner, key, items }: List, source: number, destination: number, wrong: Wrong): void => {
  if (source >= items.length || destination >= items.length) throw wrong('source or destination is outside the list');
  for (const list of [items, siblings(owner, key)]) {
    if (list) list.splice(destination, 0, ...list.splice(source, 1));
  }
};

const remove = ({ owner, key, index }: TypedValue, wrong: Wrong): void => {
  if (!owner || !key || !isObject(owner.value)) throw wrong('the resource itself cannot be deleted by a patch');
  const node = owner.value;
  if (index === undefined) {
    delete node[key];
    delete node[`_${key}`];
    return;
  }
  for (const name of [key, `_${key}`]) {
    const list = node[name];
    if (!Array.isArray(list)) continue;
    list.splice(index, 1);
    // FHIR has no empty lists.
    if (list.length === 0) delete node[name];
  }
};

const replace = (target: TypedValue, part: Part, wrong: Wrong): void => {
  const { owner, key, index } = target;
  if (!owner || !key || !isObject(owner.value)) throw wrong('the resource itself cannot be replaced by a patch');
  const node = owner.value;
  const next = jsonOf(elementOf(owner, key, wrong), part, wrong);
  if (index !== undefined) {
    (node[key] as unknown[])[index] = next.value;
    return;
  }
  // Another type of a choice has another name.
  delete node[key];
  delete node[`_${key}`];
  node[next.key] = next.value;
};

const siblings = (owner: TypedValue, key: string): unknown[] | undefined => {
  const list = (owner.value as Node)[`_${key}`];
  return Array.isArray(list) ? list : undefined;
};

const propertyKeys = (owner: TypedValue, element: Element): string[] =>
  [...(structureOf(owner.type)?.properties ?? [])]
    .filter(([, property]) => property.element === element)
    .map(([key]) => key);

/** The JSON name and value that a part stands for: `valueX` for a data type, parts for a structure that has no type of its own. */
const jsonOf = (element: Element, part: Part, wrong: Wrong): { key: string; value: unknown } => {
  const name = Object.keys(part).find((key) => key.startsWith('value'));
  if (name !== undefined) {
    const type = name.slice('value'.length);
    return { key: element.isChoice ? element.name + type : element.name, value: part[name] };
  }
  if (part.resource !== undefined) return { key: element.name, value: part.resource };
  if (!Array.isArray(part.part)) throw wrong('value holds nothing');
  const owner = element.types[0]!.name;
  const value: Node = {};
  for (const child of part.part.filter(isObject)) {
    const inner = elementOf({ type: owner, value }, String(child.name), wrong);
    const json = jsonOf(inner, child, wrong);
    if (inner.max > 1) value[json.key] = [...((value[json.key] as unknown[] | undefined) ?? []), json.value];
    else value[json.key] = json.value;
  }
  return { key: element.name, value };
};
