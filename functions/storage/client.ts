import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * The client as this store wants it. Retries are our own (send.ts), since whoever retries a conditional write must know that
 * an earlier attempt may have been carried out. Region, credentials and endpoint come from the environment.
 */
export const openDynamoClient = (): DynamoDBClient =>
  new DynamoDBClient({
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: 10_000,
      throwOnRequestTimeout: true, // otherwise a line that went dead is waited for, and only warned about
      httpsAgent: { keepAlive: true, maxSockets: 64 },
    },
  });
