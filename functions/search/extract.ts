// The values of a search parameter in a resource, in the form in which searches compare them.
// https://hl7.org/fhir/R4/search.html#ptypes
import type { Resource } from '../fhir/types.ts';
import { canonicalSystem } from '../terminology/systems.ts';
import { type Span, spanOfValue } from './dates.ts';
import { numberOf } from './decimals.ts';
import { fold } from './kana.ts';
import { type Leaf, type Node, valuesAt } from './leaf.ts';
import type { Component, Parameter } from './parameters.ts';
import { type Pointer, pointer } from './references.ts';

/** An element of type code whose values are MIME types. */
export const isMimeType = ({ type, steps }: Leaf): boolean => type === 'code' && steps.at(-1)?.name === 'contentType';
/** `text/xml` of `text/xml; charset=UTF-8`. */
export const baseMimeType = (code: string): string => code.split(';')[0]!.trim();

/** What surrounds a resource that is searched. */
export interface Setting {
  /** Facility that wrote the resource. */
  readonly facility?: string | undefined;
}

export interface Token {
  readonly system: string | undefined;
  /** Code in lower case: "servers SHOULD treat tokens in a case-insensitive manner". */
  readonly code: string | undefined;
  /** As it stands in the resource: whether case matters, its code system says. Of codes and codings alone. */
  readonly written?: string | undefined;
  /** An element of type code has no system of its own: those of its binding. */
  readonly implied?: readonly string[] | undefined;
  /** Texts for `:text`. */
  readonly texts: readonly string[];
  /** `Identifier.type` codings for `:of-type`. */
  readonly types?: readonly Node[] | undefined;
}

/** A number or amount: low and high are the same but for ranges. */
export interface Amount {
  readonly low: number;
  readonly high: number;
  readonly system?: string | undefined;
  readonly code?: string | undefined;
  readonly unit?: string | undefined;
}

/**
 * A patient number whose system lacks its facility (domain 3.5). It means another person at every facility, so it is read as if
 * the facility that wrote it stood behind it.
 */
export const BARE_PATIENT_NUMBER = 'urn:oid:1.2.392.100495.20.3.51.1';
export const scopedSystem = (written: string | undefined, facility: string | undefined): string | undefined => {
  const system = written === undefined ? undefined : canonicalSystem(written);
  return system === BARE_PATIENT_NUMBER ? `${system}${facility ?? ''}` : system;
};

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
/** What is stored is canonical already; what was stored before that, or comes from elsewhere, is read as if it were. */
const system = (value: unknown): string | undefined => (typeof value === 'string' ? canonicalSystem(value) : undefined);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
const texts = (...values: unknown[]): string[] => values.filter((value) => typeof value === 'string');

export const foldCode = (code: string): string => code.toLowerCase();
/** Identifiers come in full and half width (domain 3.5); the original stays in the resource. */
export const foldIdentifier = (value: string): string => value.normalize('NFKC').toLowerCase();
/** `090-1234-5678` and `09012345678` are one number: R4 leaves "ignoring punctuation" of a ContactPoint to the server. */
export const foldPhone = (value: string): string => {
  const folded = foldIdentifier(value);
  return /^[\d\s()+\-‐‑–—−ー.]+$/.test(folded) ? folded.replace(/\D/g, '') : folded;
};

const coding = (value: Node, ...more: unknown[]): Token => ({
  system: system(value.system),
  code: text(value.code) === undefined ? undefined : foldCode(value.code as string),
  written: text(value.code),
  texts: texts(value.display, ...more),
});

const conceptTokens = (concept: Node): Token[] => {
  const codings = list(concept.coding)
    .filter(isNode)
    .map((each) => coding(each));
  return typeof concept.text === 'string'
    ? [...codings, { system: undefined, code: undefined, texts: [concept.text] }]
    : codings;
};

const identifierToken = (value: Node, { facility }: Setting): Token => {
  const type = isNode(value.type) ? value.type : undefined;
  return {
    system: scopedSystem(text(value.system), facility),
    code: text(value.value) === undefined ? undefined : foldIdentifier(value.value as string),
    texts: texts(type?.text),
    types: list(type?.coding).filter(isNode),
  };
};

const BOOLEAN = ['http://hl7.org/fhir/special-values', 'http://terminology.hl7.org/CodeSystem/special-values'];

const tokensOfValue = (value: unknown, leaf: Leaf, setting: Setting): Token[] => {
  if (isNode(value)) {
    if (leaf.type === 'CodeableConcept') return conceptTokens(value);
    if (leaf.type === 'Identifier') return [identifierToken(value, setting)];
    if (leaf.type === 'ContactPoint')
      return typeof value.value === 'string'
        ? [{ system: text(value.system), code: foldPhone(value.value), texts: [] }]
        : [];
    return [coding(value)];
  }
  if (typeof value === 'boolean') return [{ system: undefined, code: String(value), implied: BOOLEAN, texts: [] }];
  if (typeof value !== 'string') return [];
  // Ids and URIs are case-sensitive by their own rules; https://hl7.org/fhir/R4/datatypes.html#id
  const code = leaf.type === 'id' || leaf.type === 'uri' ? value : foldCode(value);
  if (leaf.type !== 'code') return [{ system: undefined, code, texts: [] }];
  return [{ system: undefined, code, written: value, implied: leaf.systems, texts: [] }];
};

const JAPANESE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
/** Japanese is written without spaces: 山田太郎 is sought as readily as 山田. */
const whole = (...joined: unknown[]): string[] => {
  const written = texts(...joined).join('');
  return JAPANESE.test(written) ? [written] : [];
};

/** The parts of a name or address that a string search looks into, and in Japanese the whole. */
const parts = (value: Node, type: string): string[] => {
  if (type === 'HumanName') {
    const given = texts(...list(value.given));
    return [...texts(value.family, ...given, value.text), ...whole(value.family, ...given)];
  }
  if (type === 'Address') {
    const lines = texts(...list(value.line));
    return [
      ...texts(value.text, ...lines, value.city, value.district, value.state, value.postalCode, value.country),
      ...whole(value.state, value.city, value.district, ...lines),
    ];
  }
  return texts(value.text);
};

const stringsOfValue = (value: unknown, leaf: Leaf): string[] =>
  typeof value === 'string' ? [value] : isNode(value) ? parts(value, leaf.type) : [];

const point = (value: unknown): Pick<Amount, 'low' | 'high'> | undefined => {
  const number = numberOf(value);
  return number === undefined ? undefined : { low: number, high: number };
};

/** `< 5` is everything below five, five left out by the smallest step that a double knows. */
const compared = (value: number, comparator: unknown): Pick<Amount, 'low' | 'high'> => {
  const step = Math.max(Math.abs(value) * Number.EPSILON, Number.MIN_VALUE);
  if (comparator === '<') return { low: Number.NEGATIVE_INFINITY, high: value - step };
  if (comparator === '<=') return { low: Number.NEGATIVE_INFINITY, high: value };
  if (comparator === '>') return { low: value + step, high: Number.POSITIVE_INFINITY };
  if (comparator === '>=') return { low: value, high: Number.POSITIVE_INFINITY };
  return { low: value, high: value };
};

const units = (quantity: unknown): Pick<Amount, 'system' | 'code' | 'unit'> =>
  isNode(quantity) ? { system: system(quantity.system), code: text(quantity.code), unit: text(quantity.unit) } : {};

const rangeAmount = (range: Node): Amount | undefined => {
  const low = numberOf(isNode(range.low) ? range.low.value : undefined);
  const high = numberOf(isNode(range.high) ? range.high.value : undefined);
  if (low === undefined && high === undefined) return undefined;
  return {
    low: low ?? Number.NEGATIVE_INFINITY,
    high: high ?? Number.POSITIVE_INFINITY,
    ...units(range.low ?? range.high),
  };
};

/** Sampled data are the range that their samples span. https://hl7.org/fhir/R4/datatypes.html#SampledData */
const sampledAmount = (sampled: Node): Amount | undefined => {
  const origin = numberOf(isNode(sampled.origin) ? sampled.origin.value : undefined) ?? 0;
  const factor = numberOf(sampled.factor) ?? 1;
  const samples = (text(sampled.data) ?? '').split(' ').map(Number).filter(Number.isFinite);
  if (samples.length === 0 || !sampled.data) return undefined;
  const values = [Math.min(...samples), Math.max(...samples)].map((sample) => origin + factor * sample);
  return { low: Math.min(...values), high: Math.max(...values), ...units(sampled.origin) };
};

const amountOfValue = (value: unknown, leaf: Leaf): Amount | undefined => {
  const plain = point(value);
  if (plain) return plain;
  if (!isNode(value)) return undefined;
  if (leaf.type === 'Range') return rangeAmount(value);
  if (leaf.type === 'SampledData') return sampledAmount(value);
  const number = numberOf(value.value);
  if (number === undefined) return undefined;
  if (leaf.type === 'Money')
    return { low: number, high: number, system: 'urn:iso:std:iso:4217', code: text(value.currency) };
  return { ...compared(number, value.comparator), ...units(value) };
};

const pointersOfValue = (value: unknown, leaf: Leaf): Pointer[] => {
  if (typeof value === 'string') return [pointer(value)];
  if (!isNode(value)) return [];
  if (leaf.type === 'Resource') return [{ type: text(value.resourceType), id: text(value.id) }];
  return typeof value.reference === 'string' ? [pointer(value.reference)] : [];
};

/** Reads one leaf after the other: `from` is the resource, or the element that a composite starts at. */
const each = <T>(
  { leaves }: Pick<Component, 'leaves'>,
  from: unknown,
  resource: Node,
  read: (value: unknown, leaf: Leaf) => T[],
): T[] =>
  leaves.length === 1
    ? valuesAt(leaves[0]!, from, resource).flatMap((value) => read(value, leaves[0]!))
    : leaves.flatMap((leaf) => valuesAt(leaf, from, resource).flatMap((value) => read(value, leaf)));

const some = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);
type Source = Pick<Component, 'leaves'>;

export const rawValues = (source: Source, from: unknown, resource: Resource): unknown[] =>
  each(source, from, resource, (value) => [value]);
export const tokens = (source: Source, from: unknown, resource: Resource, setting: Setting): Token[] =>
  each(source, from, resource, (value, leaf) => tokensOfValue(value, leaf, setting));
export const strings = (source: Source, from: unknown, resource: Resource): string[] =>
  each(source, from, resource, stringsOfValue);
export const spans = (source: Source, from: unknown, resource: Resource): Span[] =>
  each(source, from, resource, (value, leaf) => some(spanOfValue(value, leaf.type)));
export const amounts = (source: Source, from: unknown, resource: Resource): Amount[] =>
  each(source, from, resource, (value, leaf) => some(amountOfValue(value, leaf)));
export const pointers = (source: Source, from: unknown, resource: Resource): Pointer[] =>
  each(source, from, resource, pointersOfValue);
/** `Reference.identifier`, for `:identifier`. */
export const referenceIdentifiers = (source: Source, from: unknown, resource: Resource, setting: Setting): Token[] =>
  each(source, from, resource, (value) =>
    isNode(value) && isNode(value.identifier) ? [identifierToken(value.identifier, setting)] : [],
  );

/** "Servers should search the parts of a family name independently": the second and later words of it. */
export const familyWords = (family: unknown): string[] =>
  typeof family === 'string' ? family.trim().split(/\s+/).slice(1) : [];
export const laterFamilyNames = (source: Source, from: unknown, resource: Resource): string[] =>
  each(source, from, resource, (value, leaf) => {
    if (leaf.type === 'HumanName') return isNode(value) ? familyWords(value.family) : [];
    return leaf.type === 'string' && leaf.steps.at(-1)?.name === 'family' ? familyWords(value) : [];
  });

/** Name, telecom and address parts compared by their folded form. */
export const foldedStrings = (source: Source, from: unknown, resource: Resource): string[] =>
  strings(source, from, resource).map(fold);

/** The elements that a composite parameter's components start from. */
export const bases = (parameter: Parameter, resource: Resource): unknown[] => rawValues(parameter, resource, resource);

/** Whether an identifier as it is written is the one that is asked for, to a search of a facility. */
export const isNumber = (
  written: { readonly system?: string | undefined; readonly value?: string | undefined },
  asked: { readonly system: string; readonly value: string },
  facility: string | undefined,
): boolean =>
  scopedSystem(written.system, facility) === asked.system &&
  written.value !== undefined &&
  foldIdentifier(written.value) === foldIdentifier(asked.value);
