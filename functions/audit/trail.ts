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
  readonly facility?: string | undefined;
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
  /** All records of a time, chain by chain, each once: for reports. */
  each(query: Omit<TrailQuery, 'most'>): AsyncIterable<StoredRecord>;
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
    const { from, to, facility, most = 1_000 } = query;
    if (to < from) return { records: [], more: false };
    const spans = await spansOf(table, query);
    const where = whereOf(query);
    const found: StoredRecord[] = [];
    for (let i = 0; i < spans.length; i += AT_ONCE) {
      const parts = spans
        .slice(i, i + AT_ONCE)
        .map((span) => readSpan(table, { ...span, from: Math.max(span.from, from), to: Math.min(span.to, to) }, where));
      found.push(...(await Promise.all(parts)).flat());
    }
    const records = unique(found.filter(isOf(facility))).sort(
      (a, b) => b.time - a.time || (a.chain < b.chain ? -1 : 1) || b.number - a.number,
    );
    return { records: records.slice(0, most), more: records.length > most };
  },

  each: async function* (query) {
    const { from, to, facility } = query;
    if (to < from) return;
    for (const span of merged(await spansOf(table, query))) {
      const within = { ...span, from: Math.max(span.from, from), to: Math.min(span.to, to) };
      yield* spanRecords(table, within, whereOf(query), isOf(facility));
    }
  },
});

const whereOf = ({ patientKey, actor }: TrailQuery) => ({ k: patientKey, u: actor });

/** The facility stands in the body, of which DynamoDB knows nothing. */
const isOf =
  (facility: string | undefined) =>
  ({ record }: StoredRecord): boolean =>
    facility === undefined || record.facility === facility;

/** One span a chain, so that no record comes twice. */
const merged = (spans: readonly Span[]): Span[] => {
  const byChain = new Map<string, Span>();
  for (const span of spans) {
    const { from, to } = byChain.get(span.chain) ?? span;
    byChain.set(span.chain, { chain: span.chain, from: Math.min(from, span.from), to: Math.max(to, span.to) });
  }
  return [...byChain.values()].sort((a, b) => a.from - b.from || (a.chain < b.chain ? -1 : 1));
};

const spansOf = (table: AuditTable, { from, to, patientKey, actor, facility }: TrailQuery): Promise<Span[]> => {
  if (patientKey !== undefined)
    return pointed(table, (month) => key.person(patientKey, month), PERSON_WINDOW_MS, from, to);
  if (actor !== undefined) return pointed(table, (month) => key.actor(actor, month), CHAIN_LIFE_MS, from, to);
  if (facility !== undefined) return pointed(table, (month) => key.facility(facility, month), CHAIN_LIFE_MS, from, to);
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
  for await (const record of spanRecords(table, { chain, from, to }, where, () => true)) records.push(record);
  return records;
};

async function* spanRecords(
  table: AuditTable,
  { chain, from, to }: Span,
  where: { k: string | undefined; u: string | undefined },
  wanted: (record: StoredRecord) => boolean,
) {
  if (to < from) return;
  for await (const item of pages(table, { p: key.chain(chain), from: key.from(from), to: `${key.from(to)}~`, where })) {
    const record = readRecord(item);
    if (wanted(record)) yield record;
  }
}

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
