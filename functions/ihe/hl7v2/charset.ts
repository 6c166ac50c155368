// Character sets of MSH-18: table 0211, https://terminology.hl7.org/CodeSystem-v2-0211.html. Japan's systems send
// `~ISO IR87` (JIS X 0208 by ISO-2022 escapes); the double-byte codes contain every delimiter, so bytes become text first.
import { Hl7Error } from './message.ts';

export type Charset = 'utf-8' | 'iso-2022-jp' | 'shift_jis' | 'euc-jp' | 'ascii';

const NAMES: Readonly<Record<string, Charset>> = {
  '': 'ascii',
  ASCII: 'ascii',
  'ISO IR6': 'ascii',
  'UNICODE UTF-8': 'utf-8',
  'ISO IR192': 'utf-8',
  'UTF-8': 'utf-8',
  'ISO IR87': 'iso-2022-jp',
  'ISO IR13': 'iso-2022-jp',
  'ISO IR14': 'iso-2022-jp',
  // JIS X 0212: named beside the others by systems that do not use it. A character of it is refused.
  'ISO IR159': 'iso-2022-jp',
  'ISO-2022-JP': 'iso-2022-jp',
  SHIFT_JIS: 'shift_jis',
  'EUC-JP': 'euc-jp',
};

/** The character set that a message declares: the first of MSH-18's repetitions that is more than ASCII. */
export const charsetOf = (bytes: Uint8Array): Charset => {
  const header =
    Buffer.from(bytes.subarray(0, 4_096))
      .toString('latin1')
      .replace(/^\s+/, '')
      .split(/[\r\n]/, 1)[0] ?? '';
  const field = header.split(header[3] ?? '|')[17] ?? '';
  const named = field.split(header[5] ?? '~').map((name) => name.trim().toUpperCase());
  const unknown = named.find((name) => !Object.hasOwn(NAMES, name));
  if (unknown !== undefined)
    throw new Hl7Error('207', 'MSH-18 names a character set that is not read here', ['MSH', 1, 18]);
  return named.map((name) => NAMES[name]).find((charset) => charset !== undefined && charset !== 'ascii') ?? 'ascii';
};

/** Bytes of a message as text. Without MSH-18, UTF-8 is taken (ASCII is part of it) and anything else refused. */
export const decodeMessage = (bytes: Uint8Array): { text: string; charset: Charset } => {
  const charset = charsetOf(bytes);
  try {
    if (charset !== 'iso-2022-jp')
      return { text: new TextDecoder(charset === 'ascii' ? 'utf-8' : charset, { fatal: true }).decode(bytes), charset };
    // JIS X 0201's Roman set would turn \ and ~, both delimiters, into a yen sign and an overline.
    const roman = Buffer.from(bytes).toString('latin1').replaceAll('\x1b(J', '\x1b(B');
    return { text: new TextDecoder('iso-2022-jp', { fatal: true }).decode(Buffer.from(roman, 'latin1')), charset };
  } catch (fault) {
    if (fault instanceof TypeError)
      throw new Hl7Error('207', 'the message is not in the character set of MSH-18', ['MSH', 1, 18]);
    throw fault;
  }
};

/** What MSH-18 says of a message that is encoded so. */
export const charsetName = (charset: Charset): string =>
  ({
    'utf-8': 'UNICODE UTF-8',
    ascii: 'UNICODE UTF-8',
    'iso-2022-jp': '~ISO IR87',
    shift_jis: 'UNICODE UTF-8',
    'euc-jp': 'UNICODE UTF-8',
  })[charset];

/** Text as the asker can read it: ISO-2022-JP if it wrote so and everything can be said in it, UTF-8 otherwise. */
export const encodeMessage = (write: (charset: string) => string, wanted: Charset): Uint8Array => {
  if (wanted === 'iso-2022-jp') {
    const encoded = toIso2022Jp(write(charsetName('iso-2022-jp')));
    if (encoded) return encoded;
  }
  return Buffer.from(write(charsetName('utf-8')), 'utf8');
};

let jis: Map<string, number> | undefined;

/** JIS X 0208 from the runtime's own decoder, so that there is no table to keep. */
const jisTable = (): Map<string, number> => {
  if (jis) return jis;
  jis = new Map();
  const decoder = new TextDecoder('euc-jp');
  for (let row = 0x21; row <= 0x7e; row += 1)
    for (let cell = 0x21; cell <= 0x7e; cell += 1) {
      const character = decoder.decode(Uint8Array.of(row | 0x80, cell | 0x80));
      if ([...character].length === 1 && character !== '\uFFFD' && !jis.has(character))
        jis.set(character, (row << 8) | cell);
    }
  return jis;
};

/** Undefined when a character has no place in JIS X 0208 (half-width kana, many names' variants). */
const toIso2022Jp = (text: string): Uint8Array | undefined => {
  const bytes: number[] = [];
  let double = false;
  const shift = (to: boolean) => {
    if (double !== to) bytes.push(0x1b, to ? 0x24 : 0x28, 0x42);
    double = to;
  };
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x80) {
      shift(false);
      bytes.push(point);
      continue;
    }
    const code = jisTable().get(character);
    if (code === undefined) return undefined;
    shift(true);
    bytes.push(code >> 8, code & 0xff);
  }
  shift(false);
  return Uint8Array.from(bytes);
};
