// Faults between the store and DynamoDB, at the place where the SDK hands a request to the network.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export interface Call {
  /** `PutItem`, `TransactWriteItems`, … */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Counts all calls of this client, from 0. */
  readonly at: number;
}

/** What becomes of one call: let through, refused before it arrives, or carried out with its answer lost. */
export type Fault = undefined | { readonly before: Error } | { readonly after: Error };

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
      if (fault && 'before' in fault) throw fault.before;
      const answer = await next(args);
      if (fault) throw fault.after;
      return answer;
    },
    { step: 'initialize', name: 'faults' },
  );
  return { calls: () => calls };
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
