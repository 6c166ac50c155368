import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../../../shared/data');

/** A file of the project's test data (../shared/data), which is not part of the repository; undefined where it is not there. */
export const sharedData = (path: string): string | undefined => {
  const file = join(FOLDER, path);
  return existsSync(file) ? file : undefined;
};

/** Files of a .tar.gz by name. */
export const unpack = (archive: string): Map<string, Buffer> => {
  const folder = mkdtempSync(join(tmpdir(), 'tsumugi-data-'));
  execFileSync('tar', ['xzf', archive, '-C', folder]);
  return new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name))]),
  );
};
