// Who a person is in other communities, remembered: `registry`, p `federation#known#<person>`, s <community> (contracts.ts). One Query
// brings all of a person's; a second opening of a chart asks only those who know the person.
// A match is forgotten when our own records of the person are linked otherwise (`basis`), when the other side says that its handle has
// ended, and after 30 days. That nobody was found holds for a day, and only for what was told then (`evidence`).
import * as z from 'zod/mini';
import { allRows } from '../services/all-rows.ts';
import type { RowStore } from '../services/row-store.ts';

const DAY = 86_400_000;
const LIFE = { match: 30 * DAY, none: DAY, ask: DAY / 24 };

export const Correlation = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('match'),
    how: z.enum(['identifiers', 'demographics', 'pairing']),
    handle: z.string(),
    patients: z.array(z.string()),
    basis: z.string(),
    at: z.number(),
  }),
  z.strictObject({ kind: z.enum(['none', 'ask']), basis: z.string(), evidence: z.string(), at: z.number() }),
]);
export type Correlation = z.infer<typeof Correlation>;

export interface Correlations {
  of(person: string): Promise<ReadonlyMap<string, Correlation>>;
  keep(person: string, found: ReadonlyMap<string, Correlation>): Promise<void>;
}

const P = (person: string) => `federation#known#${person}`;
/** Of a transaction of DynamoDB. */
const AT_ONCE = 100;

export const isCurrent = (
  known: Correlation,
  { basis, evidence, now }: { basis: string; evidence: string; now: number },
): boolean =>
  known.basis === basis && now - known.at < LIFE[known.kind] && (known.kind === 'match' || known.evidence === evidence);

const inParts = async <T>(all: readonly T[], write: (part: readonly T[]) => Promise<unknown>) => {
  const parts: Promise<unknown>[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) parts.push(write(all.slice(at, at + AT_ONCE)));
  await Promise.all(parts);
};

export const openCorrelations = (rows: RowStore): Correlations => ({
  of: async (person) => {
    const found = new Map<string, Correlation>();
    for (const { s, data } of await allRows(rows, P(person))) {
      const { data: known } = Correlation.safeParse(data);
      if (known) found.set(s, known);
    }
    return found;
  },
  keep: (person, found) =>
    inParts([...found], (part) =>
      rows.write(part.map(([s, data]) => ({ kind: 'put', p: P(person), s, data, until: data.at + LIFE[data.kind] }))),
    ),
});
