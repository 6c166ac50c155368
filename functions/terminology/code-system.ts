// Concepts of one code system, ready to be asked for: https://hl7.org/fhir/R4/codesystem.html
import type { Resource } from '../fhir/types.ts';

export interface Designation {
  readonly language?: string | undefined;
  readonly use?: unknown;
  readonly value: string;
}

export interface Property {
  readonly code: string;
  /** `valueString`, `valueCoding`, … as it stands in the resource. */
  readonly value: Readonly<Record<string, unknown>>;
}

export interface Concept {
  readonly code: string;
  readonly display?: string | undefined;
  readonly definition?: string | undefined;
  readonly designations: readonly Designation[];
  readonly properties: readonly Property[];
  readonly isInactive: boolean;
  /** Only groups others: https://hl7.org/fhir/R4/codesystem-concept-properties.html */
  readonly isAbstract: boolean;
  readonly parent?: Concept | undefined;
}

export interface CodeSystem {
  readonly url: string;
  readonly version?: string | undefined;
  readonly name: string;
  /** All of its codes are here; otherwise a code that is not may exist all the same. */
  readonly isComplete: boolean;
  readonly isCaseSensitive: boolean;
  /** What stands beneath a concept is a kind of it: https://hl7.org/fhir/R4/codesystem.html#hierarchy */
  readonly isSubsuming: boolean;
  /** In the order of the definition. */
  readonly concepts: ReadonlyMap<string, Concept>;
}

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
export const nodes = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const designationsOf = (value: unknown): Designation[] =>
  nodes(value).flatMap(({ language, use, value: words }) =>
    typeof words === 'string' ? [{ language: textOf(language), use, value: words }] : [],
  );

const propertiesOf = (value: unknown): Property[] =>
  nodes(value).flatMap(({ code, ...rest }) => {
    const [name] = Object.keys(rest).filter((key) => key.startsWith('value'));
    return typeof code === 'string' && name !== undefined ? [{ code, value: { [name]: rest[name] } }] : [];
  });

const says = (properties: readonly Property[], code: string, ...values: unknown[]): boolean =>
  properties.some((property) => property.code === code && values.includes(Object.values(property.value)[0]));

const conceptOf = (node: Node, code: string, parent: Concept | undefined): Concept => {
  const properties = propertiesOf(node.property);
  return {
    code,
    display: textOf(node.display),
    definition: textOf(node.definition),
    designations: designationsOf(node.designation),
    properties,
    isInactive: says(properties, 'inactive', true) || says(properties, 'status', 'inactive', 'retired'),
    isAbstract: says(properties, 'notSelectable', true),
    parent,
  };
};

/** Nothing else is said of its nesting, and no property tells parents or children besides. */
const isNested = ({ hierarchyMeaning, property }: Resource): boolean =>
  (hierarchyMeaning === undefined || hierarchyMeaning === 'is-a') &&
  !nodes(property).some(({ uri }) => /^http:\/\/hl7\.org\/fhir\/concept-properties#(parent|child)$/.test(String(uri)));

/** A stored CodeSystem. */
export const codeSystemOf = (resource: Resource): CodeSystem => {
  const concepts = new Map<string, Concept>();
  const visit = (list: unknown, parent: Concept | undefined): void => {
    for (const node of nodes(list)) {
      if (typeof node.code !== 'string') continue;
      const concept = conceptOf(node, node.code, parent);
      concepts.set(node.code, concept);
      visit(node.concept, concept);
    }
  };
  visit(resource.concept, undefined);
  return {
    url: textOf(resource.url) ?? '',
    version: textOf(resource.version),
    name: textOf(resource.title) ?? textOf(resource.name) ?? '',
    isComplete: resource.content === 'complete' && resource.supplements === undefined,
    isCaseSensitive: resource.caseSensitive !== false,
    isSubsuming: isNested(resource),
    concepts,
  };
};

const lowered = new WeakMap<CodeSystem, ReadonlyMap<string, Concept>>();

export const conceptIn = (system: CodeSystem, code: string): Concept | undefined => {
  const exact = system.concepts.get(code);
  if (exact || system.isCaseSensitive) return exact;
  let byLower = lowered.get(system);
  if (!byLower) {
    byLower = new Map([...system.concepts].map(([key, concept]) => [key.toLowerCase(), concept]));
    lowered.set(system, byLower);
  }
  return byLower.get(code.toLowerCase());
};

/** True for the concept itself as well. */
export const isWithin = (concept: Concept, ancestor: string): boolean => {
  for (let each: Concept | undefined = concept; each; each = each.parent) if (each.code === ancestor) return true;
  return false;
};

/** In the language asked for, if there are words in it: `ja` is met by `ja-JP`. */
export const displayIn = ({ display, designations }: Pick<Concept, 'display' | 'designations'>, language?: string) =>
  (language &&
    designations.find((each) => each.language === language || each.language?.startsWith(`${language}-`))?.value) ||
  display;
