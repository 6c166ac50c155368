// Every minute the heads of the chains are signed, linked to the last seal, and archived.
import { afterAll, describe, expect, it } from 'vitest';
import { auditOn } from '../../../functions/audit/chain.ts';
import { CHAIN_LIFE_MS, key, readRecord } from '../../../functions/audit/record.ts';
import { fileHash, GRACE_MS, SealFile, Statement, seal, sealName } from '../../../functions/audit/seal.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { handClock, memoryArchive, openDynamo, openMemory, record, sealer, sign, verifySignature } from './given.ts';

afterAll(stopDynamoDb);

const given = async (open: typeof openMemory = openMemory) => {
  const { table } = await open();
  const clock = handClock();
  const archive = memoryArchive();
  let signatures = 0;
  const deps = sealer(table, archive, clock, {
    sign: (text) => {
      signatures += 1;
      return sign(text);
    },
  });
  const statement = (number: number) =>
    Statement.parse(JSON.parse(SealFile.parse(JSON.parse(archive.files.get(sealName(number))!)).statement));
  const environment = (id: string) => auditOn(table, { clock, environmentId: id, newChainId: () => id.repeat(20) });
  return { table, clock, archive, deps, statement, environment, signatures: () => signatures };
};

describe.each([
  ['memory', openMemory],
  ['DynamoDB', openDynamo],
] as const)('the sealer over %s', (_, open) => {
  it('signs what grew, links it to the seal before, and says how far each chain is sealed', async () => {
    const { clock, archive, deps, statement, environment } = await given(open);
    const [a, b] = [environment('a'), environment('b')];
    await a.record([record(), record()]);
    await b.record([record()]);
    expect(await seal(deps)).toEqual({ sealed: 1, chains: 2, records: 3 });

    clock.advance(60_000);
    await b.record([record()]);
    expect(await seal(deps)).toEqual({ sealed: 2, chains: 1, records: 1 });

    expect(Object.keys(statement(2).heads)).toEqual(['b'.repeat(20)]);
    expect(statement(2)).toMatchObject({
      number: 2,
      previous: fileHash(archive.files.get(sealName(1))!),
      region: 'tokushima',
    });
    const file = SealFile.parse(JSON.parse(archive.files.get(sealName(2))!));
    expect(await verifySignature(file.statement, file.signature)).toBe(true);
  });
});

it('pays for no signature when there is nothing to seal', async () => {
  const { deps, signatures, environment, clock } = await given();
  expect(await seal(deps)).toEqual({ sealed: undefined, chains: 0, records: 0 });
  await environment('a').record([record()]);
  await seal(deps);
  clock.advance(60_000);
  expect(await seal(deps)).toEqual({ sealed: undefined, chains: 0, records: 0 });
  expect(signatures()).toBe(1);
});

it('seals what was written before it could run again, however long that took', async () => {
  const { deps, environment, clock, statement } = await given();
  await environment('a').record([record()]);
  await seal(deps);
  await environment('b').record([record()]);
  clock.advance(5 * 24 * 3_600_000);
  await environment('c').record([record()]);
  expect(await seal(deps)).toMatchObject({ sealed: 2, chains: 2 });
  expect(Object.keys(statement(2).heads).sort()).toEqual(['b'.repeat(20), 'c'.repeat(20)]);
});

it('forgets chains that cannot grow any more', async () => {
  const { table, deps, environment, clock } = await given();
  await environment('a').record([record()]);
  await seal(deps);
  clock.advance(CHAIN_LIFE_MS + 2 * GRACE_MS);
  await environment('b').record([record()]);
  await seal(deps);
  const state = await table.get({ p: key.seal.p.S, s: key.seal.s.S });
  expect(Object.keys(JSON.parse(state!.b!.S!).heads)).toEqual(['b'.repeat(20)]);
});

it('goes on from the bucket when it was stopped between bucket and table', async () => {
  const { table, deps, environment, clock, statement } = await given();
  const a = environment('a');
  await a.record([record()]);
  await expect(
    seal({ ...deps, table: { ...table, replace: () => Promise.reject(new Error('killed')) } }),
  ).rejects.toThrow('killed');
  clock.advance(60_000);
  await a.record([record()]);
  expect(await seal(deps)).toEqual({ sealed: 2, chains: 1, records: 1 });
  expect(statement(2).heads['a'.repeat(20)]?.number).toBe(2);
});

it('two runs at once make one seal', async () => {
  const { deps, environment, archive } = await given();
  await environment('a').record([record()]);
  const results = await Promise.all([seal(deps), seal(deps)]);
  expect(results.map(({ sealed }) => sealed).filter(Boolean)).toEqual([1]);
  expect(archive.files.size).toBe(1);
});

it('seals up to a gap only, and beyond it once the late record is there', async () => {
  const { table, deps, statement, clock } = await given();
  let late: (() => Promise<unknown>) | undefined;
  const slow = {
    ...table,
    append: async (item: Parameters<typeof table.append>[0]) => {
      if (readRecord(item).number !== 2) return table.append(item);
      return new Promise<boolean>((resolve) => {
        late = async () => resolve(await table.append(item));
      });
    },
  };
  const audit = auditOn(slow, { clock, environmentId: 's', newChainId: () => 's'.repeat(20) });
  const writing = [audit.record([record()]), audit.record([record()]), audit.record([record()])];
  await new Promise((resolve) => setTimeout(resolve, 20));
  await seal(deps);
  expect(statement(1).heads['s'.repeat(20)]?.number).toBe(1);
  await late?.();
  await Promise.all(writing);
  clock.advance(60_000);
  await seal(deps);
  expect(statement(2).heads['s'.repeat(20)]?.number).toBe(3);
});
