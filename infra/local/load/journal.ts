// What an interrupted load had already stored, so that the next run starts where it stopped. Gone after a run that ended well.

import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

export class Journal {
  private readonly file: string;
  private readonly done: Set<string>;

  constructor(file: string) {
    this.file = file;
    mkdirSync(dirname(file), { recursive: true });
    this.done = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
  }

  static mark(text: string): string {
    return createHash('sha256').update(text).digest('base64url');
  }

  /** True when this very content was acknowledged in an earlier run. The caller still asks the server whether it is there. */
  has(mark: string): boolean {
    return this.done.has(mark);
  }

  add(mark: string): void {
    appendFileSync(this.file, `${mark}\n`);
  }

  /** Everything was sent: the next run starts from nothing. */
  clear(): void {
    rmSync(this.file, { force: true });
  }
}
