// Birth dates as they are mistyped: digits change places, one is wrong, day and month are swapped, an era is misread.
export type BirthLevel = 'same' | 'near' | 'compatible' | 'different' | 'unknown';

const FULL = /^\d{4}-\d{2}-\d{2}$/;

/** Japanese eras overlap on paper: 昭和50 typed as 平成50, 昭和3 as 平成3 and so on. First years: Meiji, Taisho, Showa, Heisei, Reiwa. */
const ERAS = [1868, 1912, 1926, 1989, 2019];
const ERA_GAPS = new Set(ERAS.flatMap((one) => ERAS.map((other) => Math.abs(one - other))).filter(Boolean));

const isOneStep = (a: string, b: string): boolean => {
  const at = [...a].flatMap((digit, place) => (digit === b[place] ? [] : [place]));
  if (at.length === 1) return true;
  const [first = 0, second = 0] = at;
  return at.length === 2 && a[first] === b[second] && a[second] === b[first];
};

export const compareBirths = (a: string | undefined, b: string | undefined): BirthLevel => {
  if (!a || !b) return 'unknown';
  // Only a year, or a year and a month: what is known of both may agree, which proves little.
  if (!FULL.test(a) || !FULL.test(b)) return a.startsWith(b) || b.startsWith(a) ? 'compatible' : 'different';
  if (a === b) return 'same';
  if (isOneStep(a.replaceAll('-', ''), b.replaceAll('-', ''))) return 'near';
  const [yearA, monthA, dayA] = a.split('-');
  const [yearB, monthB, dayB] = b.split('-');
  if (yearA === yearB && monthA === dayB && dayA === monthB) return 'near';
  if (monthA === monthB && dayA === dayB && ERA_GAPS.has(Math.abs(Number(yearA) - Number(yearB)))) return 'near';
  return 'different';
};
