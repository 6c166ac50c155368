// How much one account may ask in a minute, over all execution environments, and what holding it costs.
import { afterAll, describe, expect, it } from 'vitest';
import { memoryCounters, openCounters } from '../../../functions/abuse/counters.ts';
import { DEFAULT_LIMITS, limited, openLimiter, readLimits, stepOf } from '../../../functions/abuse/limiter.ts';
import { hospital, openApi } from '../../support/api.ts';
import { createTables, dynamoClient, stopDynamoDb } from '../../support/dynamodb.ts';

afterAll(stopDynamoDb);

const START = Date.parse('2026-11-22T09:00:00Z');
const limits = { system: 500, staff: 100, resident: 50 };
const staff = { kind: 'staff', subject: 'staff-1' } as const;

const world = (environments: number) => {
  const time = { now: START };
  const memory = memoryCounters();
  let writes = 0;
  const counters = {
    add: (name: string, amount: number, until: number) => {
      writes += 1;
      return memory.add(name, amount, until);
    },
  };
  const all = Array.from({ length: environments }, () => openLimiter({ limits, clock: () => time.now, counters }));
  const pass = async (n: number, who: typeof staff | { kind: 'system'; subject: string } = staff) => {
    let passed = 0;
    for (let i = 0; i < n; i += 1)
      passed += await all[i % all.length]!(who).then(
        () => 1,
        () => 0,
      );
    return passed;
  };
  return { time, pass, all, writes: () => writes };
};

describe('the limit of one account', () => {
  it('is exact in one environment', async () => {
    expect(await world(1).pass(150)).toBe(100);
  });

  it.each([2, 5, 10])(
    'is held over %i environments, to within what none of them has told yet',
    async (environments) => {
      const passed = await world(environments).pass(1_000);
      expect(passed).toBeGreaterThanOrEqual(100);
      expect(passed).toBeLessThanOrEqual(100 + environments * stepOf(100));
    },
  );

  it('begins anew with the next minute', async () => {
    const { pass, time } = world(2);
    await pass(300);
    expect(await pass(1)).toBe(0);
    time.now += 60_000;
    expect(await pass(10)).toBe(10);
  });

  it('is one for each account, and that of its kind', async () => {
    const { pass } = world(1);
    await pass(200);
    expect(await pass(50, { kind: 'system', subject: 'gateway' })).toBe(50);
  });

  it('costs no write to who asks little, and one for each step to who asks much', async () => {
    const little = world(1);
    await little.pass(stepOf(100) - 1);
    expect(little.writes()).toBe(0);
    const much = world(1);
    await much.pass(100);
    expect(much.writes()).toBe(100 / stepOf(100));
  });

  it('is held by each environment alone while the counter is silent', async () => {
    const logged: unknown[] = [];
    const counters = { add: () => Promise.reject(new Error('down')) };
    const limit = openLimiter({ limits, clock: () => START, counters, log: (line) => logged.push(line) });
    let passed = 0;
    for (let i = 0; i < 150; i += 1)
      passed += await limit(staff).then(
        () => 1,
        () => 0,
      );
    expect(passed).toBe(100);
    expect(JSON.stringify(logged)).not.toContain('staff-1');
  });

  it('is said as 429, with the seconds until the next minute', async () => {
    const { all, time } = world(1);
    time.now += 15_000;
    for (let i = 0; i < 100; i += 1) await all[0]!(staff);
    await expect(all[0]!(staff)).rejects.toMatchObject({ status: 429, headers: { 'retry-after': '45' } });
  });
});

it('leaves the API as an OperationOutcome with Retry-After, and writes no record for what it refuses', async () => {
  const api = openApi();
  const limit = openLimiter({ limits: { ...limits, system: 1 }, clock: () => START });
  await limit(hospital);
  await expect(limited(async () => hospital, limit)({})).rejects.toMatchObject({ refusal: 'throttled' });
  expect(api.recorded).toEqual([]);
});

it('the region file may say other limits; what it does not say stays', () => {
  expect(readLimits('system=600000')).toEqual({ ...DEFAULT_LIMITS, system: 600_000 });
  expect(readLimits('')).toEqual(DEFAULT_LIMITS);
  expect(readLimits('staff=0,system=-1,other=9,resident=x')).toEqual(DEFAULT_LIMITS);
});

describe.each([
  ['memory', async () => memoryCounters()],
  [
    'DynamoDB',
    async () => {
      const client = await dynamoClient();
      const { registry } = await createTables(client);
      return openCounters({ client, table: registry });
    },
  ],
] as const)('counters in %s', (_, open) => {
  it('add up', async () => {
    const counters = await open();
    expect(await counters.add('a', 3, START)).toBe(3);
    expect(await counters.add('a', 4, START)).toBe(7);
    expect(await counters.add('b', 1, START)).toBe(1);
    expect((await Promise.all([1, 2, 3].map((n) => counters.add('c', n, START)))).includes(6)).toBe(true);
  });

  it('collect different members, up to a number', async () => {
    const counters = await open();
    expect(await counters.collect('s', ['x', 'y', 'x'], 4, START)).toBe(2);
    expect(await counters.collect('s', ['x'], 4, START)).toBe(2);
    expect(await counters.collect('s', ['z', 'w'], 4, START)).toBe(4);
    expect(await counters.collect('s', ['v'], 4, START)).toBe(4);
  });
});
