// The whole API on each of the two stores, for tests that hold both to one promise.
import { openDynamo } from '../../functions/storage/dynamo.ts';
import { openMemory } from '../../functions/storage/memory.ts';
import { deriveSecrets } from '../../functions/storage/region-secrets.ts';
import { type Api, NOW, openApi } from './api.ts';
import { createTables, dynamoClient } from './dynamodb.ts';

const onDynamoDb = async (): Promise<Api> => {
  const client = await dynamoClient();
  const { clinical, registry } = await createTables(client);
  const { documents } = openMemory();
  const keys = deriveSecrets(new Uint8Array(32).fill(9));
  const resources = openDynamo({ client, tables: { clinical, registry }, keys, documents, clock: () => NOW });
  return openApi({ resources, documents });
};

/** For `describe.each`. Call `stopDynamoDb` in `afterAll`. */
export const BOTH_STORES: readonly (readonly [string, () => Promise<Api>])[] = [
  ['memory', async () => openApi()],
  ['DynamoDB', onDynamoDb],
];
