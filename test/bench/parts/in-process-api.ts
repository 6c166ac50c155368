// The FHIR API in this process, on tables of its own in a DynamoDB that is there already: no HTTP, no host, no token.
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { openAudit } from '../../../functions/audit/chain.ts';
import { fhirApi } from '../../../functions/middleware/fhir-api.ts';
import { openProfiles } from '../../../functions/profiles/loaded.ts';
import { openDynamoClient } from '../../../functions/storage/client.ts';
import { openDynamo } from '../../../functions/storage/dynamo.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import { deriveSecrets } from '../../../functions/storage/region-secrets.ts';
import { openSeal } from '../../../functions/storage/seal.ts';
import { createTableInput, type TableName } from '../../../functions/storage/tables.ts';
import { eventOf, hospital } from '../../support/api.ts';
import type { Call } from './http-client.ts';
import { idsIn, preparations } from './scenarios.ts';

export interface InProcessApi<Watcher = undefined> {
  /** What was given the client before its first call. */
  readonly watcher: Watcher;
  readonly tables: Readonly<Record<TableName, string>>;
  readonly send: (call: Call) => Promise<{ status: number; text: string }>;
  /** Ids of what was prepared, by patient. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
}

/** The functions' own client takes these from the environment. */
export const localAws = (endpoint: string) => ({
  AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  AWS_REGION: 'ap-northeast-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
});

export const openInProcessApi = async <Watcher = undefined>(
  endpoint: string,
  clients: number,
  watch?: (client: DynamoDBClient) => Watcher,
): Promise<InProcessApi<Watcher>> => {
  Object.assign(process.env, localAws(endpoint));
  const client = openDynamoClient();
  const watcher = watch?.(client) as Watcher;
  const name = (table: string) => `bench-${table}-${process.pid}`;
  const tables = { clinical: name('clinical'), registry: name('registry'), audit: name('audit') };
  for (const table of Object.keys(tables) as TableName[])
    await client.send(new CreateTableCommand(createTableInput(table, tables[table])));
  const keys = deriveSecrets(new Uint8Array(32).fill(9));
  const { documents } = openMemory();
  const clock = Date.now;
  const resources = openDynamo({ client, tables, keys, documents, clock });
  const services = {
    resources,
    profiles: openProfiles({ resources, clock }, { requireJpCore: false, publisher: undefined }),
    documents,
    seal: openSeal(keys),
    audit: openAudit({ client, table: tables.audit, clock, environmentId: 'bench' }),
    clock,
    region: { name: 'bench', baseUrl: 'http://127.0.0.1', homeCommunityId: '1.2.3' },
  };
  const handler = fhirApi({ services, authenticate: async () => hospital });
  const send: InProcessApi['send'] = async ({ method, path, body, headers = {} }) => {
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

  const ids = new Map<string, string[]>();
  for (const { patient, calls } of preparations(clients)) {
    for (const call of calls) {
      const { status, text } = await send(call);
      if (status !== 200) throw new Error(`preparing answered ${status}: ${text.slice(0, 300)}`);
      ids.set(patient, idsIn(text));
    }
  }
  return { watcher, tables, send, ids };
};
