// Ages as the law counts them (年齢計算ニ関する法律, 民法143条): a year is full at the end of the day before the birthday, in Japan's time.

/** Japan has kept +09:00 all the year since 1952. */
const JST_MS = 9 * 3_600_000;

/** 民法4条, since 2022-04-01. */
export const MAJORITY = 18;

/** The day in Japan, `YYYY-MM-DD`. */
export const dayInJapan = (now: number): string => new Date(now + JST_MS).toISOString().slice(0, 10);

/** The instant at which somebody becomes `age`. Born on 29 February: on 1 March where the year has no 29th. */
export const turns = (birthDate: string, age: number): number => {
  const [year, month, day] = birthDate.split('-').map(Number);
  return Date.UTC(year! + age, month! - 1, day!) - JST_MS;
};

export const ageAt = (birthDate: string, now: number): number => {
  let age = Number(dayInJapan(now).slice(0, 4)) - Number(birthDate.slice(0, 4));
  while (age > 0 && turns(birthDate, age) > now) age -= 1;
  return Math.max(0, age);
};

export const isMinor = (birthDate: string, now: number): boolean => now < turns(birthDate, MAJORITY);

/**
 * A minor who sees and consents alone, by the region's setting (`matureMinorAge`); no minor does where there is none. Domain.md 4.4.
 */
export const decidesAlone = (birthDate: string | undefined, from: number | undefined, now: number): boolean =>
  birthDate !== undefined && from !== undefined && now >= turns(birthDate, from) && isMinor(birthDate, now);

/** Written as FHIR wants an instant, in Japan's time. */
export const instantInJapan = (ms: number): string => `${new Date(ms + JST_MS).toISOString().slice(0, 19)}+09:00`;
