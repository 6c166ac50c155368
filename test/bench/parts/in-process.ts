// The function's code alone, in one process: what a request costs Lambda in CPU, without HTTP, host, IAM or another process's
// share. `node --cpu-prof test/bench/parts/in-process.ts --scenario category` shows where it goes.
import { parseArgs } from 'node:util';
import { startDynamoDbLocal } from '../../../infra/local/dynamodb.ts';
import { type InProcessApi, openInProcessApi } from './in-process-api.ts';
import { measure, summed } from './measure.ts';
import { SCENARIOS, type Scenario, type ScenarioName, scenarioNames } from './scenarios.ts';

export interface InProcess {
  readonly scenario: ScenarioName;
  readonly cpuMs: number;
  readonly perSecond: number;
}

/** CPU of this process for each request, after a warm-up. */
export const inProcess = async (
  { send, ids }: Pick<InProcessApi, 'send' | 'ids'>,
  scenarios: readonly ScenarioName[],
  seconds: number,
  clients: number,
): Promise<InProcess[]> => {
  const found: InProcess[] = [];
  for (const name of scenarios) {
    const scenario: Scenario = SCENARIOS[name];
    const run = (time: number) =>
      measure(
        async (client, turn) => {
          const { status, text } = await send(scenario.call(client, turn, ids));
          if (status !== scenario.status) throw new Error(`${status}: ${text.slice(0, 200)}`);
        },
        { clients, seconds: time },
      );
    await run(seconds / 2);
    const before = process.cpuUsage();
    const { count, perSecond, failure } = summed([await run(seconds)]);
    const { user, system } = process.cpuUsage(before);
    if (count === 0) throw new Error(`${name}: ${failure}`);
    found.push({ scenario: name, cpuMs: (user + system) / 1000 / count, perSecond });
  }
  return found;
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', default: scenarioNames.join(',') },
      seconds: { type: 'string', default: '6' },
    },
  });
  const local = await startDynamoDbLocal();
  const api = await openInProcessApi(local.endpoint, 8);
  const results = await inProcess(api, values.scenario.split(',') as ScenarioName[], Number(values.seconds), 8);
  for (const { scenario, cpuMs, perSecond } of results) {
    console.log(`${scenario.padEnd(12)} ${cpuMs.toFixed(2)} ms CPU, ${perSecond.toFixed(0)}/s`);
  }
  await local.stop();
  process.exit(0);
}
