// How long a fresh Node process needs until a bundle's handler could take its first event.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface ColdStart {
  readonly entry: string;
  readonly kilobytes: number;
  /** Median of the import of the bundle in a fresh process, the process's own start left out. */
  readonly readyMs: number;
  readonly error?: string;
}

const SCRIPT = `
const from = performance.now();
import(process.argv[1]).then(
  (loaded) => { console.log(JSON.stringify({ ms: performance.now() - from, handler: typeof loaded.handler })); process.exit(0); },
  (error) => { console.log(JSON.stringify({ error: String(error.message).slice(0, 200) })); process.exit(0); },
);`;

export const coldStarts = (
  folder: string,
  environment: (entry: string) => Record<string, string>,
  tries = 9,
): ColdStart[] =>
  !existsSync(folder)
    ? []
    : readdirSync(folder)
        .filter((entry) => existsSync(join(folder, entry, 'index.mjs')))
        .map((entry) => {
          const file = join(folder, entry, 'index.mjs');
          const times: number[] = [];
          let error: string | undefined;
          for (let at = 0; at < tries; at++) {
            const { stdout } = spawnSync(process.execPath, ['-e', SCRIPT, file], {
              env: { PATH: process.env.PATH ?? '', ...environment(entry) },
              encoding: 'utf8',
            });
            const said = JSON.parse(stdout.trim().split('\n').at(-1) || '{"error":"said nothing"}');
            if (said.error) error = said.error;
            else times.push(said.ms);
          }
          times.sort((a, b) => a - b);
          return {
            entry,
            kilobytes: statSync(file).size / 1000,
            readyMs: times[Math.floor(times.length / 2)] ?? Number.NaN,
            ...(error && { error }),
          };
        });
