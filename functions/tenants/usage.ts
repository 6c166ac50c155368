// What the region is used for and what that costs: `GET /admin/usage` (docs/administration.md, "Usage and cost").

import { csv } from '../audit/csv.ts';
import type { ActiveOf, Counts, DayOf } from '../audit/usage.ts';
import {
  activeInMonth,
  japaneseDay,
  KINDS,
  NOTHING,
  plus,
  RESIDENTS,
  requestsOf,
  usageOfMonth,
} from '../audit/usage.ts';
import { sizesBetween } from '../audit/usage-sizes.ts';
import { refuse } from '../fhir/outcome.ts';
import { type JsonAnswer, type JsonRoute, note, route } from '../interactions/json-route.ts';
import type { RowStore } from '../services/row-store.ts';
import { IDLE_MONTH_USD, PRICES, YEN_PER_USD } from './prices.ts';
import { all, find } from './records.ts';
import type { Rows } from './rows.ts';
import { commonUsd, sumOf, usdOfUse } from './usage-cost.ts';

export interface YenRate {
  readonly rate: number;
  readonly asOf: string;
}

export interface UsageNeeds {
  readonly rows: Rows;
  /** Where the audit stream counts (audit/usage.ts). */
  readonly counted: RowStore;
  /** How many accounts each pool has, as Cognito estimates it. */
  readonly accounts: () => Promise<{ readonly staff: number; readonly residents: number }>;
  /** Of the region file. */
  readonly yen: YenRate | undefined;
}

const MOST_DAYS = 366;
const DAY_MS = 86_400_000;
const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

const dayOf = (query: Readonly<Record<string, string | undefined>>, name: string, otherwise: string): string => {
  const given = query[name];
  if (given === undefined || given === '') return otherwise;
  if (!DAY.test(given) || Number.isNaN(Date.parse(given)) || !new Date(given).toISOString().startsWith(given))
    throw refuse('invalid', `${name} must be a day: YYYY-MM-DD`, name);
  return given;
};

/** This month to today, where nothing is said. */
const timeOf = (query: Readonly<Record<string, string | undefined>>, now: number) => {
  const today = japaneseDay(now);
  const to = dayOf(query, 'to', today);
  const from = dayOf(query, 'from', `${to.slice(0, 7)}-01`);
  if (from > to) throw refuse('invalid', 'from must not be after to', 'from');
  if ((Date.parse(to) - Date.parse(from)) / DAY_MS >= MOST_DAYS)
    throw refuse('invalid', `at most ${MOST_DAYS} days can be asked for at once`, 'from');
  return { from, to, today };
};

const daysBetween = (from: string, to: string): string[] =>
  Array.from({ length: Math.max(0, (Date.parse(to) - Date.parse(from)) / DAY_MS + 1) }, (_, at) =>
    new Date(Date.parse(from) + at * DAY_MS).toISOString().slice(0, 10),
  );

const sumUp = (days: readonly DayOf[]): Counts => days.reduce((sum, { counts }) => plus(sum, counts), NOTHING);

/** Ten digits; what is left belongs to residents, other regions or the region itself. */
const isFacility = (facility: string) => /^\d{10}$/.test(facility) && facility !== REGION;
const REGION = '0000000000';

const facilitiesOf = async (rows: Rows) => {
  const known = await Promise.all(
    (await all(rows, 'facility')).map(async ({ code, feeClass }) => {
      const { value } = await find(rows, 'facilityRow', code);
      return { code, feeClass, name: value?.name, type: value?.type, disabled: value?.disabled ?? false };
    }),
  );
  return new Map(known.map((one) => [one.code, one]));
};

const report = async ({ rows, counted, accounts, yen }: UsageNeeds, time: ReturnType<typeof timeOf>) => {
  const { from, to, today } = time;
  const [last] = [to, today].sort(); // days to come cost nothing yet
  const days = daysBetween(from, last!);
  const names = [...new Set(days.map((day) => day.slice(0, 7)))];
  const [used, active, sizes, facilities, pools] = await Promise.all([
    Promise.all(names.map((month) => usageOfMonth(counted, month))).then((months) =>
      months.flat().filter(({ day }) => from <= day && day <= to),
    ),
    Promise.all(names.map(async (month) => ({ month, of: await activeInMonth(counted, month) }))),
    // Those of the month before serve for its first days.
    sizesBetween(counted, japaneseDay(Date.parse(from) - 31 * DAY_MS), to),
    facilitiesOf(rows),
    accounts(),
  ]);
  const months = active.map(({ month, of }) => ({
    month,
    staff: accountsOf(of, 'staff'),
    residents: accountsOf(of, 'resident'),
    systems: accountsOf(of, 'system'),
  }));
  const common = commonUsd({ days, used, sizes, months });
  const byPayer = Map.groupBy(used, ({ facility }) => facility);
  const others = [...byPayer].filter(([facility]) => !isFacility(facility));
  const othersUsd = others.reduce((sum, [, of]) => sum + usdOfUse(sumUp(of)), 0);
  const payers = [...facilities.values()].filter(({ code, disabled }) => !disabled || byPayer.has(code));
  const strangers = [...byPayer.keys()]
    .filter((code) => isFacility(code) && !facilities.has(code))
    .map((code) => ({ code, feeClass: '', name: undefined, type: undefined, disabled: false }));
  const share = payers.length > 0 ? (sumOf(common) + othersUsd) / payers.length : 0;
  const lines = [...payers, ...strangers]
    .map(({ disabled: _, ...facility }) => {
      const counts = sumUp(byPayer.get(facility.code) ?? []);
      const use = usdOfUse(counts);
      const part = facilities.has(facility.code) ? share : 0;
      const staff = Math.max(0, ...active.map(({ of }) => accountsOf(of, 'staff', facility.code)));
      return { ...facility, counts, activeStaff: staff, usd: { use, share: part, total: use + part } };
    })
    .sort((a, b) => b.usd.use - a.usd.use || (a.code < b.code ? -1 : 1));
  const use = lines.reduce((sum, { usd }) => sum + usd.use, othersUsd);
  return {
    from,
    to,
    today,
    totals: sumUp(used),
    days: days.map((day) => ({ day, counts: sumUp(used.filter((one) => one.day === day)) })),
    facilities: lines,
    feeClasses: feeClassesOf(lines),
    residents: sumUp(byPayer.get(RESIDENTS) ?? []),
    regions: others
      .filter(([payer]) => payer.startsWith('~'))
      .map(([payer, of]) => ({ community: payer.slice(1), counts: sumUp(of) })),
    people: { months, accounts: pools },
    storage: sizes.at(-1),
    cost: {
      usd: { ...common, use, total: sumOf(common) + use },
      idleMonthUsd: IDLE_MONTH_USD,
      yen: { ...(yen ?? YEN_PER_USD), isOfRegion: yen !== undefined },
      prices: PRICES,
    },
  };
};

const accountsOf = (active: readonly ActiveOf[], kind: string, facility?: string): number =>
  active
    .filter((one) => one.kind === kind && (facility === undefined || one.facility === facility))
    .reduce((sum, one) => sum + one.accounts, 0);

interface Line {
  readonly feeClass: string;
  readonly counts: Counts;
  readonly usd: { readonly use: number; readonly share: number; readonly total: number };
}

const feeClassesOf = (lines: readonly Line[]) =>
  [...Map.groupBy(lines, ({ feeClass }) => feeClass)]
    .map(([feeClass, of]) => {
      const total = of.reduce((sum, { usd }) => sum + usd.total, 0);
      return {
        feeClass,
        facilities: of.length,
        requests: of.reduce((sum, { counts }) => sum + requestsOf(counts), 0),
        usd: {
          use: of.reduce((sum, { usd }) => sum + usd.use, 0),
          share: of.reduce((sum, { usd }) => sum + usd.share, 0),
          total,
          each: total / of.length,
        },
      };
    })
    .sort((a, b) => (a.feeClass < b.feeClass ? -1 : 1));

const COLUMNS = ['day', 'facility', 'name', 'fee_class', ...KINDS, 'refused', 'resources', 'use_usd'] as const;

/** A line for each day and facility that asked for something. */
const table = async ({ rows, counted }: UsageNeeds, { from, to }: ReturnType<typeof timeOf>): Promise<string> => {
  const names = [...new Set(daysBetween(from, to).map((day) => day.slice(0, 7)))];
  const [facilities, ...months] = await Promise.all([
    facilitiesOf(rows),
    ...names.map((month) => usageOfMonth(counted, month)),
  ]);
  const lines = months.flat().filter(({ day }) => from <= day && day <= to);
  return csv([
    COLUMNS,
    ...lines.map(({ day, facility, counts }) => [
      day,
      facility === RESIDENTS ? 'residents' : facility.replace(/^~/, 'region '),
      facilities.get(facility)?.name,
      facilities.get(facility)?.feeClass,
      ...KINDS.map((kind) => counts[kind]),
      counts.refused,
      counts.resources,
      Number(usdOfUse(counts).toFixed(6)),
    ]),
  ]);
};

export const usageRoutes = (needs: UsageNeeds): readonly JsonRoute[] => [
  route({
    method: 'GET',
    path: '/admin/usage',
    interaction: 'usage-read',
    query: ['from', 'to', 'format'],
    // No data of persons; the municipalities pay for it (domain.md, "Municipal officer").
    roles: ['admin', 'operator', 'municipal'],
    handle: async (context, { query }): Promise<JsonAnswer> => {
      const time = timeOf(query, context.now);
      if (query.format !== undefined && query.format !== 'csv') throw refuse('invalid', 'format must be csv', 'format');
      note(context, 'R', 'usage');
      if (query.format === 'csv')
        return {
          status: 200,
          text: { contentType: 'text/csv; charset=utf-8', text: await table(needs, time) },
          headers: { 'content-disposition': `attachment; filename="usage-${time.from}-${time.to}.csv"` },
        };
      return { status: 200, body: await report(needs, time) };
    },
  }),
];
