// The function's code alone, in one process: what a request costs Lambda in CPU, without HTTP, host, IAM or another process's
// share. `node --cpu-prof test/bench/parts/in-process.ts --scenario category` shows where it goes; with `--held`, DynamoDB's answers
// come from memory, and what is left is our own code.
import { parseArgs } from 'node:util';
import { startDynamoDbLocal } from '../../../infra/local/dynamodb.ts';
import { openHeld } from './held.ts';
import { type InProcessApi, openInProcessApi } from './in-process-api.ts';
import { measure, summed } from './measure.ts';
import { SCENARIOS, type Scenario, type ScenarioName, scenarioNames } from './scenarios.ts';

export interface InProcess {
  readonly scenario: ScenarioName;
  readonly cpuMs: number;
  /** Without the SDK's client: DynamoDB's answers come from memory. */
  readonly ownMs: number;
  readonly perSecond: number;
}

type Api = Pick<InProcessApi, 'send' | 'ids'>;

/** As many different requests a client as the warm-up asks for once. */
const HELD_TURNS = 16;

/** CPU of this process for each request, after a warm-up. */
const cpuOf = async (
  { send, ids }: Api,
  name: ScenarioName,
  { seconds, clients, turns = Number.MAX_SAFE_INTEGER }: { seconds: number; clients: number; turns?: number },
) => {
  const scenario: Scenario = SCENARIOS[name];
  const run = (time: number) =>
    measure(
      async (client, turn) => {
        const { status, text } = await send(scenario.call(client, turn % turns, ids));
        if (status !== scenario.status) throw new Error(`${status}: ${text.slice(0, 200)}`);
      },
      { clients, seconds: time },
    );
  await run(seconds / 2);
  const before = process.cpuUsage();
  const { count, perSecond, failure } = summed([await run(seconds)]);
  const { user, system } = process.cpuUsage(before);
  if (count === 0) throw new Error(`${name}: ${failure}`);
  return { cpuMs: (user + system) / 1000 / count, perSecond };
};

export const inProcess = async (
  api: Api,
  held: ReturnType<typeof openHeld>,
  scenarios: readonly ScenarioName[],
  seconds: number,
  clients: number,
): Promise<InProcess[]> => {
  const found: InProcess[] = [];
  for (const scenario of scenarios) {
    const whole = await cpuOf(api, scenario, { seconds, clients });
    held.turn(true);
    const own = await cpuOf(api, scenario, { seconds: seconds / 2, clients, turns: HELD_TURNS });
    held.turn(false);
    found.push({ scenario, ...whole, ownMs: own.cpuMs });
  }
  return found;
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', default: scenarioNames.join(',') },
      seconds: { type: 'string', default: '6' },
      held: { type: 'boolean', default: false },
    },
  });
  const local = await startDynamoDbLocal();
  const api = await openInProcessApi(local.endpoint, 8, openHeld);
  api.watcher.turn(values.held);
  for (const name of values.scenario.split(',') as ScenarioName[]) {
    const { cpuMs, perSecond } = await cpuOf(api, name, {
      seconds: Number(values.seconds),
      clients: 8,
      ...(values.held && { turns: HELD_TURNS }),
    });
    console.log(`${name.padEnd(12)} ${cpuMs.toFixed(2)} ms CPU, ${perSecond.toFixed(0)}/s`);
  }
  await local.stop();
  process.exit(0);
}
