// Reports from the audit trail, and the queue of unusual reading: ANY /audit/{proxy+}.
import { openFindings } from '../abuse/findings.ts';
import { DEFAULT_LIMITS, limited, openLimiter } from '../abuse/limiter.ts';
import { unusualRoutes } from '../abuse/routes.ts';
import { reportRoutes } from '../audit/reports.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { jsonApi } from '../middleware/json-api.ts';
import { liveRows, liveServices, liveTrail, liveTrust } from '../services/live.ts';
import { openDynamoClient } from '../storage/client.ts';

const client = openDynamoClient();
const services = await liveServices(process.env, client);

export const handler = jsonApi({
  services,
  // A report reads much; few people make them, so each environment holds a limit of its own.
  authenticate: limited(
    authenticate(liveTrust(process.env, client)),
    openLimiter({ limits: { ...DEFAULT_LIMITS, staff: 60 }, clock: Date.now }),
  ),
  routes: [
    ...reportRoutes({ ...services, trail: liveTrail(process.env, client) }),
    ...unusualRoutes(openFindings(liveRows(process.env, client))),
  ],
});
