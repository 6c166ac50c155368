// Event source mappings of DynamoDB streams: records in order, in batches, retried, halved, and at last set aside.
// https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
import { setTimeout as pause } from 'node:timers/promises';
import type { Iam } from '../iam.ts';
import { LocalError, readJson, writeJson } from '../local-dir.ts';
import type { DeadLetters } from './dead-letters.ts';
import { type DynamoDbCall, DynamoDbError } from './dynamodb-client.ts';
import type { Resource } from './resources.ts';
import { type Consumer, type Mapping, openConsumer, type StreamRecord } from './stream-consumer.ts';

interface Shard {
  readonly ShardId: string;
  readonly ParentShardId?: string;
}

export interface StreamMappings {
  stop(): Promise<void>;
}

export interface StreamServices {
  readonly call: DynamoDbCall;
  readonly iam: Iam;
  readonly deadLetters: DeadLetters;
  /** Where positions are kept; left out: in memory. */
  readonly positionsFile: string | undefined;
  readonly log: (line: string) => void;
}

/** The most that DynamoDB gives at once. */
const PAGE = 1000;
/** As Lambda polls: four times a second while something comes. */
const BUSY_MS = 250;
const IDLE_MS = 1000;
const LOOK_AGAIN_MS = 15 * 60_000;

/** mapping → shard → the last record that was dealt with. */
type Positions = Record<string, Record<string, string>>;

export const openStreamMappings = async (
  mappings: readonly Mapping[],
  services: StreamServices,
): Promise<StreamMappings> => {
  const kept = openPositions(services.positionsFile);
  const stopping = new AbortController();
  for (const mapping of mappings) await requireAccess(mapping, services.iam);
  const streams = Map.groupBy(mappings, ({ tableName, resource }) => `${tableName} ${startOf(resource)}`);
  const loops = [...streams.values()].map((readers) => follow(readers, kept, services, stopping.signal));
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
      kept.write();
    },
  };
};

interface Kept {
  readonly all: Positions;
  changed(): void;
  write(): void;
}

/** Written some times a second: what was dealt with and not yet noted comes again, which every consumer must bear anyway. */
const openPositions = (file: string | undefined): Kept => {
  const all: Positions = (file && readJson<Positions>(file)) || {};
  let waiting: NodeJS.Timeout | undefined;
  const write = () => {
    clearTimeout(waiting);
    waiting = undefined;
    if (file) writeJson(file, all);
  };
  return {
    all,
    changed: () => {
      waiting ??= setTimeout(write, BUSY_MS);
    },
    write,
  };
};

const startOf = ({ properties }: Resource): string => String(properties['StartingPosition'] ?? 'LATEST');

/** Lambda polls as the function's role, and refuses to make a mapping that could not read. */
const requireAccess = async ({ resource, role, fn }: Mapping, iam: Iam) => {
  const stream = String(resource.properties['EventSourceArn']);
  const wanted = ['DescribeStream', 'GetShardIterator', 'GetRecords'].map((name) => ({
    action: `dynamodb:${name}`,
    resource: stream,
  }));
  const refusal = await iam.refusal(role, wanted);
  if (refusal) throw new LocalError(`${fn.name} cannot follow ${stream}: ${refusal}`);
};

/** One stream and all who follow it. */
const follow = async (
  mappings: readonly Mapping[],
  { all: positions, changed }: Kept,
  services: StreamServices,
  signal: AbortSignal,
) => {
  const [first] = mappings;
  if (!first) return;
  const names = mappings.map(({ fn }) => fn.name).join(', ');
  const complain = (error: unknown) => {
    if (!signal.aborted) services.log(`${names}: ${(error as Error).message}`);
  };
  const following = new Map<string, Promise<void>>();
  const running = new Set<Promise<void>>();
  while (!signal.aborted) {
    try {
      const { arn, shards } = await describe(first.tableName, services.call);
      for (const { ShardId, ParentShardId } of shards) {
        if (following.has(ShardId)) continue;
        const parent = following.get(ParentShardId ?? '') ?? Promise.resolve();
        const shard = parent.then(() => {
          const consumers = mappings.map((mapping) => {
            positions[mapping.resource.ref] ??= {};
            const own = positions[mapping.resource.ref]!;
            const done = (sequence: string) => {
              own[ShardId] = sequence;
              changed();
            };
            return openConsumer({ mapping, shardId: ShardId, position: own[ShardId], done, services, signal });
          });
          return drain({ arn, shardId: ShardId, start: startOf(first.resource), consumers, services, signal });
        });
        following.set(ShardId, shard);
        const ended = shard
          .catch((error) => {
            following.delete(ShardId); // taken up again from its position
            complain(error);
          })
          .finally(() => running.delete(ended));
        running.add(ended);
      }
    } catch (error) {
      complain(error);
    }
    // Describing a stream makes DynamoDB Local walk over all its records, and everybody waits meanwhile: not before a shard
    // has ended, which has a successor then.
    await Promise.race([rest(running.size > 0 ? LOOK_AGAIN_MS : 5 * IDLE_MS, signal), ...running]);
    await rest(IDLE_MS, signal);
  }
  await Promise.allSettled(following.values());
};

const describe = async (tableName: string, call: DynamoDbCall) => {
  const { Table } = (await call('DescribeTable', { TableName: tableName })) as { Table: { LatestStreamArn?: string } };
  if (!Table.LatestStreamArn) throw new LocalError(`the table ${tableName} has no stream`);
  const { StreamDescription } = (await call('DescribeStream', { StreamArn: Table.LatestStreamArn })) as {
    StreamDescription: { Shards?: Shard[] };
  };
  return { arn: Table.LatestStreamArn, shards: StreamDescription.Shards ?? [] };
};

interface Draining {
  readonly arn: string;
  readonly shardId: string;
  readonly start: string;
  readonly consumers: readonly Consumer[];
  readonly services: StreamServices;
  readonly signal: AbortSignal;
}

/**
 * Reads a shard until it is closed, once for all who follow it: DynamoDB Local has one thread for its streams, and every record
 * that it hands out costs requests their time. Nobody's position is lost when one of them is slow: who has too much
 * before it makes the reader wait.
 */
const drain = async ({ arn, shardId, start, consumers, services: { call }, signal }: Draining): Promise<void> => {
  try {
    let iterator = await shardIterator(call, arn, shardId, earliest(consumers), start);
    while (iterator && !signal.aborted) {
      const page = (await call('GetRecords', { ShardIterator: iterator, Limit: PAGE }).catch(trimmedAway)) as
        | { Records?: StreamRecord[]; NextShardIterator?: string }
        | undefined;
      if (!page) {
        // An iterator may be given for a record that is gone: only the reading says so.
        iterator = await oldest(call, arn, shardId);
        await rest(BUSY_MS, signal);
        continue;
      }
      const { Records = [], NextShardIterator } = page;
      await Promise.all(consumers.map((consumer) => consumer.take(Records)));
      iterator = NextShardIterator;
      if (Records.length < PAGE) await rest(Records.length > 0 ? BUSY_MS : IDLE_MS, signal);
    }
  } finally {
    // Also when the reading failed: whoever takes the shard up again starts behind what was dealt with.
    await Promise.all(consumers.map(({ end }) => end()));
  }
};

/** Where reading starts so that nobody misses a record; nothing when one of them has read nothing yet. */
const earliest = (consumers: readonly Consumer[]): string | undefined => {
  const positions = consumers.map(({ position }) => position);
  if (positions.includes(undefined)) return undefined;
  return (positions as string[]).reduce((least, next) => (BigInt(next) < BigInt(least) ? next : least));
};

const shardIterator = async (
  call: DynamoDbCall,
  StreamArn: string,
  ShardId: string,
  position: string | undefined,
  start: string,
): Promise<string | undefined> => {
  const at = (options: object) => call('GetShardIterator', { StreamArn, ShardId, ...options });
  const asked = position
    ? at({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: position })
    : at({ ShardIteratorType: start });
  const found = await asked.catch(trimmedAway);
  return found ? (found['ShardIterator'] as string | undefined) : oldest(call, StreamArn, ShardId);
};

/** Nothing of a shard that is gone altogether. */
const oldest = async (call: DynamoDbCall, StreamArn: string, ShardId: string): Promise<string | undefined> => {
  const asked = call('GetShardIterator', { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' });
  return (await asked.catch(trimmedAway))?.['ShardIterator'] as string | undefined;
};

/** Records live for a day: after a longer rest what was missed is gone, and it goes on with the oldest there is. */
const trimmedAway = (error: unknown): undefined => {
  if (!(error instanceof DynamoDbError) || error.code !== 'TrimmedDataAccessException') throw error;
};

const rest = (ms: number, signal: AbortSignal) => pause(ms, undefined, { signal }).catch(() => {});
