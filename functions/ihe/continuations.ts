// Paged queries of PDQV3 between their pages. Row of `registry`: p = IHEQ#<subject>, s = hash of the query's id; what the query
// said is sealed for its asker, and the row goes after ten minutes.
import { createHash } from 'node:crypto';
import type { Context } from '../interactions/contract.ts';
import type { Seal } from '../storage/port.ts';
import type { Continuations } from './ports.ts';

/** The part of services/row-store.ts that is needed here. */
export interface Rows {
  get(p: string, s: string): Promise<{ readonly data: unknown } | undefined>;
  write(
    changes: readonly (
      | { kind: 'put'; p: string; s: string; data: unknown; until?: number }
      | { kind: 'delete'; p: string; s: string }
    )[],
  ): Promise<boolean>;
}

export const sealedContinuations =
  (rows: Rows, { seal, clock }: { readonly seal: Seal; readonly clock: () => number }) =>
  ({ actor }: Context): Continuations => {
    const p = `IHEQ#${actor.subject}`;
    const nameOf = (key: string) => createHash('sha256').update(key).digest('base64url');
    const bind = `ihe-continuation ${actor.subject}`;
    return {
      keep: async (key, state, until) => {
        await rows.write([{ kind: 'put', p, s: nameOf(key), data: seal.seal({ state, until }, bind), until }]);
      },
      find: async (key) => {
        const row = await rows.get(p, nameOf(key));
        const kept = typeof row?.data === 'string' ? seal.open(row.data, bind) : undefined;
        const { state, until } = (kept ?? {}) as { state?: string; until?: number };
        return until !== undefined && until > clock() ? state : undefined;
      },
      drop: async (key) => {
        await rows.write([{ kind: 'delete', p, s: nameOf(key) }]);
      },
    };
  };
