// One chain, held against its opening, its pointers and the seals that cover it.
import { key, type Opening, openingHash, PERSON_WINDOW_MS, readRecord, type StoredRecord } from './record.ts';
import { GRACE_MS, type Head } from './seal.ts';
import type { AuditTable } from './table.ts';

export interface Finding {
  readonly kind: 'deleted' | 'changed' | 'inserted' | 'seal';
  readonly what: string;
}

/** A head as one seal has it, and when the seal before was made: what this one covers first is younger. */
export interface SealedHead extends Head {
  readonly seal: number;
  readonly notBefore: number;
}

/** `P<patient key>`, `A<actor>` or `F<facility>` → where their pointers lead. */
export type Pointers = Map<string, { time: number; number: number }[]>;

export interface ChainFacts {
  readonly opening: Opening | undefined;
  readonly pointers: Pointers;
  readonly sealed: readonly SealedHead[];
  readonly lastSealTime: number;
  /** The environment itself gave notice that records from this number on may be missing. */
  readonly lostFrom: number | undefined;
}

export interface CheckedChain {
  readonly findings: Finding[];
  readonly doubts: string[];
  records: number;
  unsealed: number;
  lost: number;
}

/** Who wrote on a minute after a gap was alive, and would have said that something was lost. */
const ALIVE_MS = 60_000;

interface Last {
  readonly number: number;
  readonly time: number;
  readonly hash: Buffer | undefined;
  readonly requestId: string;
}

export const verifyChain = async (table: AuditTable, chain: string, facts: ChainFacts): Promise<CheckedChain> => {
  const { opening, sealed, lostFrom } = facts;
  const checked: CheckedChain = { findings: [], doubts: [], records: 0, unsealed: 0, lost: 0 };
  const report = reporter(checked, chain);
  const sealedTo = sealed.at(-1)?.number ?? 0;
  if (!opening && sealed.length > 0) report.found('deleted', 'the opening');
  if (!opening && sealed.length === 0) report.found('inserted', 'all records, for it was never opened,');
  if (lostFrom !== undefined && lostFrom <= sealedTo)
    report.found('inserted', `the notice that records from ${lostFrom} on are lost`);

  const seen = new Set<number>();
  const gaps: { name: string; from: number; since: number }[] = [];
  const unpointed: { requestId: string; what: string }[] = [];
  let last: Last = { number: 0, time: opening?.time ?? 0, hash: opening && openingHash(opening), requestId: '' };

  for await (const { stored, hash } of recordsOf(table, chain)) {
    checked.records += 1;
    const { number, time } = stored;
    if (seen.has(number) || number < last.number || !Number.isInteger(number)) {
      report.found('inserted', `${numbered(number)} (a second one, or out of its order)`);
      continue;
    }
    seen.add(number);
    if (number > last.number + 1)
      gaps.push({ name: range(last.number + 1, number - 1), from: last.number + 1, since: last.time });
    const changed = checkLink(stored, hash, last, report);
    checkSeals(stored, changed, facts, gaps.length > 0 && number > sealedTo, checked, report);
    unpointed.push(...missingPointers(stored, facts.pointers));
    // After a changed record its stored hash goes on, so that one fault is one finding.
    last = { number, time, hash: changed ? hash : stored.hash, requestId: stored.record.requestId };
  }

  if (sealedTo > last.number) report.found('deleted', range(last.number + 1, sealedTo));
  for (const { name, from, since } of gaps) {
    if (from <= sealedTo) report.found('deleted', name);
    else if (lostFrom !== undefined && from >= lostFrom) continue;
    else if (last.time - since > ALIVE_MS) report.found('deleted', name);
    else report.doubted(name);
  }
  for (const { requestId, what } of unpointed)
    if (requestId === last.requestId) report.doubted(what);
    else report.found('deleted', what);
  for (const [who, places] of facts.pointers)
    for (const { number } of places) {
      if (seen.has(number) || number <= sealedTo || (lostFrom !== undefined && number >= lostFrom)) continue;
      report.doubted(`record ${number} (${POINTS[who[0] ?? ''] ?? 'something'} points to it)`);
    }
  return checked;
};

type Reporter = ReturnType<typeof reporter>;

const reporter = ({ findings, doubts }: CheckedChain, chain: string) => ({
  found: (kind: Finding['kind'], what: string) => findings.push({ kind, what: `${what} of chain ${chain}` }),
  doubted: (what: string) => doubts.push(`${what} of chain ${chain}`),
});

const POINTS: Readonly<Record<string, string>> = { P: 'a person', A: 'an account', F: 'a facility' };

/** What somebody put into a chain need not have a number. */
export const numbered = (number: number): string =>
  Number.isInteger(number) ? `record ${number}` : 'a record without a number';

const range = (from: number, to: number) => (from === to ? `record ${from}` : `records ${from} to ${to}`);

/** Its own hash, the hash of the one before, and time that does not run backwards. */
const checkLink = (
  { number, time, previous, hash: computed }: StoredRecord,
  hash: Buffer,
  last: Last,
  { found }: Reporter,
) => {
  const changed = !computed.equals(hash);
  if (changed) found('changed', `record ${number}`);
  else if (number === last.number + 1 && last.hash && !previous.equals(last.hash))
    found('changed', last.number === 0 ? 'the opening' : `record ${last.number} or ${number}`);
  if (time < last.time) found('changed', `record ${number}: its time`);
  return changed;
};

const checkSeals = (
  { number, time, hash }: StoredRecord,
  changed: boolean,
  { sealed, lastSealTime }: ChainFacts,
  /** The sealer stops at a gap, so what comes after is covered by none. */
  beyondGap: boolean,
  checked: CheckedChain,
  { found }: Reporter,
) => {
  const cover = sealed.find((head) => head.number >= number);
  if (cover?.number === number && !changed && hash.toString('hex') !== cover.hash)
    found('changed', `record ${number}: it is not the one that seal ${cover.seal} signed`);
  if (cover && time < cover.notBefore)
    found('inserted', `record ${number}: it is older than the seal before the first that covers it`);
  if (cover) return;
  if (beyondGap) checked.lost += 1;
  else if (time < lastSealTime - GRACE_MS)
    found('inserted', `record ${number}: no seal covers it, although it is old enough`);
  else checked.unsealed += 1;
};

const missingPointers = ({ record, time, number }: StoredRecord, pointers: Pointers) => {
  const { patientKey, actor, facility, requestId } = record;
  const covered = (who: string, reach: number) =>
    pointers.get(who)?.some((place) => place.number <= number && time - place.time <= reach) === true;
  const missing: { requestId: string; what: string }[] = [];
  if (patientKey !== undefined && !covered(`P${patientKey}`, PERSON_WINDOW_MS))
    missing.push({ requestId, what: `the pointer from a person to record ${number}` });
  if (!covered(`A${actor}`, Number.POSITIVE_INFINITY))
    missing.push({ requestId, what: `the pointer from an account to record ${number}` });
  if (facility !== undefined && !covered(`F${facility}`, Number.POSITIVE_INFINITY))
    missing.push({ requestId, what: `the pointer from a facility to record ${number}` });
  return missing;
};

/** Records in order of their keys, each with the hash that it carries. */
async function* recordsOf(table: AuditTable, chain: string): AsyncGenerator<{ stored: StoredRecord; hash: Buffer }> {
  let after: string | undefined;
  do {
    const page = await table.query({ p: key.chain(chain), after });
    for (const item of page.items) yield { stored: readRecord(item), hash: Buffer.from(item.h?.B ?? []) };
    after = page.next;
  } while (after !== undefined);
}
