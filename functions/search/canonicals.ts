// What a canonical URL stands for: definitions that have it as their `url`, by their rows in `registry` (lookups.ts), one Query a URL.
// https://hl7.org/fhir/R4/references.html#canonical
import type { Resources, Stored } from '../storage/port.ts';
import { hasUrlRows } from './lookups.ts';
import { canonicalOf } from './references.ts';
import { sideBySide } from './referrers.ts';

interface Reader {
  readonly resources: Pick<Resources, 'lookup' | 'getMany'>;
  readonly permit: (stored: Stored) => boolean;
}

/** By each of the URLs, `|version` included where one is named; `isWhole`: everything could be read. */
export const canonicals = async (
  { resources, permit }: Reader,
  types: readonly string[],
  urls: readonly string[],
): Promise<{ found: ReadonlyMap<string, readonly Stored[]>; isWhole: boolean }> => {
  const found = new Map<string, readonly Stored[]>();
  const wanted = types.filter(hasUrlRows);
  let isWhole = true;
  if (wanted.length > 0)
    await sideBySide([...new Set(urls)], async (name) => {
      const { url, version } = canonicalOf(name);
      const { rows, next } = await resources.lookup({ bucket: 'url', key: url });
      isWhole &&= next === undefined; // thousands under one URL
      const refs = rows.filter(({ type, sort }) => wanted.includes(type) && (version ?? sort) === sort);
      if (refs.length === 0) return;
      const all = await resources.getMany(refs);
      const fitting = all
        .filter((stored) => stored !== undefined)
        .filter((stored) => !stored.deleted && permit(stored));
      // The row only proposes: the resource has the last word.
      const named = fitting.filter((stored) => {
        const own = stored.resource();
        return own.url === url && (version === undefined || own.version === version);
      });
      if (named.length > 0) found.set(name, named);
    });
  return { found, isWhole };
};
