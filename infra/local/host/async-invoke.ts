// Asynchronous invocation, as S3 and EventBridge do it: the event is retried, then it goes to the failure destination.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
import type { JsonObject } from './assembly.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { FunctionPool } from './function-pool.ts';
import type { Resources } from './resources.ts';

/** AWS waits a minute and two; nobody at a desk would. */
const WAIT_MS = [1000, 2000];
const DEFAULT_RETRIES = 2;

export type AsyncInvoke = (fn: FunctionPool, event: object) => Promise<void>;

export const asyncInvoker = (resources: Resources, deadLetters: DeadLetters): AsyncInvoke => {
  const configurations = resources.ofType('AWS::Lambda::EventInvokeConfig');

  return async (fn, event) => {
    const name = fn.arn.split(':').at(-1);
    const found = configurations.find(({ properties }) => properties['FunctionName'] === name)?.properties;
    const retries = Number(found?.['MaximumRetryAttempts'] ?? DEFAULT_RETRIES);
    for (let attempt = 0; ; attempt += 1) {
      try {
        await fn.invoke(event);
        return;
      } catch (error) {
        if (error instanceof Error && 'type' in error && error.type === 'Stopped') return;
        if (attempt >= retries) {
          const destination = ((found?.['DestinationConfig'] as JsonObject)?.['OnFailure'] as JsonObject)?.[
            'Destination'
          ];
          if (typeof destination === 'string' && deadLetters.has(destination)) {
            deadLetters.send(destination, {
              version: '1.0',
              timestamp: new Date().toISOString(),
              requestContext: {
                functionArn: fn.arn,
                condition: 'RetriesExhausted',
                approximateInvokeCount: attempt + 1,
              },
              requestPayload: event,
              responsePayload: { errorMessage: error instanceof Error ? error.message : String(error) },
            });
          }
          return;
        }
        await pause(WAIT_MS[Math.min(attempt, WAIT_MS.length - 1)]!);
      }
    }
  };
};

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
