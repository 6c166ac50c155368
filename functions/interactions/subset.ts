import { structureOf } from '../fhir/definitions.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Stored } from '../storage/port.ts';
import type { Answer, FhirRequest } from './contract.ts';
import { versionHeaders } from './headers.ts';
import { param } from './query.ts';
import { isObject } from './write/body.ts';

/** What part of a resource the client asked for. */
export interface Subset {
  readonly summary?: 'true' | 'text' | 'data' | undefined;
  /** Element names of the type, choices without their type. */
  readonly elements?: readonly string[] | undefined;
}

const SUBSETTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
};

/** https://hl7.org/fhir/R4/search.html#summary and #elements, on a single read. Undefined: the whole resource. */
export const subsetOf = (params: FhirRequest['params']): Subset | undefined => {
  const summary = param(params, '_summary');
  const elements = param(params, '_elements')
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (summary === undefined || summary === 'false') {
    return elements && elements.length > 0 ? { elements } : undefined;
  }
  if (summary === 'true' || summary === 'text' || summary === 'data') return { summary };
  throw refuse('invalid', '_summary must be true, text, data or false here');
};

/** A stored resource as it leaves: its own text when all of it is wanted. */
export const subsetAnswer = (stored: Stored, { params }: FhirRequest): Answer => {
  const subset = params.length > 0 ? subsetOf(params) : undefined;
  if (!subset) return { status: 200, stored };
  return { status: 200, resource: subsetResource(stored.resource(), subset), headers: versionHeaders(stored) };
};

export const subsetResource = (resource: Resource, subset: Subset): Resource =>
  markSubset(resource, pick(resource, subset));

/** Marked as incomplete, so that nobody writes it back: https://hl7.org/fhir/R4/search.html#summary */
export const markSubset = (resource: Resource, kept: Record<string, unknown>): Resource => {
  const { meta } = resource;
  const tag = [...(meta?.tag ?? []).filter(({ code }) => code !== SUBSETTED.code), SUBSETTED];
  const { resourceType, id, meta: _, ...rest } = kept;
  return {
    resourceType: resource.resourceType,
    ...(resource.id && { id: resource.id }),
    meta: { ...meta, tag },
    ...rest,
  };
};

const pick = (resource: Resource, { summary, elements }: Subset): Record<string, unknown> => {
  if (elements) return pickNamed(resource, elements);
  if (summary === 'data') {
    const { text: _, ...rest } = resource;
    return rest;
  }
  if (summary === 'text') return pickNamed(resource, ['text']);
  return pickSummary(resource, resource.resourceType);
};

/**
 * Mandatory elements always stay: without them the answer would not be a valid resource. A name may have the type before it
 * (`Patient.gender`), as other servers take it.
 */
const pickNamed = (resource: Resource, asked: readonly string[]) => {
  const properties = structureOf(resource.resourceType)?.properties;
  const own = `${resource.resourceType}.`;
  const names = new Set(asked.map((name) => (name.startsWith(own) ? name.slice(own.length) : name)));
  return Object.fromEntries(
    Object.entries(resource).filter(([key]) => {
      const element = properties?.get(key.replace(/^_/, ''))?.element;
      return element !== undefined && (names.has(element.name) || element.min > 0);
    }),
  );
};

const pickSummary = (value: Record<string, unknown>, type: string): Record<string, unknown> => {
  const properties = structureOf(type)?.properties;
  const kept: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const property = properties?.get(key.replace(/^_/, ''));
    if (!property?.element.isSummary && !(property && property.element.min > 0)) continue;
    kept[key] = property.type.name.includes('.') ? inside(item, property.type.name) : item;
  }
  return kept;
};

/** Backbone elements have summary elements of their own. */
const inside = (value: unknown, type: string): unknown =>
  Array.isArray(value) ? value.map((item) => inside(item, type)) : isObject(value) ? pickSummary(value, type) : value;
