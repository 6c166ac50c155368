// A leaf: the way from a resource down to the values of one search parameter, and what type they have.
// Written as in the compiled table: `component/valueQuantity:Quantity`, `telecom[system=phone]:ContactPoint`,
// `subject{Patient}:Reference`, `status:code,http://hl7.org/fhir/observation-status`.

interface Step {
  readonly name: string;
  /** `[system=phone]`: only elements of which this holds; several: all of them. */
  readonly where?: readonly { readonly path: readonly string[]; readonly value: string }[];
  /** `{Patient}`: only references to this type. */
  readonly target?: string;
  /** `#0`: only the first. */
  readonly first?: boolean;
  /** `deceased?`: whether a choice of that name is there and not false. */
  readonly exists?: boolean;
}

export interface Leaf {
  readonly steps: readonly Step[];
  /** FHIR type of the values: `CodeableConcept`, `dateTime`, … */
  readonly type: string;
  /** Type code: the code systems that its binding names. */
  readonly systems: readonly string[];
  readonly fromResource: boolean;
}

export type Node = Record<string, unknown>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

const step = (text: string): Step => {
  const [, name = '', conditions = '', target, mark] =
    text.match(/^([^[{#?]+)((?:\[[^=]+=[^\]]+\])*)(?:\{(\w+)\})?(#0|\?)?$/) ?? [];
  const where = [...conditions.matchAll(/\[([^=]+)=([^\]]+)\]/g)].map(([, path, value]) => ({
    path: path!.split('.'),
    value: value!,
  }));
  return {
    name,
    ...(where.length > 0 && { where }),
    ...(target && { target }),
    ...(mark === '#0' && { first: true }),
    ...(mark === '?' && { exists: true }),
  };
};

/** Slashes inside `[url=…]` are not separators. */
const steps = (path: string): Step[] => (path.match(/(?:[^/[]|\[[^\]]*\])+/g) ?? []).map(step);

export const leaf = (text: string): Leaf => {
  const end = text.lastIndexOf(':', text.includes(',') ? text.indexOf(',') : text.length);
  const [type = '', ...systems] = text.slice(end + 1).split(',');
  const all = steps(text.slice(0, end));
  const fromResource = all[0]?.name === '%resource';
  return { steps: fromResource ? all.slice(1) : all, type, systems, fromResource };
};

/** `Patient` for `Patient/p1`, `https://other/fhir/Patient/p1/_history/2` and `#p` (which is looked up in the resource). */
export const targetType = (reference: Node, resource: Node): string | undefined => {
  if (typeof reference.type === 'string') return reference.type;
  if (typeof reference.reference !== 'string') return undefined;
  if (reference.reference.startsWith('#')) {
    const contained = Array.isArray(resource.contained) ? resource.contained : [];
    return contained.find((each) => each?.id === reference.reference?.toString().slice(1))?.resourceType;
  }
  return reference.reference.match(/([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[^/]+)?$/)?.[1];
};

const at = (value: unknown, path: readonly string[]): unknown[] =>
  path.reduce<unknown[]>(
    (found, name) => found.flatMap((each) => (isNode(each) ? (each[name] ?? []) : [])) as unknown[],
    [value],
  );

const take = (found: unknown[], next: Step, resource: Node): unknown[] => {
  const result: unknown[] = [];
  for (const each of found) {
    if (!isNode(each)) continue;
    if (next.exists) {
      const choice = Object.keys(each).find((key) => key.startsWith(next.name));
      result.push(choice !== undefined && each[choice] !== false);
      continue;
    }
    const value = each[next.name];
    if (value === undefined) continue;
    if (Array.isArray(value)) result.push(...(next.first ? value.slice(0, 1) : value));
    else result.push(value);
  }
  const { where, target } = next;
  if (!where && !target) return result;
  return result.filter(
    (value) =>
      isNode(value) &&
      (!where || where.every((one) => at(value, one.path).includes(one.value))) &&
      (!target || targetType(value, resource) === target),
  );
};

/** The JSON values at a leaf, arrays opened; `from` is the resource, or the element that a composite starts at. */
export const valuesAt = ({ steps: path, fromResource }: Leaf, from: unknown, resource: Node): unknown[] => {
  let found: unknown[] = [fromResource ? resource : from];
  for (const next of path) {
    found = take(found, next, resource);
    if (found.length === 0) break;
  }
  return found.filter((value) => value !== null);
};
