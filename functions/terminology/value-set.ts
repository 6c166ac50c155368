// What a value set holds: https://hl7.org/fhir/R4/valueset.html#compositions
import { FhirError, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { type CodeSystem, type Concept, conceptIn, isWithin, nodes, textOf } from './code-system.ts';
import { canonicalSystem } from './systems.ts';

/** Where definitions come from: what the region has loaded, then what is built in. */
export interface Source {
  codeSystem(url: string, version?: string): Promise<CodeSystem | undefined>;
  valueSet(canonical: string): Promise<Resource | undefined>;
}

export interface Member extends Concept {
  readonly system: string;
  readonly version?: string | undefined;
}

/** A set of members that need not be listed to be asked. */
export interface Members {
  has(system: string, code: string): Member | undefined;
  all(): Iterable<Member>;
}

/** R4's `too-costly`: https://hl7.org/fhir/R4/valueset-issue-type.html */
export const tooCostly = (diagnostics: string): FhirError =>
  new FhirError('unprocessable', [{ code: 'too-costly', diagnostics }]);

/** Named, so that who loads definitions knows which one is wanting: a definition's address is no personal data. */
const notLoaded = (what: string): FhirError =>
  new FhirError('unprocessable', [{ code: 'not-found', diagnostics: `the value set draws on the ${what}` }]);

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value set may be made of so many others, and parts of them, and no more. */
const MOST_PARTS = 200;

class Compiling {
  private parts = 0;
  private readonly source: Source;

  constructor(source: Source) {
    this.source = source;
  }

  /** `within`: the value sets that this one is being read for, which it may not import in turn. */
  async set(resource: Resource, within: readonly string[] = []): Promise<Members> {
    const url = textOf(resource.url);
    if (url !== undefined && within.includes(url))
      throw refuse('unprocessable', 'the value set includes itself', 'ValueSet.compose');
    const inside = url === undefined ? within : [...within, url];
    const compose = isNode(resource.compose) ? resource.compose : undefined;
    if (!compose) return expanded(resource.expansion);
    const includes = await this.each(compose.include, inside);
    const excludes = await this.each(compose.exclude, inside);
    const keep = ({ system, code, isInactive }: Member) =>
      (!isInactive || compose.inactive !== false) && !excludes.some((part) => part.has(system, code));
    return {
      has: (system, code) => {
        for (const part of includes) {
          const member = part.has(system, code);
          if (member) return keep(member) ? member : undefined;
        }
        return undefined;
      },
      *all() {
        for (const [at, part] of includes.entries())
          for (const member of part.all())
            if (keep(member) && !includes.slice(0, at).some((other) => other.has(member.system, member.code)))
              yield member;
      },
    };
  }

  private async each(list: unknown, within: readonly string[]): Promise<Members[]> {
    const parts: Members[] = [];
    for (const node of nodes(list)) parts.push(await this.part(node, within));
    return parts;
  }

  private count(): void {
    if (++this.parts > MOST_PARTS) throw tooCostly(`a value set may have ${MOST_PARTS} parts here`);
  }

  /** Codes of the system, if there is one, that are in all of the value sets named. */
  private async part(node: Node, within: readonly string[]): Promise<Members> {
    this.count();
    const sets: Members[] = [];
    for (const canonical of Array.isArray(node.valueSet) ? node.valueSet : []) {
      this.count();
      const resource = typeof canonical === 'string' ? await this.source.valueSet(canonical) : undefined;
      if (!resource) throw notLoaded(`value set ${canonical}, which is not loaded here`);
      sets.push(await this.set(resource, within));
    }
    const own = typeof node.system === 'string' ? await this.ofSystem(node, node.system) : undefined;
    const [first, ...others] = own ? [own, ...sets] : sets;
    if (!first) return { has: () => undefined, all: () => [] };
    const isInOthers = ({ system, code }: Member) => others.every((set) => set.has(system, code));
    return {
      has: (system, code) => {
        const member = first.has(system, code);
        return member && isInOthers(member) ? member : undefined;
      },
      *all() {
        for (const member of first.all()) if (isInOthers(member)) yield member;
      },
    };
  }

  private async ofSystem({ concept, filter, version }: Node, written: string): Promise<Members> {
    const url = canonicalSystem(written);
    const system = await this.source.codeSystem(url, textOf(version));
    const named = { system: url, version: textOf(version) ?? system?.version };
    if (Array.isArray(concept)) return listed(nodes(concept), named, system);
    if (!system?.isComplete) throw notLoaded(`code system ${url}, which is not loaded here, or not whole`);
    const tests = nodes(filter).map(filterTest);
    const holds = (each: Concept) => tests.every((test) => test(each));
    return {
      has: (of, code) => {
        const found = of === url ? conceptIn(system, code) : undefined;
        return found && holds(found) ? { ...found, ...named } : undefined;
      },
      *all() {
        for (const each of system.concepts.values()) if (holds(each)) yield { ...each, ...named };
      },
    };
  }
}

const listed = (
  list: readonly Node[],
  named: { system: string; version: string | undefined },
  system: CodeSystem | undefined,
): Members => {
  const members = new Map<string, Member>();
  for (const { code, display } of list) {
    if (typeof code !== 'string') continue;
    const known = system && conceptIn(system, code);
    members.set(code, { ...(known ?? BARE), ...named, code, display: textOf(display) ?? known?.display });
  }
  return { has: (of, code) => (of === named.system ? members.get(code) : undefined), all: () => members.values() };
};

const BARE = { designations: [], properties: [], isInactive: false, isAbstract: false };

/** A value set that came with nothing but its expansion. */
const expanded = (expansion: unknown): Members => {
  const members = new Map<string, Member>();
  const visit = (list: unknown): void => {
    for (const { system, code, display, version, inactive, abstract, contains } of nodes(list)) {
      if (typeof system === 'string' && typeof code === 'string') {
        const about = { system: canonicalSystem(system), version: textOf(version), code, display: textOf(display) };
        members.set(`${about.system}|${code}`, {
          ...BARE,
          ...about,
          isInactive: inactive === true,
          isAbstract: abstract === true,
        });
      }
      visit(contains);
    }
  };
  visit(isNode(expansion) ? expansion.contains : undefined);
  return { has: (system, code) => members.get(`${system}|${code}`), all: () => members.values() };
};

/** https://hl7.org/fhir/R4/valueset-filter-operator.html; `regex` is left out, since its cost cannot be bounded. */
const filterTest = ({ property, op, value }: Node): ((concept: Concept) => boolean) => {
  const wanted = String(value);
  const words = wanted.split(',').map((word) => word.trim());
  const valuesOf = (concept: Concept): string[] => {
    if (property === 'concept' || property === 'code') return [concept.code];
    if (property === 'display') return concept.display === undefined ? [] : [concept.display];
    if (property === 'parent') return concept.parent ? [concept.parent.code] : [];
    return concept.properties
      .filter(({ code }) => code === property)
      .map(({ value: held }) => Object.values(held)[0])
      .map((held) => (isNode(held) ? String(held.code) : String(held)));
  };
  switch (op) {
    case 'is-a':
      return (concept) => isWithin(concept, wanted);
    case 'descendent-of':
      return (concept) => concept.code !== wanted && isWithin(concept, wanted);
    case 'is-not-a':
      return (concept) => !isWithin(concept, wanted);
    case '=':
      return (concept) => valuesOf(concept).includes(wanted);
    case 'in':
      return (concept) => valuesOf(concept).some((each) => words.includes(each));
    case 'not-in':
      return (concept) => !valuesOf(concept).some((each) => words.includes(each));
    case 'exists':
      return (concept) => valuesOf(concept).length > 0 === (wanted === 'true');
    default:
      throw refuse('notSupported', 'a filter of the value set uses an operator that is not supported here');
  }
};

/** @throws FhirError where it draws on what is not loaded, or is made of too much */
export const membersOf = (source: Source, valueSet: Resource): Promise<Members> => new Compiling(source).set(valueSet);
