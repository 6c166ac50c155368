// The loader's patience, against a server that answers what a test tells it to.
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Target, Unreachable } from '../../infra/local/load/target.ts';

let server: Server;
let base: string;
/** Status for each request in turn; the last one goes on. A function sees the token. */
let script: (number | ((token: string) => number))[];
const tokens: string[] = [];

beforeEach(async () => {
  tokens.length = 0;
  server = createServer((request, response) => {
    const token = String(request.headers.authorization).slice('Bearer '.length);
    tokens.push(token);
    const step = script.length > 1 ? script.shift()! : script[0]!;
    response.statusCode = typeof step === 'number' ? step : step(token);
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const target = (tries?: number) => {
  let count = 0;
  return new Target({ fhir: base, token: async () => `token-${++count}`, ...(tries && { tries }) });
};

it('a token that ends while the server is busy is renewed, whatever went before', async () => {
  script = [503, 503, 503, (token) => (token === 'token-1' ? 401 : 200)];

  const reply = await target().send('GET', '/Patient/1');

  expect(reply.status).toBe(200);
  expect(tokens).toEqual(['token-1', 'token-1', 'token-1', 'token-1', 'token-2']);
});

it('requests that were refused together ask for one new token', async () => {
  script = [(token) => (token === 'token-1' ? 401 : 200)];
  const one = target();

  const replies = await Promise.all(Array.from({ length: 5 }, () => one.send('GET', '/Patient/1')));

  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(new Set(tokens)).toEqual(new Set(['token-1', 'token-2']));
});

it('a server that takes no token at all has refused nothing of what was sent: it can be sent again', async () => {
  script = [401];

  await expect(target().send('POST', '', '{}')).rejects.toThrow(Unreachable);
  expect(tokens.length).toBeLessThan(5);
});
