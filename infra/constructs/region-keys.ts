// The three keys of a region. A key costs 1 USD a month, so there is one for each purpose and not one for each table.
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { EnvName } from '../../functions/env.ts';
import type { Connectable } from './capability.ts';
import type { EntryFunction } from './entry-function.ts';

/** Services that encrypt with the data key for whoever may use their resource: roles then need no key permissions for that. */
const ON_BEHALF = ['dynamodb', 's3'];

export class RegionKeys extends Construct {
  /** Tables, buckets, logs and alarms; wraps the region's own data key. */
  readonly data: kms.Key;
  /** Signs access tokens (ES256). */
  readonly token: kms.Key;
  /** Signs audit seals. */
  readonly seal: kms.Key;

  constructor(scope: Construct, id: string, { region }: { readonly region: string }) {
    super(scope, id);
    this.data = new kms.Key(this, 'Data', {
      description: `${region}: encrypts tables, buckets and logs, wraps the data key`,
      alias: `tsumugi/${region}/data`,
      enableKeyRotation: true,
      // The first two rotations each add 1 USD a month for ever; seven years is the longest period.
      rotationPeriod: Duration.days(2560),
      removalPolicy: RemovalPolicy.RETAIN,
      pendingWindow: Duration.days(30),
    });
    this.token = this.signing('Token', region, 'signs access tokens');
    this.seal = this.signing('Seal', region, 'signs audit seals');
    this.letServicesUseData();
  }

  get connections() {
    return {
      'data-key': connection(this.data, 'DATA_KEY_ID'),
      'token-key': connection(this.token, 'TOKEN_KEY_ID'),
      'seal-key': connection(this.seal, 'SEAL_KEY_ID'),
    } satisfies Record<string, Connectable>;
  }

  private signing(id: string, region: string, purpose: string) {
    return new kms.Key(this, id, {
      description: `${region}: ${purpose}`,
      alias: `tsumugi/${region}/${id.toLowerCase()}`,
      keySpec: kms.KeySpec.ECC_NIST_P256,
      keyUsage: kms.KeyUsage.SIGN_VERIFY,
      removalPolicy: RemovalPolicy.RETAIN,
      pendingWindow: Duration.days(30),
    });
  }

  private letServicesUseData() {
    const { account, region } = Stack.of(this);
    const use = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncryptFrom', 'kms:ReEncryptTo', 'kms:GenerateDataKey'];
    // As AWS's own keys for DynamoDB and S3 do it:
    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    this.data.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'ThroughTheServicesThatStore',
        principals: [new iam.AnyPrincipal()],
        actions: [...use, 'kms:GenerateDataKeyWithoutPlaintext', 'kms:DescribeKey', 'kms:CreateGrant'],
        resources: ['*'],
        conditions: {
          StringEquals: {
            'kms:CallerAccount': account,
            'kms:ViaService': ON_BEHALF.map((service) => `${service}.${region}.amazonaws.com`),
          },
        },
      }),
    );
    this.data.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'LogGroupsOfThisAccount',
        principals: [new iam.ServicePrincipal(`logs.${region}.amazonaws.com`)],
        actions: [...use, 'kms:DescribeKey'],
        resources: ['*'],
        conditions: {
          ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${region}:${account}:log-group:*` },
        },
      }),
    );
    this.data.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
  }
}

const connection = (key: kms.IKey, setting: EnvName): Connectable => ({
  connect(fn: EntryFunction, actions) {
    fn.tell({ [setting]: key.keyId });
    fn.allow(actions, [key.keyArn]);
  },
});
