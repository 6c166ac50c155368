// One event source mapping's side of a stream: batches, filters, tries, halves, and what is at last set aside.
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
import { setTimeout as pause } from 'node:timers/promises';
import type { Principal } from '../iam.ts';
import type { JsonObject } from './assembly.ts';
import type { DeadLetters } from './dead-letters.ts';
import { matches } from './event-pattern.ts';
import type { FunctionPool } from './function-pool.ts';
import type { Resource } from './resources.ts';

export interface StreamRecord {
  readonly eventID: string;
  readonly dynamodb: { readonly SequenceNumber: string };
}

export interface Mapping {
  readonly resource: Resource;
  readonly tableName: string;
  readonly fn: FunctionPool;
  readonly role: Principal;
}

export interface Consumer {
  /** The last record that was dealt with at the start. */
  readonly position: string | undefined;
  /** Takes what was read; resolves at once unless too much waits already. */
  take(records: readonly StreamRecord[]): Promise<void>;
  /** Nothing more comes: resolves when all that was taken is dealt with, or the host stops. */
  end(): Promise<void>;
}

export interface ConsumerOptions {
  readonly mapping: Mapping;
  readonly shardId: string;
  readonly position: string | undefined;
  /** All records up to this one were dealt with. */
  readonly done: (sequence: string) => void;
  readonly services: { readonly deadLetters: DeadLetters; readonly log: (line: string) => void };
  readonly signal: AbortSignal;
}

/** In memory, for each mapping; a function that fails is tried ten times before others have to wait for it. */
const MOST_WAITING = 20_000;
const LOOK_MS = 50;
const MAX_BACKOFF_MS = 10_000;

export const openConsumer = (options: ConsumerOptions): Consumer => {
  const { mapping, shardId, position, done, services, signal } = options;
  const { properties } = mapping.resource;
  const size = Number(properties['BatchSize'] ?? 100);
  const wants = filterOf(properties);
  const dealtWith = position === undefined ? undefined : BigInt(position);
  const waiting: StreamRecord[] = [];
  let isEnding = false;
  let wake = () => {};
  const something = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
      if (waiting.length > 0 || isEnding || signal.aborted) resolve();
    });
  signal.addEventListener('abort', () => wake());

  /** As many as the function takes at once of what it wants, and the last record looked at. */
  const nextBatch = () => {
    const records: StreamRecord[] = [];
    let looked = 0;
    while (looked < waiting.length && records.length < size) {
      const record = waiting[looked++]!;
      if (wants(record)) records.push(record);
    }
    return { records, last: waiting.splice(0, looked).at(-1) };
  };

  const work = async () => {
    while (!signal.aborted) {
      await something();
      if (isEnding && waiting.length === 0) return;
      await batchingWindow(properties, () => waiting.length >= size || isEnding, signal);
      if (signal.aborted) return;
      const { records, last } = nextBatch();
      if (!last) continue;
      const isDone = await deliver({ mapping, records, shardId, ...services, signal });
      if (!isDone) return; // stopped before it was dealt with: comes again at the next start
      done(last.dynamodb.SequenceNumber);
    }
  };
  const working = work();

  return {
    position,
    take: async (records) => {
      const unseen =
        dealtWith === undefined
          ? records
          : records.filter(({ dynamodb }) => BigInt(dynamodb.SequenceNumber) > dealtWith);
      waiting.push(...unseen);
      wake();
      while (waiting.length > MOST_WAITING && !signal.aborted) await rest(LOOK_MS, signal);
    },
    end: () => {
      isEnding = true;
      wake();
      return working;
    },
  };
};

/** A mapping with a batching window waits for more, here never longer than at a desk one would: 5 s. */
const batchingWindow = async (properties: JsonObject, isFull: () => boolean, signal: AbortSignal): Promise<void> => {
  const ms = Math.min(Number(properties['MaximumBatchingWindowInSeconds'] ?? 0), 5) * 1000;
  for (let waited = 0; waited < ms && !isFull() && !signal.aborted; waited += LOOK_MS) await rest(LOOK_MS, signal);
};

const filterOf = (properties: JsonObject): ((record: StreamRecord) => boolean) => {
  const filters = (properties['FilterCriteria'] as JsonObject | undefined)?.['Filters'] as JsonObject[] | undefined;
  const patterns = filters?.map(({ Pattern }) => JSON.parse(String(Pattern)) as JsonObject) ?? [];
  return (record) => patterns.length === 0 || patterns.some((pattern) => matches(pattern, record));
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
