// Ours through HTTP and the ceiling, in turns of a second or two: whatever else the machine does falls on both.
import { availableParallelism } from 'node:os';
import type { CeilingOrder, CeilingResult } from './ceiling.ts';
import { workerOf } from './child.ts';
import { cpuMs, family, isJava } from './cpu.ts';
import type { Order, Result } from './generator.ts';
import { machineCpuMs } from './machine.ts';
import { type Measured, type Stretch, summed, together } from './measure.ts';
import type { Recording } from './recorder.ts';
import type { Row } from './report.ts';
import { SCENARIOS, type Scenario, type ScenarioName } from './scenarios.ts';
import type { RunningStack } from './stack.ts';

export interface HttpPlan {
  readonly stack: RunningStack;
  readonly region: string;
  readonly java: number | undefined;
  /** Where DynamoDB is, as the environment says it. */
  readonly aws: Readonly<Record<string, string>>;
  readonly recordings: readonly Recording[];
  readonly auditTable: string;
  readonly scenarios: readonly ScenarioName[];
  readonly clients: readonly number[];
  /** Of each turn. */
  readonly seconds: number;
  readonly turns: number;
  readonly warmSeconds: number;
  readonly say: (line: string) => void;
}

const MIDDLE = 8;

/** What is of later issues is measured at eight clients only. */
const clientsFor = (scenario: ScenarioName, clients: readonly number[]): readonly number[] =>
  (SCENARIOS[scenario] as Scenario).basic || !clients.includes(MIDDLE) ? clients : [MIDDLE];

export const throughHttp = async (plan: HttpPlan): Promise<Row[]> => {
  const { stack, java, recordings, auditTable, scenarios, clients, seconds, turns, say } = plan;
  const call = { base: stack.fhir(plan.region), token: stack.token(plan.region, 'system:hospital') };
  const generator = workerOf<Order, Result>('./generator.ts');
  // One SDK client is one thread: as many as the machine has cores, or the ceiling would be that of a thread.
  const cores = Array.from({ length: Math.max(1, availableParallelism()) }, () =>
    workerOf<CeilingOrder, CeilingResult>('./ceiling.ts', plan.aws),
  );
  const hostPids = family(stack.pid).filter((pid) => !isJava(pid));
  const used = () => ({
    host: hostPids.reduce((sum, pid) => sum + (cpuMs(pid) ?? 0), 0),
    database: java === undefined ? Number.NaN : (cpuMs(java) ?? Number.NaN),
  });

  const ours = async (scenario: ScenarioName, count: number, time: number) => {
    const result = await generator.ask({ kind: 'run', ...call, scenario, clients: count, seconds: time });
    if (!result.stretch) throw new Error(`${scenario}: ${result.error ?? 'no measurement'}`);
    return { stretch: result.stretch, cpuMs: result.cpuMs };
  };
  const raw = async (scenario: ScenarioName, count: number, time: number) => {
    const width = Math.min(cores.length, count);
    const results = await Promise.all(
      cores.slice(0, width).map((core, at) => {
        const first = Math.floor((count * at) / width);
        const own = Math.floor((count * (at + 1)) / width) - first;
        return core.ask({ kind: 'run', scenario, first, clients: own, seconds: time });
      }),
    );
    const stretches = results.map(({ stretch, error }) => {
      if (!stretch) throw new Error(`the ceiling of ${scenario}: ${error ?? 'no measurement'}`);
      return stretch;
    });
    return { stretch: together(stretches), cpuMs: results.reduce((sum, { cpuMs: ms }) => sum + ms, 0) };
  };

  /**
   * Waits until the stack has done what follows its answers (the change log, roll-forward): otherwise it would run on while the
   * ceiling is measured, and the ceiling would look low.
   */
  const quiet = async (): Promise<void> => {
    for (let waited = 0; waited < 60; waited++) {
      const before = used();
      await new Promise((resolve) => setTimeout(resolve, 250));
      const after = used();
      if (!(after.host - before.host > 40 || after.database - before.database > 60)) return;
    }
  };

  const rowOf = async (scenario: ScenarioName, count: number): Promise<Row> => {
    const stretches: { ours: Stretch[]; raw: Stretch[] } = { ours: [], raw: [] };
    const sum = { host: 0, database: 0, generator: 0, sdk: 0, rawDatabase: 0, machine: 0, wall: 0 };
    for (let turn = 0; turn < turns; turn++) {
      await quiet();
      const [before, began, from] = [used(), machineCpuMs(), performance.now()];
      const mine = await ours(scenario, count, seconds);
      const [after, ended, to] = [used(), machineCpuMs(), performance.now()];
      await quiet();
      const [beforeRaw, beganRaw, fromRaw] = [used(), machineCpuMs(), performance.now()];
      const most = await raw(scenario, count, seconds);
      const [afterRaw, endedRaw, toRaw] = [used(), machineCpuMs(), performance.now()];
      stretches.ours.push(mine.stretch);
      stretches.raw.push(most.stretch);
      sum.host += after.host - before.host;
      sum.database += after.database - before.database;
      sum.generator += mine.cpuMs;
      sum.sdk += most.cpuMs;
      sum.rawDatabase += afterRaw.database - beforeRaw.database;
      sum.machine += ended - began + endedRaw - beganRaw;
      sum.machine -= afterRaw.host - beforeRaw.host;
      sum.wall += to - from + toRaw - fromRaw;
    }
    const [http, ceiling] = [worked(scenario, summed(stretches.ours)), worked(scenario, summed(stretches.raw))];
    const own = sum.host + sum.database + sum.generator + sum.sdk + sum.rawDatabase;
    return {
      scenario,
      clients: count,
      http,
      ceiling,
      cpu: {
        host: sum.host / http.count,
        database: sum.database / http.count,
        generator: sum.generator / http.count,
      },
      ceilingCpu: { sdk: sum.sdk / ceiling.count, database: sum.rawDatabase / ceiling.count },
      others: Math.max(0, (sum.machine - own) / (sum.wall * availableParallelism())),
    };
  };

  try {
    const prepared = [
      await generator.ask({ kind: 'prepare', ...call, clients: Math.max(...clients) }),
      ...(await Promise.all(cores.map((core) => core.ask({ kind: 'prepare', recordings, audit: auditTable })))),
    ];
    for (const { error } of prepared) if (error) throw new Error(error);

    // The JIT of DynamoDB Local decides: its CPU for each call falls two to four times in the first half minute.
    say(`warming up for ${plan.warmSeconds} s`);
    const time = Math.max(0.5, plan.warmSeconds / scenarios.length / 2);
    for (const scenario of scenarios) {
      await ours(scenario, MIDDLE, time);
      await raw(scenario, MIDDLE, time);
    }
    const rows: Row[] = [];
    for (const scenario of scenarios) {
      for (const count of clientsFor(scenario, clients)) {
        const row = await rowOf(scenario, count);
        rows.push(row);
        say(lineOf(row));
      }
    }
    return rows;
  } finally {
    generator.close();
    for (const core of cores) core.close();
  }
};

const worked = (scenario: ScenarioName, found: Measured): Measured => {
  if (found.count === 0) throw new Error(`${scenario}: nothing succeeded: ${found.failure}`);
  return found;
};

const lineOf = ({ scenario, clients, http, ceiling, cpu, ceilingCpu, others }: Row): string =>
  `${scenario.padEnd(12)} ${String(clients).padStart(2)} clients: ${http.perSecond.toFixed(0)}/s of ${ceiling.perSecond.toFixed(0)}/s ` +
  `(${(http.perSecond / ceiling.perSecond).toFixed(2)}), p50 ${http.p50.toFixed(1)} p95 ${http.p95.toFixed(1)} ms, CPU ${cpu.host.toFixed(2)} + ` +
  `${cpu.database.toFixed(2)} (${ceilingCpu.sdk.toFixed(2)} + ${ceilingCpu.database.toFixed(2)}) ms, others ${(others * 100).toFixed(0)} %` +
  [http, ceiling].map(({ failures, failure }) => (failures > 0 ? `, ${failures} failed: ${failure}` : '')).join('');
