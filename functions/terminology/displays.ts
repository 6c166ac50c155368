/** `entered-in-error` → `Entered In Error`, `CareTeam` → `Care Team`. */
export const inWords = (code: string): string =>
  code
    .replace(/[-_]/g, ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/\b\w/g, (letter) => letter.toUpperCase());

const SMALL = /\b(?:In|Of|Or|To|And|For|By|The|At|On|With)\b/g;

/** How HL7 displays its codes, more or less: each code system by the form that fits most of its codes (infra/build/code-systems.ts). */
export const DISPLAYS: readonly ((code: string) => string)[] = [
  inWords,
  (code) => code,
  (code) => inWords(code).replace(SMALL, (word) => word.toLowerCase()),
  (code) => inWords(code).replace(/(?<=.)[A-Z]/g, (letter) => letter.toLowerCase()),
];
