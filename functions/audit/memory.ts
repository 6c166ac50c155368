import { auditOn } from './chain.ts';
import type { Audit, AuditRecord } from './port.ts';
import { memoryAuditTable } from './table.ts';

/** An audit trail for tests: the real chain over a table in memory, and beside it the records as they came. */
export const memoryAudit = (clock: () => number = Date.now): Audit & { readonly records: AuditRecord[] } => {
  const records: AuditRecord[] = [];
  const audit = auditOn(memoryAuditTable(), { clock, environmentId: 'memory' });
  return {
    records,
    record: async (added) => {
      await audit.record(added);
      records.push(...added);
    },
  };
};
