// The folder where a local stack keeps what must survive: `.local/`, or TSUMUGI_LOCAL_DIR.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalError } from '../command-line.ts';

export { LocalError };

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

export const localDir = (): string => resolve(process.env['TSUMUGI_LOCAL_DIR'] ?? join(projectRoot, '.local'));

export const makeFolder = (path: string): string => {
  try {
    mkdirSync(path, { recursive: true });
  } catch {
    throw new LocalError(`the data folder ${path} cannot be made: something else has that name, or it is not ours`);
  }
  return path;
};

/** Replaces the file as a whole: a reader, or a start after kill -9, sees the old text or the new one. */
export const writeWhole = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  const next = `${path}.next`;
  writeFileSync(next, text, { mode: 0o600 });
  renameSync(next, path);
};

export const writeJson = (path: string, value: unknown): void =>
  writeWhole(path, `${JSON.stringify(value, null, 1)}\n`);

/** `undefined` where there is no such file; a file that is no JSON is a damaged data folder. */
export const readJson = <T>(path: string): T | undefined => {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    throw new LocalError(`the data folder is damaged: ${path} cannot be read (move it away to start empty)`);
  }
};

/** One running stack per folder. Answers with the release. */
export const lockFolder = (dir: string): (() => void) => {
  const path = join(dir, 'lock.json');
  const held = lockHolder(path);
  if (held !== undefined)
    throw new LocalError(
      `another npm start (process ${held}) is running on ${dir}: stop it (Ctrl-C), or start this one beside it with TSUMUGI_LOCAL_DIR=<folder> and --port <number>`,
    );
  writeJson(path, { pid: process.pid, started: startTime(process.pid) });
  return () => rmSync(path, { force: true });
};

const lockHolder = (path: string): number | undefined => {
  let lock: { pid: number; started: string | undefined } | undefined;
  try {
    lock = readJson(path);
  } catch {
    return undefined; // torn by a crash: nobody holds it
  }
  if (!lock || lock.pid === process.pid || !alive(lock.pid)) return undefined;
  const started = startTime(lock.pid); // a number may have been given to another program since
  return lock.started !== undefined && started !== undefined && started !== lock.started ? undefined : lock.pid;
};

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Field of /proc/<pid>/stat, counted from the state; nothing where there is no /proc. */
const statField = (pid: number, field: number): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[field];
  } catch {
    return undefined;
  }
};

const startTime = (pid: number): string | undefined => statField(pid, 19);

export const parentOf = (pid: number): string | undefined => statField(pid, 1);
