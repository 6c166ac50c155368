// Who is who: POST /fhir/Patient/$match, GET|POST /fhir/Patient/$ihe-pix, ANY /identity/{proxy+}, /me/pairings (docs/identity.md).
import { limited } from '../abuse/limiter.ts';
import { openIdentities } from '../auth/rows.ts';
import { policyOver } from '../consent/head-writes.ts';
import { readEnv } from '../env.ts';
import { regionDomains } from '../identity/domains.ts';
import { fhirFaces } from '../identity/fhir-faces.ts';
import { identityRoutes } from '../identity/routes.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { identityApi } from '../middleware/identity-api.ts';
import { liveLimiter, liveServices, liveTrust } from '../services/live.ts';
import { openDynamoClient } from '../storage/client.ts';

const client = openDynamoClient();
const services = await liveServices(process.env, client);
const { resources, region } = services;
const identities = openIdentities({ client, table: readEnv(process.env, 'REGISTRY_TABLE').REGISTRY_TABLE });

export const handler = identityApi({
  services,
  authenticate: limited(authenticate(liveTrust(process.env, client)), liveLimiter(process.env, client)),
  faces: fhirFaces(services, regionDomains(region.homeCommunityId, identities)),
  routes: identityRoutes({ ...services, policyOver: (patients, writes) => policyOver(resources, patients, writes) }),
});
