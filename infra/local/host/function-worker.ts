// Runs inside a worker thread: one execution environment of one function. It sees its own environment variables only.
import { parentPort, workerData } from 'node:worker_threads';

export interface WorkerData {
  /** File address of the bundle. */
  readonly bundle: string;
  readonly handler: string;
  readonly functionName: string;
  readonly memoryMegabytes: number;
  readonly arn: string;
}

export interface Invocation {
  readonly id: number;
  readonly requestId: string;
  readonly deadline: number;
  readonly event: unknown;
}

export type Reply =
  | { readonly ready: true }
  | { readonly broken: string }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { errorType: string; errorMessage: string; stack: string } };

type Handler = (event: unknown, context: object) => unknown;

const { bundle, handler: exported, functionName, memoryMegabytes, arn } = workerData as WorkerData;
const port = parentPort!;
const reply = (message: Reply) => port.postMessage(message);

const describe = (thrown: unknown) => {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { errorType: error.name, errorMessage: error.message, stack: error.stack ?? '' };
};

const invoke = async (handler: Handler, { id, requestId, deadline, event }: Invocation) => {
  const context = {
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    memoryLimitInMB: String(memoryMegabytes),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    reply({ id, result: (await handler(event, context)) ?? null });
  } catch (thrown) {
    reply({ id, error: describe(thrown) });
  }
};

try {
  const name = exported.split('.').at(-1)!;
  const module = (await import(bundle)) as Record<string, unknown>;
  const handler = module[name];
  if (typeof handler !== 'function') throw new Error(`${functionName} exports no handler named ${name}`);
  port.on('message', (invocation: Invocation) => void invoke(handler as Handler, invocation));
  reply({ ready: true });
} catch (thrown) {
  reply({ broken: describe(thrown).stack });
}
