// Reports from the audit trail: GET /audit/{proxy+}.
import { reportRoutes } from '../audit/reports.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { jsonApi } from '../middleware/json-api.ts';
import { liveServices, liveTrail, liveTrust } from '../services/live.ts';
import { openDynamoClient } from '../storage/client.ts';

const client = openDynamoClient();
const services = await liveServices(process.env, client);

export const handler = jsonApi({
  services,
  authenticate: authenticate(liveTrust(process.env, client)),
  routes: reportRoutes({ ...services, trail: liveTrail(process.env, client) }),
});
