// One DynamoDB Local in memory for the test file that asks; each `tables()` is a fresh set of the three tables.
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTableInput, TABLES, type TableName, type TableNames } from '../../functions/storage/tables.ts';
import { type DynamoDbLocal, startDynamoDbLocal } from '../../infra/local/dynamodb.ts';

let running: Promise<DynamoDbLocal> | undefined;

/** The process of this test file; started by the first who asks. Call `stopDynamoDb` in `afterAll`. */
export const dynamoDb = (): Promise<DynamoDbLocal> => {
  running ??= startDynamoDbLocal({ forTests: true });
  return running;
};

export const stopDynamoDb = async (): Promise<void> => {
  const local = await running;
  running = undefined;
  await local?.stop();
};

export const TEST_REGION = 'ap-northeast-1';
export const TEST_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

export const dynamoClient = async (endpoint?: string): Promise<DynamoDBClient> =>
  new DynamoDBClient({
    endpoint: endpoint ?? (await dynamoDb()).endpoint,
    region: TEST_REGION,
    credentials: TEST_CREDENTIALS,
  });

let sets = 0;

/** Creates `clinical`, `registry` and `audit` under names of their own, so that tests do not meet each other. */
export const createTables = async (client: DynamoDBClient): Promise<TableNames> => {
  sets += 1;
  const set = sets;
  const names = Object.fromEntries(
    (Object.keys(TABLES) as TableName[]).map((table) => [table, `${table}-${set}`]),
  ) as Record<TableName, string>;
  for (const [table, name] of Object.entries(names)) {
    await client.send(new CreateTableCommand(createTableInput(table as TableName, name)));
  }
  return names;
};
