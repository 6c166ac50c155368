// Reads a tar as it streams by: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06 (ustar, pax paths, GNU long names).

export interface Member {
  readonly name: string;
  readonly size: number;
  /** The member's bytes. What is not read is skipped. */
  readonly body: AsyncIterable<Uint8Array>;
}

const BLOCK = 512;

const field = (block: Buffer, from: number, to: number): string => {
  const end = block.indexOf(0, from);
  return block.toString('utf8', from, end >= 0 && end < to ? end : to);
};

/** Octal, or base 256 when the first bit is set (GNU, sizes above 8 GB). */
const number = (block: Buffer, from: number, to: number): number => {
  if ((block[from] ?? 0) & 0x80) {
    return block.subarray(from + 1, to).reduce((sum, byte) => sum * 256 + byte, (block[from] ?? 0) & 0x7f);
  }
  return Number.parseInt(field(block, from, to).trim() || '0', 8);
};

/** `path` of a pax extended header: records of `<length> <key>=<value>\n`, the length counted in bytes. */
const paxPath = (bytes: Buffer): string | undefined => {
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, space));
    if (space < 0 || !Number.isInteger(length) || length <= 0) return undefined;
    const record = bytes.toString('utf8', space + 1, at + length - 1);
    if (record.startsWith('path=')) return record.slice(5);
    at += length;
  }
  return undefined;
};

/** The regular files of a tar, in order. */
export async function* members(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Member> {
  const source = chunks[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);

  const more = async (): Promise<boolean> => {
    const next = await source.next();
    if (next.done) return false;
    held = held.length === 0 ? Buffer.from(next.value) : Buffer.concat([held, next.value]);
    return true;
  };
  const take = async (count: number): Promise<Buffer | undefined> => {
    while (held.length < count) if (!(await more())) return undefined;
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  };
  let left = 0; // bytes of the member under way that nobody has read yet
  async function* stream(): AsyncGenerator<Uint8Array> {
    while (left > 0) {
      if (held.length === 0 && !(await more())) throw new Error('the tar ends in the middle of a file');
      const part = held.subarray(0, left);
      held = held.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  let longName: string | undefined;
  let isFirst = true;
  for (;;) {
    const header = await take(BLOCK);
    if (!header && held.length > 0)
      throw new Error(isFirst ? 'is not a tar' : 'the tar ends in the middle of a header');
    if (!header || header.every((byte) => byte === 0)) return;
    if (field(header, 257, 262) !== 'ustar') throw new Error(isFirst ? 'is not a tar' : 'the tar is damaged');
    isFirst = false;
    const size = number(header, 124, 136);
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    const kind = String.fromCharCode(header[156] ?? 0);

    if (kind === 'x' || kind === 'L') {
      const bytes = await take(size);
      await take(padding);
      if (!bytes) throw new Error('the tar ends in the middle of a header');
      longName = kind === 'L' ? field(bytes, 0, bytes.length) : paxPath(bytes);
      continue;
    }
    const prefix = field(header, 345, 500);
    const name = longName ?? (prefix ? `${prefix}/` : '') + field(header, 0, 100);
    longName = undefined;
    left = size;
    if (kind === '0' || kind === '\0') yield { name, size, body: stream() };
    for await (const _ of stream()); // what the reader left
    if ((await take(padding)) === undefined && padding > 0) throw new Error('the tar ends in the middle of a file');
  }
}
