// What a receptionist typed, as search parameters: names, dates of birth in the ways people write them, numbers.

const ERAS: Readonly<Record<string, number>> = {
  M: 1867,
  T: 1911,
  S: 1925,
  H: 1988,
  R: 2018,
  明治: 1867,
  大正: 1911,
  昭和: 1925,
  平成: 1988,
  令和: 2018,
};

const ERA_DATE = /^(M|T|S|H|R|明治|大正|昭和|平成|令和)(\d{1,2}|元)[./年-](\d{1,2})[./月-](\d{1,2})日?$/i;
const WESTERN_DATE = /^((?:18|19|20)\d{2})[./年-]?(\d{1,2})[./月-]?(\d{1,2})日?$/;

/** `1961-04-12` of `S36.4.12`, `1961/4/12`, `19610412`, `昭和36年4月12日`; undefined: no date. */
export const birthDateOf = (word: string): string | undefined => {
  const [, era, eraYear, eraMonth, eraDay] = ERA_DATE.exec(word) ?? [];
  if (era) {
    const start = ERAS[era.toUpperCase()] ?? ERAS[era] ?? 0;
    return isoDate(start + (eraYear === '元' ? 1 : Number(eraYear)), Number(eraMonth), Number(eraDay));
  }
  const [, year, month, day] = /^\d{8}$/.test(word)
    ? ['', word.slice(0, 4), word.slice(4, 6), word.slice(6)]
    : (WESTERN_DATE.exec(word) ?? []);
  return year ? isoDate(Number(year), Number(month), Number(day)) : undefined;
};

const isoDate = (year: number, month: number, day: number): string | undefined => {
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.toISOString().slice(0, 10);
};

/** Search parameters of what was typed; undefined: too little to search by. */
export const criteriaOf = (typed: string): Readonly<Record<string, string | string[]>> | undefined => {
  const parts = typed.normalize('NFKC').trim().split(/\s+/).filter(Boolean);
  const names: string[] = [];
  let birthdate: string | undefined;
  let identifier: string | undefined;
  for (const part of parts) {
    const date = birthDateOf(part);
    if (date) birthdate = date;
    else if (/\d/.test(part) && /^[A-Za-z0-9-]+$/.test(part)) identifier = part;
    else names.push(part);
  }
  if (names.join('').length < 2 && birthdate === undefined && (identifier?.length ?? 0) < 3) return undefined;
  return {
    ...(names.length > 0 && { name: names }),
    ...(birthdate && { birthdate }),
    ...(identifier && { identifier }),
  };
};
