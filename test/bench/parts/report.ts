// Figures as Markdown tables, between markers in docs/performance.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { type ColdStart, TRIES } from './cold-start.ts';
import type { InProcess } from './in-process.ts';
import type { Measured } from './measure.ts';
import type { Recording } from './recorder.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';
import type { ValidationCost } from './validation.ts';

export interface Row {
  readonly scenario: ScenarioName;
  readonly clients: number;
  readonly http: Measured;
  readonly ceiling: Measured;
  /** Milliseconds of CPU for each request: our host with its workers, DynamoDB Local, the load generator. */
  readonly cpu: { readonly host: number; readonly database: number; readonly generator: number };
  /** Of the ceiling: the SDK's client, DynamoDB Local. */
  readonly ceilingCpu: { readonly sdk: number; readonly database: number };
  /** Part of the machine's processor time that was neither's, while either ran: the higher, the less the row says. */
  readonly others: number;
}

/** The ratio that holds on a crowded machine: processor time of the ceiling for each request, by ours. */
export const byCpu = ({ cpu, ceilingCpu }: Row): number =>
  (ceilingCpu.sdk + ceilingCpu.database) / (cpu.host + cpu.database);

const n = (value: number, digits = 0) => (Number.isFinite(value) ? value.toFixed(digits) : '–');
const rate = (value: number) => n(value, value < 20 ? 1 : 0);

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

export const throughput = (rows: readonly Row[]): string =>
  table(
    [
      'operation',
      'clients',
      'ours, req/s',
      'ceiling, req/s',
      'ratio',
      'by CPU',
      'ours p50 / p95 ms',
      'ceiling p50 / p95 ms',
      'failed',
      'others, % CPU',
    ],
    rows.map((row) => [
      SCENARIOS[row.scenario].title,
      String(row.clients),
      rate(row.http.perSecond),
      rate(row.ceiling.perSecond),
      n(row.http.perSecond / row.ceiling.perSecond, 2),
      n(byCpu(row), 2),
      `${n(row.http.p50, 1)} / ${n(row.http.p95, 1)}`,
      `${n(row.ceiling.p50, 1)} / ${n(row.ceiling.p95, 1)}`,
      String(row.http.failures + row.ceiling.failures),
      n(row.others * 100),
    ]),
  );

/** For one number of clients: others differ little. */
export const cpuTable = (rows: readonly Row[], clients: number): string =>
  table(
    [
      'operation',
      'host and functions',
      'DynamoDB Local',
      'load generator',
      "ceiling's SDK client",
      "ceiling's DynamoDB Local",
    ],
    rows
      .filter((row) => row.clients === clients)
      .map(({ scenario, cpu, ceilingCpu }) => [
        SCENARIOS[scenario].title,
        ...[cpu.host, cpu.database, cpu.generator, ceilingCpu.sdk, ceilingCpu.database].map((ms) => n(ms, 2)),
      ]),
  );

/** What one request costs in DynamoDB, its audit record included. */
export const capacityTable = (recordings: readonly Recording[]): string =>
  table(
    ['operation', 'trips, audit included', 'RRU', 'WRU', 'items looked at'],
    recordings.map(({ scenario, trips, readUnits, writeUnits, scanned }) => [
      SCENARIOS[scenario].title,
      n(trips, 1),
      n(readUnits, 1),
      n(writeUnits, 1),
      n(scanned),
    ]),
  );

export const walkRate = (rows: readonly Row[], recordings: readonly Recording[]): string => {
  const row = rows.find(({ scenario }) => scenario === 'walk');
  const recording = recordings.find(({ scenario }) => scenario === 'walk');
  if (!row || !recording) return '';
  return `A walk over the population looks at ${n(row.http.perSecond * recording.scanned)} resources a second (${n(recording.scanned)} a request); DynamoDB Local alone hands out ${n(row.ceiling.perSecond * recording.scanned)}.`;
};

export const inProcessTable = (results: readonly InProcess[]): string =>
  table(
    ['operation', 'CPU, ms', 'of which our own code', 'req/s'],
    results.map(({ scenario, cpuMs, ownMs, perSecond }) => [
      SCENARIOS[scenario].title,
      n(cpuMs, 2),
      n(ownMs, 2),
      rate(perSecond),
    ]),
  );

export const coldTable = (starts: readonly ColdStart[]): string =>
  table(
    ['bundle', 'KB', `ready, ms (least of ${TRIES})`, 'median'],
    starts.map(({ entry, kilobytes, leastMs, medianMs, error }) => [
      entry,
      n(kilobytes),
      error ? `failed: ${error}` : n(leastMs),
      n(medianMs),
    ]),
  );

export const validationTable = (costs: readonly ValidationCost[]): string =>
  table(
    ['resource', 'bytes', 'median, ms', 'p95, ms'],
    costs.map(({ what, bytes, median, p95 }) => [what, n(bytes), n(median, 3), n(p95, 3)]),
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
