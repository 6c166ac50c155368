// The store on DynamoDB. Rows and access patterns: keys.ts.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openChangeLog } from './change-log.ts';
import { openCommit } from './commit.ts';
import { openHeads } from './heads.ts';
import { openIds } from './ids.ts';
import type { Documents, Resources } from './port.ts';
import { openReads } from './reads.ts';
import type { RegionSecrets } from './region-secrets.ts';
import { openScans } from './scans.ts';
import { LIMITS, type Limits, type Store } from './store.ts';
import { openTransactions } from './transactions.ts';
import { openWorkLists } from './work-lists.ts';

export interface DynamoOptions {
  readonly client: DynamoDBClient;
  readonly tables: { readonly clinical: string; readonly registry: string };
  readonly keys: RegionSecrets;
  readonly documents: Documents;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly limits?: Partial<Limits>;
}

export const openStore = ({ client, tables, keys, documents, clock, limits }: DynamoOptions): Store => ({
  client,
  names: tables,
  ids: openIds(keys, clock),
  documents,
  clock,
  limits: { ...LIMITS, ...limits },
});

export const openDynamo = (options: DynamoOptions): Resources => {
  const store = openStore(options);
  const transactions = openTransactions(store);
  const { get, getMany, getVersion, history, ...reads } = openReads(store, transactions);
  const { scan, walk, lookup } = openScans(store, transactions, { get, getMany, getVersion, history, ...reads });
  const { allocate, isServerId, patientKey, patientKeyOf } = store.ids;
  return {
    ...{ allocate, isServerId, patientKey, patientKeyOf },
    ...{ get, getMany, getVersion, history },
    ...openHeads(store, transactions, reads.viewOf),
    ...{ scan, walk, lookup },
    workList: openWorkLists(store, { getMany }),
    commit: openCommit(store, transactions),
    changes: openChangeLog(store).read,
  };
};
