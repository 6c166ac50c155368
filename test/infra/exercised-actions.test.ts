// The rules of test/exercised-actions.ts, which judges a whole test run when it is over.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NOT_EXERCISED, readUses, unexercised } from '../exercised-actions.ts';

const permissions = {
  sealer: {
    audit: { 'dynamodb:Query': 'a reason' },
    'audit-archive': { 's3:PutObject seals/*': 'a reason' },
    'seal-key': { 'kms:Sign': 'a reason' },
    'dead-letters': { 'sqs:SendMessage': 'a reason' },
  },
};
const used = (...uses: string[]) => new Map([['sealer', new Set(uses)]]);
const query = 'dynamodb:Query table/Tokushima-Stateful-TablesAuditTable1';
const put = 's3:PutObject tokushima-stateful-bucketsauditarchive1/seals/*';

it('finds nothing to say when all that is allowed was used', () => {
  expect(unexercised(used(query, put, 'kms:Sign'), permissions)).toEqual([]);
});

it.each([
  ['an action that nobody used', [query, put]],
  ['an action that was used on another table', [query.replace('Audit', 'Registry'), put, 'kms:Sign']],
  ['an action that was used on other objects', [query, put.replace('seals', 'records'), 'kms:Sign']],
  ['an action that only another service used on its behalf', [query, put, 'kms:Sign via dynamodb']],
])('names %s', (_, uses) => {
  expect(unexercised(used(...uses), permissions)).toHaveLength(1);
});

it('names what only another function used', () => {
  expect(unexercised(new Map([['token', new Set([query, put, 'kms:Sign'])]]), permissions)).toHaveLength(3);
});

it('puts together what the stacks of a run have used', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsumugi-exercised-test-'));
  const file = (name: string, uses: string[]) =>
    writeFileSync(join(dir, name), JSON.stringify({ role: { functions: [], entry: 'sealer', actions: [], uses } }));
  file('1.json', [query]);
  file('2.json', [put, query]);

  expect(readUses(dir)).toEqual(used(query, put));
  rmSync(dir, { recursive: true });
});

it('has a reason for each exception', () => {
  for (const reason of Object.values(NOT_EXERCISED)) expect(reason.length).toBeGreaterThan(30);
});
