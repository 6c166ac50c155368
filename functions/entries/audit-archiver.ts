// Follows the stream of `audit`, and keeps what it tells in the Object Lock bucket.
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { archiveBatch } from '../audit/archiver.ts';
import { openRecordArchive } from '../audit/record-archive.ts';
import type { StreamRecord } from '../audit/stream.ts';
import { readEnv } from '../env.ts';

const { AUDIT_BUCKET } = readEnv(process.env, 'AUDIT_BUCKET');
const archive = openRecordArchive(AUDIT_BUCKET);
const log = (line: Record<string, unknown>) => console.log(JSON.stringify(line));

/** A record that cannot be read stops the batch there: what came before it is archived, it and the rest are sent again. */
export const handler = async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const { failed } = await archiveBatch({ archive, log }, Records as readonly StreamRecord[]);
  return { batchItemFailures: failed === undefined ? [] : [{ itemIdentifier: failed }] };
};
