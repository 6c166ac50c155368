// Every five minutes: finishes large transactions whose writer was cut off, forward or back.
import { readEnv } from '../env.ts';
import { openDynamoClient } from '../storage/client.ts';
import { openDocuments } from '../storage/documents-s3.ts';
import { LIMITS } from '../storage/store.ts';
import { type Swept, sweepTransactions } from '../storage/sweep.ts';
import { openTransactions } from '../storage/transactions.ts';

const env = readEnv(process.env, 'CLINICAL_TABLE', 'REGISTRY_TABLE', 'DOCUMENTS_BUCKET');
const store = {
  client: openDynamoClient(),
  names: { clinical: env.CLINICAL_TABLE, registry: env.REGISTRY_TABLE },
  documents: openDocuments({ bucket: env.DOCUMENTS_BUCKET }),
  clock: Date.now,
  limits: LIMITS,
};
const transactions = openTransactions(store);

export const handler = (): Promise<Swept> => sweepTransactions(store, transactions);
