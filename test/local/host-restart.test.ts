// What a hosted region keeps on disk: a second start goes on where the first one stopped.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, expect, it, vi } from 'vitest';
import { type RunningFixture, runFixture } from './fixture/host.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'tsumugi-restart-'));
let fixture: RunningFixture | undefined;

afterAll(async () => {
  await fixture?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const start = async () => {
  fixture = await runFixture({ dataDir });
  await fixture.stack.regions[0]!.startEvents();
  const dynamo = new DynamoDBClient(fixture.client('DYNAMODB'));
  return { fixture, dynamo, kms: new KMSClient(fixture.client('KMS')), s3: new S3Client(fixture.client('S3')) };
};
type Running = Awaited<ReturnType<typeof start>>;

const put = ({ dynamo, fixture: { name } }: Running, p: string) =>
  dynamo.send(new PutItemCommand({ TableName: name('Table'), Item: { p: { S: p }, s: { S: '1' } } }));
const heard = async ({ dynamo, fixture: { name } }: Running) => {
  const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: name('Heard') }));
  return Items.map(({ p }) => p?.S);
};
const untilHeard = (running: Running, p: string) =>
  vi.waitFor(async () => expect(await heard(running)).toContain(`record ${p}`), { timeout: 240_000, interval: 300 });

it('has tables, keys, objects and stream positions of the first start at the second', async () => {
  const first = await start();
  await put(first, 'first');
  await untilHeard(first, 'first');
  const { CiphertextBlob } = await first.kms.send(
    new GenerateDataKeyCommand({ KeyId: first.fixture.name('Key'), KeySpec: 'AES_256' }),
  );
  await first.s3.send(new PutObjectCommand({ Bucket: first.fixture.name('Uploads'), Key: 'kept', Body: 'text' }));
  await first.fixture.stop();

  const second = await start();
  const TableName = second.fixture.name('Table');
  const { Item } = await second.dynamo.send(
    new GetItemCommand({ TableName, Key: { p: { S: 'first' }, s: { S: '1' } } }),
  );
  expect(Item).toBeDefined();
  await expect(second.kms.send(new DecryptCommand({ CiphertextBlob }))).resolves.toHaveProperty('Plaintext');
  const object = await second.s3.send(new GetObjectCommand({ Bucket: second.fixture.name('Uploads'), Key: 'kept' }));
  expect(await object.Body?.transformToString()).toBe('text');

  await put(second, 'second');
  await untilHeard(second, 'second');
  await new Promise((resolve) => setTimeout(resolve, 8_000)); // the mapping looks for shards anew every five seconds
  await put(second, 'third');
  await untilHeard(second, 'third');
  const log = readFileSync(join(dataDir, 'testland/logs/streams.log'), { encoding: 'utf8', flag: 'a+' });
  expect(log).toBe('');
});
