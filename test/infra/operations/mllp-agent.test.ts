// The agent that stands in a facility: MLLP on one side, HTTP on the other, a real socket and a real server between.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { handleHl7 } from '../../../functions/ihe/hl7v2/handle.ts';
import { HL7_MEDIA_TYPE, startAgent, systemToken } from '../../../infra/operations/mllp-agent.ts';
import { frame, unframer } from '../../../infra/operations/mllp-framing.ts';
import { memoryIndex } from '../../functions/ihe/support/memory-index.ts';

const MESSAGE = Buffer.from(
  'MSH|^~\\&|EMR|CLINIC|REGION|TSUMUGI|20261122100000||ADT^A04^ADT_A01|M1|P|2.5||||||UNICODE UTF-8\rEVN||20261122\r' +
    'PID|||A1^^^EMR&1.2.3&ISO||山田^太郎^^^^^L^I\rPV1||O\r',
);

const open: (Server | Socket)[] = [];
afterEach(() => {
  for (const one of open.splice(0)) 'close' in one ? one.close() : one.destroy();
});

const region = async (): Promise<{ url: string; tokens: (string | undefined)[] }> => {
  const index = memoryIndex({ oid: '1.2.3', name: 'EMR', senders: ['EMR'] });
  const tokens: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    tokens.push(request.headers.authorization);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const self = () => ({ application: 'REGION', facility: 'TSUMUGI', now: 0, newId: () => 'id' });
    const answer = await handleHl7(Buffer.concat(chunks), { index, self });
    response.writeHead(200, { 'content-type': HL7_MEDIA_TYPE }).end(answer);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  open.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ihe/hl7v2`, tokens };
};

const agentFor = async (url: string): Promise<Socket> => {
  const server = await startAgent({ url, token: async () => 't0ken', port: 0 });
  open.push(server);
  const { address, port } = server.address() as AddressInfo;
  expect(address).toBe('127.0.0.1');
  const socket = connect(port, address);
  open.push(socket);
  await once(socket, 'connect');
  return socket;
};

const answers = (socket: Socket, count: number): Promise<string[]> =>
  new Promise((resolve) => {
    const unframe = unframer();
    const found: string[] = [];
    socket.on('data', (chunk) => {
      found.push(...unframe(chunk).map((one) => one.toString()));
      if (found.length >= count) resolve(found);
    });
  });

it('gives each message to the region with the facility’s token, in order, however the bytes are cut', async () => {
  const { url, tokens } = await region();
  const socket = await agentFor(url);
  const replies = answers(socket, 2);
  const bytes = Buffer.concat([frame(MESSAGE), frame(Buffer.from(MESSAGE.toString().replace('|M1|', '|M2|')))]);
  for (let at = 0; at < bytes.length; at += 7) socket.write(bytes.subarray(at, at + 7));

  expect((await replies).map((text) => /MSA\|(AA)\|(M\d)/.exec(text)?.slice(1))).toEqual([
    ['AA', 'M1'],
    ['AA', 'M2'],
  ]);
  expect(tokens).toEqual(['Bearer t0ken', 'Bearer t0ken']);
});

it('says AR when the region is not reached, so that the sender keeps the message', async () => {
  const socket = await agentFor('http://127.0.0.1:1/ihe/hl7v2');
  const replies = answers(socket, 1);
  socket.write(frame(MESSAGE));

  const [reply] = await replies;
  expect(reply).toContain('MSA|AR|M1');
  expect(reply).not.toContain('山田');
});

it('answers what is under way when it is stopped, and waits for no system that keeps its connection', async () => {
  const { url } = await region();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let asked = () => {};
  const isUnderWay = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const token = async () => {
    asked();
    await held;
    return 't0ken';
  };
  const agent = await startAgent({ url, token, port: 0 });
  // Half open: neither of the two closes its own side.
  const system = () => connect({ port: (agent.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const [busy, idle] = [system(), system()] as const;
  open.push(busy, idle);
  await Promise.all([once(busy, 'connect'), once(idle, 'connect')]);
  const replies = answers(busy, 1);
  idle.resume();
  busy.write(frame(MESSAGE));
  await isUnderWay;

  const stopped = agent.stop();
  release();
  expect((await replies)[0]).toContain('MSA|AA|M1');
  await stopped;
  expect(agent.listening).toBe(false);
});

it('says what is wrong with its arguments and ends: an address that is not encrypted above all', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mllp-agent-'));
  const key = join(folder, 'key.jwk');
  writeFileSync(key, '{"kty":"EC"}');
  const said = (url: string, tokens: string, ...more: string[]) =>
    new Promise<string>((resolve) => {
      const args = ['--url', url, '--token-url', tokens, '--client', 'c', '--key', key, ...more];
      execFile(process.execPath, ['infra/operations/mllp-agent.ts', ...args], (error, _, stderr) =>
        resolve(`${error?.code} ${stderr.trim()}`),
      );
    });
  const good = ['https://region.example/ihe/hl7v2', 'https://region.example/auth/token'] as const;
  const all = await Promise.all([
    said('http://region.example/ihe/hl7v2', good[1]),
    said(good[0], 'http://region.example/auth/token'),
    said(...good, '--notify', 'nobody'),
  ]);
  rmSync(folder, { recursive: true });
  expect(all).toEqual([
    '1 --url must be an https address',
    '1 --token-url must be an https address',
    '1 --notify is HOST:PORT, and --interval whole seconds',
  ]);
});

it('closes a connection that speaks no MLLP', async () => {
  const socket = await agentFor('http://127.0.0.1:1/');
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await once(socket, 'close');
});

describe('framing', () => {
  it('takes what it wrote, in any pieces', () => {
    const take = unframer();
    const bytes = Buffer.concat([frame(Buffer.from('a')), Buffer.from('\r\n'), frame(Buffer.from('b'))]);
    expect([...bytes].flatMap((byte) => take(Buffer.of(byte))).map(String)).toEqual(['a', 'b']);
  });

  it('refuses more than it was told to take', () => {
    expect(() => unframer(3)(Buffer.from('\x0babcd'))).toThrow(/more than 3 bytes/);
  });

  it('refuses an end without its CR', () => {
    expect(() => unframer()(Buffer.from('\x0ba\x1cb'))).toThrow(/CR/);
  });
});

it('asks for a token once, with an assertion signed by the facility’s key', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES384', { extractable: true });
  const asked: string[] = [];
  const send = async (_: unknown, init?: RequestInit) => {
    asked.push(String((init?.body as URLSearchParams | undefined)?.get('client_assertion')));
    return Response.json({ access_token: 'abc', expires_in: 600 });
  };
  const token = systemToken('https://t.example/token', 'client-1', await exportJWK(privateKey), send as typeof fetch);

  expect([await token(), await token()]).toEqual(['abc', 'abc']);
  expect(asked).toHaveLength(1);
  const { payload } = await jwtVerify(asked[0] ?? '', publicKey, { audience: 'https://t.example/token' });
  expect([payload.iss, payload.sub]).toEqual(['client-1', 'client-1']);
});
