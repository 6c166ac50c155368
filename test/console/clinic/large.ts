// A chart of ten thousand resources: it comes page by page, is sorted, and scrolls.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, it, vi } from 'vitest';
import { storedText } from '../../../functions/fhir/json.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { indexOf } from '../../../functions/interactions/write/placing.ts';
import { liveServices } from '../../../functions/services/live.ts';
import { label } from '../../../functions/terminology/labels.ts';
import { awsClient } from '../../../infra/local/demo/identities.ts';
import { type Given, go } from '../given.ts';

const COUNT = 10_000;
/** What a transaction of DynamoDB takes. */
const AT_ONCE = 100;

const observation = (at: number): Resource => ({
  resourceType: 'Observation',
  status: 'final',
  category: [
    { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] },
  ],
  code: { coding: [{ system: 'http://loinc.org', code: `${1000 + (at % 40)}-1` }], text: `検査${at % 40}` },
  subject: { reference: 'Patient/big' },
  effectiveDateTime: new Date(Date.parse('2026-11-01') - at * 6 * 3_600_000).toISOString(),
  valueQuantity: { value: at % 100, unit: 'mg/dL', system: 'http://unitsofmeasure.org', code: 'mg/dL' },
});

/**
 * Through the region's store and not through its API, which has to check and to record each: what is shown here is how they are read.
 * A quarter of the time (2026-11-22, both on a busy machine).
 */
const fill = async (given: Given): Promise<void> => {
  const region = given.stack.region();
  await given.call('system:hospital', 'PUT', '/fhir/Patient/big', {
    resourceType: 'Patient',
    id: 'big',
    name: [{ text: '見本 万次郎' }],
    birthDate: '1940-01-01',
    managingOrganization: { reference: 'Organization/demo-hospital' },
  });
  const { identifier } = await given.call<{ identifier: { value: string }[] }>(
    'system:hospital',
    'GET',
    '/fhir/Organization/demo-hospital',
  );
  const facility = identifier.find(({ value }) => /^\d{10}$/.test(value))!.value;
  for (const [name, value] of Object.entries(region.aws)) vi.stubEnv(name, value);
  const client = new DynamoDBClient(awsClient(region, 'DYNAMODB'));
  const { resources } = await liveServices(region.settings, client);
  const made = Array.from({ length: COUNT }, (_, at) => {
    const resource = observation(at);
    const index = indexOf(label(resource));
    const id = resources.allocate('Observation', index);
    resource.id = id;
    const draft = { type: 'Observation', id, text: storedText(resource), index, facility, method: 'POST' as const };
    return { kind: 'create' as const, draft };
  });
  const writer = async () => {
    while (made.length > 0) await resources.commit(made.splice(0, AT_ONCE), Date.now());
  };
  await Promise.all([writer(), writer(), writer()]);
  client.destroy();
};

export const large = (given: Given): void => {
  it('scrolls through a chart of ten thousand', async () => {
    const began = Date.now();
    await fill(given);
    const filled = Date.now() - began;
    const seen = await given.open('staff:hospital-doctor');
    const { page } = seen;
    await page.evaluate(`
      window.long = [];
      new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.long.push(Math.round(entry.duration)); })
        .observe({ type: 'longtask' });
    `);
    const started = Date.now();
    await go(page, '/clinic/patients/big');
    await page.getByRole('heading', { name: '見本 万次郎' }).waitFor({ timeout: 120_000 });
    const first = Date.now() - started;
    await page.getByText(/1000\d件の記録/).waitFor({ timeout: 120_000 });
    const whole = Date.now() - started;
    const loading = await page.evaluate<number[]>('window.long.splice(0)');
    // Two screens a frame for two seconds, as somebody who holds the key down.
    const frames = await page.evaluate<number[]>(`new Promise((resolve) => {
      const times = [];
      const begin = performance.now();
      const step = (now) => {
        times.push(now);
        scrollBy(0, 1600);
        if (now - begin < 2000) requestAnimationFrame(step);
        else resolve(times.slice(1).map((time, at) => Math.round(time - times[at])));
      };
      requestAnimationFrame(step);
    })`);
    const scrolling = await page.evaluate<number[]>('window.long');
    const lines = await page.locator('[role=tabpanel] li').count();
    const sorted = frames.toSorted((a, b) => a - b);
    const most = (tasks: number[]) => Math.max(0, ...tasks);
    console.log(
      `chart of 10,000: written in ${filled} ms; first page after ${first} ms, whole after ${whole} ms, ` +
        `${loading.length} long tasks while loading (longest ${most(loading)} ms), ` +
        `${frames.length} frames in 2 s of scrolling over ${lines} lines, median ${sorted[sorted.length >> 1]} ms, ` +
        `99th ${sorted[Math.floor(sorted.length * 0.99)]} ms, ${scrolling.length} long tasks (longest ${most(scrolling)} ms)`,
    );
    // More comes for as long as somebody goes on, however fast the machine is.
    const drawn =
      "scrollTo(0, document.documentElement.scrollHeight), document.querySelectorAll('[role=tabpanel] li').length";
    await expect.poll(() => page.evaluate(drawn), { timeout: 120_000 }).toBeGreaterThan(1_000);
    expect(seen.complaints).toEqual([]);
    await seen.context.close();
  }, 480_000);
};
