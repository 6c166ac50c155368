import { structureOf } from '../../fhir/definitions.ts';
import { isResourceType } from '../../fhir/resource-types.ts';
import type { Resource } from '../../fhir/types.ts';
import { isObject } from './body.ts';

/** A place in a resource that names another resource, and can be made to name it differently. */
export interface Slot {
  readonly value: string;
  /** `Reference.reference`, which alone may be conditional or a placeholder. */
  readonly isReference: boolean;
  readonly write: (value: string) => void;
}

const put =
  <K extends PropertyKey>(owner: { [key in K]: unknown }, key: K) =>
  (next: string) => {
    owner[key] = next;
  };

/** Types of elements whose value may be the address of another resource. A canonical is a name: it is left alone. */
const LINK_TYPES = new Set(['uri', 'url', 'uuid', 'oid']);
const NARRATIVE_LINK = /<(?:a|img)\b[^>]*?\s(?:href|src)\s*=\s*(["'])(.+?)\1/g;

/**
 * Every link of a resource: references, elements of type uri, url, uuid and oid, and `href`/`src` in the narrative.
 * https://hl7.org/fhir/R4/http.html#trules
 */
export const slotsOf = (resource: Resource): Slot[] => {
  const slots: Slot[] = [];
  collect(resource, resource.resourceType, slots);
  return slots;
};

const collect = (node: Record<string, unknown>, type: string, slots: Slot[]): void => {
  const properties = structureOf(type)?.properties;
  for (const key in node) {
    const value = node[key];
    const isSibling = key.startsWith('_');
    const name = isSibling ? 'Element' : properties?.get(key)?.type.name;
    if (name === undefined) continue;
    if (typeof value === 'string') {
      if (name === 'xhtml') collectNarrative(node, value, slots);
      else if (LINK_TYPES.has(name) || (type === 'Reference' && key === 'reference')) {
        slots.push({ value, isReference: type === 'Reference', write: put(node, key) });
      }
    } else if (Array.isArray(value)) {
      collectItems(value, name, slots);
    } else if (isObject(value)) {
      collect(value, typeOf(value, name), slots);
    }
  }
};

const collectItems = (items: unknown[], name: string, slots: Slot[]) => {
  items.forEach((item, at) => {
    if (isObject(item)) collect(item, typeOf(item, name), slots);
    else if (typeof item === 'string' && LINK_TYPES.has(name)) {
      slots.push({ value: item, isReference: false, write: put(items, at) });
    }
  });
};

const typeOf = (value: Record<string, unknown>, declared: string) =>
  declared === 'Resource' ? String(value.resourceType) : declared;

const collectNarrative = (narrative: Record<string, unknown>, div: string, slots: Slot[]) => {
  if (!div.includes('href') && !div.includes('src')) return;
  for (const [, quote, link] of div.matchAll(NARRATIVE_LINK)) {
    slots.push({
      value: link!,
      isReference: false,
      write: (next) => {
        narrative.div = (narrative.div as string).replaceAll(quote + link! + quote, quote + next + quote);
      },
    });
  }
};

/** `https://own.base/fhir/Patient/x` → `Patient/x`: a link to ourselves must survive a change of address. */
export const relativeToBase = (link: string, bases: readonly string[]): string | undefined => {
  const base = bases.find((one) => link.startsWith(`${one}/`));
  if (base === undefined) return undefined;
  const rest = link.slice(base.length + 1);
  return isResourceType(rest.slice(0, rest.search(/[/?]|$/))) ? rest : undefined;
};

/** Absolute references below a base of our own become relative. Only `reference` elements: a canonical url is a name, not an address. */
export const normaliseReferences = (node: unknown, bases: readonly string[]): void => {
  if (Array.isArray(node)) {
    for (const item of node) normaliseReferences(item, bases);
  } else if (isObject(node)) {
    for (const key in node) {
      const value = node[key];
      if (typeof value === 'object') normaliseReferences(value, bases);
      else if (key === 'reference' && typeof value === 'string') node[key] = relativeToBase(value, bases) ?? value;
    }
  }
};
