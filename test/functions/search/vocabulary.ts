// Code systems and value sets made of the codes that are stored, and, beside them, what they mean by brute force: lists and parents.
import type { Resource } from '../../../functions/fhir/types.ts';
import { obj } from './queries.ts';

export interface Vocabulary {
  /** CodeSystems and ValueSets to store. */
  readonly resources: Resource[];
  /** `system|code` of a value set by its URL. */
  readonly sets: ReadonlyMap<string, ReadonlySet<string>>;
  /** `system|code` above a `system|code`. */
  readonly parents: ReadonlyMap<string, string>;
  /** Codes of the code systems. */
  readonly known: ReadonlySet<string>;
}

const SYSTEMS = ['http://loinc.org', 'http://snomed.info/sct', 'http://www.nlm.nih.gov/research/umls/rxnorm'];

const codingsIn = (value: unknown): { system: string; code: string }[] => {
  if (Array.isArray(value)) return value.flatMap(codingsIn);
  const json = obj(value);
  const own = typeof json.system === 'string' && typeof json.code === 'string' ? [json as never] : [];
  return [...own, ...Object.values(json).flatMap((each) => (typeof each === 'object' ? codingsIn(each) : []))];
};

/** Trees of up to nine: each code but the ninth stands beneath the one before it, or the one before that. */
const parentOf = (codes: readonly string[], at: number): string | undefined =>
  at % 9 === 0 ? undefined : codes[at % 3 === 2 && at % 9 > 1 ? at - 2 : at - 1];

export const vocabulary = (all: readonly Resource[]): Vocabulary => {
  const resources: Resource[] = [];
  const sets = new Map<string, Set<string>>();
  const parents = new Map<string, string>();
  const known = new Set<string>();
  const found = all.flatMap(codingsIn);
  for (const [n, system] of SYSTEMS.entries()) {
    const codes = [...new Set(found.filter((each) => each.system === system).map(({ code }) => code))].sort();
    const concept = (code: string): Record<string, unknown> => {
      const below = codes.filter((_, at) => parentOf(codes, at) === code).map(concept);
      return { code, ...(below.length > 0 && { concept: below }) };
    };
    const roots = codes.filter((_, at) => parentOf(codes, at) === undefined);
    const head = { status: 'active', version: '1' };
    const content = { content: 'complete', hierarchyMeaning: 'is-a', caseSensitive: true };
    resources.push({
      resourceType: 'CodeSystem',
      id: `system-${n}`,
      url: system,
      ...head,
      ...content,
      concept: roots.map(concept),
    });
    for (const [at, code] of codes.entries()) {
      known.add(`${system}|${code}`);
      const parent = parentOf(codes, at);
      if (parent) parents.set(`${system}|${code}`, `${system}|${parent}`);
    }
    const some = codes.filter((_, at) => at % 3 === 0);
    const [root = '', ...rest] = roots;
    const within = (code: string | undefined): boolean =>
      code !== undefined && (code === root || within(parents.get(`${system}|${code}`)?.split('|')[1]));
    const include: [string, Record<string, unknown>, string[]][] = [
      ['listed', { system, concept: some.map((code) => ({ code })) }, some],
      ['all', { system }, codes],
      ['root', { system, filter: [{ property: 'concept', op: 'is-a', value: root }] }, codes.filter(within)],
      ['none', { system, concept: rest.length > 0 ? [{ code: 'never-written' }] : [{ code: 'no' }] }, []],
    ];
    for (const [name, part, members] of include) {
      const url = `http://test.example/ValueSet/${name}-${n}`;
      sets.set(url, new Set(members.map((code) => `${system}|${code}`)));
      resources.push({ resourceType: 'ValueSet', id: `${name}-${n}`, url, ...head, compose: { include: [part] } });
    }
  }
  return { resources, sets, parents, known };
};

export const isBeneath = ({ parents }: Vocabulary, one: string, above: string): boolean => {
  for (let each: string | undefined = one; each !== undefined; each = parents.get(each))
    if (each === above) return true;
  return false;
};
