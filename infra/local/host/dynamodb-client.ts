// The host's own calls to DynamoDB Local (tables, streams): plain JSON over HTTP, not through the front.
import { Agent, request } from 'node:http';

export class DynamoDbError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

export type DynamoDbCall = (operation: string, body: object) => Promise<Record<string, unknown>>;

const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=local/20260101/ap-northeast-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0';

export const dynamoDbClient = (endpoint: string): DynamoDbCall & { close: () => void } => {
  const agent = new Agent({ keepAlive: true });
  const call: DynamoDbCall = (operation, body) =>
    new Promise((resolve, reject) => {
      const service = STREAMS.has(operation) ? 'DynamoDBStreams_20120810' : 'DynamoDB_20120810';
      const outgoing = request(endpoint, {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          authorization: AUTHORIZATION,
          'x-amz-target': `${service}.${operation}`,
        },
      });
      outgoing.on('error', reject);
      outgoing.on('response', (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('error', reject);
        answer.on('end', () => {
          try {
            const found = JSON.parse(text || '{}') as Record<string, unknown>;
            if (answer.statusCode === 200) resolve(found);
            else {
              const code = String(found['__type'] ?? answer.statusCode)
                .split('#')
                .at(-1)!;
              reject(new DynamoDbError(code, String(found['message'] ?? found['Message'] ?? '')));
            }
          } catch (error) {
            reject(error);
          }
        });
      });
      outgoing.end(JSON.stringify(body));
    });
  return Object.assign(call, { close: () => agent.destroy() });
};

const STREAMS = new Set(['DescribeStream', 'GetShardIterator', 'GetRecords', 'ListStreams']);
