// A StructureDefinition as rules of ours: https://hl7.org/fhir/R4/structuredefinition.html
// What R4 says itself is left out, so that a profile of 300 elements becomes some twenty rules. Of a snapshot all is there; a
// differential alone needs its base.
import { rule as coreRule, type Element, type Structure, structureOf } from '../fhir/definitions.ts';
import { isResourceType } from '../fhir/resource-types.ts';
import type { Resource } from '../fhir/types.ts';
import type { Binding, Discriminator, Invariant, Profile, Rule, Slicing } from './rules.ts';
import { isObject } from './values.ts';

type Json = Record<string, unknown>;

const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

const HL7 = 'http://hl7.org/fhir/StructureDefinition/';

/** Elements that one definition may have; the largest of those that we know has 2,000. */
const MAX_ELEMENTS = 5_000;

/** The profile in a StructureDefinition; undefined: it is none (a logical model, a type of its own, no url). */
export const profileOf = (definition: Resource): Profile | undefined => {
  const { url, name, version, type, kind, derivation, baseDefinition } = definition;
  const typeName = text(type);
  if (typeof url !== 'string' || typeName === undefined || kind === 'logical') return undefined;
  if (derivation !== 'constraint' || !structureOf(typeName)) return undefined;
  const snapshot = list((definition.snapshot as Json | undefined)?.element);
  const elements = snapshot.length > 0 ? snapshot : list((definition.differential as Json | undefined)?.element);
  const context = typeName === 'Extension' ? contexts(definition.context) : undefined;
  return {
    url,
    name: text(name) ?? url,
    version: text(version),
    type: typeName,
    // What HL7 defines in R4 itself is no profile of ours, and a snapshot has its base in it.
    base: snapshot.length > 0 || isCore(text(baseDefinition)) ? undefined : text(baseDefinition),
    rules: elements.slice(0, MAX_ELEMENTS).flatMap((element) => rulesOf(element, typeName)),
    ...(context && { contexts: context }),
  };
};

const isCore = (url: string | undefined): boolean =>
  url?.startsWith(HL7) === true && structureOf(url.slice(HL7.length)) !== undefined;

/** Undefined: somewhere that only FHIRPath, or another extension, can tell. */
const contexts = (value: unknown): string[] | undefined => {
  const found = list(value);
  const elements = found.filter(({ type }) => type === 'element').flatMap(({ expression }) => text(expression) ?? []);
  return elements.length > 0 && elements.length === found.length ? elements : undefined;
};

interface Place {
  /** As a Rule has it. */
  readonly path: string;
  readonly element: Element | undefined;
  /** `valueQuantity` written for `value[x]`: the slice that it means. */
  readonly choice: { readonly path: string; readonly slice: string; readonly type: string } | undefined;
  readonly isSlice: boolean;
}

/** Follows an element's id through the definitions. */
const placeOf = (id: string, type: string): Place => {
  const steps: string[] = [];
  let structure: Structure | undefined = structureOf(type);
  let element: Element | undefined;
  let choice: Place['choice'];
  let isSlice = false;
  for (const step of id.split('.').slice(1)) {
    const [written = '', slice] = step.split(':');
    const name = written.replace('[x]', '');
    element = structure?.elements.get(name);
    const property = element ? undefined : structure?.properties.get(name);
    isSlice = slice !== undefined;
    if (property) {
      element = property.element;
      isSlice = true;
      const path = [...steps, element.name].join('.');
      choice = { path, slice: `${path}:${name}`, type: property.type.name };
      steps.push(`${element.name}:${name}`);
      structure = structureOf(property.type.name);
    } else {
      steps.push(slice === undefined ? name : `${name}:${slice}`);
      structure = innerStructure(element, slice, name);
    }
  }
  return { path: steps.join('.'), element, choice, isSlice };
};

/** Below a choice the slice's name tells the type: `value[x]:valueQuantity.unit`. */
const innerStructure = (element: Element | undefined, slice: string | undefined, name: string) => {
  if (!element) return undefined;
  const named = element.isChoice
    ? element.types.find(({ name: type }) => slice === name + type.charAt(0).toUpperCase() + type.slice(1))
    : undefined;
  const type = named ?? (element.types.length === 1 ? element.types[0] : undefined);
  return type && structureOf(type.name);
};

const rulesOf = (element: Json, type: string): Rule[] => {
  const id = text(element.id) ?? text(element.path) ?? '';
  const place = placeOf(id, type);
  const rule: Rule = {
    path: place.path,
    ...(place.path !== '' && cardinality(element, place)),
    ...typesOf(element, place),
    ...fixedOf(element),
    binding: bindingOf(element.binding, place),
    invariants: invariantsOf(element.constraint, type),
    slicing: slicingOf(element.slicing),
    maxLength: typeof element.maxLength === 'number' ? element.maxLength : undefined,
  };
  const says = Object.entries(rule).some(([key, value]) => key !== 'path' && value !== undefined);
  const { choice } = place;
  if (!choice) return says ? [rule] : [];
  const by: Slicing = { by: [{ type: 'type', path: '$this' }], rules: 'open' };
  const slice = { path: choice.slice, types: [choice.type] };
  return [{ path: choice.path, slicing: by }, ...(says ? [{ ...rule, types: undefined }] : []), slice];
};

/** A slice's cardinality always counts; of other elements only what is not R4's own. */
const cardinality = ({ min, max, base }: Json, { isSlice, element }: Place): Pick<Rule, 'min' | 'max'> => {
  const given = isObject(base) && !isSlice ? base : {};
  const low = typeof min === 'number' && min !== given.min ? min : undefined;
  const high = typeof max === 'string' && max !== given.max ? upper(max) : undefined;
  return {
    min: low === 0 || (!isSlice && low === element?.min) ? undefined : low,
    max: high === Number.POSITIVE_INFINITY || (!isSlice && high === element?.max) ? undefined : high,
  };
};

const upper = (max: string): number => (max === '*' ? Number.POSITIVE_INFINITY : Number(max));

const UNTYPED = new Set(['BackboneElement', 'Element', 'Resource', 'DomainResource']);

const typesOf = (
  { type }: Json,
  { path, element, isSlice }: Place,
): Pick<Rule, 'types' | 'profiles' | 'targetProfiles'> => {
  const types = list(type);
  const names = [...new Set(types.flatMap(({ code }) => text(code) ?? []))];
  if (path === '' || names.length === 0 || names.some((name) => name.includes('/') || UNTYPED.has(name))) {
    const profiles = types.flatMap(({ profile }) => texts(profile));
    return profiles.length > 0 && types.length === 1 ? { profiles } : {};
  }
  const isAll = !isSlice && element !== undefined && element.types.every(({ name }) => names.includes(name));
  const profiles = types.length === 1 ? texts(types[0]!.profile).filter((url) => !isCore(url)) : [];
  const targets = types.filter(({ code }) => code === 'Reference').flatMap(({ targetProfile }) => texts(targetProfile));
  return {
    types: isAll ? undefined : names,
    profiles: profiles.length > 0 ? profiles : undefined,
    targetProfiles: targets.length > 0 ? targets : undefined,
  };
};

/** `fixedUri`, `patternCodeableConcept`, … */
const fixedOf = (element: Json): Pick<Rule, 'fixed' | 'pattern'> => {
  const found: { fixed?: unknown; pattern?: unknown } = {};
  for (const key in element) {
    if (/^fixed[A-Z]/.test(key)) found.fixed = element[key];
    else if (/^pattern[A-Z]/.test(key)) found.pattern = element[key];
  }
  return found;
};

/** Required bindings of R4 itself are held by validate(). */
const bindingOf = (value: unknown, { element }: Place): Binding | undefined => {
  if (!isObject(value) || typeof value.valueSet !== 'string') return undefined;
  const { strength, valueSet } = value;
  if (strength !== 'required' && strength !== 'extensible') return undefined;
  if (element?.valueSet !== undefined && valueSet.startsWith('http://hl7.org/fhir/ValueSet/')) return undefined;
  return { strength, valueSet };
};

/** Those that every element and every resource of R4 has. */
const OF_ALL = /^(?:ele-1|ext-1|dom-\d)$/;

const invariantsOf = (value: unknown, type: string): Invariant[] | undefined => {
  const ofType = (structureOf(type)?.rules ?? []).map((index) => coreRule(index).key);
  const found = list(value).flatMap((constraint): Invariant[] => {
    const { key, expression, human, severity, source } = constraint;
    if (typeof key !== 'string' || typeof expression !== 'string') return [];
    if (OF_ALL.test(key) || ofType.includes(key) || isCore(text(source))) return [];
    return [{ key, expression, human: text(human) ?? '', severity: severity === 'warning' ? 'warning' : 'error' }];
  });
  return found.length > 0 ? found : undefined;
};

const slicingOf = (value: unknown): Slicing | undefined => {
  if (!isObject(value)) return undefined;
  const by = list(value.discriminator).flatMap(({ type, path }): Discriminator[] => {
    if (typeof path !== 'string') return [];
    // What was the `pattern` discriminator is `value` since R4B, and means the same.
    if (type === 'value' || type === 'pattern') return [{ type: 'value', path }];
    return type === 'exists' || type === 'type' || type === 'profile' ? [{ type, path }] : [];
  });
  return by.length > 0 ? { by, rules: value.rules === 'closed' ? 'closed' : 'open' } : undefined;
};

/** The resource type that a profile constrains, where its url alone tells. */
export const coreTypeOf = (canonical: string): string | undefined => {
  const name = canonical.startsWith(HL7) ? canonical.slice(HL7.length).split('|')[0] : undefined;
  return isResourceType(name) || name === 'Resource' ? name : undefined;
};
