import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, openBrowser, signIn, visit } from '../support/browser.ts';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';

describe.skipIf(!hasBrowser)('the chart in the console (skipped without /usr/bin/chromium)', () => {
  let stack: LocalStack;
  let browser: Browser;
  beforeAll(async () => {
    [stack, browser] = await Promise.all([startLocalStack({ empty: false }), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  it('is found by kana with the keyboard alone, and shows everything of the person', async () => {
    const seen = await visit(browser, stack.region());
    const { page } = seen;
    await signIn(seen, stack.region(), 'staff:hospital-doctor');

    await page.getByRole('combobox').fill('みほ');
    await page.getByRole('option').first().waitFor();
    await page.getByRole('combobox').fill('みほ S36.4.12');
    // Whoever was listed for the letters before is not opened.
    await page.keyboard.press('Enter');
    await page.getByRole('option', { name: /見本 夏男/ }).waitFor({ state: 'detached' });
    expect(page.url()).not.toContain('patients');
    // Three facilities know her.
    const rows = await page.getByRole('option').allTextContents();
    for (let at = 0; at < rows.findIndex((row) => row.includes('病院')); at += 1)
      await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');

    await page.getByRole('heading', { name: '見本 春子' }).waitFor();
    await page.getByRole('region', { name: '病名・問題' }).getByText('2型糖尿病').waitFor();
    await page.getByRole('tab', { name: /検査値/ }).click();
    await page.getByRole('rowheader', { name: /HbA1c/ }).waitFor();
    await page.getByText('グラフ').click();
    await page.getByRole('img', { name: /\S/ }).first().waitFor();
    await page.locator('canvas').waitFor();
    await page.getByRole('tab', { name: /文書/ }).click();
    await page.getByRole('button', { name: /^開く/ }).first().click();
    await page.getByText('腎機能の経過をご確認ください').waitFor();

    expect(await page.title()).not.toContain('見本 春子');
    expect(page.url()).not.toMatch(/%E8|見|mihon/i);
    expect(seen.complaints).toEqual([]);
    if (process.env['TSUMUGI_SCREENS']) {
      await page.keyboard.press('Escape');
      await page.getByRole('tab', { name: /検査値/ }).click();
      await page.screenshot({ path: `${process.env['TSUMUGI_SCREENS']}/chart.png` });
    }
    await seen.context.close();
  });
});
