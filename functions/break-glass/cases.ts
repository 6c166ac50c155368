// Rows of break-glass in table `registry` (services/row-store.ts).
//
//   pattern                              p                    s                       trips
//   what an actor has open               btg#open#<subject>   <patient key>           1 (list)
//   a case: who, whom, why, its review   btg#case             <case id>               1
//   the privacy officer's queue          btg#queue            <due 13>#<case id>      1 a page, longest due first
//   what was reviewed, newest last       btg#done             <time 13>#<case id>     1 a page
//   alerts of a person                   alert#<patient key>  <time 13>#<id>          1 a page for each record of the person
//
// A case id begins with its time, so that cases sort by it. A case is opened in one transaction with its grant, its place in the
// queue and the person's alert: nobody looks without both hearing of it.
import { allRows } from '../services/all-rows.ts';
import type { Row, RowChange, RowStore } from '../services/row-store.ts';
import type { Grant } from './port.ts';

export const OUTCOMES = ['justified', 'not-justified', 'follow-up'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Review {
  readonly by: string;
  readonly at: number;
  readonly outcome: Outcome;
  readonly note: string;
}

export interface Case {
  readonly id: string;
  readonly subject: string;
  readonly role: string;
  readonly facility: string;
  /** Partition key under which the person's alert stands. */
  readonly patientKey: string;
  readonly keys: readonly string[];
  readonly reason: string;
  readonly from: number;
  readonly until: number;
  /** By when it is to be reviewed. */
  readonly due: number;
  /** The last one counts; a follow-up leaves the case in the queue. */
  readonly reviews: readonly Review[];
}

/** What a person is told. */
export interface Alert {
  readonly id: string;
  readonly kind: 'break-glass';
  readonly at: number;
  readonly until: number;
  readonly role: string;
  readonly facility: string;
  /** Set once the case is reviewed. */
  readonly outcome?: Outcome;
}

const time13 = (ms: number) => String(ms).padStart(13, '0');
const OPEN = (subject: string) => `btg#open#${subject}`;
const CASE = 'btg#case';
const QUEUE = 'btg#queue';
const DONE = 'btg#done';
const ALERTS = (patientKey: string) => `alert#${patientKey}`;

const queued = ({ due, id }: Case) => `${time13(due)}#${id}`;
const alertSort = ({ from, id }: Case) => `${time13(from)}#${id}`;

const alertOf = ({ id, from, until, role, facility }: Case, outcome?: Outcome): Alert => ({
  id,
  kind: 'break-glass',
  at: from,
  until,
  role,
  facility,
  ...(outcome && { outcome }),
});

export interface CasePage {
  readonly cases: readonly Case[];
  readonly next: string | undefined;
}

export interface Cases {
  openOf(subject: string, now: number): Promise<readonly (Grant & { readonly patientKey: string })[]>;
  /** False: another request of the same person opened one at the same moment. */
  open(opened: Case): Promise<boolean>;
  get(id: string): Promise<{ readonly value: Case; readonly version: number } | undefined>;
  /** Those that wait, longest due first; or those that are done, newest first. */
  page(which: 'open' | 'done', after?: string): Promise<CasePage>;
  /** False: somebody reviewed it meanwhile. */
  review(found: { readonly value: Case; readonly version: number }, review: Review): Promise<boolean>;
  /** Newest first. */
  alerts(patientKeys: readonly string[]): Promise<readonly Alert[]>;
}

export const openCases = (rows: RowStore): Cases => {
  const byIds = async (ids: readonly string[]) =>
    (await Promise.all(ids.map((id) => rows.get(CASE, id)))).flatMap((row) => (row ? [row.data as Case] : []));
  return {
    openOf: async (subject, now) => {
      const open = (await allRows(rows, OPEN(subject))).map(({ s, data }) => ({ patientKey: s, ...(data as Grant) }));
      return open.filter(({ until }) => until > now);
    },
    open: async (opened) => {
      const { subject, patientKey, id, keys, until } = opened;
      const before = await rows.get(OPEN(subject), patientKey);
      if (before && (before.data as Grant).until > opened.from) return false;
      return rows.write([
        {
          kind: 'put',
          p: OPEN(subject),
          s: patientKey,
          data: { id, keys, until } satisfies Grant,
          expect: before?.version ?? 'absent',
          until, // what is over goes, or the list of a busy crew would grow for ever
        },
        { kind: 'put', p: CASE, s: id, data: opened, expect: 'absent' },
        { kind: 'put', p: QUEUE, s: queued(opened), data: {}, expect: 'absent' },
        { kind: 'put', p: ALERTS(patientKey), s: alertSort(opened), data: alertOf(opened), expect: 'absent' },
      ]);
    },
    get: async (id) => {
      const row = await rows.get(CASE, id);
      return row && { value: row.data as Case, version: row.version };
    },
    page: async (which, after) => {
      const p = which === 'open' ? QUEUE : DONE;
      const { rows: found, next } = await rows.list({ p, newestFirst: which === 'done', after, limit: 50 });
      return { cases: await byIds(found.map(caseIdOf)), next };
    },
    review: ({ value, version }, review) => {
      const reviewed: Case = { ...value, reviews: [...value.reviews, review] };
      const changes: RowChange[] = [
        { kind: 'put', p: CASE, s: value.id, data: reviewed, expect: version },
        {
          kind: 'put',
          p: ALERTS(value.patientKey),
          s: alertSort(value),
          data: alertOf(value, review.outcome),
        },
      ];
      if (review.outcome !== 'follow-up')
        changes.push(
          { kind: 'delete', p: QUEUE, s: queued(value) },
          { kind: 'put', p: DONE, s: `${time13(review.at)}#${value.id}`, data: {} },
        );
      return rows.write(changes);
    },
    alerts: async (patientKeys) => {
      const pages = await Promise.all(patientKeys.map((key) => rows.list({ p: ALERTS(key), newestFirst: true })));
      const alerts = pages.flatMap((page) => page.rows.map(({ data }) => data as Alert));
      return alerts.sort((a, b) => b.at - a.at);
    },
  };
};

const caseIdOf = ({ s }: Row): string => s.slice(s.indexOf('#') + 1);
