// One promise, kept by both stores.
import { afterAll, describe, expect, it } from 'vitest';
import { identityItem, openIdentities, saveIdentity } from '../../../functions/auth/rows.ts';
import { change, find } from '../../../functions/tenants/records.ts';
import { dynamoRows, memoryRows } from '../../../functions/tenants/rows.ts';
import { createTables, dynamoClient, stopDynamoDb } from '../../support/dynamodb.ts';

afterAll(stopDynamoDb);

const openDynamo = async () => {
  const client = await dynamoClient();
  return dynamoRows({ client, table: (await createTables(client)).registry });
};
const at = (s: string) => ({ p: 'tenant#staff', s });

describe.each([
  ['memory', async () => memoryRows()],
  ['DynamoDB', openDynamo],
])('rows in %s', (_, open) => {
  it('are found one by one and in order', async () => {
    const rows = await open();
    await rows.write([
      { ...at('b'), d: '2', before: undefined },
      { ...at('a'), d: '1', before: undefined },
    ]);

    expect(await rows.get(at('a'))).toEqual({ ...at('a'), d: '1' });
    expect(await rows.get(at('c'))).toBeUndefined();
    expect((await rows.list('tenant#staff')).map(({ d }) => d)).toEqual(['1', '2']);
  });

  it('are written all or none, each only over what was found', async () => {
    const rows = await open();
    await rows.write([{ ...at('a'), d: '1', before: undefined }]);

    const stale = rows.write([
      { ...at('b'), d: '"new"', before: undefined },
      { ...at('a'), d: '3', before: '2' },
    ]);

    await expect(stale).rejects.toMatchObject({ refusal: 'conflict' });
    expect(await rows.get(at('b'))).toBeUndefined();
    expect((await rows.get(at('a')))?.d).toBe('1');
  });

  it('take the same write twice: its answer may have been lost', async () => {
    const rows = await open();
    const write = [{ ...at('a'), d: '1', before: undefined }];
    await rows.write(write);

    await rows.write(write);

    expect((await rows.get(at('a')))?.d).toBe('1');
  });
});

it('identity rows are those that sign-in reads, under the same keys and as the same text', async () => {
  const client = await dynamoClient();
  const { registry: table } = await createTables(client);
  const rows = dynamoRows({ client, table });
  const facility = { code: '3610000014', type: 'hospital', name: '阿波中央病院', disabled: false } as const;
  await saveIdentity({ client, table }, 'facility', facility.code, facility);

  const found = await find(rows, 'facilityRow', facility.code);
  expect(found.before).toBe(identityItem('facility', facility.code, facility).d.S);
  await rows.write([change(found, { ...facility, disabled: true })]);

  expect(await openIdentities({ client, table }).facility(facility.code)).toMatchObject({ disabled: true });
});
