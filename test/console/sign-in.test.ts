import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, openBrowser, signIn, visit } from '../support/browser.ts';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';

describe.skipIf(!hasBrowser)('signing in to the console (skipped without /usr/bin/chromium)', () => {
  let stack: LocalStack;
  let browser: Browser;
  beforeAll(async () => {
    [stack, browser] = await Promise.all([startLocalStack(), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  it.each(['staff:admin', 'staff:clinic-doctor', 'resident:1'])(
    'lets %s in with password and second factor, and out',
    async (who) => {
      const seen = await visit(browser, stack.region());
      await signIn(seen, stack.region(), who);
      const { page } = seen;

      await page.reload();
      await page.getByRole('button', { name: 'サインアウト' }).click();
      await page.getByRole('heading', { name: 'サインイン' }).waitFor();
      expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual([]);
      expect(seen.complaints).toEqual([]);
      await seen.context.close();
    },
  );

  it('says what was wrong, in the language of the browser, and nothing more', async () => {
    const seen = await visit(browser, stack.region(), { language: 'en' });
    const { page } = seen;
    await page.locator('input[name=username]').fill('nobody');
    await page.locator('input[name=password]').fill('Wrong-password-1');
    await page.getByRole('button', { name: 'Next' }).click();

    expect(await page.getByRole('alert').textContent()).toBe(
      'The user name or the password is wrong, or the account is locked for a while.',
    );
    await seen.context.close();
  });

  it('is served with the headers of the template', async () => {
    const answer = await fetch(`${stack.region().console}/`);

    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(answer.headers.get('x-frame-options')).toBe('DENY');
    expect((await fetch(`${stack.region().console}/../package.json`)).status).toBe(404);
    expect((await fetch(`${stack.region().console}/%2e%2e/%2e%2e/package.json`)).status).toBe(404);
  });
});
