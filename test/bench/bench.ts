// `npm run bench`: our API through HTTP beside the raw DynamoDB operations that it needs, in one run on one machine.
// --seconds N a measurement, --clients 1,8,32, --only read,create, --warm N seconds, --dry (writes no document)
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDynamoDbLocal } from '../../infra/local/dynamodb.ts';
import type { CeilingOrder, CeilingResult } from './parts/ceiling.ts';
import { workerOf } from './parts/child.ts';
import { coldStarts } from './parts/cold-start.ts';
import { cpuMs, family, isJava, listeningPort } from './parts/cpu.ts';
import { functionEnvironment } from './parts/function-environment.ts';
import type { Order, Result } from './parts/generator.ts';
import type { Measured } from './parts/measure.ts';
import { coldTable, cpuTable, inProcessTable, machine, type Row, throughput, writeBetween } from './parts/report.ts';
import { type ScenarioName, scenarioNames } from './parts/scenarios.ts';
import { startStack } from './parts/stack.ts';

const REGION = 'tokushima';
const document = join(import.meta.dirname, '../../docs/performance.md');

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    clients: { type: 'string', default: '1,8,32' },
    only: { type: 'string', default: scenarioNames.join(',') },
    warm: { type: 'string', default: '30' },
    dry: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const clients = values.clients.split(',').map(Number);
const scenarios = values.only.split(',') as ScenarioName[];
const mostClients = Math.max(...clients);

const say = (line: string) => console.log(line);

const measured = (result: { measured?: Measured; error?: string }): Measured => {
  if (!result.measured) throw new Error(result.error ?? 'no measurement');
  if (result.measured.count === 0) throw new Error(`nothing succeeded: ${result.measured.failure}`);
  return result.measured;
};

/**
 * Waits until the stack has done what follows its answers (the change log, roll-forward): otherwise it would run on while the
 * ceiling is measured, and the ceiling would look low.
 */
const quiet = async (used: () => { host: number; database: number }): Promise<void> => {
  for (let waited = 0; waited < 60; waited++) {
    const before = used();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const after = used();
    if (!(after.host - before.host > 60 || after.database - before.database > 60)) return;
  }
};

say('starting the stack');
const stack = await startStack({ args: ['--regions', REGION, '--memory', '--empty'] });
say(`ready after ${stack.seconds.toFixed(1)} s`);
const java = family(stack.pid).find(isJava);
const port = java === undefined ? undefined : listeningPort(java);
// Where the stack's own DynamoDB cannot be found (not Linux), the ceiling gets one like it.
const other = port === undefined ? await startDynamoDbLocal() : undefined;
const endpoint = other?.endpoint ?? `http://127.0.0.1:${port}`;

const generator = workerOf<Order, Result>('./generator.ts');
const ceiling = workerOf<CeilingOrder, CeilingResult>('./ceiling.ts');
try {
  const base = stack.fhir(REGION);
  const token = stack.token(REGION, 'system:hospital');
  const call = { base, token };
  for (const prepared of [
    await generator.ask({ kind: 'prepare', ...call, clients: mostClients }),
    await ceiling.ask({ kind: 'prepare', endpoint, clients: mostClients }),
  ]) {
    if (prepared.error) throw new Error(prepared.error);
  }

  // The JIT of DynamoDB Local decides: its CPU for each call falls two to four times in the first half minute.
  say(`warming up for ${values.warm} s`);
  const turn = Math.max(1, Number(values.warm) / scenarioNames.length / 2);
  for (const scenario of scenarioNames) {
    await generator.ask({ kind: 'run', ...call, scenario, clients: 8, seconds: turn });
    await ceiling.ask({ kind: 'run', scenario, clients: 8, seconds: turn });
  }

  const rows: Row[] = [];
  for (const scenario of scenarios) {
    for (const count of clients) {
      const hostPids = family(stack.pid).filter((pid) => !isJava(pid));
      const used = () => ({
        host: hostPids.reduce((sum, pid) => sum + (cpuMs(pid) ?? 0), 0),
        database: java === undefined ? Number.NaN : (cpuMs(java) ?? Number.NaN),
      });
      await quiet(used);
      const before = used();
      const ours = await generator.ask({ kind: 'run', ...call, scenario, clients: count, seconds });
      const after = used();
      await quiet(used);
      const raw = await ceiling.ask({ kind: 'run', scenario, clients: count, seconds });
      const [http, most] = [measured(ours), measured(raw)];
      rows.push({
        scenario,
        http,
        ceiling: most,
        cpu: {
          host: (after.host - before.host) / http.count,
          database: (after.database - before.database) / http.count,
          generator: ours.cpuMs / http.count,
          sdk: raw.cpuMs / most.count,
        },
      });
      const ratio = (http.perSecond / most.perSecond).toFixed(2);
      say(
        `${scenario.padEnd(12)} ${String(count).padStart(2)} clients: ${http.perSecond.toFixed(0)}/s of ${most.perSecond.toFixed(0)}/s (${ratio}), ` +
          `p50 ${http.p50.toFixed(1)} p95 ${http.p95.toFixed(1)} ms${http.failures > 0 ? `, ${http.failures} failed: ${http.failure}` : ''}`,
      );
    }
  }
  say('cold starts');
  const cold = coldStarts(await functionEnvironment.folder(), functionEnvironment.of(stack.endpoints(REGION)));
  await stack.kill('SIGTERM');
  say('in one process');
  // Not before the stack has generated what the functions are made of.
  const { inProcess } = await import('./parts/in-process.ts');
  const alone = await inProcess(scenarios, seconds, 8);
  const text = [
    `Measured ${machine()}. ${seconds} s each, after ${values.warm} s of warm-up; data in memory.`,
    throughput(rows),
    'CPU for each request, in milliseconds:',
    cpuTable(rows),
    'CPU of the function code alone, in one process with 8 requests at once (no host, no IAM, no token verification):',
    inProcessTable(alone),
    'Cold start: import of the built bundle in a fresh process until its handler could take an event; `fhir-api` and `bulk-load` open the data key of the region meanwhile:',
    coldTable(cold),
  ].join('\n\n');
  if (values.dry) say(text);
  else writeBetween(document, 'bench', text);
} finally {
  generator.close();
  ceiling.close();
  await other?.stop();
  await stack.close();
}
