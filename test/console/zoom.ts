// A window of 1280 px at 200 % zoom, which is one of 640 px with two dots a pixel (https://www.w3.org/WAI/WCAG22/Understanding/reflow.html,
// "the content area"): nobody has to scroll sideways to read, and nothing is cut off. Runs in the file of each face, over its stack.
import type { Browser } from 'playwright-core';
import { expect, it } from 'vitest';
import type { RegionEndpoints } from '../../infra/local/endpoints.ts';
import { cutOf, overflowOf, visitAs } from '../support/browser.ts';

const ZOOMED = { width: 640, height: 400, scale: 2 };

export const zoomed = (
  given: () => { readonly browser: Browser; readonly region: RegionEndpoints },
  who: string,
  paths: readonly string[],
): void => {
  it(`shows all pages of ${who} whole at 200 % zoom`, async () => {
    const { browser, region } = given();
    const { page, context, complaints } = await visitAs(browser, region, who, ZOOMED);
    expect(await page.evaluate('[innerWidth, devicePixelRatio]')).toEqual([640, 2]);
    const found: Record<string, readonly string[]> = {};
    for (const path of paths) {
      // The page before may still stand there for a moment.
      await page.evaluate(`document.querySelector('main h1')?.setAttribute('data-before', '')
        location.hash = ${JSON.stringify(`#${path}`)}`);
      await page.locator('main h1:not([data-before])').first().waitFor();
      await page.locator('main .mantine-Loader-root').first().waitFor({ state: 'detached' });
      const wide = await overflowOf(page);
      const all = [...(wide > 0 ? [`${wide} px too wide`] : []), ...(await cutOf(page))];
      if (all.length > 0) found[path] = all;
    }
    expect(found).toEqual({});
    expect(complaints).toEqual([]);
    await context.close();
  });
};
