// Regions answer each other: ANY /federation/{proxy+} (docs/federation.md).
import { openAlerts } from '../abuse/alert.ts';
import { limited } from '../abuse/limiter.ts';
import { openIdentities } from '../auth/rows.ts';
import { openTokenKeys } from '../auth/token-keys.ts';
import { openCases } from '../break-glass/cases.ts';
import { openBreakGlass } from '../break-glass/open.ts';
import { Heads, ruled } from '../consent/ruled.ts';
import { openPatientsOf } from '../enrolment/acting-for.ts';
import { readEnv } from '../env.ts';
import { openAnswering } from '../federation/answer.ts';
import { askPeer } from '../federation/ask-peer.ts';
import { openAsserter } from '../federation/assertion.ts';
import { certificateRoutes, publishedCertificates } from '../federation/certificate-routes.ts';
import { openCircuits } from '../federation/circuits.ts';
import { contractRoutes } from '../federation/contract-routes.ts';
import { openContracts } from '../federation/contracts.ts';
import { openCorrelations } from '../federation/correlations.ts';
import { openCursors } from '../federation/cursor.ts';
import { openExchange } from '../federation/exchange.ts';
import { lateIheGateway } from '../federation/ihe-late.ts';
import { pairingRoutes } from '../federation/pairing-routes.ts';
import { openPairings } from '../federation/pairings.ts';
import { openPeerHttp } from '../federation/peer-http.ts';
import { federated } from '../federation/query.ts';
import { federatedStatement } from '../federation/statement.ts';
import { openVerifier } from '../federation/verify.ts';
import { openXuaKeys } from '../federation/xua-key.ts';
import { CLAIMS, routes } from '../interactions/routes.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { federationApi } from '../middleware/federation-api.ts';
import { openKms } from '../services/aws-fetch.ts';
import { liveLimiter, liveRows, liveServices, liveTrust } from '../services/live.ts';
import { openDynamoClient } from '../storage/client.ts';

const env = readEnv(process.env, 'REGISTRY_TABLE', 'TOKEN_KEY_ID', 'DATA_KEY_ID');
const client = openDynamoClient();
const services = await liveServices(process.env, client);
const { resources, seal, clock, region } = services;
const community = region.homeCommunityId;
const rows = liveRows(process.env, client);
const limit = liveLimiter(process.env, client);
const kms = openKms();
const { sign } = openTokenKeys(kms, env.TOKEN_KEY_ID);
// Said by the local host alone, whose regions are all on this machine.
const peers = openPeerHttp({ allowLoopback: process.env['TSUMUGI_LOOPBACK_PEERS'] === 'true' });
const contracts = openContracts({ rows, clock });
const circuits = openCircuits({ rows, clock });
const exchange = openExchange({ community, contracts, peers, sign, clock });
const NOWHERE = { patient: undefined, otherPatients: [], date: undefined, spansDays: false };
// Under the region's own key, so that a peer learns nothing of the account.
const pseudonym = (subject: string, peer: string) =>
  resources.allocate('Person', NOWHERE, `federation subject|${peer}|${subject}`);
const asserter = openAsserter({ community, sign, clock, pseudonym });
const xuaKeys = openXuaKeys({ kms, keyId: env.DATA_KEY_ID, rows, community, clock });
const ask = askPeer({ asserter, peers });
const pairings = openPairings({ rows, seal, resources, clock });
const alert = openAlerts({ region: region.name, clock });
const breakGlass = openBreakGlass({
  cases: openCases(rows),
  resources,
  minutes: Number(process.env.BREAK_GLASS_MINUTES) || undefined,
  alert: () => alert('break-glass'),
});
const fhir = routes(services);
const heads = new Heads(resources, clock);

export const handler = federationApi({
  services,
  authenticate: limited(
    authenticate({ ...liveTrust(process.env, client), patientsOf: openPatientsOf(services) }),
    limit,
  ),
  routes: [
    ...contractRoutes({ contracts, circuits, exchange, peers, clock, region }),
    ...certificateRoutes({ keys: xuaKeys, clock, community }),
    ...pairingRoutes({ resources, pairings, contracts, ask }),
  ],
  breakGlass,
  federated: federated({
    services,
    fhir,
    contracts,
    cursors: openCursors({ rows, seal }),
    correlations: openCorrelations(rows),
    pairings,
    circuits,
    ask,
    ihe: lateIheGateway(async () => {
      const { openIheGateway } = await import('../federation/ihe-gateway.ts');
      return openIheGateway({ community, peers, signer: xuaKeys.signer, pseudonym, clock });
    }),
    readAs: ({ actor }) => ruled(resources, heads, { actor, isEager: true }),
  }),
  verify: openVerifier({
    community,
    contracts,
    peers,
    clock,
    identities: openIdentities({ client, table: env.REGISTRY_TABLE }),
  }),
  answering: openAnswering({ resources, seal, clock, pairings, breakGlass }, fhir),
  exchange,
  statement: async () => {
    const { capabilityStatement } = await import('../interactions/capabilities.ts');
    return federatedStatement(capabilityStatement(services, CLAIMS), region.baseUrl);
  },
  certificates: () => publishedCertificates({ keys: xuaKeys, community }),
  limit,
});
