// The search parameters of R4, read from the compiled table (infra/build/search-parameters.ts) a type at a time.
import { inflateRawSync } from 'node:zlib';
import { PACKED } from '../fhir/generated/search-parameters.ts';
import { type Leaf, leaf } from './leaf.ts';

/** https://hl7.org/fhir/R4/search.html#ptypes */
export type Kind = 'number' | 'date' | 'string' | 'token' | 'reference' | 'composite' | 'quantity' | 'uri' | 'special';

export interface Component {
  readonly kind: Kind;
  readonly leaves: readonly Leaf[];
}

export interface Parameter {
  readonly name: string;
  readonly kind: Kind;
  /** Canonical URL of its definition. */
  readonly definition: string;
  /** Composite: the elements that its components start from. */
  readonly leaves: readonly Leaf[];
  readonly components: readonly Component[];
  /** Types that a reference may point at; empty: any. */
  readonly targets: readonly string[];
}

const DEFINITION = 'http://hl7.org/fhir/SearchParameter/';

let sections: Map<string, string> | undefined;
const section = (type: string): string | undefined => {
  sections ??= new Map(
    inflateRawSync(Buffer.from(PACKED, 'base64'))
      .toString()
      .split('\n\n')
      .map((text) => {
        const end = text.indexOf('\n');
        return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)];
      }),
  );
  return sections.get(type);
};

const leaves = (text: string): Leaf[] => text.split(' ').filter(Boolean).map(leaf);

const component = (text: string): Component => {
  const [kind, ...rest] = text.split(' ');
  return { kind: kind as Kind, leaves: leaves(rest.join(' ')) };
};

const parameter = (line: string): Parameter => {
  const [name = '', id, kind, places = '', last = ''] = line.split('\t');
  const isComposite = kind === 'composite';
  return {
    name,
    kind: kind as Kind,
    definition: id?.includes('/') ? id : DEFINITION + id,
    leaves: leaves(places),
    components: isComposite ? last.split(' & ').map(component) : [],
    targets: isComposite || last === '*' ? [] : last.split(' ').filter(Boolean),
  };
};

const read = new Map<string, ReadonlyMap<string, Parameter>>();

/** Parameters of a type, those of every resource included; `undefined` type: those of every resource alone. */
export const parametersOf = (type: string | undefined): ReadonlyMap<string, Parameter> => {
  const name = type ?? 'Resource';
  let found = read.get(name);
  if (!found) {
    const own = (section(name) ?? '').split('\n').filter(Boolean).map(parameter);
    const common = type === undefined ? [] : [...parametersOf(undefined).values()];
    found = new Map([...common, ...own].map((each) => [each.name, each]));
    read.set(name, found);
  }
  return found;
};

export const isSearchableType = (type: string): boolean => section(type) !== undefined && type !== 'Resource';

/** Parameters that R4 defines and that we refuse by name (never ignore): parse.ts. */
const REFUSED_KINDS: readonly Kind[] = ['special'];

/** What the CapabilityStatement says about a type: https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.searchParam */
export const SEARCH_PARAMETERS = (
  type: string,
): { name: string; type: Exclude<Kind, 'special'>; definition: string; documentation?: string }[] =>
  [...parametersOf(type).values()]
    .filter(({ kind }) => !REFUSED_KINDS.includes(kind))
    .map(({ name, kind, definition }) => ({ name, type: kind as Exclude<Kind, 'special'>, definition }));
