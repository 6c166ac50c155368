// The load generator: a process of its own. `process.send` talks to bench.ts.
import { httpClient } from './http-client.ts';
import { measure, type Stretch } from './measure.ts';
import { idsIn, preparations, SCENARIOS, type Scenario, type ScenarioName } from './scenarios.ts';

export type Order =
  | { readonly kind: 'prepare'; readonly base: string; readonly token: string; readonly clients: number }
  | {
      readonly kind: 'run';
      readonly base: string;
      readonly token: string;
      readonly scenario: ScenarioName;
      readonly clients: number;
      readonly seconds: number;
    };

export type Result = { readonly stretch?: Stretch; readonly cpuMs: number; readonly error?: string };

const ids = new Map<string, string[]>();

const run = async (order: Order): Promise<Result> => {
  const client = httpClient(order.base, order.token);
  const before = process.cpuUsage();
  try {
    if (order.kind === 'prepare') {
      for (const { patient, calls } of preparations(order.clients)) {
        for (const call of calls) {
          const answer = await client.send(call);
          if (answer.status !== 200)
            throw new Error(`preparing answered ${answer.status}: ${answer.text().slice(0, 400)}`);
          ids.set(patient, idsIn(answer.text()));
        }
      }
      return { cpuMs: 0 };
    }
    const scenario: Scenario = SCENARIOS[order.scenario];
    const stretch = await measure(async (at, turn) => {
      const answer = await client.send(scenario.call(at, turn, ids));
      if (answer.status !== scenario.status) throw new Error(`${answer.status}: ${answer.text().slice(0, 300)}`);
    }, order);
    const { user, system } = process.cpuUsage(before);
    return { stretch, cpuMs: (user + system) / 1000 };
  } catch (error) {
    return { cpuMs: 0, error: error instanceof Error ? error.message : String(error) };
  } finally {
    client.close();
  }
};

process.on('message', (order: Order) => void run(order).then((result) => process.send?.(result)));
process.on('disconnect', () => process.exit(0));
