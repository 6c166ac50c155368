import { key, monthOf } from '../audit/record.ts';
import type { AuditTable } from '../audit/table.ts';

/** A year: who was not seen in it is to be asked in any case. */
const MONTHS_BACK = 12;

export interface LastUse {
  /** Milliseconds; undefined: not within the last year. */
  of(subject: string, now: number): Promise<number | undefined>;
}

/** From the audit trail, to the hour: an account that did anything left a pointer there (functions/audit/record.ts). */
export const lastUseOn = (table: Pick<AuditTable, 'query'>): LastUse => ({
  of: async (subject, now) => {
    const month = new Date(now);
    month.setUTCDate(1);
    for (let back = 0; back <= MONTHS_BACK; back += 1) {
      const { items } = await table.query({
        p: key.actor(subject, monthOf(month.getTime())),
        newestFirst: true,
        limit: 1,
      });
      const [time] = (items[0]?.s?.S ?? '').split('#');
      if (time) return Number(time);
      month.setUTCMonth(month.getUTCMonth() - 1);
    }
    return undefined;
  },
});
