// The execution environments of one function: worker threads that start when they are needed and are reused.
// How many invocations at once in each is a setting: Lambda has one, Lambda Managed Instances have more
// (https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances.html).
import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Invocation, Reply, WorkerData } from './function-worker.ts';

export interface FunctionSettings {
  readonly name: string;
  readonly arn: string;
  /** File address of the bundle. */
  readonly bundle: string;
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /** Where the function's log lines go. */
  readonly log: (text: string) => void;
  /** Most environments at once. More would only compete for the machine's cores. */
  readonly environments: number;
  /** Invocations at once in one environment. @default 1 */
  readonly concurrency?: number;
}

/** The function threw, ended, took too long, or could not be loaded. */
export class FunctionError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export interface FunctionPool {
  readonly name: string;
  readonly arn: string;
  invoke(event: unknown): Promise<unknown>;
  /** Starts one environment without an event; rejects when the bundle cannot be loaded. */
  warm(): Promise<void>;
  stop(): Promise<void>;
}

interface Waiting {
  readonly event: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Environment {
  readonly worker: Worker;
  readonly ready: Promise<void>;
  state: 'starting' | 'ready';
  readonly running: Map<number, { waiting: Waiting; timer: NodeJS.Timeout }>;
}

/** A cold start is not counted against the function's timeout. Lambda gives it ten seconds; a busy desk needs patience. */
const INIT_MS = 60_000;
const MAX_EVENT_BYTES = 6 * 1024 * 1024;

export const openFunction = (settings: FunctionSettings): FunctionPool => {
  const { name, arn, timeoutSeconds, memoryMegabytes, environment, log, environments } = settings;
  const { concurrency = 1 } = settings;
  const alive = new Set<Environment>();
  /** An invocation ran out of time there: they take no more, and end with the last of those they have. */
  const retired = new Set<Environment>();
  const queue: Waiting[] = [];
  let nextId = 0;
  let stopped = false;

  /** The oldest that has room: it is the warmest, and the others may rest. */
  const free = (): Environment | undefined => {
    for (const at of alive) if (at.state === 'ready' && at.running.size < concurrency) return at;
    return undefined;
  };

  const finish = (at: Environment, id: number, settle: (waiting: Waiting) => void) => {
    const done = at.running.get(id);
    if (!done) return; // answered after its time had passed
    clearTimeout(done.timer);
    at.running.delete(id);
    settle(done.waiting);
    if (retired.has(at)) return endRetired(at);
    const next = queue.shift();
    if (next) assign(at, next);
  };

  const drop = (at: Environment, error: FunctionError) => {
    const known = alive.delete(at) || retired.delete(at);
    if (!known) return;
    for (const { timer, waiting } of at.running.values()) {
      clearTimeout(timer);
      waiting.reject(error);
    }
    void at.worker.terminate();
    if (!stopped) dispatch(); // whoever waits gets a new environment
  };

  /** Its neighbours have done nothing wrong: Lambda would have had them in environments of their own. */
  const retire = (at: Environment, id: number, error: FunctionError) => {
    if (alive.delete(at)) retired.add(at);
    finish(at, id, ({ reject }) => reject(error));
    if (!stopped) dispatch(); // whoever waits gets a new environment
  };

  const endRetired = (at: Environment) => {
    if (at.running.size > 0) return;
    retired.delete(at);
    void at.worker.terminate();
  };

  const assign = (at: Environment, waiting: Waiting) => {
    nextId += 1;
    const id = nextId;
    const requestId = randomUUID();
    const timer = setTimeout(() => {
      log(`${requestId} Task timed out after ${timeoutSeconds.toFixed(2)} seconds\n`);
      retire(at, id, new FunctionError('Sandbox.Timedout', `${name} took longer than ${timeoutSeconds} s`));
    }, timeoutSeconds * 1000);
    at.running.set(id, { waiting, timer });
    const invocation: Invocation = {
      id,
      requestId,
      deadline: Date.now() + timeoutSeconds * 1000,
      event: waiting.event,
    };
    at.worker.postMessage(invocation);
  };

  const start = (): Environment => {
    const workerData: WorkerData = {
      bundle: settings.bundle,
      handler: settings.handler,
      functionName: name,
      memoryMegabytes,
      arn,
    };
    const worker = new Worker(new URL('./function-worker.ts', import.meta.url), {
      workerData,
      env: { ...environment },
      execArgv: ['--disable-warning=ExperimentalWarning', '--enable-source-maps'],
      resourceLimits: { maxOldGenerationSizeMb: memoryMegabytes },
      stdout: true,
      stderr: true,
      name,
    });
    worker.stdout.on('data', (chunk: Buffer) => log(String(chunk)));
    worker.stderr.on('data', (chunk: Buffer) => log(String(chunk)));
    const ready = Promise.withResolvers<void>();
    ready.promise.catch(() => {});
    const at: Environment = { worker, ready: ready.promise, state: 'starting', running: new Map() };
    alive.add(at);

    const fail = (type: string, message: string) => {
      clearTimeout(late);
      log(`${name}: ${message}\n`);
      const error = new FunctionError(type, message);
      ready.reject(error);
      if (at.state === 'starting') queue.shift()?.reject(error); // or a bundle that cannot load would be tried for ever
      drop(at, error);
    };
    const late = setTimeout(() => fail('Sandbox.InitTimeout', `${name} was not ready in ${INIT_MS / 1000} s`), INIT_MS);
    worker.on('message', (message: Reply) => {
      if ('ready' in message) {
        clearTimeout(late);
        ready.resolve();
        at.state = 'ready';
        for (const next of queue.splice(0, concurrency)) assign(at, next);
      } else if ('broken' in message) {
        fail('Runtime.ImportModuleError', message.broken);
      } else if ('error' in message) {
        log(`${message.error.stack}\n`);
        finish(at, message.id, ({ reject }) =>
          reject(new FunctionError(message.error.errorType, message.error.errorMessage)),
        );
      } else {
        finish(at, message.id, ({ resolve }) => resolve(message.result));
      }
    });
    worker.on('error', (error) => fail('Runtime.UnhandledError', String((error as Error)?.stack ?? error)));
    worker.on('exit', (code) => {
      if ((alive.has(at) || retired.has(at)) && !stopped) fail('Runtime.ExitError', `${name} ended with code ${code}`);
    });
    return at;
  };

  const dispatch = () => {
    const starting = [...alive].filter(({ state }) => state === 'starting').length;
    const wanted = Math.ceil(queue.length / concurrency);
    for (let missing = wanted - starting; missing > 0 && alive.size < environments; missing -= 1) start();
  };

  return {
    name,
    arn,
    invoke: (event) =>
      new Promise((resolve, reject) => {
        if (stopped) return reject(new FunctionError('Stopped', `${name} is stopped`));
        const waiting = { event, resolve, reject };
        const at = free();
        if (at) return assign(at, waiting);
        queue.push(waiting);
        dispatch();
      }),
    warm: async () => {
      if (alive.size === 0) await start().ready;
    },
    stop: async () => {
      stopped = true;
      const error = new FunctionError('Stopped', `${name} is stopped`);
      for (const waiting of queue.splice(0)) waiting.reject(error);
      const all = [...alive, ...retired];
      const ending = all.map(({ worker }) => worker.terminate());
      for (const at of all) drop(at, error);
      await Promise.all(ending);
    },
  };
};

/** Lambda refuses larger events and answers. */
export const tooLarge = (value: unknown): boolean => {
  const text = JSON.stringify(value) ?? '';
  return text.length > MAX_EVENT_BYTES || Buffer.byteLength(text) > MAX_EVENT_BYTES;
};
