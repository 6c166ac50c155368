// A local stack and a browser for all the tests of a file, and what is asked of the API beside the page.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { openBrowser, sessionOf, type Visit, type VisitOptions, visitAs } from '../support/browser.ts';
import { type LocalStack, type LocalStackOptions, startLocalStack } from '../support/local-stack.ts';

export interface Given {
  readonly stack: LocalStack;
  readonly browser: Browser;
  /** Somebody who has signed in, at an address of the console (`/clinic/patients/x`). */
  readonly open: (who: string, hash?: string, options?: VisitOptions & { readonly region?: string }) => Promise<Visit>;
  readonly tokenOf: (who: string, region?: string) => Promise<string>;
  /** The API as this identity; refuses what is not 2xx. */
  readonly call: <T>(who: string, method: string, path: string, body?: unknown, more?: More) => Promise<T>;
}

interface More {
  readonly headers?: Readonly<Record<string, string>>;
  readonly region?: string;
}

export const go = (page: Page, hash: string): Promise<unknown> =>
  page.evaluate(`location.hash = ${JSON.stringify(hash)}`);

/** Asks again until it is so: what a stream carries is there a moment later. */
export const until = async (what: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 240; tries += 1) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error('it did not come to be so');
};

export const givenStack = (options: LocalStackOptions): Given => {
  let stack: LocalStack;
  let browser: Browser;
  const systems = new Map<string, Promise<string>>();
  beforeAll(async () => {
    [stack, browser] = await Promise.all([startLocalStack(options), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  const tokenOf = async (who: string, region?: string): Promise<string> => {
    if (!who.startsWith('system:')) return (await sessionOf(stack.region(region), who)).accessToken;
    const key = `${who} ${region}`;
    const token = systems.get(key) ?? stack.token(who, region);
    systems.set(key, token);
    return token;
  };
  return {
    get stack() {
      return stack;
    },
    get browser() {
      return browser;
    },
    tokenOf,
    open: async (who, hash, { region, ...more } = {}) => {
      const seen = await visitAs(browser, stack.region(region), who, more);
      if (hash !== undefined) await go(seen.page, hash);
      return seen;
    },
    call: async (who, method, path, body, { headers = {}, region } = {}) => {
      const answer = await fetch(`${stack.region(region).baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await tokenOf(who, region)}`,
          ...(body !== undefined && {
            'content-type': path.startsWith('/fhir') ? 'application/fhir+json' : 'application/json',
          }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
  };
};
