// Every minute the heads of all chains that grew go under one signature, which is linked to the one before and written
// where nobody can change it (Object Lock). What a seal covers cannot be deleted, changed or inserted unseen
// (infra/operations/verify-audit.ts); what was written since the last one is the stated gap.
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { merkleRoot } from './merkle.ts';
import { CHAIN_LIFE_MS, dayOf, key, type Opening, openingHash, readOpening, readRecord } from './record.ts';
import type { AuditTable } from './table.ts';

/** How far a chain is sealed: the last record of its unbroken part. */
export interface Head {
  readonly number: number;
  readonly time: number;
  /** Hex. */
  readonly hash: string;
}

const Heads = z.record(z.string(), z.strictObject({ number: z.number(), time: z.number(), hash: z.string() }));

/** What stands in the bucket, as JSON: `statement` is signed as the text that it is. */
export const SealFile = z.strictObject({ statement: z.string(), signature: z.string() });
export const Statement = z.strictObject({
  version: z.literal(1),
  region: z.string(),
  number: z.number(),
  /** Milliseconds, read before the chains were. */
  time: z.number(),
  /** SHA-256 (hex) of the file of the seal before; empty for the first. */
  previous: z.string(),
  root: z.string(),
  /** Heads that moved since the seal before. */
  heads: Heads,
  key: z.string(),
});
export type Statement = z.infer<typeof Statement>;

export interface Archive {
  /** False when there is such an object already. */
  create(name: string, text: string): Promise<boolean>;
  read(name: string): Promise<string | undefined>;
}

export interface SealerDeps {
  readonly table: AuditTable;
  readonly archive: Archive;
  readonly region: string;
  readonly keyId: string;
  /** ECDSA over SHA-256 of the text, DER, base64. */
  readonly sign: (text: string) => Promise<string>;
  readonly clock: () => number;
  readonly log: (line: Record<string, unknown>) => void;
}

export interface SealResult {
  readonly sealed: number | undefined;
  readonly chains: number;
  readonly records: number;
}

/** A put may be under way for so long after its place was given out. */
export const GRACE_MS = 5 * 60_000;
/** How far back a first seal looks for chains. */
const FIRST_LOOK_MS = 31 * 24 * 3_600_000;

export const sealName = (number: number): string => `seals/${String(number).padStart(10, '0')}.json`;
export const leafOf = (chain: string, { number, time, hash }: Head): string => `${chain} ${number} ${time} ${hash}`;
export const rootOf = (heads: Readonly<Record<string, Head>>): string =>
  merkleRoot(
    Object.entries(heads)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([chain, head]) => leafOf(chain, head)),
  ).toString('hex');
export const fileHash = (text: string): string => createHash('sha256').update(text).digest('hex');

interface State {
  readonly number: number;
  readonly time: number;
  readonly previous: string;
  /** Heads of the chains that may still grow. */
  readonly heads: Readonly<Record<string, Head>>;
}

const NOTHING_YET: State = { number: 0, time: 0, previous: '', heads: {} };

export const seal = async (deps: SealerDeps): Promise<SealResult> => {
  for (let attempt = 1; ; attempt += 1) {
    const time = deps.clock();
    const state = await lastState(deps);
    const openings = await openChains(deps, state, time);
    const { moved, records } = await movedHeads(deps, openings, state);
    const chains = Object.keys(moved).length;
    if (chains === 0) return { sealed: undefined, chains, records }; // no signature is paid for

    const statement: Statement = {
      version: 1,
      region: deps.region,
      number: state.number + 1,
      time,
      previous: state.previous,
      root: rootOf(moved),
      heads: moved,
      key: deps.keyId,
    };
    const text = JSON.stringify(statement);
    const file = JSON.stringify({ statement: text, signature: await deps.sign(text) });
    if (await deps.archive.create(sealName(statement.number), file)) {
      await saveState(deps, state, nextState(state, statement, file, openings));
      return { sealed: statement.number, chains, records };
    }
    // The bucket is the truth: another run made this seal, and stopped before it told the table, or has not told it yet.
    if (attempt === ATTEMPTS) return { sealed: undefined, chains: 0, records: 0 };
    await adopt(deps, state, openings);
  }
};

const ATTEMPTS = 3;

const movedHeads = async (deps: SealerDeps, openings: readonly Opening[], state: State) => {
  const moved: Record<string, Head> = {};
  let records = 0;
  for (const opening of openings) {
    const before = state.heads[opening.chain];
    const head = await walk(deps, opening, before);
    if (head.number === (before?.number ?? 0)) continue;
    moved[opening.chain] = head;
    records += head.number - (before?.number ?? 0);
  }
  return { moved, records };
};

const lastState = async ({ table }: SealerDeps): Promise<State> => {
  const { p, s } = key.seal;
  const item = await table.get({ p: p.S, s: s.S });
  return item ? (JSON.parse(item.b?.S ?? '') as State) : NOTHING_YET;
};

/** Takes a seal that reached the bucket and not the table for the last one. */
const adopt = async (deps: SealerDeps, state: State, openings: readonly Opening[]): Promise<void> => {
  const file = await deps.archive.read(sealName(state.number + 1));
  if (file === undefined) throw new Error('a seal that is there cannot be read');
  const statement = Statement.parse(JSON.parse(SealFile.parse(JSON.parse(file)).statement));
  deps.log({ level: 'warn', event: 'seal-adopted', number: statement.number });
  await saveState(deps, state, nextState(state, statement, file, openings));
};

const nextState = (state: State, statement: Statement, file: string, openings: readonly Opening[]): State => {
  const growing = new Set(openings.filter((opening) => mayGrow(opening, statement.time)).map(({ chain }) => chain));
  const heads = Object.entries({ ...state.heads, ...statement.heads }).filter(([chain]) => growing.has(chain));
  return { number: statement.number, time: statement.time, previous: fileHash(file), heads: Object.fromEntries(heads) };
};

const mayGrow = ({ time }: Opening, at: number) => time + CHAIN_LIFE_MS + GRACE_MS >= at;

const saveState = async ({ table, log }: SealerDeps, before: State, state: State) => {
  const item = { ...key.seal, n: { N: String(state.number) }, b: { S: JSON.stringify(state) } };
  const saved = await table.replace(item, before.number === 0 ? undefined : before.number);
  if (!saved) log({ level: 'warn', event: 'seal-state-moved', number: state.number });
};

/** Chains that may have grown since the last seal. */
const openChains = async ({ table }: SealerDeps, state: State, now: number): Promise<Opening[]> => {
  const since = (state.time === 0 ? now - FIRST_LOOK_MS : state.time) - CHAIN_LIFE_MS - GRACE_MS;
  const openings: Opening[] = [];
  for (let day = dayOf(since); day <= dayOf(now + GRACE_MS); day = dayOf(Date.parse(day) + 24 * 3_600_000)) {
    let after: string | undefined;
    do {
      const page = await table.query({ p: key.openings(day), from: key.from(since), after });
      openings.push(...page.items.map(readOpening));
      after = page.next;
    } while (after !== undefined);
  }
  return openings;
};

/**
 * Goes along a chain from its sealed head to the last record that hangs on the one before it. A gap may be a put that is
 * still under way; the next seal goes on there. So a sealed head means that all records up to it were there.
 */
const walk = async ({ table, log, clock }: SealerDeps, opening: Opening, from: Head | undefined): Promise<Head> => {
  let head: Head = from ?? { number: 0, time: opening.time, hash: openingHash(opening).toString('hex') };
  let after = from && key.link(from);
  do {
    const page = await table.query({ p: key.chain(opening.chain), after });
    for (const item of page.items) {
      const { number, time, previous, hash } = readRecord(item);
      if (number !== head.number + 1) {
        if (time < clock() - GRACE_MS) log({ level: 'warn', event: 'audit-chain-gap', chain: opening.chain, number });
        return head;
      }
      if (previous.toString('hex') !== head.hash || time < head.time) {
        log({ level: 'error', event: 'audit-chain-broken', chain: opening.chain, number });
        return head;
      }
      head = { number, time, hash: hash.toString('hex') };
    }
    after = page.next;
  } while (after !== undefined);
  return head;
};
