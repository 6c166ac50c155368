// A gateway that asks for a client certificate is shown the region's own, the one that its assertions are signed under.
import { createServer } from 'node:https';
import type { AddressInfo, LookupFunction } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type IheAsking, openIheGateway } from '../../../functions/federation/ihe-gateway.ts';
import { openPeerHttp, type Sending } from '../../../functions/federation/peer-http.ts';
import { openXuaKeys, type XuaKeys } from '../../../functions/federation/xua-key.ts';
import { memoryRowStore } from '../../../functions/services/row-store.ts';
import { openTestKms, type TestKms } from '../../support/kms.ts';
import { testKey } from '../ihe/support/certificate.ts';
import { CONTRACT } from '../ihe/support/community.ts';
import { doctorAt } from './world.ts';

const clock = () => Date.now();
const DAY = 86_400_000;
const keyOf = (name: string) => {
  const { privateKey: key, certificate: cert } = testKey(name, Date.now() - DAY, Date.now() + DAY);
  return { key, cert };
};
const HOST = 'gateway.example.jp';
const loopback: LookupFunction = (_, options, done) =>
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);

const [strangers, theirs] = [keyOf('2.999.66'), keyOf(HOST)];
let kms: TestKms;
let keys: XuaKeys;
let ours: { readonly key: string; readonly cert: string };
let server: ReturnType<typeof createServer>;

beforeAll(async () => {
  kms = await openTestKms();
  keys = openXuaKeys({ ...kms, rows: memoryRowStore(), community: '2.999.36.1', clock });
  ours = (await keys.signer()).tls();
  server = createServer(
    { ...theirs, ca: [ours.cert], requestCert: true, rejectUnauthorized: true },
    (request, response) => response.end((request.socket as TLSSocket).getPeerCertificate().subject.CN),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await kms?.stop();
  server?.closeAllConnections();
  server?.close();
});

const ask = async (
  client: Sending['client'],
  peers = openPeerHttp({ world: { lookup: loopback, ca: [theirs.cert] } }),
) => {
  const url = `https://${HOST}:${(server.address() as AddressInfo).port}/xcpd`;
  const { status, bytes } = await peers.post(url, 'x', { signal: AbortSignal.timeout(20_000), mostBytes: 100, client });
  return `${status} ${bytes}`;
};

it('is let in by it, and by no other and not without', async () => {
  expect(await ask(ours)).toBe('200 2.999.36.1');
  for (const client of [undefined, strangers])
    await expect(ask(client)).rejects.toMatchObject({ code: 'transient', message: 'it could not be reached' });
});

it('shows it on connections of its own: what needs none shows none', async () => {
  const peers = openPeerHttp({ world: { lookup: loopback, ca: [theirs.cert] } });
  expect(await ask(ours, peers)).toBe('200 2.999.36.1');
  await expect(ask(undefined, peers)).rejects.toMatchObject({ code: 'transient' });
});

it('is shown to a community whose contract says so', async () => {
  const sent: (Sending['client'] | 'none')[] = [];
  const gateway = openIheGateway({
    community: '2.999.36.1',
    peers: {
      post: async (_url, _body, { client }) => {
        sent.push(client ?? 'none');
        return { status: 503, headers: {}, bytes: Buffer.alloc(0) };
      },
    },
    signer: () => keys.signer(),
    pseudonym: (subject) => subject,
    clock,
  });
  const asking = (): IheAsking => ({
    ...{ actor: doctorAt('3610000001'), purpose: 'TREAT', requestId: 'r', room: { bytes: 1_000_000 } },
    signal: AbortSignal.timeout(20_000),
  });
  const read = (mutualTls: boolean | undefined) =>
    gateway
      .read(
        { ...CONTRACT, ihe: { ...CONTRACT.ihe, mutualTls } },
        'P^^^&1.2&ISO',
        { type: 'DocumentReference', id: 'x' },
        asking(),
      )
      .catch(() => undefined);
  await read(undefined);
  await read(true);
  const { certificate } = await keys.signer();
  expect(sent).toEqual(['none', { cert: certificate, key: expect.stringContaining('PRIVATE KEY') }]);
});
