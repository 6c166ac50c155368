// Other regions by their names: whoever looked, whatever is shared, wherever a record came from.
import { expect, it } from 'vitest';
import { chartOf } from '../../console/src/record/record.ts';
import { summaryOf } from '../../console/src/resident/consent-words.ts';
import { communitiesIn, provisionOf } from '../../console/src/resident/policy.ts';
import { foreignName } from '../../console/src/ui/regions.ts';

const NAMES = new Map([['2.999.3.1', '気仙地域']]);

it.each([
  ['2.999.3.1', '気仙地域'],
  ['2.999.3.1~0310000001', '気仙地域 (0310000001)'],
  ['2.999.47.1', '2.999.47.1'],
  ['2.999.47.1~4710000001', '2.999.47.1 (4710000001)'],
  ['3610000001', undefined],
  ['デモ中央病院', undefined],
  ['', undefined],
])('%s is called %s', (code, name) => {
  expect(foreignName(code, NAMES)).toBe(name);
});

it('a consent says which region it is about', () => {
  const about = (...codes: string[]) => ({
    resourceType: 'Consent',
    provision: {
      type: 'permit',
      actor: codes.map((code) => ({
        role: { coding: [{ system: 'urn:tsumugi:community', code }] },
        reference: { display: code },
      })),
    },
  });
  const words = ((key: string) => `[${key}]`) as Parameters<typeof summaryOf>[1];
  const said = (...codes: string[]) =>
    summaryOf(about(...codes), words, 'ja', (code) => foreignName(code, NAMES) ?? code);
  expect(communitiesIn(provisionOf(about('2.999.3.1', '*')))).toEqual(['2.999.3.1', '*']);
  expect(said('2.999.3.1')).toBe('[permit]: 気仙地域 / [everything]');
  expect(said('*')).toBe('[permit]: [regions] / [everything]');
});

it('a record of another region carries its name, and keeps its OID', () => {
  const condition = { resourceType: 'Condition', id: 'a', onsetDateTime: '2026-01-01', code: { text: '骨折' } };
  const { problems } = chartOf('', [condition], '2.999.3.1', { regionName: '気仙地域' });
  expect(problems).toMatchObject([{ region: '2.999.3.1', regionName: '気仙地域' }]);
});
