// Drafts for the tests of the store. Nobody here is a real person.
import { openDynamo } from '../../../functions/storage/dynamo.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import type { Draft, IndexEntries, Resources, Stored } from '../../../functions/storage/port.ts';
import { deriveSecrets } from '../../../functions/storage/region-secrets.ts';
import type { Limits } from '../../../functions/storage/store.ts';
import { createTables, dynamoClient } from '../../support/dynamodb.ts';

export const NOW = Date.UTC(2026, 10, 22, 3, 0, 0);
export const DAY = 86_400;
export const secrets = deriveSecrets(new Uint8Array(32).fill(9));

export const entries = (over: Partial<IndexEntries> = {}): IndexEntries => ({
  patient: undefined,
  otherPatients: [],
  date: undefined,
  spansDays: false,
  code: undefined,
  tokens: [],
  work: [],
  lookups: [],
  dataClass: 'clinical',
  labels: [],
  ...over,
});

export const draft = (
  type: string,
  id: string,
  over: Partial<IndexEntries> = {},
  body: object = { status: 'final' },
): Draft => ({
  type,
  id,
  text: JSON.stringify(body),
  index: entries({ ...(type === 'Patient' && { patient: id }), ...over }),
  facility: '3610000001',
  method: 'PUT',
});

export const create = (...drafts: Draft[]) => drafts.map((one) => ({ kind: 'create' as const, draft: one }));

export const replace = (previous: Stored, next: Draft) => [{ kind: 'replace' as const, previous, draft: next }];

export const remove = (previous: Stored) => [{ kind: 'delete' as const, previous, facility: '3610000001' }];

let clockAt = NOW;
export const clock = () => clockAt;
export const setClock = (at: number) => {
  clockAt = at;
};

export const memory = async (): Promise<Resources> => openMemory(clock).resources;

export const dynamo = async (limits?: Partial<Limits>): Promise<Resources> => {
  const client = await dynamoClient();
  const tables = await createTables(client);
  return openDynamo({
    client,
    tables,
    keys: secrets,
    documents: openMemory().documents,
    clock,
    ...(limits && { limits }),
  });
};

/** Every item of a scan, page by page. */
export const all = async (
  page: (after: string | undefined) => Promise<{ items: readonly Stored[]; next: string | undefined }>,
) => {
  const items: Stored[] = [];
  let after: string | undefined;
  do {
    const { items: some, next } = await page(after);
    items.push(...some);
    after = next;
  } while (after !== undefined);
  return items;
};

export const idsOf = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id);
