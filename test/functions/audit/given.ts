// What the audit tests are about, and the two forms of the table that they are held to.
import { createSign, createVerify, generateKeyPairSync } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import type { AuditRecord } from '../../../functions/audit/port.ts';
import type { Item } from '../../../functions/audit/record.ts';
import type { Archive, SealerDeps } from '../../../functions/audit/seal.ts';
import { type AuditTable, dynamoAuditTable, memoryAuditTable } from '../../../functions/audit/table.ts';
import { createTables, dynamoClient } from '../../support/dynamodb.ts';

export const record = (more: Partial<AuditRecord> = {}): AuditRecord => ({
  action: 'R',
  interaction: 'read',
  actor: 'staff-1',
  actorKind: 'staff',
  role: 'doctor',
  facility: '3610000001',
  tokenId: 'token-1',
  purpose: 'TREAT',
  requestId: 'request-1',
  patientKey: 'person1',
  entities: ['Observation/o1'],
  count: 1,
  outcome: '0',
  status: 200,
  ...more,
});

export interface OpenTable {
  readonly table: AuditTable;
  readonly items: () => Promise<Item[]>;
}

export const openMemory = async (): Promise<OpenTable> => {
  const table = memoryAuditTable();
  return { table, items: async () => [...table.items.values()] };
};

export const openDynamo = async (): Promise<
  OpenTable & { client: Awaited<ReturnType<typeof dynamoClient>>; name: string }
> => {
  const client = await dynamoClient();
  const { audit: name } = await createTables(client);
  const items = async () => (await client.send(new ScanCommand({ TableName: name }))).Items ?? [];
  return { table: dynamoAuditTable({ client, table: name }), items, client, name };
};

/** A clock that stands still until it is moved. */
export const handClock = (start = Date.parse('2026-11-22T09:00:00Z')) => {
  let now = start;
  const clock = () => now;
  return Object.assign(clock, {
    advance: (ms: number) => {
      now += ms;
    },
  });
};

export const memoryArchive = (): Archive & { readonly files: Map<string, string> } => {
  const files = new Map<string, string>();
  return {
    files,
    create: async (name, text) => !files.has(name) && !!files.set(name, text),
    read: async (name) => files.get(name),
  };
};

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const sign = async (text: string) => createSign('sha256').update(text).sign(privateKey, 'base64');
export const verifySignature = async (text: string, signature: string) =>
  createVerify('sha256').update(text).verify(publicKey, signature, 'base64');

export const sealer = (
  table: AuditTable,
  archive: Archive,
  clock: () => number,
  more: Partial<SealerDeps> = {},
): SealerDeps => ({
  table,
  archive,
  region: 'tokushima',
  keyId: 'seal-key',
  sign,
  clock,
  log: () => {},
  ...more,
});
