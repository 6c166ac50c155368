// The agent's other way: notifications fetched over HTTP, delivered over MLLP. A real server and a real consumer, both of this test.
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { frame, unframer } from '../../../infra/operations/mllp-framing.ts';
import { type Notifier, startNotifier } from '../../../infra/operations/mllp-notify.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const portOf = (server: Server | HttpServer): number => (server.address() as AddressInfo).port;
const message = (id: string) =>
  `MSH|^~\\&|TSUMUGI|T|PIX|H|20261122||ADT^A31^ADT_A05|${id}|P|2.5||||||UNICODE UTF-8\rEVN|A31|20261122\r` +
  `PID|||A-${id}^^^3610000001&1.2.3&ISO^PI||^^^^^^S\rPV1||N\r`;

/** A region with these pages: page n stands behind cursor `cn`, and the last one is empty for ever. */
const region = async (...pages: string[][]) => {
  const asked: string[] = [];
  const state = { isDown: false };
  const server = createHttp((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://x');
    const since = searchParams.get('since');
    asked.push(`${since ?? ''} ${request.headers.authorization}`);
    if (state.isDown) return void response.writeHead(503).end();
    const at = since === null ? -1 : Number(since.slice(1));
    const notifications = pages[at]?.map(message) ?? [];
    const next = `c${Math.min(at + 1, pages.length)}`;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ notifications, next, more: at + 1 < pages.length }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => server.close());
  return { url: `http://127.0.0.1:${portOf(server)}/ihe/updates`, asked, state };
};

/** A PIX consumer; `answer` says what it says to the nth try of a message, undefined: it hangs up. */
const consumer = async (answer: (id: string, tries: number) => string | undefined) => {
  const heard: string[] = [];
  const server = createServer((socket) => {
    const unframe = unframer();
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      for (const one of unframe(chunk)) {
        const id = one.toString().split('|')[9] ?? '';
        heard.push(id);
        const code = answer(id, heard.filter((other) => other === id).length);
        if (code === undefined) socket.destroy();
        else socket.write(frame(Buffer.from(`MSH|^~\\&|PIX|H|TSUMUGI|T|20261122||ACK|x|P|2.5\rMSA|${code}|${id}\r`)));
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => server.close());
  return { to: { host: '127.0.0.1', port: portOf(server) }, heard };
};

const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'mllp-notify-'));
  closing.push(() => rmSync(path, { recursive: true }));
  return join(path, 'cursor');
};

const start = (parts: { url: string; to: { host: string; port: number }; cursorFile: string; log?: string[] }) => {
  const { log, ...rest } = parts;
  const notifier: Notifier = startNotifier({
    ...rest,
    token: async () => 't0ken',
    intervalMs: 5,
    retryMs: 1,
    log: (line) => log?.push(line),
  });
  closing.push(() => notifier.stop());
  return notifier;
};

const kept = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
const until = (file: string, cursor: string) => vi.waitFor(() => expect(kept(file)).toBe(cursor), 240_000);

it('begins to listen at its first start, and delivers each page in order, with the facility’s token', async () => {
  const { url, asked } = await region(['1', '2'], ['3']);
  const { to, heard } = await consumer(() => 'AA');
  const cursorFile = folder();
  start({ url, to, cursorFile });
  await until(cursorFile, 'c2');
  expect(heard).toEqual(['1', '2', '3']);
  expect(asked.slice(0, 3)).toEqual([' Bearer t0ken', 'c0 Bearer t0ken', 'c1 Bearer t0ken']);
  expect(statSync(cursorFile).mode & 0o777).toBe(0o600);
});

it('tries again what is answered AE or not at all, and moves on only when it is taken', async () => {
  const { url } = await region(['1', '2']);
  const cursorFile = folder();
  const seen: (string | undefined)[] = [];
  const { to, heard } = await consumer((id, tries) => {
    seen.push(kept(cursorFile));
    return id === '1' ? [undefined, 'AE', 'AA'][tries - 1] : 'AA';
  });
  writeFileSync(cursorFile, 'c0');
  start({ url, to, cursorFile });
  await until(cursorFile, 'c1');
  expect(heard).toEqual(['1', '1', '1', '2']);
  expect(new Set(seen)).toEqual(new Set(['c0']));
});

it('sets aside what is refused for good, with its number and nothing of what it says', async () => {
  const { url } = await region(['1', '2', '3']);
  const { to, heard } = await consumer((id) => ({ '1': 'AR', '2': 'AE' })[id] ?? 'AA');
  const cursorFile = folder();
  const log: string[] = [];
  start({ url, to, cursorFile, log });
  await until(cursorFile, 'c1');
  expect(heard).toEqual(['1', ...Array.from({ length: 10 }, () => '2'), '3']);
  expect(log.filter((line) => line.includes('set aside'))).toEqual([
    'notification 1 was refused (AR) and is set aside',
    'notification 2 was refused (AE) and is set aside',
  ]);
  expect(log.join()).not.toContain('A-1');
});

it('goes on after a restart where it stood, and tells again what had not been answered', async () => {
  const { url, state } = await region(['1'], ['2', '3']);
  const cursorFile = folder();
  let isHanging = true;
  const { to, heard } = await consumer((id) => (id === '3' && isHanging ? undefined : 'AA'));
  const first = start({ url, to, cursorFile });
  await vi.waitFor(() => expect(heard).toContain('3'), 240_000);
  await first.stop();
  expect(kept(cursorFile)).toBe('c1');

  isHanging = false;
  state.isDown = true;
  heard.length = 0;
  const log: string[] = [];
  start({ url, to, cursorFile, log });
  await vi.waitFor(() => expect(log).toContain('no notifications were fetched: the region answered 503'), 240_000);
  state.isDown = false;
  await until(cursorFile, 'c2');
  expect(heard).toEqual(['2', '3']);
});
