// From a value to the values below it, each with its type, as the definitions say.
import { type Element, isA, isPrimitive, type Property, type Structure, structureOf } from '../definitions.ts';
import { isResourceType } from '../resource-types.ts';
import type { TypedValue } from './typed-value.ts';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const typeIn = (declared: string, value: unknown): string => {
  if (declared !== 'Resource' || !isObject(value)) return declared;
  return isResourceType(value.resourceType) ? value.resourceType : 'Resource';
};

/** A resource (or the JSON of a named type) as the start of a path. */
export const startOf = (value: unknown, type?: string): TypedValue => ({
  type: type ?? typeIn('Resource', value),
  value,
});

const asElement = (sibling: unknown) => (isObject(sibling) ? sibling : undefined);

/** Adds the values of one JSON name to `found`. */
const collect = (
  parent: TypedValue,
  json: Record<string, unknown>,
  { key, element, type }: Property,
  found: TypedValue[],
): void => {
  const value = json[key];
  const sibling = isPrimitive(type.name) ? json[`_${key}`] : undefined;
  if (value === undefined && sibling === undefined) return;
  if (element.max === 1 || !(Array.isArray(value) || Array.isArray(sibling))) {
    found.push({
      type: typeIn(type.name, value),
      value: value ?? undefined,
      element: asElement(sibling),
      owner: parent,
      key,
    });
    return;
  }
  const values = Array.isArray(value) ? value : [];
  const siblings = Array.isArray(sibling) ? sibling : [];
  for (let index = 0; index < Math.max(values.length, siblings.length); index++)
    found.push({
      type: typeIn(type.name, values[index]),
      value: values[index] ?? undefined,
      element: asElement(siblings[index]),
      owner: parent,
      key,
      index,
    });
};

/** The JSON names of a choice that an object has. */
const choiceProperties = (structure: Structure, element: Element, json: Record<string, unknown>): Property[] => {
  const properties = new Set<Property>();
  for (const key in json) {
    if (!key.startsWith(element.name) && !key.startsWith(`_${element.name}`)) continue;
    const property = structure.properties.get(key.startsWith('_') ? key.slice(1) : key);
    if (property?.element === element) properties.add(property);
  }
  return [...properties];
};

/** `id` and `extension` of a primitive stand beside it. */
const ofPrimitive = (node: TypedValue): { structure: Structure; json: Record<string, unknown> } | undefined =>
  node.element ? { structure: structureOf('Element')!, json: node.element } : undefined;

const contentOf = (node: TypedValue): { structure: Structure; json: Record<string, unknown> } | undefined => {
  const structure = structureOf(node.type);
  if (!structure) return undefined;
  if (structure.kind === 'primitive') return ofPrimitive(node);
  return isObject(node.value) ? { structure, json: node.value } : undefined;
};

export const childrenNamed = (node: TypedValue, name: string, found: TypedValue[]): void => {
  const content = contentOf(node);
  if (!content) return;
  const { structure, json } = content;
  const element = structure.elements.get(name);
  if (!element) return;
  const properties = element.isChoice ? choiceProperties(structure, element, json) : [structure.properties.get(name)!];
  for (const property of properties) collect(node, json, property, found);
};

export const children = (node: TypedValue): TypedValue[] => {
  const content = contentOf(node);
  if (!content) return [];
  const { structure, json } = content;
  const found: TypedValue[] = [];
  const seen = new Set<string>();
  for (const key in json) {
    const name = key.startsWith('_') ? key.slice(1) : key;
    const property = structure.properties.get(name);
    if (!property || seen.has(name)) continue;
    seen.add(name);
    collect(node, json, property, found);
  }
  return found;
};

/** All that is below, parents before their children. `limit`: gives up (undefined) where there is more. */
export const descendants = (nodes: readonly TypedValue[], limit: number): TypedValue[] | undefined => {
  const found: TypedValue[] = [];
  const visit = (node: TypedValue): void => {
    if (found.length > limit) return;
    const below = children(node);
    for (const child of below) found.push(child);
    for (const child of below) visit(child);
  };
  for (const node of nodes) visit(node);
  return found.length > limit ? undefined : found;
};

/** `is`, `as`, `ofType`: https://hl7.org/fhirpath/N1/#types */
export const isOfType = (node: TypedValue, typeName: string): boolean => {
  const [namespace, name] = typeName.includes('.') ? typeName.split('.') : [undefined, typeName];
  if (namespace === 'System') return node.type === typeName;
  if (node.type.startsWith('System.')) return namespace === undefined && node.type === `System.${name}`;
  return name !== undefined && isA(node.type, name);
};

/**
 * What a reference points to, known by its type alone unless it is contained: enough for `resolve() is Patient`.
 * Undefined where the reference does not say.
 */
export const resolveReference = (node: TypedValue, root: unknown): TypedValue | undefined => {
  const text = isObject(node.value) ? node.value.reference : node.value;
  const declared = isObject(node.value) ? node.value.type : undefined;
  if (typeof text === 'string' && text.startsWith('#')) {
    const contained = isObject(root) && Array.isArray(root.contained) ? root.contained : [];
    const target: unknown = contained.find((resource) => isObject(resource) && resource.id === text.slice(1));
    return target === undefined ? undefined : startOf(target);
  }
  const type = typeof text === 'string' ? referencedType(text) : undefined;
  if (type) return { type, value: undefined };
  return isResourceType(declared) ? { type: declared, value: undefined } : undefined;
};

/** `Patient` in `Patient/1`, `https://other.example/fhir/Patient/1` and `Patient/1/_history/2`. */
export const referencedType = (reference: string): string | undefined => {
  const type = /(?:^|\/)([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/.exec(
    reference,
  )?.[1];
  return isResourceType(type) ? type : undefined;
};
