// Who may ask: link contracts of both sides, assertions and their proofs, addresses.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTokenKeys } from '../../../functions/auth/token-keys.ts';
import type { Sign } from '../../../functions/federation/assertion.ts';
import { openAsserter } from '../../../functions/federation/assertion.ts';
import { isPrivateAddress, openPeerHttp } from '../../../functions/federation/peer-http.ts';
import { ecKey, kmsWith } from '../auth/given.ts';
import { desk, doctorAt, later, link, type Node, OPERATOR, openNode, proposalOf, TERMS, time } from './world.ts';

let east: Node;
let west: Node;
const doctor = doctorAt('0310000001', { facilityType: 'hospital' });

beforeAll(async () => {
  east = await openNode({ oid: '2.999.36', name: 'East', prefecture: '36' });
  west = await openNode({ oid: '2.999.3', name: 'West', prefecture: '03', consentDefault: 'own-facility' });
});
afterAll(async () => {
  await Promise.all([east, west].map((node) => node?.stop()));
});
beforeEach(() => later(3_000));

describe('a link contract', () => {
  const of = (node: Node, peer: Node) => node.call(OPERATOR, 'GET', `/federation/contracts/${peer.oid}`);

  it('comes into force step by step, from both sides, and in no other order', async () => {
    await east.call(OPERATOR, 'POST', '/federation/contracts', { body: proposalOf(west) });
    expect((await desk(east, 'approve', west)).status).toBe(409); // the other side has said nothing
    await west.call(OPERATOR, 'POST', '/federation/contracts', { body: proposalOf(east) });
    later(3_000);
    expect((await of(east, west)).body.peer?.state).toBe('proposed');
    expect((await desk(east, 'activate', west)).status).toBe(409);
    expect((await desk(east, 'approve', west)).status).toBe(200);
    later(3_000);
    expect((await desk(east, 'activate', west)).status).toBe(409); // they have not approved yet
    expect((await desk(west, 'approve', east)).status).toBe(200);
    later(3_000);
    expect((await desk(east, 'activate', west)).body.inForce).toBe(false);
    later(3_000);
    expect((await desk(west, 'activate', east)).body.inForce).toBe(true);
    later(3_000);
    expect((await of(east, west)).body.inForce).toBe(true);
  });

  it('is for the desk alone; what is agreed with whom, everybody may know', async () => {
    expect((await east.call(doctor, 'GET', '/federation/contracts')).status).toBe(403);
    const { status, body } = await east.call(
      { ...doctor, kind: 'resident', role: 'resident' },
      'GET',
      '/federation/communities',
    );
    expect(status).toBe(200);
    expect(body.communities).toEqual([expect.objectContaining({ name: 'West', inForce: true })]);
  });

  it.each(['2026-11-20', '2026-02-31', '2026-19-39'])(
    'cannot be agreed on until %s: that day is over, or none',
    async (until) => {
      const stranger = { oid: '2.999.9', name: 'Stranger', baseUrl: 'http://127.0.0.1:9' };
      const { status, body } = await east.call(OPERATOR, 'POST', '/federation/contracts', {
        body: proposalOf(stranger, { ...TERMS, until }),
      });
      expect(status).toBe(400);
      expect(body.issue![0]!.diagnostics).toBe('terms.until must be a day that is not over');
    },
  );

  it('with other terms on the other side is not in force', async () => {
    const a = await openNode({ oid: '2.999.1', name: 'A', prefecture: '01' });
    const b = await openNode({ oid: '2.999.2', name: 'B', prefecture: '02' });
    await a.call(OPERATOR, 'POST', '/federation/contracts', { body: proposalOf(b) });
    await b.call(OPERATOR, 'POST', '/federation/contracts', { body: proposalOf(a, { ...TERMS, classes: ['basic'] }) });
    later(3_000);
    const { status } = await desk(a, 'approve', b);
    expect(status).toBe(409);
    await Promise.all([a.stop(), b.stop()]);
  });

  it.each([
    ['http', 'http://api.example.jp'],
    ['an address of the cloud itself', 'https://169.254.169.254'],
    ['a name of our own network', 'https://db.internal'],
    ['a name without a dot', 'https://localhost'],
    ['somebody’s password', 'https://a:b@api.example.jp'],
  ])('is not made with %s', (_, url) => {
    expect(() => openPeerHttp().assertAllowed(url, 'baseUrl')).toThrow(/https/);
  });

  it('a name that leads into a private network is not connected to', async () => {
    for (const address of [
      '10.1.2.3',
      '127.0.0.1',
      '169.254.170.2',
      '192.168.0.1',
      '::1',
      'fd00::1',
      '::ffff:10.0.0.1',
    ])
      expect(isPrivateAddress(address), address).toBe(true);
    for (const address of ['203.0.113.9', '8.8.8.8', '2001:4860:4860::8888'])
      expect(isPrivateAddress(address), address).toBe(false);
  });

  it('message from a stranger is not heard', async () => {
    const stranger = await openNode({ oid: '2.999.99', name: 'Stranger', prefecture: '13' });
    await stranger.call(OPERATOR, 'POST', '/federation/contracts', { body: proposalOf(east) });
    expect((await of(east, stranger)).status).toBe(404);
    await stranger.stop();
  });
});

describe('an assertion', () => {
  const url = () => `${west.baseUrl}/federation/answer/discover`;
  const body = JSON.stringify({ identifiers: [{ system: 'urn:oid:1.2.3', value: '1' }] });
  const signing =
    (change: (claims: Record<string, unknown>) => Record<string, unknown>, typ?: string): Sign =>
    (header, claims) =>
      east.sign(typ ? { typ } : header, change(claims));
  const asserterWith = (sign: Sign, community = '2.999.36') =>
    openAsserter({ community, sign, clock: () => time.now, pseudonym: () => 'p' });
  const send = async (assertion: string, proof: string, sent = body, to = url()) => {
    const answer = await fetch(to, {
      method: 'POST',
      headers: { authorization: `DPoP ${assertion}`, dpop: proof, 'content-type': 'application/json' },
      body: sent,
    });
    return answer.status;
  };
  const asserted = (sign: Sign, peer = '2.999.3', purpose = 'TREAT') =>
    asserterWith(sign).assert(doctor, purpose, peer);

  it('that is as it must be is let in', async () => {
    const { assertion, proof } = await asserted(signing((claims) => claims));
    expect(await send(assertion, proof(url(), body))).toBe(200);
  });

  it.each([
    ['for another audience', (claims: object) => ({ ...claims, aud: 'urn:oid:2.999.4' })],
    ['of another issuer', (claims: object) => ({ ...claims, iss: 'urn:oid:2.999.4' })],
    ['that lives for an hour', (claims: object) => ({ ...claims, exp: Math.floor(time.now / 1000) + 3600 })],
    [
      'that has expired',
      (claims: object) => ({
        ...claims,
        iat: Math.floor(time.now / 1000) - 700,
        exp: Math.floor(time.now / 1000) - 400,
      }),
    ],
    [
      'from the future',
      (claims: object) => ({
        ...claims,
        iat: Math.floor(time.now / 1000) + 200,
        exp: Math.floor(time.now / 1000) + 400,
      }),
    ],
    ['without a key for its proofs', ({ cnf: _, ...claims }: Record<string, unknown>) => claims],
    ['bound to another key', (claims: object) => ({ ...claims, cnf: { jkt: 'x' } })],
  ] as const)('%s is refused', async (_, change) => {
    const { assertion, proof } = await asserted(signing(change as never));
    expect(await send(assertion, proof(url(), body))).toBe(401);
  });

  it('of another kind, an access token above all, is refused', async () => {
    const { assertion, proof } = await asserted(signing((claims) => claims, 'at+jwt'));
    expect(await send(assertion, proof(url(), body))).toBe(401);
  });

  it('signed by somebody else is refused, whatever key it names', async () => {
    const other = openTokenKeys(kmsWith({ 0: ecKey('P-256', 'x').privateKey }), '0');
    const { assertion, proof } = await asserted((header, claims) => other.sign(header, claims));
    expect(await send(assertion, proof(url(), body))).toBe(401);
    const [header, claims] = (await asserted(signing((one) => one))).assertion.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'tsumugi-federation+jwt' })).toString('base64url');
    expect(await send(`${none}.${claims}.`, proof(url(), body))).toBe(401);
    expect(header).toBeDefined();
  });

  it('a proof is good once, for one body, at one address', async () => {
    const { assertion, proof } = await asserted(signing((claims) => claims));
    const once = proof(url(), body);
    expect(await send(assertion, once)).toBe(200);
    expect(await send(assertion, once)).toBe(401);
    expect(await send(assertion, proof(url(), body), `${body} `)).toBe(401);
    expect(await send(assertion, proof(`${west.baseUrl}/federation/answer/fhir`, body))).toBe(401);
    const old = proof(url(), body);
    later(120_000);
    expect(await send(assertion, old)).toBe(401);
  });

  it('for a purpose that the contract does not cover is refused', async () => {
    const { assertion, proof } = await asserted(
      signing((claims) => claims),
      '2.999.3',
      'HRESCH',
    );
    expect(await send(assertion, proof(url(), body))).toBe(403);
  });

  it('under a contract that is suspended here is refused, and hears why', async () => {
    await desk(west, 'suspend', east);
    later(3_000);
    const { assertion, proof } = await asserted(signing((claims) => claims));
    expect(await send(assertion, proof(url(), body))).toBe(403);
    await desk(west, 'resume', east);
    later(3_000);
  });

  it('makes nobody staff of a facility here, whatever code it names', async () => {
    // East claims the code of the very hospital that keeps the record; what that hospital may see without asking stays shut.
    const patient = await west.person({ identifier: [{ system: 'urn:oid:9.9.9', value: 'M-1' }] });
    await west.observe(patient, '2026-11-02');
    const { assertion, proof } = await asserted(signing((claims) => claims));
    const asking = JSON.stringify({ identifiers: [{ system: 'urn:oid:9.9.9', value: 'M-1' }] });
    const answer = await fetch(url(), {
      method: 'POST',
      headers: { authorization: `DPoP ${assertion}`, dpop: proof(url(), asking), 'content-type': 'application/json' },
      body: asking,
    });
    expect(await answer.json()).toEqual({ kind: 'none' });
    expect(createHash('sha256')).toBeDefined();
  });
});

it('a new key stands beside the old one: what was signed by either is good', async () => {
  await link(east, await openedOnce('2.999.77', 'Third'));
  const before = await openAsserter({
    community: '2.999.36',
    sign: east.sign,
    clock: () => time.now,
    pseudonym: () => 'p',
  }).assert(doctor, 'TREAT', '2.999.3');
  east.rotate();
  later(31_000);
  const after = await openAsserter({
    community: '2.999.36',
    sign: east.sign,
    clock: () => time.now,
    pseudonym: () => 'p',
  }).assert(doctor, 'TREAT', '2.999.3');
  for (const { assertion, proof } of [after, before]) {
    const url = `${west.baseUrl}/federation/answer/discover`;
    const body = JSON.stringify({ identifiers: [] });
    const { status } = await fetch(url, {
      method: 'POST',
      headers: { authorization: `DPoP ${assertion}`, dpop: proof(url, body), 'content-type': 'application/json' },
      body,
    });
    expect(status).toBe(200);
  }
  await third?.stop();
});

let third: Node | undefined;
const openedOnce = async (oid: string, name: string): Promise<Node> => {
  third = await openNode({ oid, name, prefecture: '13' });
  return third;
};
