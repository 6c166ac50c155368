// Sends one unit: as one transaction where a request admits it, through an upload where not. A patient is whole or not there.

import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { transactionText } from '../../../functions/bulk/entry-text.ts';
import { inOneLine, LocalError } from '../../command-line.ts';
import { Journal } from './journal.ts';
import { ORPHANED } from './plan.ts';
import type { Ready, Unit } from './ready.ts';
import type { Report } from './report.ts';
import { Room } from './room.ts';
import { isOutOfTime, type Reply, type Target, Unreachable } from './target.ts';

export interface SendOptions {
  readonly target: Target;
  readonly report: Report;
  readonly journal: Journal;
  /** Above these a unit goes through an upload. @default 4 MB less the envelope, 1,000 entries */
  readonly mostBytes?: number;
  readonly mostEntries?: number;
}

/** Shared resources go in transactions of this size; each of them stands for itself. */
const BATCH = 100;
/** Entries in all transactions under way: small patients go side by side, a large one nearly alone. */
const ENTRIES_UNDER_WAY = 600;
const MOST_BYTES = 4_000_000;
/** A request admits 5,000, but 30 s: at 1,000 write units a second for one patient that is about 2,500 (docs/loading.md). */
const MOST_ENTRIES = 1_000;
/** A unit that no request could carry in its time is worth an upload above this size. */
const WORTH_AN_UPLOAD = 100;
/** The function has 15 minutes a try, and a job says nothing while one large patient is written. */
const MOST_STILL_MS = 20 * 60_000;

interface Outcome {
  readonly issue?: { diagnostics?: string; expression?: string[]; severity?: string; details?: { text?: string } }[];
}

interface TransactionResponse {
  readonly timestamp?: string;
  readonly entry?: readonly { readonly response?: { readonly status?: string; readonly lastModified?: string } }[];
}

const isBundle = (body: unknown): body is TransactionResponse =>
  typeof body === 'object' && body !== null && (body as { resourceType?: string }).resourceType === 'Bundle';

const issuesOf = (body: unknown): NonNullable<Outcome['issue']> =>
  typeof body === 'object' && body !== null ? ((body as Outcome).issue ?? []) : [];

/** A rule as the summary groups it: no indexes, no ids. */
export const ruleOf = (issue: {
  diagnostics?: string | undefined;
  expression?: readonly string[] | undefined;
}): string => {
  const path = issue.expression?.[0]?.replace(/^Bundle\.entry\[\d+\]\.(resource\.)?/, '');
  const rule = issue.diagnostics ?? 'refused without a reason';
  const text = path === undefined || rule.includes(path) ? rule : `${path}: ${rule}`;
  return text
    .replace(/Bundle\.entry\[\d+\](: |\.(resource\.)?)/g, '')
    .replace(/\[\d+\]/g, '')
    .replace(/\b([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}/g, '$1/…');
};

/** Which entries an outcome speaks against. */
const accused = (body: unknown): Map<number, string[]> => {
  const found = new Map<number, string[]>();
  for (const issue of issuesOf(body)) {
    if (issue.severity === 'warning' || issue.severity === 'information') continue;
    const at = /^Bundle\.entry\[(\d+)\]/.exec(issue.expression?.[0] ?? '')?.[1];
    if (at === undefined) continue;
    found.set(Number(at), [...(found.get(Number(at)) ?? []), ruleOf(issue)]);
  }
  return found;
};

/** A transaction may name a resource once: https://hl7.org/fhir/R4/http.html#trules. The last one in the files counts. */
const lastOfEach = (entries: readonly Ready[], report: Report): readonly Ready[] => {
  const last = new Map(entries.map((entry) => [entry.url, entry]));
  if (last.size === entries.length) return entries;
  return entries.filter((entry) => {
    if (entry.method !== 'PUT' || last.get(entry.url) === entry) return true;
    report.refuse(entry.url, ['the files hold it more than once; the last one counts']);
    return false;
  });
};

export class Sender {
  private readonly options: SendOptions;
  /** Shared resources that were posted by this run or an earlier one: the first one stays. */
  private readonly there = new Map<string, Promise<boolean>>();

  private readonly room = new Room(ENTRIES_UNDER_WAY);

  constructor(options: SendOptions) {
    this.options = options;
  }

  /** Never throws: what goes wrong is in the report. */
  async send(unit: Unit): Promise<void> {
    try {
      const entries = lastOfEach(await unit.read(), this.options.report);
      const shared = entries.filter(({ patient }) => patient === undefined);
      const own = entries.filter(({ patient }) => patient !== undefined);
      // A conditional create is resolved within its transaction: nothing is taken out of a bundle that has one.
      const conditional = entries.some(({ method, url }) => method !== 'PUT' || url.includes('?'));
      if (conditional) await this.unit(unit.label, entries);
      else {
        await this.shared(unit.label, shared);
        await this.unit(unit.label, own);
      }
    } catch (error) {
      const { report } = this.options;
      if (error instanceof LocalError) report.damage(unit.label, error.message);
      else report.fail(unit.label, inOneLine(error));
    }
  }

  /**
   * Resources of no patient, which many files repeat (Synthea's organizations carry other counters in every bundle):
   * what was posted once is not posted again, what is put is put.
   */
  private async shared(label: string, entries: readonly Ready[]): Promise<void> {
    const { report } = this.options;
    const others: { entry: Ready; stored: Promise<boolean> }[] = [];
    const claimed: Ready[] = [];
    const todo = entries.filter(({ created }) => !created);
    let settle: (stored: boolean) => void = () => {};
    const outcome = new Promise<boolean>((resolve) => {
      settle = resolve;
    });
    for (const entry of entries.filter(({ created }) => created)) {
      const stored = this.there.get(entry.url);
      if (stored !== undefined) others.push({ entry, stored });
      else {
        this.there.set(entry.url, outcome);
        claimed.push(entry);
      }
    }
    try {
      for (const entry of claimed) {
        if (await this.exists(entry.url)) report.unchanged++;
        else todo.push(entry);
      }
      for (let at = 0; at < todo.length; at += BATCH) await this.transaction(label, todo.slice(at, at + BATCH), false);
      settle(true);
    } finally {
      settle(false);
    }
    for (const { entry, stored } of others) {
      if (await stored) report.unchanged++;
      else await this.transaction(label, [entry], false);
    }
  }

  private async exists(url: string): Promise<boolean> {
    const { status } = await this.options.target.send('GET', `/${url}`);
    return status === 200;
  }

  private async unit(label: string, entries: readonly Ready[]): Promise<void> {
    if (entries.length === 0) return;
    const { journal, report, mostBytes = MOST_BYTES, mostEntries = MOST_ENTRIES } = this.options;
    const mark = Journal.mark(entries.map(({ text }) => text).join('\n'));
    const patient = entries.find(({ url, patient }) => url === patient)?.url;
    if (patient !== undefined && journal.has(mark) && (await this.exists(patient))) {
      report.unchanged += entries.length;
      report.skipped += entries.length;
      return;
    }
    const bytes = entries.reduce((sum, { text }) => sum + Buffer.byteLength(text) + 1, 100);
    const large = bytes > mostBytes || entries.length > mostEntries;
    const done = large ? await this.upload(label, entries) : await this.whole(label, entries);
    if (done) journal.add(mark);
  }

  /** As one transaction; a server that has not the time for it in a request may have it in a job. */
  private async whole(label: string, entries: readonly Ready[]): Promise<boolean> {
    const release = await this.room.enter(entries.length);
    try {
      return await this.transaction(label, entries, true);
    } catch (error) {
      if (!(error instanceof Unreachable) || entries.length < WORTH_AN_UPLOAD) throw error;
      return await this.upload(label, entries);
    } finally {
      release();
    }
  }

  /** Sends, leaves out what is refused and says so, sends the rest: until it is stored or nothing is left. */
  private async transaction(label: string, all: readonly Ready[], onePatient: boolean): Promise<boolean> {
    const { target, report } = this.options;
    let entries = all;
    while (entries.length > 0) {
      const { length } = entries;
      const reply = await target.send(
        'POST',
        '',
        transactionText(entries.map(({ text }) => text)),
        { prefer: 'return=minimal' },
        (busy) => onePatient && length >= WORTH_AN_UPLOAD && isOutOfTime(busy),
      );
      if (isOutOfTime(reply)) return this.upload(label, entries);
      if (reply.status === 200) {
        this.count(reply, entries.length);
        return true;
      }
      const against = accused(reply.body);
      const patientRefused = onePatient && entries.some(({ url, patient }, at) => url === patient && against.has(at));
      if (patientRefused) {
        for (const [at, { url }] of entries.entries())
          report.refuse(url === '' ? label : url, against.get(at) ?? [ORPHANED]);
        return true;
      }
      if (against.size === 0) {
        const rules = issuesOf(reply.body).map(ruleOf);
        this.refuseAll(label, entries, rules.length > 0 ? rules : [`answered ${reply.status}`]);
        return true;
      }
      for (const [at, rules] of against) report.refuse(entries[at]?.url ?? label, rules);
      entries = entries.filter((_, at) => !against.has(at));
    }
    return true;
  }

  private refuseAll(label: string, entries: readonly Ready[], rules: readonly string[]): void {
    for (const { url } of entries) this.options.report.refuse(url === '' ? label : url, rules);
  }

  /** `lastModified` before the commit, both by the server's clock: it found the same content and changed nothing. */
  private count(reply: Reply, size: number): void {
    const { report } = this.options;
    const { timestamp = '', entry = [] } = isBundle(reply.body) ? reply.body : {};
    const committed = Date.parse(timestamp);
    for (let at = 0; at < size; at++) {
      const response = entry[at]?.response;
      if (response?.status?.startsWith('201')) report.created++;
      else if (Date.parse(response?.lastModified ?? '') < committed) report.unchanged++;
      else report.updated++;
    }
  }

  /** docs/loading.md, "Files larger than a request". */
  private async upload(label: string, entries: readonly Ready[]): Promise<boolean> {
    const { target, report } = this.options;
    const opened = await target.send('POST', '/$upload', JSON.stringify({ resourceType: 'Parameters' }));
    if (opened.status >= 400) {
      this.refuseAll(label, entries, issuesOf(opened.body).map(ruleOf));
      return true;
    }
    const job = parametersOf(opened.body);
    const url = job.get('url');
    const id = job.get('job');
    if (typeof url !== 'string' || typeof id !== 'string') throw new Error('the server gave no address to upload to');
    await target.upload(url, gzipSync(transactionText(entries.map(({ text }) => text)), { level: 6 }), {
      'content-type': String(job.get('contentType') ?? 'application/octet-stream'),
    });
    return this.countJob(label, await this.finished(id), report);
  }

  /** Asks until the job is over; one that has not moved for a long time is given up. */
  private async finished(id: string): Promise<unknown> {
    let moved = Date.now();
    let last = '';
    for (let wait = 250; Date.now() - moved < MOST_STILL_MS; wait = Math.min(3_000, wait * 1.5)) {
      await pause(wait);
      const reply = await this.options.target.send('GET', `/$upload-status?job=${encodeURIComponent(id)}`);
      if (reply.status === 200) return reply.body;
      if (reply.status !== 202) throw new Error(`the upload job answered ${reply.status}`);
      const now = JSON.stringify(reply.body);
      if (now !== last) moved = Date.now();
      last = now;
    }
    throw new Unreachable(`the upload job has not moved for ${MOST_STILL_MS / 60_000} minutes`);
  }

  private countJob(label: string, body: unknown, report: Report): boolean {
    const result = parametersOf(body);
    const number = (name: string) => Number(result.get(name) ?? 0);
    report.created += number('created');
    report.updated += number('updated');
    report.unchanged += number('unchanged');
    const issues = issuesOf(result.get('refusals'));
    const rules = new Map<string, string[]>();
    for (const issue of issues) {
      const what = issue.details?.text ?? label;
      rules.set(what, [...(rules.get(what) ?? []), ruleOf(issue)]);
    }
    for (const [what, broken] of rules) report.refuse(what, broken);
    if (result.get('state') === 'failed') throw new Error('the upload job failed; see its refusals');
    return true;
  }
}

/** A Parameters resource by name; values of any type, resources as they are. */
export const parametersOf = (body: unknown): Map<string, unknown> => {
  const found = new Map<string, unknown>();
  const list = (body as { parameter?: { name?: string; resource?: unknown; [value: string]: unknown }[] } | undefined)
    ?.parameter;
  for (const { name, resource, ...rest } of list ?? []) {
    if (name !== undefined) found.set(name, resource ?? Object.values(rest)[0]);
  }
  return found;
};
