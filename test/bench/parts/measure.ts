// Drives one operation from n clients at once and says how fast it went.

export interface Measured {
  readonly clients: number;
  readonly count: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p95: number;
  readonly failures: number;
  /** What the first failure said. */
  readonly failure: string | undefined;
}

const percentile = (sorted: Float64Array, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;

/** Runs `operation` in `clients` loops for `seconds`. `operation` gets its client's number and the turn within that client. */
export const measure = async (
  operation: (client: number, turn: number) => Promise<void>,
  { clients, seconds }: { clients: number; seconds: number },
): Promise<Measured> => {
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
  await Promise.all(Array.from({ length: clients }, (_, client) => loop(client)));
  const elapsed = (performance.now() - started) / 1000;
  const sorted = Float64Array.from(times).sort();
  return {
    clients,
    count: times.length,
    perSecond: times.length / elapsed,
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    failures,
    failure,
  };
};
