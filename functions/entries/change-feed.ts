// Follows the streams of `clinical` and `registry`, and writes what type and system history read.
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { readEnv } from '../env.ts';
import { changeOf } from '../storage/change-feed.ts';
import { type LoggedChange, openChangeLogWriter } from '../storage/change-log.ts';
import { openDynamoClient } from '../storage/client.ts';

const { REGISTRY_TABLE } = readEnv(process.env, 'REGISTRY_TABLE');
const write = openChangeLogWriter({ client: openDynamoClient(), registry: REGISTRY_TABLE });

/** A record that cannot be read stops the batch there: what came before it is written, it and the rest are sent again. */
export const handler = async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const changes: LoggedChange[] = [];
  let failed: string | undefined;
  for (const { dynamodb = {} } of Records) {
    try {
      const change = changeOf(dynamodb);
      if (change) changes.push(change);
    } catch {
      failed = dynamodb.SequenceNumber;
      break;
    }
  }
  const batch = Records[0]?.dynamodb?.SequenceNumber ?? '';
  await write(changes, batch); // a failure here is one of the whole batch
  return { batchItemFailures: failed === undefined ? [] : [{ itemIdentifier: failed }] };
};
