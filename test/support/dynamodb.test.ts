// infra/local/dynamodb.ts and the tables that tests use.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DescribeTableCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, expect, it } from 'vitest';
import { startDynamoDbLocal } from '../../infra/local/dynamodb.ts';
import { projectRoot } from '../../infra/local/local-dir.ts';
import { createTables, dynamoClient, dynamoDb, stopDynamoDb } from './dynamodb.ts';

afterAll(stopDynamoDb);

it('creates the three tables with their indexes, multi-attribute keys included', async () => {
  const client = await dynamoClient();
  const names = await createTables(client);

  const { Table } = await client.send(new DescribeTableCommand({ TableName: names.clinical }));

  expect(Table?.LocalSecondaryIndexes?.map((index) => index.IndexName)).toEqual(['byCode']);
  expect(Table?.GlobalSecondaryIndexes?.map((index) => index.KeySchema?.length).sort()).toEqual([4, 4]);
  expect(Table?.StreamSpecification?.StreamViewType).toBe('NEW_AND_OLD_IMAGES');
});

it('keeps its data over a restart when it has a folder, and lets no second process into it', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'ddb-'));
  const first = await startDynamoDbLocal({ dataDir, forTests: true });
  const { clinical } = await createTables(await dynamoClient(first.endpoint));
  await expect(startDynamoDbLocal({ dataDir, forTests: true })).rejects.toThrow(`in use by process ${first.pid}`);
  await first.stop();

  const second = await startDynamoDbLocal({ dataDir, forTests: true });
  const { TableNames } = await (await dynamoClient(second.endpoint)).send(new ListTablesCommand({}));
  await second.stop();
  const file = new DatabaseSync(join(dataDir, 'shared-local-instance.db'), { readOnly: true });
  const plan = file.prepare('EXPLAIN QUERY PLAN SELECT MIN(SequenceNumber) FROM us WHERE StreamID = ?').all('any');
  file.close();
  rmSync(dataDir, { recursive: true });

  expect(TableNames).toContain(clinical);
  // What DynamoDB Local asks with every write to a table with a stream; without our index it walks over all streams' records.
  expect(plan).toMatchObject([{ detail: expect.stringContaining('INDEX tsumugi_stream') }]);
});

it('is started from a class that is compiled once', async () => {
  await dynamoDb();
  const folders = readdirSync(join(projectRoot, 'build/java'), { recursive: true });
  expect(folders).toContainEqual(expect.stringMatching(/^[0-9a-f]{16}\/DynamoDbLoopback\.class$/));
});

it('names a busy port', async () => {
  const port = Number(new URL((await dynamoDb()).endpoint).port);

  await expect(startDynamoDbLocal({ port, forTests: true })).rejects.toThrow(`port ${port} is in use`);
});

it('says that a data folder is damaged', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'ddb-'));
  writeFileSync(join(dataDir, 'shared-local-instance.db'), Buffer.alloc(9000, 'garbage'));

  await expect(startDynamoDbLocal({ dataDir, forTests: true })).rejects.toThrow('is damaged');
  rmSync(dataDir, { recursive: true });
});
