// Random search criteria out of what is stored, for the property tests: most of them find something.
import type { TypedValue } from '../../../functions/fhir/path/typed-value.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { type Parameter, parametersOf } from '../../../functions/search/parameters.ts';
import { definitionOf, valuesFor } from './oracle.ts';
import type { Vocabulary } from './vocabulary.ts';

type Json = Record<string, unknown>;
export const obj = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);
const escaped = (text: string) => text.replace(/([\\,|$])/g, '\\$1');

/** Numbers that decide how a query is made of a resource: drawn by fast-check, so that a failure shrinks. */
export interface Dice {
  readonly next: (below: number) => number;
}
export const dice = (rolls: readonly number[]): Dice => {
  let at = 0;
  return { next: (below) => (rolls[at++ % rolls.length] ?? 0) % below };
};

const PREFIXES = ['', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'];

const dateText = ({ type, value }: TypedValue): string | undefined => {
  if (type === 'Period') return (obj(value).start ?? obj(value).end) as string | undefined;
  return typeof value === 'string' ? value : undefined;
};

const dateValue = (found: TypedValue, { next }: Dice): string | undefined => {
  const text = dateText(found);
  if (!text) return undefined;
  const lengths = [4, 7, 10, 16, 19, 99].filter((length) => length <= text.length || length === 99);
  const length = lengths[next(lengths.length)]!;
  const zone = text.match(/Z$|[+-]\d\d:\d\d$/)?.[0] ?? '';
  const cut = text.slice(0, length);
  return PREFIXES[next(PREFIXES.length)] + (length >= 16 && length < text.length ? cut + zone : cut);
};

const amountValue = (value: unknown, { next }: Dice): string => {
  const number = Number(value) * [1, 1, 1, 0.9, 1.04, 2][next(6)]!;
  const text = [String(number), number.toFixed(1), number.toFixed(0), number.toExponential(1)][next(4)]!;
  return PREFIXES[next(PREFIXES.length)] + text;
};

const quantityValue = (value: Json, d: Dice): string | undefined => {
  if (value.value === undefined) return undefined;
  const system = value.system as string | undefined;
  const code = (value.code ?? value.unit ?? value.currency) as string | undefined;
  const number = amountValue(value.value, d);
  return [number, `${number}|${system ?? ''}|${code ?? ''}`, `${number}||${code ?? ''}`][d.next(3)];
};

const coded = (system: unknown, code: unknown, { next }: Dice): string | undefined => {
  if (typeof code !== 'string') return undefined;
  const plain = escaped(next(8) === 0 ? code.toUpperCase() : code);
  if (typeof system !== 'string') return next(4) === 0 ? `|${plain}` : plain;
  return [plain, `${escaped(system)}|${plain}`, `${escaped(system)}|`, `|${plain}`, `http://other|${plain}`][next(5)];
};

const tokenValue = ({ type, value }: TypedValue, d: Dice): string | undefined => {
  const json = obj(value);
  if (type === 'CodeableConcept') {
    const coding = obj(first(json.coding));
    return coded(coding.system, coding.code, d);
  }
  if (type === 'Coding') return coded(json.system, json.code, d);
  if (type === 'Identifier' || type === 'ContactPoint') return coded(json.system, json.value, d);
  return typeof value === 'object' ? undefined : escaped(String(value));
};

const textOf = ({ value }: TypedValue, { next }: Dice): string | undefined => {
  const json = obj(value);
  const words = [value, json.family, first(json.given), json.city, first(json.line), json.postalCode].filter(
    (word) => typeof word === 'string',
  );
  return words.length > 0 ? (words[next(words.length)] as string) : undefined;
};

const stringValue = (found: TypedValue, d: Dice): string | undefined => {
  const text = textOf(found, d);
  if (!text || !/^[\p{Script=Latin}\d .,'-]+$/u.test(text)) return undefined;
  const cut = [...text].slice(0, 1 + d.next(text.length)).join('');
  return escaped([cut, text, cut.toUpperCase()][d.next(3)]!);
};

const referenceValue = ({ value }: TypedValue, { next }: Dice): string | undefined => {
  const text = typeof value === 'string' ? value : (obj(value).reference as string | undefined);
  if (!text || text.startsWith('#')) return undefined;
  const id = text.split('/').at(-1)!;
  return /^[A-Z]\w+\/[^/]+$/.test(text) && next(2) === 0 ? id : escaped(text);
};

const valueFor = (kind: string, found: TypedValue, d: Dice): string | undefined => {
  if (kind === 'date') return dateValue(found, d);
  if (kind === 'number') return amountValue(found.value, d);
  if (kind === 'quantity') return quantityValue(obj(found.value), d);
  if (kind === 'token') return tokenValue(found, d);
  if (kind === 'string') return stringValue(found, d);
  if (kind === 'reference') return referenceValue(found, d);
  return typeof found.value === 'string' ? escaped(found.value) : undefined;
};

const MODIFIERS: Record<string, readonly string[]> = {
  token: ['not', 'text'],
  string: ['exact', 'contains'],
  uri: ['below', 'above'],
};

/** Two values of the components, most often of one resource. */
const compositeCriterion = (type: string, { name }: Parameter, of: Resource[], d: Dice): string | undefined => {
  const pair = [
    'code',
    name.endsWith('quantity') ? 'value-quantity' : name.endsWith('concept') ? 'value-concept' : 'value-date',
  ];
  const prefix = name.startsWith('component') || name.startsWith('combo') ? (d.next(2) === 0 ? 'component-' : '') : '';
  const one = of[d.next(of.length)]!;
  const parts = pair.map((part) => {
    const definition = definitionOf(type, prefix + part);
    const found = definition ? valuesFor(definition, d.next(6) === 0 ? of[d.next(of.length)]! : one) : [];
    return found.length > 0 ? valueFor(definition.type, found[d.next(found.length)]!, d) : undefined;
  });
  return parts.every(Boolean) ? `${name}=${encodeURIComponent(parts.join('$'))}` : undefined;
};

/** A value set that may hold one of the codes, or a code that may stand above or below it. */
const conceptCriterion = (type: string, name: string, of: Resource[], d: Dice, words: Vocabulary) => {
  const found = of.flatMap((each) => valuesFor(definitionOf(type, name), each));
  const codings = found.flatMap(({ type: kind, value }) =>
    kind === 'CodeableConcept' ? ((obj(value).coding as Json[]) ?? []) : kind === 'Coding' ? [obj(value)] : [],
  );
  const coding = codings[d.next(codings.length)];
  const own = `${coding?.system}|${coding?.code}`;
  if (!words.known.has(own)) return undefined;
  const modifier = ['in', 'not-in', 'above', 'below'][d.next(4)]!;
  const sets = [...words.sets.keys()];
  const fitting = sets.filter((url) => words.sets.get(url)!.has(own));
  const set = () => (d.next(3) === 0 ? sets[d.next(sets.length)] : fitting[d.next(fitting.length)]) ?? sets[0]!;
  const value = modifier.endsWith('in') ? (d.next(3) === 0 ? `${set()},${set()}` : set()) : own;
  const parent = modifier === 'below' && d.next(2) === 0 ? words.parents.get(own) : undefined;
  return `${name}:${modifier}=${encodeURIComponent(parent ?? value)}`;
};

export const criterion = (
  type: string,
  parameter: Parameter,
  of: Resource[],
  d: Dice,
  words?: Vocabulary,
): string | undefined => {
  const { name, kind } = parameter;
  if (kind === 'special' || !definitionOf(type, name)) return undefined;
  if (kind === 'composite') return compositeCriterion(type, parameter, of, d);
  if (words && kind === 'token' && d.next(4) === 0) {
    const asked = conceptCriterion(type, name, of, d, words);
    if (asked) return asked;
  }
  if (d.next(12) === 0) return `${name}:missing=${d.next(2) === 0}`;
  const modifier = d.next(4) === 0 ? MODIFIERS[kind]?.[d.next(2)] : undefined;
  const values = [0, 1].slice(d.next(3) === 0 ? 0 : 1).flatMap(() => {
    const found = valuesFor(definitionOf(type, name), of[d.next(of.length)]!);
    if (found.length === 0) return [];
    const one = found[d.next(found.length)]!;
    if (modifier === 'text')
      return (obj(one.value).text as string | undefined)?.slice(0, 6).replace(/[\\,|$]/g, '') ?? [];
    return valueFor(kind, one, d) ?? [];
  });
  if (values.length === 0 || values.includes('')) return undefined;
  return `${name}${modifier ? `:${modifier}` : ''}=${encodeURIComponent(values.join(','))}`;
};

/** Parameters that say something about these resources, three times out of four. */
export const parametersFor = (type: string, of: Resource[]): Parameter[] =>
  [...parametersOf(type).values()].filter(
    ({ name }) =>
      !name.startsWith('_') &&
      definitionOf(type, name) &&
      of.some((each) => valuesFor(definitionOf(type, name), each).length > 0),
  );

/**
 * What Synthea never writes: dates of every precision, open and long periods, days without a zone, several codings of one code, codes
 * of a system without index, numbers with comparators, patients as performers.
 */
export const varied = (resource: Resource, i: number): Resource => {
  const date = resource.effectiveDateTime;
  const turn = i % 11;
  if (resource.resourceType !== 'Observation' || typeof date !== 'string') return resource;
  const { effectiveDateTime: _, ...rest } = resource;
  const code = obj(resource.code);
  const loinc = obj(first(code.coding));
  const coding = (...more: Json[]) => ({ ...resource, code: { ...code, coding: [...more, loinc] } });
  if (turn < 3) return { ...resource, effectiveDateTime: date.slice(0, [4, 7, 10][turn]) };
  if (turn === 3) return { ...rest, resourceType: 'Observation', effectivePeriod: { start: date } };
  if (turn === 4) return { ...rest, resourceType: 'Observation', effectivePeriod: { end: date.slice(0, 7) } };
  if (turn === 5)
    return { ...rest, resourceType: 'Observation', effectivePeriod: { start: date, end: date.slice(0, 10) } };
  if (turn === 6)
    return { ...rest, resourceType: 'Observation', effectiveTiming: { event: [date, '2019-05-01T10:00:00Z'] } };
  if (turn === 7) return coding({ system: 'http://loinc.org', code: '8302-2' });
  if (turn === 8) return coding({ system: 'http://local.example', code: 'H' });
  if (turn === 9)
    return { ...resource, code: { ...code, coding: [{ system: 'http://local.example', code: '8302-2' }] } };
  return { ...rest, resourceType: 'Observation' };
};
