// What the use of a region costs, computed from counts and prices; nothing here was read off a bill. How each figure comes about
// stands in docs/administration.md, "Usage and cost". Pure: no store, no clock.
import { type Counts, type DayOf, KINDS, type Kind, requestsOf } from '../audit/usage.ts';
import type { SizesOf } from '../audit/usage-sizes.ts';
import { FREE_ACCOUNTS, IDLE_MONTH_USD, MONTH_MINUTES, USD } from './prices.ts';

/** What one request of a kind uses (docs/costs.md); its audit record is among the write units. */
interface Use {
  readonly milliseconds: number;
  readonly memoryMb: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly signatures: number;
}

const USES: Readonly<Record<Kind, Use>> = {
  read: { milliseconds: 20, memoryMb: 1769, readUnits: 1, writeUnits: 1, signatures: 0 },
  search: { milliseconds: 20, memoryMb: 1769, readUnits: 1, writeUnits: 1, signatures: 0 },
  write: { milliseconds: 30, memoryMb: 1769, readUnits: 0, writeUnits: 3, signatures: 0 },
  // Waits for other regions; an assertion is signed for each, and used for four minutes.
  federated: { milliseconds: 1000, memoryMb: 1769, readUnits: 6, writeUnits: 4, signatures: 1 },
  answered: { milliseconds: 60, memoryMb: 1769, readUnits: 6, writeUnits: 3, signatures: 0 },
  token: { milliseconds: 100, memoryMb: 512, readUnits: 2, writeUnits: 2, signatures: 1 },
  desk: { milliseconds: 60, memoryMb: 1024, readUnits: 4, writeUnits: 3, signatures: 0 },
};

/** A resource that is written beside the first of a request: 2 to 6 units (functions/storage/keys.ts). */
const RESOURCE_WRITE_UNITS = 4;

/** A minute in which something was written is sealed: a signature, an object, two rows. */
const SEAL_USD = USD.kmsSign + USD.s3Put + 2 * USD.writeUnit;
const DAY_MINUTES = 1440;
const MONTH_DAYS = MONTH_MINUTES / DAY_MINUTES;

const ACCESS_LOG_BYTES = 300;

export const usdOfRequest = (kind: Kind): number => {
  const { milliseconds, memoryMb, readUnits, writeUnits, signatures } = USES[kind];
  return (
    USD.httpApiRequest +
    USD.lambdaRequest +
    (milliseconds / 1000) * (memoryMb / 1024) * USD.lambdaGbSecond +
    readUnits * USD.readUnit +
    writeUnits * USD.writeUnit +
    signatures * USD.kmsSign +
    (ACCESS_LOG_BYTES / 1e9) * USD.logsIngestGb
  );
};

export const usdOfUse = (counts: Counts): number =>
  KINDS.reduce((sum, kind) => sum + counts[kind] * usdOfRequest(kind), 0) +
  Math.max(0, counts.resources - counts.write) * RESOURCE_WRITE_UNITS * USD.writeUnit;

/** What belongs to no facility, for the days from `from` to `to`. */
export interface Common {
  readonly idle: number;
  readonly seals: number;
  readonly storage: number;
  readonly people: number;
}

export const commonUsd = ({
  days,
  used,
  sizes,
  months,
}: {
  /** All days of the time, in order. */
  readonly days: readonly string[];
  readonly used: readonly DayOf[];
  readonly sizes: readonly SizesOf[];
  /** Accounts that were active, month by month. */
  readonly months: readonly { readonly staff: number; readonly residents: number }[];
}): Common => {
  const perDay = Map.groupBy(used, ({ day }) => day);
  const beyond = (accounts: number) => Math.max(0, accounts - FREE_ACCOUNTS);
  return {
    idle: (days.length / MONTH_DAYS) * IDLE_MONTH_USD,
    // No more minutes than there were requests, and than a day has.
    seals: days
      .map((day) => (perDay.get(day) ?? []).reduce((sum, { counts }) => sum + requestsOf(counts), 0))
      .reduce((sum, requests) => sum + Math.min(requests, DAY_MINUTES) * SEAL_USD, 0),
    storage: days.reduce((sum, day) => sum + storageOfDay(day, sizes), 0),
    people: months.reduce(
      (sum, { staff, residents }) => sum + beyond(staff) * USD.staffMonth + beyond(residents) * USD.residentMonth,
      0,
    ),
  };
};

/** By the last figures of that day or before it; by the first that there are where it lies before all of them. */
const storageOfDay = (day: string, sizes: readonly SizesOf[]): number => {
  const known = sizes.findLast((one) => one.day <= day) ?? sizes[0];
  const bytes = (known?.tables ?? []).reduce((sum, table) => sum + table.bytes, 0);
  return ((bytes / 1e9) * (USD.tableGbMonth + USD.recoveryGbMonth)) / MONTH_DAYS;
};

export const sumOf = (common: Common): number => Object.values(common).reduce((sum, usd) => sum + usd, 0);
