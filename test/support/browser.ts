// A real browser (Debian's Chromium) on a page of the local stack. What the page's console says, and what its content
// security policy had to stop, is collected: a test ends with neither.
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { type SignedIn, signIn as signInByApi } from '../../infra/local/cognito/client.ts';
import { stepAt, totpCode } from '../../infra/local/cognito/totp.ts';
import { cognitoClient, readSecrets } from '../../infra/local/demo/identities.ts';
import type { RegionEndpoints } from '../../infra/local/endpoints.ts';

export { seriousFindings } from './axe.ts';

const EXECUTABLE = '/usr/bin/chromium';
export const hasBrowser = existsSync(EXECUTABLE);

/** Without these Chromium asks hosts of its own at every start. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `camera`: a film (y4m) that it sees, and a person who lets it. */
export const openBrowser = ({ camera }: { readonly camera?: string } = {}): Promise<Browser> =>
  chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      ...ARGS,
      ...(camera === undefined
        ? []
        : [
            '--use-fake-device-for-media-stream',
            '--use-fake-ui-for-media-stream',
            `--use-file-for-fake-video-capture=${camera}`,
          ]),
    ],
  });

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors and warnings of the page's console. */
  readonly complaints: readonly string[];
}

export interface VisitOptions {
  readonly language?: 'ja' | 'en';
  readonly width?: number;
  readonly height?: number;
  /** Dots a pixel: 2 with half the width is a page at 200 % zoom. */
  readonly scale?: number;
  /** A finger instead of a mouse. */
  readonly touch?: boolean;
  /** Before the page is loaded. */
  readonly prepare?: (context: BrowserContext) => Promise<unknown>;
}

export const visit = async (
  browser: Browser,
  { console: url, baseUrl }: RegionEndpoints,
  { language = 'ja', width = 1280, height = 800, scale = 1, touch = false, prepare }: VisitOptions = {},
): Promise<Visit> => {
  const context = await browser.newContext({
    hasTouch: touch,
    isMobile: touch,
    locale: language === 'ja' ? 'ja-JP' : 'en-GB',
    timezoneId: 'Asia/Tokyo',
    // What still fades in has no contrast yet, and moves under the mouse.
    reducedMotion: 'reduce',
    viewport: { width, height },
    deviceScaleFactor: scale,
  });
  // On a busy machine the half minute that Playwright waits by itself is not long.
  context.setDefaultTimeout(120_000);
  await prepare?.(context);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    // Cognito refuses a second factor that was used before with 400; `signIn` takes the next.
    if (message.text().includes('status of 400') && !message.location().url.startsWith(baseUrl)) return;
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${url}/`);
  return { page, context, complaints };
};

const SIGN_OUT = /^(サインアウト|Sign out)$/;
const usedSteps = new Map<string, Set<number>>();

/** A code of the authenticator that this process has not used; this half minute's and its neighbours are good. */
export const freshCode = async (secret: string): Promise<string> => {
  const used = usedSteps.get(secret) ?? new Set();
  usedSteps.set(secret, used);
  for (;;) {
    const now = stepAt(Date.now());
    const step = [now, now + 1, now - 1].find((candidate) => !used.has(candidate));
    if (step !== undefined) {
      used.add(step);
      return totpCode(secret, step);
    }
    await setTimeout(500);
  }
};

/**
 * Signs a demo person in as a person does: password, and the code of the authenticator. A code is good once: where the
 * seeds or another test have used this half minute's, its neighbours are still good, and then the next half minute's.
 */
export const signIn = async (
  { page }: Visit,
  region: RegionEndpoints,
  who: string,
  { password }: { /** That the person has chosen since. */ password?: string } = {},
): Promise<void> => {
  const account = readSecrets(region).people[who];
  if (!account) throw new Error(`no demo person ${who}`);
  const next = page.getByRole('button', { name: /^(次へ|Next)$/ });
  const signedIn = page.getByRole('button', { name: SIGN_OUT });
  if (who.startsWith('resident:')) await page.getByText(/^(住民|Residents)$/).click();
  for (let attempt = 0; attempt < 4; attempt++) {
    const code = account.totpSecret && (await freshCode(account.totpSecret));
    await page.locator('input[name=username]').fill(account.username);
    await page.locator('input[name=password]').fill(password ?? account.password);
    await next.click();
    if (code) {
      await page.locator('input[name=code]').fill(code);
      await next.click();
    }
    await signedIn.or(page.getByRole('alert')).first().waitFor();
    if (await signedIn.isVisible()) return;
  }
  throw new Error(`${who} could not sign in: ${await page.getByRole('alert').first().textContent()}`);
};

const sessions = new Map<string, Promise<SignedIn>>();

/** Of a demo person, signed in once for all that a file does in its name. */
export const sessionOf = (region: RegionEndpoints, who: string): Promise<SignedIn> => {
  const key = `${region.baseUrl} ${who}`;
  const known = sessions.get(key);
  if (known) return known;
  const person = readSecrets(region).people[who];
  if (!person) throw new Error(`no demo person ${who}`);
  const kind = who.startsWith('staff:') ? 'STAFF' : 'RESIDENTS';
  const client = cognitoClient(region);
  const made = signInByApi({
    client,
    poolId: region.settings[`${kind}_POOL_ID`] ?? '',
    clientId: region.settings[`${kind}_CLIENT_ID`] ?? '',
    ...person,
  }).finally(() => client.destroy());
  sessions.set(key, made);
  return made;
};

/** For who was signed out everywhere. */
export const forgetSession = (region: RegionEndpoints, who: string): void => {
  sessions.delete(`${region.baseUrl} ${who}`);
};

/** As after a reload of a page in which somebody has signed in: quicker than signing in, which has tests of its own. */
export const visitAs = async (
  browser: Browser,
  region: RegionEndpoints,
  who: string,
  options: VisitOptions = {},
): Promise<Visit> => {
  const { refreshToken } = await sessionOf(region, who);
  const kept = JSON.stringify({ kind: who.startsWith('staff:') ? 'staff' : 'residents', refresh: refreshToken });
  // Once for a tab, who signs out stays so; and not in a document that is shown within the page.
  const signedIn = `if (window === top && !window.name && location.protocol !== 'about:') {
    window.name = 'visited';
    sessionStorage.setItem('tsumugi.session', ${JSON.stringify(kept)});
  }`;
  const seen = await visit(browser, region, {
    ...options,
    prepare: async (context) => {
      await context.addInitScript(signedIn);
      await options.prepare?.(context);
    },
  });
  await seen.page.getByRole('button', { name: SIGN_OUT }).waitFor();
  return seen;
};

/** How much wider the page is than the window; 0: nobody has to scroll sideways to read. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** Text that is cut off where nobody can scroll to it: hidden by its own box, or beyond the window. */
export const cutOf = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('body *')].flatMap((element) => {
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (!own || box.width <= 1 || box.height <= 1 || style.visibility === 'hidden') return [];
    if (box.right <= 0) return []; // the link to the content, until it has the focus
    // What is for screen readers only is a dot by design; what scrolls can be scrolled to.
    for (let up = element; up; up = up.parentElement) {
      const { overflowX, clip, clipPath, position } = getComputedStyle(up);
      if (['auto', 'scroll'].includes(overflowX) || clipPath !== 'none' || (clip !== 'auto' && position === 'absolute'))
        return [];
    }
    const isHidden = ['hidden', 'clip'].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
    const isBeyond = box.right > innerWidth + 1 || box.left < -1;
    return isHidden || isBeyond ? [element.tagName + ': ' + element.textContent.trim().slice(0, 40)] : [];
  })`);

/** Kept when `TSUMUGI_SCREENS` says where; pictures of demo people only. */
export const screenshot = async (page: Page, name: string): Promise<void> => {
  const folder = process.env['TSUMUGI_SCREENS'];
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
};
