// What a canonical URL stands for: definitions that have it as their `url`. They are few and kept in the registry, without an index,
// so all of a type are read. https://hl7.org/fhir/R4/references.html#canonical
import type { Resources, Stored } from '../storage/port.ts';
import { parametersOf } from './parameters.ts';
import { readRun } from './referrers.ts';
import type { Budget } from './source.ts';

export const hasUrl = (type: string): boolean => parametersOf(type).get('url')?.kind === 'uri';

interface Reader {
  readonly resources: Pick<Resources, 'scan' | 'walk'>;
  readonly permit: (stored: Stored) => boolean;
  readonly budget: Pick<Budget, 'take'>;
}

/** By each of the URLs, `|version` included where one is named; `isWhole`: everything could be read. */
export const canonicals = async (
  { resources, permit, budget }: Reader,
  types: readonly string[],
  urls: readonly string[],
): Promise<{ found: ReadonlyMap<string, readonly Stored[]>; isWhole: boolean }> => {
  const found = new Map<string, Stored[]>();
  let isAll = true;
  if (urls.length > 0)
    for (const type of types.filter(hasUrl)) {
      const { isWhole } = await readRun(resources, type, { in: 'registry' }, undefined, budget, (page) => {
        for (const stored of page.filter(permit)) {
          const { url, version } = stored.resource();
          for (const name of [`${url}`, `${url}|${version}`])
            if (typeof url === 'string' && urls.includes(name) && !found.get(name)?.includes(stored))
              found.set(name, [...(found.get(name) ?? []), stored]);
        }
        return true;
      });
      isAll &&= isWhole;
    }
  return { found, isWhole: isAll };
};
