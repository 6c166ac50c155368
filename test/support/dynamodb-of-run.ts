// One DynamoDB Local in memory for a whole test run: it starts when the first file asks, and ends with the run. Some 36 files ask,
// and a start of the JVM takes both cores for seconds. A global set-up of vitest.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type DynamoDbLocal, startDynamoDbLocal } from '../../infra/local/dynamodb.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Whoever asks there is told the endpoint of DynamoDB Local. */
    dynamoDbOfRun: string;
  }
}

export const setup = async (project: TestProject) => {
  let started: Promise<DynamoDbLocal> | undefined;
  const server = createServer((_, answer) => {
    // Files ask minutes apart, over a line that is closed in between: the one who asks at that moment would fail.
    answer.shouldKeepAlive = false;
    started ??= startDynamoDbLocal({ forTests: true });
    started.then(
      ({ endpoint }) => answer.end(endpoint),
      (error: Error) => answer.writeHead(500).end(error.message),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('dynamoDbOfRun', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    server.closeAllConnections();
    await (await started?.catch(() => undefined))?.stop();
  };
};
