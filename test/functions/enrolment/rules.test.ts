// Rules without I/O: ages, card numbers, small cells.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ageAt, isMinor, turns } from '../../../functions/enrolment/age.ts';
import { newCardNumber, readCardNumber } from '../../../functions/enrolment/card-number.ts';
import { proxyEnds } from '../../../functions/enrolment/proxy.ts';
import { suppressed } from '../../../functions/enrolment/suppress.ts';

const at = (text: string) => Date.parse(text);

describe('ages', () => {
  it('change at midnight in Japan, not in Greenwich', () => {
    expect(isMinor('2008-11-22', at('2026-11-21T14:59:59Z'))).toBe(true);
    expect(isMinor('2008-11-22', at('2026-11-21T15:00:00Z'))).toBe(false);
    expect(ageAt('2008-11-22', at('2026-11-21T14:59:59Z'))).toBe(17);
    expect(ageAt('2008-11-22', at('2026-11-21T15:00:00Z'))).toBe(18);
  });

  it('of who was born on 29 February is full with the last day of February', () => {
    expect(new Date(turns('2008-02-29', 18)).toISOString()).toBe('2026-02-28T15:00:00.000Z');
    expect(new Date(turns('2008-02-29', 20)).toISOString()).toBe('2028-02-28T15:00:00.000Z');
  });
});

describe('card numbers', () => {
  const bodies = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 11, maxLength: 11 }).map((all) => all.join(''));

  it('catch every wrong digit and every swap of neighbours', () => {
    fc.assert(
      fc.property(bodies, fc.nat(11), fc.integer({ min: 1, max: 9 }), (body, place, by) => {
        const number = newCardNumber(() => body);
        expect(readCardNumber(number)).toBe(number);
        const digits = [...number];
        const wrong = digits.with(place, String((Number(digits[place]) + by) % 10));
        expect(readCardNumber(wrong.join(''))).toBeUndefined();
        if (place < 11 && digits[place] !== digits[place + 1]) {
          const swapped = digits.with(place, digits[place + 1]!).with(place + 1, digits[place]!);
          expect(readCardNumber(swapped.join(''))).toBeUndefined();
        }
      }),
    );
  });

  it('are read as people type them', () => {
    const number = newCardNumber(() => '12345678901');
    const wide = number.replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));
    expect(readCardNumber(wide)).toBe(number);
    expect(readCardNumber(number.replace(/(....)(....)/, '$1 $2-'))).toBe(number);
  });

  it('are drawn anew each time', () => {
    const drawn = new Set(Array.from({ length: 2000 }, () => newCardNumber()));
    expect(drawn.size).toBe(2000);
    for (const number of drawn) expect(readCardNumber(number)).toBe(number);
  });
});

describe('small cells', () => {
  it('are hidden, with another one from which they could be reckoned', () => {
    const cells = [
      { key: 'a', count: 3 },
      { key: 'b', count: 40 },
      { key: 'c', count: 12 },
      { key: 'd', count: 0 },
    ];
    expect([...suppressed(cells)].sort()).toEqual(['a', 'c']);
  });

  it('leave nothing that sums and differences lead to', () => {
    const counts = fc.array(fc.nat(60), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(counts, (all) => {
        const cells = all.map((count, index) => ({ key: String(index), count }));
        const hidden = suppressed(cells);
        for (const { key, count } of cells) if (count > 0 && count < 10) expect(hidden.has(key)).toBe(true);
        if (hidden.size === 0) return;
        const sum = cells.filter(({ key }) => hidden.has(key)).reduce((total, { count }) => total + count, 0);
        const people = cells.filter(({ count }) => count > 0).length;
        // What total minus shown cells tells is two cells and ten people at least, where there are so many.
        if (people > hidden.size) expect(hidden.size >= 2 && sum >= 10).toBe(true);
      }),
    );
  });
});

describe('the end of a proxy', () => {
  const now = at('2026-11-22T00:00:00Z');

  it('is the eighteenth birthday for parents, or earlier', () => {
    expect(proxyEnds({ kind: 'parent' }, '2010-03-01', now)).toBe(at('2028-02-29T15:00:00Z'));
    expect(proxyEnds({ kind: 'parent', until: '2027-03-31' }, '2010-03-01', now)).toBe(at('2027-03-31T15:00:00Z'));
  });

  it('must be stated for an adult, and parents of adults are none', () => {
    expect(() => proxyEnds({ kind: 'parent' }, '2008-11-22', now)).toThrow(/18/);
    expect(() => proxyEnds({ kind: 'family' }, '1940-01-01', now)).toThrow(/last day/);
    expect(proxyEnds({ kind: 'adult-guardian', until: '2029-03-31' }, '1940-01-01', now)).toBe(
      at('2029-03-31T15:00:00Z'),
    );
  });

  it('may not be over already, and a minor gives no letter of attorney', () => {
    expect(() => proxyEnds({ kind: 'family', until: '2026-11-01' }, '1940-01-01', now)).toThrow(/over/);
    expect(() => proxyEnds({ kind: 'delegate', until: '2027-01-01' }, '2012-01-01', now)).toThrow(/minor/);
  });
});
