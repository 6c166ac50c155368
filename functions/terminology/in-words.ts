/** `entered-in-error` → `Entered In Error`, `CareTeam` → `Care Team`: how HL7 mostly displays its codes. */
export const inWords = (code: string): string =>
  code
    .replace(/[-_]/g, ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/\b\w/g, (letter) => letter.toUpperCase());
