// The store as one caller reads it: whatever comes out brings along the rules of the patient it is about, so that the decision about it
// needs no further read. What the caller's own facility wrote, and what is of no patient, needs none (decide.ts, step 2a).
import type { Head, Resources, Stored } from '../storage/port.ts';
import type { Actor } from './actor.ts';
import { commitWithHeads } from './commit.ts';
import { CLOSED, OPEN, type Policy, policyOf } from './policy.ts';

/** A change of consent holds everywhere within this time and what one request takes. */
const HEAD_MS = 2_000;
const MOST_HEADS = 5_000;

interface Rules {
  readonly policy: Policy;
  readonly linked: readonly string[];
}

/** What was read with a record. Kept with the record itself: what has none here was read past this file, and is closed. */
const rulesOfStored = new WeakMap<Stored, Rules>();

export const policyFor = (stored: Stored): Policy => {
  if (stored.patientKey === undefined) return ABOUT_PATIENTS.has(stored.type) ? CLOSED : OPEN;
  return rulesOfStored.get(stored)?.policy ?? CLOSED;
};

/**
 * Kept with no patient, and yet about some: nobody could say whose consent rules over them, so they stay with their source. A Binary
 * is a patient's by its securityContext.
 */
const ABOUT_PATIENTS = new Set(['Binary', 'Bundle', 'Group', 'MeasureReport', 'MessageHeader', 'Parameters']);

/** Ids of the Patients of the person whose record it is, as far as they were read with it. */
export const linkedFor = (stored: Stored): readonly string[] => rulesOfStored.get(stored)?.linked ?? [];

type Keep = Map<string, { readonly at: number; readonly head: Promise<Head | undefined> }>;

/** Heads as they were at most two seconds ago, one for each execution environment. */
export class Heads {
  private readonly store: Pick<Resources, 'headsAt'>;
  private readonly clock: () => number;
  private readonly kept: Keep = new Map();

  constructor(store: Pick<Resources, 'headsAt'>, clock: () => number) {
    this.store = store;
    this.clock = clock;
  }

  async at(patientKeys: readonly string[]): Promise<Map<string, Head | undefined>> {
    const now = this.clock();
    const distinct = [...new Set(patientKeys)];
    const missing = distinct.filter((key) => !this.isFresh(key, now));
    if (missing.length > 0) {
      if (this.kept.size + missing.length > MOST_HEADS) this.kept.clear();
      const read = this.store.headsAt(missing);
      missing.forEach((key, at) => {
        const head = read.then((heads) => heads[at]);
        head.catch(() => this.kept.delete(key)); // whoever waits for it hears of it
        this.kept.set(key, { at: now, head });
      });
    }
    const waited = distinct.map(async (key) => [key, await this.kept.get(key)?.head] as const);
    return new Map(await Promise.all(waited));
  }

  /** After a change that was made here, it is seen here at once. */
  forget(patientKeys: readonly string[]): void {
    for (const key of patientKeys) this.kept.delete(key);
  }

  private isFresh(key: string, now: number): boolean {
    const known = this.kept.get(key);
    return known !== undefined && now - known.at < HEAD_MS && now >= known.at;
  }
}

export interface Reader {
  readonly actor: Actor;
  /** Reads of records whose patient is known beforehand fetch the rules at the same time; for who only writes that is a waste. */
  readonly isEager: boolean;
}

/** `resources` for one request. */
export const ruled = (resources: Resources, heads: Heads, { actor, isEager }: Reader): Resources => {
  const needs = ({ patientKey, facility }: Stored): boolean =>
    patientKey !== undefined && (actor.facility === undefined || facility !== actor.facility);

  const learn = async (found: readonly (Stored | undefined)[]): Promise<void> => {
    const shared = found.filter((stored) => stored !== undefined).filter(needs);
    if (shared.length === 0) return;
    const known = await heads.at(shared.map(({ patientKey }) => patientKey!));
    for (const stored of shared) {
      const head = known.get(stored.patientKey!);
      rulesOfStored.set(stored, { policy: policyOf(head?.policy), linked: head?.linked ?? [] });
    }
  };

  /** Asked for at once with what is read; whether it arrived is found out by `learn`. */
  const ahead = (patientKey: string | undefined): void => {
    if (isEager && patientKey !== undefined) heads.at([patientKey]).catch(() => {});
  };
  const aheadOf = (type: string, id: string) => ahead(resources.patientKeyOf(type, id));

  const withRules = async <T extends { items: readonly Stored[] }>(reading: Promise<T>): Promise<T> => {
    const page = await reading;
    await learn(page.items);
    return page;
  };

  return {
    ...resources,
    get: async (type, id) => {
      aheadOf(type, id);
      const stored = await resources.get(type, id);
      await learn([stored]);
      return stored;
    },
    getMany: async (refs) => {
      const found = await resources.getMany(refs);
      await learn(found);
      return found;
    },
    getVersion: async (type, id, version) => {
      aheadOf(type, id);
      const stored = await resources.getVersion(type, id, version);
      await learn([stored]);
      return stored;
    },
    history: (type, id, page) => {
      aheadOf(type, id);
      return withRules(resources.history(type, id, page));
    },
    scan: (scan) => {
      ahead(resources.patientKey(scan.patient));
      return withRules(resources.scan(scan));
    },
    walk: (walk) => withRules(resources.walk(walk)),
    commit: async (writes, now) => {
      const { stored, patients } = await commitWithHeads(resources, actor, writes, now);
      heads.forget(patients.map(resources.patientKey));
      return stored;
    },
    workList: async (query) => {
      const page = await resources.workList(query);
      await learn(page.items.map(({ stored }) => stored));
      return page;
    },
    heads: async (patients) => {
      const keys = patients.map(resources.patientKey);
      const known = await heads.at(keys);
      return keys.map((key) => known.get(key));
    },
    headsAt: async (keys) => {
      const known = await heads.at(keys);
      return keys.map((key) => known.get(key));
    },
  };
};
