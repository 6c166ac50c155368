// The services as they are in AWS. Where they lie is told by the standard environment variables, so the local host needs no more.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openCounters } from '../abuse/counters.ts';
import { type Limiter, openLimiter, readLimits } from '../abuse/limiter.ts';
import { openAudit } from '../audit/chain.ts';
import { type AuditTrail, openAuditTrail } from '../audit/trail.ts';
import { cached } from '../auth/cached.ts';
import { openNarrow } from '../auth/narrow.ts';
import { openIdentities } from '../auth/rows.ts';
import { openTokenKeys } from '../auth/token-keys.ts';
import { consentDefaultOf, profileSettingsOf, readEnv } from '../env.ts';
import type { Services } from '../interactions/contract.ts';
import type { AuthenticateDeps } from '../middleware/authenticate.ts';
import type { Profiles } from '../profiles/port.ts';
import { openDynamoClient } from '../storage/client.ts';
import { openDocuments } from '../storage/documents-s3.ts';
import { type DynamoOptions, openDynamo } from '../storage/dynamo.ts';
import { loadRegionSecrets } from '../storage/region-keys.ts';
import { openSeal } from '../storage/seal.ts';
import { openKms } from './aws-fetch.ts';
import { openRowStore, type RowStore } from './row-store.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const SERVICES = [
  'REGION_NAME',
  'HOME_COMMUNITY_ID',
  'BASE_URL',
  'CLINICAL_TABLE',
  'REGISTRY_TABLE',
  'AUDIT_TABLE',
  'DOCUMENTS_BUCKET',
  'DATA_KEY_ID',
] as const;

/** The region's data key is unwrapped once, before the first request. */
export const liveServices = async (
  environment: Environment,
  client: DynamoDBClient = openDynamoClient(),
  limits: DynamoOptions['limits'] = {},
): Promise<Services> => {
  const env = readEnv(environment, ...SERVICES);
  const clock = Date.now;
  const keys = await loadRegionSecrets({
    client,
    registry: env.REGISTRY_TABLE,
    kms: openKms(),
    keyId: env.DATA_KEY_ID,
  });
  const documents = openDocuments({ bucket: env.DOCUMENTS_BUCKET });
  const tables = { clinical: env.CLINICAL_TABLE, registry: env.REGISTRY_TABLE };
  const resources = openDynamo({ client, tables, keys, documents, clock, limits });
  return {
    resources,
    profiles: lateProfiles({ resources, clock }, profileSettingsOf(environment)),
    documents,
    // Only functions that take files larger than a request are told the bucket.
    ...(environment.UPLOADS_BUCKET && { uploads: openDocuments({ bucket: environment.UPLOADS_BUCKET }) }),
    seal: openSeal(keys),
    audit: openAudit({ client, table: env.AUDIT_TABLE, clock, environmentId: environmentId(environment) }),
    clock,
    narrow: openNarrow({ client, table: env.REGISTRY_TABLE, clock }),
    region: {
      name: env.REGION_NAME,
      baseUrl: env.BASE_URL,
      otherBaseUrls: environment['OTHER_BASE_URLS']?.split(',').filter(Boolean),
      homeCommunityId: env.HOME_COMMUNITY_ID,
      consentDefault: consentDefaultOf(environment),
      glassOverridesDenial: environment.GLASS_OVERRIDES_DENIAL === 'true',
      matureMinorAge: Number(environment.MATURE_MINOR_AGE) || undefined,
    },
  };
};

/** The rules are loaded with the first write, not with a cold start. */
const lateProfiles = (
  services: Pick<Services, 'resources' | 'clock'>,
  settings: ReturnType<typeof profileSettingsOf>,
): Profiles => {
  let opened: Promise<Profiles> | undefined;
  return {
    issues: async (resource, asked) => {
      opened ??= import('../profiles/loaded.ts').then(({ openProfiles }) => openProfiles(services, settings));
      return (await opened).issues(resource, asked);
    },
  };
};

/** Whose tokens are good here. */
export const liveTrust = (environment: Environment, client: DynamoDBClient = openDynamoClient()): AuthenticateDeps => {
  const env = readEnv(
    environment,
    'REGION_NAME',
    'BASE_URL',
    'REGISTRY_TABLE',
    'TOKEN_KEY_ID',
    'STAFF_POOL_ID',
    'STAFF_CLIENT_ID',
    'RESIDENTS_POOL_ID',
    'RESIDENTS_CLIENT_ID',
  );
  const tokenKeys = openTokenKeys(openKms(), env.TOKEN_KEY_ID);
  return {
    baseUrl: env.BASE_URL,
    region: env.REGION_NAME,
    tokenKeys: () => tokenKeys.publicKeys(),
    staffPool: { id: env.STAFF_POOL_ID, clientId: env.STAFF_CLIENT_ID },
    residentsPool: { id: env.RESIDENTS_POOL_ID, clientId: env.RESIDENTS_CLIENT_ID },
    cognitoOrigin: environment.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER,
    clock: Date.now,
    identities: openIdentities({ client, table: env.REGISTRY_TABLE }),
  };
};

/** Small rows of `registry`: grants, alerts, counters. */
export const liveRows = (environment: Environment, client: DynamoDBClient = openDynamoClient()): RowStore =>
  openRowStore({ client, table: readEnv(environment, 'REGISTRY_TABLE').REGISTRY_TABLE });

/** How much one account may ask in a minute, over all execution environments. */
export const liveLimiter = (environment: Environment, client: DynamoDBClient = openDynamoClient()): Limiter =>
  openLimiter({
    limits: readLimits(environment['RATE_LIMITS']),
    clock: Date.now,
    counters: openCounters({ client, table: readEnv(environment, 'REGISTRY_TABLE').REGISTRY_TABLE }),
    log: (line) => console.log(JSON.stringify(line)),
  });

/** Names of facilities, for people who read who looked at their record. */
export const liveFacilityNames = (environment: Environment, client: DynamoDBClient = openDynamoClient()) => {
  const identities = openIdentities({ client, table: readEnv(environment, 'REGISTRY_TABLE').REGISTRY_TABLE });
  const row = cached((code) => identities.facility(code), { forMs: 300_000, most: 1_000, clock: Date.now });
  return async (code: string): Promise<string | undefined> => (await row(code))?.name;
};

/** The audit trail as it is read: AuditEvent. */
export const liveTrail = (environment: Environment, client: DynamoDBClient = openDynamoClient()): AuditTrail =>
  openAuditTrail({ client, table: readEnv(environment, 'AUDIT_TABLE').AUDIT_TABLE });

/** Names the execution environment, which owns an audit chain. */
const environmentId = (environment: Environment) => environment.AWS_LAMBDA_LOG_STREAM_NAME ?? `process-${process.pid}`;
