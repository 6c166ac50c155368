// What the office sees of use and cost: sums that meet the counts, an estimate by the price list, and shares that add up.
import type { APIGatewayProxyStructuredResultV2, Context as LambdaContext } from 'aws-lambda';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../../functions/audit/port.ts';
import { KINDS, NOTHING, openUsageCounter } from '../../../functions/audit/usage.ts';
import { openSizeDiary } from '../../../functions/audit/usage-sizes.ts';
import type { Role } from '../../../functions/consent/actor.ts';
import { yenPerUsdOf } from '../../../functions/env.ts';
import { jsonApi } from '../../../functions/middleware/json-api.ts';
import { memoryRowStore } from '../../../functions/services/row-store.ts';
import { IDLE_MONTH_USD } from '../../../functions/tenants/prices.ts';
import { memoryRows } from '../../../functions/tenants/rows.ts';
import { type UsageNeeds, usageRoutes } from '../../../functions/tenants/usage.ts';
import { commonUsd, usdOfRequest, usdOfUse } from '../../../functions/tenants/usage-cost.ts';
import { handClock, record } from '../audit/given.ts';
import { admin } from './desk.ts';

const HOSPITAL = '3610000014';
const CLINIC = '3610000022';

const open = async (more: Partial<UsageNeeds> = {}) => {
  const rows = memoryRows();
  const counted = memoryRowStore();
  const clock = handClock(Date.parse('2026-11-22T03:00:00Z'));
  for (const [code, name, feeClass] of [
    [HOSPITAL, '阿波中央病院', 'hospital-a'],
    [CLINIC, '阿波医院', 'clinic'],
  ] as const) {
    const kept = { code, municipality: '36201', contract: { disclose: true, view: true }, otherCodes: [] };
    await rows.write([
      {
        ...{ p: 'tenant#facility', s: code, before: undefined },
        d: JSON.stringify({ ...kept, feeClass, organization: 'o', changed: 0 }),
      },
      {
        ...{ p: `auth#facility#${code}`, s: '-', before: undefined },
        d: JSON.stringify({ code, name, type: 'hospital', disabled: false }),
      },
    ]);
  }
  let role: Role = 'admin';
  const recorded: AuditRecord[] = [];
  const handler = jsonApi({
    services: {
      clock,
      region: { name: 'tokushima', baseUrl: 'https://api.example', homeCommunityId: '1.2.3' },
      audit: { record: async (records) => void recorded.push(...records) },
    },
    authenticate: async () => ({ ...admin, role }),
    routes: usageRoutes({
      rows,
      counted,
      accounts: async () => ({ staff: 9, residents: 3 }),
      yen: undefined,
      ...more,
    }),
    log: () => {},
  });
  const get = async (query = '', as: Role = 'admin') => {
    role = as;
    const event = {
      rawPath: '/admin/usage',
      rawQueryString: query,
      headers: {},
      requestContext: { requestId: 'request-1', http: { method: 'GET', path: '/admin/usage' } },
      isBase64Encoded: false,
    };
    const got = (await handler(event as never, {} as LambdaContext)) as APIGatewayProxyStructuredResultV2;
    const isJson = String(got.headers?.['content-type']).includes('json');
    return { status: got.statusCode, text: got.body ?? '', body: isJson ? JSON.parse(got.body ?? '{}') : undefined };
  };
  const counter = openUsageCounter({ rows: counted, clock });
  let chains = 0;
  /** One request each. */
  const used = async (...all: readonly Partial<AuditRecord>[]) => {
    chains += 1;
    const name = `chain-${chains}`;
    const buffers = { previous: Buffer.alloc(0), hash: Buffer.alloc(0) };
    await counter.count(
      all.map((one, at) => ({
        ...buffers,
        chain: name,
        number: at + 1,
        time: clock(),
        record: record({ requestId: `${name}-${at}`, facility: HOSPITAL, ...one }),
      })),
    );
  };
  return { get, used, clock, counted, recorded };
};

let region: Awaited<ReturnType<typeof open>>;
beforeEach(async () => {
  region = await open();
});

describe('GET /admin/usage', () => {
  it('tells by day, facility and kind what was asked, and who else asked', async () => {
    const { get, used, clock, recorded } = region;
    await used({}, {}, { interaction: 'search-type' }, { interaction: 'create', action: 'C', actor: 'staff-2' });
    clock.advance(86_400_000);
    await used(
      { facility: CLINIC },
      { facility: undefined, actorKind: 'resident', actor: 'mother' },
      { facility: '2.999.3.1~0310000001', interaction: 'search-type' },
    );
    const { status, body } = await get('from=2026-11-01&to=2026-11-30');

    expect(status).toBe(200);
    expect(body.totals).toEqual({ ...NOTHING, read: 4, search: 1, write: 1, answered: 1, resources: 1 });
    expect(body.days).toHaveLength(23);
    expect(body.days.at(-1)).toEqual({ day: '2026-11-23', counts: { ...NOTHING, read: 2, answered: 1 } });
    expect(body.facilities).toMatchObject([
      { code: HOSPITAL, name: '阿波中央病院', feeClass: 'hospital-a', activeStaff: 2, counts: { read: 2, write: 1 } },
      { code: CLINIC, name: '阿波医院', feeClass: 'clinic', activeStaff: 1, counts: { read: 1 } },
    ]);
    expect(body.residents).toMatchObject({ read: 1 });
    expect(body.regions).toMatchObject([{ community: '2.999.3.1', counts: { answered: 1 } }]);
    expect(body.people).toEqual({
      months: [{ month: '2026-11', staff: 3, residents: 1, systems: 0 }],
      accounts: { staff: 9, residents: 3 },
    });
    expect(recorded.at(-1)).toMatchObject({ interaction: 'usage-read', patientKey: undefined });
  });

  it('shares out what belongs to nobody, so that the parts are the whole', async () => {
    const { get, used } = region;
    await used(...Array.from({ length: 50 }, () => ({ interaction: 'search-type' })), { facility: CLINIC });
    await used(...Array.from({ length: 7 }, () => ({ facility: undefined, actorKind: 'resident' as const })));
    const { body } = await get();

    const sum = (all: { usd: { total: number } }[]) => all.reduce((all, { usd }) => all + usd.total, 0);
    expect(sum(body.facilities)).toBeCloseTo(body.cost.usd.total, 10);
    expect(sum(body.feeClasses)).toBeCloseTo(body.cost.usd.total, 10);
    expect(body.feeClasses.map(({ feeClass }: { feeClass: string }) => feeClass)).toEqual(['clinic', 'hospital-a']);
    expect(body.facilities[0].usd.use).toBeCloseTo(50 * usdOfRequest('search'), 10);
    expect(body.facilities[0].usd.share).toBe(body.facilities[1].usd.share);
    // 22 of 30.4 days of a month in which nobody calls.
    expect(body.cost.usd.idle).toBeCloseTo((IDLE_MONTH_USD * 22) / 30.4167, 3);
    expect(body.cost).toMatchObject({ idleMonthUsd: IDLE_MONTH_USD, yen: { isOfRegion: false } });
  });

  it('reckons with what the tables hold, day by day', async () => {
    const { get, used, clock, counted } = region;
    const gigabytes = [10, 20];
    const note = openSizeDiary({
      rows: counted,
      clock,
      sizes: async () => [{ table: 'clinical', rows: 5, bytes: gigabytes.shift()! * 1e9 }],
    });
    await note();
    clock.advance(86_400_000);
    await note();
    await used({});
    const { body } = await get('from=2026-11-22&to=2026-11-23');

    expect(body.storage).toEqual({ day: '2026-11-23', tables: [{ table: 'clinical', rows: 5, bytes: 20e9 }] });
    expect(body.cost.usd.storage).toBeCloseTo((30 * (0.285 + 0.228)) / 30.4167, 3);
  });

  it('is a CSV too, a line for each day and facility', async () => {
    const { get, used } = region;
    await used({}, { facility: CLINIC, interaction: 'create', action: 'C', count: 3 });
    await used({ facility: undefined, actorKind: 'resident' });
    const { text } = await get('from=2026-11-01&to=2026-11-30&format=csv');

    const [head, ...lines] = text.split('\r\n').filter(Boolean);
    expect(head).toBe(`\uFEFFday,facility,name,fee_class,${KINDS.join(',')},refused,resources,use_usd`);
    expect(lines).toHaveLength(3);
    expect(lines.find((line) => line.includes(CLINIC))).toMatch(
      /^2026-11-22,3610000022,阿波医院,clinic,0,0,1,0,0,0,0,0,3,/,
    );
    expect(text).toContain('2026-11-22,residents,');
  });

  it.each([
    ['from=2026-11-31', 'from'],
    ['from=yesterday', 'from'],
    ['from=2026-11-10&to=2026-11-01', 'from'],
    ['from=2025-01-01&to=2026-11-01', 'from'],
    ['to=2026-13-01', 'to'],
    ['format=xlsx', 'format'],
  ])('refuses %s by the name of the parameter', async (query, at) => {
    const { status, body } = await region.get(query);
    expect(status).toBe(400);
    expect(body.issue[0].expression).toEqual([at]);
  });

  it.each(['doctor', 'nurse', 'privacy', 'resident', 'system'] as const)('is not for a %s', async (role) => {
    expect((await region.get('', role)).status).toBe(403);
  });

  it('is for those who pay', async () => {
    for (const role of ['operator', 'municipal'] as const) expect((await region.get('', role)).status).toBe(200);
  });
});

describe('the estimate', () => {
  it.each([
    ['read', 2.81],
    ['write', 4.33],
    ['token', 18.87],
  ] as const)('a million of %s is what docs/costs.md says, and the access log', (kind, usd) => {
    expect(usdOfRequest(kind) * 1e6).toBeCloseTo(usd + 0.228, 1);
  });

  it('counts each resource that a request writes beside the first', () => {
    const bundle = { ...NOTHING, write: 1, resources: 101 };
    expect(usdOfUse(bundle) - usdOfUse({ ...NOTHING, write: 1 })).toBeCloseTo(100 * 4 * 0.715e-6, 10);
  });

  it('seals no more minutes than a day has, and charges only accounts beyond those that are free', () => {
    const days = ['2026-11-01', '2026-11-02'];
    const busy = [{ day: days[0]!, facility: HOSPITAL, counts: { ...NOTHING, read: 1_000_000 } }];
    const months = [{ staff: 10_100, residents: 500 }];
    const { seals, people, storage } = commonUsd({ days, used: busy, sizes: [], months });
    expect(seals).toBeCloseTo(1440 * 21.13e-6, 6);
    expect(people).toBeCloseTo(100 * 0.015, 10);
    expect(storage).toBe(0);
  });

  it('takes the rate of the region file, and no mistyped one', async () => {
    expect(yenPerUsdOf({ YEN_PER_USD: '152.5@2026-10-01' })).toEqual({ rate: 152.5, asOf: '2026-10-01' });
    expect(yenPerUsdOf({ YEN_PER_USD: '152' })).toBeUndefined();
    const { get } = await open({ yen: { rate: 152.5, asOf: '2026-10-01' } });
    expect((await get()).body.cost.yen).toEqual({ rate: 152.5, asOf: '2026-10-01', isOfRegion: true });
  });
});
