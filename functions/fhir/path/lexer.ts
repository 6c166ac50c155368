// Tokens of FHIRPath: https://hl7.org/fhirpath/N1/#tokens

export type TokenKind =
  | 'identifier'
  | 'quoted'
  | 'string'
  | 'number'
  | 'date'
  | 'time'
  | 'variable'
  | 'special'
  | 'symbol'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

/** An expression that cannot be parsed or evaluated. Its text is ours or the definitions', except in FHIRPath Patch. */
export class PathError extends Error {}

/** It met more values than it may: nobody knows what it would have answered. */
export class PathTooCostly extends PathError {}

const TOKEN = new RegExp(
  [
    /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\//, // skipped
    /(?<date>@\d{4}(?:-\d\d(?:-\d\d)?)?(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?)/,
    /(?<time>@T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)/,
    /(?<number>\d+(?:\.\d+)?)/,
    /(?<string>'(?:[^'\\]|\\.)*')/,
    /(?<quoted>`(?:[^`\\]|\\.)*`)/,
    /(?<variable>%(?:\w[\w-]*|`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'))/,
    /(?<special>\$\w+)/,
    /(?<identifier>[A-Za-z_]\w*)/,
    /(?<symbol><=|>=|!=|!~|[.,()[\]{}+\-*/&|<>=~])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'y',
);

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', f: '\f' };

/** Takes the quotes off and the escapes back. */
const unquote = (text: string): string =>
  text
    .slice(1, -1)
    .replaceAll(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_, hex?: string, letter = '') =>
      hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (ESCAPES[letter] ?? letter),
    );

const tokenText = (kind: string, text: string): string => {
  if (kind === 'string' || kind === 'quoted') return unquote(text);
  if (kind === 'date' || kind === 'time' || kind === 'special') return text.slice(1);
  if (kind === 'variable') return /^%[`']/.test(text) ? unquote(text.slice(1)) : text.slice(1);
  return text;
};

export const tokenize = (expression: string): Token[] => {
  const tokens: Token[] = [];
  let at = 0;
  while (at < expression.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(expression);
    if (!match) throw new PathError(`unexpected character at ${at} of a FHIRPath expression`);
    for (const [kind, text] of Object.entries(match.groups ?? {}))
      if (text !== undefined) tokens.push({ kind: kind as TokenKind, text: tokenText(kind, text), at });
    at += match[0].length;
  }
  return [...tokens, { kind: 'end', text: '', at }];
};
