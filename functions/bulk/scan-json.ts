// Cuts a stream of JSON into pieces that fit in memory: NDJSON by line, a Bundle by entry. Never holds more than one piece.

/** One piece of a file: a resource, or an entry of a Bundle (`inBundle`: the Bundle's own `type`, as far as it was read). */
export interface Piece {
  readonly text: string;
  readonly inBundle: string | undefined;
  /** Of NDJSON, counted from 1. */
  readonly line?: number;
}

export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** UTF-8 that is not UTF-8 is refused, never replaced. */
async function* texts(chunks: Chunks): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

/** NDJSON: one resource a line, empty lines skipped. */
export async function* lines(chunks: Chunks): AsyncGenerator<Piece> {
  let rest = '';
  let line = 0;
  for await (const text of texts(chunks)) {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      line++;
      if (part.trim() !== '') yield { text: part, inBundle: undefined, line };
    }
  }
  if (rest.trim() !== '') yield { text: rest, inBundle: undefined, line: line + 1 };
}

const SPACE = 0x20;
const NO_JSON = 'the file is not JSON: something stands outside of { }';
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);

/** Bundles that are one resource by themselves; the rest are envelopes. */
const WHOLE = new Set(['document', 'message']);

/**
 * A JSON file: one resource, or a Bundle whose entries come one by one.
 * Entries are cut as soon as `resourceType` and the `entry` array were met in that order, as every known writer puts them;
 * a Bundle that names itself only after its entries comes as one piece.
 */
export async function* roots(chunks: Chunks): AsyncGenerator<Piece> {
  let buffer = '';
  let at = 0; // next character to look at
  let start = -1; // where the piece under way begins
  let depth = 0;
  let inString = false;
  let stringStart = 0;
  let lastString = ''; // last string at depth 1: a key, or the value of one
  let key = '';
  let members: Record<string, string> = {};
  let cutting = false; // inside a Bundle's entry array

  for await (const text of texts(chunks)) {
    // Forget what was handed out; keep the piece under way.
    const keep = start >= 0 ? start : inString ? stringStart : at;
    buffer = buffer.slice(keep) + text;
    at -= keep;
    stringStart -= keep;
    if (start >= 0) start = 0;

    for (; at < buffer.length; at++) {
      const code = buffer.charCodeAt(at);
      if (inString) {
        if (code === BACKSLASH) at++;
        else if (code === QUOTE) {
          inString = false;
          if (depth === 1) {
            lastString = buffer.slice(stringStart + 1, at);
            if (key !== '') members[key] = lastString;
          }
        }
      } else if (code === QUOTE) {
        if (depth === 0) throw new SyntaxError(NO_JSON);
        inString = true;
        stringStart = at;
      } else if (depth === 1 && code === 0x3a) {
        key = lastString;
      } else if (depth === 1 && code === 0x2c) {
        key = '';
      } else if (OPEN.has(code)) {
        depth++;
        if (depth === 1) {
          start = at;
          members = {};
          key = '';
        } else if (depth === 2 && code === 0x5b && key === 'entry' && members.resourceType === 'Bundle') {
          if (!WHOLE.has(members.type ?? '')) {
            cutting = true;
            start = -1;
          }
        } else if (depth === 3 && cutting) start = at;
      } else if (CLOSE.has(code)) {
        depth--;
        if (depth < 0) throw new SyntaxError('the file is not JSON: a bracket closes that was not open');
        if (cutting && depth === 2) {
          yield { text: buffer.slice(start, at + 1), inBundle: members.type ?? 'unknown' };
          start = -1;
        } else if (cutting && depth === 1) {
          // Past the entries: nothing more of this root is handed out.
          cutting = false;
          start = -2;
        } else if (depth === 0) {
          if (start >= 0) yield { text: buffer.slice(start, at + 1), inBundle: undefined };
          start = -1;
        }
      } else if (depth === 0 && code > SPACE) throw new SyntaxError(NO_JSON);
    }
  }
  if (depth !== 0 || inString) throw new SyntaxError('the file ends in the middle of its JSON');
}
