// The range of a date: what was read once is kept, and is the same when it is asked again.
import { expect, it } from 'vitest';
import { spanOf } from '../../../functions/search/dates.ts';

const DAY_MS = 86_400_000;
const day = (at: number) => new Date(Date.UTC(1960, 0, 1) + at * DAY_MS).toISOString().slice(0, 10);

it('reads each date right however many were read before, and again when it is asked again', () => {
  const many = Array.from({ length: 10_000 }, (_, at) => at);
  for (const turn of ['first', 'again']) {
    const wrong = many.filter((at) => {
      const low = Date.UTC(1960, 0, 1) + at * DAY_MS - 9 * 3_600_000; // a day in Japan
      const span = spanOf(day(at));
      return span?.low !== low || span.high !== low + DAY_MS;
    });
    expect(wrong, turn).toEqual([]);
  }
});

it.each([
  '',
  '2024-13',
  '2024-02-30',
  '20240101',
  '2024-01-01T25:00:00Z',
  'a'.repeat(10_000),
  `2024-01-01${'0'.repeat(100)}`,
])('finds no date in %s, also when it is asked again', (text) => {
  expect(spanOf(text)).toBeUndefined();
  expect(spanOf(text)).toBeUndefined();
});

it('reads the longest form that there is', () => {
  const span = spanOf('2024-01-01T09:00:00.123456789+09:00');
  expect(span).toEqual({ low: Date.UTC(2024, 0, 1, 0, 0, 0, 123), high: Date.UTC(2024, 0, 1, 0, 0, 0, 124) });
});
