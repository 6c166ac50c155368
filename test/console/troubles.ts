// The API that fails, for a page to say so.
import type { BrowserContext, Locator, Page, Route } from 'playwright-core';
import { expect } from 'vitest';
import type { RegionEndpoints } from '../../infra/local/endpoints.ts';

const OUTCOME = JSON.stringify({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'fatal', code: 'exception', diagnostics: 'something failed; request 1-2-3' }],
});

export interface Troubles {
  /** Parts of the path that fail; '' is all of the API. */
  failing: string | undefined;
}

/** Every request to the API whose path has this in it is answered with 500. */
export const givenTroubles =
  ({ baseUrl }: RegionEndpoints, troubles: Troubles) =>
  (context: BrowserContext): Promise<unknown> =>
    context.route(
      // The page itself comes from the same host.
      ({ href }) =>
        href.startsWith(baseUrl) &&
        !href.startsWith(`${baseUrl}/console`) &&
        troubles.failing !== undefined &&
        href.includes(troubles.failing),
      (route) =>
        route.fulfill({
          status: 500,
          body: OUTCOME,
          contentType: 'application/fhir+json',
          headers: { 'access-control-allow-origin': '*' },
        }),
    );

type Answer = (route: Route) => Promise<unknown>;

export const refused: Answer = (route) => route.fulfill({ status: 401, body: '' });
/** It is done, and nobody hears of it. */
export const unheard: Answer = async (route) => {
  await route.fetch();
  await route.abort('connectionreset');
};

/**
 * Answers one request after the other in these ways, and lets the rest pass. The route stays: where Playwright takes one away
 * (`times`), a request that is sent in the same moment has no answer now and then (1 of 8, at a load of 20).
 */
export const inTurn = (page: Page, pattern: RegExp, answers: readonly Answer[]): Promise<unknown> => {
  const left = [...answers];
  return page.route(pattern, (route) => (left.shift() ?? ((one: Route) => one.continue()))(route));
};

/**
 * The page has asked as often as it does, and says so; its waiting in between is passed over. Nothing is left that turns: before it
 * has asked at all nothing turns either, so the words are waited for first.
 */
export const settled = async (page: Page, words: Locator): Promise<void> => {
  await expect
    .poll(
      async () => {
        await page.clock.fastForward(3_000);
        return (await words.isVisible()) && (await page.locator('main .mantine-Loader-root').count()) === 0;
      },
      { timeout: 240_000, interval: 200 },
    )
    .toBe(true);
};
