// Faults between the store and DynamoDB, at the place where the SDK hands a request to the network.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export interface Call {
  /** `PutItem`, `TransactWriteItems`, … */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Counts all calls of this client, from 0. */
  readonly at: number;
}

/**
 * What becomes of one call: let through, refused before it arrives, or carried out with its answer lost. Of a batch every second
 * row may be carried out and the others not: before the process ended, or because they were throttled.
 */
export type Fault =
  | undefined
  | { readonly before: Error }
  | { readonly after: Error }
  | { readonly halfway: Error }
  | { readonly refused: string };

export const throttled = (name = 'ProvisionedThroughputExceededException') =>
  Object.assign(new Error(name), { name, $fault: 'client', $metadata: { httpStatusCode: 400 } });

export const dropped = () =>
  Object.assign(new Error('socket hang up'), { name: 'Error', code: 'ECONNRESET', $metadata: {} });

export const conflicted = (rows: number) =>
  Object.assign(new Error('TransactionCanceledException'), {
    name: 'TransactionCanceledException',
    CancellationReasons: Array.from({ length: rows }, (_, at) => ({ Code: at === 0 ? 'TransactionConflict' : 'None' })),
    $metadata: { httpStatusCode: 400 },
  });

/** Not one that is tried again: as if the process had ended there. */
export class Killed extends Error {}

/** Asks `decide` about each call. Answers how many there have been. */
export const withFaults = (client: DynamoDBClient, decide: (call: Call) => Fault): { calls: () => number } => {
  let calls = 0;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const operation = String((context as { commandName?: string }).commandName).replace('Command', '');
      const fault = decide({ operation, input: args.input as Call['input'], at: calls++ });
      if (!fault) return next(args);
      if ('before' in fault) throw fault.before;
      if ('after' in fault) {
        await next(args);
        throw fault.after;
      }
      const input = args.input as Batch;
      if (!input.Statements && !input.RequestItems) {
        if ('halfway' in fault) throw fault.halfway;
        return next(args);
      }
      const answer = await next({ ...args, input: { ...args.input, ...everySecond(input, 0) } as typeof args.input });
      if ('halfway' in fault) throw fault.halfway;
      Object.assign(answer.output, refusedOf(input, answer.output as BatchAnswer, fault.refused));
      return answer;
    },
    { step: 'initialize', name: 'faults' },
  );
  return { calls: () => calls };
};

interface Batch {
  readonly Statements?: readonly object[];
  readonly RequestItems?: Readonly<Record<string, readonly object[]>>;
}
interface BatchAnswer {
  readonly Responses?: readonly object[];
}

const everySecond = ({ Statements, RequestItems }: Batch, first: 0 | 1): Batch => {
  const some = (list: readonly object[]) => list.filter((_, at) => at % 2 === first);
  if (Statements) return { Statements: some(Statements) };
  return {
    RequestItems: Object.fromEntries(Object.entries(RequestItems ?? {}).map(([table, rows]) => [table, some(rows)])),
  };
};

/** The answer that half of a batch was not carried out. */
const refusedOf = (batch: Batch, { Responses = [] }: BatchAnswer, Code: string): object => {
  if (!batch.Statements) {
    const left = Object.entries(everySecond(batch, 1).RequestItems ?? {}).filter(([, rows]) => rows.length > 0);
    return { UnprocessedItems: Object.fromEntries(left) };
  }
  return { Responses: batch.Statements.map((_, at) => (at % 2 === 0 ? Responses[at / 2] : { Error: { Code } })) };
};

export interface Spent {
  trips: number;
  /** Read and write units; of a transaction DynamoDB Local counts one row only. */
  units: number;
}

/** Counts requests and the capacity units that DynamoDB reports for them. */
export const metered = (client: DynamoDBClient): Spent & { reset(): void } => {
  const spent = { trips: 0, units: 0, reset: () => Object.assign(spent, { trips: 0, units: 0 }) };
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next({
        ...args,
        input: { ...(args.input as object), ReturnConsumedCapacity: 'TOTAL' } as typeof args.input,
      });
      const { ConsumedCapacity: used } = answer.output as {
        ConsumedCapacity?: { CapacityUnits?: number } | { CapacityUnits?: number }[];
      };
      spent.trips += 1;
      for (const one of Array.isArray(used) ? used : [used]) spent.units += one?.CapacityUnits ?? 0;
      return answer;
    },
    { step: 'initialize', name: 'meter' },
  );
  return spent;
};
