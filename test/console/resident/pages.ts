// Every page of a resident's: WCAG 2.2 AA by axe in both languages, and words where the API fails.
import { expect, it } from 'vitest';
import { overflowOf, seriousFindings } from '../../support/browser.ts';
import { type Given, go } from '../given.ts';
import { givenTroubles, settled, type Troubles } from '../troubles.ts';

/** What each asks for; '': nothing that it cannot do without. */
const PAGES: Readonly<Record<string, string>> = {
  '': '/me/alerts',
  '/record': '$everything',
  '/measurements': '/Observation/_search',
  '/looked': '/AuditEvent/_search',
  '/consents': '/Consent/_search',
  '/opt-in': '',
  '/card': '/me/cards',
  '/family': '/me/proxies',
  '/pairing': '/me/pairings',
  '/download': '$everything',
  '/contact': '/me/person',
  '/help': '',
  '/leave': '/me/enrolment',
};

export const pages = (given: Given): void => {
  it('has no serious finding of axe and no line beyond the screen (Japanese at 360 px, English at 1280 px)', async () => {
    const walk = async (language: 'ja' | 'en', width: number) => {
      const seen = await given.open('resident:1', '/resident', { language, width });
      const { page } = seen;
      const found: Record<string, readonly string[]> = {};
      for (const path of Object.keys(PAGES)) {
        await go(page, `/resident${path}`);
        await page.getByRole('heading', { level: 1 }).first().waitFor();
        await page.locator('.mantine-Loader-root').first().waitFor({ state: 'detached' });
        const wide = await overflowOf(page);
        const all = [...(await seriousFindings(page)), ...(wide > 0 ? [`${wide} px too wide`] : [])];
        if (all.length > 0) found[path] = all;
      }
      expect(found, language).toEqual({});
      expect(seen.complaints).toEqual([]);
      await seen.context.close();
    };
    // The one waits for the API while the other is looked through.
    await Promise.all([walk('ja', 360), walk('en', 1280)]);
  });

  it('says on every page what failed, shows nothing empty for it, and goes on when it is tried again', async () => {
    const troubles: Troubles = { failing: '/me/enrolment' };
    const seen = await given.open('resident:2', '/resident', {
      language: 'en',
      width: 360,
      prepare: givenTroubles(given.stack.region(), troubles),
    });
    const { page } = seen;
    await page.clock.install();
    const failed = page.getByRole('alert').filter({ hasText: 'That did not work.' }).first();
    const again = page.getByRole('button', { name: 'Try again' }).first();
    await settled(page, failed);
    troubles.failing = undefined;
    await again.click();
    await page
      .getByRole('main')
      .getByRole('link', { name: /My record/ })
      .waitFor();

    for (const [path, part] of Object.entries(PAGES)) {
      if (part === '') continue;
      troubles.failing = part;
      await go(page, '/resident/help');
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      // What was read a while ago is asked for again.
      await page.clock.fastForward(60_000);
      await go(page, `/resident${path}`);
      await settled(page, failed);
      expect(await again.isVisible(), path).toBe(true);
    }
    // No sheet that would say that nothing is known, no list of people to call that is empty for want of an answer.
    for (const [path, part, absent] of [
      ['/download', '$everything', 'region'],
      ['/contact', '/fhir/Patient/', 'button'],
    ] as const) {
      troubles.failing = part;
      await go(page, `/resident${path}`);
      await settled(page, failed);
      const name = absent === 'region' ? /summary/i : 'Save the change';
      expect(await page.getByRole(absent, { name }).count(), path).toBe(0);
    }
    troubles.failing = undefined;
    await again.click();
    await failed.waitFor({ state: 'detached' });

    await seen.context.setOffline(true);
    await go(page, '/resident/record');
    await page.clock.fastForward(60_000);
    await page.getByText('You are offline.').waitFor();
    await settled(
      page,
      page.getByText('No connection. Please check the network.').or(page.getByText('見本 夏男')).first(),
    );
    await seen.context.setOffline(false);
    await page.getByText('見本 夏男').first().waitFor();
    await seen.context.close();
  });
};
