// The desk of the region: ANY /admin/{proxy+}, /enrolment/{proxy+}, /me/{proxy+}. The only function that may administer accounts.
import { authenticate } from '../middleware/authenticate.ts';
import { jsonApi } from '../middleware/json-api.ts';
import { liveServices, liveTrust } from '../services/live.ts';
import { openDynamoClient } from '../storage/client.ts';
import { tenantRoutes } from '../tenants/routes.ts';

const client = openDynamoClient();
const services = await liveServices(process.env, client);

export const handler = jsonApi({
  services,
  authenticate: authenticate(liveTrust(process.env, client)),
  routes: [...tenantRoutes()],
});
