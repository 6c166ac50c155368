// A stream that was not read for longer than its records live.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html (TrimmedDataAccessException)
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { type DynamoDbCall, DynamoDbError } from '../../infra/local/host/dynamodb-client.ts';
import type { FunctionPool } from '../../infra/local/host/function-pool.ts';
import { openStreamMappings, type StreamServices } from '../../infra/local/host/stream-mapping.ts';
import type { Iam, Principal } from '../../infra/local/iam.ts';

const dir = mkdtempSync(join(tmpdir(), 'tsumugi-trimmed-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** DynamoDB whose stream has lost the record at which the mapping stopped; `at` is the call that says so. */
const trimmed = (at: 'GetShardIterator' | 'GetRecords'): DynamoDbCall => {
  const lost = () => Promise.reject(new DynamoDbError('TrimmedDataAccessException', 'beyond the trim horizon'));
  return async (operation, body) => {
    if (operation === 'DescribeTable') return { Table: { LatestStreamArn: 'arn:stream' } };
    if (operation === 'DescribeStream') return { StreamDescription: { Shards: [{ ShardId: 'shard' }] } };
    const { ShardIteratorType, ShardIterator } = body as Record<string, string>;
    if (operation === 'GetShardIterator') {
      if (ShardIteratorType === 'AFTER_SEQUENCE_NUMBER' && at === 'GetShardIterator') return lost();
      return { ShardIterator: ShardIteratorType };
    }
    if (ShardIterator === 'AFTER_SEQUENCE_NUMBER') return lost();
    const first = ShardIterator === 'TRIM_HORIZON';
    return { Records: first ? [{ eventID: '1', dynamodb: { SequenceNumber: '9' } }] : [], NextShardIterator: 'next' };
  };
};

it.each(['GetShardIterator', 'GetRecords'] as const)(
  'goes on with the oldest record there is, and says nothing, when %s finds its place gone',
  async (at) => {
    const positionsFile = join(dir, `${at}.json`);
    writeFileSync(positionsFile, JSON.stringify({ mapping: { shard: '1' } }));
    const lines: string[] = [];
    const heard: unknown[] = [];
    const fn = { name: 'f', arn: 'arn:f', invoke: async (event: unknown) => void heard.push(event) };
    const mappings = await openStreamMappings(
      [
        {
          resource: { ref: 'mapping', awsRegion: 'r', properties: { EventSourceArn: 'arn:stream' } } as never,
          tableName: 't',
          fn: fn as unknown as FunctionPool,
          role: {} as Principal,
        },
      ],
      {
        call: trimmed(at),
        iam: { refusal: async () => undefined } as unknown as Iam,
        deadLetters: {} as StreamServices['deadLetters'],
        positionsFile,
        log: (line) => void lines.push(line),
      },
    );
    await vi.waitFor(() => expect(heard).toHaveLength(1), { timeout: 240_000 });
    await mappings.stop();
    expect(heard[0]).toMatchObject({ Records: [{ dynamodb: { SequenceNumber: '9' } }] });
    expect(lines).toEqual([]);
  },
);

it('reads a stream once for all who follow it, each in its own batches, filters and place', async () => {
  const records = [1, 2, 3, 4, 5].map((at) => ({
    eventID: String(at),
    eventName: at % 2 ? 'INSERT' : 'REMOVE',
    dynamodb: { SequenceNumber: String(at) },
  }));
  let readings = 0;
  const call: DynamoDbCall = async (operation, body) => {
    if (operation === 'DescribeTable') return { Table: { LatestStreamArn: 'arn:stream' } };
    if (operation === 'DescribeStream') return { StreamDescription: { Shards: [{ ShardId: 'shard' }] } };
    if (operation === 'GetShardIterator') return { ShardIterator: 'first' };
    const { ShardIterator } = body as Record<string, string>;
    if (ShardIterator === 'first') readings += 1;
    return { Records: ShardIterator === 'first' ? records : [], NextShardIterator: 'next' };
  };
  const positionsFile = join(dir, 'once.json');
  writeFileSync(positionsFile, JSON.stringify({ late: { shard: '3' } }));
  const heard: Record<string, string[][]> = { all: [], inserts: [], late: [] };
  const follower = (ref: string, properties: object) => ({
    resource: {
      ref,
      awsRegion: 'r',
      properties: { EventSourceArn: 'arn:stream', StartingPosition: 'TRIM_HORIZON', ...properties },
    } as never,
    tableName: 't',
    fn: {
      name: ref,
      arn: ref,
      invoke: async ({ Records }: { Records: { eventID: string }[] }) =>
        void heard[ref]?.push(Records.map(({ eventID }) => eventID)),
    } as unknown as FunctionPool,
    role: {} as Principal,
  });
  const inserts = { Filters: [{ Pattern: JSON.stringify({ eventName: ['INSERT'] }) }] };
  const mappings = await openStreamMappings(
    [follower('all', { BatchSize: 2 }), follower('inserts', { FilterCriteria: inserts }), follower('late', {})],
    {
      call,
      iam: { refusal: async () => undefined } as unknown as Iam,
      deadLetters: {} as StreamServices['deadLetters'],
      positionsFile,
      log: () => {},
    },
  );
  await vi.waitFor(() => expect(heard['all']).toHaveLength(3), { timeout: 240_000 });
  await vi.waitFor(() => expect(heard['late']).toHaveLength(1), { timeout: 240_000 });
  await mappings.stop();
  expect(heard).toEqual({ all: [['1', '2'], ['3', '4'], ['5']], inserts: [['1', '3', '5']], late: [['4', '5']] });
  expect(readings).toBe(1);
  expect(JSON.parse(readFileSync(positionsFile, 'utf8'))).toEqual({
    all: { shard: '5' },
    inserts: { shard: '5' },
    late: { shard: '5' },
  });
});
