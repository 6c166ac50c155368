import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSecrets } from '../../infra/local/demo/identities.ts';
import { projectRoot } from '../../infra/local/local-dir.ts';
import {
  hasBrowser,
  openBrowser,
  overflowOf,
  screenshot,
  seriousFindings,
  signIn,
  type Visit,
  visit,
  visitAs,
} from '../support/browser.ts';
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
    // 127.0.0.1 is no name that a passkey could belong to.
    expect(await page.getByRole('button', { name: 'Sign in with a passkey' }).count()).toBe(0);
    await page.locator('input[name=username]').fill('nobody');
    await page.locator('input[name=password]').fill('Wrong-password-1');
    await page.getByRole('button', { name: 'Next' }).click();

    expect(await page.getByRole('alert').textContent()).toBe(
      'The user name or the password is wrong, or the account is locked for a while.',
    );
    await seen.context.close();
  });

  /** Passkeys belong to a host name; 127.0.0.1 is none. */
  const byName = () => {
    const region = stack.region();
    return { ...region, console: region.console.replace('127.0.0.1', 'localhost') };
  };

  /** A device with a screen lock, by https://chromedevtools.github.io/devtools-protocol/tot/WebAuthn/ */
  const giveDevice = async ({ context, page }: Visit) => {
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return {
      unlocks: (isUserVerified: boolean) =>
        devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    };
  };

  it.each([
    ['staff:nurse', 'ja'],
    ['resident:2', 'en'],
  ] as const)('lets %s in by a passkey alone, as long as its owner keeps it', async (who, language) => {
    const seen = await visit(browser, byName(), { language });
    const { page } = seen;
    const device = await giveDevice(seen);
    const button = (ja: string, en: string) => page.getByRole('button', { name: language === 'ja' ? ja : en });
    const signOut = button('サインアウト', 'Sign out').first();
    const passkey = button('パスキーでサインイン', 'Sign in with a passkey');
    await signIn(seen, stack.region(), who);

    await page.getByRole('link', { name: language === 'ja' ? 'サインインの設定' : 'Sign-in settings' }).click();
    await button('この端末にパスキーを作る', 'Make a passkey on this device').click();
    await page.getByRole('row').nth(1).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await overflowOf(page)).toBe(0);
    await screenshot(page, `sign-in-settings-${language}`);
    await page.setViewportSize({ width: 1280, height: 800 });
    await signOut.click();

    // The page remembers neither name nor kind.
    if (who.startsWith('resident:')) await page.getByText(/^(住民|Residents)$/).click();
    const name = readSecrets(stack.region()).people[who]!.username;
    await page.locator('input[name=username]').fill(name);
    await device.unlocks(false);
    await passkey.click();
    await page.getByRole('alert').waitFor();
    await device.unlocks(true);
    await passkey.click();
    await signOut.waitFor();

    await page.getByRole('link', { name: language === 'ja' ? 'サインインの設定' : 'Sign-in settings' }).click();
    await page.getByRole('row').getByRole('button').click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: language === 'ja' ? '削除' : 'Delete' })
      .click();
    await page.getByRole('row').nth(1).waitFor({ state: 'detached' });
    await signOut.click();
    if (who.startsWith('resident:')) await page.getByText(/^(住民|Residents)$/).click();
    await page.locator('input[name=username]').fill(name);
    await passkey.click();
    expect(await page.getByRole('alert').textContent()).toMatch(/パスキーがありません|no passkey/);
    expect(seen.complaints).toEqual([]);
    await seen.context.close();
  });

  /** As the person at the terminal reads it: `npm run -s mail`. */
  const mail = async () => {
    const command = join(projectRoot, 'infra/local/mail.ts');
    const env = { ...process.env, TSUMUGI_LOCAL_DIR: stack.dir };
    const { stdout } = await promisify(execFile)(process.execPath, [command, '--region', 'tokushima'], { env });
    return stdout.trim().split('\n');
  };

  it.each(['staff:pharmacist', 'resident:1'])(
    'gives %s a new password by e-mail, and asks for everything else as before',
    async (who) => {
      const region = stack.region();
      const thief = who.startsWith('resident:') ? await visitAs(browser, region, who) : undefined;
      const seen = await visit(browser, region);
      const { page } = seen;
      const { username } = readSecrets(region).people[who]!;
      if (who.startsWith('resident:')) await page.getByText('住民', { exact: true }).click();
      await page.getByRole('button', { name: 'パスワードを忘れた方' }).click();
      await page.locator('input[name=username]').fill(username);
      await page.getByRole('button', { name: 'コードを送る' }).click();
      await page.getByText('登録があれば、メールが届きます').waitFor();
      expect(await seriousFindings(page)).toEqual([]);

      const [code = 'none'] = (await mail()).findLast((line) => line.includes(username))?.match(/[0-9]{6}$/) ?? [];
      const password = 'Chosen-by-mail-2026';
      await page.locator('input[name=code]').fill(code);
      await page.locator('input[name=password]').fill(password);
      await page.getByRole('button', { name: 'パスワードを変える' }).click();
      await page.getByText('パスワードを変えました').waitFor();
      if (who.startsWith('staff:')) await signIn(seen, region, who, { password });
      else {
        // The choice of residents is still made.
        await page.locator('input[name=username]').fill(username);
        await page.locator('input[name=password]').fill(password);
        await page.getByRole('button', { name: '次へ' }).click();
        await page.getByRole('button', { name: 'サインアウト' }).waitFor();
        // Who knew the old password is out (of staff within a minute: test/e2e/administration.test.ts).
        await thief?.page.reload();
        await thief?.page.getByRole('heading', { name: 'サインイン' }).waitFor();
      }
      expect(stack.output()).not.toContain(code);
      expect(seen.complaints).toEqual([]);
      for (const open of [thief, seen]) await open?.context.close();
    },
  );

  it('says the same to whoever asks for somebody who is not there', async () => {
    const seen = await visit(browser, stack.region());
    const { page } = seen;
    await page.getByRole('button', { name: 'パスワードを忘れた方' }).click();
    await page.locator('input[name=username]').fill('nobody-at-all');
    await page.getByRole('button', { name: 'コードを送る' }).click();
    await page.getByText('登録があれば、メールが届きます').waitFor();
    await page.locator('input[name=code]').fill('123456');
    await page.locator('input[name=password]').fill('Chosen-by-mail-2026');
    await page.getByRole('button', { name: 'パスワードを変える' }).click();

    expect(await page.getByRole('alert').textContent()).toBe('コードが違います。');
    await seen.context.close();
  });

  it('ends the session of whom the administrator disables, and lets nobody in by it again', async () => {
    const region = stack.region();
    const seen = await visitAs(browser, region, 'staff:care-manager');
    const { page } = seen;

    const disabled = await fetch(`${region.baseUrl}/admin/staff/demo-care-manager/disable`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await stack.token('staff:admin')}` },
    });
    expect(disabled.status).toBe(200);
    // What is open is refused within a minute (auth/authenticate.test.ts); the session gives no new token at once.
    await page.reload();
    await page.getByRole('heading', { name: 'サインイン' }).waitFor();
    const { username, password } = readSecrets(region).people['staff:care-manager']!;
    await page.locator('input[name=username]').fill(username);
    await page.locator('input[name=password]').fill(password);
    await page.getByRole('button', { name: '次へ' }).click();
    expect(await page.getByRole('alert').textContent()).toContain('ロックされています');
    await seen.context.close();
  });

  it('ends all sessions when the owner asks for it', async () => {
    const region = stack.region();
    const here = await visitAs(browser, byName(), 'staff:ambulance');
    const there = await visitAs(browser, region, 'staff:ambulance');

    await here.page.getByRole('link', { name: 'サインインの設定' }).click();
    // This tab has not signed in itself, and so changes no passkeys.
    await here.page.getByText('サインインしてから15分のあいだだけ').waitFor();
    await here.page.getByRole('button', { name: 'もう一度サインイン' }).click();
    await here.page.getByRole('heading', { name: 'もう一度サインインしてください' }).waitFor();
    await here.page.reload();
    await here.page.getByRole('button', { name: 'すべての端末からサインアウト' }).click();
    await here.page.getByRole('dialog').getByRole('button', { name: 'すべての端末からサインアウト' }).click();
    await here.page.getByRole('heading', { name: 'サインイン', exact: true }).waitFor();

    await there.page.reload();
    await there.page.getByRole('heading', { name: 'サインイン', exact: true }).waitFor();
    for (const seen of [here, there]) await seen.context.close();
  });

  it('is served with the headers of the template', async () => {
    const answer = await fetch(`${stack.region().console}/`);

    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(answer.headers.get('x-frame-options')).toBe('DENY');
    expect((await fetch(`${stack.region().console}/../package.json`)).status).toBe(404);
    expect((await fetch(`${stack.region().console}/%2e%2e/%2e%2e/package.json`)).status).toBe(404);
  });
});
