// The offices of a region in a browser: what the tests of their pages share, over the one stack that their file has started.
import type { Browser, Locator, Page } from 'playwright-core';
import { sessionOf, type Visit, visitAs } from '../support/browser.ts';
import type { LocalStack } from '../support/local-stack.ts';

export const HOSPITAL = '3610000001';
export const CLINIC = '3610000002';

export interface World {
  readonly stack: LocalStack;
  readonly browser: Browser;
}

export interface Office extends Visit {
  /** What the page's console says besides the refusals that a test asks for, which are a 4xx there. */
  readonly faults: () => readonly string[];
}

export type Offices = ReturnType<typeof officesOf>;

export const officesOf = (world: () => World) => {
  const open = async (who: string, language: 'ja' | 'en' = 'ja'): Promise<Office> => {
    const { stack, browser } = world();
    const seen = await visitAs(browser, stack.region(), who, { language });
    return { ...seen, faults: () => seen.complaints.filter((text) => !/status of 4(00|04|09|10|22)/.test(text)) };
  };

  const tokens = new Map<string, Promise<string>>();
  const tokenOf = async (who: string): Promise<string> => {
    if (who.startsWith('staff:')) return (await sessionOf(world().stack.region(), who)).accessToken;
    if (!who.startsWith('system:')) return who;
    const token = tokens.get(who) ?? world().stack.token(who);
    tokens.set(who, token);
    return token;
  };

  /** By the public API; `who` is a demo identity, or a token. */
  const send = async (who: string, method: string, path: string, body?: object, headers = {}, region?: string) => {
    const isFhir = path.startsWith('/fhir');
    const answer = await fetch(world().stack.region(region).baseUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${await tokenOf(who)}`,
        ...(body && { 'content-type': isFhir ? 'application/fhir+json' : 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return (await answer.json()) as Record<string, string>;
  };

  /** Signed in once for all tests that ask: a code of the authenticator is good once, and waiting for the next takes half a minute. */
  const signedIn = new Map<string, Promise<Office>>();
  const office = async (who: string) => {
    if (!signedIn.has(who)) signedIn.set(who, open(who));
    const seen = await signedIn.get(who)!;
    /** Within the console; the session stays. */
    const go = (path: string): Promise<void> => seen.page.evaluate(`location.hash = ${JSON.stringify(`#${path}`)}`);
    return { ...seen, go };
  };

  return { open, office, send, world };
};

/** By the name of the element, which is the API's. */
export const fill = async (page: Page, values: Readonly<Record<string, string>>, within: Page | Locator = page) => {
  for (const [name, value] of Object.entries(values)) {
    const field = within.locator(`[name="${name}"]`).last();
    if ((await field.and(page.locator('select')).count()) > 0) await field.selectOption(value);
    else await field.fill(value);
  }
};

export const menu = (page: Page, name: string): Promise<void> =>
  page.getByRole('navigation').getByRole('link', { name, exact: true }).click();

export const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name }).last();

export const heading = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole('heading', { name }).first().waitFor();

export const section = (page: Page, name: string): Locator => page.getByRole('region', { name, exact: true }).first();

/** The button of the dialog, which then closes. */
export const answer = async (page: Page, name: string): Promise<void> => {
  await page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
};

/** Asks for something that cannot simply be taken back: the button, what the dialog wants, the button of the dialog. */
export const confirm = async (page: Page, name: string, fillIn?: (dialog: Locator) => Promise<void>): Promise<void> => {
  await page.getByRole('button', { name, exact: true }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await fillIn?.(dialog);
  await answer(page, name);
};

export const because = (reason: string) => (dialog: Locator) => dialog.getByLabel('理由').fill(reason);
