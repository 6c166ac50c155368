// The console (console/): files in a bucket that only CloudFront reads, and the headers that keep a page of medical records
// from being framed, scripted or remembered. Nothing is billed while nobody looks.
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { RegionFile } from '../regions/schema.ts';

export interface ConsoleSiteProps {
  readonly region: RegionFile;
}

export class ConsoleSite extends Construct {
  readonly bucket: s3.Bucket;
  readonly distribution: cloudfront.Distribution;
  /** Where browsers load it, as their `Origin` header says it. */
  readonly origin: string;

  constructor(scope: Construct, id: string, { region }: ConsoleSiteProps) {
    super(scope, id);
    this.bucket = new s3.Bucket(this, 'Files', {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const { consoleDomain } = region;
    this.distribution = new cloudfront.Distribution(this, 'Web', {
      comment: `Tsumugi console ${region.name}`,
      defaultRootObject: 'index.html',
      priceClass: cloudfront.PriceClass.PRICE_CLASS_200,
      geoRestriction: cloudfront.GeoRestriction.allowlist('JP'),
      ...(consoleDomain && {
        minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
        domainNames: [consoleDomain.name],
        certificate: acm.Certificate.fromCertificateArn(this, 'Certificate', consoleDomain.certificateArn),
      }),
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(this.bucket),
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        allowedMethods: cloudfront.AllowedMethods.ALLOW_GET_HEAD,
        compress: true,
        cachePolicy: cloudfront.CachePolicy.CACHING_OPTIMIZED,
        responseHeadersPolicy: new cloudfront.ResponseHeadersPolicy(this, 'Headers', {
          comment: `Tsumugi console ${region.name}`,
          securityHeadersBehavior: securityHeaders(region),
          customHeadersBehavior: {
            customHeaders: [
              {
                header: 'permissions-policy',
                // The camera reads cards and opt-in codes.
                value: 'camera=(self), geolocation=(), microphone=(), payment=(), usb=()',
                override: true,
              },
              { header: 'cross-origin-opener-policy', value: 'same-origin', override: true },
            ],
          },
        }),
      },
    });
    this.origin = `https://${consoleDomain?.name ?? this.distribution.distributionDomainName}`;
    this.explain();
  }

  private explain() {
    Validations.of(this.bucket).acknowledge(
      {
        id: 'AwsSolutions-S1',
        reason:
          'The bucket holds the published files of the console and nothing of a person; who loads them is CloudFront alone.',
      },
      {
        id: 'HIPAA.Security-S3BucketLoggingEnabled',
        reason:
          'The bucket holds the published files of the console and nothing of a person; who loads them is CloudFront alone.',
      },
      {
        id: 'HIPAA.Security-S3BucketReplicationEnabled',
        reason: 'The files are built from the repository and can be published again at any time.',
      },
      {
        id: 'HIPAA.Security-S3DefaultEncryptionKMS',
        reason: 'The files are public, in the sense that everybody may load the console before signing in.',
      },
    );
    Validations.of(this.distribution).acknowledge(
      {
        id: 'AwsSolutions-CFR2',
        reason:
          'A web ACL costs more in a month than everything else that is idle; the files are static and hold no data.',
      },
      {
        id: 'AwsSolutions-CFR3',
        reason: 'Loading static files discloses nothing; what is read through the API is in the audit trail.',
      },
      {
        id: 'AwsSolutions-CFR4',
        reason:
          'Without a host name of its own the distribution uses the certificate of CloudFront, whose protocol versions cannot be set; with consoleDomain it is TLS 1.2 of 2021.',
      },
    );
  }
}

/** https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy */
const securityHeaders = ({ awsRegion, domain }: RegionFile): cloudfront.ResponseSecurityHeadersBehavior => {
  // An API without a host name of its own has an address that is known only when it is made.
  const api = domain ? `https://${domain.name}` : `https://*.execute-api.${awsRegion}.amazonaws.com`;
  const policy = {
    'default-src': "'none'",
    'script-src': "'self'",
    // Mantine sets custom properties in style attributes; no style element is ever written.
    'style-src': "'self'",
    'style-src-attr': "'unsafe-inline'",
    'img-src': "'self' data: blob:",
    'font-src': "'self'",
    'media-src': "'self' blob:",
    'frame-src': 'blob:',
    'connect-src': `'self' ${api} https://cognito-idp.${awsRegion}.amazonaws.com`,
    'worker-src': "'self'",
    'manifest-src': "'self'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
  };
  return {
    contentSecurityPolicy: {
      contentSecurityPolicy: Object.entries(policy)
        .map(([directive, value]) => `${directive} ${value}`)
        .join('; '),
      override: true,
    },
    contentTypeOptions: { override: true },
    frameOptions: { frameOption: cloudfront.HeadersFrameOption.DENY, override: true },
    referrerPolicy: { referrerPolicy: cloudfront.HeadersReferrerPolicy.NO_REFERRER, override: true },
    strictTransportSecurity: { accessControlMaxAge: Duration.days(365), includeSubdomains: true, override: true },
  };
};
