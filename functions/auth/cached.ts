/** Remembers the answers of `load` for a while, the latest `most` of them. Failures are not remembered; callers at once share one load. */
export const cached = <T>(
  load: (key: string) => Promise<T>,
  { forMs, most, clock }: { forMs: number; most: number; clock: () => number },
): ((key: string) => Promise<T>) => {
  const held = new Map<string, { until: number; value: Promise<T> }>();
  return (key) => {
    const hit = held.get(key);
    if (hit && clock() < hit.until) return hit.value;
    const entry = { until: clock() + forMs, value: load(key) };
    entry.value.catch(() => held.get(key) === entry && held.delete(key));
    held.delete(key);
    held.set(key, entry);
    if (held.size > most) held.delete(held.keys().next().value as string);
    return entry.value;
  };
};
