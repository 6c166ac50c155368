// Whether a resource is what a search asked for: exact, on its values, whatever index proposed it.
// https://hl7.org/fhir/R4/search.html#prefix and #modifiers
import type { Coding, Resource } from '../fhir/types.ts';
import { canonicalSystem } from '../terminology/systems.ts';
import type { Span } from './dates.ts';
import {
  type Amount,
  amounts,
  baseMimeType,
  bases,
  foldCode,
  foldIdentifier,
  foldPhone,
  laterFamilyNames,
  pointers,
  rawValues,
  referenceIdentifiers,
  type Setting,
  spans,
  strings,
  type Token,
  tokens,
} from './extract.ts';
import { fold, loose } from './kana.ts';
import type { Component, Kind } from './parameters.ts';
import type { Criterion, Prefix, Wanted } from './query.ts';
import { canonicalOf, isBelowCanonical, pointsAt } from './references.ts';

type Of<K extends Wanted['kind']> = Extract<Wanted, { kind: K }>;

/** `target`: [low, high) of the resource; `sought`: of the search. */
export const matchesSpan = (target: Span, prefix: Prefix, sought: Span): boolean => {
  const isWithin = target.low >= sought.low && target.high <= sought.high;
  switch (prefix) {
    case 'eq':
      return isWithin;
    case 'ne':
      return !isWithin;
    case 'gt':
      return target.high > sought.high;
    case 'lt':
      return target.low < sought.low;
    case 'ge':
      return target.high > sought.high || isWithin;
    case 'le':
      return target.low < sought.low || isWithin;
    case 'sa':
      return target.low >= sought.high;
    case 'eb':
      return target.high <= sought.low;
    case 'ap':
      return target.low < sought.high && target.high > sought.low;
  }
};

/** Comparing prefixes take the number itself, `eq`, `ne` and `ap` the range that its precision leaves. */
export const matchesAmount = (target: Pick<Amount, 'low' | 'high'>, prefix: Prefix, sought: Of<'number'>['sought']) => {
  const isWithin = target.low >= sought.low && target.high < sought.high;
  const margin = Math.max(Math.abs(sought.value) * 0.1, sought.high - sought.value);
  switch (prefix) {
    case 'eq':
      return isWithin;
    case 'ne':
      return !isWithin;
    case 'gt':
      return target.high > sought.value;
    case 'lt':
      return target.low < sought.value;
    case 'ge':
      return target.high >= sought.value;
    case 'le':
      return target.low <= sought.value;
    case 'sa':
      return target.low > sought.value;
    case 'eb':
      return target.high < sought.value;
    case 'ap':
      return target.low <= sought.value + margin && target.high >= sought.value - margin;
  }
};

const matchesUnit = (found: Amount, { system, code }: Of<'quantity'>): boolean => {
  if (system) return found.system === system && (!code || found.code === code);
  // `5.4||mg`: code or unit
  return !code || found.code === code || found.unit === code;
};

const matchesToken = (found: Token, { system, code }: Of<'token'>, leafTypes: ReadonlySet<string>): boolean => {
  if (system !== undefined) {
    const isSystem = system === '' ? !found.system : found.system === system || found.implied?.includes(system);
    if (!isSystem) return false;
  }
  if (code === undefined) return system !== '' || found.code !== undefined;
  return found.code !== undefined && found.code === foldedFor(code, leafTypes);
};

const foldedFor = (code: string, leafTypes: ReadonlySet<string>): string => {
  if (leafTypes.has('ContactPoint')) return foldPhone(code);
  if (leafTypes.has('Identifier')) return foldIdentifier(code);
  return leafTypes.has('id') || leafTypes.has('uri') ? code : foldCode(code);
};

const matchesType = (found: Token, { system, code, value }: Of<'of-type'>): boolean =>
  found.code === foldIdentifier(value) &&
  (found.types ?? []).some(
    (type) => canonicalSystem((type as Coding).system ?? '') === system && (type as Coding).code === code,
  );

/** A hierarchy of paths: `http://acme.org/fhir` is above `http://acme.org/fhir/ValueSet`, not above `http://acme.org/fhirs`. */
const isBelow = (uri: string, above: string): boolean =>
  uri === above || (uri.startsWith(above) && (above.endsWith('/') || uri[above.length] === '/'));

const matchesUri = (found: string, modifier: string | undefined, wanted: string): boolean => {
  if (modifier === 'below') return isBelow(found, wanted);
  if (modifier === 'above') return isBelow(wanted, found);
  // A canonical may carry a version that the search does not name.
  return found === wanted || (!wanted.includes('|') && found.startsWith(`${wanted}|`));
};

/** `url=http://…|1.0`: "interpreting that portion as a search on the version". https://hl7.org/fhir/R4/search.html#uri */
const isVersionOf = (wanted: string, urls: readonly string[], resource: Resource): boolean => {
  const { url, version } = canonicalOf(wanted);
  return version !== undefined && resource.version === version && urls.includes(url);
};

interface Source extends Pick<Component, 'leaves'> {
  readonly kind: Kind;
  readonly name?: string;
}

const typeSets = new WeakMap<Source['leaves'], ReadonlySet<string>>();
const leafTypes = ({ leaves }: Source): ReadonlySet<string> => {
  const known = typeSets.get(leaves) ?? new Set(leaves.map(({ type }) => type));
  typeSets.set(leaves, known);
  return known;
};
const wantedOf = <K extends Wanted['kind']>(wanted: readonly Wanted[], kind: K): Of<K>[] =>
  wanted.filter((each): each is Of<K> => each.kind === kind);

const matchesString = (
  source: Source,
  from: unknown,
  resource: Resource,
  modifier: string | undefined,
  all: string[],
) => {
  if (modifier === 'exact') {
    const found = strings(source, from, resource);
    return all.some((text) => found.includes(text));
  }
  const simplify = source.name === 'phonetic' ? loose : fold;
  const found = [...strings(source, from, resource), ...laterFamilyNames(source, from, resource)].map(simplify);
  // Text that folds to nothing (a lone hyphen) is compared as it stands.
  const plain = all.map((text) => simplify(text) || text.normalize('NFKC').toLowerCase());
  return modifier === 'contains'
    ? plain.some((text) => found.some((each) => each.includes(text)))
    : plain.some((text) => found.some((each) => each.startsWith(text)));
};

const matchesTokens = (
  found: Token[],
  modifier: string | undefined,
  wanted: readonly Wanted[],
  types: ReadonlySet<string>,
): boolean => {
  const texts = wantedOf(wanted, 'text').map(({ text }) => fold(text) || text);
  if (texts.length > 0)
    return found.some((token) => token.texts.some((text) => texts.some((part) => fold(text).startsWith(part))));
  const ofType = wantedOf(wanted, 'of-type');
  if (ofType.length > 0) return ofType.some((each) => found.some((token) => matchesType(token, each)));
  const tests = wantedOf(wanted, 'concepts');
  if (tests.length > 0)
    return tests.some(({ test }) => found.some((token) => test.holds(token))) !== (modifier === 'not-in');
  if (modifier === 'below')
    return wantedOf(wanted, 'token').some(({ code }) =>
      found.some((token) => code !== undefined && baseMimeType(token.code ?? '') === foldCode(code)),
    );
  const matches = wantedOf(wanted, 'token').some((each) => found.some((token) => matchesToken(token, each, types)));
  return modifier === 'not' ? !matches : matches;
};

const matchesValues = (
  source: Source,
  modifier: string | undefined,
  wanted: readonly Wanted[],
  from: unknown,
  resource: Resource,
  setting: Setting,
): boolean => {
  switch (source.kind) {
    case 'token':
      return matchesTokens(tokens(source, from, resource, setting), modifier, wanted, leafTypes(source));
    case 'string':
      return matchesString(
        source,
        from,
        resource,
        modifier,
        wantedOf(wanted, 'string').map(({ text }) => text),
      );
    case 'date': {
      const found = spans(source, from, resource);
      return wantedOf(wanted, 'date').some(({ prefix, span }) => found.some((each) => matchesSpan(each, prefix, span)));
    }
    case 'number': {
      const found = amounts(source, from, resource);
      return wantedOf(wanted, 'number').some(({ prefix, sought }) =>
        found.some((each) => matchesAmount(each, prefix, sought)),
      );
    }
    case 'quantity': {
      const found = amounts(source, from, resource);
      return wantedOf(wanted, 'quantity').some((each) =>
        found.some((amount) => matchesUnit(amount, each) && matchesAmount(amount, each.prefix, each.sought)),
      );
    }
    case 'reference': {
      if (modifier === 'identifier')
        return matchesTokens(
          referenceIdentifiers(source, from, resource, setting),
          undefined,
          wanted,
          new Set(['Identifier']),
        );
      const found = pointers(source, from, resource);
      const isSought = modifier === 'below' ? isBelowCanonical : pointsAt;
      return wantedOf(wanted, 'reference').some(({ pointer }) => found.some((each) => isSought(each, pointer)));
    }
    case 'uri': {
      const found = rawValues(source, from, resource).filter((value) => typeof value === 'string');
      return wantedOf(wanted, 'uri').some(
        ({ uri }) =>
          found.some((each) => matchesUri(each, modifier, uri)) ||
          (source.name === 'url' && modifier === undefined && isVersionOf(uri, found, resource)),
      );
    }
    default:
      return false;
  }
};

/** All components must hold within one and the same element: https://hl7.org/fhir/R4/search.html#combining */
const matchesComposite = ({ parameter, values }: Criterion, resource: Resource, setting: Setting): boolean =>
  bases(parameter, resource).some((base) =>
    wantedOf(values, 'composite').some(({ parts }) =>
      parameter.components.every((component, i) =>
        matchesValues(component, undefined, [parts[i]!], base, resource, setting),
      ),
    ),
  );

const isPresent = ({ parameter }: Criterion, resource: Resource): boolean => {
  if (parameter.kind !== 'composite') return rawValues(parameter, resource, resource).length > 0;
  return bases(parameter, resource).some((base) =>
    parameter.components.every((component) => rawValues(component, base, resource).length > 0),
  );
};

const matchesCriterion = (criterion: Criterion, resource: Resource, setting: Setting): boolean => {
  const { parameter, modifier, values } = criterion;
  const missing = wantedOf(values, 'missing')[0];
  if (missing) return isPresent(criterion, resource) !== missing.missing;
  if (parameter.kind === 'composite') return matchesComposite(criterion, resource, setting);
  return matchesValues(parameter, modifier, values, resource, resource, setting);
};

export const matchesAll = (criteria: readonly Criterion[], resource: Resource, setting: Setting): boolean =>
  criteria.every((criterion) => matchesCriterion(criterion, resource, setting));
