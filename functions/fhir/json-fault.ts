// Where a text stops being JSON: https://www.rfc-editor.org/rfc/rfc8259. The engine knows, but its message quotes the text.

type Wanted = 'value' | 'value or ]' | 'name' | 'name or }' | ':' | ', or the end';

const LITERAL = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

const lengthOf = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
};

/** Just after the string that begins at `at`, or minus the place of what cannot be in it. */
const afterString = (text: string, at: number): number => {
  for (let end = at + 1; end < text.length; ) {
    const code = text.charCodeAt(end);
    if (code === 0x22) return end + 1;
    const escaped = code === 0x5c ? lengthOf(ESCAPE, text, end) : 0;
    if (code < 0x20 || (code === 0x5c && escaped === 0)) return -end;
    end += escaped || 1;
  }
  return -text.length;
};

const offsetOf = (text: string): number => {
  const open: string[] = [];
  let wanted: Wanted = 'value';
  for (let at = 0; ; ) {
    while (' \t\n\r'.includes(text[at] ?? '-')) at++;
    const char = text[at];
    if (char === undefined) return at;
    const inObject = open.at(-1) === '{';
    const closes = char === '}' ? inObject : char === ']' && open.at(-1) === '[';
    if (closes && (wanted === ', or the end' || wanted === (inObject ? 'name or }' : 'value or ]'))) {
      open.pop();
      wanted = ', or the end';
      at++;
    } else if (wanted === ', or the end') {
      if (char !== ',' || open.length === 0) return at;
      wanted = inObject ? 'name' : 'value';
      at++;
    } else if (wanted === ':') {
      if (char !== ':') return at;
      wanted = 'value';
      at++;
    } else if (char === '"') {
      const end = afterString(text, at);
      if (end < 0) return -end;
      wanted = wanted.startsWith('name') ? ':' : ', or the end';
      at = end;
    } else if (wanted.startsWith('name')) return at;
    else if (char === '{' || char === '[') {
      open.push(char);
      wanted = char === '{' ? 'name or }' : 'value or ]';
      at++;
    } else {
      const length = lengthOf(LITERAL, text, at);
      if (length === 0) return at;
      wanted = ', or the end';
      at += length;
    }
  }
};

/** `line 3, column 14`, counted from 1, of a text that is not JSON. What stands there is not said. */
export const jsonFault = (text: string): string => {
  const before = text.slice(0, offsetOf(text)).split('\n');
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`;
};
