// From the tables' streams to type and system history.
import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openChangeLogWriter } from '../../../functions/storage/change-log.ts';
import { openDynamo } from '../../../functions/storage/dynamo.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import type { ChangeRef, Resources } from '../../../functions/storage/port.ts';
import type { TableNames } from '../../../functions/storage/tables.ts';
import {
  createTables,
  dynamoClient,
  dynamoDb,
  stopDynamoDb,
  TEST_CREDENTIALS,
  TEST_REGION,
} from '../../support/dynamodb.ts';
import { recordsOf } from '../../support/table-streams.ts';
import { create, DAY, draft, NOW, remove, replace, secrets } from './given.ts';

let client: DynamoDBClient;
let tables: TableNames;
let handler: typeof import('../../../functions/entries/change-feed.ts').handler;
const open = (limits = {}): Resources =>
  openDynamo({ client, tables, keys: secrets, documents: openMemory().documents, clock: () => NOW, limits });

beforeAll(async () => {
  client = await dynamoClient();
  tables = await createTables(client);
  vi.stubEnv('REGISTRY_TABLE', tables.registry);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', (await dynamoDb()).endpoint);
  vi.stubEnv('AWS_REGION', TEST_REGION);
  vi.stubEnv('AWS_ACCESS_KEY_ID', TEST_CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', TEST_CREDENTIALS.secretAccessKey);
  ({ handler } = await import('../../../functions/entries/change-feed.ts'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await stopDynamoDb();
});

const told = ({ type, id, version }: Omit<ChangeRef, 'position'>) => `${type}/${id}/${version}`;

describe('the change feed', () => {
  it('logs each version once, from plain, moved and staged writes, and nothing else', { timeout: 60_000 }, async () => {
    const [plain, staged] = [open(), open({ transactionRows: 0, batchRows: 25 })];
    const at = (id: string, date: number) =>
      draft('Observation', id, { patient: 'p', date, otherPatients: ['q'], code: 's|c' });
    const server = plain.allocate('Observation', { patient: 'p', otherPatients: [], date: DAY, spansDays: false });
    const lookups = [{ bucket: 'identifier' as const, key: 'k', sort: 's' }];
    const [one] = await plain.commit(create(at(server, DAY)), NOW);
    const [two] = await plain.commit(replace(one!, at(server, 2 * DAY)), NOW + 1000);
    const [organization] = await plain.commit(create(draft('Organization', 'org', { lookups })), NOW + 2000);
    const [, , three] = await staged.commit(
      [...create(draft('Patient', 'p', { lookups }), at('chosen', DAY)), ...replace(two!, at(server, DAY))],
      NOW + 3000,
    );
    await staged.commit([...remove(three!), ...remove(organization!)], NOW + 64_000);
    // A transaction that was refused leaves no trace, and neither does its rolling back.
    await expect(
      staged.commit([...replace(three!, at(server, DAY)), ...create(draft('Patient', 'other'))], NOW),
    ).rejects.toThrow();

    for (const table of [tables.clinical, tables.registry]) {
      const Records = await recordsOf(table);
      for (let from = 0; from < Records.length; from += 7) {
        const batch = { Records: Records.slice(from, from + 7) };
        expect(await handler(batch)).toEqual({ batchItemFailures: [] });
        if (from % 2) await handler(batch); // delivered twice
      }
    }

    const { changes, next } = await plain.changes({ limit: 50 });
    expect(next).toBeUndefined();
    expect(changes.map(told).sort()).toEqual(
      [
        ...[1, 2, 3, 4].map((version) => `Observation/${server}/${version}`),
        ...['Observation/chosen/1', 'Patient/p/1', 'Organization/org/1', 'Organization/org/2'],
      ].sort(),
    );
    const times = changes.map(({ lastUpdated }) => lastUpdated);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect((await plain.changes({ type: 'Organization', limit: 9 })).changes.map(told)).toEqual([
      'Organization/org/2',
      'Organization/org/1',
    ]);
    expect((await plain.changes({ since: NOW + 64_000, limit: 9 })).changes).toHaveLength(2);
    expect((await plain.changes({ until: NOW + 64_000, limit: 50 })).changes).toEqual(changes.slice(2));

    const paged: ChangeRef[] = [];
    for (let after: string | undefined, first = true; first || after; first = false) {
      const page = await plain.changes({ limit: 3, after });
      paged.push(...page.changes);
      after = page.next;
    }
    expect(paged).toEqual(changes);
  });

  it('reports the record that it cannot read, and keeps what came before', async () => {
    const record = (image: object, number: string) =>
      ({ dynamodb: { NewImage: image, SequenceNumber: number } }) as unknown as DynamoDBRecord;
    const good = { p: { S: 'T#OR#0' }, s: { S: 'good' }, v: { N: '1' }, u: { N: String(NOW - 5 * DAY * 1000) } };

    const answer = await handler({
      Records: [record(good, '1'), record({ ...good, p: { S: 'T#??#0' } }, '2'), record(good, '3')],
    });

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }] });
    expect((await open().changes({ type: 'Organization', limit: 99 })).changes.map(told)).toContain(
      'Organization/good/1',
    );
  });
});

describe('the change log', () => {
  it('pages over days and minutes, many batches in disorder', { timeout: 60_000 }, async () => {
    const own = await createTables(client);
    const write = openChangeLogWriter({ client, registry: own.registry });
    const log = openDynamo({ client, tables: own, keys: secrets, documents: openMemory().documents, clock: () => NOW });
    const changes = Array.from({ length: 300 }, (_, at) => ({
      type: at % 3 ? 'Organization' : 'Location',
      id: `x${at}`,
      version: 1,
      lastUpdated: NOW - ((at * 7919) % 300) * 11 * 60_000,
    }));
    for (let at = 0; at < 300; at += 40) await write(changes.slice(at, at + 40), `batch${at}`);

    const read = async (type?: string, since?: number) => {
      const all: ChangeRef[] = [];
      let after: string | undefined;
      do {
        const page = await log.changes({ type, since, limit: 17, after });
        all.push(...page.changes);
        after = page.next;
      } while (after);
      return all.map(told);
    };
    const sorted = changes.toSorted((a, b) => b.lastUpdated - a.lastUpdated);
    expect(await read()).toEqual(sorted.map(told));
    // In the middle of a day, at its first minute, before all, after all.
    for (const since of [
      NOW - 30 * 3_600_000,
      Date.parse(new Date(NOW).toISOString().slice(0, 10)),
      0,
      NOW + DAY * 1000,
    ])
      expect(await read(undefined, since)).toEqual(sorted.filter((one) => one.lastUpdated >= since).map(told));
    const { next } = await log.changes({ limit: 17 });
    expect(await log.changes({ limit: 17, since: NOW + 1, after: next })).toEqual({ changes: [], next: undefined });
    expect(await read('Location')).toEqual(sorted.filter(({ type }) => type === 'Location').map(told));
  });
});

describe('the sweeper', () => {
  it('starts in its own environment, and rolls back what was refused above', async () => {
    vi.stubEnv('CLINICAL_TABLE', tables.clinical);
    vi.stubEnv('DOCUMENTS_BUCKET', 'documents');
    const { handler: sweep } = await import('../../../functions/entries/transaction-sweeper.ts');

    expect(await sweep()).toMatchObject({ rolledForward: 0 });
    const { Items = [] } = await client.send(
      new ScanCommand({ TableName: tables.clinical, FilterExpression: 'attribute_exists(t)' }),
    );
    expect(Items).toEqual([]);
  });
});
