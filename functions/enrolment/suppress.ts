// Small cells: a number below ten may point at somebody, so it is not shown; nor is what it could be reckoned back from
// (domain.md 4.5: small-cell suppression, fewer than 10).

export const SMALLEST_SHOWN = 10;

export interface Cell {
  readonly key: string;
  readonly count: number;
}

/**
 * Keys of the cells that are not shown. When their sum is published, one hidden cell could be reckoned from the others: so
 * further ones are hidden, the smallest first, until at least two are, and they hold ten people together. Nought is nobody.
 */
export const suppressed = (cells: readonly Cell[]): ReadonlySet<string> => {
  const hidden = new Set(cells.filter(({ count }) => count > 0 && count < SMALLEST_SHOWN).map(({ key }) => key));
  if (hidden.size === 0) return hidden;
  const left = cells
    .filter(({ key, count }) => !hidden.has(key) && count > 0)
    .sort((a, b) => a.count - b.count || (a.key < b.key ? -1 : 1));
  const sum = () => cells.reduce((all, { key, count }) => all + (hidden.has(key) ? count : 0), 0);
  while ((hidden.size < 2 || sum() < SMALLEST_SHOWN) && left.length > 0) hidden.add(left.shift()!.key);
  return hidden;
};
