// What audit adds to a request, in processor time: `node test/bench/audit-cost.ts`. In one process, over tables in memory, so that
// what is measured is our own work (hashing, chaining, the record's text) and not the machine's DynamoDB Local.
import { auditOn } from '../../functions/audit/chain.ts';
import type { AuditRecord } from '../../functions/audit/port.ts';
import { key } from '../../functions/audit/record.ts';
import { memoryAuditTable } from '../../functions/audit/table.ts';

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
  const items = [...table.items.values()];
  const largest = Math.max(...items.map((item) => JSON.stringify(item).length));
  const pointers = items.filter((item) => !item.p?.S?.startsWith(key.chain(''))).length;
  return {
    persons,
    microseconds: (user + system) / requests.length,
    perRecord: (user + system) / written,
    largest,
    pointers,
  };
};

for (const persons of [1, 10, 50]) {
  const { microseconds, perRecord, pointers } = await measured(persons);
  console.log(
    `${String(persons).padStart(3)} persons a request: ${microseconds.toFixed(1)} µs a request, ${perRecord.toFixed(1)} µs a record; ${pointers} pointers and openings`,
  );
}
