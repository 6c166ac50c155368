// How long a fresh Node process needs until a bundle's handler could take its first event.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export interface ColdStart {
  readonly entry: string;
  /** The entry's file and what it imports at once; what it imports when somebody asks is not read. */
  readonly kilobytes: number;
  /** Import of the bundle in a fresh process, the process's own start left out. */
  readonly leastMs: number;
  readonly medianMs: number;
  readonly error?: string;
}

const SCRIPT = `
const from = performance.now();
import(process.argv[1]).then(
  (loaded) => { console.log(JSON.stringify({ ms: performance.now() - from, handler: typeof loaded.handler })); process.exit(0); },
  (error) => { console.log(JSON.stringify({ error: String(error.message).slice(0, 200) })); process.exit(0); },
);`;

export const TRIES = 10;

const run = promisify(execFile);

/** Not at the same time: each has the machine for itself, but for what runs on it anyway. */
export const coldStarts = async (
  folder: string,
  environment: (entry: string) => Record<string, string>,
): Promise<ColdStart[]> => {
  if (!existsSync(folder)) return [];
  const found: ColdStart[] = [];
  for (const entry of readdirSync(folder)) {
    const file = join(folder, entry, 'index.mjs');
    if (!existsSync(file)) continue;
    const times: number[] = [];
    let error: string | undefined;
    for (let at = 0; at < TRIES; at++) {
      const env = { PATH: process.env.PATH ?? '', ...environment(entry) };
      const { stdout } = await run(process.execPath, ['-e', SCRIPT, file], { env });
      const said = JSON.parse(stdout.trim().split('\n').at(-1) || '{"error":"said nothing"}');
      if (said.error) error = said.error;
      else times.push(said.ms);
    }
    times.sort((a, b) => a - b);
    found.push({
      entry,
      kilobytes: sizeAtOnce(file) / 1000,
      leastMs: times[0] ?? Number.NaN,
      medianMs: times[Math.floor(times.length / 2)] ?? Number.NaN,
      ...(error && { error }),
    });
  }
  return found;
};

const sizeAtOnce = (file: string, seen = new Set<string>()): number => {
  if (seen.has(file)) return 0;
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(/(?:\bfrom|\bimport)"\.\/([\w.-]+\.mjs)"/g);
  return [...imports].reduce(
    (sum, [, name]) => sum + sizeAtOnce(join(dirname(file), name!), seen),
    statSync(file).size,
  );
};
