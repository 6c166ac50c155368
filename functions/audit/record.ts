// Items of table `audit`, all of them. Every record hangs in the chain of the execution environment that wrote it.
//
//   pattern                                     p                             s                            WRU per record
//   a record (≤ 1 KB)                           C#<chain>                     <ms 13>#<number 8>           1
//   opening of a chain, once an hour at most    O#<yyyy-mm-dd>                <ms 13>#<chain>              1 a chain
//   where a person occurs                       P#<patient key>#<yyyy-mm>     <ms 13>#<chain>#<number>     ≤ 1, once in 5 minutes a chain
//   where an actor occurs                       A#<actor>#<yyyy-mm>           <ms 13>#<chain>#<number>     ≤ 1, once a chain
//   where a facility occurs                     F#<facility>#<yyyy-mm>        <ms 13>#<chain>#<number>     ≤ 1, once a chain
//   how far the trail is sealed                 S                             -                            1 a seal
//
//   question                          trips                                              RRU
//   who looked at this person         1 a month + 1 a pointer (a range of one chain)     1 + about 1 a pointer
//   what did this account look at     1 a month + 1 a pointer (to the end of the chain)  1 + 0.1 a record of that hour
//   what did this facility look at    the same
//   everything of a day               1 + 1 a chain                                      0.13 a record
//
// A chain is the partition, because the verifier and the sealer read chains, and because the environment that owns it is
// its one writer: no partition is hot, no index is paid for. A pointer says from which record on a chain speaks of a person;
// the range behind it is read with a filter. Pointers are derived: the verifier rebuilds them in memory and names missing ones.
import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { AuditRecord } from './port.ts';

export type Item = Record<string, AttributeValue>;

/** Environments open a new chain after an hour, so that the sealer knows which chains can still grow. */
export const CHAIN_LIFE_MS = 3_600_000;
/** How far behind a pointer of a person its chain is read. */
export const PERSON_WINDOW_MS = 300_000;

export interface Link {
  readonly chain: string;
  readonly number: number;
  /** Milliseconds; never less than that of the record before. */
  readonly time: number;
  /** Hash of the record before, of the opening for the first. */
  readonly previous: Buffer;
}

export interface Opening {
  readonly chain: string;
  readonly time: number;
  /** Which execution environment: log stream of the Lambda. */
  readonly environment: string;
  /** The chain that this one continues, when that one broke: its records from `lostFrom` on may be missing. */
  readonly after?: { readonly chain: string; readonly lostFrom: number };
}

/** A record as it was read back. */
export interface StoredRecord extends Link {
  readonly record: AuditRecord;
  readonly hash: Buffer;
}

const time13 = (ms: number) => String(ms).padStart(13, '0');
const number8 = (n: number) => String(n).padStart(8, '0');
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
export const monthOf = (ms: number): string => new Date(ms).toISOString().slice(0, 7);

export const key = {
  chain: (chain: string) => `C#${chain}`,
  link: ({ time, number }: Pick<Link, 'time' | 'number'>) => `${time13(time)}#${number8(number)}`,
  openings: (day: string) => `O#${day}`,
  opening: ({ time, chain }: Pick<Opening, 'time' | 'chain'>) => `${time13(time)}#${chain}`,
  person: (patientKey: string, month: string) => `P#${patientKey}#${month}`,
  actor: (actor: string, month: string) => `A#${actor}#${month}`,
  facility: (facility: string, month: string) => `F#${facility}#${month}`,
  pointer: ({ time, chain, number }: Pick<Link, 'time' | 'chain' | 'number'>) =>
    `${time13(time)}#${chain}#${number8(number)}`,
  seal: { p: { S: 'S' }, s: { S: '-' } },
  /** Lower bound of any sort key from `time` on. */
  from: time13,
};

/** Short names: a record must stay under 1 KB. The order of the body's members is fixed, since their text is hashed. */
const bodyOf = (record: AuditRecord, entities: readonly string[]): string =>
  JSON.stringify({
    a: record.action,
    i: record.interaction,
    k: record.actorKind,
    r: record.role,
    f: record.facility,
    j: record.tokenId,
    p: record.purpose,
    q: record.requestId,
    e: entities,
    c: record.count,
    o: record.outcome,
    h: record.status,
    g: record.grant,
    w: record.reason,
    d: record.classes,
    x: record.via,
  });

const LARGEST = 1_024;
/** Keys, hashes and attribute names of a record besides its body, actor and patient key. */
const FIXED_BYTES = 150;

/** The body with as many entities as fit into one write unit; `count` keeps the truth. */
const fittingBody = (record: AuditRecord): string => {
  const room = LARGEST - FIXED_BYTES - bytes(record.actor) - bytes(record.patientKey ?? '');
  let entities = record.entities;
  let body = bodyOf(record, entities);
  while (bytes(body) > room && entities.length > 0) {
    entities = entities.slice(0, -1);
    body = bodyOf(record, entities);
  }
  return body;
};

const bytes = (text: string) => Buffer.byteLength(text);

/** SHA-256 over the parts, each with its length before it, so that no two records have the same text. */
const hashOf = (...parts: (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) {
    const data = Buffer.from(part as string);
    hash.update(`${data.length}:`).update(data);
  }
  return hash.digest();
};

export const openingHash = ({ chain, time, environment, after }: Opening): Buffer =>
  hashOf(
    'tsumugi-audit-opening-1',
    chain,
    String(time),
    environment,
    after?.chain ?? '',
    String(after?.lostFrom ?? ''),
  );

const recordHash = (link: Link, actor: string, patientKey: string | undefined, body: string): Buffer =>
  hashOf(
    'tsumugi-audit-record-1',
    link.chain,
    String(link.number),
    String(link.time),
    link.previous,
    actor,
    patientKey === undefined ? '-' : `=${patientKey}`,
    body,
  );

export const recordItem = (link: Link, record: AuditRecord): { item: Item; hash: Buffer } => {
  const body = fittingBody(record);
  const hash = recordHash(link, record.actor, record.patientKey, body);
  return {
    hash,
    item: {
      p: { S: key.chain(link.chain) },
      s: { S: key.link(link) },
      v: { B: link.previous },
      h: { B: hash },
      u: { S: record.actor },
      ...(record.patientKey !== undefined && { k: { S: record.patientKey } }),
      b: { S: body },
    },
  };
};

export const openingItem = (opening: Opening): Item => ({
  p: { S: key.openings(dayOf(opening.time)) },
  s: { S: key.opening(opening) },
  e: { S: opening.environment },
  ...(opening.after && { a: { S: opening.after.chain }, n: { N: String(opening.after.lostFrom) } }),
});

export const readOpening = (item: Item): Opening => {
  const [time = '', chain = ''] = (item.s?.S ?? '').split('#');
  const after = item.a?.S;
  return {
    chain,
    time: Number(time),
    environment: item.e?.S ?? '',
    ...(after !== undefined && { after: { chain: after, lostFrom: Number(item.n?.N) } }),
  };
};

/** A record as it stands in the table; its hash is computed from what stands there, not taken from it. */
export const readRecord = (item: Item): StoredRecord => {
  const [time, number] = (item.s?.S ?? '').split('#').map(Number);
  const actor = item.u?.S ?? '';
  const patientKey = item.k?.S;
  const body = item.b?.S ?? '';
  const link: Link = {
    chain: (item.p?.S ?? '').slice(2),
    number: number ?? Number.NaN,
    time: time ?? Number.NaN,
    previous: Buffer.from(item.v?.B ?? []),
  };
  return { ...link, hash: recordHash(link, actor, patientKey, body), record: readBody(body, actor, patientKey) };
};

const readBody = (body: string, actor: string, patientKey: string | undefined): AuditRecord => {
  let b: Record<string, unknown> = {};
  try {
    b = JSON.parse(body) as Record<string, unknown>;
  } catch {
    // A body that is no JSON was not written by us: the verifier names the record by its hash.
  }
  return {
    action: b.a as AuditRecord['action'],
    interaction: String(b.i),
    actor,
    actorKind: b.k as AuditRecord['actorKind'],
    role: String(b.r),
    facility: b.f as string | undefined,
    tokenId: String(b.j),
    purpose: String(b.p),
    requestId: String(b.q),
    patientKey,
    entities: Array.isArray(b.e) ? (b.e as string[]) : [],
    count: Number(b.c),
    outcome: b.o as AuditRecord['outcome'],
    status: Number(b.h),
    ...(b.g !== undefined && { grant: String(b.g) }),
    ...(b.w !== undefined && { reason: String(b.w) }),
    ...(Array.isArray(b.d) && { classes: b.d as string[] }),
    ...(b.x === 'federation' && { via: b.x }),
  };
};
