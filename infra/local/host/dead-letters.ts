// SQS queues as far as the host itself fills them: what failed for good, one JSON line a message.
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Resources } from './resources.ts';

export interface DeadLetters {
  /** ARNs of the template's queues. */
  has(arn: string): boolean;
  send(arn: string, message: object): void;
  readonly messages: readonly { queue: string; message: object }[];
}

export const openDeadLetters = (resources: Resources, dir: string | undefined): DeadLetters => {
  const queues = new Set(resources.ofType('AWS::SQS::Queue').map((queue) => queue.attribute('Arn')));
  const messages: { queue: string; message: object }[] = [];
  if (dir) mkdirSync(dir, { recursive: true });
  return {
    has: (arn) => queues.has(arn),
    messages,
    send: (arn, message) => {
      const queue = arn.split(':').at(-1)!;
      messages.push({ queue, message });
      if (messages.length > 1000) messages.shift();
      if (dir) appendFileSync(join(dir, `${queue}.ndjson`), `${JSON.stringify(message)}\n`);
    },
  };
};
