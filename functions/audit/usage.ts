// How much a region is used: requests by day, facility and kind, counted from the audit stream, which holds every request that got
// past authentication. Nothing here leads to a person: counts, and for "how many accounts" a digest that is another one each month.
//
//   pattern                                   p                        s                          WRU
//   requests of a facility on a day           usage#<yyyy-mm>          <dd>#<facility>            2 for each batch that has some
//   how far a chain is counted                usage#chains             <chain>                    2 for each batch that has some
//   accounts that asked in a month            usage#active#<yyyy-mm>   <kind>#<facility>#<digest> 2 an account, month and environment
//   rows and bytes of the tables, once a day  usage#sizes              <yyyy-mm-dd>               2 (usage-sizes.ts)
//
// A stream brings a batch again when its function fails, whole or halved. A record has its number on its chain, so the row of the
// chain says which were counted, and both are written in one transaction: nothing counts twice, and nothing is left out.
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { allRows } from '../services/all-rows.ts';
import type { RowChange, RowStore } from '../services/row-store.ts';
import type { AuditRecord } from './port.ts';
import type { StoredRecord } from './record.ts';

/** What was asked, as somebody who pays for it would group it. */
export const KINDS = ['read', 'search', 'write', 'federated', 'answered', 'token', 'desk'] as const;
export type Kind = (typeof KINDS)[number];

/** Requests by kind; among them those that were refused; resources that were written. */
export type Counts = Readonly<Record<Kind | 'refused' | 'resources', number>>;

export const NOTHING: Counts = {
  ...(Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>),
  refused: 0,
  resources: 0,
};

export const plus = (a: Counts, b: Partial<Counts>): Counts =>
  Object.fromEntries(
    Object.entries(a).map(([name, count]) => [name, count + (b[name as keyof Counts] ?? 0)]),
  ) as unknown as Counts;

export const requestsOf = (counts: Counts): number => KINDS.reduce((sum, kind) => sum + counts[kind], 0);

/** Residents' own requests; those of other regions are under `~` and the community. */
export const RESIDENTS = '-';

/** A day of Japan, whatever the clock of the machine says. */
export const japaneseDay = (ms: number): string => new Date(ms + 9 * 3_600_000).toISOString().slice(0, 10);

const WRITES = new Set(['create', 'update', 'patch', 'delete', '$upload']);
const READS = /^(read|vread|history-)/;

export const kindOf = (record: Pick<AuditRecord, 'interaction' | 'facility' | 'action' | 'via'>): Kind => {
  const { interaction, facility, action } = record;
  if (facility?.includes('~')) return 'answered';
  if (record.via === 'federation' || interaction === 'federation-discover') return 'federated';
  if (interaction === 'token') return 'token';
  if (WRITES.has(interaction)) return 'write';
  if (interaction === 'transaction' || interaction === 'batch') return action === 'R' ? 'search' : 'write';
  if (READS.test(interaction)) return 'read';
  if (interaction.startsWith('$') || interaction.startsWith('search-')) return 'search';
  return 'desk';
};

/** `2.999.3.1~0310000001` is staff of another region: the region is what counts here. */
const payerOf = ({ facility, actorKind }: AuditRecord): string => {
  if (facility === undefined) return actorKind === 'resident' ? RESIDENTS : '';
  const [community, code] = facility.split('~');
  return code === undefined ? facility : `~${community}`;
};

/** A link that was made by rule was asked for by nobody (functions/identity/resolve.ts). */
const isRequest = ({ requestId, actor }: AuditRecord) => requestId !== actor;

interface ChainCount {
  /** The highest number that was counted. */
  readonly upTo: number;
  /** Below it, first and last of each gap: the puts of a chain run side by side, and the stream has them as they landed. */
  readonly open: readonly (readonly [number, number])[];
  /** The requests that came last: one that discloses many persons has a record for each, perhaps in two batches. */
  readonly requests: readonly string[];
}

const FRESH: ChainCount = { upTo: 0, open: [], requests: [] };
const REMEMBERED_REQUESTS = 8;

/** The state with the number counted, or undefined where it was before. */
export const counted = (state: ChainCount, number: number): ChainCount | undefined => {
  const { upTo, open } = state;
  if (number > upTo)
    return { ...state, upTo: number, open: number > upTo + 1 ? [...open, [upTo + 1, number - 1]] : open };
  const gap = open.find(([first, last]) => first <= number && number <= last);
  if (!gap) return undefined;
  const [first, last] = gap;
  const left = [[first, number - 1] as const, [number + 1, last] as const].filter(([from, to]) => from <= to);
  return { ...state, open: [...open.filter((one) => one !== gap), ...left] };
};

const CHAINS = 'usage#chains';
/** A stream keeps its records for a day. */
const CHAIN_KEPT_MS = 4 * 86_400_000;
const ACTIVE_KEPT_MS = 430 * 86_400_000;
/** Of the 100 that one transaction takes. */
const MOST_ROWS = 90;
const TRIES = 8;

export interface UsageCounter {
  count(records: readonly StoredRecord[]): Promise<void>;
}

/** One for each execution environment: it remembers which accounts it has noted. */
export const openUsageCounter = ({
  rows,
  clock,
}: {
  readonly rows: RowStore;
  readonly clock: () => number;
}): UsageCounter => {
  const noted = new Set<string>();
  return {
    count: async (records) => {
      const requests = records.filter(({ record }) => isRequest(record));
      for (const slice of slices(records)) await again(() => countSlice(rows, slice, clock()));
      const active = [...new Set(requests.map(activeOf))].filter((name) => !noted.has(name));
      for (let from = 0; from < active.length; from += MOST_ROWS) {
        const some = active.slice(from, from + MOST_ROWS);
        await again(() => rows.write(some.map((name) => activeRow(name, clock()))));
      }
      if (noted.size > 100_000) noted.clear();
      for (const name of active) noted.add(name);
    },
  };
};

/** The other shard of the stream may count for the same facility at the same time. */
const again = async (write: () => Promise<boolean>): Promise<void> => {
  for (let tries = 1; !(await write()); tries += 1) {
    if (tries === TRIES) throw new Error('usage could not be counted: its rows change all the time');
    await setTimeout(Math.random() * 20 * 2 ** tries);
  }
};

const bucketOf = ({ record, time }: StoredRecord): string => `${japaneseDay(time)}#${payerOf(record)}`;

/** As many records at once as touch no more rows than one transaction takes. */
const slices = (records: readonly StoredRecord[]): StoredRecord[][] => {
  const all: StoredRecord[][] = [];
  let touched = new Set<string>();
  for (const record of records) {
    const names = [`chain ${record.chain}`, bucketOf(record)];
    const isFull = touched.size + names.filter((name) => !touched.has(name)).length > MOST_ROWS;
    if (isFull || all.length === 0) {
      all.push([]);
      touched = new Set();
    }
    all.at(-1)!.push(record);
    for (const name of names) touched.add(name);
  }
  return all;
};

const countSlice = async (rows: RowStore, slice: readonly StoredRecord[], now: number): Promise<boolean> => {
  const names = [...new Set(slice.map(({ chain }) => chain))];
  const found = new Map(await Promise.all(names.map(async (name) => [name, await rows.get(CHAINS, name)] as const)));
  const chains = new Map(names.map((name) => [name, (found.get(name)?.data ?? FRESH) as ChainCount]));
  const buckets = new Map<string, Partial<Record<keyof Counts, number>>>();
  const grown = new Set<string>();
  for (const stored of slice) {
    const { record, chain, number } = stored;
    const state = counted(chains.get(chain)!, number);
    if (!state) continue;
    grown.add(chain);
    const isFirst = !state.requests.includes(record.requestId);
    const requests = isFirst ? [...state.requests, record.requestId].slice(-REMEMBERED_REQUESTS) : state.requests;
    chains.set(chain, { ...state, requests });
    if (!isRequest(record)) continue;
    const of = buckets.get(bucketOf(stored)) ?? {};
    const add = (name: keyof Counts, amount: number) => {
      of[name] = (of[name] ?? 0) + amount;
    };
    if (isFirst) add(kindOf(record), 1);
    if (isFirst && record.status >= 400) add('refused', 1);
    if (kindOf(record) === 'write' && record.status < 400) add('resources', record.count);
    buckets.set(bucketOf(stored), of);
  }
  if (grown.size === 0) return true;
  const changes = await Promise.all(
    [...buckets]
      .filter(([, amounts]) => Object.keys(amounts).length > 0)
      .map(async ([bucket, amounts]): Promise<RowChange> => {
        const at = { p: `usage#${bucket.slice(0, 7)}`, s: bucket.slice(8) };
        const before = await rows.get(at.p, at.s);
        const data = plus({ ...NOTHING, ...(before?.data as Partial<Counts> | undefined) }, amounts);
        return { kind: 'put', ...at, data, expect: before?.version ?? 'absent' };
      }),
  );
  for (const name of grown)
    changes.push({
      kind: 'put',
      p: CHAINS,
      s: name,
      data: chains.get(name),
      expect: found.get(name)?.version ?? 'absent',
      until: now + CHAIN_KEPT_MS,
    });
  return rows.write(changes);
};

/** `2026-11 staff#3610000001#<digest>`. */
const activeOf = ({ record, time }: StoredRecord): string => {
  const month = japaneseDay(time).slice(0, 7);
  const digest = createHash('sha256').update(`${month}|${record.actor}`).digest('base64url').slice(0, 16);
  // Whoever works at two places, or comes from another region, is one for each.
  return `${month} ${record.facility?.includes('~') ? 'guest' : record.actorKind}#${payerOf(record)}#${digest}`;
};

const activeRow = (name: string, now: number): RowChange => ({
  kind: 'put',
  p: `usage#active#${name.slice(0, 7)}`,
  s: name.slice(8),
  data: {},
  until: now + ACTIVE_KEPT_MS,
});

/** What was counted on one day for one facility. */
export interface DayOf {
  readonly day: string;
  /** Ten digits; `-`: residents; `~<community>`: another region. */
  readonly facility: string;
  readonly counts: Counts;
}

export interface ActiveOf {
  readonly kind: string;
  readonly facility: string;
  readonly accounts: number;
}

/** All of a month, `2026-11`. */
export const usageOfMonth = async (rows: RowStore, month: string): Promise<DayOf[]> =>
  (await allRows(rows, `usage#${month}`)).map(({ s, data }) => ({
    day: `${month}-${s.slice(0, 2)}`,
    facility: s.slice(3),
    counts: { ...NOTHING, ...(data as Partial<Counts>) },
  }));

export const activeInMonth = async (rows: RowStore, month: string): Promise<ActiveOf[]> => {
  const names = (await allRows(rows, `usage#active#${month}`)).map(({ s }) => s.slice(0, s.lastIndexOf('#')));
  return [...Map.groupBy(names, (name) => name)].map(([name, all]) => {
    const [kind = '', facility = ''] = name.split('#');
    return { kind, facility, accounts: all.length };
  });
};
