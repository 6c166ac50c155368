// The cursor of a page over all communities: what was asked, and the place in each. It holds the cursors of others, which may be long
// (and one for each of 300 communities that failed), and a URL may not: request line and headers have 10,240 bytes together at the
// HTTP API, of which a token needs a good part. A long one is kept here, and the link has its number.
//
//   pattern                     p                          s                  trips  RRU
//   the place of a long search  federation#page#<number>   0000, 0001, …      1      1 for every 4 KB
//
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
import { randomBytes } from 'node:crypto';
import { refuse } from '../fhir/outcome.ts';
import type { Context } from '../interactions/contract.ts';
import { allRows } from '../services/all-rows.ts';
import type { RowChange, RowStore } from '../services/row-store.ts';
import type { Seal } from '../storage/port.ts';
import type { Asked } from './asked.ts';
import type { Place } from './merge.ts';

export interface Cursor {
  readonly asked: Extract<Asked, { kind: 'search' | 'everything' }>;
  readonly places: readonly (readonly [string, Place])[];
  readonly last: readonly string[];
  /** Matches on the pages before. */
  readonly shown: number;
  readonly until: number;
  /** Of the link to what was missing: only those are asked, and each of them. */
  readonly isInsisting?: boolean;
}

const CURSOR_MS = 4 * 3_600_000;
/** Of a cursor that stands in the link itself. */
export const MOST_IN_LINK = 4_000;
/** A row has 400 KB at most; all that is written at once, 4 MB. */
const PART = 300_000;
const PARTS_AT_ONCE = 10;
const KEPT = /^kept\.[A-Za-z0-9_-]{22}$/;

const pOf = (token: string) => `federation#page#${token.slice('kept.'.length)}`;

export interface Cursors {
  write(context: Context, cursor: Omit<Cursor, 'until'>): Promise<string>;
  /** @throws FhirError `invalid` for a cursor that was changed, is another's, or is too old */
  read(context: Context, token: string): Promise<Cursor>;
}

/** Good for who asked, whatever else the token says. */
const bindOf = ({ actor }: Context) =>
  JSON.stringify(['federation', actor.kind, actor.subject, actor.facility ?? null]);

export const openCursors = ({ rows, seal }: { rows: RowStore; seal: Seal }): Cursors => ({
  write: async (context, cursor) => {
    const until = context.now + CURSOR_MS;
    const sealed = seal.seal({ ...cursor, until } satisfies Cursor, bindOf(context));
    if (sealed.length <= MOST_IN_LINK) return sealed;
    const token = `kept.${randomBytes(16).toString('base64url')}`;
    const parts = Array.from({ length: Math.ceil(sealed.length / PART) }, (_, at) =>
      sealed.slice(at * PART, (at + 1) * PART),
    );
    const puts = parts.map(
      (data, at): RowChange => ({ kind: 'put', p: pOf(token), s: String(at).padStart(4, '0'), data, until }),
    );
    // Nobody has the number before all of it is there; what a write that failed has left goes by itself.
    for (let at = 0; at < puts.length; at += PARTS_AT_ONCE) await rows.write(puts.slice(at, at + PARTS_AT_ONCE));
    return token;
  },
  read: async (context, token) => {
    const sealed = KEPT.test(token) ? (await allRows(rows, pOf(token))).map(({ data }) => data).join('') : token;
    const opened = seal.open(sealed, bindOf(context)) as Cursor | undefined;
    if (!opened || opened.until < context.now)
      throw refuse('invalid', '_cursor was changed, has expired, or belongs to another caller');
    return opened;
  },
});
