// Design section 6: each execution environment owns a chain; the record is stored before the answer leaves.
import { afterAll, describe, expect, it } from 'vitest';
import { auditOn } from '../../../functions/audit/chain.ts';
import {
  CHAIN_LIFE_MS,
  type Item,
  key,
  openingHash,
  PERSON_WINDOW_MS,
  readOpening,
  readRecord,
} from '../../../functions/audit/record.ts';
import type { AuditTable } from '../../../functions/audit/table.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { handClock, type OpenTable, openDynamo, openMemory, record } from './given.ts';

afterAll(stopDynamoDb);

const audit = (table: AuditTable, clock = handClock()) => auditOn(table, { clock, environmentId: 'environment-1' });

const kinds = async ({ items }: OpenTable) => {
  const all = await items();
  const of = (prefix: string) =>
    all.filter((item) => item.p?.S?.startsWith(prefix)).sort((a, b) => ((a.s?.S ?? '') < (b.s?.S ?? '') ? -1 : 1));
  return {
    openings: of('O#').map(readOpening),
    records: of('C#').map(readRecord),
    persons: of('P#'),
    actors: of('A#'),
  };
};

describe.each([
  ['memory', openMemory],
  ['DynamoDB', openDynamo],
] as const)('the audit chain in %s', (_, open) => {
  it('opens with a registered opening, and each record holds the hash of the one before', async () => {
    const opened = await open();
    const { record: write } = audit(opened.table);
    await write([record()]);
    await write([record({ patientKey: 'person2' }), record({ patientKey: undefined, entities: [] })]);

    const { openings, records } = await kinds(opened);
    expect(openings).toHaveLength(1);
    expect(openings[0]).toMatchObject({ environment: 'environment-1' });
    expect(records.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(records[0]?.previous).toEqual(openingHash(openings[0]!));
    expect(records[1]?.previous).toEqual(records[0]?.hash);
    expect(records[2]?.previous).toEqual(records[1]?.hash);
    expect(records[0]?.record).toEqual(record());
    expect(records[2]?.record.patientKey).toBeUndefined();
  });

  it('gives out places in order although many requests write at once', async () => {
    const opened = await open();
    const { record: write } = audit(opened.table);
    await Promise.all(Array.from({ length: 60 }, (_, i) => write([record({ requestId: `r${i}` })])));

    const { records, openings } = await kinds(opened);
    expect(openings).toHaveLength(1);
    expect(records.map(({ number }) => number)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    for (const [i, { previous }] of records.entries()) if (i > 0) expect(previous).toEqual(records[i - 1]?.hash);
  });

  it('points from a person to the chain once in five minutes, and from an account once a chain', async () => {
    const opened = await open();
    const clock = handClock();
    const { record: write } = audit(opened.table, clock);
    for (let i = 0; i < 5; i += 1) await write([record()]);
    expect(await kinds(opened)).toMatchObject({ persons: [{}], actors: [{}] });
    clock.advance(PERSON_WINDOW_MS);
    await write([record()]);
    const { persons, actors } = await kinds(opened);
    expect([persons.length, actors.length]).toEqual([2, 1]);
  });

  it('goes on in a new chain after an hour', async () => {
    const opened = await open();
    const clock = handClock();
    const { record: write } = audit(opened.table, clock);
    await write([record()]);
    clock.advance(CHAIN_LIFE_MS);
    await write([record()]);
    const { openings, records } = await kinds(opened);
    expect(openings).toHaveLength(2);
    expect(openings.every(({ after }) => after === undefined)).toBe(true);
    expect(records.map(({ number }) => number)).toEqual([1, 1]);
  });

  it('stores the identical record again when only the answer was lost', async () => {
    const opened = await open();
    let lose = true;
    const table: AuditTable = {
      ...opened.table,
      append: async (item) => {
        const stored = await opened.table.append(item);
        if (lose) {
          lose = false;
          throw new Error('socket hang up');
        }
        return stored;
      },
    };
    await audit(table).record([record()]);
    expect((await kinds(opened)).records).toHaveLength(1);
  });

  it('never overwrites: a place that holds another record breaks the chain, and a new one says so', async () => {
    const opened = await open();
    const clock = handClock();
    const { record: write } = audit(opened.table, clock);
    await write([record()]);
    const [first] = (await kinds(opened)).records;
    // A forger guessed the next place.
    const s = key.link({ time: clock(), number: 2 });
    await opened.table.put({
      p: { S: key.chain(first!.chain) },
      s: { S: s },
      h: { B: Buffer.from('forged') },
      u: { S: 'x' },
      b: { S: '{}' },
    });

    await write([record({ requestId: 'second' })]);
    const { openings, records } = await kinds(opened);
    expect(openings.map(({ after }) => after)).toContainEqual({ chain: first!.chain, lostFrom: 2 });
    expect(records.find((item) => item.record.requestId === 'second')?.chain).not.toBe(first!.chain);
    expect((await opened.table.get({ p: key.chain(first!.chain), s }))?.u).toEqual({ S: 'x' });
  });
});

describe('when the trail cannot be written', () => {
  const failing = (table: AuditTable, fails: (item: Item) => boolean): AuditTable => ({
    ...table,
    append: async (item) => {
      if (fails(item)) throw new Error('throttled');
      return table.append(item);
    },
  });

  it('the answer is refused', async () => {
    const { table } = await openMemory();
    const write = audit(failing(table, () => true)).record([record()]);
    await expect(write).rejects.toMatchObject({ refusal: 'unavailable' });
  });

  it('requests placed behind the failed one are recorded on the next chain, and none is lost', async () => {
    const opened = await openMemory();
    let first: string | undefined;
    const third = (item: Item) => {
      first ??= item.p?.S;
      return item.p?.S === first && readRecord(item).number === 3;
    };
    const { record: write } = audit(failing(opened.table, third));
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => write([record({ requestId: `r${i}` })])),
    );
    expect(answers.every(({ status }) => status === 'fulfilled')).toBe(true);

    const { openings, records } = await kinds(opened);
    expect(openings.map(({ after }) => after)).toContainEqual({ chain: first?.slice(2), lostFrom: 3 });
    expect(new Set(records.map((item) => item.record.requestId)).size).toBe(8);
  });

  it('a person without a pointer would not be found: so a failed pointer refuses the answer too', async () => {
    const { table } = await openMemory();
    const noPointers: AuditTable = {
      ...table,
      put: async (item) => {
        if (item.p?.S?.startsWith('P#')) throw new Error('throttled');
        await table.put(item);
      },
    };
    await expect(audit(noPointers).record([record()])).rejects.toMatchObject({ refusal: 'unavailable' });
  });
});

it('keeps a record under one write unit: 1 KB, however many things were shown', async () => {
  const opened = await openMemory();
  const entities = Array.from({ length: 20 }, (_, i) => `MedicationAdministration/0123456789abcdefghijklmnop${i}`);
  await audit(opened.table).record([
    record({ entities, count: 400, actor: 'a'.repeat(64), tokenId: 't'.repeat(36), requestId: 'q'.repeat(36) }),
  ]);
  const [item] = (await opened.items()).filter(({ p }) => p?.S?.startsWith('C#'));
  const size = Object.entries(item!).reduce(
    (sum, [name, { S, B }]) => sum + name.length + Buffer.byteLength(S ?? '') + (B?.length ?? 0),
    0,
  );
  expect(size).toBeLessThanOrEqual(1_024);
  expect(readRecord(item!).record.count).toBe(400);
  expect(readRecord(item!).record.entities.length).toBeGreaterThan(5);
});
