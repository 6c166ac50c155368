// The buckets of a region, and who may touch them: documents, uploads, the locked audit archive, and their access logs.
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { EnvName } from '../../functions/env.ts';
import type { RegionFile } from '../regions/schema.ts';
import type { Connectable } from './capability.ts';
import type { EntryFunction } from './entry-function.ts';

/** Where clients put what is to be loaded; the rule in infra/constructs/upload-events.ts watches it. */
export const INCOMING = 'incoming/';

export interface RegionBucketsProps {
  readonly key: kms.IKey;
  readonly audit: RegionFile['audit'];
}

export class RegionBuckets extends Construct {
  /** Binary and large bodies. */
  readonly documents: s3.Bucket;
  /** What clients upload to be loaded; emptied by the loader, and by age. */
  readonly uploads: s3.Bucket;
  /** Seals of the audit trail, under Object Lock. */
  readonly auditArchive: s3.Bucket;
  private readonly accessLogs: s3.Bucket;

  constructor(scope: Construct, id: string, { key, audit }: RegionBucketsProps) {
    super(scope, id);
    this.accessLogs = this.accessLogBucket();
    const common = {
      ...closed,
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: key,
      // One call to KMS for many objects.
      bucketKeyEnabled: true,
      serverAccessLogsBucket: this.accessLogs,
    };
    this.documents = new s3.Bucket(this, 'Documents', {
      ...common,
      serverAccessLogsPrefix: 'documents/',
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    });
    this.uploads = new s3.Bucket(this, 'Uploads', {
      ...common,
      serverAccessLogsPrefix: 'uploads/',
      lifecycleRules: [
        {
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          expiration: Duration.days(14),
          noncurrentVersionExpiration: Duration.days(1),
        },
      ],
    });
    announceObjects(this.uploads);
    this.auditArchive = new s3.Bucket(this, 'AuditArchive', {
      ...common,
      serverAccessLogsPrefix: 'audit-archive/',
      objectLockEnabled: true,
      objectLockDefaultRetention: s3.ObjectLockRetention[audit.lockMode === 'COMPLIANCE' ? 'compliance' : 'governance'](
        Duration.days(audit.lockYears * 365),
      ),
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    });
    Validations.of(this).acknowledge({
      id: 'HIPAA.Security-S3BucketReplicationEnabled',
      reason:
        'S3 keeps each object in three zones, and versions outlive deletion; a copy in a second region doubles storage and is a decision of the operator (docs/deployment.md).',
    });
  }

  get connections() {
    return {
      documents: connection(this.documents, 'DOCUMENTS_BUCKET', 'the names of documents are made when they are stored'),
      uploads: connection(this.uploads, 'UPLOADS_BUCKET', 'the names of uploads are made when they are announced'),
      'audit-archive': connection(
        this.auditArchive,
        'AUDIT_BUCKET',
        'each seal and each batch of records is an object of its own',
      ),
    } satisfies Record<string, Connectable>;
  }

  private accessLogBucket() {
    const bucket = new s3.Bucket(this, 'AccessLogs', {
      ...closed,
      encryption: s3.BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ expiration: Duration.days(400), noncurrentVersionExpiration: Duration.days(1) }],
    });
    Validations.of(bucket).acknowledge(
      { id: 'AwsSolutions-S1', reason: 'It is the bucket of access logs: logging it into itself would never end.' },
      {
        id: 'HIPAA.Security-S3BucketLoggingEnabled',
        reason: 'It is the bucket of access logs: logging it into itself would never end.',
      },
      {
        id: 'HIPAA.Security-S3DefaultEncryptionKMS',
        reason: 'S3 does not deliver access logs to a bucket whose default key is in KMS.',
      },
    );
    return bucket;
  }
}

const closed = {
  blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
  objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  versioned: true,
  removalPolicy: RemovalPolicy.RETAIN,
} satisfies s3.BucketProps;

/**
 * Sends "Object Created" to EventBridge. `eventBridgeEnabled` of the construct would add a Lambda of its own to do so,
 * and a direct notification would tie the bucket's stack to the function's.
 */
const announceObjects = (bucket: s3.Bucket) => {
  const resource = bucket.node.defaultChild as s3.CfnBucket;
  resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
};

/** Actions come as in infra/permissions.ts: `s3:GetObject binary/*`, or alone for the bucket itself. */
const connection = (bucket: s3.Bucket, setting: EnvName, why: string): Connectable => ({
  connect(fn: EntryFunction, actions) {
    fn.tell({ [setting]: bucket.bucketName });
    const granted = actions.map((action) => action.split(' ')) as [string, string | undefined][];
    for (const [objects, group] of Map.groupBy(granted, ([, pattern]) => pattern)) {
      const names = group.map(([action]) => action);
      fn.allow(names, [objects === undefined ? bucket.bucketArn : bucket.arnForObjects(objects)]);
      if (objects !== undefined) explain(fn, bucket, objects, why);
    }
  },
});

const explain = (fn: EntryFunction, bucket: s3.Bucket, objects: string, why: string) =>
  Validations.of(fn.role).acknowledge({
    id: `AwsSolutions-IAM5[Resource::${exportedArn(bucket)}/${objects}]`,
    reason: `Objects of one kind in one bucket; a wildcard, because ${why}.`,
  });

/** cdk-nag names a resource of another stack by the export that leads to it. */
const exportedArn = (bucket: s3.Bucket): string => {
  const stack = Stack.of(bucket);
  return stack.resolve(stack.exportValue(bucket.bucketArn))['Fn::ImportValue'];
};
