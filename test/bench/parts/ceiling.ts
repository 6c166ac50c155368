// The ceiling: what the AWS SDK reaches with the same DynamoDB operations and nothing around them, audit record included.
// It says again what the recorder took down (recorder.ts), with the client that the functions have (storage/client.ts). As many of
// these processes run as the local host has environments for a function, or else one thread would be held against several.
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { openDynamoClient } from '../../../functions/storage/client.ts';
import { measure, type Stretch } from './measure.ts';
import type { Recorded, Recording } from './recorder.ts';
import type { ScenarioName } from './scenarios.ts';

export type CeilingOrder =
  | { readonly kind: 'prepare'; readonly recordings: readonly Recording[]; readonly audit: string }
  | {
      readonly kind: 'run';
      readonly scenario: ScenarioName;
      /** Number of this process's first client, and how many it has. */
      readonly first: number;
      readonly clients: number;
      readonly seconds: number;
    };

export interface CeilingResult {
  readonly stretch?: Stretch;
  readonly cpuMs: number;
  readonly error?: string;
}

type Input = Record<string, unknown>;

const COMMANDS: Record<string, (input: Input) => unknown> = {
  GetItem: (input) => new GetItemCommand(input as never),
  BatchGetItem: (input) => new BatchGetItemCommand(input as never),
  TransactGetItems: (input) => new TransactGetItemsCommand(input as never),
  Query: (input) => new QueryCommand(input as never),
  Scan: (input) => new ScanCommand(input as never),
  PutItem: (input) => new PutItemCommand(input as never),
  UpdateItem: (input) => new UpdateItemCommand(input as never),
  DeleteItem: (input) => new DeleteItemCommand(input as never),
  BatchWriteItem: (input) => new BatchWriteItemCommand(input as never),
  TransactWriteItems: (input) => new TransactWriteItemsCommand(input as never),
};

const client = openDynamoClient();
const recordings = new Map<ScenarioName, Recording>();
let auditTable = '';
let sequence = 0;

interface Item {
  readonly p: { S: string };
  readonly s: { S: string };
  readonly c?: { S: string };
}

/** Seven characters that no earlier item of this run ends with. */
const ending = () => (sequence++ * 64 + (process.pid % 64)).toString(32).padStart(7, '0');

/** The same put at a place of its own: what was new must be new again. */
const putAnew = (put: Input): Input => {
  const { Item: item, ConditionExpression: condition } = put as { Item: Item; ConditionExpression?: string };
  const end = ending();
  const moved = ({ S }: { S: string }) => ({ S: S.slice(0, -7) + end });
  // The version has moved on since: a condition of the same kind that holds.
  if (put.TableName !== auditTable && condition?.startsWith('v = '))
    return { ...put, ConditionExpression: condition.replace('v = ', 'v >= ') };
  return { ...put, Item: { ...item, s: moved(item.s), ...(item.c && { c: moved(item.c) }) } };
};

const anew = ({ name, input }: Recorded): Input => {
  if (name === 'PutItem') return putAnew(input);
  if (name !== 'TransactWriteItems') return input;
  const items = input.TransactItems as { Put?: Input }[];
  return { TransactItems: items.map((one) => (one.Put ? { ...one, Put: putAnew(one.Put) } : one)) };
};

const perform = (recorded: Recorded) => {
  const command = COMMANDS[recorded.name];
  if (!command) throw new Error(`the ceiling knows no ${recorded.name}`);
  return client.send(command(anew(recorded)) as never);
};

const operation = (scenario: ScenarioName) => {
  const { samples } = recordings.get(scenario)!;
  return async (at: number, turn: number): Promise<void> => {
    const own = samples[at % samples.length]!;
    const sample = own[turn % own.length]!;
    for (let trip = 1, done = 0; done < sample.length; trip++) {
      const now = sample.filter((one) => one.trip === trip);
      await Promise.all(now.map(perform));
      done += now.length;
    }
  };
};

const run = async (order: CeilingOrder): Promise<CeilingResult> => {
  try {
    if (order.kind === 'prepare') {
      auditTable = order.audit;
      for (const recording of order.recordings) recordings.set(recording.scenario, recording);
      return { cpuMs: 0 };
    }
    const before = process.cpuUsage();
    const stretch = await measure(operation(order.scenario), order);
    const { user, system } = process.cpuUsage(before);
    return { stretch, cpuMs: (user + system) / 1000 };
  } catch (error) {
    return { cpuMs: 0, error: error instanceof Error ? error.message : String(error) };
  }
};

process.on('message', (order: CeilingOrder) => void run(order).then((result) => process.send?.(result)));
process.on('disconnect', () => process.exit(0));
