// Generates, bundles and synthesizes what is hosted, when something has changed since the last time.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { consoleFolder } from './host/console-site.ts';
import { LocalError, projectRoot } from './local-dir.ts';

/** Syntheses of the local host, a folder for each state of the sources: one that runs is never pulled from under. */
const assemblies = join(projectRoot, 'build/local');
const KEPT = 4;

/** Sources of the bundles and of the template; this folder is neither. */
const SOURCES = ['functions', 'infra', 'cdk.json', 'package-lock.json'];
const CONSOLE_SOURCES = ['console', 'package-lock.json'];
const NOT_SOURCES = /^(infra\/local|functions\/fhir\/generated)(\/|$)/;

/** The folder of the cloud assembly. */
export const buildAssembly = async (say: (line: string) => void): Promise<string> =>
  oneAtATime(async () => {
    const dir = join(assemblies, fingerprint());
    if (existsSync(join(dir, 'manifest.json'))) {
      utimesSync(dir, new Date(), new Date());
      return dir;
    }
    say('building: definitions, bundles, template');
    await run('infra/build/definitions.ts', {});
    const cdk = JSON.parse(readFileSync(join(projectRoot, 'cdk.json'), 'utf8')) as { context?: object };
    const unfinished = `${dir}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    await run('infra/app.ts', { CDK_OUTDIR: unfinished, CDK_CONTEXT_JSON: JSON.stringify(cdk.context ?? {}) });
    renameSync(unfinished, dir);
    prune();
    return dir;
  });

/** The console's files, when its sources have changed; two seconds. */
export const buildConsole = async (say: (line: string) => void): Promise<void> =>
  oneAtATime(async () => {
    const index = statSync(join(consoleFolder, 'index.html'), { throwIfNoEntry: false });
    const mark = fingerprint(CONSOLE_SOURCES);
    const marker = join(assemblies, 'console');
    if (index && existsSync(marker) && readFileSync(marker, 'utf8') === mark) return;
    say('building: console');
    await run('node_modules/vite/bin/vite.js', { NODE_ENV: 'production' }, ['build', 'console', '--logLevel', 'warn']);
    writeFileSync(marker, mark);
  });

const prune = () => {
  const old = readdirSync(assemblies)
    .map((name) => join(assemblies, name))
    .filter((path) => path !== lockDir && statSync(path).isDirectory())
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
    .slice(KEPT);
  for (const path of old) rmSync(path, { recursive: true, force: true });
};

/** Names, sizes and times of the sources: 20 ms for a few hundred files, where reading them all would take longer. */
const fingerprint = (sources: readonly string[] = SOURCES): string => {
  const hash = createHash('sha256');
  const add = (path: string) => {
    const name = relative(projectRoot, path);
    if (NOT_SOURCES.test(name)) return;
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) for (const entry of readdirSync(path).sort()) add(join(path, entry));
    else hash.update(`${name} ${stat.size} ${stat.mtimeMs}\n`);
  };
  for (const source of sources) add(join(projectRoot, source));
  return hash.digest('hex').slice(0, 16);
};

const run = (script: string, environment: Record<string, string>, more: readonly string[] = []): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectRoot, script), ...more], {
      cwd: projectRoot,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) return resolve();
      process.stderr.write(said);
      const reason = said
        .trim()
        .split('\n')
        .findLast((line) => /error|cannot|missing|no such/i.test(line));
      reject(new LocalError(`${script} failed${reason ? `: ${reason.trim()}` : ''}`));
    });
  });

/** Two starts at once (tests) would write over each other's assembly. */
const lockDir = join(assemblies, 'lock');

const oneAtATime = async <T>(work: () => Promise<T>): Promise<T> => {
  mkdirSync(assemblies, { recursive: true });
  const holder = join(lockDir, 'pid');
  for (;;) {
    try {
      mkdirSync(lockDir);
      writeFileSync(holder, String(process.pid));
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!(await running(holder))) rmSync(lockDir, { recursive: true, force: true });
      else await pause(100);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lockDir, { recursive: true, force: true });
  }
};

const running = async (holder: string): Promise<boolean> => {
  if (!existsSync(holder)) await pause(50); // the lock is made, its holder about to be named
  try {
    process.kill(Number(readFileSync(holder, 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
};
