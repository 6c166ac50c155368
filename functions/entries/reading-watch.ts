// Follows the stream of `audit`: counts what the region is used for, and tells the privacy officer what is unusual in it.
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { openAlerts } from '../abuse/alert.ts';
import { openCounters } from '../abuse/counters.ts';
import { openFindings } from '../abuse/findings.ts';
import { openOfficers } from '../abuse/officers.ts';
import { openPersons, openStaffNames } from '../abuse/persons.ts';
import { watchReading } from '../abuse/reading-watch.ts';
import { readRecord } from '../audit/record.ts';
import { changeOf, itemOf, type StreamRecord } from '../audit/stream.ts';
import { openUsageCounter } from '../audit/usage.ts';
import { openSizeDiary, tableSizes } from '../audit/usage-sizes.ts';
import { readEnv } from '../env.ts';
import { liveRows, liveServices } from '../services/live.ts';
import { openTopic } from '../services/sns.ts';
import { openDynamoClient } from '../storage/client.ts';

const env = readEnv(
  process.env,
  'REGION_NAME',
  'CLINICAL_TABLE',
  'REGISTRY_TABLE',
  'AUDIT_TABLE',
  'OFFICERS_TOPIC',
  'CONSOLE_URL',
);
const client = openDynamoClient();
const { resources } = await liveServices(process.env, client);
const rows = liveRows(process.env, client);
const clock = Date.now;
const usage = openUsageCounter({ rows, clock });
const noteSizes = openSizeDiary({
  rows,
  clock,
  sizes: tableSizes(client, {
    clinical: env.CLINICAL_TABLE,
    registry: env.REGISTRY_TABLE,
    audit: env.AUDIT_TABLE,
  }),
});
const alert = openAlerts({ region: env.REGION_NAME, clock });
const officers = openOfficers({
  topic: openTopic(env.OFFICERS_TOPIC),
  rows,
  resources,
  region: env.REGION_NAME,
  console: env.CONSOLE_URL,
  clock,
});
const watch = {
  counters: openCounters({ client, table: env.REGISTRY_TABLE }),
  findings: openFindings(rows),
  alert,
  officers,
  personOf: openPersons(resources, clock),
  familiesOf: openStaffNames(rows, clock),
  clock,
};

/** A batch that fails comes again; what was told is not told twice, what was counted not counted twice. */
export const handler = async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const changes = Records.flatMap((record) => changeOf(record as StreamRecord) ?? []);
  const tampered = changes.filter(({ line }) => !('added' in line)).length;
  if (tampered > 0) alert('audit-tampering', tampered);
  const added = changes.flatMap(({ line }) =>
    'added' in line && line.added.p?.S?.startsWith('C#') ? [itemOf(line.added)] : [],
  );
  const records = added.map(readRecord);
  await usage.count(records);
  if (records.length > 0) await noteSizes();
  await watchReading(watch, records);
  return { batchItemFailures: [] };
};
