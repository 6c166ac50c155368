// EventBridge `Object Created` in the uploads bucket: loads a file that is larger than a request (docs/loading.md).
import type { EventBridgeEvent } from 'aws-lambda';
import { readObject } from '../bulk/read-object.ts';
import { runJob } from '../bulk/run-job.ts';
import { readEnv } from '../env.ts';
import { recordsOf } from '../middleware/audit.ts';
import { liveServices } from '../services/live.ts';
import { openDynamoClient } from '../storage/client.ts';

type ObjectCreated = EventBridgeEvent<'Object Created', { bucket: { name: string }; object: { key: string } }>;

const env = readEnv(process.env, 'UPLOADS_BUCKET');
/**
 * A patient of ten thousand resources and more is one commit: at 1,000 write units a second that takes minutes to stage, and
 * this function has 15 of them.
 */
const LIMITS = { stagingMs: 8 * 60_000, rollForwardMs: 4 * 60_000, batchRows: 25 };
const services = await liveServices(process.env, openDynamoClient(), LIMITS);
const uploads = services.uploads!;

export const handler = async ({ detail }: ObjectCreated): Promise<void> => {
  const job = await runJob(
    {
      services,
      uploads,
      open: async (name) => readObject(env.UPLOADS_BUCKET, name),
      record: async (context) =>
        services.audit.record(
          recordsOf(context, { method: 'POST', path: ['$upload'], params: [], headers: {}, body: undefined }, 200),
        ),
    },
    detail.object.key,
  );
  if (job) console.log(JSON.stringify({ job: job.id, facility: job.facility, state: job.state, ...job.counts }));
};
