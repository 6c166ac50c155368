// axe-core on the page as it stands. Run through the debugger, which the content security policy does not stop.
// https://github.com/dequelabs/axe-core/blob/develop/doc/API.md
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Finding {
  readonly id: string;
  readonly impact?: string | null;
  readonly nodes: readonly { readonly target: readonly unknown[] }[];
}

/** `rule: element`, of what axe calls serious or critical, by WCAG 2.2 AA, once nothing on the page moves any more. */
export const seriousFindings = async (page: Page): Promise<string[]> => {
  await page.evaluate(
    `Promise.allSettled(document.getAnimations()
      .filter(({ effect }) => effect.getComputedTiming().iterations !== Infinity)
      .map(({ finished }) => finished)).then(() => undefined)`,
  );
  // A page that only changes its address keeps what was put into it: half a megabyte is read once.
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(`${source};undefined`);
  const violations = (await page.evaluate(
    `axe.run(document, {
      preload: false,
      resultTypes: ['violations'],
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    }).then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ target }) => ({ target })) })))`,
  )) as readonly Finding[];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
};
