import { expect, it } from 'vitest';
import { definitionTables, generate } from '../../../infra/build/definitions.ts';

it('compiles the same definitions into the same tables', () => {
  expect(definitionTables()).toBe(definitionTables());
});

it('does nothing when what it reads has not changed', async () => {
  await generate();
  expect(await generate()).toBe(false);
});
