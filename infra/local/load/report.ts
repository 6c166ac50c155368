// What happened, counted; one line while it runs, a summary by reason at the end, every refusal in a file.
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Names of files in the summary. */
const MOST_NAMED = 10;

export interface Refusal {
  /** `Observation/x`, or the file where nothing better is known. */
  readonly what: string;
  /** FHIRPath of the element, and the rule; never a value. */
  readonly rule: string;
}

export class Report {
  created = 0;
  updated = 0;
  unchanged = 0;
  /** Of those unchanged: loaded by an earlier run, and so not sent. */
  skipped = 0;
  passedOver = 0;
  /** Resources met in the files, before anything is sent. */
  read = 0;
  /** Refused resources, each once. */
  refused = 0;
  /** Units (a patient, a batch of shared resources) that could not be sent. */
  failed = 0;
  /** Files that could not be read to their end. */
  damaged = 0;
  unitsDone = 0;
  unitsTotal = 0;
  doing = '';
  readonly rules = new Map<string, { count: number; example: string }>();
  /** Files that were opened, and whether a resource was in them. */
  private readonly files = new Map<string, boolean>();
  private readonly started = Date.now();
  private readonly file: string;
  private readonly out: NodeJS.WriteStream;
  private timer: NodeJS.Timeout | undefined;

  constructor(file: string, out: NodeJS.WriteStream = process.stderr) {
    this.file = file;
    this.out = out;
  }

  get stored(): number {
    return this.created + this.updated + this.unchanged;
  }

  opened(path: string): void {
    this.files.set(path, this.files.get(path) ?? false);
  }

  found(path: string): void {
    this.files.set(path, true);
  }

  /** Files in which there was nothing to load. */
  get barren(): string[] {
    return [...this.files].filter(([, holds]) => !holds).map(([path]) => path);
  }

  /** 0: what the files hold is stored, but for what is refused and listed. 1: it is not, or nothing of it is. */
  exitCode({ strict }: { readonly strict: boolean }): 0 | 1 {
    if (this.failed > 0 || this.damaged > 0 || this.stored === 0) return 1;
    return strict && (this.refused > 0 || this.barren.length > 0) ? 1 : 0;
  }

  /** A resource that was not stored, with the rules that speak against it. */
  refuse(what: string, rules: readonly string[]): void {
    this.refused++;
    for (const rule of new Set(rules)) {
      const known = this.rules.get(rule);
      if (known) known.count++;
      else this.rules.set(rule, { count: 1, example: what });
    }
    this.note({ what, rules });
  }

  /** A unit that met no answer, or one that makes no sense. */
  fail(what: string, why: string): void {
    this.failed++;
    this.note({ what, failed: why });
    this.line(`failed: ${what}: ${why}`);
  }

  /** A file of its own that no other part depends on; `why` names it. */
  damage(what: string, why: string): void {
    this.damaged++;
    this.found(what);
    this.note({ what, failed: why });
    this.line(why);
  }

  /** The file is there when there is something in it. */
  private note(what: object): void {
    mkdirSync(dirname(this.file), { recursive: true });
    appendFileSync(this.file, `${JSON.stringify(what)}\n`);
  }

  /** Starts the progress bar, or where nobody watches a line every few seconds. */
  start(): void {
    this.timer = setInterval(() => this.show(), this.out.isTTY ? 200 : 5_000);
    this.timer.unref();
  }

  /** What it does now, said at once where nobody watches a bar. */
  phase(doing: string): void {
    this.doing = doing;
    if (!this.out.isTTY) this.show();
  }

  /** Of what was sent: what an earlier run had loaded took no time to speak of. */
  private get rate(): number {
    return Math.round((this.stored - this.skipped) / this.seconds);
  }

  private get seconds(): number {
    return Math.max(0.001, (Date.now() - this.started) / 1000);
  }

  private show(): void {
    if (this.unitsTotal === 0) {
      const reading = `${this.doing}: ${this.read} resources so far`;
      this.out.write(this.out.isTTY ? `\r\x1b[K${reading}` : `${reading}\n`);
      return;
    }
    const counts = `${this.stored} resources, ${this.rate}/s${this.refused > 0 ? `, ${this.refused} refused` : ''}`;
    if (!this.out.isTTY) {
      this.out.write(`${this.doing} ${this.unitsDone}/${this.unitsTotal}: ${counts}\n`);
      return;
    }
    const width = 30;
    const part = Math.round((width * this.unitsDone) / this.unitsTotal);
    const bar = '█'.repeat(part) + '░'.repeat(width - part);
    this.out.write(`\r\x1b[K${bar} ${this.unitsDone}/${this.unitsTotal} ${this.doing}: ${counts}`);
  }

  private line(text: string): void {
    this.out.write(`${this.out.isTTY ? '\r\x1b[K' : ''}${text}\n`);
  }

  stop(): void {
    clearInterval(this.timer);
    if (this.out.isTTY) this.out.write('\r\x1b[K');
  }

  summary(): string {
    const { barren } = this;
    const lines: string[] = [];
    if (this.stored > 0) {
      lines.push(
        `${this.stored} resources stored in ${this.seconds.toFixed(1)} s (${this.rate}/s): ` +
          `${this.created} new, ${this.updated} changed, ${this.unchanged} as they were` +
          (this.skipped > 0 ? `, of which ${this.skipped} were loaded by an earlier run` : ''),
      );
    } else lines.push('nothing was stored');
    if (this.passedOver > 0) lines.push(`${this.passedOver} passed over: not FHIR resources (manifests and the like)`);
    if (this.refused > 0) {
      lines.push(`${this.refused} resources refused, by rule (a resource may break several):`);
      for (const [rule, { count, example }] of [...this.rules].sort((a, b) => b[1].count - a[1].count)) {
        lines.push(`  ${String(count).padStart(7)}  ${rule}  (for example ${example})`);
      }
      lines.push(`every refusal: ${this.file}`);
    }
    for (const path of barren.slice(0, MOST_NAMED)) lines.push(`no FHIR resource is in ${path}`);
    if (barren.length > MOST_NAMED) lines.push(`… nor in ${barren.length - MOST_NAMED} more`);
    if (this.damaged > 0)
      lines.push(`files that could not be read: ${this.damaged}; put right, run the same command again`);
    if (this.failed > 0) lines.push(`${this.failed} parts could not be sent; run the same command again to go on`);
    return lines.join('\n');
  }
}
