import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * The client as this store wants it. Retries are our own (send.ts), since whoever retries a conditional write must know that
 * an earlier attempt may have been carried out. Region, credentials and endpoint come from the environment.
 */
export const openDynamoClient = (): DynamoDBClient =>
  new DynamoDBClient({
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: 1_000,
      requestTimeout: 6_000,
      httpsAgent: { keepAlive: true, maxSockets: 64 },
    },
  });
