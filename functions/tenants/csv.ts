// Lists as offices have them: CSV of RFC 4180, in UTF-8 or in the Shift_JIS of Windows (CP932), as Excel in Japan writes it.
// https://datatracker.ietf.org/doc/html/rfc4180

export interface CsvFault {
  /** As an editor counts them: the heading is line 1. */
  readonly line: number;
  readonly column: string;
  readonly rule: string;
}

export interface CsvRow {
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

export interface Csv {
  readonly rows: readonly CsvRow[];
  readonly faults: readonly CsvFault[];
}

/** Column → the headings that it may stand under. */
export type Columns = Readonly<Record<string, { readonly names: readonly string[]; readonly needed: boolean }>>;

/**
 * A cell that a spreadsheet would take for a formula. It is refused and not defused: a list that goes out again must be what came in.
 * https://owasp.org/www-community/attacks/CSV_Injection
 */
const FORMULA = /^[\s"']*[=+\-@\t\r＝＋－＠]/;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** The text, or undefined when it is in neither encoding. */
export const decodeCsv = (bytes: Uint8Array): { text: string; encoding: 'utf-8' | 'shift_jis' } | undefined => {
  for (const encoding of ['utf-8', 'shift_jis'] as const)
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes); // takes the byte order mark off
      if (!text.includes('\u0000')) return { text, encoding };
    } catch {
      // the other one
    }
  return undefined;
};

export const readCsv = (text: string, columns: Columns): Csv => {
  const lines = split(text);
  if (!lines) return { rows: [], faults: [{ line: 1, column: '-', rule: 'a quotation mark is not closed' }] };
  const [heading, ...body] = lines;
  if (!heading) return { rows: [], faults: [{ line: 1, column: '-', rule: 'the list is empty' }] };

  const named = heading.cells.map((name) => columnOf(name.trim(), columns));
  const faults: CsvFault[] = [];
  for (const [index, name] of named.entries()) {
    if (name === undefined) faults.push({ line: 1, column: String(index + 1), rule: 'is a heading that is not known' });
    else if (named.indexOf(name) !== index) faults.push({ line: 1, column: name, rule: 'stands twice in the heading' });
  }
  for (const [name, { needed }] of Object.entries(columns))
    if (needed && !named.includes(name)) faults.push({ line: 1, column: name, rule: 'is missing in the heading' });
  if (faults.length > 0) return { rows: [], faults };

  const rows: CsvRow[] = [];
  for (const { line, cells } of body) {
    if (cells.every((cell) => cell.trim() === '')) continue;
    if (cells.length !== named.length) {
      faults.push({ line, column: '-', rule: `has ${cells.length} columns, the heading has ${named.length}` });
      continue;
    }
    const read: Record<string, string> = {};
    for (const [index, cell] of cells.entries()) {
      const column = named[index]!;
      const value = cell.trim();
      if (FORMULA.test(cell)) faults.push({ line, column, rule: 'must not begin as a formula does' });
      else if (CONTROL.test(value)) faults.push({ line, column, rule: 'must not hold control characters' });
      else if (value !== '') read[column] = value;
      else if (columns[column]!.needed) faults.push({ line, column, rule: 'is needed' });
    }
    rows.push({ line, cells: read });
  }
  return { rows, faults };
};

const columnOf = (heading: string, columns: Columns): string | undefined =>
  Object.keys(columns).find((name) => name === heading.toLowerCase() || columns[name]!.names.includes(heading));

/** Undefined: a quotation that does not end. */
const split = (text: string): { line: number; cells: string[] }[] | undefined => {
  const lines: { line: number; cells: string[] }[] = [];
  let line = 1;
  let start = 1;
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  const endCell = () => {
    cells.push(cell);
    cell = '';
  };
  const endLine = () => {
    endCell();
    lines.push({ line: start, cells });
    cells = [];
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    if (char === '\n') line += 1;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (char === '"' && cell === '') quoted = true;
    else if (char === ',') endCell();
    else if (char === '\n') {
      endLine();
      start = line;
    } else if (char !== '\r' || text[at + 1] !== '\n') cell += char;
  }
  if (quoted) return undefined;
  if (cell !== '' || cells.length > 0) endLine();
  return lines;
};

/** For whoever hands a list on in parts. */
export const formatCsv = (heading: readonly string[], rows: readonly CsvRow[]): string =>
  [heading, ...rows.map(({ cells }) => heading.map((name) => cells[name] ?? ''))]
    .map((line) => line.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(','))
    .join('\r\n');
