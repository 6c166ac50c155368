// What the store survives: a process that ends at any step of a large commit, throttling, lost answers, other writers.
import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDynamo, openStore } from '../../../functions/storage/dynamo.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import type { Resources, Write } from '../../../functions/storage/port.ts';
import { LIMITS, type Limits } from '../../../functions/storage/store.ts';
import { sweepTransactions } from '../../../functions/storage/sweep.ts';
import type { TableNames } from '../../../functions/storage/tables.ts';
import { openTransactions } from '../../../functions/storage/transactions.ts';
import { createTables, dynamoClient, stopDynamoDb } from '../../support/dynamodb.ts';
import {
  type Call,
  conflicted,
  dropped,
  type Fault,
  Killed,
  throttled,
  withFaults,
} from '../../support/dynamodb-faults.ts';
import { create, DAY, draft, NOW, remove, replace, secrets } from './given.ts';

let client: DynamoDBClient;
let tables: TableNames;
let now = NOW;
const clock = () => now;
const documents = openMemory().documents;
/** One call after the other, each for one row: every step is one at which to end. */
const STAGED: Partial<Limits> = { transactionRows: 0, width: 1, batchRows: 1 };
const IN_BATCHES: Partial<Limits> = { ...STAGED, batchRows: 25 };

const openWith = (one: DynamoDBClient, limits: Partial<Limits> = {}): Resources =>
  openDynamo({ client: one, tables, keys: secrets, documents, clock, limits });

const faulty = async (decide: (call: Call) => Fault, limits?: Partial<Limits>) => {
  const own = await dynamoClient();
  const { calls } = withFaults(own, decide);
  return { resources: openWith(own, limits), calls };
};

const sweep = () => {
  const store = openStore({ client, tables, keys: secrets, documents, clock });
  return sweepTransactions(store, openTransactions(store));
};

const leftovers = async () => {
  const found = await Promise.all(
    [tables.clinical, tables.registry].map((TableName) =>
      client.send(new ScanCommand({ TableName, FilterExpression: 'attribute_exists(t)', ConsistentRead: true })),
    ),
  );
  return found.flatMap(({ Items = [] }) => Items);
};

let resources: Resources;
beforeAll(async () => {
  client = await dynamoClient();
  tables = await createTables(client);
  resources = openWith(client);
});
afterAll(stopDynamoDb);

let count = 0;
/** A chart, and a change of all its parts: two new resources, one that moves, one that changes its code, one that goes. */
const scene = async () => {
  count += 1;
  const patient = `patient-${count}`;
  const id = (name: string) => `${name}-${count}`;
  const at = (name: string, date: number, over = {}, v = 1) =>
    draft('Observation', id(name), { patient, date, ...over }, { v });
  const named = (value: string) =>
    draft('Patient', patient, { lookups: [{ bucket: 'identifier', key: id(value), sort: 's' }] }, { v: value });
  const [person, moving, coded, going] = await resources.commit(
    create(
      named('old'),
      at('moving', DAY),
      at('coded', 2 * DAY, { code: 's|old' }),
      at('going', 3 * DAY, { code: 's|old' }),
    ),
    NOW,
  );
  const writes: Write[] = [
    ...replace(person!, named('new')),
    ...replace(moving!, at('moving', 9 * DAY, {}, 2)),
    ...replace(coded!, at('coded', 2 * DAY, { code: 's|new' }, 2)),
    ...remove(going!),
    ...create(
      at('fresh', 5 * DAY, { code: 's|new', otherPatients: [`other-${count}`] }),
      draft('Organization', id('org')),
    ),
  ];
  return { writes, id, patient, other: `other-${count}` };
};
type Scene = Awaited<ReturnType<typeof scene>>;

/** Each way to look, and what it sees: `before`, `after`, or something that must not be. */
const views = async (one: Resources, { id, patient, other }: Scene): Promise<string[]> => {
  const told = (found: unknown, before: unknown, after: unknown) =>
    [before, after].map((want) => JSON.stringify(want)).indexOf(JSON.stringify(found)) === 0
      ? 'before'
      : JSON.stringify(found) === JSON.stringify(after)
        ? 'after'
        : `mixed ${JSON.stringify(found)}`;
  const scan = async (over: object) => {
    const { items } = await one.scan({ patient, ...over });
    return items.map((item) => `${item.id.replace(/-\d+$/, '')}@${item.version}`).sort();
  };
  const by = async (key: string) => (await one.lookup({ bucket: 'identifier', key: id(key) })).rows.length;
  const many = await one.getMany([
    { type: 'Patient', id: patient },
    ...['moving', 'coded', 'going', 'fresh'].map((name) => ({ type: 'Observation', id: id(name) })),
    { type: 'Organization', id: id('org') },
  ]);
  return [
    told(
      await scan({}),
      ['coded@1', 'going@1', 'moving@1', 'patient@1'],
      ['coded@2', 'fresh@1', 'moving@2', 'patient@2'],
    ),
    told(await scan({ type: 'Observation' }), ['coded@1', 'going@1', 'moving@1'], ['coded@2', 'fresh@1', 'moving@2']),
    told(await scan({ type: 'Observation', to: 8 * DAY }), ['coded@1', 'going@1', 'moving@1'], ['coded@2', 'fresh@1']),
    told(await scan({ type: 'Observation', code: 's|old' }), ['coded@1', 'going@1'], []),
    told(await scan({ type: 'Observation', code: 's|new' }), [], ['coded@2', 'fresh@1']),
    told((await one.scan({ patient: other, type: 'Observation' })).items.length, 0, 1),
    told(
      many.map((item) => item && [item.version, item.deleted]),
      [[1, false], [1, false], [1, false], [1, false], undefined, undefined],
      [
        [2, false],
        [2, false],
        [2, false],
        [2, true],
        [1, false],
        [1, false],
      ],
    ),
    told(
      (await one.history('Observation', id('coded'), { limit: 9 })).items.map((item) => item.version),
      [1],
      [2, 1],
    ),
    told((await one.getVersion('Observation', id('moving'), 2))?.version, undefined, 2),
    told(await by('old'), 1, 0),
    told(await by('new'), 0, 1),
  ];
};

describe('a process that ends within a large commit', () => {
  const killed = { before: new Killed() };
  it.each([
    ['at every step', STAGED, killed, 30],
    ['between any two calls of many rows', IN_BATCHES, killed, 15],
    ['in the middle of any call of many rows', IN_BATCHES, { halfway: new Killed() }, 15],
  ] as const)(
    'leaves all or nothing to be seen, %s, and the sweeper clears up',
    { timeout: 240_000 },
    async (...given) => {
      const [, limits, first, steps] = given;
      const outcomes: string[] = [];
      for (let step = 0; ; step += 1) {
        const one = await scene();
        const { resources: dying, calls } = await faulty(
          ({ at }) => (at < step ? undefined : at === step ? first : killed),
          limits,
        );
        const done = await dying.commit(one.writes, NOW).then(
          () => true,
          () => false,
        );

        // A reader by code who mends what it meets must not hide from the next one what it has not met.
        const coded = async () =>
          (await resources.scan({ patient: one.patient, type: 'Observation', code: 's|new' })).items.length;
        const met = await coded();
        expect([0, 2], `read by the new code after call ${step}`).toContain(met);
        expect(await coded(), `read again after call ${step}`).toBe(met);

        const seen = new Set(await views(resources, one));
        expect([...seen], `killed at call ${step}`).toHaveLength(1);
        if (done) expect([...seen]).toEqual(['after']);
        now += LIMITS.stagingMs * 3; // the deadline passes
        await sweep();
        expect(new Set(await views(resources, one)), `swept after call ${step}`).toEqual(seen);
        outcomes.push([...seen][0]!);
        if (calls() < step) break;
      }
      expect(await leftovers()).toEqual([]);
      expect(outcomes.length).toBeGreaterThan(steps);
      // Once decided, always so: no step before the decision shows anything, no step after it hides anything.
      expect(outcomes.indexOf('after')).toBe(outcomes.lastIndexOf('before') + 1);
      expect(new Set(outcomes)).toEqual(new Set(['before', 'after']));
    },
  );

  it('is rolled back by readers and writers once its deadline has passed', async () => {
    const one = await scene();
    const { resources: dying } = await faulty(({ at }) => (at >= 14 ? { before: new Killed() } : undefined), STAGED);
    await expect(dying.commit(one.writes, NOW)).rejects.toThrow();
    expect((await leftovers()).length).toBeGreaterThan(2);

    // Before the deadline another writer is asked to come again.
    await expect(resources.commit(one.writes, NOW)).rejects.toMatchObject({ reason: 'busy', refusal: 'unavailable' });
    now += LIMITS.stagingMs + 1000;
    await resources.commit(one.writes, NOW);

    expect(new Set(await views(resources, one))).toEqual(new Set(['after']));
    await sweep();
    expect(await leftovers()).toEqual([]);
  });

  it.each([5, 12, 16, 19])(
    'that has no time left at call %i is a 503 in time, and nothing of it is there',
    async (step) => {
      const one = await scene();
      const { resources: slow } = await faulty(
        ({ at }) => {
          if (at === step) now += 30_000;
          return undefined;
        },
        { ...STAGED, answerMs: 22_000 },
      );
      const began = now;

      await expect(slow.commit(one.writes, began)).rejects.toMatchObject({
        refusal: 'unavailable',
        headers: { 'retry-after': '10' },
      });

      expect(now - began).toBe(30_000);
      expect(new Set(await views(resources, one))).toEqual(new Set(['before']));
      expect(await leftovers()).toEqual([]);
      // The next attempt has the way free.
      await openWith(client, { ...STAGED, answerMs: 22_000 }).commit(one.writes, now);
      expect(new Set(await views(resources, one))).toEqual(new Set(['after']));
      now += LIMITS.stagingMs * 3;
      await sweep();
    },
  );

  it('is never seen half while it goes on', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 4; round += 1) {
      const one = await scene();
      let done = false;
      const writing = openWith(client, { transactionRows: 0, width: 2, batchRows: 3 })
        .commit(one.writes, NOW)
        .finally(() => {
          done = true;
        });
      while (!done) {
        for (const seen of await views(resources, one)) expect(seen).toMatch(/^(before|after)$/);
      }
      await writing;
      expect(new Set(await views(resources, one))).toEqual(new Set(['after']));
    }
  });
});

describe('a large commit whose rows are met before it has rolled them forward', () => {
  it('takes nothing back of what others have written since', async () => {
    const own = await dynamoClient();
    let meanwhile: Promise<unknown> | undefined;
    own.middlewareStack.add(
      (next) => async (args) => {
        const { Statements, RequestItems } = args.input as {
          Statements?: { Statement: string }[];
          RequestItems?: object;
        };
        if (RequestItems || Statements?.[0]?.Statement.startsWith('UPDATE')) {
          meanwhile ??= others();
          await meanwhile;
        }
        return next(args);
      },
      { step: 'initialize', name: 'late' },
    );
    const patient = `late-${++count}`;
    const ids = Array.from({ length: 30 }, (_, at) => `${patient}-${at}`);
    const of = (v: number) => ids.map((id) => draft('Condition', id, { patient, date: DAY }, { v }));
    const versions = async () => (await getAll(ids)).map((item) => item?.version);
    const getAll = (some: string[]) => resources.getMany(some.map((id) => ({ type: 'Condition', id })));
    const others = async () => {
      const found = await getAll(ids);
      for (const [at, next] of of(2).entries()) await resources.commit(replace(found[at]!, next), NOW);
    };

    await openWith(own, { transactionRows: 0, batchRows: 25 }).commit(create(...of(1)), NOW);

    expect(meanwhile).toBeDefined();
    expect(await versions()).toEqual(ids.map(() => 2));
    expect(await leftovers()).toEqual([]);
  });
});

describe('two large commits that want the same', () => {
  it('let one win, or none, and never mix', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 4; round += 1) {
      const one = await scene();
      const wide = openWith(client, { transactionRows: 0, width: 8, batchRows: 25 });
      const attempts = await Promise.allSettled([wide.commit(one.writes, NOW), wide.commit(one.writes, NOW)]);

      const won = attempts.filter(({ status }) => status === 'fulfilled').length;
      expect(won).toBeLessThan(2);
      expect(new Set(await views(resources, one))).toEqual(new Set([won ? 'after' : 'before']));
      for (const attempt of attempts) {
        if (attempt.status === 'rejected') expect(['busy', 'changed', 'exists']).toContain(attempt.reason.reason);
      }
    }
  });
});

describe('throttling', () => {
  it.each([
    ['one row', 1, undefined],
    ['one transaction', 6, undefined],
    ['a large commit', 6, STAGED],
    ['a large commit in calls of many rows', 30, IN_BATCHES],
  ] as const)('is waited out: %s', async (_, size, limits) => {
    const patient = `throttled-${++count}`;
    const { resources: slow } = await faulty(
      ({ at }) => (at % 3 < 2 ? { before: throttled(at % 2 ? 'ThrottlingException' : undefined) } : undefined),
      limits,
    );
    const id = () => slow.allocate('Observation', { patient, otherPatients: [], date: 0, spansDays: false });
    const drafts = Array.from({ length: size }, () => draft('Observation', id(), { patient, date: 0 }));

    await slow.commit(create(...drafts), NOW);

    expect((await slow.scan({ patient, type: 'Observation' })).items).toHaveLength(size);
  });

  it.each(['ThrottlingError', 'ProvisionedThroughputExceeded', 'InternalServerError'])(
    'of some rows of a call is waited out for these alone: %s',
    async (refused) => {
      const one = await scene();
      const refusals = new Map<string, number>();
      const { resources: slow } = await faulty(({ operation }) => {
        if (!/^Batch(Exec|Write)/.test(operation)) return undefined;
        refusals.set(operation, (refusals.get(operation) ?? 0) + 1);
        return { refused };
      }, IN_BATCHES);
      const names = Array.from({ length: 30 }, (_, at) => `some-${count}-${at}`);
      const drafts = names.map((id) => draft('Condition', id, { patient: one.patient, date: DAY }));

      await slow.commit([...one.writes, ...create(...drafts)], NOW);

      expect([...refusals.keys()].sort()).toEqual(['BatchExecuteStatement', 'BatchWriteItem']);
      const found = await resources.getMany(names.map((id) => ({ type: 'Condition', id })));
      expect(found.map((item) => item?.version)).toEqual(names.map(() => 1));
      expect((await resources.scan({ patient: one.patient, type: 'Condition' })).items).toHaveLength(30);
      expect(await leftovers()).toEqual([]);
    },
  );

  it('is told from a permission that lacks: that is a fault, and nothing is written', async () => {
    const one = await scene();
    const { resources: denied } = await faulty(
      ({ operation }) => (operation === 'BatchExecuteStatement' ? { refused: 'AccessDenied' } : undefined),
      IN_BATCHES,
    );

    await expect(denied.commit(one.writes, NOW)).rejects.toThrow('AccessDenied');

    expect(new Set(await views(resources, one))).toEqual(new Set(['before']));
    expect(await leftovers()).toEqual([]);
  });

  it('that does not end is a clean 503, and nothing was written', { timeout: 60_000 }, async () => {
    const one = await scene();
    for (const limits of [undefined, STAGED, IN_BATCHES]) {
      const { resources: stuck } = await faulty(
        ({ operation }) => (/Put|Update|Write|Execute/.test(operation) ? { before: throttled() } : undefined),
        limits,
      );
      await expect(stuck.commit(one.writes, NOW)).rejects.toMatchObject({
        refusal: 'unavailable',
        headers: { 'retry-after': '1' },
      });
    }
    expect(new Set(await views(resources, one))).toEqual(new Set(['before']));
  });

  it('of a transaction that met another is tried again', async () => {
    const one = await scene();
    let met = 0;
    const { resources: unlucky } = await faulty(({ operation, input }) =>
      operation === 'TransactWriteItems' && met++ < 3
        ? { before: conflicted((input.TransactItems as unknown[]).length) }
        : undefined,
    );

    await unlucky.commit(one.writes, NOW);

    expect(met).toBe(4);
    expect(new Set(await views(resources, one))).toEqual(new Set(['after']));
  });
});

describe('an answer that is lost', () => {
  const lostOnce = (wanted: RegExp) => {
    const lost = new Set<string>();
    return ({ operation, at }: Call): Fault => {
      if (!wanted.test(operation) || lost.has(String(at))) return undefined;
      lost.add(String(at + 1)); // the next attempt is let through
      return { after: dropped() };
    };
  };

  it('of a single create: it is there once, and was ours', async () => {
    const patient = `lost-${++count}`;
    const { resources: lossy } = await faulty(lostOnce(/PutItem/));
    const id = lossy.allocate('Observation', { patient, otherPatients: [], date: 0, spansDays: false });

    const [stored] = await lossy.commit(create(draft('Observation', id, { patient, date: 0 })), NOW);

    expect(stored?.version).toBe(1);
    expect((await resources.get('Observation', id))?.version).toBe(1);
  });

  it('of a transaction: its token makes the second attempt harmless', async () => {
    const one = await scene();
    const { resources: lossy } = await faulty(lostOnce(/TransactWriteItems/));

    const stored = await lossy.commit(one.writes, NOW);

    expect(stored.map(({ version }) => version)).toEqual([2, 2, 2, 2, 1, 1]);
    expect(new Set(await views(resources, one))).toEqual(new Set(['after']));
  });

  it('at any step of a large commit', { timeout: 60_000 }, async () => {
    const kinds = [/PutItem/, /UpdateItem/, /DeleteItem/, /GetItem|Query/, /./];
    const steps = [
      ...kinds.map((wanted) => [wanted, STAGED] as const),
      [/BatchExec/, IN_BATCHES],
      [/./, IN_BATCHES],
    ] as const;
    for (const [wanted, limits] of steps) {
      const one = await scene();
      const { resources: lossy } = await faulty(lostOnce(wanted), limits);

      await lossy.commit(one.writes, NOW);

      expect(new Set(await views(resources, one)), String(wanted)).toEqual(new Set(['after']));
    }
    now += LIMITS.stagingMs * 3;
    await sweep();
    expect(await leftovers()).toEqual([]);
  });

  it('of the decision itself, for good: the commit stands, and is not denied', { timeout: 60_000 }, async () => {
    const one = await scene();
    let decisions = 0;
    const { resources: lossy } = await faulty(({ operation, input }) => {
      const decides = operation === 'UpdateItem' && String(input.UpdateExpression) === 'SET a = :to';
      return decides && decisions++ < 8 ? { after: dropped() } : undefined;
    }, STAGED);

    await lossy.commit(one.writes, NOW);

    expect(new Set(await views(resources, one))).toEqual(new Set(['after']));
  });

  it('on reading is asked for again', async () => {
    const one = await scene();
    const { resources: lossy } = await faulty(lostOnce(/./));

    expect(new Set(await views(lossy, one))).toEqual(new Set(['before']));
  });
});
