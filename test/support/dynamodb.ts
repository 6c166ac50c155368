// The DynamoDB Local of the test run (dynamodb-of-run.ts); each `createTables()` is a fresh set of the three tables.
import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { createTableInput, TABLES, type TableName, type TableNames } from '../../functions/storage/tables.ts';

let running: Promise<{ readonly endpoint: string }> | undefined;

/** Started by the first file that asks. Call `stopDynamoDb` in `afterAll`. */
export const dynamoDb = (): Promise<{ readonly endpoint: string }> => {
  running ??= fetch(inject('dynamoDbOfRun')).then(async (answer) => {
    const endpoint = await answer.text();
    if (!answer.ok) throw new Error(endpoint);
    return { endpoint };
  });
  return running;
};

const made: string[] = [];

/** This file is done with it: its tables go, so that what others ask does not become slow. */
export const stopDynamoDb = async (): Promise<void> => {
  const names = made.splice(0);
  if (names.length === 0) return;
  const client = await dynamoClient();
  for (const TableName of names) await client.send(new DeleteTableCommand({ TableName })).catch(notThere);
  client.destroy();
};

/** A test that starts a process of its own has its tables there. */
const notThere = (error: Error) => {
  if (error.name !== 'ResourceNotFoundException') throw error;
};

export const TEST_REGION = 'ap-northeast-1';
export const TEST_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

export const dynamoClient = async (endpoint?: string): Promise<DynamoDBClient> =>
  new DynamoDBClient({
    endpoint: endpoint ?? (await dynamoDb()).endpoint,
    region: TEST_REGION,
    credentials: TEST_CREDENTIALS,
  });

/** Creates `clinical`, `registry` and `audit` under names of their own, so that tests and files do not meet each other. */
export const createTables = async (client: DynamoDBClient): Promise<TableNames> => {
  const set = randomUUID().slice(0, 8);
  const names = Object.fromEntries(
    (Object.keys(TABLES) as TableName[]).map((table) => [table, `${table}-${set}`]),
  ) as Record<TableName, string>;
  for (const [table, name] of Object.entries(names)) {
    await client.send(new CreateTableCommand(createTableInput(table as TableName, name)));
    made.push(name);
  }
  return names;
};
