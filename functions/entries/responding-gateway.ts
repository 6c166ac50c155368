// Initiating gateways of other communities: POST /ihe/xcpd, /ihe/xca/query, /ihe/xca/retrieve (docs/ihe.md). A function of its own, since
// it reads XML of strangers: its role may read charts, and neither write one nor sign anything.
import { randomUUID } from 'node:crypto';
import { openIdentities } from '../auth/rows.ts';
import { readEnv } from '../env.ts';
import { openAnswering } from '../federation/answer.ts';
import { openContracts } from '../federation/contracts.ts';
import { openGateway } from '../federation/gateway.ts';
import { openXuaVerifier } from '../federation/xua-caller.ts';
import { routes } from '../interactions/routes.ts';
import { respondingGateway } from '../middleware/responding-gateway.ts';
import { liveLimiter, liveRows, liveServices } from '../services/live.ts';
import { openDynamoClient } from '../storage/client.ts';

const client = openDynamoClient();
const services = await liveServices(process.env, client);
const { resources, seal, clock, region } = services;
const { REGISTRY_TABLE: table } = readEnv(process.env, 'REGISTRY_TABLE');
const rows = liveRows(process.env, client);
const fhir = routes(services);

export const handler = respondingGateway({
  services,
  verify: openXuaVerifier({
    community: region.homeCommunityId,
    contracts: openContracts({ rows, clock }),
    identities: openIdentities({ client, table }),
    clock,
  }),
  gateway: openGateway({
    handles: { resources, seal, clock },
    answering: openAnswering({ resources, seal, clock }, fhir),
    resources,
    rows,
    fhir,
    clock,
    region,
    newId: randomUUID,
  }),
  limit: liveLimiter(process.env, client),
});
