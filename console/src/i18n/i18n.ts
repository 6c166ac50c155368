// Japanese first, English by a switch. Every part of the console has its own words; both languages have the same keys, which
// the compiler holds.
import { createContext, useContext } from 'react';

export const LANGUAGES = ['ja', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface LanguageChoice {
  readonly language: Language;
  readonly choose: (language: Language) => void;
}

export const LanguageContext = createContext<LanguageChoice>({ language: 'ja', choose: () => {} });
export const useLanguage = (): LanguageChoice => useContext(LanguageContext);

export type Words = Readonly<Record<string, string>>;
export type Values = Readonly<Record<string, string | number>>;
export type Text<W extends Words> = (key: keyof W & string, values?: Values) => string;

/** `{name}` in a text is filled in. */
export const filled = (text: string, values: Values = {}): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

/** `const useText = words({ ja: {…}, en: {…} })`, then `const t = useText(); t('save')`. */
export const words = <W extends Words>(texts: { readonly ja: W; readonly en: { readonly [K in keyof W]: string } }) => {
  return (): Text<W> => {
    const { language } = useLanguage();
    return (key, values) => filled(texts[language][key], values);
  };
};

const KEPT = 'tsumugi.language';

/** What was chosen here before, or what the browser prefers; Japanese where it says neither. */
export const firstLanguage = (): Language => {
  const kept = localStorage.getItem(KEPT);
  if (kept === 'ja' || kept === 'en') return kept;
  return navigator.languages.find((one) => /^(ja|en)\b/.test(one))?.startsWith('en') ? 'en' : 'ja';
};

export const keepLanguage = (language: Language): void => localStorage.setItem(KEPT, language);
