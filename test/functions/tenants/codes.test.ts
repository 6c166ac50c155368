import { describe, expect, it } from 'vitest';
import { municipalityFault } from '../../../functions/services/municipality.ts';
import { codeFault } from '../../../functions/tenants/codes.ts';

describe('the code of a facility', () => {
  it.each([
    ['0110113719', 'hospital'], // the example of https://ja.wikipedia.org/wiki/処方箋発行医療機関コード
    ['3610000014', 'clinic'],
    ['3630000010', 'dental-clinic'],
    ['3630000010', 'hospital'],
    ['3640000034', 'pharmacy'],
    ['3660000013', 'home-nursing'],
    ['9886000005', 'fire'],
    ['9886000004', 'care'],
    ['3670100123', 'care'],
    ['9886000006', 'municipality'],
  ] as const)('%s may be that of a %s', (code, type) => {
    expect(codeFault(code, type)).toBeUndefined();
  });

  it.each([
    ['361000001', 'hospital', 'must be 10 digits'],
    ['361000001a', 'hospital', 'must be 10 digits'],
    ['3610000015', 'hospital', 'has a check digit that does not fit'],
    ['4810000014', 'hospital', 'must begin with a prefecture'],
    ['0010000014', 'hospital', 'must begin with a prefecture'],
    ['3640000034', 'hospital', 'must have 1 or 3 as its third digit'],
    ['3610000014', 'pharmacy', 'must have 4 as its third digit'],
    ['3610000014', 'fire', 'must be 9 and nine digits of a telephone number'],
    ['0000000000', 'operator', 'is the code of the region itself'],
  ] as const)('%s is not that of a %s', (code, type, rule) => {
    expect(codeFault(code, type)).toContain(rule);
  });

  it('tells every single wrong digit and most swapped neighbours', () => {
    const code = '0110113719';
    for (let at = 3; at < 10; at += 1)
      for (let other = 0; other < 10; other += 1) {
        if (String(other) === code[at]) continue;
        expect(codeFault(`${code.slice(0, at)}${other}${code.slice(at + 1)}`, 'hospital')).toBeDefined();
      }
  });
});

describe('the code of a municipality', () => {
  it.each(['36201', '362018', '032034', '131016', '012025'])('%s is one', (code) => {
    expect(municipalityFault(code)).toBeUndefined();
  });

  it.each(['3620', '362019', '48201', '00100', 'abcde'])('%s is none', (code) => {
    expect(municipalityFault(code)).toBeDefined();
  });
});
