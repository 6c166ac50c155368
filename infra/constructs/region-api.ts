// The HTTP API of a region: routes, throttle, access log, and its host names. Functions verify tokens themselves: three
// issuers, and some paths are public by specification, which one authorizer of the gateway cannot say.
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigw from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { RegionFile } from '../regions/schema.ts';
import type { EntryFunction } from './entry-function.ts';

const { ANY, GET, POST } = apigw.HttpMethod;

/** Every route: docs/architecture.md, "Lambdas". */
const FHIR_ROUTES = [
  { method: ANY, path: '/fhir' },
  { method: ANY, path: '/fhir/{proxy+}' },
];
const TOKEN_ROUTES = [
  { method: POST, path: '/auth/token' },
  { method: GET, path: '/auth/jwks.json' },
  { method: GET, path: '/fhir/.well-known/smart-configuration' },
];
/** The more specific address wins over /fhir/{proxy+} and /me/{proxy+}. */
const IDENTITY_ROUTES = [
  { method: POST, path: '/fhir/Patient/$match' },
  { method: GET, path: '/fhir/Patient/$ihe-pix' },
  { method: POST, path: '/fhir/Patient/$ihe-pix' },
  { method: ANY, path: '/identity/{proxy+}' },
  { method: ANY, path: '/me/pairings' },
  { method: ANY, path: '/me/pairings/{id}' },
];
const ADMIN_ROUTES = [
  { method: ANY, path: '/admin/{proxy+}' },
  { method: ANY, path: '/enrolment/{proxy+}' },
  { method: ANY, path: '/me/{proxy+}' },
];

/** HL7 v2 and SOAP (docs/ihe.md). */
const IHE_ROUTES = [
  { method: POST, path: '/ihe/{proxy+}' },
  { method: GET, path: '/ihe/updates' },
];
/** Other communities' gateways; more specific than /ihe/{proxy+}. */
const GATEWAY_ROUTES = [
  { method: POST, path: '/ihe/xcpd' },
  { method: POST, path: '/ihe/xca/query' },
  { method: POST, path: '/ihe/xca/retrieve' },
];
/** Other regions, and who asks them (docs/federation.md). */
const FEDERATION_ROUTES = [{ method: ANY, path: '/federation/{proxy+}' }];
const AUDIT_ROUTES = [{ method: ANY, path: '/audit/{proxy+}' }];

/** No path and no query: they hold ids and search values. The address is kept, to see where an attack comes from. */
const ACCESS_LOG = JSON.stringify({
  time: '$context.requestTime',
  request: '$context.requestId',
  route: '$context.routeKey',
  status: '$context.status',
  latencyMs: '$context.responseLatency',
  bytes: '$context.responseLength',
  ip: '$context.identity.sourceIp',
  error: '$context.integrationErrorMessage',
});

export interface RegionApiProps {
  readonly region: RegionFile;
  readonly logKey: kms.IKey;
  /** Where browsers load the console; other pages may not call the API with a person's token. */
  readonly consoleOrigin: string;
}

export class RegionApi extends Construct {
  readonly api: apigw.HttpApi;
  /** Where clients reach it, no slash at the end. */
  readonly baseUrl: string;
  /** Targets of the DNS records, by host name. */
  readonly dnsTargets = new Map<string, string>();

  constructor(scope: Construct, id: string, { region, logKey, consoleOrigin }: RegionApiProps) {
    super(scope, id);
    const { domain, mtlsDomain } = region;
    this.api = new apigw.HttpApi(this, 'Api', {
      description: `Tsumugi ${region.name}`,
      createDefaultStage: false,
      corsPreflight: {
        allowOrigins: [consoleOrigin],
        allowMethods: [apigw.CorsHttpMethod.ANY],
        allowHeaders: [
          'accept',
          'authorization',
          'content-type',
          'if-match',
          'if-none-exist',
          'if-none-match',
          'prefer',
          'x-purpose',
          'x-purpose-reason',
          'x-security-context',
        ],
        exposeHeaders: ['etag', 'last-modified', 'location', 'retry-after', 'x-request-id'],
        maxAge: Duration.hours(2),
      },
      // With host names of its own, the address that AWS gave must not be a way around mutual TLS.
      disableExecuteApiEndpoint: domain !== undefined,
    });
    this.baseUrl = domain ? `https://${domain.name}` : this.api.apiEndpoint;

    const stage = this.api.addStage('Live', {
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: region.throttling.rate, burstLimit: region.throttling.burst },
      accessLogSettings: {
        destination: new apigw.LogGroupLogDestination(
          new logs.LogGroup(this, 'AccessLog', {
            logGroupName: `/aws/vendedlogs/tsumugi/${region.name}/api`,
            retention: region.logRetentionDays,
            encryptionKey: logKey,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
        format: AccessLogFormat.custom(ACCESS_LOG),
      },
    });
    if (domain) this.answerAt('Domain', domain, stage);
    if (mtlsDomain) this.answerAt('MutualTlsDomain', mtlsDomain, stage, trust(this, mtlsDomain));
  }

  routeFhir(fn: EntryFunction) {
    this.route(fn, FHIR_ROUTES);
  }

  routeToken(fn: EntryFunction) {
    this.route(fn, TOKEN_ROUTES);
  }

  routeIdentity(fn: EntryFunction) {
    this.route(fn, IDENTITY_ROUTES);
  }

  routeAdmin(fn: EntryFunction) {
    this.route(fn, ADMIN_ROUTES);
  }

  routeIhe(fn: EntryFunction) {
    this.route(fn, IHE_ROUTES);
  }

  routeGateway(fn: EntryFunction) {
    this.route(fn, GATEWAY_ROUTES);
  }

  routeFederation(fn: EntryFunction) {
    this.route(fn, FEDERATION_ROUTES);
  }

  routeAudit(fn: EntryFunction) {
    this.route(fn, AUDIT_ROUTES);
  }

  private route(fn: EntryFunction, routes: readonly { method: apigw.HttpMethod; path: string }[]) {
    const integration = new HttpLambdaIntegration(`${fn.node.id}Integration`, fn.lambda);
    for (const { method, path } of routes)
      for (const route of this.api.addRoutes({ path, methods: [method], integration }))
        Validations.of(route).acknowledge({
          id: 'AwsSolutions-APIG4',
          reason:
            'The function verifies the token (functions/middleware/authenticate.ts): tokens have three issuers, and metadata and the token endpoint are public by specification.',
        });
  }

  private answerAt(
    id: string,
    domain: NonNullable<RegionFile['domain']>,
    stage: apigw.HttpStage,
    mtls?: apigw.MTLSConfig,
  ) {
    const name = new apigw.DomainName(this, id, {
      domainName: domain.name,
      certificate: acm.Certificate.fromCertificateArn(this, `${id}Certificate`, domain.certificateArn),
      securityPolicy: apigw.SecurityPolicy.TLS_1_2,
      ...(mtls && { mtls }),
    });
    new apigw.ApiMapping(this, `${id}Mapping`, { api: this.api, domainName: name, stage });
    this.dnsTargets.set(domain.name, name.regionalDomainName);
  }
}

const trust = (
  scope: Construct,
  { truststore, truststoreVersion }: NonNullable<RegionFile['mtlsDomain']>,
): apigw.MTLSConfig => {
  const { hostname, pathname } = new URL(truststore);
  return {
    bucket: s3.Bucket.fromBucketName(scope, 'Truststore', hostname),
    key: pathname.slice(1),
    ...(truststoreVersion !== undefined && { version: truststoreVersion }),
  };
};
