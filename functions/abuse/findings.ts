// What looked unusual, until a privacy officer has looked at it. Rows of table `registry` (services/row-store.ts):
//
//   pattern                                  p               s                                        trips
//   waiting for review, oldest first         unusual#open    <start 13>#<kind>#<account>[#<person>]   1 a page
//   reviewed, newest last                    unusual#done    the same                                 1 a page
//   told already (60 days)                   unusual#told    the same                                 in the write
import type { RowStore } from '../services/row-store.ts';
import type { AlertKind } from './alert.ts';

export const OUTCOMES = ['justified', 'not-justified', 'follow-up'] as const;

export interface Finding {
  readonly kind: Exclude<AlertKind, 'audit-tampering' | 'break-glass'>;
  /** Start of the hour or day that it is of, ms. */
  readonly start: number;
  readonly account: string;
  readonly role: string;
  readonly facility: string | undefined;
  /** Opaque key of the person, where it is about one. */
  readonly person?: string | undefined;
  /** Persons or reads, where it is about many. */
  readonly count?: number | undefined;
}

export interface Review {
  readonly by: string;
  readonly at: number;
  readonly outcome: (typeof OUTCOMES)[number];
  readonly note: string;
}

export interface Kept extends Finding {
  readonly id: string;
  readonly review?: Review | undefined;
}

const TOLD_MS = 60 * 86_400_000;
const OPEN = 'unusual#open';
const DONE = 'unusual#done';
const TOLD = 'unusual#told';

const idOf = ({ start, kind, account, person }: Finding): string =>
  [String(start).padStart(13, '0'), kind, account, ...(person === undefined ? [] : [person])].join('#');

export interface Findings {
  /** False: it was told before. */
  add(finding: Finding, now: number): Promise<boolean>;
  page(state: 'open' | 'done', after?: string): Promise<{ findings: readonly Kept[]; next: string | undefined }>;
  /** Undefined: there is none of this id waiting. A follow-up stays in the queue. */
  review(id: string, review: Review): Promise<Kept | undefined>;
}

export const openFindings = (rows: RowStore): Findings => ({
  add: (finding, now) => {
    const s = idOf(finding);
    return rows.write([
      { kind: 'put', p: TOLD, s, data: {}, expect: 'absent', until: now + TOLD_MS },
      { kind: 'put', p: OPEN, s, data: finding, expect: 'absent' },
    ]);
  },
  page: async (state, after) => {
    const found = await rows.list({ p: state === 'open' ? OPEN : DONE, newestFirst: state === 'done', after });
    return { findings: found.rows.map(({ s, data }) => ({ ...(data as Finding), id: s })), next: found.next };
  },
  review: async (id, review) => {
    const row = await rows.get(OPEN, id);
    if (!row) return undefined;
    const reviewed = { ...(row.data as Finding), review };
    const done =
      review.outcome === 'follow-up'
        ? await rows.write([{ kind: 'put', p: OPEN, s: id, data: reviewed, expect: row.version }])
        : await rows.write([
            { kind: 'delete', p: OPEN, s: id, expect: row.version },
            { kind: 'put', p: DONE, s: id, data: reviewed },
          ]);
    return done ? { ...reviewed, id } : undefined;
  },
});
