// The DynamoDB client as Lambdas make it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, expect, it, vi } from 'vitest';
import { isTransient } from '../../../functions/services/retry.ts';
import { openDynamoClient } from '../../../functions/storage/client.ts';

afterAll(() => {
  vi.unstubAllEnvs();
});

it('gives up on a line that went dead, so that the request is sent again', async () => {
  const server = createServer(() => {}); // takes the request, and never answers
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, 'local');
  vi.stubEnv('AWS_REGION', 'ap-northeast-1');
  const client = openDynamoClient({ requestTimeout: 200 });

  const error = await client
    .send(new GetItemCommand({ TableName: 't', Key: { p: { S: 'x' } } }))
    .catch((thrown: unknown) => thrown);

  expect(isTransient(error)).toBe(true);
  client.destroy();
  server.closeAllConnections();
  server.close();
});

it('makes no copies of what is sent and received for a log that nobody reads', async () => {
  const server = createServer((_, answer) => answer.end('{"Item":{"p":{"S":"x"}}}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, 'local');
  vi.stubEnv('AWS_REGION', 'ap-northeast-1');
  const client = openDynamoClient();
  let copies = 0;
  // The SDK keeps the copying functions in each call's context.
  client.middlewareStack.add(
    (next, context) => (args) => {
      context.inputFilterSensitiveLog = context.outputFilterSensitiveLog = (value: unknown) => {
        copies += 1;
        return value;
      };
      return next(args);
    },
    { step: 'initialize' },
  );

  const { Item } = await client.send(new GetItemCommand({ TableName: 't', Key: { p: { S: 'x' } } }));

  expect(Item).toEqual({ p: { S: 'x' } });
  expect(copies).toBe(0);
  client.destroy();
  server.closeAllConnections();
  server.close();
});
