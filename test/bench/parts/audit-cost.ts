// What audit adds to a request, in processor time. In one process, over tables in memory, so that what is measured is our own work (hashing, chaining, the record's text) and not the machine's DynamoDB Local.
import { auditOn } from '../../../functions/audit/chain.ts';
import type { AuditRecord } from '../../../functions/audit/port.ts';
import { memoryAuditTable } from '../../../functions/audit/table.ts';

const ROUNDS = 20_000;

const record = (at: number, person: number): AuditRecord => ({
  action: 'R',
  interaction: 'search-type',
  actor: '0f0e5f0c-7a53-4a5e-9a55-1f1c7f0e1a2b',
  actorKind: 'staff',
  role: 'doctor',
  facility: '3610000001',
  tokenId: '4b1d1f3e-2b7a-4f0e-8d8e-5a5b9c1d2e3f',
  purpose: 'TREAT',
  requestId: `request-${at}`,
  patientKey: `patient${person}`,
  entities: Array.from({ length: 10 }, (_, n) => `Observation/0123456789abcdefghijklmn${n}v`),
  count: 10,
  outcome: '0',
  status: 200,
  classes: ['clinical'],
});

const measured = async (persons: number) => {
  const table = memoryAuditTable();
  const audit = auditOn(table, { clock: Date.now, environmentId: 'bench' });
  const requests = Array.from({ length: ROUNDS / persons }, (_, at) =>
    Array.from({ length: persons }, (_, person) => record(at, (at * persons + person) % 500)),
  );
  for (const records of requests.slice(0, 500)) await audit.record(records); // warms up
  const before = process.cpuUsage();
  for (const records of requests) await audit.record(records);
  const { user, system } = process.cpuUsage(before);
  const written = requests.length * persons;
  return { microseconds: (user + system) / requests.length, perRecord: (user + system) / written };
};

/** Rows of a table: persons a request, µs a request, µs a record. */
export const auditCosts = async (): Promise<string[][]> => {
  const rows: string[][] = [];
  for (const persons of [1, 10, 50]) {
    const { microseconds, perRecord } = await measured(persons);
    rows.push([String(persons), microseconds.toFixed(1), perRecord.toFixed(1)]);
  }
  return rows;
};
