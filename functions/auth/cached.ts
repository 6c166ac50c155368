export interface Holding<T> {
  /** What is held under this name, or else what `load` brings, which then is. */
  get(name: string, load: () => Promise<T>): Promise<T>;
  /** The next to ask has it loaded anew. */
  forget(): void;
}

interface HoldingOptions {
  readonly forMs: number;
  readonly most: number;
  readonly clock: () => number;
}

/** Holds answers for a while, the latest `most` of them. Failures are not held; callers at once share one load. */
export const holding = <T>({ forMs, most, clock }: HoldingOptions): Holding<T> => {
  const held = new Map<string, { at: number; value: Promise<T> }>();
  return {
    get: (name, load) => {
      const now = clock();
      const hit = held.get(name);
      // A clock that was put back must not make it hold for longer.
      if (hit && now >= hit.at && now - hit.at < forMs) return hit.value;
      const entry = { at: now, value: load() };
      entry.value.catch(() => held.get(name) === entry && held.delete(name));
      held.delete(name);
      held.set(name, entry);
      if (held.size > most) held.delete(held.keys().next().value as string);
      return entry.value;
    },
    forget: () => held.clear(),
  };
};

/** `load` with its answers held. */
export const cached = <T>(
  load: (key: string) => Promise<T>,
  options: HoldingOptions,
): ((key: string) => Promise<T>) => {
  const held = holding<T>(options);
  return (key) => held.get(key, () => load(key));
};
