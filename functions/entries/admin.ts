// The desk of the region: ANY /admin/{proxy+}, /enrolment/{proxy+}, /me/{proxy+}. The only function that may administer accounts.

import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { limited } from '../abuse/limiter.ts';
import { dynamoAuditTable } from '../audit/table.ts';
import { openCases } from '../break-glass/cases.ts';
import { breakGlassRoutes } from '../break-glass/routes.ts';
import { consentRoutes } from '../consent/routes.ts';
import { residentAccounts } from '../enrolment/accounts.ts';
import { openPatientsOf } from '../enrolment/acting-for.ts';
import { enrolmentRoutes } from '../enrolment/routes.ts';
import { openDesk } from '../enrolment/services.ts';
import { readEnv, yenPerUsdOf } from '../env.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { jsonApi } from '../middleware/json-api.ts';
import { liveLimiter, liveRows, liveServices, liveTrail, liveTrust } from '../services/live.ts';
import { openTopic } from '../services/sns.ts';
import { openDynamoClient } from '../storage/client.ts';
import { accountsOf, cognitoAccounts } from '../tenants/accounts.ts';
import { lastUseOn } from '../tenants/last-use.ts';
import { tenantRoutes } from '../tenants/routes.ts';
import { dynamoRows } from '../tenants/rows.ts';
import { usageRoutes } from '../tenants/usage.ts';

const env = readEnv(
  process.env,
  'REGISTRY_TABLE',
  'AUDIT_TABLE',
  'STAFF_POOL_ID',
  'RESIDENTS_POOL_ID',
  'OFFICERS_TOPIC',
);
const client = openDynamoClient();
const services = await liveServices(process.env, client);
const cognito = new CognitoIdentityProviderClient({});
const tenants = {
  resources: services.resources,
  rows: dynamoRows({ client, table: env.REGISTRY_TABLE }),
  accounts: cognitoAccounts(cognito, env.STAFF_POOL_ID),
  residents: cognitoAccounts(cognito, env.RESIDENTS_POOL_ID),
  officers: openTopic(env.OFFICERS_TOPIC),
  lastUse: lastUseOn(dynamoAuditTable({ client, table: env.AUDIT_TABLE })),
};
const rows = liveRows(process.env, client);
const cases = openCases(rows);
const desk = openDesk(services, { rows, accounts: residentAccounts(cognito, env.RESIDENTS_POOL_ID) });

export const handler = jsonApi({
  services,
  authenticate: limited(
    authenticate({
      ...liveTrust(process.env, client),
      patientsOf: openPatientsOf(services),
      newcomers: true, // who has an account and has not joined yet may apply here, and nothing else
    }),
    liveLimiter(process.env, client),
  ),
  routes: [
    ...tenantRoutes(tenants),
    ...usageRoutes({
      rows: tenants.rows,
      counted: rows,
      accounts: async () => {
        const [staff, residents] = await Promise.all(
          [env.STAFF_POOL_ID, env.RESIDENTS_POOL_ID].map((pool) => accountsOf(cognito, pool)),
        );
        return { staff: staff!, residents: residents! };
      },
      yen: yenPerUsdOf(process.env),
    }),
    ...breakGlassRoutes(cases, liveTrail(process.env, client)),
    ...enrolmentRoutes(desk, cases),
    ...consentRoutes({ ...services, rows }),
  ],
});
