// Extensions that are known are held against their definition wherever they stand, whether a profile names them there or not:
// https://hl7.org/fhir/R4/extensibility.html#extension
import { isPrimitive, structureOf } from '../fhir/definitions.ts';
import type { TypedValue } from '../fhir/path/typed-value.ts';
import type { Faults } from '../fhir/validate/faults.ts';
import { Check, type Surroundings } from './check.ts';
import type { Known } from './rules.ts';
import { isObject } from './values.ts';

const urlsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.flatMap((item) => (isObject(item) && typeof item.url === 'string' ? item.url : [])) : [];

/** The urls of all extensions in a resource. Most have none, and no type needs to be known for that. */
export const extensionUrls = (value: unknown, found: Set<string> = new Set()): Set<string> => {
  if (Array.isArray(value)) for (const item of value) extensionUrls(item, found);
  else if (isObject(value))
    for (const key in value) {
      const child = value[key];
      if (typeof child !== 'object' || child === null) continue;
      if (key === 'extension' || key === 'modifierExtension') for (const url of urlsOf(child)) found.add(url);
      extensionUrls(child, found);
    }
  return found;
};

const isKnown = (known: Known, url: string): boolean => known.profile(url)?.type === 'Extension';

export const checkExtensions = (faults: Faults, resource: TypedValue, around: Surroundings): void => {
  const urls = extensionUrls(resource.value);
  if ([...urls].some((url) => isKnown(around.known, url)))
    walk(faults, resource.value, resource.type, [resource.type], around);
};

/** `places`: what an extension may call the element where it stands, `Dosage` and `MedicationRequest.dosageInstruction`. */
const walk = (faults: Faults, value: unknown, type: string, places: readonly string[], around: Surroundings): void => {
  if (!isObject(value)) return;
  const properties = structureOf(type)?.properties;
  for (const key in value) {
    const child = value[key];
    if (typeof child !== 'object' || child === null) continue;
    const name = key.startsWith('_') ? key.slice(1) : key;
    const property = properties?.get(name);
    // What is contained, or an entry, is a resource of its own (profiles.ts).
    if (!property || property.type.name === 'Resource') continue;
    const isSimple = isPrimitive(property.type.name);
    const below = isSimple ? 'Element' : property.type.name;
    const at = [property.type.name, `${type}.${property.element.name}`];
    faults.enter(property.element.name);
    for (const [index, item] of (Array.isArray(child) ? child : [child]).entries()) {
      if (Array.isArray(child)) faults.enter(index);
      if (name === 'extension' || name === 'modifierExtension') one(faults, item, places, around);
      walk(faults, item, below, at, around);
      if (Array.isArray(child)) faults.leave();
    }
    faults.leave();
  }
};

const one = (faults: Faults, value: unknown, places: readonly string[], around: Surroundings): void => {
  if (!isObject(value) || typeof value.url !== 'string') return;
  const definition = around.known.profile(value.url);
  if (definition?.type !== 'Extension') return;
  const { contexts } = definition;
  if (contexts && !contexts.some((context) => places.includes(context) || GENERAL.has(context)))
    faults.add('structure', `${definition.name} belongs to ${contexts.join(', ')}`);
  new Check(faults, definition, around).run({ type: 'Extension', value });
};

const GENERAL = new Set(['Element', 'Resource', 'DomainResource']);
