// One promise of the small rows, kept by both forms: functions/services/row-store.ts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryRowStore, openRowStore, type RowStore } from '../../../functions/services/row-store.ts';
import { createTables, dynamoClient, stopDynamoDb } from '../../support/dynamodb.ts';

const onDynamoDb = async (): Promise<RowStore> => {
  const client = await dynamoClient();
  const { registry } = await createTables(client);
  return openRowStore({ client, table: registry });
};

afterAll(stopDynamoDb);

describe.each([
  ['memory', async () => memoryRowStore()],
  ['DynamoDB', onDynamoDb],
])('rows in %s', (_, open) => {
  let rows: RowStore;
  beforeAll(async () => {
    rows = await open();
  });

  it('are found as they were written, and count their versions', async () => {
    expect(await rows.get('a', '1')).toBeUndefined();
    expect(await rows.write([{ kind: 'put', p: 'a', s: '1', data: { x: [1, 'ア'] }, expect: 'absent' }])).toBe(true);
    expect(await rows.get('a', '1')).toMatchObject({ version: 1, data: { x: [1, 'ア'] } });
    expect(await rows.write([{ kind: 'put', p: 'a', s: '1', data: 2, expect: 1 }])).toBe(true);
    expect(await rows.get('a', '1')).toMatchObject({ version: 2, data: 2 });
  });

  it('are all written or none', async () => {
    const put = { kind: 'put', p: 'b', s: '1', data: 1, expect: 'absent' } as const;
    expect(await rows.write([put, { ...put, s: '2', expect: 7 as never }])).toBe(false);
    expect(await rows.get('b', '1')).toBeUndefined();
    expect(await rows.write([put])).toBe(true);
    expect(await rows.write([put])).toBe(false);
    expect(await rows.write([{ kind: 'delete', p: 'b', s: '1', expect: 9 }])).toBe(false);
    expect(await rows.write([{ kind: 'delete', p: 'b', s: '1', expect: 1 }])).toBe(true);
    expect(await rows.get('b', '1')).toBeUndefined();
  });

  it('are listed in order, either way, in pages', async () => {
    for (const s of ['x3', 'x1', 'y1', 'x2']) await rows.write([{ kind: 'put', p: 'c', s, data: s }]);
    const page = await rows.list({ p: 'c', prefix: 'x', limit: 2 });
    expect(page.rows.map(({ s }) => s)).toEqual(['x1', 'x2']);
    const next = await rows.list({ p: 'c', prefix: 'x', limit: 2, after: page.next });
    expect(next.rows.map(({ s }) => s)).toEqual(['x3']);
    const newest = await rows.list({ p: 'c', newestFirst: true, limit: 2 });
    expect(newest.rows.map(({ s }) => s)).toEqual(['y1', 'x3']);
  });

  it('count up and down', async () => {
    const add = (amount: number) => ({ kind: 'add', p: 'd', s: '1', amount }) as const;
    await Promise.all(Array.from({ length: 5 }, () => rows.write([add(2)])));
    await rows.write([add(-3)]);
    expect((await rows.get('d', '1'))?.count).toBe(7);
  });
});
