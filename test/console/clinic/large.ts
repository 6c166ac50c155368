// A chart of ten thousand resources: it comes page by page, is sorted, and scrolls.
import { expect, it } from 'vitest';
import { type Given, go } from '../given.ts';

export const large = (given: Given): void => {
  it('scrolls through a chart of ten thousand', async () => {
    const subject = { reference: 'Patient/big' };
    const patient = {
      resourceType: 'Patient',
      id: 'big',
      name: [{ text: '見本 万次郎' }],
      birthDate: '1940-01-01',
      managingOrganization: { reference: 'Organization/demo-hospital' },
    };
    const observation = (at: number) => ({
      resourceType: 'Observation',
      status: 'final',
      category: [
        { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] },
      ],
      code: { coding: [{ system: 'http://loinc.org', code: `${1000 + (at % 40)}-1` }], text: `検査${at % 40}` },
      subject,
      effectiveDateTime: new Date(Date.parse('2026-11-01') - at * 6 * 3_600_000).toISOString(),
      valueQuantity: { value: at % 100, unit: 'mg/dL', system: 'http://unitsofmeasure.org', code: 'mg/dL' },
    });
    const entryOf = (resource: { resourceType: string; id?: string }) => ({
      fullUrl: `urn:uuid:${crypto.randomUUID()}`,
      resource,
      request: resource.id
        ? { method: 'PUT', url: `${resource.resourceType}/${resource.id}` }
        : { method: 'POST', url: resource.resourceType },
    });
    await given.call('system:hospital', 'PUT', '/fhir/Patient/big', patient);
    for (let from = 0; from < 10_000; from += 1_000)
      await given.call('system:hospital', 'POST', '/fhir', {
        resourceType: 'Bundle',
        type: 'batch',
        entry: Array.from({ length: 1_000 }, (_, at) => entryOf(observation(from + at))),
      });
    const seen = await given.open('staff:hospital-doctor');
    const { page } = seen;
    await page.evaluate(`
      window.long = [];
      new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.long.push(Math.round(entry.duration)); })
        .observe({ type: 'longtask' });
    `);
    const started = Date.now();
    await go(page, '/clinic/patients/big');
    await page.getByRole('heading', { name: '見本 万次郎' }).waitFor();
    const first = Date.now() - started;
    await page.getByText(/1000\d件の記録/).waitFor({ timeout: 120_000 });
    const whole = Date.now() - started;
    const loading = await page.evaluate<number[]>('window.long.splice(0)');
    // Two screens a frame for five seconds, as somebody who holds the key down.
    const frames = await page.evaluate<number[]>(`new Promise((resolve) => {
      const times = [];
      const begin = performance.now();
      const step = (now) => {
        times.push(now);
        scrollBy(0, 1600);
        if (now - begin < 5000) requestAnimationFrame(step);
        else resolve(times.slice(1).map((time, at) => Math.round(time - times[at])));
      };
      requestAnimationFrame(step);
    })`);
    const scrolling = await page.evaluate<number[]>('window.long');
    const lines = await page.locator('[role=tabpanel] li').count();
    const sorted = frames.toSorted((a, b) => a - b);
    const most = (tasks: number[]) => Math.max(0, ...tasks);
    console.log(
      `chart of 10,000: first page after ${first} ms, whole after ${whole} ms, ` +
        `${loading.length} long tasks while loading (longest ${most(loading)} ms), ` +
        `${frames.length} frames in 5 s of scrolling over ${lines} lines, median ${sorted[sorted.length >> 1]} ms, ` +
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
