// The whole local stack as a child process, as `npm start` runs it: for tests that need the real thing from outside.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoToken } from '../../infra/local/demo/demo-token.ts';
import type { Endpoints, RegionEndpoints } from '../../infra/local/endpoints.ts';
import { projectRoot } from '../../infra/local/local-dir.ts';

export interface LocalStackOptions {
  /** @default tokushima alone: half the start-up */
  readonly regions?: readonly string[];
  /** @default true: nothing survives */
  readonly memory?: boolean;
  /** @default true: facilities and accounts, no charts */
  readonly empty?: boolean;
  /** @default a fresh one, removed at the end */
  readonly dir?: string;
  /** @default free ports */
  readonly port?: number;
  /** Put over the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface LocalStack {
  readonly dir: string;
  readonly pid: number;
  readonly output: () => string;
  readonly region: (name?: string) => RegionEndpoints;
  /** An access token of a demo identity: `system:hospital`, `staff:nurse`, … */
  readonly token: (who: string, region?: string) => Promise<string>;
  /** Ctrl-C; answers with the exit code. */
  stop(): Promise<number | null>;
  /** kill -9. */
  kill(): Promise<void>;
}

export interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  readonly output: string;
}

/** On a machine that others share a start that has to build first has taken six minutes. */
const READY_MS = 570_000;

/** Starts, and resolves when it is ready; rejects with what it said when it ends instead. */
export const startLocalStack = async (options: LocalStackOptions = {}): Promise<LocalStack> => {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'tsumugi-local-'));
  const { child, ended, output } = launch({ ...options, dir });
  const ready = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready in time:\n${output()}`)), READY_MS);
    child.stdout!.on('data', () => {
      if (!/^ready /m.test(output())) return;
      clearTimeout(timer);
      resolve();
    });
    void ended.then(({ code, output: said }) => {
      clearTimeout(timer);
      reject(new Error(`ended with ${code}:\n${said}`));
    });
  });
  try {
    await ready;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  const endpoints = JSON.parse(readFileSync(join(dir, 'endpoints.json'), 'utf8')) as Endpoints;
  const first = options.regions?.[0] ?? 'tokushima';
  const region = (name = first) => endpoints.regions[name]!;
  const clean = () => {
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  return {
    dir,
    pid: child.pid!,
    output,
    region,
    token: (who, name) => demoToken(region(name), who),
    stop: async () => {
      child.kill('SIGINT');
      const { code } = await ended;
      clean();
      return code;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
      clean();
    },
  };
};

/** Runs it to its end: for starts that must fail. */
export const runToEnd = (options: LocalStackOptions & { dir: string }): Promise<Ended> => launch(options).ended;

const launch = (options: LocalStackOptions & { dir: string }) => {
  const { regions = ['tokushima'], memory = true, empty = true, dir, port = 0, env = {} } = options;
  const child: ChildProcess = spawn(
    process.execPath,
    [
      join(projectRoot, 'infra/local/start.ts'),
      ...['--regions', regions.join(','), '--port', String(port)],
      ...(memory ? ['--memory'] : []),
      ...(empty ? ['--empty'] : []),
    ],
    {
      env: { ...process.env, TSUMUGI_LOCAL_DIR: dir, TSUMUGI_LOCAL_JVM: 'quick', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  let stderr = '';
  child.stdout!.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr!.on('data', (chunk) => {
    output += chunk;
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, stderr, output })));
  return { child, ended, output: () => output };
};
