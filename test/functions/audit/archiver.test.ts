// The audit trail in its second home: what the stream brings is kept once, and what later goes from the table is missed.
import { beforeEach, describe, expect, it } from 'vitest';
import { archiveBatch } from '../../../functions/audit/archiver.ts';
import { auditOn } from '../../../functions/audit/chain.ts';
import { type Item, key, readRecord } from '../../../functions/audit/record.ts';
import { memoryRecordArchive } from '../../../functions/audit/record-archive.ts';
import { seal } from '../../../functions/audit/seal.ts';
import type { StreamRecord } from '../../../functions/audit/stream.ts';
import { memoryAuditTable } from '../../../functions/audit/table.ts';
import { verifyAudit } from '../../../functions/audit/verify.ts';
import { handClock, memoryArchive, record, sealer, verifySignature } from './given.ts';

/** As Lambda hands it over: bytes are base64. */
const imageOf = (item: Item) =>
  Object.fromEntries(
    Object.entries(item).map(([name, value]) => [
      name,
      value.B ? { B: Buffer.from(value.B).toString('base64') } : value,
    ]),
  ) as NonNullable<NonNullable<StreamRecord['dynamodb']>['NewImage']>;

const inserted = (item: Item, at: number): StreamRecord => ({
  eventName: 'INSERT',
  dynamodb: { SequenceNumber: String(100 + at), NewImage: imageOf(item) },
});

const HOUR = 3_600_000;
const given = async () => {
  const table = memoryAuditTable();
  const clock = handClock();
  const seals = memoryArchive();
  const archive = memoryRecordArchive();
  const logged: Record<string, unknown>[] = [];
  const audit = auditOn(table, { clock, environmentId: 'a', newChainId: () => 'a'.repeat(20) });
  for (let i = 0; i < 4; i += 1) await audit.record([record({ requestId: `r${i}` })]);
  await seal(sealer(table, seals, clock));
  const stream = [...table.items.values()].map(inserted);
  const run = (records: readonly StreamRecord[]) =>
    archiveBatch({ archive, log: (line) => logged.push(line) }, records);
  const verify = () =>
    verifyAudit({
      table,
      scan: async function* () {
        yield* [...table.items.values()];
      },
      archive: seals,
      records: archive,
      region: 'tokushima',
      verifySignature,
      clock,
    });
  const at = (number: number) =>
    [...table.items.entries()].find(
      ([, item]) => item.p?.S === key.chain('a'.repeat(20)) && readRecord(item).number === number,
    )!;
  return { table, clock, archive, audit, logged, stream, run, verify, at };
};

let world: Awaited<ReturnType<typeof given>>;
beforeEach(async () => {
  world = await given();
});

describe('the archiver', () => {
  it('keeps records and openings under their day, and neither pointers nor the state of the sealer', async () => {
    const { run, stream, archive } = world;
    expect(await run(stream)).toEqual({ failed: undefined, lines: 5 });

    const [name] = archive.objects.keys();
    expect(name).toMatch(/^records\/2026\/11\/22\/100-[0-9a-f]{16}\.ndjson\.gz$/);
    const lines = await archive.read(name!);
    expect(lines.map((line) => 'added' in line && line.added.p!.S!.slice(0, 2)).sort()).toEqual([
      'C#',
      'C#',
      'C#',
      'C#',
      'O#',
    ]);
  });

  it('makes nothing twice when a batch comes again', async () => {
    const { run, stream, archive } = world;
    await run(stream);
    await run(stream);
    expect(archive.objects.size).toBe(1);
  });

  it('archives what comes before a record that it cannot read, and gives that one back', async () => {
    const { run, stream, archive } = world;
    const bad: StreamRecord = { eventName: 'INSERT', dynamodb: { SequenceNumber: '555', NewImage: {} } };
    const { failed } = await run([...stream.slice(0, 2), bad, ...stream.slice(2)]);
    expect(failed).toBe('555');
    expect(archive.objects.size).toBe(1);
  });

  it('fails as a whole when the bucket does not take it, so that the batch comes again', async () => {
    const archive = { create: async () => Promise.reject(new Error('s3 answered 503')) };
    await expect(archiveBatch({ archive, log: () => {} }, world.stream)).rejects.toThrow('503');
  });

  it('says loudly, and without naming anybody, that something was removed or changed', async () => {
    const { run, stream, logged } = world;
    const image = stream.find(({ dynamodb }) => dynamodb!.NewImage!.p!.S!.startsWith('C#'))!.dynamodb!.NewImage!;
    const pointer = stream.find(({ dynamodb }) => dynamodb!.NewImage!.p!.S!.startsWith('P#'))!.dynamodb!.NewImage!;
    const changed = { ...image, b: { S: '{}' } };
    await run([
      { eventName: 'REMOVE', dynamodb: { SequenceNumber: '1', OldImage: image } },
      { eventName: 'REMOVE', dynamodb: { SequenceNumber: '2', OldImage: pointer } },
      { eventName: 'MODIFY', dynamodb: { SequenceNumber: '3', OldImage: image, NewImage: changed } },
      { eventName: 'MODIFY', dynamodb: { SequenceNumber: '4', OldImage: image, NewImage: image } },
    ]);
    expect(logged.map(({ event, what }) => [event, what])).toEqual([
      ['audit-tampering', 'removed'],
      ['audit-tampering', 'removed'],
      ['audit-tampering', 'changed'],
    ]);
    expect(JSON.stringify(logged)).not.toContain('person1');
  });
});

describe('held against the archive', () => {
  it('a trail that nobody touched has nothing to be said of it', async () => {
    const { run, stream, verify, clock } = world;
    await run(stream);
    clock.advance(2 * HOUR);
    expect(await verify()).toMatchObject({ findings: [], doubts: [], archived: 5, unarchived: 0 });
  });

  it('takes a record once, however often the stream brought it', async () => {
    const { run, stream, verify } = world;
    await run(stream);
    await run(stream.slice(1));
    await run(stream.slice(2));
    expect(await verify()).toMatchObject({ findings: [], archived: 5 });
  });

  it('a record that was deleted is named, and the archive still has it', async () => {
    const { run, stream, verify, table, at } = world;
    await run(stream);
    table.items.delete(at(2)[0]);
    const kinds = (await verify()).findings.map(({ kind, what }) => `${kind}: ${what}`);
    expect(kinds).toContainEqual(
      expect.stringMatching(/^deleted: record 2 of chain a+: the archive has it \(records\//),
    );
  });

  it('a record of the unsealed minute that was deleted is named too: the seals alone would not show it', async () => {
    const { audit, run, table, at, verify } = world;
    await audit.record([record({ requestId: 'r9' })]);
    await run([...table.items.values()].map(inserted));
    table.items.delete(at(5)[0]);
    expect((await verify()).findings).toEqual([
      { kind: 'deleted', what: expect.stringMatching(/^record 5 of chain a+: the archive has it/) },
    ]);
  });

  it('a whole day that was deleted, openings and all, is named', async () => {
    const { run, stream, verify, table } = world;
    await run(stream);
    table.items.clear();
    const found = (await verify()).findings.filter(({ what }) => what.includes('the archive has it'));
    expect(found).toHaveLength(5);
  });

  it('a record that was rewritten with a hash that fits is named', async () => {
    const { run, stream, verify, at } = world;
    await run(stream);
    const [, item] = at(4);
    item.b = { S: item.b!.S!.replace('"c":1', '"c":0') };
    item.h = { B: readRecord(item).hash };
    const found = (await verify()).findings.filter(({ what }) => what.includes('otherwise'));
    expect(found).toEqual([{ kind: 'changed', what: expect.stringContaining('record 4') }]);
  });

  it('what the stream saw removed is named although it was put back', async () => {
    const { run, stream, verify } = world;
    await run(stream);
    const image = stream.find(({ dynamodb }) => dynamodb!.NewImage!.p!.S!.startsWith('C#'))!.dynamodb!.NewImage!;
    await run([{ eventName: 'REMOVE', dynamodb: { SequenceNumber: '900', OldImage: image } }]);
    expect((await verify()).findings).toEqual([
      { kind: 'deleted', what: expect.stringContaining('as the stream saw') },
    ]);
  });

  it('records that never came to the archive are a doubt after an hour', async () => {
    const { run, stream, verify, clock } = world;
    await run(stream.slice(0, 2));
    expect((await verify()).doubts).toEqual([]);
    clock.advance(2 * HOUR);
    const { unarchived, doubts } = await verify();
    expect([unarchived > 0, doubts.length]).toEqual([true, 1]);
  });
});
