// The audit trail as it is read: by id, by person, by account, by time. For privacy officers, and for residents their own.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CHAIN_LIFE_MS,
  dayOf,
  key,
  monthOf,
  PERSON_WINDOW_MS,
  readOpening,
  readRecord,
  type StoredRecord,
} from './record.ts';
import { type AuditTable, dynamoAuditTable } from './table.ts';

export interface TrailQuery {
  /** Milliseconds, inclusive. */
  readonly from: number;
  readonly to: number;
  readonly patientKey?: string | undefined;
  readonly actor?: string | undefined;
  /** @default 1000 */
  readonly most?: number | undefined;
}

export interface TrailPage {
  /** Newest first. */
  readonly records: readonly StoredRecord[];
  /** There are more: ask again with `to` just before the last one's time. */
  readonly more: boolean;
}

export interface AuditTrail {
  /** By the id of an AuditEvent. */
  read(id: string): Promise<StoredRecord | undefined>;
  search(query: TrailQuery): Promise<TrailPage>;
}

export const openAuditTrail = ({ client, table }: { client: DynamoDBClient; table: string }): AuditTrail =>
  trailOn(dynamoAuditTable({ client, table }));

/** Parts of chains in which what is looked for stands. */
interface Span {
  readonly chain: string;
  readonly from: number;
  readonly to: number;
}

const DAY_MS = 24 * 3_600_000;
const AT_ONCE = 8;

export const trailOn = (table: AuditTable): AuditTrail => ({
  read: async (id) => {
    const [, chain, time, number] = /^([0-9a-f]+)-([0-9]{13})-([0-9]{1,8})$/.exec(id) ?? [];
    if (!chain || !time || !number) return undefined;
    const item = await table.get({ p: key.chain(chain), s: key.link({ time: Number(time), number: Number(number) }) });
    return item && readRecord(item);
  },

  search: async (query) => {
    const { from, to, patientKey, actor, most = 1_000 } = query;
    if (to < from) return { records: [], more: false };
    const spans = await spansOf(table, query);
    const where = { k: patientKey, u: actor };
    const found: StoredRecord[] = [];
    for (let i = 0; i < spans.length; i += AT_ONCE) {
      const parts = spans
        .slice(i, i + AT_ONCE)
        .map((span) => readSpan(table, { ...span, from: Math.max(span.from, from), to: Math.min(span.to, to) }, where));
      found.push(...(await Promise.all(parts)).flat());
    }
    const records = unique(found).sort(
      (a, b) => b.time - a.time || (a.chain < b.chain ? -1 : 1) || b.number - a.number,
    );
    return { records: records.slice(0, most), more: records.length > most };
  },
});

const spansOf = (table: AuditTable, { from, to, patientKey, actor }: TrailQuery): Promise<Span[]> => {
  if (patientKey !== undefined)
    return pointed(table, (month) => key.person(patientKey, month), PERSON_WINDOW_MS, from, to);
  if (actor !== undefined) return pointed(table, (month) => key.actor(actor, month), CHAIN_LIFE_MS, from, to);
  return opened(table, from, to);
};

/** Pointers of one person or account; each covers its chain for `reach`. */
const pointed = async (
  table: AuditTable,
  partition: (month: string) => string,
  reach: number,
  from: number,
  to: number,
) => {
  const spans: Span[] = [];
  const start = from - reach;
  for (let month = monthOf(start); month <= monthOf(to); month = followingMonth(month)) {
    for await (const item of pages(table, { p: partition(month), from: key.from(start), to: `${key.from(to)}~` })) {
      const [time = '', chain = ''] = (item.s?.S ?? '').split('#');
      spans.push({ chain, from: Number(time), to: Number(time) + reach });
    }
  }
  return spans;
};

/** Every chain that was open in the time. */
const opened = async (table: AuditTable, from: number, to: number) => {
  const spans: Span[] = [];
  const start = from - CHAIN_LIFE_MS;
  for (let day = dayOf(start); day <= dayOf(to); day = dayOf(Date.parse(day) + DAY_MS)) {
    for await (const item of pages(table, { p: key.openings(day), from: key.from(start), to: `${key.from(to)}~` })) {
      const { chain, time } = readOpening(item);
      spans.push({ chain, from: time, to: time + CHAIN_LIFE_MS });
    }
  }
  return spans;
};

const readSpan = async (
  table: AuditTable,
  { chain, from, to }: Span,
  where: { k: string | undefined; u: string | undefined },
) => {
  const records: StoredRecord[] = [];
  if (to < from) return records;
  for await (const item of pages(table, { p: key.chain(chain), from: key.from(from), to: `${key.from(to)}~`, where }))
    records.push(readRecord(item));
  return records;
};

async function* pages(table: AuditTable, query: Parameters<AuditTable['query']>[0]) {
  let after: string | undefined;
  do {
    const page = await table.query({ ...query, after });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}

/** Spans of two pointers may overlap. */
const unique = (records: readonly StoredRecord[]) => [
  ...new Map(records.map((record) => [`${record.chain} ${record.number} ${record.time}`, record])).values(),
];

const followingMonth = (month: string) => {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7);
};
