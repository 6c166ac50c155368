// Sorts lines by patient without holding them all: a small buffer for each patient, the largest written out when the buffers grow.
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Characters held in memory over all patients before the largest buffer goes to its file. */
const HELD = 48 << 20;

export class Spool {
  private readonly folder: string;
  private readonly held = new Map<string, { lines: string[]; size: number; file: string | undefined }>();
  private readonly limit: number;
  private size = 0;
  private files = 0;

  private constructor(folder: string, limit: number) {
    this.folder = folder;
    this.limit = limit;
  }

  static async open(limit = HELD, parent = tmpdir()): Promise<Spool> {
    return new Spool(await mkdtemp(join(parent, 'spool-')), limit);
  }

  /** Adds one line (no line feed in it) under `key`. */
  async add(key: string, line: string): Promise<void> {
    let slot = this.held.get(key);
    if (!slot) {
      slot = { lines: [], size: 0, file: undefined };
      this.held.set(key, slot);
    }
    slot.lines.push(line);
    slot.size += line.length;
    this.size += line.length;
    while (this.size > this.limit) await this.writeLargest();
  }

  private async writeLargest(): Promise<void> {
    const [first, ...rest] = this.held.values();
    if (!first) return;
    const slot = rest.reduce((largest, next) => (next.size > largest.size ? next : largest), first);
    slot.file ??= join(this.folder, String(this.files++));
    const text = `${slot.lines.join('\n')}\n`;
    this.size -= slot.size;
    slot.lines = [];
    slot.size = 0;
    await appendFile(slot.file, text);
  }

  /** Keys in the order in which they came. */
  keys(): string[] {
    return [...this.held.keys()];
  }

  /** The lines of one key, in order, and forgets them. */
  async take(key: string): Promise<string[]> {
    const slot = this.held.get(key);
    if (!slot) return [];
    this.held.delete(key);
    this.size -= slot.size;
    if (slot.file === undefined) return slot.lines;
    const text = await readFile(slot.file, 'utf8');
    await rm(slot.file);
    return [...text.split('\n').slice(0, -1), ...slot.lines];
  }

  async close(): Promise<void> {
    this.held.clear();
    await rm(this.folder, { recursive: true, force: true });
  }
}
