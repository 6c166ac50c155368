// CSV for a spreadsheet: https://www.rfc-editor.org/rfc/rfc4180. What a spreadsheet would take for a formula is led by an apostrophe
// (https://owasp.org/www-community/attacks/CSV_Injection), and a byte order mark tells Excel that it is UTF-8.

const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

export const csvField = (value: string | number | undefined): string => {
  const text = typeof value === 'number' ? String(value) : (value ?? '');
  const safe = typeof value === 'string' && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

export const csv = (rows: readonly (readonly (string | number | undefined)[])[]): string =>
  `\uFEFF${rows.map((row) => `${row.map(csvField).join(',')}\r\n`).join('')}`;
