// Link contracts with communities that speak IHE: nobody there says "approved", so two of ours have read the paper.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Contract } from '../../../functions/federation/contract.ts';
import { testKey } from '../ihe/support/certificate.ts';
import { iheProposalOf, OID, operator } from './ihe-community.ts';
import { desk, doctorAt, later, NOW, type Node, openNode, proposalOf, xuaKey } from './world.ts';

let east: Node;
const BASE = 'http://127.0.0.1:9';
const first = operator('first');
const second = operator('second');

beforeAll(async () => {
  east = await openNode({ oid: '2.999.36', name: 'East', prefecture: '36' });
});
afterAll(() => east?.stop());

const propose = (body: object) => east.call(first, 'POST', '/federation/contracts', { body });
const take = (as: typeof first, action: string, body: object | null = { reason: 'a test' }) =>
  east.call(as, 'POST', `/federation/contracts/${OID}/${action}`, body ? { body } : {});
const read = async () => (await east.call(first, 'GET', `/federation/contracts/${OID}`)).body as unknown as Contract;

it('is entered by one and confirmed by another, without a word of the other side', async () => {
  const entered = await propose(iheProposalOf(BASE));
  expect(entered.status).toBe(201);
  expect(entered.body).toMatchObject({ own: 'proposed', told: true, inForce: false });

  const alone = await take(first, 'approve');
  expect(alone.status).toBe(409);
  expect(alone.body.issue?.[0]?.diagnostics).toContain('another person');

  expect((await take(second, 'approve')).status).toBe(200);
  expect((await take(first, 'activate')).body).toMatchObject({ own: 'active', inForce: true });
});

it('is shown to residents like any other, and stops at once', async () => {
  later(3_000);
  const { body } = await east.call(doctorAt('3610000002'), 'GET', '/federation/communities');
  expect(body.communities).toEqual([expect.objectContaining({ name: 'Seto', protocol: 'ihe', inForce: true })]);
  expect((await take(second, 'suspend')).body).toMatchObject({ inForce: false });
  expect((await take(first, 'resume')).body).toMatchObject({ inForce: true });
});

it('runs out with its last day', async () => {
  await take(first, 'end');
  await propose(iheProposalOf(BASE, { terms: { purposes: ['TREAT'], classes: ['document'], until: '2026-11-23' } }));
  await take(second, 'approve');
  expect((await take(first, 'activate')).body).toMatchObject({ inForce: true });
  later(2 * 86_400_000);
  expect(await read()).toMatchObject({ inForce: false, notInForce: 'the link contract has run out' });
  later(-2 * 86_400_000);
});

it('takes new certificates when a second person has seen them, and uses the old ones until then', async () => {
  const next = testKey('next', NOW - 1_000, NOW + 86_400_000 * 400).certificate;
  const pair = [xuaKey().certificate.trim(), next.trim()];
  const entered = await take(first, 'certificates', { certificates: pair, agreedOn: '覚書 2026-11-20' });
  expect(entered.status).toBe(200);
  expect(await read()).toMatchObject({
    ihe: { certificates: [pair[0]] },
    rotation: { certificates: pair, by: 'first' },
  });
  expect((await take(first, 'certificates/confirm', null)).status).toBe(409);
  expect((await take(second, 'certificates/confirm', null)).status).toBe(200);
  const contract = await read();
  expect(contract).toMatchObject({ ihe: { certificates: pair }, agreedOn: '覚書 2026-11-20' });
  expect(contract).not.toHaveProperty('rotation');
  expect((await take(second, 'certificates/confirm', null)).status).toBe(409);
});

it.each([
  ['an address without encryption', { query: 'http://seto.example.jp/query' }, 'ihe.query'],
  ['an address in a private network', { discovery: 'https://10.0.0.1/xcpd' }, 'ihe.discovery'],
  [
    'something that is no certificate',
    { certificates: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'] },
    'ihe.certificates',
  ],
  [
    'a private key',
    { certificates: ['-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'] },
    'ihe.certificates[0]',
  ],
  [
    'a key that is too short',
    { certificates: [testKey('weak', NOW, NOW + 86_400_000, 1024).certificate] },
    'ihe.certificates',
  ],
  [
    'a certificate that has run out',
    { certificates: [testKey('old', NOW - 2_000, NOW - 1_000).certificate] },
    'ihe.certificates',
  ],
  ['no certificate at all', { certificates: [] }, 'ihe.certificates'],
  ['an authority that is no OID', { assigningAuthority: 'urn:oid:1.2.3' }, 'ihe.assigningAuthority'],
])('refuses %s, and says where', async (_, ihe, at) => {
  const { status, body } = await propose(iheProposalOf(BASE, { community: '2.999.45' }, ihe));
  expect(status).toBe(400);
  expect(JSON.stringify(body.issue)).toContain(`"${at}"`);
});

it('refuses a contract of one protocol with the elements of another', async () => {
  const { agreedOn, ...unproven } = iheProposalOf(BASE, { community: '2.999.45' });
  expect(agreedOn).toBeTruthy();
  expect((await propose(unproven)).status).toBe(400);
  expect((await propose({ ...proposalOf(east), community: '2.999.45', protocol: 'ihe' })).status).toBe(400);
  expect((await propose({ ...proposalOf(east), community: '2.999.45', ihe: {} })).status).toBe(400);
});

it('keeps the certificates of a region on this software in its key set', async () => {
  const west = await openNode({ oid: '2.999.3', name: 'West', prefecture: '03' });
  await propose(proposalOf(west));
  const body = { certificates: [xuaKey().certificate], agreedOn: 'x' };
  expect((await east.call(second, 'POST', '/federation/contracts/2.999.3/certificates', { body })).status).toBe(400);
  expect((await desk(east, 'end', west)).status).toBe(200);
  await west.stop();
});

it('reads a contract that was written before there was a choice', () => {
  const { protocol, ...row } = Contract.parse({
    ...proposalOf({ oid: '2.999.3', name: 'West', baseUrl: 'https://west.example.jp' }),
    own: 'active',
    told: true,
    steps: [],
  });
  expect(protocol).toBe('tsumugi');
  expect(Contract.parse(row)).toEqual({ protocol, ...row });
});
