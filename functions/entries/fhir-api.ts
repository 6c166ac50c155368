// FHIR R4 REST: ANY /fhir and ANY /fhir/{proxy+}.
import { openAlerts } from '../abuse/alert.ts';
import { limited } from '../abuse/limiter.ts';
import { openCases } from '../break-glass/cases.ts';
import { openBreakGlass } from '../break-glass/open.ts';
import { openPatientsOf } from '../enrolment/acting-for.ts';
import { late } from '../interactions/late.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { fhirApi } from '../middleware/fhir-api.ts';
import { liveFacilityNames, liveLimiter, liveRows, liveServices, liveTrail, liveTrust } from '../services/live.ts';
import { openDynamoClient } from '../storage/client.ts';

const client = openDynamoClient();
/** The function has 29 s (infra/functions.ts): a commit that cannot be decided by then is taken back, and says so in time. */
const LIMITS = { answerMs: 22_000, batchRows: 25 };
// A bad environment stops the cold start, not a request.
const services = await liveServices(process.env, client, LIMITS);

const alert = openAlerts({ region: services.region.name, clock: services.clock });

const audits = async () => {
  const { auditEvents } = await import('../interactions/audit-events.ts');
  const facilityName = liveFacilityNames(process.env, client);
  return auditEvents({ ...services, facilityName }, liveTrail(process.env, client));
};

export const handler = fhirApi({
  services,
  authenticate: limited(
    authenticate({ ...liveTrust(process.env, client), patientsOf: openPatientsOf(services) }),
    liveLimiter(process.env, client),
  ),
  breakGlass: openBreakGlass({
    cases: openCases(liveRows(process.env, client)),
    resources: services.resources,
    minutes: Number(process.env.BREAK_GLASS_MINUTES) || undefined,
    alert: () => alert('break-glass'),
  }),
  audits: { read: late(async () => (await audits()).read), search: late(async () => (await audits()).search) },
});
