// What federation costs: charts of 2 and 8 regions over HTTP with fixed delays, a fan-out to 300 simulated responders, and a signature.
// Stores are in memory; the other regions share a process of their own: two cores cannot be eight regions, so delays stand for the rest.

import { Heads, ruled } from '../../../functions/consent/ruled.ts';
import { askPeer } from '../../../functions/federation/ask-peer.ts';
import { openAsserter, type Sign } from '../../../functions/federation/assertion.ts';
import { openCircuits } from '../../../functions/federation/circuits.ts';
import { type Contract, proposed, termsHash } from '../../../functions/federation/contract.ts';
import { openCorrelations } from '../../../functions/federation/correlations.ts';
import { openCursors } from '../../../functions/federation/cursor.ts';
import type { IheGateway } from '../../../functions/federation/ihe-gateway.ts';
import { openPairings } from '../../../functions/federation/pairings.ts';
import type { PeerHttp, Received } from '../../../functions/federation/peer-http.ts';
import { PeerFault } from '../../../functions/federation/peer-http.ts';
import { federated } from '../../../functions/federation/query.ts';
import type { Context } from '../../../functions/interactions/contract.ts';
import { routes } from '../../../functions/interactions/routes.ts';
import { memoryRowStore } from '../../../functions/services/row-store.ts';
import { doctorAt, issues, later, matches, OPT_IN, openNode, TERMS, time } from '../../functions/federation/world.ts';
import { fill, type Others, openNumbered, openOthers, RECORDS } from './federation-others.ts';

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const at = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
const ascending = (times: readonly number[]) => [...times].sort((a, b) => a - b);
const ms = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0));

const timed = async (times: number, work: () => Promise<unknown>): Promise<number[]> => {
  const all: number[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const began = performance.now();
    await work();
    all.push(performance.now() - began);
  }
  return ascending(all);
};

const doctor = doctorAt('3610000002');
const DELAY_MS = 100;
/** As a region in AWS takes: warm functions, another region's network, a chart of some records. */
const REALISTIC_MS = [200, 233, 267, 300, 333, 367, 400];
const CHARTS = 30;

const charts = async ({ delaysMs, isReplayed }: Others) => {
  const count = delaysMs.length + 1;
  const own = await openNumbered(0);
  const person = await fill(own);
  const others = await openOthers(own, { delaysMs, isReplayed });
  await own.consent(person, OPT_IN);
  later(3_000);
  const open = async () => {
    const { body } = await own.call(doctor, 'GET', `/federation/fhir/Observation?patient=${person}&_count=200`);
    if (matches(body).length !== Math.min(200, RECORDS * count) || issues(body).length > 0)
      throw new Error('not the chart that was asked for');
  };
  const [first] = await timed(1, open);
  await timed(10, open);
  const before = process.cpuUsage();
  const times = await timed(CHARTS, open);
  const { user, system } = process.cpuUsage(before);
  await others.stop();
  await own.stop();
  return { first: first!, p50: at(times, 0.5), p95: at(times, 0.95), cpu: (user + system) / 1_000 / CHARTS };
};

/** Log-normal, by its median and its 95th percentile. */
const lognormal = (median: number, p95: number) => {
  const sigma = Math.log(p95 / median) / 1.645;
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return median * Math.exp(sigma * normal);
};

/** None of the simulated communities speaks it: federation-soap.ts measures that. */
const NO_IHE = {} as IheGateway;

export const SIMULATED = { regions: 300, persons: 15, knowing: 4, deadline: 4_000 };

/** A region over the net: most are warm, some start a function first; of 300 three are down, three silent, and one or two refuse. */
const answerAfter = (region: number): { delay: number; fate: 'answers' | 'down' | 'silent' | 'refuses' } => {
  const delay = lognormal(90, 350) + (Math.random() < 0.08 ? lognormal(600, 1_200) : 0);
  const place = region % 100;
  const fate = place === 11 ? 'down' : place === 12 ? 'silent' : region % 200 === 13 ? 'refuses' : 'answers';
  return { delay, fate };
};

const simulatedPeers = (counts: { discover: number; fhir: number }): PeerHttp => {
  const received = (body: unknown, status = 200): Received => ({
    status,
    headers: {},
    bytes: Buffer.from(JSON.stringify(body)),
  });
  return {
    assertAllowed: () => {},
    get: () => Promise.reject(new Error('not asked')),
    post: async (url, body, { signal }) => {
      const what = url.endsWith('/discover') ? 'discover' : 'fhir';
      counts[what] += 1;
      const number = Number(/region-(\d+)/.exec(url)?.[1]);
      const { delay, fate } = answerAfter(number);
      await new Promise<void>((resolve, reject) => {
        const late = () => reject(new PeerFault('timeout', 'it did not answer in time'));
        signal.addEventListener('abort', late, { once: true });
        if (fate !== 'silent') setTimeout(resolve, delay);
      });
      if (fate === 'down') throw new PeerFault('transient', 'it could not be reached');
      if (fate === 'refuses') return received({}, 403);
      const knows = number % (SIMULATED.regions / SIMULATED.knowing) === 0;
      if (what === 'discover') {
        const isByName = body.includes('"demographics"');
        return received(
          knows && isByName ? { kind: 'match', handle: `h-${number}`, patients: [`p-${number}`] } : { kind: 'none' },
        );
      }
      const entry = Array.from({ length: 20 }, (_, n) => ({
        resource: {
          resourceType: 'Observation',
          id: `o-${number}-${n}`,
          status: 'final',
          code: { text: 'x' },
          subject: { reference: `Patient/p-${number}` },
          effectiveDateTime: `2026-01-${String(n + 1).padStart(2, '0')}`,
        },
        search: { mode: 'match' },
      }));
      return received({ resourceType: 'Bundle', type: 'searchset', entry });
    },
  };
};

const simulatedContracts = (): Contract[] =>
  Array.from({ length: SIMULATED.regions }, (_, n) => {
    const proposal = {
      community: `2.999.1000.${n}`,
      name: `Region ${n}`,
      baseUrl: `https://region-${n}.example.jp`,
      protocol: 'tsumugi' as const,
      jwksUrl: `https://region-${n}.example.jp/auth/jwks.json`,
      terms: TERMS as Contract['terms'],
    };
    return {
      ...proposed(proposal, 0, 'bench'),
      own: 'active' as const,
      told: true,
      peer: { state: 'active' as const, terms: termsHash(proposal.terms), at: 0 },
    };
  });

const simulation = async () => {
  const own = await openNode({ oid: '2.999.36', name: 'Own', prefecture: '36' });
  const { services } = own.api;
  const counts = { discover: 0, fhir: 0 };
  const rows = memoryRowStore();
  const contracts = simulatedContracts();
  const sign: Sign = async (header, claims) => {
    await wait(lognormal(12, 40)); // KMS, in the same region of AWS
    return own.sign(header, claims);
  };
  const asserter = openAsserter({ community: own.oid, sign, clock: () => time.now, pseudonym: () => 'p' });
  const heads = new Heads(services.resources, services.clock);
  const ask = federated({
    services,
    fhir: routes(services),
    contracts: { active: async () => contracts, stopped: async () => [] },
    correlations: openCorrelations(rows),
    pairings: openPairings({ rows, ...services }),
    circuits: openCircuits({ rows, clock: () => time.now }),
    cursors: openCursors({ rows, seal: services.seal }),
    ask: askPeer({ asserter, peers: simulatedPeers(counts) }),
    ihe: NO_IHE,
    readAs: (context) => ruled(services.resources, heads, { actor: context.actor, isEager: true }),
  });
  const found: { time: number; discover: number; fhir: number; signed: number }[][] = [[], [], []];
  for (let n = 0; n < SIMULATED.persons; n += 1) {
    const person = await own.person({
      identifier: [
        { system: 'urn:oid:1.2.392.100495.20.3.51.13610000001', value: `S-${n}` },
        { system: 'http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID', value: `00360000:1:${1000 + n}:01` },
      ],
      name: [{ family: '見本', given: [`番号${n}`] }],
    });
    await own.consent(person, OPT_IN);
    for (const opening of [0, 1]) {
      // Assertions of the person before have run out, who is down has not been forgotten; the second opening is soon after.
      later(opening === 0 ? 5 * 60_000 : 30_000);
      const before = { ...counts, signed: asserter.signed() };
      const context = {
        actor: doctor,
        requestId: 'bench',
        now: time.now,
        purpose: 'TREAT',
        consentDefault: 'implicit',
        disclosed: [],
      } as unknown as Context;
      const began = performance.now();
      await ask(context, {
        method: 'GET',
        path: ['Observation'],
        params: [
          ['patient', person],
          ['_deadline', String(SIMULATED.deadline)],
        ],
        headers: {},
        body: undefined,
      });
      // The very first chart finds out who is down.
      found[opening === 0 && n === 0 ? 2 : opening]!.push({
        time: performance.now() - began,
        discover: counts.discover - before.discover,
        fhir: counts.fhir - before.fhir,
        signed: asserter.signed() - before.signed,
      });
    }
  }
  await own.stop();
  return found;
};

const signatures = async () => {
  const node = await openNode({ oid: '2.999.36', name: 'Own', prefecture: '36' });
  const asserter = openAsserter({ community: node.oid, sign: node.sign, clock: () => time.now, pseudonym: () => 'p' });
  const { proof } = await asserter.assert(doctor, 'TREAT', '2.999.3');
  const body = 'x'.repeat(500);
  for (let n = 0; n < 200; n += 1) proof('https://region.example.jp/federation/answer/fhir', body);
  const rounds = 2_000;
  const began = performance.now();
  for (let n = 0; n < rounds; n += 1) proof('https://region.example.jp/federation/answer/fhir', body);
  const perProof = (performance.now() - began) / rounds;
  await node.stop();
  return perProof;
};

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

export const federationCosts = async (): Promise<{ charts: string; fanOut: string; signature: string }> => {
  const same = (count: number) => Array.from({ length: count }, () => DELAY_MS);
  const rows: string[] = [];
  for (const asked of [
    { delaysMs: [], isReplayed: false },
    { delaysMs: same(1), isReplayed: false },
    { delaysMs: same(7), isReplayed: false },
    { delaysMs: same(7), isReplayed: true },
    { delaysMs: REALISTIC_MS, isReplayed: true },
  ]) {
    const { first, p50, p95, cpu } = await charts(asked);
    const { delaysMs, isReplayed } = asked;
    const [least = 0, slowest = 0] = [delaysMs[0], delaysMs.at(-1)];
    const over = slowest === 0 ? '' : `+${ms(((p50 - slowest) / slowest) * 100)} %`;
    const delay = least === slowest ? slowest : `${least} to ${slowest}`;
    rows.push(
      `| ${delaysMs.length + 1}${isReplayed ? ', recorded' : ''} | ${delay} | ${ms(first)} | ${ms(p50)} | ${ms(p95)} | ${over} | ${ms(cpu)} |`,
    );
  }
  const [first = [], second = [], veryFirst = []] = await simulation();
  const line = (name: string, found: typeof first) => {
    const times = ascending(found.map(({ time: one }) => one));
    const total = mean(found.map(({ discover }) => discover)) + mean(found.map(({ fhir }) => fhir));
    return `| ${name} | ${ms(at(times, 0.5))} | ${ms(at(times, 0.95))} | ${mean(found.map(({ discover }) => discover)).toFixed(1)} | ${mean(found.map(({ fhir }) => fhir)).toFixed(1)} | ${total.toFixed(1)} | ${mean(found.map(({ signed }) => signed)).toFixed(1)} |`;
  };
  return {
    charts: [
      '| regions | delay of the others, ms | first opening, ms | p50, ms | p95, ms | over the slowest region | processor of the asking region, ms |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      ...rows,
    ].join('\n'),
    fanOut: [
      '| opening | p50, ms | p95, ms | discoveries | queries | requests | signatures |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      line('the very first chart', veryFirst),
      line('first of a person', first),
      line('second, 30 s later', second),
    ].join('\n'),
    signature: `A proof for one request takes ${(await signatures()).toFixed(3)} ms of this process; the assertion behind it is one call of KMS in five minutes for each account, purpose and peer.`,
  };
};
