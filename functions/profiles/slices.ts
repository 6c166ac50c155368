// Which slice a value belongs to: https://hl7.org/fhir/R4/profiling.html#discriminator
import { isA } from '../fhir/definitions.ts';
import { compileNodePath, type PathEnv, PathError, PathTooCostly } from '../fhir/path/compile-path.ts';
import { childrenNamed } from '../fhir/path/navigate.ts';
import type { TypedValue } from '../fhir/path/typed-value.ts';
import { tooCostlyToCheck } from '../fhir/validate/invariants.ts';
import { hasCodeOf } from './codes.ts';
import type { Discriminator, Known, Node, Slice, Slicing } from './rules.ts';
import { equals, holds, isOneOf } from './values.ts';

/** What telling slices apart may ask of the check that is under way. */
export interface World {
  readonly known: Known;
  readonly env: PathEnv;
  /** Whether a value meets a profile, without saying what it lacks. Undefined: the profile is not known. */
  conforms(value: TypedValue, profile: string): boolean | undefined;
  /** The resource that a reference leads to, as far as it is at hand; by its type alone otherwise. */
  target(value: TypedValue): TypedValue | undefined;
}

type Test = (value: TypedValue, world: World) => boolean;

/** Steps of a discriminator's path: `a.extension('x').b`. */
const stepsOf = (path: string): string[] => path.match(/[^.(]+(?:\([^)]*\))?/g) ?? [];

/** The elements of the profile that a path leads to, through the profiles of types where it must. */
const nodesAt = (node: Node, steps: readonly string[], known: Known): Node[] => {
  const [step, ...rest] = steps;
  if (step === undefined) return [node];
  if (step === '$this' || step.startsWith('ofType(')) return nodesAt(node, rest, known);
  const url = /^extension\(['"](.*)['"]\)$/.exec(step)?.[1];
  const below: Node[] = [];
  if (url === undefined) {
    const child = node.children.get(step);
    if (child) below.push(child);
  } else {
    for (const { node: slice } of node.children.get('extension')?.slices ?? [])
      if (slice.profiles?.some((profile) => bare(profile) === url) || slice.children.get('url')?.fixed === url)
        below.push(slice);
  }
  const found = below.flatMap((child) => nodesAt(child, rest, known));
  if (found.some(decides)) return found;
  const through = (node.profiles ?? []).flatMap((profile) => known.profile(profile)?.root ?? []);
  return [...found, ...through.flatMap((root) => nodesAt(root, steps, known))];
};

const bare = (canonical: string): string => canonical.split('|')[0]!;

const decides = (node: Node): boolean =>
  node.fixed !== undefined ||
  node.pattern !== undefined ||
  node.binding?.strength === 'required' ||
  [...node.children.values()].some(decides);

const valuesAt = (value: TypedValue, steps: readonly string[], world: World): TypedValue[] => {
  let found = [value];
  for (const step of steps) {
    if (step === '$this') continue;
    if (step === 'resolve()') found = found.flatMap((item) => world.target(item) ?? []);
    else if (step.includes('(')) found = found.flatMap((item) => computed(item, step, world));
    else {
      const next: TypedValue[] = [];
      for (const item of found) childrenNamed(item, step, next);
      found = next;
    }
  }
  return found;
};

const computed = (value: TypedValue, expression: string, { env }: World): TypedValue[] => {
  try {
    return compileNodePath(expression)(value, env);
  } catch (error) {
    if (error instanceof PathTooCostly) throw tooCostlyToCheck(expression);
    if (error instanceof PathError) return [];
    throw error;
  }
};

/** The criterion that an element of the profile makes; undefined: it makes none. */
const criterion = (node: Node): Test | undefined => {
  const { fixed, pattern, binding } = node;
  if (fixed !== undefined) return ({ value }) => equals(value, fixed);
  if (pattern !== undefined) return ({ value }) => holds(value, pattern);
  const below = [...node.children].flatMap(([name, child]): Test[] => {
    const test = criterion(child);
    return test ? [(value, world) => valuesAt(value, [name], world).some((item) => test(item, world))] : [];
  });
  const all: Test | undefined =
    below.length > 0 ? (value, world) => below.every((test) => test(value, world)) : undefined;
  if (binding?.strength !== 'required') return all;
  return (value, world) => {
    const set = world.known.valueSet(binding.valueSet);
    const answer = set && hasCodeOf(set, value);
    return answer ?? all?.(value, world) ?? false;
  };
};

const byValue = (slice: Node, path: string, known: Known): Test | undefined => {
  const steps = stepsOf(path);
  const url = path === 'url' ? slice.profiles?.[0] : undefined;
  const nodes = url === undefined ? nodesAt(slice, steps, known) : [];
  const tests =
    url === undefined
      ? nodes.flatMap((node) => criterion(node) ?? [])
      : [({ value }: TypedValue) => value === bare(url)];
  // Nothing is said of the value but that there is one.
  if (tests.length === 0 && nodes.some(({ min }) => min !== undefined && min > 0)) tests.push(() => true);
  if (tests.length === 0) return undefined;
  return (value, world) => valuesAt(value, steps, world).some((item) => tests.some((test) => test(item, world)));
};

const byExists = (slice: Node, path: string, known: Known): Test | undefined => {
  const steps = stepsOf(path);
  const [node] = nodesAt(slice, steps, known);
  if (!node) return undefined;
  const wanted = node.max !== 0;
  return (value, world) => valuesAt(value, steps, world).length > 0 === wanted;
};

const byType = (slice: Node, path: string, known: Known): Test | undefined => {
  const steps = stepsOf(path);
  const resolves = steps.at(-1) === 'resolve()';
  const nodes = nodesAt(slice, resolves ? steps.slice(0, -1) : steps, known);
  const types = nodes.flatMap((node) => (resolves ? node.targets : node.types) ?? []);
  if (types.length === 0) return undefined;
  return (value, world) => valuesAt(value, steps, world).some(({ type }) => isOneOf(type, types));
};

const byProfile = (slice: Node, path: string, known: Known): Test | undefined => {
  const steps = stepsOf(path);
  const resolves = steps.at(-1) === 'resolve()';
  const nodes = nodesAt(slice, resolves ? steps.slice(0, -1) : steps, known);
  const profiles = nodes.flatMap((node) => (resolves ? node.targetProfiles : node.profiles) ?? []);
  if (profiles.length === 0) return undefined;
  return (value, world) =>
    valuesAt(value, steps, world).some((item) => profiles.some((profile) => fits(item, profile, world)));
};

/** What claims the profile is meant to meet it, and its faults are better named one by one than as a slice that is missing. */
const fits = (item: TypedValue, profile: string, world: World): boolean => {
  const compiled = world.known.profile(profile);
  if (!compiled) return false;
  const { meta } = (item.value ?? {}) as { meta?: { profile?: unknown } };
  const claimed = Array.isArray(meta?.profile) ? meta.profile : [];
  if (claimed.some((url) => typeof url === 'string' && bare(url) === bare(profile))) return true;
  if (item.value === undefined) return item.type === compiled.type;
  return isA(item.type, compiled.type) && world.conforms(item, profile) === true;
};

const testOf = (slice: Node, { type, path }: Discriminator, known: Known): Test | undefined =>
  ({ value: byValue, exists: byExists, type: byType, profile: byProfile })[type](slice, path, known);

const tests = new WeakMap<Node, Test | null>();

/** Undefined: the profile does not say (or we cannot tell) what belongs to the slice. */
const membership = ({ node }: Slice, { by }: Slicing, known: Known): Test | undefined => {
  const cached = tests.get(node);
  if (cached !== undefined) return cached ?? undefined;
  // A discriminator of which the slice says nothing does not count, as long as another one does.
  const each = by.flatMap((discriminator) => testOf(node, discriminator, known) ?? []);
  const test: Test | null = each.length > 0 ? (value, world) => each.every((item) => item(value, world)) : null;
  tests.set(node, test);
  return test ?? undefined;
};

/** The slices of an element that can be told apart, and which of them a value belongs to. */
export const slicesOf = ({ slices, slicing }: Node, world: World) => {
  const told = slices.flatMap((slice) => {
    const test = slicing && membership(slice, slicing, world.known);
    return test ? [{ ...slice, test }] : [];
  });
  return {
    told,
    of: (value: TypedValue): Slice | undefined => told.find(({ test }) => test(value, world)),
  };
};
