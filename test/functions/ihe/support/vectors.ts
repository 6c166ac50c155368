// Messages and schemas of others, unpacked from ../shared/data/ihe where that is present. Nothing of it is in this repository.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../../../../shared/data/ihe');

export const hasVectors = existsSync(folder);
/** What a skipped test's name ends with. */
export const skipped = hasVectors ? '' : ' (skipped: no shared data)';
export const stepsFolder = join(folder, 'ohie-cr-steps');

/** Unpacks an archive into a folder that is gone when the process ends. */
export const unpack = (archive: string): string => {
  const target = mkdtempSync(join(tmpdir(), 'ihe-'));
  process.on('exit', () => rmSync(target, { recursive: true, force: true }));
  execFileSync('tar', ['xzf', join(folder, archive), '-C', target]);
  return target;
};

export const filesBelow = (root: string, end: string): { path: string; bytes: Buffer }[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(end))
    .sort()
    .map((name) => ({ path: name, bytes: readFileSync(join(root, name)) }));

export const textAt = (root: string, end: string): string => {
  const found = filesBelow(root, end)[0];
  if (!found) throw new Error(`no vector ${end}`);
  return found.bytes.toString('utf8').trim();
};
