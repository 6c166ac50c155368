// The other regions of a chart, in a process of their own: what they need of a processor is not the asking region's, as in AWS.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Answered, link, type Node, openNode, time } from '../../functions/federation/world.ts';

export const RECORDS = 50;
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

type Ask = { readonly kind: 'open'; readonly count: number; readonly delayMs: number } | Call;
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
export const openOthers = async (own: Node, count: number, delayMs: number): Promise<{ stop(): Promise<void> }> => {
  if (count === 0) return { stop: async () => {} };
  const child = fork(fileURLToPath(import.meta.url), { execArgv: [] });
  const send = asker(child);
  const others = (await send({ kind: 'open', count, delayMs })) as Named[];
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

const serve = () => {
  const nodes = new Map<string, Node>();
  const open = async ({ count, delayMs }: Extract<Ask, { kind: 'open' }>): Promise<Named[]> => {
    for (let n = 1; n <= count; n += 1) {
      const node = await openNumbered(n);
      await fill(node);
      node.misbehave = async (request) => {
        if (request.url?.includes('/answer/')) await wait(delayMs);
        return false;
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
