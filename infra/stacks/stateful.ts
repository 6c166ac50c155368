// What is kept whatever happens: tables, buckets, keys, accounts. The triggers of the pools live here too, since a
// pool names its triggers and they read the registry.
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { connect } from '../constructs/capability.ts';
import { EntryFunction } from '../constructs/entry-function.ts';
import { OfficerMail } from '../constructs/officer-mail.ts';
import { RegionBuckets } from '../constructs/region-buckets.ts';
import { RegionKeys } from '../constructs/region-keys.ts';
import { RegionTables } from '../constructs/region-tables.ts';
import { ResidentsPool, StaffPool } from '../constructs/user-pools.ts';
import type { RegionFile } from '../regions/schema.ts';
import type { Bundles } from './bundles.ts';

export interface StatefulProps extends StackProps {
  readonly region: RegionFile;
  readonly bundles: Bundles;
}

export class Stateful extends Stack {
  readonly keys: RegionKeys;
  readonly tables: RegionTables;
  readonly buckets: RegionBuckets;
  readonly staff: StaffPool;
  readonly residents: ResidentsPool;
  readonly officerMail: OfficerMail;
  readonly preToken: EntryFunction;

  constructor(scope: Construct, id: string, { region, bundles, ...props }: StatefulProps) {
    super(scope, id, props);
    this.keys = new RegionKeys(this, 'Keys', { region: region.name });
    this.tables = new RegionTables(this, 'Tables', { key: this.keys.data });
    this.buckets = new RegionBuckets(this, 'Buckets', { key: this.keys.data, audit: region.audit });

    this.officerMail = new OfficerMail(this, 'OfficerMail', { title: `Tsumugi ${region.title.en}` });
    // Cognito waits five seconds for a trigger.
    const trigger = (name: string, entry: 'pre-token' | 'account-events') => {
      const fn = new EntryFunction(this, name, {
        entry,
        code: bundles(entry),
        memoryMb: 256,
        timeoutSeconds: 5,
        logRetentionDays: region.logRetentionDays,
        logKey: this.keys.data,
      });
      fn.tell({ REGION_NAME: region.name, HOME_COMMUNITY_ID: region.homeCommunityId });
      connect(fn, this.tables.connections);
      return fn;
    };
    this.preToken = trigger('PreToken', 'pre-token');
    const accountEvents = trigger('AccountEvents', 'account-events');

    this.staff = new StaffPool(this, 'Staff', { preToken: this.preToken, accountEvents, region });
    this.residents = new ResidentsPool(this, 'Residents', { accountEvents, region });

    this.tell({
      ClinicalTable: this.tables.clinical.table.tableName,
      RegistryTable: this.tables.registry.table.tableName,
      AuditTable: this.tables.audit.table.tableName,
      DocumentsBucket: this.buckets.documents.bucketName,
      UploadsBucket: this.buckets.uploads.bucketName,
      AuditBucket: this.buckets.auditArchive.bucketName,
      DataKeyId: this.keys.data.keyId,
      TokenKeyId: this.keys.token.keyId,
      SealKeyId: this.keys.seal.keyId,
      StaffPoolId: this.staff.pool.userPoolId,
      StaffClientId: this.staff.client.userPoolClientId,
      ResidentsPoolId: this.residents.pool.userPoolId,
      ResidentsClientId: this.residents.client.userPoolClientId,
    });
  }

  /** What operators and the console need to know; `aws cloudformation describe-stacks` shows it. */
  private tell(outputs: Record<string, string>) {
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
