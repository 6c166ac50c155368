// Event source mappings of DynamoDB streams: records in order, in batches, retried, halved, and at last set aside.
// https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
import { setTimeout as pause } from 'node:timers/promises';
import type { Iam, Principal } from '../iam.ts';
import { LocalError, readJson, writeJson } from '../local-dir.ts';
import type { JsonObject } from './assembly.ts';
import type { DeadLetters } from './dead-letters.ts';
import { type DynamoDbCall, DynamoDbError } from './dynamodb-client.ts';
import { matches } from './event-pattern.ts';
import type { FunctionPool } from './function-pool.ts';
import type { Resource } from './resources.ts';

interface StreamRecord {
  readonly eventID: string;
  readonly dynamodb: { readonly SequenceNumber: string };
}

interface Shard {
  readonly ShardId: string;
  readonly ParentShardId?: string;
}

export interface Mapping {
  readonly resource: Resource;
  readonly tableName: string;
  readonly fn: FunctionPool;
  readonly role: Principal;
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

const BUSY_MS = 100;
const IDLE_MS = 1000;
const LOOK_AGAIN_MS = 15 * 60_000;
const MAX_BACKOFF_MS = 10_000;

/** mapping → shard → the last record that was dealt with. */
type Positions = Record<string, Record<string, string>>;

export const openStreamMappings = async (
  mappings: readonly Mapping[],
  services: StreamServices,
): Promise<StreamMappings> => {
  const positions: Positions = (services.positionsFile && readJson<Positions>(services.positionsFile)) || {};
  const stopping = new AbortController();
  const loops: Promise<void>[] = [];
  for (const mapping of mappings) {
    await requireAccess(mapping, services.iam);
    loops.push(follow(mapping, positions, services, stopping.signal));
  }
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
  };
};

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

const follow = async (mapping: Mapping, positions: Positions, services: StreamServices, signal: AbortSignal) => {
  positions[mapping.resource.ref] ??= {};
  const own = positions[mapping.resource.ref]!;
  const save = (shard: string, sequence: string) => {
    own[shard] = sequence;
    if (services.positionsFile) writeJson(services.positionsFile, positions);
  };
  const following = new Map<string, Promise<void>>();
  const running = new Set<Promise<void>>();
  while (!signal.aborted) {
    try {
      const { arn, shards } = await describe(mapping.tableName, services.call);
      for (const { ShardId, ParentShardId } of shards) {
        if (following.has(ShardId)) continue;
        const parent = following.get(ParentShardId ?? '') ?? Promise.resolve();
        const shard = parent.then(() => drain(mapping, arn, ShardId, own[ShardId], save, services, signal));
        following.set(ShardId, shard);
        const ended = shard
          .catch((error) => {
            following.delete(ShardId); // taken up again from its position
            if (!signal.aborted) services.log(`${mapping.fn.name}: ${(error as Error).message}`);
          })
          .finally(() => running.delete(ended));
        running.add(ended);
      }
    } catch (error) {
      if (!signal.aborted) services.log(`${mapping.fn.name}: ${(error as Error).message}`);
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

/** Reads a shard until it is closed. */
const drain = async (
  mapping: Mapping,
  arn: string,
  shardId: string,
  position: string | undefined,
  save: (shard: string, sequence: string) => void,
  { call, deadLetters, log }: StreamServices,
  signal: AbortSignal,
): Promise<void> => {
  const { properties } = mapping.resource;
  let iterator = await shardIterator(call, arn, shardId, position, String(properties['StartingPosition'] ?? 'LATEST'));
  while (iterator && !signal.aborted) {
    const reading = call('GetRecords', { ShardIterator: iterator, Limit: Number(properties['BatchSize'] ?? 100) });
    const page = (await reading.catch(trimmedAway)) as
      | { Records?: StreamRecord[]; NextShardIterator?: string }
      | undefined;
    if (!page) {
      // An iterator may be given for a record that is gone: only the reading says so.
      iterator = await oldest(call, arn, shardId);
      await rest(BUSY_MS, signal);
      continue;
    }
    const { Records = [], NextShardIterator } = page;
    const last = Records.at(-1);
    if (last) {
      const wanted = Records.filter((record) => passes(properties, record));
      const done = await deliver({ mapping, records: wanted, shardId, deadLetters, log, signal });
      if (!done) return; // stopped before it was dealt with: comes again at the next start
      save(shardId, last.dynamodb.SequenceNumber);
    }
    iterator = NextShardIterator;
    await rest(windowMs(properties, Records.length) ?? (last ? BUSY_MS : IDLE_MS), signal);
  }
};

/** A mapping with a batching window waits for more, here never longer than at a desk one would: 5 s. */
const windowMs = (properties: JsonObject, had: number): number | undefined => {
  const seconds = Number(properties['MaximumBatchingWindowInSeconds'] ?? 0);
  return seconds > 0 && had < Number(properties['BatchSize'] ?? 100) ? Math.min(seconds, 5) * 1000 : undefined;
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

const passes = (properties: JsonObject, record: StreamRecord): boolean => {
  const filters = (properties['FilterCriteria'] as JsonObject | undefined)?.['Filters'] as JsonObject[] | undefined;
  return !filters?.length || filters.some(({ Pattern }) => matches(JSON.parse(String(Pattern)) as JsonObject, record));
};

interface Delivery {
  readonly mapping: Mapping;
  readonly records: readonly StreamRecord[];
  readonly shardId: string;
  readonly deadLetters: DeadLetters;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** True when every record was dealt with: taken by the function, or set aside after the last try. */
export const deliver = async (delivery: Delivery): Promise<boolean> => {
  const { mapping, signal } = delivery;
  const { properties } = mapping.resource;
  const mostRetries = Number(properties['MaximumRetryAttempts'] ?? -1);
  let { records } = delivery;
  for (let attempt = 0; records.length > 0; ) {
    if (signal.aborted) return false;
    const failedAt = await invoke(mapping, records);
    if (failedAt === undefined) return true;
    if (failedAt > 0) {
      records = records.slice(failedAt); // those before it are done
      attempt = 0;
      continue;
    }
    attempt += 1;
    if (properties['BisectBatchOnFunctionError'] === true && records.length > 1) {
      const half = Math.ceil(records.length / 2);
      return (
        (await deliver({ ...delivery, records: records.slice(0, half) })) &&
        (await deliver({ ...delivery, records: records.slice(half) }))
      );
    }
    if (mostRetries >= 0 && attempt > mostRetries) {
      setAside({ ...delivery, records }, attempt);
      return true;
    }
    await rest(Math.min(MAX_BACKOFF_MS, 100 * 2 ** attempt), signal);
  }
  return true;
};

/** Index of the first record that failed; 0 also when the whole call did. */
const invoke = async (mapping: Mapping, records: readonly StreamRecord[]): Promise<number | undefined> => {
  const { properties, awsRegion } = mapping.resource;
  const eventSourceARN = properties['EventSourceArn'];
  const reports = ((properties['FunctionResponseTypes'] ?? []) as string[]).includes('ReportBatchItemFailures');
  try {
    const result = (await mapping.fn.invoke({
      Records: records.map((record) => ({ ...record, awsRegion, eventSource: 'aws:dynamodb', eventSourceARN })),
    })) as { batchItemFailures?: { itemIdentifier?: string }[] } | null;
    const failures = reports ? (result?.batchItemFailures ?? []) : [];
    if (failures.length === 0) return undefined;
    const places = failures.map(({ itemIdentifier }) =>
      records.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === itemIdentifier),
    );
    return Math.max(0, Math.min(...places));
  } catch {
    return 0;
  }
};

/** Only where the records are, as Lambda does it: the queue holds no patient's data. */
const setAside = ({ mapping, records, shardId, deadLetters, log }: Delivery, attempts: number) => {
  const { properties } = mapping.resource;
  const destination = ((properties['DestinationConfig'] as JsonObject)?.['OnFailure'] as JsonObject)?.['Destination'];
  log(`${mapping.fn.name}: ${records.length} stream records given up after ${attempts} tries`);
  if (typeof destination !== 'string' || !deadLetters.has(destination)) return;
  deadLetters.send(destination, {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      functionArn: mapping.fn.arn,
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: attempts,
    },
    DDBStreamBatchInfo: {
      shardId,
      streamArn: properties['EventSourceArn'],
      batchSize: records.length,
      startSequenceNumber: records[0]?.dynamodb.SequenceNumber,
      endSequenceNumber: records.at(-1)?.dynamodb.SequenceNumber,
    },
  });
};

const rest = (ms: number, signal: AbortSignal) => pause(ms, undefined, { signal }).catch(() => {});
