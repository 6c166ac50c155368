// HL7 v2 and SOAP of facilities' systems: POST /ihe/{proxy+}, GET /ihe/updates (docs/ihe.md).

import { randomUUID } from 'node:crypto';
import { limited } from '../abuse/limiter.ts';
import { openIdentities } from '../auth/rows.ts';
import { readEnv } from '../env.ts';
import { regionDomains } from '../identity/domains.ts';
import { fhirFaces } from '../identity/fhir-faces.ts';
import { linkChanges } from '../identity/link-changes.ts';
import { sealedContinuations } from '../ihe/continuations.ts';
import { iheFaces } from '../ihe/faces.ts';
import { describeFault } from '../interactions/faults.ts';
import { routes } from '../interactions/routes.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { iheApi } from '../middleware/ihe-api.ts';
import { isNumber } from '../search/extract.ts';
import { liveLimiter, liveRows, liveServices, liveTrust } from '../services/live.ts';
import { openDynamoClient } from '../storage/client.ts';

const client = openDynamoClient();
const services = await liveServices(process.env, client);
const identities = openIdentities({ client, table: readEnv(process.env, 'REGISTRY_TABLE').REGISTRY_TABLE });
const knowsDomain = regionDomains(services.region.homeCommunityId, identities);

export const handler = iheApi({
  services,
  authenticate: limited(authenticate(liveTrust(process.env, client)), liveLimiter(process.env, client)),
  faces: iheFaces({
    fhir: routes(services),
    pix: fhirFaces(services, knowsDomain),
    knowsDomain,
    isNumber,
    linkChanges: linkChanges(services),
    clock: services.clock,
    seal: services.seal,
    continuations: sealedContinuations(liveRows(process.env, client), services),
    region: services.region,
    newId: randomUUID,
    onFault: (fault) => console.log(JSON.stringify({ level: 'error', event: 'fault', ...describeFault(fault) })),
  }),
});
