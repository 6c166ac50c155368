// Communities that do not answer at the moment, so that not every chart waits a whole deadline for them. What one execution environment
// has found out the others read from `registry`:
//
//   pattern                              p                   s              trips  RRU
//   who does not answer                  federation#down     <community>    1      0.5, every three seconds at most
//
// A row is of no meaning ten minutes after the last failure. After one failure everybody asks once more, but waits no longer than a
// probe does; after three in a row one probe goes out now and then, and who comes meanwhile is told since when the community is down.
import * as z from 'zod/mini';
import { holding } from '../auth/cached.ts';
import { allRows } from '../services/all-rows.ts';
import type { RowStore } from '../services/row-store.ts';
import { PeerFault } from './peer-http.ts';

const P = 'federation#down';

/** How long a community that has failed is waited for: a warm one has answered by then, and most cold ones. */
export const PROBE_MS = 1_500;
/** A wait that is shorter says nothing about a community: the client was in a hurry. */
export const SAYS_SOMETHING_MS = 2_000;
/** Failures in a row after which not everybody asks any more. */
const PROBED_FROM = 3;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;
const LIFE_MS = 10 * 60_000;
const HELD_MS = 3_000;

const Down = z.strictObject({
  /** When it failed first; milliseconds, as `last`. */
  since: z.number(),
  last: z.number(),
  /** In a row; 0: it answers again. */
  failures: z.number(),
  code: z.enum(['timeout', 'transient']),
});
export type Down = z.infer<typeof Down>;

/** What became of a question: what failed says when it was asked. */
export type Found = { readonly answered: true } | { readonly answered: false; readonly code: Down['code'] };

export interface Circuits {
  /** Those that do not answer, as at most three seconds ago. */
  known(): Promise<ReadonlyMap<string, Down>>;
  /** Whether this request may be the one that tries a community that is down; it then is. */
  mayProbe(community: string, down: Down): boolean;
  /** @param asked when, ms: charts that were opened at once and failed at once are one failure */
  learn(asked: number, found: ReadonlyMap<string, Found>): Promise<void>;
}

const pauseMs = (failures: number): number =>
  failures < PROBED_FROM ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (failures - PROBED_FROM), LONGEST_PAUSE_MS);

export const openCircuits = ({ rows, clock }: { rows: RowStore; clock: () => number }): Circuits => {
  const held = holding<Map<string, Down>>({ forMs: HELD_MS, most: 1, clock });
  const probed = new Map<string, number>();

  const load = async (): Promise<Map<string, Down>> => {
    const down = new Map<string, Down>();
    for (const { s, data } of await allRows(rows, P)) {
      const { data: one } = Down.safeParse(data);
      if (one && one.failures > 0 && clock() - one.last < LIFE_MS) down.set(s, one);
    }
    return down;
  };

  const known = () => held.get('', load);

  return {
    known,
    mayProbe: (community, { failures, last }) => {
      const now = clock();
      if (now - Math.max(last, probed.get(community) ?? 0) < pauseMs(failures)) return false;
      probed.set(community, now);
      return true;
    },
    learn: async (asked, found) => {
      const down = await known();
      const changed = [...found].flatMap(([community, one]): [string, Down][] => {
        const before = down.get(community);
        if (one.answered) return before ? [[community, { ...before, failures: 0 }]] : [];
        if (before && before.last > asked) return [];
        const { since, failures } = before ?? { since: clock(), failures: 0 };
        return [[community, { since, last: clock(), failures: failures + 1, code: one.code }]];
      });
      if (changed.length === 0) return;
      for (const [community, one] of changed)
        if (one.failures > 0) down.set(community, one);
        else down.delete(community);
      const put = changed.map(([s, data]) => ({ kind: 'put', p: P, s, data, until: data.last + LIFE_MS }) as const);
      for (let at = 0; at < put.length; at += 100) await rows.write(put.slice(at, at + 100));
    },
  };
};

/** What one request does with it. */
export interface Watch {
  /** False: it is known to be down, and others try it. */
  readonly isAsked: (community: string) => boolean;
  /** When this request gives up on it. */
  readonly signalFor: (community: string) => AbortSignal;
  /** Asks, and notes whether there was an answer, whatever it said. */
  readonly watched: <T>(community: string, ask: () => Promise<T>) => Promise<T>;
  /** `; it has not answered since …`, where that is known. */
  readonly sinceWhen: (community: string) => string;
  readonly done: () => Promise<void>;
}

export interface Watching {
  readonly circuits: Circuits;
  /** Who may be asked by this request. */
  readonly communities: readonly string[];
  readonly signal: AbortSignal;
  /** The client asks once more for who was missing: everybody is tried. */
  readonly isInsisting: boolean;
  readonly now: number;
}

export const openWatch = async ({ circuits, communities, signal, isInsisting, now }: Watching): Promise<Watch> => {
  const down = new Map(communities.length > 0 ? await circuits.known() : []);
  const found = new Map<string, Found>();
  const left = new Set(
    communities.filter((community) => {
      const one = down.get(community);
      return one && !isInsisting && !circuits.mayProbe(community, one);
    }),
  );
  const probe = down.size > 0 ? AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]) : signal;

  const failed = (community: string, error: unknown, waited: number): Found | undefined => {
    if (!(error instanceof PeerFault)) return undefined;
    const { code, isAnswer } = error;
    if (isAnswer || (code !== 'timeout' && code !== 'transient')) return { answered: true };
    const saysSomething = code === 'transient' || down.has(community) || waited >= SAYS_SOMETHING_MS;
    return saysSomething ? { answered: false, code } : undefined;
  };

  return {
    isAsked: (community) => !left.has(community),
    signalFor: (community) => (down.has(community) ? probe : signal),
    watched: async (community, ask) => {
      const began = performance.now();
      try {
        const answer = await ask();
        if (answer !== undefined) found.set(community, { answered: true }); // nothing: nothing was asked
        return answer;
      } catch (error) {
        const became = failed(community, error, performance.now() - began);
        if (became) found.set(community, became);
        throw error;
      }
    },
    sinceWhen: (community) => {
      const one = down.get(community);
      return one ? `; it has not answered since ${new Date(one.since).toISOString()}` : '';
    },
    done: () => circuits.learn(now, found),
  };
};
