// The other regions of a chart, in a process of their own: what they need of a processor is not the asking region's, as in AWS.
import { type ChildProcess, fork } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { type Answered, link, type Node, openNode, time } from '../../functions/federation/world.ts';

export const RECORDS = 50;
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

type Ask = (Others & { readonly kind: 'open' }) | Call;
export interface Others {
  /** Of each: how long it takes over an answer. */
  readonly delaysMs: readonly number[];
  /** What it has answered once it says again, without computing: seven regions on two cores are no seven regions. */
  readonly isReplayed: boolean;
}
interface Call {
  readonly kind: 'call';
  readonly oid: string;
  readonly args: Parameters<Node['call']>;
}
type Named = Pick<Node, 'oid' | 'name' | 'baseUrl'>;

export const fill = async (node: Node): Promise<string> => {
  const person = await node.person();
  for (let n = 0; n < RECORDS; n += 1)
    await node.observe(
      person,
      `2026-${String(1 + (n % 10)).padStart(2, '0')}-${String(1 + (n % 28)).padStart(2, '0')}`,
    );
  return person;
};

export const openNumbered = (n: number): Promise<Node> =>
  openNode({ oid: `2.999.${100 + n}`, name: `Region ${n + 1}`, prefecture: String(36 - n).padStart(2, '0') });

/** Linked with `own`, each with the person's records, answering after a delay. */
export const openOthers = async (own: Node, asked: Others): Promise<{ stop(): Promise<void> }> => {
  if (asked.delaysMs.length === 0) return { stop: async () => {} };
  const child = fork(fileURLToPath(import.meta.url), { execArgv: [] });
  const send = asker(child);
  const others = (await send({ kind: 'open', ...asked })) as Named[];
  for (const other of others)
    await link(own, {
      ...other,
      call: (...args) => send({ kind: 'call', oid: other.oid, args }) as Promise<Answered>,
    });
  return {
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await ended;
    },
  };
};

const asker = (child: ChildProcess) => {
  let last = 0;
  return (ask: Ask): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++last;
      const heard = (message: { id: number; answer?: unknown; error?: string }) => {
        if (message.id !== id) return;
        child.off('message', heard);
        if (message.error === undefined) resolve(message.answer);
        else reject(new Error(message.error));
      };
      child.on('message', heard);
      child.send({ id, now: time.now, ask });
    });
};

interface Recorded {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly bytes: Buffer;
}

/** Answers what was asked before as it was answered then; of anything else it takes down the answer. */
const replaying = () => {
  const known = new Map<string, Recorded>();
  return (request: IncomingMessage, response: ServerResponse, body: Buffer): boolean => {
    const name = `${request.url} ${body}`;
    const found = known.get(name);
    if (found) {
      response.writeHead(found.status, found.headers);
      response.end(found.bytes);
      return true;
    }
    const [writeHead, end] = [response.writeHead.bind(response), response.end.bind(response)];
    let headers: Record<string, string> = {};
    response.writeHead = ((status: number, given: Record<string, string>) => {
      headers = given;
      return writeHead(status, given);
    }) as typeof response.writeHead;
    response.end = ((bytes: Buffer) => {
      known.set(name, { status: response.statusCode, headers, bytes });
      return end(bytes);
    }) as typeof response.end;
    return false;
  };
};

const serve = () => {
  const nodes = new Map<string, Node>();
  const open = async ({ delaysMs, isReplayed }: Others): Promise<Named[]> => {
    for (const [n, delayMs] of delaysMs.entries()) {
      const node = await openNumbered(n + 1);
      await fill(node);
      const replay = replaying();
      node.misbehave = async (request, response, body) => {
        if (!request.url?.includes('/answer/')) return false;
        await wait(delayMs);
        return isReplayed && replay(request, response, body);
      };
      nodes.set(node.oid, node);
    }
    return [...nodes.values()].map(({ oid, name, baseUrl }) => ({ oid, name, baseUrl }));
  };
  process.on('message', ({ id, now, ask }: { id: number; now: number; ask: Ask }) => {
    time.now = now;
    const answer = ask.kind === 'open' ? open(ask) : nodes.get(ask.oid)!.call(...ask.args);
    answer.then(
      (found) => process.send!({ id, answer: found }),
      (error) => process.send!({ id, error: String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
};

if (import.meta.main) serve();
