// A record over regions, page by page: who was late is asked once more, and then is as that answer says.
import { expect, it } from 'vitest';
import type { Bundle } from '../../console/src/api/client.ts';
import { leadsOn, warningsIn } from '../../console/src/record/use-record.ts';

const MISSING = 'urn:tsumugi:missing';
const page = (relations: readonly string[], ...late: readonly (readonly [code: string, region: string])[]): Bundle =>
  ({
    resourceType: 'Bundle',
    type: 'searchset',
    link: ['self', ...relations].map((relation) => ({ relation, url: `https://region.example/${relation}` })),
    entry: [
      {
        resource: {
          resourceType: 'OperationOutcome',
          issue: late.map(([code, region]) => ({ severity: 'warning', code, diagnostics: region })),
        },
        search: { mode: 'outcome' },
      },
    ],
  }) as Bundle;

it('goes to the next page while there is one, then to who was missing, and there once', () => {
  const [first, second, last] = [page(['next', MISSING]), page([MISSING]), page([MISSING])];
  expect(leadsOn(first, undefined)).toBe('next');
  expect(leadsOn(second, first)).toBe(MISSING);
  expect(leadsOn(last, second)).toBeUndefined();
  expect(leadsOn(page([MISSING]), undefined)).toBe(MISSING);
  expect(leadsOn(page([]), undefined)).toBeUndefined();
});

it('reads on from what has come of asking who was missing', () => {
  const asked = page([MISSING]);
  expect(leadsOn(page(['next']), asked)).toBe('next');
});

it('says of who was late what the second answer says', () => {
  const said = (...pages: Bundle[]) => warningsIn(pages).map(({ diagnostics }) => diagnostics);
  const first = page([MISSING], ['timeout', 'A'], ['timeout', 'B'], ['forbidden', 'C']);
  expect(said(first)).toEqual(['A', 'B', 'C']);
  expect(said(first, page([MISSING], ['timeout', 'B']))).toEqual(['C', 'B']);
  expect(said(first, page([]))).toEqual(['C']);
  expect(said(first, page(['next']), page([]))).toEqual(['C']);
  expect(said(page(['next'], ['timeout', 'A']), page([]))).toEqual(['A']);
});
