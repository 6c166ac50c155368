// Drives one operation from n clients at once and says how fast it went.

/** One stretch of measuring: an operation's and its ceiling's follow each other in short turns, and are added up. */
export interface Stretch {
  readonly seconds: number;
  /** Of each operation that succeeded, in milliseconds. */
  readonly times: Float64Array;
  readonly failures: number;
  /** What the first failure said. */
  readonly failure: string | undefined;
}

export interface Measured {
  readonly count: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p95: number;
  readonly failures: number;
  readonly failure: string | undefined;
}

/** Runs `operation` in `clients` loops for `seconds`. `operation` gets its client's number and the turn within that client. */
export const measure = async (
  operation: (client: number, turn: number) => Promise<unknown>,
  { clients, seconds, first = 0 }: { clients: number; seconds: number; first?: number },
): Promise<Stretch> => {
  const times: number[] = [];
  let failures = 0;
  let failure: string | undefined;
  const started = performance.now();
  const end = started + seconds * 1000;
  const loop = async (client: number) => {
    for (let turn = 0; performance.now() < end; turn++) {
      const from = performance.now();
      try {
        await operation(client, turn);
        times.push(performance.now() - from);
      } catch (error) {
        failures++;
        failure ??= error instanceof Error ? error.message : String(error);
        if (failures > 1000) return;
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => loop(first + client)));
  return { seconds: (performance.now() - started) / 1000, times: Float64Array.from(times), failures, failure };
};

const percentile = (sorted: Float64Array, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;

/** Stretches one after the other. */
export const summed = (stretches: readonly Stretch[]): Measured => {
  const sorted = Float64Array.from(stretches.flatMap(({ times }) => [...times])).sort();
  return {
    count: sorted.length,
    perSecond: sorted.length / stretches.reduce((sum, { seconds }) => sum + seconds, 0),
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    failures: stretches.reduce((sum, { failures }) => sum + failures, 0),
    failure: stretches.find(({ failure }) => failure)?.failure,
  };
};

/** Of several processes that ran at the same time. */
export const together = (stretches: readonly Stretch[]): Stretch => ({
  seconds: Math.max(...stretches.map(({ seconds }) => seconds)),
  times: Float64Array.from(stretches.flatMap(({ times }) => [...times])),
  failures: stretches.reduce((sum, { failures }) => sum + failures, 0),
  failure: stretches.find(({ failure }) => failure)?.failure,
});
