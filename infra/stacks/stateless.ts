// What can be thrown away and made again: the API, the functions, their events and alarms.
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Background } from '../constructs/background.ts';
import { connect } from '../constructs/capability.ts';
import { EntryFunction, type EntryFunctionProps } from '../constructs/entry-function.ts';
import { RegionApi } from '../constructs/region-api.ts';
import { INCOMING } from '../constructs/region-buckets.ts';
import { Watch } from '../constructs/watch.ts';
import type { Entry } from '../permissions.ts';
import type { RegionFile } from '../regions/schema.ts';
import type { Bundles } from './bundles.ts';
import type { Stateful } from './stateful.ts';

export interface StatelessProps extends StackProps {
  readonly region: RegionFile;
  readonly bundles: Bundles;
  readonly stateful: Stateful;
  readonly consoleOrigin: string;
}

/** One object a minute at most where little happens: each costs a request. Lambda hands over 6 MB at most. */
const ARCHIVED_EVERY = { batchSize: 1000, windowSeconds: 60 };

/** 1,769 MB is one whole processor: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const WHOLE_CPU = 1769;

/** Rows of Patients and Coverages (functions/storage/order.ts), but those that a large transaction has only staged. */
const WHO_IS_WHO = {
  dynamodb: { Keys: { s: { S: [{ prefix: '!P' }, { prefix: 'CV' }] } }, NewImage: { t: { S: [{ exists: false }] } } },
};

export class Stateless extends Stack {
  private readonly given: Pick<StatelessProps, 'region' | 'bundles' | 'stateful' | 'consoleOrigin'>;
  private readonly api: RegionApi;
  private readonly background: Background;

  constructor(scope: Construct, id: string, { region, bundles, stateful, consoleOrigin, ...props }: StatelessProps) {
    super(scope, id, props);
    this.given = { region, bundles, stateful, consoleOrigin };
    this.api = new RegionApi(this, 'Http', { region, logKey: stateful.keys.data, consoleOrigin });
    this.background = new Background(this, 'Background');

    // API Gateway gives up after 30 s.
    const fhirApi = this.fn('FhirApi', 'fhir-api', { memoryMb: WHOLE_CPU, timeoutSeconds: 29 });
    const token = this.fn('Token', 'token', { memoryMb: 512, timeoutSeconds: 10 });
    const sealer = this.fn('AuditSealer', 'audit-sealer', { memoryMb: 256, timeoutSeconds: 50 });
    const sweeper = this.fn('TransactionSweeper', 'transaction-sweeper', { memoryMb: 512, timeoutSeconds: 240 });
    const changeFeed = this.fn('ChangeFeed', 'change-feed', { memoryMb: 256, timeoutSeconds: 60 });
    // The loader sorts a file by patient on disk (functions/bulk/spool.ts).
    const bulkLoad = this.fn('BulkLoad', 'bulk-load', { memoryMb: WHOLE_CPU, timeoutSeconds: 900, diskMb: 4096 });
    const archiver = this.fn('AuditArchiver', 'audit-archiver', { memoryMb: 512, timeoutSeconds: 120 });
    const reports = this.fn('AuditReports', 'audit-reports', { memoryMb: WHOLE_CPU, timeoutSeconds: 29 });
    const watch = this.fn('ReadingWatch', 'reading-watch', { memoryMb: 512, timeoutSeconds: 120 });
    const identity = this.fn('Identity', 'identity', { memoryMb: 1024, timeoutSeconds: 29 });
    const identityFeed = this.fn('IdentityFeed', 'identity-feed', { memoryMb: 1024, timeoutSeconds: 120 });
    const admin = this.fn('Admin', 'admin', { memoryMb: 1024, timeoutSeconds: 29 });
    const ihe = this.fn('Ihe', 'ihe', { memoryMb: WHOLE_CPU, timeoutSeconds: 29 });
    const gateway = this.fn('RespondingGateway', 'responding-gateway', { memoryMb: WHOLE_CPU, timeoutSeconds: 29 });
    const federation = this.fn('Federation', 'federation', { memoryMb: WHOLE_CPU, timeoutSeconds: 29 });

    this.api.routeFhir(fhirApi);
    this.api.routeToken(token);
    this.api.routeAdmin(admin);
    this.api.routeIdentity(identity);
    this.api.routeAudit(reports);
    this.api.routeIhe(ihe);
    this.api.routeGateway(gateway);
    this.api.routeFederation(federation);

    this.background.every(1, sealer);
    this.background.every(5, sweeper);
    this.background.follow('Clinical', stateful.tables.clinical.streamArn, changeFeed);
    this.background.follow('Clinical', stateful.tables.clinical.streamArn, identityFeed, {
      only: WHO_IS_WHO,
      batchSize: 50,
    });
    this.background.follow('Registry', stateful.tables.registry.streamArn, changeFeed);
    this.background.follow('Audit', stateful.tables.audit.streamArn, archiver, ARCHIVED_EVERY);
    this.background.follow('Audit', stateful.tables.audit.streamArn, watch, ARCHIVED_EVERY);
    this.background.onUpload(stateful.buckets.uploads, INCOMING, bulkLoad);

    new Watch(this, 'Watch', {
      region,
      key: stateful.keys.data,
      api: this.api.api,
      fhirApi,
      sealer,
      changeFeed,
      preTokenName: stateful.preToken.lambda.functionName,
      deadLetters: this.background.deadLetters,
    });
    this.tell();
  }

  private fn(id: string, entry: Entry, size: Pick<EntryFunctionProps, 'memoryMb' | 'timeoutSeconds' | 'diskMb'>) {
    const { region, bundles, stateful, consoleOrigin } = this.given;
    const fn = new EntryFunction(this, id, {
      entry,
      code: bundles(entry),
      ...size,
      logRetentionDays: region.logRetentionDays,
      logKey: stateful.keys.data,
      reservedConcurrency: reserved(region, entry),
    });
    fn.tell({
      REGION_NAME: region.name,
      HOME_COMMUNITY_ID: region.homeCommunityId,
      BASE_URL: this.api.baseUrl,
      OTHER_BASE_URLS: region.mtlsDomain ? `https://${region.mtlsDomain.name}` : '',
      CONSENT_DEFAULT: region.consentDefault,
      BREAK_GLASS_MINUTES: String(region.breakGlassMinutes ?? 30),
      GLASS_OVERRIDES_DENIAL: String(region.breakGlassOverridesDenial ?? false),
      CONSOLE_URL: consoleOrigin,
      MATURE_MINOR_AGE: String(region.matureMinorAge ?? ''),
      REQUIRE_JP_CORE: region.requireJpCore === true ? '*' : (region.requireJpCore || []).join(','),
      PROFILE_PUBLISHER: region.profilePublisher ?? '',
      RATE_LIMITS: Object.entries(region.rateLimits ?? {})
        .map(([kind, limit]) => `${kind}=${limit}`)
        .join(','),
      YEN_PER_USD: region.yenPerUsd ? `${region.yenPerUsd.rate}@${region.yenPerUsd.asOf}` : '',
    });
    connect(fn, {
      ...stateful.tables.connections,
      ...stateful.buckets.connections,
      ...stateful.keys.connections,
      ...this.background.connections,
      'officer-mail': stateful.officerMail,
      'staff-pool': stateful.staff,
      'residents-pool': stateful.residents,
    });
    return fn;
  }

  private tell() {
    const { baseUrl, dnsTargets } = this.api;
    new CfnOutput(this, 'FhirUrl', { value: `${baseUrl}/fhir` });
    new CfnOutput(this, 'TokenUrl', { value: `${baseUrl}/auth/token` });
    for (const [index, [host, target]] of [...dnsTargets].entries())
      new CfnOutput(this, `DnsTarget${index + 1}`, {
        value: target,
        description: `Target of the DNS record of ${host}`,
      });
  }
}

const reserved = (region: RegionFile, entry: Entry): number | undefined =>
  entry === 'fhir-api' || entry === 'token' || entry === 'bulk-load' ? region.reservedConcurrency?.[entry] : undefined;
