// From the parameters of a request to a typed query, or a refusal that names the parameter.
// https://hl7.org/fhir/R4/search.html
import { FhirError, refuse } from '../fhir/outcome.ts';
import type { Issue } from '../fhir/types.ts';
import { isLinked, link } from './chain-parse.ts';
import { CONCEPT_MODIFIERS, type ConceptTest, isCoded } from './concepts.ts';
import { isMimeType } from './extract.ts';
import { isInclude, parseInclude } from './include.ts';
import type { Leaf } from './leaf.ts';
import { isSearchableType, type Kind, type Parameter, parametersOf } from './parameters.ts';
import { type Reader, splitEscaped, wantedValues } from './parse-values.ts';
import type { Criterion, Include, Link, Query, SortKey } from './query.ts';

export const DEFAULT_COUNT = 50;
export const MAX_COUNT = 1000;
const MOST_PARAMETERS = 200;
const MOST_LINKS = 12;
const MOST_INCLUDES = 40;

export interface Asked extends Reader {
  readonly type: string | undefined;
  readonly compartment: { readonly type: string; readonly id: string } | undefined;
  readonly params: readonly (readonly [string, string])[];
  readonly handling: 'strict' | 'lenient';
}

/** Modifiers that we answer: https://hl7.org/fhir/R4/search.html#modifiers */
const MODIFIERS: Record<Kind, readonly string[]> = {
  string: ['missing', 'exact', 'contains'],
  token: ['missing', 'text', 'not', 'of-type', ...CONCEPT_MODIFIERS],
  reference: ['missing', 'identifier'],
  uri: ['missing', 'above', 'below'],
  date: ['missing'],
  number: ['missing'],
  quantity: ['missing'],
  composite: ['missing'],
  special: [],
};
/** R4's for references that make a hierarchy (`Location.partOf`), "where a parameter says that it takes them": none of R4's does. */
const HIERARCHIES = ['above', 'below'];
/** `:below` where it needs neither: the base part of a MIME type, the version of a canonical. */
const hasOwnBelow = ({ kind, leaves }: Parameter): boolean =>
  (kind === 'token' && leaves.every(isMimeType)) || (kind === 'reference' && leaves.every(isCanonical));
const isConceptModifier = (modifier: string): boolean => (CONCEPT_MODIFIERS as readonly string[]).includes(modifier);
const isCanonical = ({ type }: Leaf): boolean => type === 'canonical';

/** Never ignored, because the answer would be another one. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['_filter', 'is not supported: write criteria side by side, chains and _has'],
  ['_query', 'is not supported: there are no named queries'],
  ['_text', 'is not supported: there is no text index; :text searches the words of codes'],
  ['_content', 'is not supported: there is no text index; :text searches the words of codes'],
  ['_contained', 'takes false alone: contained resources are looked into by chains, and are no results'],
  ['_containedType', 'is not supported: contained resources are no results'],
  ['_score', 'is not supported: nothing is ranked'],
]);
/** What is so in any case may be asked for. */
const isSoAnyway = (key: string, value: string): boolean => key === '_contained' && value === 'false';

const RESULT = [
  '_sort',
  '_count',
  '_total',
  '_summary',
  '_elements',
  '_format',
  '_pretty',
  '_linked',
  '_type',
  '_maxresults',
] as const;
type ResultName = (typeof RESULT)[number];
const isResult = (name: string): name is ResultName => (RESULT as readonly string[]).includes(name);

const SAFE_NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/;
/** A name is echoed only where it looks like one: it may be a value that lost its name. */
const printable = (name: string) => (SAFE_NAME.test(name) ? name : '(unreadable name)');

const invalid = (name: string, rule: string) => refuse('invalid', `search parameter ${name}: ${rule}`);
const notSupported = (name: string, rule = 'is not supported') =>
  refuse('notSupported', `search parameter ${name} ${rule}`);

/** What is gathered while the parameters are read, one by one. */
class Reading {
  readonly criteria: Criterion[] = [];
  readonly links: Link[] = [];
  readonly tests: ConceptTest[] = [];
  readonly includes: Include[] = [];
  readonly used: (readonly [string, string])[] = [];
  readonly outcome: Issue[] = [];
  readonly result = new Map<ResultName, string>();
  private readonly asked: Asked;
  /** Types that are searched; parameters must be common to all of them. */
  readonly types: readonly string[];

  constructor(asked: Asked) {
    this.asked = asked;
    this.types = asked.type ? [asked.type] : typesOf(asked.params.find(([name]) => name === '_type')?.[1]);
  }

  parameter(name: string): Parameter | undefined {
    const [first, ...others] = this.types.map((type) => parametersOf(type).get(name));
    if (this.types.length === 0) return parametersOf(undefined).get(name);
    return first && others.every((other) => other?.kind === first.kind) ? first : undefined;
  }

  /** Ignored and said so, or refused: https://hl7.org/fhir/R4/search.html#errors */
  ignore(name: string, rule: string): void {
    const diagnostics = `search parameter ${printable(name)} ${rule}`;
    if (this.asked.handling === 'strict') throw new FhirError('invalid', [{ code: 'not-supported', diagnostics }]);
    this.outcome.push({ severity: 'warning', code: 'not-supported', diagnostics: `${diagnostics}; it was ignored` });
  }

  add(key: string, value: string): void {
    if (isResult(key)) this.addResult(key, value);
    else this.addCriterion(key, value);
  }

  private addResult(key: ResultName, value: string): void {
    if (this.result.has(key)) throw invalid(key, 'is given more than once');
    if (value === '') this.ignore(key, 'has no value');
    else if (key === '_type' && this.asked.type) this.ignore(key, 'is for searches over several types');
    else {
      this.result.set(key, value);
      if (key !== '_sort' && key !== '_linked') this.used.push([key, value]);
    }
  }

  private addCriterion(key: string, value: string): void {
    const [name = '', modifier, ...rest] = key.split(':');
    if (isSoAnyway(key, value)) {
      this.used.push([key, value]);
      return;
    }
    const refused = REFUSED.get(name);
    if (refused !== undefined) throw notSupported(name, refused);
    if (isInclude(key) || isLinked(key, (first) => this.parameter(first)?.kind === 'reference')) {
      this.addLink(key, value);
      return;
    }
    const parameter = this.parameter(name);
    if (parameter?.kind === 'special') throw notSupported(name);
    if (parameter && rest.length > 0) throw invalid(name, 'has more than one modifier');
    if (!parameter || value === '') {
      if (!parameter) this.unknown(key);
      else this.ignore(name, 'has no value');
      return;
    }
    this.criteria.push(this.criterion(parameter, modifier, value));
    this.used.push([key, value]);
  }

  private addLink(key: string, value: string): void {
    const [name = ''] = key.split(/[:.]/);
    if (value === '') {
      this.ignore(name, 'has no value');
      return;
    }
    if (isInclude(key)) this.includes.push(parseInclude(key, value));
    else {
      const read = (...of: Parameters<Reading['criterion']>) => this.criterion(...of);
      this.links.push(link(this.types, key, value, read));
    }
    this.used.push([key, value]);
    if (this.links.length > MOST_LINKS || this.includes.length > MOST_INCLUDES)
      throw refuse('tooCostly', `search parameter ${name}: at most ${MOST_LINKS} chains and ${MOST_INCLUDES} includes`);
  }

  private unknown(key: string): void {
    this.ignore(key, this.types.length === 1 ? `is not known for ${this.types[0]}` : 'is not known for these types');
  }

  private criterion(parameter: Parameter, modifier: string | undefined, value: string): Criterion {
    if (modifier !== undefined) this.checkModifier(parameter, modifier);
    const values = wantedValues(parameter, modifier, value, this.asked);
    for (const each of values) if (each.kind === 'concepts') this.tests.push(each.test);
    return { parameter, modifier, values };
  }

  /** "Server SHALL reject any search request [with] a modifier that the server does not support": 400. */
  private checkModifier(parameter: Parameter, modifier: string): void {
    const { name, kind, leaves } = parameter;
    if (kind === 'reference' && modifier === 'identifier' && leaves.every(isCanonical))
      throw invalid(name, 'is canonical: it has no identifier besides itself');
    if (modifier === 'below' && hasOwnBelow(parameter)) return;
    if (kind === 'token' && modifier === 'of-type' && !leaves.some(({ type }) => type === 'Identifier'))
      throw invalid(name, 'searches no Identifier, and :of-type is for these');
    if (kind === 'token' && isConceptModifier(modifier) && !isCoded(leaves))
      throw invalid(name, `searches no coded element, and :${modifier} is for these`);
    if (MODIFIERS[kind].includes(modifier)) return;
    if (kind === 'reference' && isSearchableType(modifier)) return;
    if (kind === 'reference' && HIERARCHIES.includes(modifier))
      throw new FhirError('invalid', [
        {
          code: 'not-supported',
          diagnostics: `search parameter ${name} with :${modifier}: hierarchies of resources are not followed here`,
        },
      ]);
    throw invalid(name, 'the modifier is not one that this parameter takes');
  }

  sort(): SortKey[] {
    const text = this.result.get('_sort');
    if (text === undefined) return [];
    const keys = text.split(',').flatMap((part) => {
      const descending = part.startsWith('-');
      const name = descending ? part.slice(1) : part;
      if (name === '_score') throw notSupported('_sort', 'by _score is not supported');
      const parameter = this.parameter(name);
      if (parameter && parameter.kind !== 'composite' && parameter.kind !== 'special')
        return [{ parameter, descending }];
      this.ignore('_sort', 'names a parameter that is not known or cannot be sorted by');
      return [];
    });
    const used = keys.map(({ parameter, descending }) => `${descending ? '-' : ''}${parameter.name}`).join(',');
    if (used) this.used.push(['_sort', used]);
    return keys;
  }
}

const typesOf = (text: string | undefined): string[] => {
  const types = (text ?? '').split(',').filter(Boolean);
  if (!types.every(isSearchableType)) throw invalid('_type', 'names something that is not a resource type');
  return [...new Set(types)];
};

const oneOf = <T extends string>(name: string, text: string | undefined, allowed: readonly T[]): T | undefined => {
  if (text === undefined) return undefined;
  if (!(allowed as readonly string[]).includes(text)) throw invalid(name, `takes ${allowed.join(', ')}`);
  return text as T;
};

const countOf = (text: string | undefined): number => {
  if (text === undefined) return DEFAULT_COUNT;
  if (!/^\d{1,9}$/.test(text)) throw invalid('_count', 'takes a number that is not negative');
  return Math.min(Number(text), MAX_COUNT);
};

/** R5's, and asked for before it: no more matches than this, over all pages. */
const mostOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw invalid('_maxresults', 'takes a number above zero');
  return Number(text);
};

/** @throws FhirError `invalid` for what is malformed, `notSupported` for what we cannot answer, each with the parameter's name */
export const parse = (asked: Asked): Query => {
  if (asked.type !== undefined && !isSearchableType(asked.type))
    throw refuse('unknownType', 'not a resource type of FHIR R4');
  const reading = new Reading(asked);
  if (asked.params.length > MOST_PARAMETERS)
    throw refuse('invalid', `a search takes at most ${MOST_PARAMETERS} parameters`);
  for (const [key, value] of asked.params) reading.add(key, value);
  const { result, used } = reading;

  const sort = reading.sort();
  const summary = oneOf('_summary', result.get('_summary'), ['true', 'text', 'data', 'count', 'false']);
  const total = oneOf('_total', result.get('_total'), ['none', 'estimate', 'accurate']);
  if (summary === 'text' && reading.includes.length > 0)
    throw invalid('_summary', 'text cannot be asked together with _include or _revinclude');
  const count = countOf(result.get('_count'));
  const linked = oneOf('_linked', result.get('_linked'), ['true', 'false']);
  const elements = result.get('_elements');
  return {
    type: asked.type,
    types: asked.type ? [] : reading.types,
    compartment: asked.compartment,
    linked: linked === undefined ? undefined : linked === 'true',
    criteria: reading.criteria,
    links: reading.links,
    tests: reading.tests,
    includes: reading.includes,
    sort,
    count,
    most: mostOf(result.get('_maxresults')),
    total,
    countOnly: summary === 'count' || count === 0,
    summary,
    elements: elements === undefined ? undefined : splitEscaped(elements, ',').filter(Boolean),
    used: used.map(([name, value]) =>
      name === '_count' ? ([name, String(count)] as const) : ([name, value] as const),
    ),
    outcome: reading.outcome,
  };
};
