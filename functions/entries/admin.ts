// The desk of the region: ANY /admin/{proxy+}, /enrolment/{proxy+}, /me/{proxy+}. The only function that may administer accounts.
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { readEnv } from '../env.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { jsonApi } from '../middleware/json-api.ts';
import { liveServices, liveTrust } from '../services/live.ts';
import { openDynamoClient } from '../storage/client.ts';
import { cognitoAccounts } from '../tenants/accounts.ts';
import { tenantRoutes } from '../tenants/routes.ts';
import { dynamoRows } from '../tenants/rows.ts';

const env = readEnv(process.env, 'REGISTRY_TABLE', 'STAFF_POOL_ID');
const client = openDynamoClient();
const services = await liveServices(process.env, client);
const tenants = {
  resources: services.resources,
  rows: dynamoRows({ client, table: env.REGISTRY_TABLE }),
  accounts: cognitoAccounts(new CognitoIdentityProviderClient({}), env.STAFF_POOL_ID),
};

export const handler = jsonApi({
  services,
  authenticate: authenticate(liveTrust(process.env, client)),
  routes: [...tenantRoutes(tenants)],
});
