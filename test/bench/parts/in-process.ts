// The function's code alone, in one process: what a request costs Lambda in CPU, without HTTP, host, IAM or another process's
// share. `node --cpu-prof test/bench/parts/in-process.ts --scenario category` shows where it goes.
import { parseArgs } from 'node:util';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { openAudit } from '../../../functions/audit/chain.ts';
import { fhirApi } from '../../../functions/middleware/fhir-api.ts';
import { openDynamo } from '../../../functions/storage/dynamo.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import { deriveSecrets } from '../../../functions/storage/region-secrets.ts';
import { openSeal } from '../../../functions/storage/seal.ts';
import { createTableInput, type TableName } from '../../../functions/storage/tables.ts';
import { startDynamoDbLocal } from '../../../infra/local/dynamodb.ts';
import { eventOf, hospital } from '../../support/api.ts';
import type { Call } from './http-client.ts';
import { measure } from './measure.ts';
import { preparations, SCENARIOS, type Scenario, type ScenarioName, scenarioNames } from './scenarios.ts';

export interface InProcess {
  readonly scenario: ScenarioName;
  readonly cpuMs: number;
  readonly perSecond: number;
}

const names: Record<TableName, string> = { clinical: 'clinical', registry: 'registry', audit: 'audit' };

const open = async (endpoint: string) => {
  const client = new DynamoDBClient({
    endpoint,
    region: 'ap-northeast-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  for (const [table, name] of Object.entries(names)) {
    await client.send(new CreateTableCommand(createTableInput(table as TableName, name)));
  }
  const keys = deriveSecrets(new Uint8Array(32).fill(9));
  const { documents } = openMemory();
  const clock = Date.now;
  const services = {
    resources: openDynamo({ client, tables: names, keys, documents, clock }),
    documents,
    seal: openSeal(keys),
    audit: openAudit({ client, table: names.audit, clock, environmentId: 'bench' }),
    clock,
    region: { name: 'bench', baseUrl: 'http://127.0.0.1', homeCommunityId: '1.2.3' },
  };
  const handler = fhirApi({ services, authenticate: async () => hospital });
  return async ({ method, path, body, headers = {} }: Call): Promise<{ status: number; text: string }> => {
    const sent = {
      headers: { ...headers, ...(body && { 'content-type': 'application/fhir+json' }) },
      ...(body && { body }),
    };
    const answer = (await handler(
      eventOf(method, path, sent) as never,
      {} as never,
    )) as APIGatewayProxyStructuredResultV2;
    return { status: answer.statusCode ?? 0, text: answer.body ?? '' };
  };
};

/** CPU of this process for each request, after a warm-up. */
export const inProcess = async (
  scenarios: readonly ScenarioName[],
  seconds: number,
  clients: number,
): Promise<InProcess[]> => {
  const local = await startDynamoDbLocal();
  try {
    const send = await open(local.endpoint);
    const ids = new Map<string, string[]>();
    for (const { patient, calls } of preparations(clients)) {
      for (const call of calls) {
        const { status, text } = await send(call);
        if (status !== 200) throw new Error(`preparing answered ${status}: ${text.slice(0, 300)}`);
        const entries = (JSON.parse(text) as { entry: { response?: { location?: string } }[] }).entry;
        ids.set(
          patient,
          entries.flatMap(({ response }) => /Observation\/([^/]+)/.exec(response?.location ?? '')?.[1] ?? []),
        );
      }
    }
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
      await run(Math.max(2, seconds / 2));
      const before = process.cpuUsage();
      const { count, perSecond, failure } = await run(seconds);
      const { user, system } = process.cpuUsage(before);
      if (count === 0) throw new Error(failure);
      found.push({ scenario: name, cpuMs: (user + system) / 1000 / count, perSecond });
    }
    return found;
  } finally {
    await local.stop();
  }
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', default: scenarioNames.join(',') },
      seconds: { type: 'string', default: '6' },
    },
  });
  const results = await inProcess(values.scenario.split(',') as ScenarioName[], Number(values.seconds), 8);
  for (const { scenario, cpuMs, perSecond } of results) {
    console.log(`${scenario.padEnd(12)} ${cpuMs.toFixed(2)} ms CPU, ${perSecond.toFixed(0)}/s`);
  }
  process.exit(0);
}
