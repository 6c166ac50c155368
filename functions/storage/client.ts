import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

type Logger = NonNullable<DynamoDBClientConfig['logger']>;

/**
 * For every call, the SDK's own silent logger copies all that was sent and received, less what is sensitive, and throws the copy
 * away: some 4 % of a request's processor time (profile of a chart search, 2026-11-22). A logger without `info` is not asked.
 */
const nothing = () => {};
const SILENT: Omit<Logger, 'info'> = { trace: nothing, debug: nothing, warn: nothing, error: nothing };

/**
 * The client as this store wants it. Retries are our own (send.ts), since whoever retries a conditional write must know that
 * an earlier attempt may have been carried out. Region, credentials and endpoint come from the environment. The stack of
 * functions around a command is made once for each kind of command, not for each call.
 */
export const openDynamoClient = ({ requestTimeout = 10_000 }: { requestTimeout?: number } = {}): DynamoDBClient =>
  new DynamoDBClient({
    maxAttempts: 1,
    cacheMiddleware: true,
    logger: SILENT as Logger,
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout,
      throwOnRequestTimeout: true, // otherwise a line that went dead is waited for, and only warned about
      httpsAgent: { keepAlive: true, maxSockets: 64 },
    },
  });
