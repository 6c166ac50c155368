// Searches over everybody that no index serves: correct and whole over their pages, bounded in each, honest where they stopped.
import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import type { SearchPage } from '../../../functions/search/search.ts';
import { openDynamo } from '../../../functions/storage/dynamo.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import type { Resources } from '../../../functions/storage/port.ts';
import { deriveSecrets } from '../../../functions/storage/region-secrets.ts';
import { createTables, dynamoClient, stopDynamoDb } from '../../support/dynamodb.ts';
import { given, NOW, requestOf, type Searching, searching } from './support.ts';

afterAll(stopDynamoDb);

const PATIENTS = 60;

/** @param bytes of text that nothing compresses, so that the store needs several pages */
const population = (count: number, bytes: number): Resource[] =>
  Array.from({ length: count }, (_, i) => {
    const note = bytes > 0 ? { note: [{ text: randomBytes(bytes / 2).toString('hex') }] } : {};
    if (i % 10 === 0) return given('Organization', `o${i}`, { name: `clinic ${i % 7}`, active: i % 20 === 0 });
    return given('Observation', `b${i}`, {
      subject: { reference: `Patient/p${i % PATIENTS}` },
      status: i % 3 === 0 ? 'amended' : 'final',
      code: { coding: [{ system: 'http://local', code: `c${i % 13}` }] },
      effectiveDateTime: new Date(Date.UTC(2020, 0, 1) + ((i * 7) % 400) * 86_400_000).toISOString(),
      valueQuantity: { value: (i * 31) % 200, unit: 'mg' },
      ...note,
    });
  });

interface Coded extends Resource {
  readonly status: string;
  readonly code: { coding: { code: string }[] };
  readonly effectiveDateTime: string;
  readonly valueQuantity: { value: number };
}
type Is = (resource: Coded) => boolean;
const isCoded =
  (code: string): Is =>
  (one) =>
    one.code.coding[0]!.code === code;

const SEARCHES: readonly (readonly [string, Is])[] = [
  ['Observation?code=http://local|c5', isCoded('c5')],
  [
    'Observation?code=c5,c6&status=amended',
    (one) => (isCoded('c5')(one) || isCoded('c6')(one)) && one.status === 'amended',
  ],
  ['Observation?value-quantity=gt190', (one) => one.valueQuantity.value > 190],
  ['Observation?date=lt2020-02-01T00:00:00Z', (one) => one.effectiveDateTime < '2020-02-01'],
  ['Observation?status:not=final&code:not=c5', (one) => one.status !== 'final' && !isCoded('c5')(one)],
  ['Observation?code=none', () => false],
];

const wantedOf = (all: readonly Resource[], is: Is) =>
  all
    .filter((one) => one.resourceType === 'Observation' && is(one as Coded))
    .map(({ id }) => `Observation/${id}`)
    .toSorted();

/** Pages as they came: matches, whether the page says that it stopped, and what is expected of every page. */
const walked = async ({ page }: Searching, url: string) => {
  const found: string[] = [];
  let stops = 0;
  let pages = 0;
  let total: number | undefined;
  let next: string | undefined = url;
  while (next !== undefined) {
    const answer: SearchPage = await page(next);
    pages += 1;
    found.push(...answer.matches.map(({ type, id }) => `${type}/${id}`));
    const isStopped = answer.outcome.some(({ code, severity }) => code === 'incomplete' && severity === 'warning');
    if (isStopped) stops += 1;
    if (isStopped) expect(answer.next).toBeDefined();
    if (answer.next !== undefined) expect(answer.total).toBeUndefined();
    ({ next, total } = answer);
    if (pages > 500) throw new Error('the pages do not end');
  }
  return { found: found.toSorted(), inOrder: found, stops, pages, total };
};

const dynamo = async (): Promise<Resources> => {
  const client = await dynamoClient();
  return openDynamo({
    client,
    tables: await createTables(client),
    keys: deriveSecrets(new Uint8Array(32).fill(9)),
    documents: openMemory().documents,
    clock: () => NOW,
  });
};

describe.each([
  ['memory', async (): Promise<Resources | undefined> => undefined, 4_600, 0],
  ['DynamoDB', dynamo as () => Promise<Resources | undefined>, 420, 6_000],
] as const)('over everybody in %s', (_, open, count, bytes) => {
  const all = population(count, bytes);
  // Time passes with every page that is read, so that a request may read few.
  let now = NOW;
  const found = open().then((opened) => searching(all, () => (now += 6_000), opened));

  it.each(SEARCHES)(
    'all pages of %s together are what reading everything finds',
    { timeout: 60_000 },
    async (url, is) => {
      const { found: got, pages, total } = await walked(await found, `${url}&_count=9`);
      expect(got).toEqual(wantedOf(all, is));
      expect(pages).toBeGreaterThan(got.length < 9 ? 0 : 1);
      expect(total).toBe(got.length);
    },
  );

  it.each(['_summary=count', '_count=0'])(
    '%s goes on by the next link, and tells the total at the end',
    async (how) => {
      const [url, is] = SEARCHES[2]!;
      const { found: got, stops, total } = await walked(await found, `${url}&${how}`);
      expect(got).toEqual([]);
      expect(stops).toBeGreaterThan(0);
      expect(total).toBe(wantedOf(all, is).length);
    },
  );

  it('what is kept with no patient is read on its own', async () => {
    const { found: got } = await walked(await found, 'Organization?name=clinic 3');
    expect(got).toEqual(
      all
        .filter(({ name }) => name === 'clinic 3')
        .map(({ id }) => `Organization/${id}`)
        .toSorted(),
    );
  });

  it('an order is refused where it would need more than one request may read, and kept where it does not', async () => {
    const { page } = await found;
    await expect(page('Observation?value-quantity=gt1&_sort=date')).rejects.toMatchObject({ refusal: 'notSupported' });
    now = NOW;
    const { matches } = await (await searching(all.slice(0, 300))).page('Observation?code=c5&_sort=date&_count=50');
    const dates = matches.map((stored) => (stored.resource() as Coded).effectiveDateTime);
    expect(dates.length).toBeGreaterThan(5);
    expect(dates).toEqual(dates.toSorted());
  });
});

it('what the caller may not see is on no page, and in no total', async () => {
  const all = population(600, 0);
  const { page } = await searching(all);
  const permit = ({ id }: { id: string }) => !id.endsWith('7');
  const asked = requestOf('Observation?code=c5&_summary=count');
  const wanted = wantedOf(all, isCoded('c5')).filter((name) => !name.endsWith('7'));
  expect((await page('Observation?code=c5&_summary=count', { ...asked, permit })).total).toBe(wanted.length);
});
