// Regions in one process, each behind a small HTTP server of its own: they reach each other by address and key set alone, as in the
// world. Stores in memory, one clock for all.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import { openTokenKeys } from '../../../functions/auth/token-keys.ts';
import { openCases } from '../../../functions/break-glass/cases.ts';
import { openBreakGlass } from '../../../functions/break-glass/open.ts';
import type { Actor } from '../../../functions/consent/actor.ts';
import type { ConsentDefault } from '../../../functions/consent/decide.ts';
import type { Narrow } from '../../../functions/consent/matrix.ts';
import { Heads, ruled } from '../../../functions/consent/ruled.ts';
import { openAnswering } from '../../../functions/federation/answer.ts';
import { askPeer } from '../../../functions/federation/ask-peer.ts';
import { openAsserter } from '../../../functions/federation/assertion.ts';
import { openCircuits } from '../../../functions/federation/circuits.ts';
import { contractRoutes } from '../../../functions/federation/contract-routes.ts';
import { openContracts } from '../../../functions/federation/contracts.ts';
import { openCorrelations } from '../../../functions/federation/correlations.ts';
import { openCursors } from '../../../functions/federation/cursor.ts';
import { openExchange } from '../../../functions/federation/exchange.ts';
import { openIheGateway } from '../../../functions/federation/ihe-gateway.ts';
import { pairingRoutes } from '../../../functions/federation/pairing-routes.ts';
import { openPairings } from '../../../functions/federation/pairings.ts';
import { openPeerHttp } from '../../../functions/federation/peer-http.ts';
import { federated } from '../../../functions/federation/query.ts';
import { federatedStatement } from '../../../functions/federation/statement.ts';
import { openVerifier } from '../../../functions/federation/verify.ts';
import { capabilityStatement } from '../../../functions/interactions/capabilities.ts';
import { CLAIMS, routes } from '../../../functions/interactions/routes.ts';
import { federationApi } from '../../../functions/middleware/federation-api.ts';
import { memoryRowStore } from '../../../functions/services/row-store.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import { hospital, openApi, stored } from '../../support/api.ts';
import { consent } from '../../support/consents.ts';
import { ecKey, kmsWith, memoryIdentities } from '../auth/given.ts';
import { patientOf } from '../identity/given.ts';
import { type TestKey, testKey } from '../ihe/support/certificate.ts';

export const NOW = Date.parse('2026-11-22T00:00:00Z');
export const time = { now: NOW };
const clock = () => time.now;

export const doctorAt = (facility: string, more: Partial<Actor> = {}): Actor => ({
  kind: 'staff',
  subject: `doctor-${facility}`,
  role: 'doctor',
  facility,
  facilityType: 'clinic',
  scopes: parseScopes('user/*.cruds'),
  patients: [],
  tokenId: 'token-doctor',
  ...more,
});
export const operatorAt = (facility: string): Actor =>
  doctorAt(facility, { subject: `operator-${facility}`, role: 'operator', facilityType: 'operator' });

/** What a server does in the place of answering; true: it has. */
export type Misbehave = (
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
) => boolean | Promise<boolean>;

export interface Entry {
  readonly fullUrl: string;
  readonly resource: {
    readonly resourceType: string;
    readonly id: string;
    readonly meta: { readonly source: string };
    readonly effectiveDateTime: string;
    readonly subject?: object;
    readonly issue: readonly { readonly code: string; readonly severity: string; readonly diagnostics: string }[];
  };
  readonly search: { readonly mode: string };
}
/** As far as tests look into it. */
export interface Body {
  readonly total?: number;
  readonly entry?: readonly Entry[];
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly meta: { readonly source: string };
  readonly own?: string;
  readonly peer?: { readonly state: string };
  readonly inForce?: boolean;
  readonly notInForce?: string;
  readonly communities?: readonly { readonly name: string; readonly inForce: boolean }[];
  readonly issue?: readonly { readonly code: string; readonly diagnostics: string }[];
}

export interface Answered {
  readonly status: number;
  readonly body: Body;
  readonly headers: Record<string, string>;
}

export interface NodeOptions {
  readonly oid: string;
  readonly name: string;
  readonly prefecture: string;
  readonly consentDefault?: ConsentDefault;
}

const bytesOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

let key: TestKey | undefined;
/** One for all regions of a test: a key of this size takes a while to make. */
export const xuaKey = (): TestKey => {
  key ??= testKey('xua', NOW - 365 * 86_400_000, NOW + 3_650 * 86_400_000);
  return key;
};

export const openNode = async ({ oid, name, prefecture, consentDefault = 'implicit' }: NodeOptions) => {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const region = { name, baseUrl, homeCommunityId: oid, consentDefault };
  let narrowed: Narrow | undefined;
  const api = openApi({ ...openMemory(clock), clock, region, narrow: async () => narrowed });
  const { services } = api;
  const { resources, seal } = services;
  const rows = memoryRowStore();
  const keys = [ecKey('P-256', 'first')];
  let token = openTokenKeys(kmsWith({ 0: keys[0]!.privateKey }), '0');
  const sign: typeof token.sign = (header, claims) => token.sign(header, claims);
  const peers = openPeerHttp({ allowLoopback: true });
  const contracts = openContracts({ rows, clock });
  const exchange = openExchange({ community: oid, contracts, peers, sign, clock });
  const pseudonym = (subject: string, peer: string) => `p-${peer.length}-${subject.length}-${subject.slice(-4)}`;
  const asserter = openAsserter({ community: oid, sign, clock, pseudonym });
  const fhir = routes(services);
  const heads = new Heads(resources, clock);
  const correlations = openCorrelations(rows);
  const circuits = openCircuits({ rows, clock });
  const ask = askPeer({ asserter, peers });
  const pairings = openPairings({ rows, seal, resources, clock });
  const cases = openCases(rows);
  const breakGlass = openBreakGlass({ cases, resources });
  let actor: Actor | undefined;
  const logged: Record<string, unknown>[] = [];
  const handler = federationApi({
    services,
    authenticate: async () => actor!,
    log: (line) => void logged.push(line),
    routes: [
      ...contractRoutes({ contracts, circuits, exchange, peers, clock, region }),
      ...pairingRoutes({ resources, pairings, contracts, ask }),
    ],
    breakGlass,
    federated: federated({
      services,
      fhir,
      contracts,
      cursors: openCursors({ rows, seal }),
      correlations,
      pairings,
      circuits,
      ask,
      ihe: openIheGateway({ community: oid, peers, signer: async () => xuaKey(), pseudonym, clock }),
      readAs: (context) => ruled(resources, heads, { actor: context.actor, isEager: true }),
    }),
    verify: openVerifier({ community: oid, contracts, peers, clock, identities: memoryIdentities({}) }),
    answering: openAnswering({ resources, seal, clock, pairings, breakGlass }, fhir),
    exchange,
    statement: async () => federatedStatement(capabilityStatement(services, CLAIMS), baseUrl),
    limit: async () => {},
  });

  const own: Actor = { ...hospital, facility: `${prefecture}10000001`, subject: `system-${name}` };
  const node = {
    oid,
    name,
    baseUrl,
    api,
    rows,
    asserter,
    correlations,
    cases,
    sign,
    logged,
    recorded: api.recorded,
    hospital: own,
    /** In the place of this region's own answers. */
    misbehave: undefined as Misbehave | undefined,
    /** Paths that other regions have asked for. */
    asked: [] as string[],
    /** What the region takes away from its roles. */
    narrow: (next: Narrow | undefined) => {
      narrowed = next;
    },
    jwks: async () => ({ keys: await token.publicKeys() }),
    /** Two keys side by side: the new one signs. */
    rotate: () => {
      keys.unshift(ecKey('P-256', `key-${keys.length}`));
      token = openTokenKeys(
        kmsWith(Object.fromEntries(keys.map(({ privateKey }, at) => [String(at), privateKey]))),
        keys.map((_, at) => at).join(),
      );
    },
    call: async (
      as: Actor,
      method: string,
      path: string,
      more: { body?: object; headers?: Record<string, string>; form?: string } = {},
    ): Promise<Answered> => {
      actor = as;
      const [rawPath = '', rawQueryString = ''] = (path.startsWith(baseUrl) ? path.slice(baseUrl.length) : path).split(
        '?',
      );
      const body = more.form ?? (more.body && JSON.stringify(more.body));
      const result = await handler(
        {
          rawPath,
          rawQueryString,
          headers: {
            ...(more.body && { 'content-type': 'application/json' }),
            ...(more.form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
            ...more.headers,
          },
          requestContext: { requestId: `request-${name}`, http: { method } },
          isBase64Encoded: false,
          ...(body && { body }),
        } as never,
        {} as never,
      );
      return answeredOf(result);
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
    store: (resource: Parameters<typeof stored>[1], as = own) => stored(api, resource, { as }),
    /** The one person of these tests, as this region's hospital knows her. */
    person: async (more: Record<string, unknown> = {}) =>
      (await stored(api, patientOf(own.facility!, `N-${name}`, more), { as: own })).id,
    observe: async (patient: string, day: string, more: Record<string, unknown> = {}) =>
      (
        await stored(
          api,
          {
            resourceType: 'Observation',
            status: 'final',
            code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
            subject: { reference: `Patient/${patient}` },
            effectiveDateTime: `${day}T09:00:00+09:00`,
            ...more,
          },
          { as: own },
        )
      ).id,
    consent: (patient: string, provision: object) => stored(api, consent(patient, provision), { as: own }),
  };

  server.on('request', async (request, response) => {
    const body = await bytesOf(request);
    const url = request.url ?? '';
    if (url !== '/auth/jwks.json') node.asked.push(url);
    if (node.misbehave && (await node.misbehave(request, response, body))) return;
    if (url === '/auth/jwks.json') return void response.end(JSON.stringify(await node.jwks()));
    const result = await handler(
      {
        rawPath: url,
        rawQueryString: '',
        headers: request.headers,
        requestContext: { requestId: `served-by-${name}`, http: { method: request.method } },
        isBase64Encoded: true,
        body: body.toString('base64'),
      } as never,
      {} as never,
    );
    response.writeHead(result.statusCode ?? 500, result.headers as Record<string, string>);
    response.end(Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8'));
  });
  return node;
};

const answeredOf = (result: APIGatewayProxyStructuredResultV2): Answered => {
  const raw = Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8');
  const headers = result.headers as Record<string, string>;
  const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8');
  return { status: result.statusCode!, headers, body: text ? JSON.parse(text) : undefined };
};

export type Node = Awaited<ReturnType<typeof openNode>>;

export const TERMS = {
  purposes: ['TREAT', 'ETREAT'],
  classes: ['basic', 'clinical', 'document', 'care', 'home', 'admin'],
};
export const proposalOf = ({ oid, name, baseUrl }: Pick<Node, 'oid' | 'name' | 'baseUrl'>, terms: object = TERMS) => ({
  community: oid,
  name,
  baseUrl,
  jwksUrl: `${baseUrl}/auth/jwks.json`,
  terms,
});

export const OPERATOR = operatorAt('9886000007');
/** As much of a region as its operators need: it may be of another process. */
export type Desk = Pick<Node, 'oid' | 'name' | 'baseUrl' | 'call'>;

export const desk = (node: Desk, action: string, of: Pick<Node, 'oid'>) =>
  node.call(OPERATOR, 'POST', `/federation/contracts/${of.oid}/${action}`, { body: { reason: 'a test' } });

/** Both operators enter each other, and go all the way. */
export const link = async (a: Desk, b: Desk, terms: object = TERMS) => {
  await a.call(OPERATOR, 'POST', '/federation/contracts', { body: proposalOf(b, terms) });
  await b.call(OPERATOR, 'POST', '/federation/contracts', { body: proposalOf(a, terms) });
  for (const action of ['approve', 'activate'])
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const { status, body } = await desk(one, action, other);
      if (status !== 200) throw new Error(`${action}: ${status} ${JSON.stringify(body)}`);
    }
  later(3_000); // what is held of contracts has run out
};

export const later = (ms: number) => {
  time.now += ms;
};

/** The opt-in to cross-region sharing. */
export const OPT_IN = {
  type: 'permit',
  actor: [
    { role: { coding: [{ system: 'urn:tsumugi:community', code: '*' }] }, reference: { display: 'all regions' } },
  ],
};
export const REFUSAL = { ...OPT_IN, type: 'deny' };

export const matches = ({ entry = [] }: Body): Entry[] => entry.filter(({ search }) => search.mode === 'match');
export const issues = ({ entry = [] }: Body) =>
  entry.filter(({ search }) => search.mode === 'outcome').flatMap(({ resource }) => resource.issue);
export const nextOf = ({ link }: Body): string | undefined => link.find(({ relation }) => relation === 'next')?.url;
