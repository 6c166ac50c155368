// Codes of facilities, as far as their digits tell whether they can be right.
import type { FACILITY_TYPES } from '../auth/rows.ts';
import { isPrefecture } from '../services/municipality.ts';

export type FacilityType = (typeof FACILITY_TYPES)[number];

/**
 * 医療機関コード: prefecture (2), 点数表 (1), then seven digits of which the last checks all ten (Luhn).
 * 点数表: 1 医科, 2 健診機関, 3 歯科, 4 調剤, 6 訪問看護.
 */
const FEE_SCHEDULES: Partial<Record<FacilityType, readonly string[]>> = {
  hospital: ['1', '3'],
  clinic: ['1', '3'],
  'dental-clinic': ['3'],
  pharmacy: ['4'],
  'home-nursing': ['6'],
  laboratory: ['1', '2'],
};

/** Where no insurance pays, a facility has 9 and the last nine digits of its telephone number. */
const TELEPHONE = /^9[0-9]{9}$/;

/**
 * What is wrong with a code for a facility of this type, or undefined. Care providers have their 事業所番号 (ten digits, the first
 * two the prefecture) or a code of the second kind.
 */
export const codeFault = (code: string, type: FacilityType): string | undefined => {
  if (!/^[0-9]{10}$/.test(code)) return 'must be 10 digits';
  if (/^0+$/.test(code)) return 'is the code of the region itself';
  const schedules = FEE_SCHEDULES[type];
  if (TELEPHONE.test(code)) return undefined;
  if (!isPrefecture(code.slice(0, 2))) return 'must begin with a prefecture (01-47), or with 9 and a telephone number';
  if (!schedules)
    return type === 'care' || type === 'support-centre' ? undefined : 'must be 9 and nine digits of a telephone number';
  if (!schedules.includes(code[2]!)) return `must have ${schedules.join(' or ')} as its third digit for a ${type}`;
  // Institutions of health checks (2) are numbered by another office, without that check.
  if (code[2] !== '2' && !isLuhn(code)) return 'has a check digit that does not fit';
  return undefined;
};

/** https://www.iso.org/standard/70484.html (ISO/IEC 7812-1, annex B) */
export const isLuhn = (digits: string): boolean => {
  let sum = 0;
  for (const [index, digit] of [...digits].reverse().entries()) {
    const product = Number(digit) * (index % 2 === 0 ? 1 : 2);
    sum += product > 9 ? product - 9 : product;
  }
  return sum % 10 === 0;
};
