// docs/threat-model.md says which test shows which answer: each of them must exist.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/threat-model.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| ') && line.includes('`test/'));

/** `file`: "name", "another name" */
const named = rows.flatMap((row) =>
  [...row.matchAll(/`(test\/[^`]+\.ts)`:((?:[ ,]*"[^"]+")+)/g)].flatMap(([, file, names]) =>
    [...names!.matchAll(/"([^"]+)"/g)].map(([, name]) => [file!, name!] as const),
  ),
);

it('every attack that has an answer has a test', () => {
  expect(rows.length).toBeGreaterThan(40);
  for (const row of rows) expect(row, row).toMatch(/`test\/[^`]+\.ts`: "[^"]{4,}"/);
});

it.each(named)('%s has "%s"', (file, name) => {
  expect(existsSync(join(root, file)), file).toBe(true);
  expect(readFileSync(join(root, file), 'utf8')).toContain(name);
});

it('says what is not answered', () => {
  expect(page).toContain('## What is not answered, or only in part');
});
