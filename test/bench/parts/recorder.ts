// Which DynamoDB operations a request needs: taken down while our own code serves it, so that the ceiling does just these, with
// items of just this size, whatever becomes of the code.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Item, itemSize } from '../../../functions/storage/items.ts';
import type { InProcessApi } from './in-process-api.ts';
import { SCENARIOS, type Scenario, type ScenarioName } from './scenarios.ts';

export interface Recorded {
  /** `GetItem`, `Query`, `TransactWriteItems` … */
  readonly name: string;
  readonly input: Record<string, unknown>;
  /** Operations of one trip run at the same time; a trip begins when the one before has ended. */
  readonly trip: number;
}

export type Sample = readonly Recorded[];

export interface Recording {
  readonly scenario: ScenarioName;
  /** By client, by turn. */
  readonly samples: readonly (readonly Sample[])[];
  /** Of one request, on average; read units are those of the reads as they were sent (strongly consistent or not). */
  readonly trips: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Items that were looked at. */
  readonly scanned: number;
}

interface Consumed {
  readonly CapacityUnits?: number;
  readonly ReadCapacityUnits?: number;
  readonly WriteCapacityUnits?: number;
}
interface Output {
  readonly ConsumedCapacity?: Consumed | readonly Consumed[];
  readonly ScannedCount?: number;
}

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems', 'BatchWriteItem']);

/** Before the client's first call: its stack is made once for each kind of command. */
export const openRecorder = (client: DynamoDBClient) => {
  let isOn = false;
  let sample: Recorded[] = [];
  let spent = { read: 0, write: 0, scanned: 0 };
  let ended = 0; // the latest trip that has an end
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (!isOn) return next(args);
      const name = String(context.commandName).replace(/Command$/, '');
      const input = plain(args.input) as Record<string, unknown>;
      const trip = ended + 1;
      sample.push({ name, input, trip });
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } as never });
      ended = Math.max(ended, trip);
      const { ConsumedCapacity = [], ScannedCount = 0 } = result.output as Output;
      const units = (Array.isArray(ConsumedCapacity) ? ConsumedCapacity : [ConsumedCapacity]) as readonly Consumed[];
      if (name === 'TransactWriteItems') spent.write += unitsOf(args.input as Transaction);
      else for (const unit of units) spent[WRITES.has(name) ? 'write' : 'read'] += unit.CapacityUnits ?? 0;
      spent.scanned += ScannedCount;
      return result;
    },
    { step: 'initialize', name: 'recorder' },
  );
  /** What was sent since the last call. */
  const take = () => {
    const taken = { sample: sample as Sample, ...spent };
    sample = [];
    spent = { read: 0, write: 0, scanned: 0 };
    ended = 0;
    return taken;
  };
  const turn = (on: boolean) => {
    isOn = on;
  };
  return { take, turn };
};

interface Transaction {
  readonly TransactItems?: readonly { readonly Put?: { readonly Item: Item } }[];
}

/** DynamoDB Local counts one row of a transaction: all are counted twice, and once more twice for each index they are in. */
const unitsOf = ({ TransactItems = [] }: Transaction): number =>
  TransactItems.reduce((sum, { Put }) => {
    if (!Put) return sum + 2;
    const indexes = ['c', 'gt1', 'gt2'].filter((name) => Put.Item[name]).length;
    return sum + 2 * Math.ceil(itemSize(Put.Item) / 1024) * (1 + indexes);
  }, 0);

/** A copy that can be sent to another process: views of larger buffers become bytes of their own. */
const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Set) return new Set([...value].map(plain));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
};

export const record = async (
  { send, ids }: Pick<InProcessApi, 'send' | 'ids'>,
  take: ReturnType<typeof openRecorder>['take'],
  name: ScenarioName,
  clients: number,
): Promise<Recording> => {
  const scenario: Scenario = SCENARIOS[name];
  const { clients: width, turns } = scenario.heavy ? { clients: 4, turns: 1 } : { clients, turns: 2 };
  const sum = { trips: 0, readUnits: 0, writeUnits: 0, scanned: 0 };
  const samples: Sample[][] = [];
  const call = async (client: number, turn: number) => {
    const { status, text } = await send(scenario.call(client, turn, ids));
    if (status !== scenario.status) throw new Error(`${name} answered ${status}: ${text.slice(0, 300)}`);
  };
  await call(0, turns); // what is remembered from then on (aliases, heads, the audit chain) is not part of it
  take();
  for (let client = 0; client < width; client++) {
    const own: Sample[] = [];
    for (let turn = 0; turn < turns; turn++) {
      await call(client, turn);
      const { sample, read, write, scanned } = take();
      own.push(sample);
      sum.trips += Math.max(0, ...sample.map(({ trip }) => trip));
      sum.readUnits += read;
      sum.writeUnits += write;
      sum.scanned += scanned;
    }
    samples.push(own);
  }
  const count = width * turns;
  return {
    scenario: name,
    samples,
    trips: sum.trips / count,
    readUnits: sum.readUnits / count,
    writeUnits: sum.writeUnits / count,
    scanned: sum.scanned / count,
  };
};
