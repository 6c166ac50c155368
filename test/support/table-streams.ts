// Streams of DynamoDB Local, over their bare protocol: what the functions behind them would be given.
import type { DynamoDBRecord } from 'aws-lambda';
import { dynamoDb, TEST_REGION } from './dynamodb.ts';

const stream = async (operation: string, body: object): Promise<Record<string, unknown>> => {
  const answer = await fetch((await dynamoDb()).endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDBStreams_20120810.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${TEST_REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Record<string, unknown>;
};

/** All that the stream of a table has had so far. */
export const recordsOf = async (table: string): Promise<DynamoDBRecord[]> => {
  const { Streams } = (await stream('ListStreams', { TableName: table })) as { Streams: { StreamArn: string }[] };
  const StreamArn = Streams[0]!.StreamArn;
  const { StreamDescription } = (await stream('DescribeStream', { StreamArn })) as {
    StreamDescription: { Shards: { ShardId: string }[] };
  };
  const records: DynamoDBRecord[] = [];
  for (const { ShardId } of StreamDescription.Shards) {
    const { ShardIterator } = await stream('GetShardIterator', {
      StreamArn,
      ShardId,
      ShardIteratorType: 'TRIM_HORIZON',
    });
    for (let iterator = ShardIterator, empty = 0; iterator && empty < 3; ) {
      const { Records, NextShardIterator } = (await stream('GetRecords', { ShardIterator: iterator })) as {
        Records: DynamoDBRecord[];
        NextShardIterator?: string;
      };
      records.push(...Records);
      empty = Records.length === 0 ? empty + 1 : 0;
      iterator = NextShardIterator;
    }
  }
  return records;
};
