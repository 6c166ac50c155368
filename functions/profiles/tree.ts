// From rules, line by line, to the tree that is checked.
import type { Compiled, Node, Profile, Rule, Slicing } from './rules.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Growing extends Mutable<Omit<Rule, 'path'>> {
  children: Map<string, Growing>;
  slices: { name: string; node: Growing }[];
  slicing: Slicing | undefined;
}

const bud = (): Growing => ({ children: new Map(), slices: [], slicing: undefined });

/** Extensions are told apart by their url, whether the profile says so or not: https://hl7.org/fhir/R4/profiling.html#extensions */
const BY_URL: Slicing = { by: [{ type: 'value', path: 'url' }], rules: 'open' };

const childOf = (node: Growing, name: string): Growing => {
  const known = node.children.get(name);
  if (known) return known;
  const child = bud();
  if (name === 'extension' || name === 'modifierExtension') child.slicing = BY_URL;
  node.children.set(name, child);
  return child;
};

const sliceOf = (node: Growing, name: string): Growing => {
  const known = node.slices.find((slice) => slice.name === name);
  if (known) return known.node;
  const slice = { name, node: bud() };
  node.slices.push(slice);
  return slice.node;
};

const at = (root: Growing, path: string): Growing => {
  let node = root;
  if (path === '') return node;
  for (const step of path.split('.')) {
    const [name = '', slice] = step.split(':');
    node = childOf(node, name);
    if (slice !== undefined) node = sliceOf(node, slice);
  }
  return node;
};

/** What a derived profile says again stands for what its base said; invariants add up. */
const put = (node: Growing, { path: _, invariants, slicing, ...rest }: Rule): void => {
  for (const [key, value] of Object.entries(rest)) if (value !== undefined) Object.assign(node, { [key]: value });
  if (slicing && slicing.by.length > 0) node.slicing = slicing;
  if (invariants) node.invariants = [...(node.invariants ?? []), ...invariants];
};

/** `base`: the rules of the profiles that this one adds to, the remotest first. */
export const compileProfile = (profile: Profile, base: readonly Profile[] = []): Compiled => {
  const root = bud();
  for (const { rules } of [...base, profile]) for (const rule of rules) put(at(root, rule.path), rule);
  const { url, name, type, contexts } = profile;
  return { url, name, type, root: root as Node, contexts };
};
