// Calls on items by the short way: what goes over the wire, and what comes back, as by the SDK's own.
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ConditionalCheckFailedException,
  DescribeTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isTransient } from '../../../functions/services/retry.ts';
import { callDirectly } from '../../../functions/storage/direct-calls.ts';
import { verifySignature } from '../../../infra/local/front/sigv4.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
let server: Server;
let received: Received[];
let answer: (outgoing: ServerResponse) => void;
const opened: DynamoDBClient[] = [];

beforeEach(async () => {
  received = [];
  answer = (outgoing) => outgoing.end('{}');
  server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      received.push({ headers: incoming.headers, body: Buffer.concat(chunks) });
      answer(outgoing);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  vi.unstubAllEnvs();
  for (const client of opened.splice(0)) client.destroy();
  server.closeAllConnections();
  server.close();
});

const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET };

const plain = (config: DynamoDBClientConfig = {}) => {
  const client = new DynamoDBClient({
    region: 'ap-northeast-1',
    endpoint: address(),
    credentials,
    maxAttempts: 1,
    ...config,
  });
  opened.push(client);
  return client;
};
const direct = (config: DynamoDBClientConfig = {}, patience = { connectionTimeout: 10_000, requestTimeout: 30_000 }) =>
  callDirectly(plain(config), patience);

const says = (status: number, body: object) => {
  answer = (outgoing) => {
    outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'request-1' });
    outgoing.end(JSON.stringify(body));
  };
};

const get = () => new GetItemCommand({ TableName: 't', Key: { p: { S: '紬ぎ' } }, ConsistentRead: true });
const put = () =>
  new PutItemCommand({
    TableName: 't',
    Item: {
      p: { S: '紬 "ぎ"\n' },
      n: { N: '-1.5' },
      z: { B: new Uint8Array([0, 127, 255]) },
      l: { L: [{ B: Buffer.from('in a list') }, { BOOL: false }, { NULL: true }] },
      // An attribute that is itself named B.
      m: { M: { B: { B: Uint8Array.of(1) }, s: { SS: ['a', 'b'] } } },
    },
    ConditionExpression: undefined,
  });

it('sends what the SDK sends', async () => {
  for (const command of [get, put]) {
    await direct().send(command() as GetItemCommand);
    await plain().send(command() as GetItemCommand);
  }

  const bodies = received.map(({ body }) => JSON.parse(body.toString()) as unknown);
  expect(bodies[0]).toEqual(bodies[1]);
  expect(bodies[2]).toEqual(bodies[3]);
  for (const name of ['content-type', 'x-amz-target', 'host'])
    expect(received[0]!.headers[name]).toBe(received[1]!.headers[name]);
});

it.each([
  ['keys of its own', {}],
  ['the keys of a role, with their session', { sessionToken: 'a/session+token==' }],
])('signs with %s', async (_, more) => {
  await direct({ credentials: { ...credentials, ...more } }).send(put());

  const [{ headers, body }] = received as [Received];
  const request = { method: 'POST', target: '/', headers, body };
  expect(verifySignature(request, SECRET, Date.now(), { doubleEncode: true })).toBeUndefined();
  expect(verifySignature(request, 'another', Date.now(), { doubleEncode: true })).toBe('SignatureDoesNotMatch');
  const [, signed] = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ?? [];
  expect(signed?.split(';')).toEqual(expect.arrayContaining(['host', 'x-amz-date', 'x-amz-target']));
  if ('sessionToken' in more) expect(signed?.split(';')).toContain('x-amz-security-token');
});

it('signs with new keys as soon as there are some', async () => {
  let turn = 0;
  const keys = ['first', 'second'].map((secretAccessKey) => ({ accessKeyId: 'AKID', secretAccessKey }));
  const client = direct({ credentials: async () => ({ ...keys[turn++ % 2]!, expiration: new Date(0) }) });
  await client.send(get());
  await client.send(get());

  const good = received.map(({ headers, body }) =>
    keys.filter(
      ({ secretAccessKey }) =>
        !verifySignature({ method: 'POST', target: '/', headers, body }, secretAccessKey, Date.now(), {
          doubleEncode: true,
        }),
    ),
  );
  expect(good[0]).toHaveLength(1);
  expect(good[1]).toHaveLength(1);
  expect(good[0]).not.toEqual(good[1]);
});

it('reads what the SDK reads', async () => {
  says(200, {
    Items: [
      { p: { S: '紬ぎ' }, z: { B: 'AH//' }, m: { M: { B: { B: 'AQ==' }, l: { L: [{ B: 'AH8=' }, { N: '1' }] } } } },
      { p: { S: 'B' }, B: { S: 'text' } },
    ],
    Count: 2,
    ScannedCount: 2,
    LastEvaluatedKey: { p: { S: 'x' }, B: { B: 'AH//' } },
  });
  const query = () => new QueryCommand({ TableName: 't', KeyConditionExpression: 'p = :p' });
  const [mine, theirs] = [await direct().send(query()), await plain().send(query())];

  const bytes = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (_, one) =>
        one instanceof Uint8Array ? [...one] : one?.type === 'Buffer' ? one.data : one,
      ),
    );
  expect(bytes(mine.Items)).toEqual(bytes(theirs.Items));
  expect(mine.Items?.[0]?.z?.B).toBeInstanceOf(Uint8Array);
  expect(bytes(mine.LastEvaluatedKey)).toEqual(bytes(theirs.LastEvaluatedKey));
  expect(mine).toMatchObject({ Count: 2, ScannedCount: 2, $metadata: { httpStatusCode: 200, requestId: 'request-1' } });
});

describe('what DynamoDB refuses', () => {
  it('is the exception of the SDK, with the row that stood in the way', async () => {
    says(400, {
      __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
      message: 'The conditional request failed',
      Item: { p: { S: 'x' }, z: { B: 'AH//' } },
    });
    const error = await direct()
      .send(put())
      .catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ConditionalCheckFailedException);
    expect(error).toMatchObject({ name: 'ConditionalCheckFailedException', $metadata: { httpStatusCode: 400 } });
    expect([...((error as ConditionalCheckFailedException).Item?.z?.B ?? [])]).toEqual([0, 127, 255]);
  });

  it('tells the reasons of a transaction', async () => {
    says(400, {
      __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
      Message: 'Transaction cancelled',
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Item: { p: { S: 'x' } } }],
    });
    const error = await direct()
      .send(new TransactWriteItemsCommand({ TransactItems: [], ClientRequestToken: 'x' }))
      .catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(TransactionCanceledException);
    expect(error).toMatchObject({ CancellationReasons: [{ Code: 'None' }, { Item: { p: { S: 'x' } } }] });
  });

  it.each([
    ['a busy table', 400, { __type: 'x#ProvisionedThroughputExceededException' }],
    ['a fault of the service', 500, { __type: 'x#InternalServerError' }],
    ['a gateway without JSON', 503, {}],
  ])('is tried again after %s', async (_, status, body) => {
    says(status, body);

    const error = await direct()
      .send(get())
      .catch((thrown: unknown) => thrown);

    expect(isTransient(error)).toBe(true);
    expect(error).toMatchObject({ $metadata: { httpStatusCode: status } });
  });
});

describe('a line', () => {
  it('that is cut in the middle of an answer is worth another attempt', async () => {
    answer = (outgoing) => {
      outgoing.writeHead(200, { 'content-length': 1_000 });
      outgoing.write('{"Item":');
      outgoing.socket?.destroy();
    };
    const error = await direct()
      .send(get())
      .catch((thrown: unknown) => thrown);

    expect(isTransient(error)).toBe(true);
  });

  it('that went dead is given up, before and after the answer has begun', async () => {
    const patience = { connectionTimeout: 50, requestTimeout: 100 };
    answer = () => {};
    const before = await direct({}, patience)
      .send(get())
      .catch((thrown: unknown) => thrown);
    answer = (outgoing) => outgoing.write('{');
    const after = await direct({}, patience)
      .send(get())
      .catch((thrown: unknown) => thrown);

    expect(before).toMatchObject({ name: 'TimeoutError' });
    expect(after).toMatchObject({ name: 'TimeoutError' });
    expect(isTransient(before)).toBe(true);
  });

  it('is used again for the next call', async () => {
    const sockets = new Set<unknown>();
    server.on('connection', (socket) => sockets.add(socket));
    const client = direct();
    for (let at = 0; at < 3; at++) await client.send(get());

    expect(sockets.size).toBe(1);
  });

  it('is looked for where the environment says', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', address());
    const client = callDirectly(new DynamoDBClient({ region: 'ap-northeast-1', credentials }), {
      connectionTimeout: 10_000,
      requestTimeout: 30_000,
    });
    opened.push(client);
    await client.send(get());

    expect(received).toHaveLength(1);
  });
});

it('leaves what is not about items to the SDK', async () => {
  says(200, { Table: { TableName: 't', CreationDateTime: 1_700_000_000 } });

  const { Table } = await direct().send(new DescribeTableCommand({ TableName: 't' }));

  expect(Table?.CreationDateTime).toBeInstanceOf(Date);
});

it('lets who stands in the stack of the client see and change each call', async () => {
  const client = direct();
  const seen: unknown[] = [];
  client.middlewareStack.add(
    (next, context) => async (args) => {
      seen.push(context.commandName);
      const found = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } as never });
      seen.push((found.output as { Item?: object }).Item);
      return found;
    },
    { step: 'initialize' },
  );
  says(200, { Item: { p: { S: 'x' } } });

  await client.send(get());

  expect(seen).toEqual(['GetItemCommand', { p: { S: 'x' } }]);
  expect(JSON.parse(received[0]!.body.toString())).toMatchObject({ ReturnConsumedCapacity: 'TOTAL' });
});
