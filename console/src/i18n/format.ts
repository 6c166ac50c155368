// Dates and numbers as people in Japan write them, whatever zone the browser is in.
import type { Language } from './i18n.ts';

const ZONE = 'Asia/Tokyo';
const LOCALES: Readonly<Record<Language, string>> = { ja: 'ja-JP', en: 'en-GB' };

const formats = new Map<string, Intl.DateTimeFormat>();
const format = (language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const name = language + JSON.stringify(options);
  let found = formats.get(name);
  if (!found) {
    found = new Intl.DateTimeFormat(LOCALES[language], { timeZone: ZONE, ...options });
    formats.set(name, found);
  }
  return found;
};

/** A FHIR date or dateTime with as much of it as is known: 2024, 2024-05, 2024-05-01, an instant. */
export const dateText = (language: Language, value: string | undefined): string => {
  if (!value) return '';
  if (/^\d{4}$/.test(value)) return language === 'ja' ? `${value}年` : value;
  if (/^\d{4}-\d{2}$/.test(value)) return value.replace('-', '/');
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return value.replaceAll('-', '/');
  const instant = new Date(value);
  return Number.isNaN(instant.getTime())
    ? value
    : format(language, {
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
      }).format(instant);
};

/** The day only. */
export const dayText = (language: Language, value: string | undefined): string => {
  if (!value || value.length <= 10) return dateText(language, value);
  const instant = new Date(value);
  return Number.isNaN(instant.getTime())
    ? value
    : format(language, { year: 'numeric', month: '2-digit', day: '2-digit' }).format(instant);
};

/** Whole years at a day, as the law counts them. */
export const ageAt = (birthDate: string, at = new Date()): number => {
  const [year = 0, month = 1, day = 1] = birthDate.split('-').map(Number);
  const today = format('en', { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(at);
  const part = (type: string) => Number(today.find((one) => one.type === type)?.value);
  const before = part('month') < month || (part('month') === month && part('day') < day);
  return part('year') - year - (before ? 1 : 0);
};
