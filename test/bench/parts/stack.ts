// The local stack as a child process with a folder of its own, exactly as `npm start` runs it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

export interface RunningStack {
  readonly pid: number;
  readonly dir: string;
  readonly port: number;
  /** Until `ready`, in seconds. */
  readonly seconds: number;
  readonly fhir: (region: string) => string;
  /** The settings of the functions, and what AWS variables they need. */
  readonly endpoints: (region: string) => Record<string, string>;
  readonly token: (region: string, who: string) => string;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
  /** Ends it and removes its folder. */
  readonly close: () => Promise<void>;
}

export interface StackStart {
  readonly args?: readonly string[];
  /** A folder that is there already (a restart); left out: a new one. */
  readonly dir?: string;
  /** @default a free one */
  readonly port?: number;
  /** DynamoDB Local that starts sooner and stays slow: for tests, not for measurements. */
  readonly quick?: boolean;
}

export const startStack = async (start: StackStart = {}): Promise<RunningStack> => {
  const { args = [], dir = mkdtempSync(join(tmpdir(), 'stack-')), quick = false } = start;
  const started = Date.now();
  const port = start.port ?? (await freePort());
  const env = { ...process.env, TSUMUGI_LOCAL_DIR: dir, ...(quick && { TSUMUGI_LOCAL_JVM: 'quick' }) };
  const child: ChildProcess = spawn(
    process.execPath,
    [join(root, 'infra/local/start.ts'), '--port', String(port), ...args],
    { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer) => {
      said = (said + chunk).slice(-8_000);
      if (/^ready /m.test(said)) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}: ${said.slice(-2_000)}`)));
  });
  const endpoints = JSON.parse(readFileSync(join(dir, 'endpoints.json'), 'utf8')) as {
    regions: Record<string, { fhir: string; settings: Record<string, string>; aws: Record<string, string> }>;
  };
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await gone;
  };
  return {
    pid: child.pid ?? 0,
    dir,
    port,
    seconds: (Date.now() - started) / 1000,
    fhir: (region) => endpoints.regions[region]?.fhir.replace(/\/$/, '') ?? '',
    endpoints: (region) => ({ ...endpoints.regions[region]?.settings, ...endpoints.regions[region]?.aws }),
    token: (region, who) =>
      execFileSync(process.execPath, [join(root, 'infra/local/token.ts'), '--region', region, '--as', who], {
        cwd: root,
        env,
        encoding: 'utf8',
      }).trim(),
    kill,
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) await kill('SIGTERM');
      rmSync(dir, { recursive: true, force: true });
    },
  };
};
