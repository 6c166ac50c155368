// What the stand-in knows of a bucket: the template's own properties.
import type { JsonObject } from '../host/assembly.ts';
import type { Resource, Resources } from '../host/resources.ts';
import { keyArn } from '../host/tables.ts';
import type { Retention } from './object-store.ts';

export interface Bucket {
  readonly name: string;
  readonly arn: string;
  readonly account: string;
  readonly versioned: boolean;
  readonly locked: boolean;
  readonly defaultRetention: { readonly mode: Retention['mode']; readonly days: number } | undefined;
  /** Customer-managed key that encrypts by default. */
  readonly keyArn: string | undefined;
}

export const bucketsOf = (resources: Resources): Bucket[] =>
  resources.ofType('AWS::S3::Bucket').map((bucket) => {
    const { properties } = bucket;
    const locked = properties['ObjectLockEnabled'] === true;
    return {
      name: bucket.ref,
      arn: bucket.attribute('Arn'),
      account: bucket.account,
      versioned: locked || (properties['VersioningConfiguration'] as JsonObject | undefined)?.['Status'] === 'Enabled',
      locked,
      defaultRetention: defaultRetention(bucket),
      keyArn: encryptionKey(resources, bucket),
    };
  });

const defaultRetention = ({ properties }: Resource): Bucket['defaultRetention'] => {
  const rule = (properties['ObjectLockConfiguration'] as JsonObject | undefined)?.['Rule'] as JsonObject | undefined;
  const given = rule?.['DefaultRetention'] as JsonObject | undefined;
  if (!given) return undefined;
  const days = Number(given['Days'] ?? Number(given['Years']) * 365);
  return { mode: String(given['Mode']) as Retention['mode'], days };
};

const encryptionKey = (resources: Resources, { properties }: Resource): string | undefined => {
  const rules = (properties['BucketEncryption'] as JsonObject | undefined)?.['ServerSideEncryptionConfiguration'];
  const rule = (Array.isArray(rules) ? (rules[0] as JsonObject) : undefined)?.['ServerSideEncryptionByDefault'];
  return keyArn(resources, (rule as JsonObject | undefined)?.['KMSMasterKeyID']);
};
