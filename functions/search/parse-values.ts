// The values of a search parameter, from their text. What cannot be read is refused by the parameter's name, never its value.
import { refuse } from '../fhir/outcome.ts';
import { canonicalSystem } from '../terminology/systems.ts';
import { ConceptTest } from './concepts.ts';
import { type Span, spanOf } from './dates.ts';
import { soughtNumber } from './decimals.ts';
import { isMimeType, scopedSystem } from './extract.ts';
import type { Component, Kind, Parameter } from './parameters.ts';
import { PREFIXES, type Prefix, type Wanted } from './query.ts';
import { type Pointer, pointer } from './references.ts';

export interface Reader {
  readonly now: number;
  /** Ours; the first is the one that we answer with. */
  readonly baseUrls: readonly string[];
  /** The searcher's facility, whose patient numbers a bare system means. */
  readonly facility: string | undefined;
}

/** What a value belongs to: for the text of a refusal. */
interface Place extends Reader {
  readonly name: string;
}

/** `xx\\xx` is illegal: a backslash stands before one of `$ , |` or itself. https://hl7.org/fhir/R4/search.html#escaping */
const ESCAPED = /^(?:[^\\]|\\[\\,|$])*$/s;

const malformed = ({ name }: Place, rule: string) => refuse('invalid', `search parameter ${name}: ${rule}`);

/** Splits at a separator that no backslash takes away: https://hl7.org/fhir/R4/search.html#escaping */
export const splitEscaped = (text: string, separator: ',' | '|' | '$'): string[] => {
  const parts: string[] = [];
  let part = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\' && i + 1 < text.length) part += text.slice(i, ++i + 1);
    else if (text[i] === separator) {
      parts.push(part);
      part = '';
    } else part += text[i];
  }
  return [...parts, part];
};

export const unescaped = (text: string): string => text.replace(/\\([\\,|$])/g, '$1');
export const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');

const PREFIXED = new RegExp(`^(${PREFIXES.join('|')})(?=[-+.\\d])`);
const prefixed = (text: string): { prefix: Prefix; rest: string } => {
  const prefix = PREFIXED.exec(text)?.[1] as Prefix | undefined;
  return { prefix: prefix ?? 'eq', rest: prefix ? text.slice(2) : text };
};

const token = (text: string, place: Place): Wanted => {
  const parts = splitEscaped(text, '|').map(unescaped);
  const [first = '', second = ''] = parts;
  if (parts.length > 2) throw malformed(place, 'expected [code], [system]|[code], |[code] or [system]|');
  if (parts.length === 1) return { kind: 'token', system: undefined, code: first };
  if (!first && !second) throw malformed(place, 'neither system nor code is given');
  return { kind: 'token', system: scopedSystem(first, place.facility), code: second || undefined };
};

const ofType = (text: string, place: Place): Wanted => {
  const parts = splitEscaped(text, '|').map(unescaped);
  const [system, code, value] = parts;
  if (parts.length !== 3 || !system || !code || !value) throw malformed(place, 'expected [system]|[code]|[value]');
  return { kind: 'of-type', system: canonicalSystem(system), code, value };
};

/** `:in`, `:not-in`: a value set by its canonical URL, or by its address here. */
const valueSet = (text: string, place: Place): Wanted => {
  const name = unescaped(text);
  const base = place.baseUrls.find((url) => name.startsWith(`${url}/`));
  return {
    kind: 'concepts',
    test: new ConceptTest(
      { of: 'value-set', name: base === undefined ? name : name.slice(base.length + 1) },
      place.name,
    ),
  };
};

/** `:above`, `:below`: "a concept with the form [system]|[code]". */
const concept = (text: string, of: 'above' | 'below', place: Place): Wanted => {
  const [system, code, ...more] = splitEscaped(text, '|').map(unescaped);
  if (!system || !code || more.length > 0) throw malformed(place, `expected [system]|[code] with :${of}`);
  return { kind: 'concepts', test: new ConceptTest({ of, system: canonicalSystem(system), code }, place.name) };
};

/** "The recommended value for the approximation is 10 % of the gap between now and the date." */
const approximated = ({ low, high }: Span, now: number): Span => {
  const margin = Math.abs(now - (low + high) / 2) * 0.1;
  return { low: low - margin, high: high + margin };
};

const date = (text: string, place: Place): Wanted => {
  const { prefix, rest } = prefixed(text);
  // The plus of a time zone that a client forgot to encode arrives as a space.
  const span = spanOf(rest.replace(/ (?=\d{2}:\d{2}$)/, '+'));
  if (!span) throw malformed(place, 'expected [prefix]yyyy[-mm[-dd[Thh:mm[:ss[.sss]][zone]]]]');
  return { kind: 'date', prefix, span: prefix === 'ap' ? approximated(span, place.now) : span };
};

const number = (text: string, place: Place): Wanted => {
  const { prefix, rest } = prefixed(text);
  const sought = soughtNumber(rest);
  if (!sought) throw malformed(place, 'expected [prefix]number');
  return { kind: 'number', prefix, sought };
};

const quantity = (text: string, place: Place): Wanted => {
  const parts = splitEscaped(text, '|').map(unescaped);
  const { prefix, rest } = prefixed(parts[0]!);
  const sought = soughtNumber(rest);
  if (!sought || parts.length > 3) throw malformed(place, 'expected [prefix]number|[system]|[code]');
  return {
    kind: 'quantity',
    prefix,
    sought,
    system: parts[1] ? canonicalSystem(parts[1]) : undefined,
    code: parts[2] || undefined,
  };
};

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

const reference = (text: string, place: Place, targets: readonly string[], type: string | undefined): Wanted => {
  const found: Pointer = pointer(unescaped(text), place.baseUrls);
  if (found.id !== undefined) {
    if (type && found.type !== type) throw malformed(place, `the reference is not to a ${type}`);
    return { kind: 'reference', pointer: found };
  }
  const isBareId = found.version === undefined && ID.test(found.url ?? '');
  if (!isBareId) {
    if (type) throw malformed(place, `expected an id of a ${type}`);
    return { kind: 'reference', pointer: found };
  }
  return {
    kind: 'reference',
    pointer: { type: type ?? (targets.length === 1 ? targets[0] : undefined), id: found.url },
  };
};

/** A profile of this server may be named by its relative address. */
const profile = (text: string, { baseUrls: [baseUrl] }: Reader): Wanted[] => {
  const isRelative = /^[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}(\||$)/.test(text);
  const uris = baseUrl !== undefined && isRelative ? [text, `${baseUrl}/${text}`] : [text];
  return uris.map((uri) => ({ kind: 'uri', uri }));
};

const composite = (text: string, place: Place, components: readonly Component[]): Wanted => {
  const parts = splitEscaped(text, '$');
  if (parts.length !== components.length || parts.includes(''))
    throw malformed(place, `expected ${components.length} values joined by $`);
  return { kind: 'composite', parts: components.map(({ kind }, i) => one(kind, parts[i]!, place, [], undefined)) };
};

const one = (kind: Kind, text: string, place: Place, targets: readonly string[], type: string | undefined): Wanted => {
  switch (kind) {
    case 'token':
      return token(text, place);
    case 'date':
      return date(text, place);
    case 'number':
      return number(text, place);
    case 'quantity':
      return quantity(text, place);
    case 'reference':
      return reference(text, place, targets, type);
    case 'uri':
      return { kind: 'uri', uri: unescaped(text) };
    default:
      return { kind: 'string', text: unescaped(text) };
  }
};

const missing = (text: string, place: Place): Wanted => {
  if (text !== 'true' && text !== 'false') throw malformed(place, ':missing takes true or false');
  return { kind: 'missing', missing: text === 'true' };
};

/** A list may not grow into work without bound. */
const MOST_VALUES = 1000;

/** `a,b` are alternatives: https://hl7.org/fhir/R4/search.html#combining */
export const wantedValues = (
  parameter: Parameter,
  modifier: string | undefined,
  text: string,
  reader: Reader,
): Wanted[] => {
  const place = { ...reader, name: parameter.name };
  if (modifier === 'missing') return [missing(text, place)];
  if (!ESCAPED.test(text)) throw malformed(place, 'a backslash stands before something that is not escaped');
  const values = splitEscaped(text, ',');
  if (values.includes('')) throw malformed(place, 'a value is empty');
  if (values.length > MOST_VALUES) throw malformed(place, `takes at most ${MOST_VALUES} values`);
  return values.flatMap((value): Wanted | Wanted[] => {
    if (modifier === 'text') return { kind: 'text', text: unescaped(value) };
    if (modifier === 'of-type') return ofType(value, place);
    if (modifier === 'identifier') return token(value, place);
    if (modifier === 'in' || modifier === 'not-in') return valueSet(value, place);
    if (
      (modifier === 'above' || modifier === 'below') &&
      parameter.kind === 'token' &&
      !parameter.leaves.every(isMimeType)
    )
      return concept(value, modifier, place);
    if (parameter.kind === 'composite') return composite(value, place, parameter.components);
    if (parameter.name === '_profile' && modifier === undefined) return profile(unescaped(value), reader);
    const type = modifier && /^[A-Z]/.test(modifier) ? modifier : undefined;
    return one(parameter.kind, value, place, parameter.targets, type);
  });
};
