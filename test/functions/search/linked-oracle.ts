// Chains, `_has`, `_list` and includes by brute force over everything, for tests only; a second reading of
// https://hl7.org/fhir/R4/search.html#chaining, #has, #list and #include that shares nothing with functions/search.
import type { Resource } from '../../../functions/fhir/types.ts';
import { definitionOf, holds, valuesFor } from './oracle.ts';

const keyOf = ({ resourceType, id }: Resource) => `${resourceType}/${id}`;

export const linkedOracle = (all: readonly Resource[], now: number) => {
  const byKey = new Map(all.map((each) => [keyOf(each), each]));
  const referrers = new Map<string, Map<string, Resource[]>>();

  const pointsAt = (resource: Resource, code: string): string[] => {
    const definition = definitionOf(resource.resourceType, code);
    if (definition?.type !== 'reference') return [];
    return valuesFor(definition, resource).flatMap(({ value }) => {
      const text = typeof value === 'string' ? value : (value as { reference?: string }).reference;
      return text?.match(/^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+/)?.[0] ?? [];
    });
  };

  const pointingAt = (key: string, type: string, code: string): readonly Resource[] => {
    const name = `${type}:${code}`;
    let found = referrers.get(name);
    if (!found) {
      found = new Map();
      for (const each of all)
        if (each.resourceType === type)
          for (const to of new Set(pointsAt(each, code))) found.set(to, [...(found.get(to) ?? []), each]);
      referrers.set(name, found);
    }
    return found.get(key) ?? [];
  };

  const meets = (resource: Resource, key: string, value: string): boolean => {
    if (key.startsWith('_has:')) {
      const [, type = '', code = '', ...rest] = key.split(':');
      return pointingAt(keyOf(resource), type, code).some((each) => meets(each, rest.join(':'), value));
    }
    if (!key.includes('.')) return holds(resource, key, value, now);
    const [link = '', rest] = key.split(/\.(.*)/s) as [string, string];
    const [code = '', type] = link.split(':');
    const first = rest.split(/[.:]/)[0]!;
    return pointsAt(resource, code)
      .flatMap((to) => byKey.get(to) ?? [])
      .filter((target) => type === undefined || target.resourceType === type)
      .filter((target) => first === '_has' || definitionOf(target.resourceType, first))
      .some((target) => meets(target, rest, value));
  };

  /** What comes with these matches. */
  const comesWith = (matches: readonly Resource[], includes: readonly (readonly [string, string])[]): string[] => {
    const found = new Set<string>();
    let from = matches;
    for (let round = 0; from.length > 0; round++) {
      const added = new Set<string>();
      for (const [key, value] of includes) {
        if (round > 0 && !key.endsWith(':iterate')) continue;
        const [type = '', code = '', target] = value.split(':');
        for (const each of from) {
          const isForward = key.startsWith('_include');
          if (isForward ? each.resourceType !== type : target !== undefined && each.resourceType !== target) continue;
          const others = isForward ? pointsAt(each, code) : pointingAt(keyOf(each), type, code).map(keyOf);
          for (const other of others)
            if (byKey.has(other) && (!isForward || target === undefined || other.startsWith(`${target}/`)))
              added.add(other);
        }
      }
      const fresh = [...added].filter((key) => !found.has(key) && !matches.some((match) => keyOf(match) === key));
      for (const key of fresh) found.add(key);
      from = fresh.map((key) => byKey.get(key)!);
    }
    return [...found].sort();
  };

  return { meets, pointsAt, pointingAt, comesWith, byKey };
};
