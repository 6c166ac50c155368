// The demo regions of one machine under link contracts with each other, entered the way that operators do it: each side by its own
// administrator, through the public API. The first demo resident has opted in to cross-region sharing, the second has not.
import type { Terms, TsumugiContract } from '../../../functions/federation/contract.ts';
import { LocalError } from '../local-dir.ts';
import type { SeedContext } from '../seed-context.ts';
import { getToken } from '../token.ts';

type Region = Pick<SeedContext, 'region' | 'baseUrl' | 'settings' | 'say'>;

const TERMS: Terms = {
  purposes: ['TREAT', 'ETREAT', 'CAREMGT', 'COC', 'BTG', 'PATRQT'],
  classes: ['basic', 'clinical', 'document', 'care', 'home', 'admin'],
};

const TITLES: Readonly<Record<string, string>> = {
  tokushima: '徳島地域医療ネットワーク（デモ）',
  kesen: '気仙地域医療ネットワーク（デモ）',
};

const oidOf = ({ settings }: Region): string => settings['HOME_COMMUNITY_ID'] ?? '';

const tokens = new Map<string, Promise<string>>();
/** One sign-in a region: it takes longer than all the rest, and a code of the second factor is good once. */
const administrator = ({ region, baseUrl }: Region): Promise<string> => {
  const known = tokens.get(baseUrl) ?? getToken(region, 'staff:admin');
  tokens.set(baseUrl, known);
  return known;
};

const call = async (region: Region, method: string, path: string, body?: object) => {
  const answer = await fetch(region.baseUrl + path, {
    method,
    headers: {
      authorization: `Bearer ${await administrator(region)}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Partial<TsumugiContract> & { inForce?: boolean } };
};

const must = async (...request: Parameters<typeof call>) => {
  const { status, body } = await call(...request);
  if (status >= 300) throw new LocalError(`${request[0].region}: ${request[1]} ${request[2]} answered ${status}`);
  return body;
};

const contractWith = (peer: Region) => `/federation/contracts/${oidOf(peer)}`;

/** One side's row; a contract of an earlier start, at another port, is ended first. */
const enter = async (region: Region, peer: Region): Promise<void> => {
  const known = await call(region, 'GET', contractWith(peer));
  if (known.status === 200 && known.body.baseUrl === peer.baseUrl && known.body.own !== 'ended') return;
  if (known.status === 200 && known.body.own !== 'ended' && known.body.own !== 'proposed')
    await must(region, 'POST', `${contractWith(peer)}/end`, { reason: 'its address has changed' });
  await must(region, 'POST', '/federation/contracts', {
    community: oidOf(peer),
    name: TITLES[peer.region] ?? peer.region,
    baseUrl: peer.baseUrl,
    jwksUrl: `${peer.baseUrl}/auth/jwks.json`,
    terms: TERMS,
  });
};

/** A function's other workers hold contracts for two seconds: whoever is not known there yet is told once more. */
const step = async (region: Region, peer: Region, action: string, wanted: readonly string[]): Promise<void> => {
  for (let tries = 0; tries < 20; tries += 1) {
    const { own } = await must(region, 'GET', contractWith(peer));
    if (own !== undefined && wanted.includes(own)) return;
    const { status } = await call(region, 'POST', `${contractWith(peer)}/${action}`, {});
    if (status < 300) return;
    for (const [one, other] of [
      [peer, region],
      [region, peer],
    ] as const)
      await call(one, 'POST', `${contractWith(other)}/tell`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new LocalError(`${region.region} could not ${action} its contract with ${peer.region}`);
};

const isInForce = async (region: Region, peer: Region): Promise<boolean> =>
  (await call(region, 'POST', `${contractWith(peer)}/tell`)).body.inForce === true;

const linkTwo = async (a: Region, b: Region): Promise<void> => {
  const sides = [
    [a, b],
    [b, a],
  ] as const;
  for (const [one, other] of sides) await enter(one, other);
  for (const [one, other] of sides) await step(one, other, 'approve', ['approved', 'active']);
  for (const [one, other] of sides) await step(one, other, 'activate', ['active']);
  for (let tries = 0; tries < 20; tries += 1) {
    const both = [await isInForce(a, b), await isInForce(b, a)];
    if (both.every(Boolean)) return;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new LocalError(`the link contract of ${a.region} and ${b.region} did not come into force`);
};

/** The profile: docs/consent.md; an actor that names other regions is the opt-in (docs/federation.md). */
const OPT_IN = {
  resourceType: 'Consent',
  id: 'demo-1-cross-region',
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  category: [{ coding: [{ system: 'urn:tsumugi:consent-pattern', code: 'blanket' }] }],
  patient: { reference: 'Patient/demo-resident-1' },
  dateTime: '2026-04-01',
  policyRule: { coding: [{ system: 'urn:tsumugi:explanation-version', code: 'demo' }] },
  verification: [{ verified: true, verificationDate: '2026-04-01' }],
  provision: {
    type: 'permit',
    actor: [
      {
        role: { coding: [{ system: 'urn:tsumugi:community', code: '*' }] },
        reference: { display: 'すべての連携地域' },
      },
    ],
  },
};

/** Once: whoever has withdrawn it since finds it withdrawn after the next start. */
const optIn = async ({ region, baseUrl }: Region): Promise<void> => {
  const answer = await fetch(`${baseUrl}/fhir/Consent/${OPT_IN.id}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${await getToken(region, 'system:hospital')}`,
      'content-type': 'application/fhir+json',
      'if-none-match': '*',
      prefer: 'return=minimal',
    },
    body: JSON.stringify(OPT_IN),
  });
  if (!answer.ok && answer.status !== 412)
    throw new LocalError(`the opt-in of ${region} answered ${answer.status}: ${await answer.text()}`);
};

/** After all regions are seeded. Again: changes nothing. */
export const seedFederation = async (regions: readonly Region[], { empty }: { empty: boolean }): Promise<void> => {
  for (const [at, a] of regions.entries()) for (const b of regions.slice(at + 1)) await linkTwo(a, b);
  if (regions.length < 2 || empty) return;
  await Promise.all(regions.map(optIn));
};
