// RFC 4180 with a byte order mark, as spreadsheets in Japan want it; a field that one would take for a formula is led by an
// apostrophe. The same rules as the API's own CSV (functions/audit/csv.ts), over all of its pages.
export const COLUMNS = [
  'patient',
  'person',
  'source',
  'first',
  'last',
  'accesses',
  'changes',
  'resources',
  'classes',
  'accounts',
] as const;

export type Line = Readonly<Partial<Record<(typeof COLUMNS)[number], string | number | readonly string[]>>>;

const field = (value: Line[keyof Line]): string => {
  const text = typeof value === 'object' ? value.join(' ') : String(value ?? '');
  const plain = /^[\s"']*[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
};

export const csvOf = (columns: typeof COLUMNS, lines: readonly Line[]): string =>
  `\uFEFF${[columns.join(','), ...lines.map((line) => columns.map((name) => field(line[name])).join(','))].join('\r\n')}\r\n`;
