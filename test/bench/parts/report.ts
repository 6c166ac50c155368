// Figures as Markdown tables, between markers in docs/performance.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { ColdStart } from './cold-start.ts';
import type { InProcess } from './in-process.ts';
import type { Measured } from './measure.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';

export interface Row {
  readonly scenario: ScenarioName;
  readonly http: Measured;
  readonly ceiling: Measured;
  /** Milliseconds of CPU for each request: our host with its workers, DynamoDB Local, the load generator; the ceiling's client. */
  readonly cpu: { readonly host: number; readonly database: number; readonly generator: number; readonly sdk: number };
}

const n = (value: number, digits = 0) => (Number.isFinite(value) ? value.toFixed(digits) : '–');

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

export const throughput = (rows: readonly Row[]): string =>
  table(
    [
      'operation',
      'clients',
      'ours, req/s',
      'ceiling, req/s',
      'ratio',
      'ours p50 / p95 ms',
      'ceiling p50 / p95 ms',
      'failed',
    ],
    rows.map(({ scenario, http, ceiling }) => [
      SCENARIOS[scenario].title,
      String(http.clients),
      n(http.perSecond, http.perSecond < 20 ? 1 : 0),
      n(ceiling.perSecond, ceiling.perSecond < 20 ? 1 : 0),
      n(http.perSecond / ceiling.perSecond, 2),
      `${n(http.p50, 1)} / ${n(http.p95, 1)}`,
      `${n(ceiling.p50, 1)} / ${n(ceiling.p95, 1)}`,
      String(http.failures + ceiling.failures),
    ]),
  );

export const cpuTable = (rows: readonly Row[]): string =>
  table(
    ['operation', 'clients', 'host and functions', 'DynamoDB Local', 'load generator', "ceiling's SDK client"],
    rows.map(({ scenario, http, cpu }) => [
      SCENARIOS[scenario].title,
      String(http.clients),
      ...[cpu.host, cpu.database, cpu.generator, cpu.sdk].map((ms) => n(ms, 2)),
    ]),
  );

export const inProcessTable = (results: readonly InProcess[]): string =>
  table(
    ['operation', 'CPU, ms', 'req/s'],
    results.map(({ scenario, cpuMs, perSecond }) => [
      SCENARIOS[scenario].title,
      n(cpuMs, 2),
      n(perSecond, perSecond < 20 ? 1 : 0),
    ]),
  );

export const coldTable = (starts: readonly ColdStart[]): string =>
  table(
    ['bundle', 'KB', 'ready, ms (median of 9)'],
    starts.map(({ entry, kilobytes, readyMs, error }) => [
      entry,
      n(kilobytes),
      error ? `failed: ${error}` : n(readyMs),
    ]),
  );

export const machine = (): string => {
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  return `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;
};

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
export const writeBetween = (file: string, name: string, text: string): void => {
  const before = readFileSync(file, 'utf8');
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = before.indexOf(open);
  const to = before.indexOf(close);
  if (from < 0 || to < from) throw new Error(`${file} has no markers for ${name}`);
  writeFileSync(file, `${before.slice(0, from + open.length)}\n${text}\n${before.slice(to)}`);
};
