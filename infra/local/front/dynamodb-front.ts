// Between the functions and DynamoDB Local: asks IAM about every call and passes the bytes on.
// A plain byte relay rather than an HTTP proxy, because every benchmark runs through it: answers are not looked at,
// and a request costs one JSON.parse: 0.02-0.04 ms of processor time a call (docs/local.md).
import { connect, createServer, type Socket } from 'node:net';
import type { Iam, Principal, Wanted } from '../iam.ts';
import type { Listening } from './service.ts';

export interface TableAccess {
  readonly arn: string;
  /** The customer-managed key: without `kms:Decrypt` on it DynamoDB refuses to touch the table. */
  readonly keyArn: string | undefined;
}

export interface DynamoDbFront extends Listening {
  addTable(name: string, access: TableAccess): void;
}

type Body = Record<string, unknown>;

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 32 * 1024 * 1024;

export const openDynamoDbFront = async (upstream: string, iam: Iam): Promise<DynamoDbFront> => {
  const { hostname, port } = new URL(upstream);
  const tables = new Map<string, TableAccess>();
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true, keepAlive: true }, (client) => {
    open.add(client);
    client.once('close', () => open.delete(client));
    relay(client, () => connect({ host: hostname, port: Number(port), noDelay: true, keepAlive: true }), iam, tables);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`,
    addTable: (name, access) => void tables.set(name, access),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
};

/** One client connection, with one connection to DynamoDB Local of its own: no answer can reach the wrong caller. */
const relay = (client: Socket, dial: () => Socket, iam: Iam, tables: ReadonlyMap<string, TableAccess>) => {
  let received: Buffer[] = [];
  let size = 0;
  let store: Socket | undefined;

  const toStore = (request: Buffer) => {
    if (!store || store.destroyed) {
      const fresh = dial();
      store = fresh;
      fresh.on('data', (chunk) => void client.write(chunk));
      fresh.on('error', () => {});
      fresh.on('close', () => client.destroy()); // the caller sees a dropped connection, as it is
    }
    store.write(request);
  };

  const answer = (request: Buffer, refusal: Refusal | undefined) => {
    if (client.destroyed) return;
    if (refusal) client.write(refusalBytes(refusal));
    else toStore(request);
  };

  const take = () => {
    for (;;) {
      const buffer = received.length === 1 ? received[0]! : Buffer.concat(received, size);
      received = [buffer];
      const end = buffer.indexOf('\r\n\r\n');
      if (end < 0) {
        if (size > MAX_HEAD_BYTES) client.destroy();
        return;
      }
      const head = buffer.toString('latin1', 0, end + 2);
      const length = Number(header(head, 'content-length') ?? 0);
      if (!(length <= MAX_BODY_BYTES) || /\r\ntransfer-encoding:/i.test(head)) return void client.destroy();
      const total = end + 4 + length;
      if (size < total) return;
      const request = size === total ? buffer : buffer.subarray(0, total);
      received = size === total ? [] : [buffer.subarray(total)];
      size -= total;

      const refusal = judge(head, request.subarray(end + 4), iam, tables);
      if (refusal instanceof Promise) {
        refusal.then(
          (found) => answer(request, found),
          () => client.destroy(),
        );
      } else answer(request, refusal);
      if (size === 0) return;
    }
  };

  client.on('data', (chunk) => {
    received.push(chunk);
    size += chunk.length;
    take();
  });
  client.on('error', () => {});
  client.on('close', () => store?.destroy());
};

const header = (head: string, name: string): string | undefined => {
  const found = new RegExp(`\r\n${name}:[ \t]*([^\r]*)`, 'i').exec(head);
  return found?.[1];
};

interface Refusal {
  readonly type: string;
  readonly message: string;
}

const judge = (
  head: string,
  body: Buffer,
  iam: Iam,
  tables: ReadonlyMap<string, TableAccess>,
): Refusal | undefined | Promise<Refusal | undefined> => {
  const key = /Credential=([^/,]+)\//.exec(header(head, 'authorization') ?? '')?.[1];
  const principal = key === undefined ? undefined : iam.principal(key);
  if (!principal) {
    return { type: 'UnrecognizedClientException', message: 'The security token included in the request is invalid.' };
  }
  if (principal.operator) return undefined;
  const operation = header(head, 'x-amz-target')?.split('.').at(-1) ?? '';
  let parsed: Body;
  try {
    parsed = JSON.parse(body.toString()) as Body;
  } catch {
    return { type: 'SerializationException', message: 'The request is no JSON' };
  }
  const refusal = iam.refusal(principal, wantedOf(operation, parsed, principal, tables));
  return refusal instanceof Promise ? refusal.then(denied) : denied(refusal);
};

const denied = (message: string | undefined): Refusal | undefined =>
  message === undefined ? undefined : { type: 'AccessDeniedException', message };

/** What IAM is asked for a call: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html */
export const wantedOf = (
  operation: string,
  body: Body,
  principal: Pick<Principal, 'arn'>,
  tables: ReadonlyMap<string, TableAccess>,
): Wanted[] => {
  const wanted: Wanted[] = [];
  const add = (action: string, tableName: unknown, indexName?: unknown) => {
    const name = String(tableName).split('table/').at(-1)!;
    const known = tables.get(name);
    const arn = known?.arn ?? `arn:aws:dynamodb:ap-northeast-1:${principal.arn.split(':')[4]}:table/${name}`;
    wanted.push({ action: `dynamodb:${action}`, resource: indexName ? `${arn}/index/${indexName}` : arn });
    if (known?.keyArn) wanted.push({ action: 'kms:Decrypt', resource: known.keyArn, via: 'dynamodb' });
  };
  switch (operation) {
    case 'BatchGetItem':
    case 'BatchWriteItem':
      for (const name of Object.keys((body['RequestItems'] ?? {}) as Body)) add(operation, name);
      break;
    case 'BatchExecuteStatement':
      for (const [kind, name] of new Map(statementsIn(body).map((found) => [found.join(' '), found])).values())
        add(kind, name);
      break;
    case 'TransactGetItems':
    case 'TransactWriteItems':
      for (const item of (body['TransactItems'] ?? []) as Record<string, Body>[]) {
        for (const [kind, { TableName }] of Object.entries(item)) add(TRANSACT[kind] ?? kind, TableName);
      }
      break;
    default:
      if (body['TableName'] === undefined) wanted.push({ action: `dynamodb:${operation}`, resource: '*' });
      else add(operation, body['TableName'], body['IndexName']);
  }
  return wanted;
};

/** What each statement does, and to which table; one that we do not know asks for what nobody has. */
const statementsIn = (body: Body): [action: string, table: string][] =>
  ((body['Statements'] ?? []) as { Statement?: unknown }[]).map(({ Statement }) => {
    const [, verb = '', table = ''] = /^\s*(INSERT INTO|UPDATE|DELETE FROM) +"([^"]+)"/i.exec(String(Statement)) ?? [];
    return [PARTIQL[verb.toUpperCase()] ?? 'PartiQLSelect', table];
  });

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html */
const PARTIQL: Record<string, string> = {
  'INSERT INTO': 'PartiQLInsert',
  UPDATE: 'PartiQLUpdate',
  'DELETE FROM': 'PartiQLDelete',
};

const TRANSACT: Record<string, string> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
  ConditionCheck: 'ConditionCheckItem',
};

const refusalBytes = ({ type, message }: Refusal): string => {
  const body = JSON.stringify({ __type: `com.amazon.coral.service#${type}`, Message: message, message });
  return [
    'HTTP/1.1 400 Bad Request',
    'content-type: application/x-amz-json-1.0',
    `content-length: ${Buffer.byteLength(body)}`,
    'x-amzn-requestid: local',
    '',
    body,
  ].join('\r\n');
};
