// What R4 says about each type, read from the tables that `npm run generate` makes (infra/build/definitions/tables.ts writes the
// text that is parsed here). The text is unpacked once, in about a millisecond; a type is parsed when it is first met.
import { brotliDecompressSync } from 'node:zlib';
import { PACKED } from './generated/definitions.ts';

export interface TypeRef {
  /** `string`, `Quantity`, `Resource`, or the path of a structure inside a resource: `Observation.component`. */
  readonly name: string;
  /** Types that a Reference may point to; undefined: any. */
  readonly targets: readonly string[] | undefined;
}

export interface Element {
  /** Without `[x]`. */
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly isSummary: boolean;
  readonly isChoice: boolean;
  readonly types: readonly TypeRef[];
  /** Required binding: an index for `valueSet()`. */
  readonly valueSet: number | undefined;
  /** Invariants on each value of the element: indexes for `rule()`. */
  readonly rules: readonly number[];
}

/** A JSON name: `birthDate`, `valueQuantity`. */
export interface Property {
  readonly key: string;
  readonly element: Element;
  readonly type: TypeRef;
}

export interface Structure {
  readonly name: string;
  readonly base: string | undefined;
  readonly kind: 'primitive' | 'complex' | 'resource';
  /** Invariants of the type, inherited ones included. */
  readonly rules: readonly number[];
  readonly elements: ReadonlyMap<string, Element>;
  readonly properties: ReadonlyMap<string, Property>;
  readonly mandatory: readonly Element[];
}

/** An invariant of the definitions: https://hl7.org/fhir/R4/conformance-rules.html#constraints */
export interface Rule {
  readonly key: string;
  readonly expression: string;
  readonly human: string;
}

/** Codes by system; `form` names the check where no list is possible. */
export interface ValueSet {
  readonly name: string;
  readonly form: 'mimetypes' | 'currencies' | undefined;
  readonly systems: ReadonlyMap<string, ReadonlySet<string>>;
  readonly codes: ReadonlySet<string>;
}

interface Tables {
  readonly types: string[];
  readonly rules: string[];
  readonly sets: string[];
  readonly lines: ReadonlyMap<string, string>;
}

let unpacked: Tables | undefined;

const tables = (): Tables => {
  if (unpacked) return unpacked;
  const [types, rules, sets, ...lines] = brotliDecompressSync(Buffer.from(PACKED, 'base64')).toString().split('\n') as [
    string,
    string,
    string,
    ...string[],
  ];
  unpacked = {
    types: types.split('\t'),
    rules: rules.split('\t'),
    sets: sets.split('\t'),
    lines: new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line])),
  };
  return unpacked;
};

const CARDINALITY: Record<string, [number, number]> = {
  '?': [0, 1],
  '!': [1, 1],
  '*': [0, Number.POSITIVE_INFINITY],
  '+': [1, Number.POSITIVE_INFINITY],
};

const numbers = (list: string | undefined): number[] => (list ? list.split(',').map(Number) : []);

const ELEMENT = /^(\w+)([?!*+])(s?)(x?)(\d+)(?:#(\d+))?(?:~([\d,]+))?$/;

const typeRefs = new Map<number, readonly TypeRef[]>();

const typeRefsOf = (index: number): readonly TypeRef[] => {
  const known = typeRefs.get(index);
  if (known) return known;
  const refs = tables()
    .types[index]!.split('|')
    .map((text): TypeRef => {
      const [name = '', targets] = text.replace(')', '').split('(');
      return { name, targets: targets?.split(',') };
    });
  typeRefs.set(index, refs);
  return refs;
};

const parseElement = (text: string): Element => {
  const [, name, cardinality, summary, choice, types, valueSetIndex, rules] = ELEMENT.exec(text)!;
  const [min, max] = CARDINALITY[cardinality!]!;
  return {
    name: name!,
    min,
    max,
    isSummary: summary === 's',
    isChoice: choice === 'x',
    types: typeRefsOf(Number(types)),
    valueSet: valueSetIndex === undefined ? undefined : Number(valueSetIndex),
    rules: numbers(rules),
  };
};

const propertiesOf = (element: Element): Property[] =>
  element.types.map((type) => ({
    key: element.isChoice ? element.name + type.name.charAt(0).toUpperCase() + type.name.slice(1) : element.name,
    element,
    type,
  }));

const KINDS = { p: 'primitive', c: 'complex', r: 'resource' } as const;

const parseStructure = (line: string): Structure => {
  const [name, base, rules, ...own] = line.split(' ') as [string, string, string, ...string[]];
  const parent = structureOf(base.slice(1));
  const elements = new Map(parent?.elements);
  for (const text of own) {
    const element = parseElement(text);
    elements.set(element.name, element);
  }
  return {
    name,
    base: parent?.name,
    kind: KINDS[base.charAt(0) as keyof typeof KINDS],
    rules: [...new Set([...(parent?.rules ?? []), ...numbers(rules)])],
    elements,
    properties: new Map([...elements.values()].flatMap(propertiesOf).map((property) => [property.key, property])),
    mandatory: [...elements.values()].filter(({ min }) => min > 0),
  };
};

const structures = new Map<string, Structure | undefined>();

/** A type by its name, or a structure inside a resource by its path. Undefined: R4 has no such type. */
export const structureOf = (name: string): Structure | undefined => {
  if (structures.has(name)) return structures.get(name);
  const line = tables().lines.get(name);
  const structure = line === undefined ? undefined : parseStructure(line);
  // Names that R4 does not know come from clients: they are not kept.
  if (structure) structures.set(name, structure);
  return structure;
};

/** True if `name` is `ancestor`, or is derived from it. */
export const isA = (name: string, ancestor: string): boolean => {
  for (let type: string | undefined = name; type !== undefined; type = structureOf(type)?.base)
    if (type === ancestor) return true;
  return false;
};

export const isPrimitive = (name: string): boolean => structureOf(name)?.kind === 'primitive';

const rules = new Map<number, Rule>();

export const rule = (index: number): Rule => {
  const known = rules.get(index);
  if (known) return known;
  const [key = '', expression = '', human = ''] = tables().rules[index]!.split('\x02');
  const parsed = { key, expression, human };
  rules.set(index, parsed);
  return parsed;
};

let setsByName: ReadonlyMap<string, number> | undefined;

/** A value set of a required binding by the last part of its URL: `administrative-gender`. */
export const valueSetNamed = (name: string): ValueSet | undefined => {
  setsByName ??= new Map(tables().sets.map((text, index) => [text.slice(0, text.indexOf('\x01')), index]));
  const index = setsByName.get(name);
  return index === undefined ? undefined : valueSet(index);
};

let codesBySystem: Map<string, Set<string>> | undefined;

const bound = (): ReadonlyMap<string, ReadonlySet<string>> => {
  if (codesBySystem) return codesBySystem;
  codesBySystem = new Map();
  for (const index of tables().sets.keys())
    for (const [system, codes] of valueSet(index).systems) {
      const all = codesBySystem.get(system) ?? new Set();
      for (const code of codes) all.add(code);
      codesBySystem.set(system, all);
    }
  return codesBySystem;
};

/** Code systems that required bindings draw on. */
export const boundSystems = (): readonly string[] => [...bound().keys()];

/** Those of a system's codes that any required binding admits. */
export const codesOfSystem = (url: string): ReadonlySet<string> => bound().get(url) ?? new Set();

const valueSets = new Map<number, ValueSet>();

export const valueSet = (index: number): ValueSet => {
  const known = valueSets.get(index);
  if (known) return known;
  const [name = '', content = ''] = tables().sets[index]!.split('\x01');
  const systems = new Map(
    content.split('\x02').map((text) => {
      const [system = '', ...codes] = text.split('\x03');
      return [system, new Set(codes)] as const;
    }),
  );
  const parsed: ValueSet = {
    name,
    form: name === 'mimetypes' || name === 'currencies' ? name : undefined,
    systems,
    codes: new Set([...systems.values()].flatMap((codes) => [...codes])),
  };
  valueSets.set(index, parsed);
  return parsed;
};
