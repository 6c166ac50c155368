// What the SDK's client does for a call, without the layers in between. Of the 0.48 ms of processor time that a GetItem took, 0.37 were
// the SDK's: some twenty functions around each request, a walk of schemas over every attribute, streams, and six hashes for the
// signature (docs/performance.md). Operations on items are answered here, by a middleware of the SDK's own stack; all others, and
// whatever DynamoDB refuses, go the SDK's way: credentials, region, endpoint and exceptions are its own.
import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export interface Patience {
  /** For a line to be open. */
  readonly connectionTimeout: number;
  /** For the whole answer. */
  readonly requestTimeout: number;
}

/** Their inputs and answers hold text, numbers, bytes and nothing else, so that no schema is needed to read them. */
const ON_ITEMS: ReadonlySet<string> = new Set([
  'GetItem',
  'BatchGetItem',
  'Query',
  'Scan',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchWriteItem',
  'BatchExecuteStatement',
  'TransactWriteItems',
]);

const CONTENT_TYPE = 'application/x-amz-json-1.0';
const MAX_SOCKETS = 64;

/** Gives the client the short way. What is added to its middleware stack (step `initialize`) sees these calls as all others. */
export const callDirectly = (client: DynamoDBClient, patience: Patience): DynamoDBClient => {
  const { config } = client;
  const sign = signer();
  let line: Promise<Line> | undefined;
  const opened = (): Promise<Line> => {
    line ??= lineOf(config);
    line.catch(() => {
      line = undefined;
    });
    return line;
  };
  client.middlewareStack.add(
    (next, context) => {
      const operation = String(context.commandName).replace(/Command$/, '');
      if (!ON_ITEMS.has(operation)) return next;
      const target = `DynamoDB_20120810.${operation}`;
      return async ({ input }) => {
        const to = await opened();
        const body = JSON.stringify(written(input));
        const headers = sign(to, target, body, await config.credentials());
        const response = await exchange(to, headers, body, patience);
        if (response.statusCode !== 200) return refused(client, context, response);
        const output = JSON.parse(response.body.toString()) as Record<string, unknown>;
        revive(output);
        output.$metadata = { httpStatusCode: 200, requestId: response.headers['x-amzn-requestid'], attempts: 1 };
        return { response, output: output as never };
      };
    },
    { step: 'initialize', priority: 'low', name: 'direct-calls' },
  );
  const { destroy } = client;
  client.destroy = () => {
    line?.then(({ agent }) => agent.destroy()).catch(() => {});
    destroy.call(client);
  };
  return client;
};

type Config = DynamoDBClient['config'];

/** Where requests go, and over which lines. */
interface Line {
  readonly endpoint: URL;
  readonly region: string;
  readonly request: typeof http.request;
  readonly agent: http.Agent;
}

const lineOf = async (config: Config): Promise<Line> => {
  const region = await config.region();
  const endpoint = await endpointOf(config, region);
  const options = { keepAlive: true, maxSockets: MAX_SOCKETS };
  return endpoint.protocol === 'http:'
    ? { endpoint, region, request: http.request, agent: new http.Agent(options) }
    : { endpoint, region, request: https.request, agent: new https.Agent(options) };
};

/** As the SDK has it: what the client was given, then the standard environment variables, then the service's own rules. */
const endpointOf = async (config: Config, region: string): Promise<URL> => {
  if (config.endpoint) {
    const { protocol, hostname, port } = await config.endpoint();
    return new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`);
  }
  const given = process.env.AWS_ENDPOINT_URL_DYNAMODB ?? process.env.AWS_ENDPOINT_URL;
  return given === undefined ? config.endpointProvider({ Region: region }).url : new URL(given);
};

/** A copy with bytes as DynamoDB's JSON has them. */
const written = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (Array.isArray(value)) return value.map(written);
  const copy: Record<string, unknown> = {};
  for (const name in value) copy[name] = written((value as Record<string, unknown>)[name]);
  return copy;
};

/**
 * Turns bytes back, in place. A text under `B` is an attribute's bytes: an attribute that is itself named `B` holds an object there,
 * and no answer about items has such a field.
 */
const revive = (value: object): void => {
  if (Array.isArray(value)) {
    for (const one of value) if (typeof one === 'object' && one !== null) revive(one);
    return;
  }
  const fields = value as Record<string, unknown>;
  for (const name in fields) {
    const one = fields[name];
    if (typeof one === 'object' && one !== null) revive(one);
    else if (name === 'B' && typeof one === 'string') fields.B = Buffer.from(one, 'base64');
  }
};

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * Signature Version 4 of one kind of request: POST to `/`, no query.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
const signer = () => {
  let held: { readonly name: string; readonly key: KeyObject } | undefined;
  /** The same for a day, and as a key object, since preparing a key costs Node more than the hash. */
  const keyOf = (day: string, region: string, secret: string): KeyObject => {
    const name = `${day} ${region} ${secret}`;
    if (held?.name === name) return held.key;
    const parts = [day, region, 'dynamodb', 'aws4_request'];
    const key = parts.reduce<string | Buffer>(
      (from, part) => createHmac('sha256', from).update(part).digest(),
      `AWS4${secret}`,
    );
    held = { name, key: createSecretKey(key as Buffer) };
    return held.key;
  };

  return ({ endpoint, region }: Line, target: string, body: string, credentials: Credentials) => {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const date = new Date().toISOString().replace(/[:-]|\.\d{3}/g, '');
    const day = date.slice(0, 8);
    const signed: Record<string, string> = {
      'content-type': CONTENT_TYPE,
      host: endpoint.host,
      'x-amz-date': date,
      ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
      'x-amz-target': target,
    };
    const names = Object.keys(signed); // in order, as they must be
    const lines = names.map((name) => `${name}:${signed[name]}\n`).join('');
    const canonical = `POST\n/\n\n${lines}\n${names.join(';')}\n${hash('sha256', body)}`;
    const scope = `${day}/${region}/dynamodb/aws4_request`;
    const signature = createHmac('sha256', keyOf(day, region, secretAccessKey))
      .update(`AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash('sha256', canonical)}`)
      .digest('hex');
    return {
      ...signed,
      'content-length': String(Buffer.byteLength(body)),
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
    };
  };
};

interface Response {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** One request and its whole answer. Rejects when the line is cut or time is up: the request may have been carried out all the same. */
const exchange = (
  { endpoint, request, agent }: Line,
  headers: Record<string, string>,
  body: string,
  { connectionTimeout, requestTimeout }: Patience,
): Promise<Response> =>
  new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    const giveUp = (what: string) => {
      const error = Object.assign(new Error(`DynamoDB: ${what}`), { name: 'TimeoutError', $metadata: {} });
      fail(error);
      asked.destroy(error);
    };
    const first = Math.min(connectionTimeout, requestTimeout);
    let timer = setTimeout(() => {
      if (asked.socket?.connecting) return giveUp('no line could be opened in time');
      timer = setTimeout(() => giveUp('no answer in time'), requestTimeout - first);
    }, first);
    const asked = request(
      { host: endpoint.hostname, port: endpoint.port, method: 'POST', path: '/', agent, headers },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', fail); // cut in the middle
        answer.once('end', () => {
          clearTimeout(timer);
          const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
          resolve({
            statusCode: answer.statusCode ?? 0,
            headers: answer.headers as Record<string, string>,
            body: whole,
          });
        });
      },
    );
    asked.once('error', fail);
    asked.end(body);
  });

const SMITHY_CONTEXT = '__smithy_context';

/** Throws what the SDK throws for such an answer: its exceptions, with their fields and `$metadata`. */
const refused = async (
  { config }: DynamoDBClient,
  context: Record<string, unknown>,
  response: Response,
): Promise<never> => {
  const { operationSchema } = context[SMITHY_CONTEXT] as { operationSchema: [unknown, ...unknown[]] };
  const [, namespace, name, traits, input, output] = operationSchema;
  const read = config.protocol.deserializeResponse as (...of: unknown[]) => Promise<never>;
  return read.call(
    config.protocol,
    { namespace, name, traits, input, output },
    { ...config, ...context },
    { ...response, body: new Uint8Array(response.body) },
  );
};
