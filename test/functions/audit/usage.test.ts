// What the region is used for is counted once, whatever the stream brings again, in whatever order.
import { afterAll, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../../functions/audit/port.ts';
import type { StoredRecord } from '../../../functions/audit/record.ts';
import {
  activeInMonth,
  counted,
  KINDS,
  kindOf,
  openUsageCounter,
  requestsOf,
  usageOfMonth,
} from '../../../functions/audit/usage.ts';
import { openSizeDiary, sizesBetween, tableSizes } from '../../../functions/audit/usage-sizes.ts';
import { memoryRowStore, openRowStore } from '../../../functions/services/row-store.ts';
import { createTables, dynamoClient, stopDynamoDb } from '../../support/dynamodb.ts';
import { handClock, record } from './given.ts';

afterAll(stopDynamoDb);

const NOON = Date.parse('2026-11-22T03:00:00Z'); // noon in Japan
const HOSPITAL = '3610000001';

/** A chain of records, each a request of its own unless it says otherwise. */
const chain = (name: string, all: readonly Partial<AuditRecord>[], time = NOON): StoredRecord[] =>
  all.map((more, index) => ({
    chain: name,
    number: index + 1,
    time: time + index,
    previous: Buffer.alloc(0),
    hash: Buffer.alloc(0),
    record: record({ requestId: `${name}-${index}`, ...more }),
  }));

const open = (rows = memoryRowStore()) => {
  const clock = handClock(NOON);
  const counter = openUsageCounter({ rows, clock });
  const totals = async (month = '2026-11') => {
    const days = await usageOfMonth(rows, month);
    return Object.fromEntries(
      days.map(({ day, facility, counts }) => [
        `${day} ${facility}`,
        Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
      ]),
    );
  };
  return { rows, clock, counter, totals };
};

describe('a request', () => {
  it.each([
    [{ interaction: 'read' }, 'read'],
    [{ interaction: 'history-instance' }, 'read'],
    [{ interaction: 'search-type' }, 'search'],
    [{ interaction: '$everything' }, 'search'],
    [{ interaction: 'create', action: 'C' }, 'write'],
    [{ interaction: 'transaction', action: 'U' }, 'write'],
    [{ interaction: 'batch', action: 'R' }, 'search'],
    [{ interaction: 'search-type', via: 'federation' }, 'federated'],
    [{ interaction: 'federation-discover', action: 'E' }, 'federated'],
    [{ interaction: 'search-type', facility: '2.999.3.1~0310000001' }, 'answered'],
    [{ interaction: 'token', action: 'E' }, 'token'],
    [{ interaction: 'staff-invite', action: 'C' }, 'desk'],
  ] as const)('%j is of the kind %s', (more, kind) => {
    expect(kindOf(record(more))).toBe(kind);
  });

  it('counts for its facility, its day in Japan and its kind, however many persons it showed', async () => {
    const { counter, totals } = open();
    await counter.count([
      ...chain('a', [
        { interaction: 'search-type', requestId: 'one', patientKey: 'person1' },
        { interaction: 'search-type', requestId: 'one', patientKey: 'person2' },
        { interaction: 'create', action: 'C', count: 1 },
        { interaction: 'transaction', action: 'C', count: 40, facility: '3610000002' },
        { interaction: 'read', status: 404, outcome: '4', count: 0 },
        { interaction: 'read', actorKind: 'resident', facility: undefined },
        { interaction: 'read', facility: '2.999.3.1~0310000001' },
      ]),
      ...chain('b', [{ interaction: 'read' }], Date.parse('2026-11-22T15:00:00Z')),
      ...chain('c', [{ interaction: 'identity-link', actor: 'identity-feed', requestId: 'identity-feed' }]),
    ]);

    expect(await totals()).toEqual({
      '2026-11-22 3610000001': { read: 1, search: 1, write: 1, refused: 1, resources: 1 },
      '2026-11-22 3610000002': { write: 1, resources: 40 },
      '2026-11-22 -': { read: 1 },
      '2026-11-22 ~2.999.3.1': { answered: 1 },
      '2026-11-23 3610000001': { read: 1 },
    });
  });
});

describe.each([
  ['memory', async () => memoryRowStore()],
  [
    'DynamoDB',
    async () => {
      const client = await dynamoClient();
      return openRowStore({ client, table: (await createTables(client)).registry });
    },
  ],
] as const)('a batch of the stream, rows in %s', (_, openRows) => {
  it('counts once when it comes again, whole, halved or in another order', async () => {
    const { counter, totals } = open(await openRows());
    const all = [
      ...chain(
        'a',
        Array.from({ length: 12 }, () => ({ interaction: 'read' })),
      ),
      ...chain(
        'b',
        Array.from({ length: 3 }, () => ({ interaction: 'search-type', requestId: 'one' })),
      ),
    ];
    const once = { '2026-11-22 3610000001': { read: 12, search: 1 } };
    const [first, second] = [all.slice(0, 6), all.slice(6)];
    await counter.count([...second].reverse());
    await counter.count(first);
    expect(await totals()).toEqual(once);

    for (const again of [all, first, second, [...all].reverse()]) await counter.count(again);
    expect(await totals()).toEqual(once);
  });

  it('counts all of two shards that come at the same time', async () => {
    const rows = await openRows();
    const shards = ['a', 'b', 'c', 'd'].map((name) => ({
      counter: open(rows).counter,
      batch: chain(name, [{}, {}, {}]),
    }));
    await Promise.all(shards.map(({ counter, batch }) => counter.count(batch)));

    const [day] = await usageOfMonth(rows, '2026-11');
    expect(day).toMatchObject({ day: '2026-11-22', facility: HOSPITAL, counts: { read: 12 } });
  });

  it('may touch more rows than one transaction takes', async () => {
    const rows = await openRows();
    const { counter } = open(rows);
    const many = Array.from({ length: 130 }, (__, n) => ({ facility: String(3_610_000_000 + n), actor: `staff-${n}` }));
    await counter.count(chain('a', many));

    expect(await usageOfMonth(rows, '2026-11')).toHaveLength(130);
    expect(await activeInMonth(rows, '2026-11')).toHaveLength(130);
  });
});

it('knows of a chain what was counted by very little', () => {
  const numbers = [3, 1, 2, 7, 5, 6, 4];
  let state = { upTo: 0, open: [], requests: [] } as Parameters<typeof counted>[0];
  for (const number of numbers) {
    const next = counted(state, number);
    expect(next).toBeDefined();
    state = next!;
  }
  expect(state).toEqual({ upTo: 7, open: [], requests: [] });
  for (const number of numbers) expect(counted(state, number)).toBeUndefined();
});

it('tells how many accounts asked in a month, and of none of them which', async () => {
  const { rows, counter } = open();
  const two = [{ actor: 'sub-of-a-nurse' }, { actor: 'sub-of-a-doctor' }, { actor: 'sub-of-a-nurse' }];
  const mother = { actor: 'sub-of-a-mother', actorKind: 'resident', facility: undefined } as const;
  await counter.count(chain('a', [...two, mother]));
  await counter.count(chain('b', two));

  expect(await activeInMonth(rows, '2026-11')).toEqual([
    { kind: 'resident', facility: '-', accounts: 1 },
    { kind: 'staff', facility: HOSPITAL, accounts: 2 },
  ]);
  const kept = JSON.stringify([
    await rows.list({ p: 'usage#active#2026-11' }),
    await rows.list({ p: 'usage#2026-11' }),
    await rows.list({ p: 'usage#chains' }),
  ]);
  expect(kept).not.toMatch(/sub-of|person1|Observation/);
});

it('notes the sizes of the tables once a day', async () => {
  const client = await dynamoClient();
  const tables = await createTables(client);
  const { rows, clock } = open();
  let asked = 0;
  const sizes = () => {
    asked += 1;
    return tableSizes(client, { clinical: tables.clinical })();
  };
  const note = openSizeDiary({ rows, clock, sizes });
  await note();
  await note();
  await openSizeDiary({ rows, clock, sizes })();
  expect(asked).toBe(1);
  clock.advance(86_400_000);
  await note();

  const both = await sizesBetween(rows, '2026-11-01', '2026-11-30');
  expect(both.map(({ day }) => day)).toEqual(['2026-11-22', '2026-11-23']);
  expect(both[0]!.tables).toEqual([{ table: 'clinical', rows: 0, bytes: 0 }]);
});

it('sums what was asked over all kinds', () => {
  expect(requestsOf({ ...Object.fromEntries(KINDS.map((kind) => [kind, 1])), refused: 5, resources: 9 } as never)).toBe(
    7,
  );
});
