// Goes through a resource once, beside its definition: https://hl7.org/fhir/R4/validation.html
import { type Element, isPrimitive, type Property, type Structure, structureOf, type TypeRef } from '../definitions.ts';
import type { PathEnv } from '../path/compile-path.ts';
import type { TypedValue } from '../path/typed-value.ts';
import { isResourceType } from '../resource-types.ts';
import { bindingFault } from './codes.ts';
import type { Faults } from './faults.ts';
import { brokenRules } from './invariants.ts';
import { narrativeFault } from './narrative.ts';
import { primitiveFault } from './primitives.ts';
import { readReference } from './reference-rules.ts';

type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);

const ELEMENT_NAME = /^_?[A-Za-z][A-Za-z0-9]{0,63}$/;

const MISSING: readonly unknown[] = [];

/** One resource on its own: what `%resource` is for its invariants. */
interface Home {
  readonly env: PathEnv;
  /** Types of the contained resources of the root, by id. */
  readonly containedTypes: ReadonlyMap<unknown, unknown>;
  /** `%rootResource`: the resource that contains it, or itself. */
  readonly root: JsonObject;
  /** `#x` in the root and what it contains. */
  readonly localReferences: Set<string>;
  /** Entries of a transaction may refer by a search: https://hl7.org/fhir/R4/http.html#trules */
  readonly mayBeConditional: boolean;
}

export class Walk {
  private readonly faults: Faults;

  constructor(faults: Faults) {
    this.faults = faults;
  }

  /** A resource that stands on its own: the body itself, or a bundle's entry. */
  resource(value: unknown, mayBeConditional = false): void {
    if (!isObject(value)) {
      this.faults.add('structure', 'must be a resource: a JSON object');
      return;
    }
    const home: Home = {
      env: { resource: value, rootResource: value },
      root: value,
      containedTypes: containedTypes(value),
      localReferences: new Set(),
      mayBeConditional: mayBeConditional || value.type === 'transaction' || value.type === 'batch',
    };
    this.content(value, home);
    this.contained(value, home);
  }

  private content(value: JsonObject, home: Home): void {
    const { resourceType } = value;
    const structure = isResourceType(resourceType) ? structureOf(resourceType) : undefined;
    if (!structure) {
      this.faults.add('structure', 'resourceType must name a resource type of R4');
      return;
    }
    this.object(value, structure, home);
  }

  /** dom-2 to dom-5, which look at a resource and what it contains together. */
  private contained({ contained }: JsonObject, home: Home): void {
    if (!Array.isArray(contained)) return;
    const ids = new Set<unknown>();
    this.faults.enter('contained');
    contained.forEach((resource: unknown, index) => {
      if (!isObject(resource)) return;
      const { id, meta } = resource;
      this.faults.enter(index);
      if (resource.contained !== undefined)
        this.faults.add('invariant', 'dom-2: a contained resource contains no resources');
      if (isObject(meta) && (meta.versionId !== undefined || meta.lastUpdated !== undefined))
        this.faults.add('invariant', 'dom-4: a contained resource has no meta.versionId and no meta.lastUpdated');
      if (isObject(meta) && meta.security !== undefined)
        this.faults.add('invariant', 'dom-5: a contained resource has no security labels of its own');
      if (typeof id !== 'string') this.faults.add('required', 'a contained resource needs an id');
      else if (ids.has(id)) this.faults.add('invariant', 'another contained resource has the same id');
      else if (!home.localReferences.has(id) && !refersToContainer(resource))
        this.faults.add('invariant', 'dom-3: a contained resource must be referred to, or refer to its container');
      ids.add(id);
      this.faults.leave();
    });
    this.faults.leave();
  }

  private object(value: JsonObject, structure: Structure, home: Home): void {
    const isResource = structure.kind === 'resource';
    const seen = new Set<Element>();
    let content = 0;
    for (const key in value) {
      if ((key === 'resourceType' && isResource) || value[key] === undefined) continue;
      const name = key.charCodeAt(0) === 0x5f ? key.slice(1) : key;
      const property = structure.properties.get(name);
      if (!property || (name !== key && !isPrimitive(property.type.name))) {
        if (ELEMENT_NAME.test(key)) this.faults.add('structure', `R4 has no such element in ${structure.name}`, key);
        else this.faults.add('structure', `holds a name that is no element of ${structure.name}`);
        continue;
      }
      if (name !== 'id') content++;
      if (name !== key && value[name] !== undefined) continue; // seen with its value
      const { element } = property;
      if (element.isChoice && seen.has(element))
        this.faults.add('structure', `only one type of ${element.name}[x] may be there`, element.name);
      seen.add(element);
      this.property(value, property, home);
    }
    if (content === 0 && !isResource) this.faults.add('invariant', 'ele-1: an element must have a value or children');
    for (const element of structure.mandatory)
      if (!seen.has(element)) this.faults.add('required', `is required (${cardinality(element)})`, element.name);
    if (structure.name === 'Extension') this.extension(value, seen, structure);
    this.rules(structure.rules, { type: structure.name, value }, home);
  }

  /** ext-1; the definitions have it on every use of the type. */
  private extension(value: JsonObject, seen: ReadonlySet<Element>, structure: Structure): void {
    const hasValue = seen.has(structure.elements.get('value')!);
    if (hasValue === (value.extension !== undefined))
      this.faults.add('invariant', 'ext-1: an extension has either a value or extensions, not both');
  }

  private property(parent: JsonObject, property: Property, home: Home): void {
    const { key, element, type } = property;
    const value = parent[key];
    const isSimple = isPrimitive(type.name);
    const sibling = isSimple ? parent[`_${key}`] : undefined;
    // FHIRPath knows a choice by its name without the type.
    this.faults.enter(element.name);
    if (element.max === 1) this.single(value, sibling, isSimple, property, home);
    else this.list(value, sibling, isSimple, property, home);
    this.faults.leave();
  }

  private single(value: unknown, sibling: unknown, isSimple: boolean, property: Property, home: Home): void {
    if (Array.isArray(value) || Array.isArray(sibling))
      this.faults.add('structure', 'must be a single value, not an array');
    else if (isSimple) this.primitive(value, sibling, property, home);
    else this.complex(value, property, home);
  }

  private list(value: unknown, sibling: unknown, isSimple: boolean, property: Property, home: Home): void {
    if ((value !== undefined && !Array.isArray(value)) || (sibling !== undefined && !Array.isArray(sibling))) {
      this.faults.add('structure', 'must be an array: it may repeat');
      return;
    }
    const values = (value ?? MISSING) as readonly unknown[];
    const siblings = (sibling ?? MISSING) as readonly unknown[];
    if (values.length === 0 && siblings.length === 0) {
      this.faults.add('structure', 'an array must not be empty');
      return;
    }
    if (values.length > 0 && siblings.length > 0 && values.length !== siblings.length) {
      this.faults.add('structure', 'the array and its extensions must be of one length, filled up with null');
      return;
    }
    for (let index = 0; index < Math.max(values.length, siblings.length); index++) {
      if (this.faults.isFull) return;
      this.faults.enter(index);
      if (isSimple) this.primitive(values[index] ?? undefined, siblings[index] ?? undefined, property, home);
      else this.complex(values[index], property, home);
      this.faults.leave();
    }
  }

  private primitive(value: unknown, sibling: unknown, { element, type }: Property, home: Home): void {
    if (sibling !== undefined && sibling !== null) this.sibling(sibling, value, home);
    else if (value === undefined || value === null) {
      this.faults.add('value', 'null is no value');
      return;
    }
    if (value === undefined) return;

    const fault = primitiveFault(type.name, value);
    if (fault) {
      this.faults.add('value', fault);
      return;
    }
    if (type.name === 'xhtml') {
      const wrong = narrativeFault(value as string);
      if (wrong) this.faults.add('invariant', wrong);
    }
    if (typeof value === 'string' && value.startsWith('#')) home.localReferences.add(value.slice(1));
    if (element.valueSet !== undefined) this.binding(element.valueSet, type, value);
    if (element.rules.length > 0) this.rules(element.rules, { type: type.name, value }, home);
  }

  /** `_birthDate`: id and extensions, of which a primitive without value needs one. */
  private sibling(sibling: unknown, value: unknown, home: Home): void {
    if (!isObject(sibling)) {
      this.faults.add('structure', 'the extensions of a primitive stand in a JSON object');
      return;
    }
    if (value === undefined || sibling.id === undefined) {
      this.object(sibling, structureOf('Element')!, home);
      return;
    }
    // With a value beside it, an id alone is enough.
    if (sibling.extension !== undefined || Object.keys(sibling).length > 1)
      this.object(sibling, structureOf('Element')!, home);
  }

  private complex(value: unknown, { element, type }: Property, home: Home): void {
    if (!isObject(value)) {
      this.faults.add('structure', `must be a JSON object (${type.name})`);
      return;
    }
    if (type.name === 'Resource') {
      this.inner(value, element, home);
      return;
    }
    this.object(value, structureOf(type.name)!, home);
    if (type.name === 'Reference') this.reference(value, type, home);
    if (element.valueSet !== undefined) this.binding(element.valueSet, type, value);
    if (element.rules.length > 0) this.rules(element.rules, { type: type.name, value }, home);
  }

  private inner(value: JsonObject, { name }: Element, home: Home): void {
    if (name !== 'contained') {
      this.resource(value, home.mayBeConditional);
      return;
    }
    // %resource is the contained resource, its references are looked up in the container: fhirpath.html#variables
    this.content(value, { ...home, env: { resource: value, rootResource: home.root } });
  }

  private binding(set: number, { name }: TypeRef, value: unknown): void {
    const fault = bindingFault(set, name, value);
    if (fault) this.faults.add('code-invalid', fault);
  }

  private reference({ reference, type }: JsonObject, { targets }: TypeRef, home: Home): void {
    if (typeof type === 'string' && isResourceType(type) && targets && !targets.includes(type))
      this.faults.add('structure', `may refer to ${targets.join(', ')} only`, 'type');
    if (typeof reference !== 'string') return;

    const { kind, type: written } = readReference(reference);
    if (kind === 'wrong' || (kind === 'conditional' && !home.mayBeConditional)) {
      this.faults.add(
        'value',
        'must be Type/id with a type of R4, an absolute URL, or # and the id of a contained resource',
        'reference',
      );
      return;
    }
    const id = reference.slice(1);
    if (kind === 'contained' && !home.containedTypes.has(id)) {
      this.faults.add('invariant', 'ref-1: no contained resource has this id', 'reference');
      return;
    }
    const named = kind === 'contained' ? home.containedTypes.get(id) : written;
    if (!isResourceType(named)) return;
    if (targets && !targets.includes(named))
      this.faults.add('structure', `may refer to ${targets.join(', ')} only`, 'reference');
    if (isResourceType(type) && type !== named)
      this.faults.add('structure', 'must be the type that the reference names', 'type');
  }

  private rules(indexes: readonly number[], node: TypedValue, { env }: Home): void {
    if (indexes.length === 0 || this.faults.isFull) return;
    for (const { key, human } of brokenRules(indexes, node, env)) this.faults.add('invariant', `${key}: ${human}`);
  }
}

const cardinality = ({ min, max }: Element) => `${min}..${max === 1 ? 1 : '*'}`;

const NOTHING_CONTAINED: ReadonlyMap<unknown, unknown> = new Map();

const containedTypes = ({ contained }: JsonObject): ReadonlyMap<unknown, unknown> =>
  Array.isArray(contained)
    ? new Map(contained.filter(isObject).map(({ id, resourceType }) => [id, resourceType]))
    : NOTHING_CONTAINED;

/** `{"reference": "#"}` somewhere below. */
const refersToContainer = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(refersToContainer);
  return isObject(value) && (value.reference === '#' || Object.values(value).some(refersToContainer));
};
