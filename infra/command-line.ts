// What the commands of the README have in common: what goes wrong is one line for the person at the terminal and exit code 1.
import { readFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Said as it is; the program ends with code 1. */
export class LocalError extends Error {}

/** `parseArgs`; what is wrong with the arguments comes before how they are meant. */
export const readArgs = <Config extends ParseArgsConfig>(usage: string, config: Config) => {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new LocalError(`${inOneLine(error)}\n${usage}`);
  }
};

/** A file that the operator named. */
export const readNamed = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
};

const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such file or folder',
  EACCES: 'this account has no right to it (permission denied)',
  EPERM: 'this account has no right to it (permission denied)',
  EISDIR: 'is a folder, and a file is wanted',
  ENOSPC: 'no space is left on the disk',
  EROFS: 'the disk is read-only',
};

/** The fault of a file, by its name. */
export const unreadable = (path: string, error: unknown): LocalError => {
  if (error instanceof LocalError) return error;
  return new LocalError(`${path}: ${FILE_FAULTS[codeOf(error) ?? ''] ?? inOneLine(error)}`);
};

const codeOf = (error: unknown): string | undefined => {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
};

const NOT_THERE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ETIMEDOUT']);

/** Whatever was thrown, for somebody who did not write the program. */
export const inOneLine = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof LocalError) return error.message;
  const code = codeOf(error);
  // "Unknown option '--x'. To specify a positional argument starting with a '-', …"
  if (code?.startsWith('ERR_PARSE_ARGS')) return firstLine(error.message).replace(/\. To specify .*/, '');
  const { cause, path } = error as { cause?: unknown; path?: unknown };
  if (code !== undefined && NOT_THERE.has(code)) return `${addressOf(error)} does not answer (${code}): is it running?`;
  if (code !== undefined && typeof path === 'string' && FILE_FAULTS[code]) return `${path}: ${FILE_FAULTS[code]}`;
  if (error.message === 'fetch failed' && cause !== undefined) return inOneLine(cause);
  return firstLine(error.message) || code || error.name;
};

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

const addressOf = (error: Error): string => {
  const { address, port, hostname } = error as { address?: string; port?: number; hostname?: string };
  if (hostname !== undefined) return hostname;
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : [];
  if (first !== undefined) return addressOf(first);
  return address === undefined ? 'the server' : `${address}${port === undefined ? '' : `:${port}`}`;
};

/** Runs a command. What it answers is its exit code. */
export const command = async (main: () => Promise<number | undefined> | number | undefined): Promise<void> => {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(inOneLine(error));
    process.exitCode = 1;
  }
};
