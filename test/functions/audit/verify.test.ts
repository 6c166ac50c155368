// Design section 6: what was deleted, changed or inserted is found. Each test is one thing that a forger might do.
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { auditOn } from '../../../functions/audit/chain.ts';
import { type Item, key, openingHash, openingItem, readRecord, recordItem } from '../../../functions/audit/record.ts';
import { GRACE_MS, seal, sealName } from '../../../functions/audit/seal.ts';
import { verifyAudit } from '../../../functions/audit/verify.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { handClock, memoryArchive, openDynamo, record, sealer, sign, verifySignature } from './given.ts';

afterAll(stopDynamoDb);

const MINUTE = 60_000;

/** Two chains, six records each, sealed twice, and two records that no seal covers yet. */
const given = async () => {
  const { table, items, client, name } = await openDynamo();
  const clock = handClock();
  const archive = memoryArchive();
  const deps = sealer(table, archive, clock);
  const environments = ['a', 'b'].map((id) =>
    auditOn(table, { clock, environmentId: id, newChainId: () => id.repeat(20) }),
  );
  const writeAll = async (n: number) => {
    for (let i = 0; i < n; i += 1)
      for (const [e, { record: write }] of environments.entries())
        await write([record({ patientKey: `person${e}`, requestId: `r${i} ${clock()}` })]);
    clock.advance(MINUTE);
  };
  await writeAll(3);
  await seal(deps);
  clock.advance(10 * MINUTE);
  await writeAll(3);
  await seal(deps);
  await writeAll(1);

  const at = async (chain: string, number: number): Promise<Item> => {
    const all = (await items()).filter((item) => item.p?.S === key.chain(chain));
    return all.find((item) => readRecord(item).number === number)!;
  };
  return {
    clock,
    archive,
    deps,
    at,
    remove: ({ p, s }: Item) => client.send(new DeleteItemCommand({ TableName: name, Key: { p: p!, s: s! } })),
    write: (Item: Item) => client.send(new PutItemCommand({ TableName: name, Item })),
    items,
    verify: async () => {
      const scan = async function* () {
        yield* await items();
      };
      return verifyAudit({ table, scan, archive, region: 'tokushima', verifySignature });
    },
    findings: async function () {
      return (await this.verify()).findings.map(({ kind, what }) => `${kind}: ${what}`);
    },
  };
};

const A = 'a'.repeat(20);
let trail: Awaited<ReturnType<typeof given>>;
beforeEach(async () => {
  trail = await given();
});

it('finds nothing in a trail that nobody touched', async () => {
  expect(await trail.verify()).toMatchObject({
    findings: [],
    seals: 2,
    chains: 2,
    records: 14,
    unsealed: 2,
    lost: 0,
    doubts: [],
  });
});

describe('a deleted record', () => {
  it.each([1, 2, 3, 5])('is named: number %i', async (number) => {
    await trail.remove(await trail.at(A, number));
    expect(await trail.findings()).toContain(`deleted: record ${number} of chain ${A}`);
  });

  it('is named at the sealed end of a chain', async () => {
    for (const number of [7, 6, 5]) await trail.remove(await trail.at(A, number));
    expect(await trail.findings()).toContain(`deleted: records 5 to 6 of chain ${A}`);
  });

  it('is named when the whole chain is gone', async () => {
    for (const item of await trail.items())
      if (JSON.stringify(item).includes(A) && item.p?.S !== 'S') await trail.remove(item);
    expect(await trail.findings()).toEqual([
      `deleted: the opening of chain ${A}`,
      `deleted: records 1 to 6 of chain ${A}`,
    ]);
  });
});

describe('a changed record', () => {
  it('is named', async () => {
    const item = await trail.at(A, 2);
    await trail.write({ ...item, b: { S: item.b!.S!.replace('doctor', 'nurse') } });
    expect(await trail.findings()).toEqual([`changed: record 2 of chain ${A}`]);
  });

  it('is named when its own hash was made to fit', async () => {
    const item = await trail.at(A, 2);
    const stored = readRecord(item);
    await trail.write(recordItem(stored, { ...stored.record, actor: 'staff-1', purpose: 'HOPERAT' }).item);
    expect(await trail.findings()).toEqual([`changed: record 2 or 3 of chain ${A}`]);
  });

  it('is named when the whole rest of the chain was made to fit', async () => {
    let previous: Buffer | undefined;
    for (let number = 2; number <= 7; number += 1) {
      const stored = readRecord(await trail.at(A, number));
      const record = number === 2 ? { ...stored.record, status: 404 } : stored.record;
      const made = recordItem({ ...stored, previous: previous ?? stored.previous }, record);
      await trail.write(made.item);
      previous = made.hash;
    }
    expect(await trail.findings()).toContain(`changed: record 3: it is not the one that seal 1 signed of chain ${A}`);
  });

  it('is named when only the opening was changed', async () => {
    const opening = (await trail.items()).find((item) => item.s?.S?.endsWith(A) && item.p?.S?.startsWith('O#'))!;
    await trail.write({ ...opening, e: { S: 'another environment' } });
    expect(await trail.findings()).toEqual([`changed: the opening of chain ${A}`]);
  });
});

describe('an inserted record', () => {
  it('is named in the middle', async () => {
    const stored = readRecord(await trail.at(A, 2));
    await trail.write(recordItem({ ...stored, time: stored.time + 1 }, stored.record).item);
    expect(await trail.findings()).toContain(`inserted: record 2 (a second one, or out of its order) of chain ${A}`);
  });

  it('is named under a key that no record has', async () => {
    const item = await trail.at(A, 2);
    await trail.write({ ...item, s: { S: `${item.s?.S}~` } });
    expect(await trail.findings()).toContain(
      `inserted: a record without a number (a second one, or out of its order) of chain ${A}`,
    );
  });

  it('is named at the end of a chain, dated back', async () => {
    const last = readRecord(await trail.at(A, 7));
    await trail.write(recordItem({ chain: A, number: 8, time: last.time, previous: last.hash }, last.record).item);
    trail.clock.advance(2 * GRACE_MS);
    await seal(trail.deps); // the sealer takes it for a late one
    trail.clock.advance(2 * GRACE_MS);
    expect(await trail.findings()).toEqual([]); // inside the grace of one seal nothing can be told
    const dated = recordItem(
      { chain: A, number: 9, time: last.time, previous: readRecord(await trail.at(A, 8)).hash },
      last.record,
    );
    await trail.write(dated.item);
    await seal(trail.deps);
    expect(await trail.findings()).toEqual([
      `inserted: record 9: it is older than the seal before the first that covers it of chain ${A}`,
    ]);
  });

  it('is named on a chain of its own that was never opened', async () => {
    await trail.write(
      recordItem({ chain: 'c'.repeat(20), number: 1, time: trail.clock(), previous: Buffer.alloc(32) }, record()).item,
    );
    expect(await trail.findings()).toContain(
      `inserted: all records, for it was never opened, of chain ${'c'.repeat(20)}`,
    );
  });

  it('is named on a forged chain that is dated back', async () => {
    const chain = 'd'.repeat(20);
    const opening = { chain, time: trail.clock() - 10 * MINUTE, environment: 'forged' };
    await trail.write(openingItem(opening));
    await trail.write(
      recordItem({ chain, number: 1, time: opening.time, previous: openingHash(opening) }, record()).item,
    );
    await seal(trail.deps);
    expect(await trail.findings()).toContain(
      `inserted: record 1: it is older than the seal before the first that covers it of chain ${chain}`,
    );
  });
});

it('a deletion cannot be explained away by a forged notice of loss', async () => {
  await trail.remove(await trail.at(A, 4));
  await trail.write(
    openingItem({ chain: 'e'.repeat(20), time: trail.clock(), environment: 'x', after: { chain: A, lostFrom: 4 } }),
  );
  const findings = await trail.findings();
  expect(findings).toContain(`deleted: record 4 of chain ${A}`);
  expect(findings).toContain(`inserted: the notice that records from 4 on are lost of chain ${A}`);
});

it('a pointer that is missing is named, since the person could not be shown the look', async () => {
  for (const item of await trail.items()) if (item.p?.S?.startsWith('P#person0')) await trail.remove(item);
  expect(await trail.findings()).toContain(`deleted: the pointer from a person to record 1 of chain ${A}`);
});

describe('beyond the last seal', () => {
  const F = 'f'.repeat(20);
  const write = async (...requests: string[][]) => {
    const environment = auditOn(trail.deps.table, { clock: trail.clock, environmentId: 'f', newChainId: () => F });
    for (const persons of requests) {
      await environment.record(persons.map((patientKey) => record({ patientKey, requestId: persons.join() })));
      trail.clock.advance(2 * MINUTE);
    }
  };

  it('a deleted record leaves its pointer behind, which raises a doubt', async () => {
    await write(['person9']);
    await trail.remove(await trail.at(F, 1));
    expect((await trail.verify()).doubts).toContain(`record 1 (a person points to it) of chain ${F}`);
  });

  it('an environment that ended in the middle of a request leaves a doubt, and no false alarm', async () => {
    await write(['person7'], ['person8', 'person9', 'person10']);
    await trail.remove(await trail.at(F, 3)); // its put was under way
    for (let minutes = 0; minutes < 30; minutes += 10) {
      expect(await trail.verify()).toMatchObject({
        findings: [],
        doubts: expect.arrayContaining([`record 3 of chain ${F}`]),
      });
      trail.clock.advance(10 * MINUTE);
      await seal(trail.deps);
    }
  });

  it('a gap behind which the environment went on for a minute without a word is a deletion', async () => {
    await write(['person7'], ['person8'], ['person9']);
    await trail.remove(await trail.at(F, 2));
    expect(await trail.findings()).toContain(`deleted: record 2 of chain ${F}`);
  });
});

describe('a seal', () => {
  const change =
    (number: number, change: (statement: Record<string, unknown>) => void, signed: boolean) => async () => {
      const file = JSON.parse(trail.archive.files.get(sealName(number))!);
      const statement = JSON.parse(file.statement);
      change(statement);
      const text = JSON.stringify(statement);
      trail.archive.files.set(
        sealName(number),
        JSON.stringify({ statement: text, signature: signed ? await sign(text) : file.signature }),
      );
    };

  it('that was changed is not signed any more', async () => {
    await change(1, (statement) => Object.assign(statement, { time: 1 }), false)();
    expect(await trail.findings()).toContain('seal: seal 1 is not signed by the seal key');
  });

  it('that was signed anew is not the one that the next is linked to', async () => {
    await change(1, (statement) => Object.assign(statement, { time: 1 }), true)();
    expect(await trail.findings()).toContain('seal: seal 2 is not linked to the one before');
  });

  it('whose heads do not make its root is named', async () => {
    await change(2, (statement) => Object.assign(statement, { heads: {} }), true)();
    expect(await trail.findings()).toContain('seal: seal 2 has another root than its heads');
  });

  it('of another region is named', async () => {
    await change(2, (statement) => Object.assign(statement, { region: 'kesen' }), true)();
    expect(await trail.findings()).toContain('seal: seal 2 belongs elsewhere');
  });

  it('that is missing is named', async () => {
    trail.archive.files.delete(sealName(2));
    expect(await trail.findings()).toContain('seal: seal 2 is missing');
  });
});
