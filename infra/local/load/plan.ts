// From the files on the command line to units that are sent: shared resources first, then bundles and patients.
import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Assigned, assign, type Renames, rename, rewrite } from '../../../functions/bulk/assign.ts';
import { type Incoming, incoming, type Parse, Unreadable } from '../../../functions/bulk/incoming.ts';
import { lines, type Piece, roots } from '../../../functions/bulk/scan-json.ts';
import { Spool } from '../../../functions/bulk/spool.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { fromLine, type Ready, ready, toLine, type Unit } from './ready.ts';
import type { Report } from './report.ts';
import { type Document, documents, faultIn, files } from './sources.ts';

export interface PlanOptions {
  readonly facility: string;
  readonly parse: Parse;
  /** The rules that a resource breaks; none: it may be sent. */
  readonly check: (resource: Resource) => readonly string[];
  readonly report: Report;
}

export interface Plan {
  /** Resources of no patient. They are sent, and answered, before the rest. */
  readonly first: readonly Unit[];
  readonly rest: readonly Unit[];
  close(): Promise<void>;
}

/** A JSON file above this (compressed: a sixteenth) is not read whole but sorted by patient through files. */
const WHOLE_BYTES = 16 << 20;
/** A patient whose `Patient` was refused is not loaded in part. */
export const ORPHANED = 'its Patient was refused';
/** Bytes at the head of a file that tell what it holds. */
const HEAD_BYTES = 1 << 16;
const SHARED = '';

type Pieces = () => AsyncIterable<Piece>;

/** What the report calls a document, and the file on the command line (or in a folder there) that holds it. */
interface Source {
  readonly label: string;
  readonly path: string;
}

export const plan = async (paths: readonly string[], options: PlanOptions): Promise<Plan> => {
  const { report } = options;
  const folder = await mkdtemp(join(tmpdir(), 'load-'));
  // The records of patients lie there in the clear: they go however the program ends.
  const clear = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clear);
  const sorted = new Sorted(await Spool.open(undefined, folder), options);
  const first: Unit[] = [];
  const rest: Unit[] = [];
  let kept = 0;

  const takeJson = async (source: Source, pieces: Pieces, bytes: number) => {
    if (bytes > WHOLE_BYTES) await sorted.takeBundle(source, pieces);
    else {
      const unit = { label: source.label, read: () => whole(source, pieces, options) };
      ((await isShared(pieces)) ? first : rest).push(unit);
    }
  };

  const takeDocument = async (document: Document, path: string, bytes: number) => {
    const source = { label: document.name, path };
    if (document.kind === 'ndjson') await sorted.takeLines(source, named(document.name, lines(document.body)));
    else if (document.name === path) {
      await takeJson(source, () => jsonPieces(path), path.endsWith('.gz') ? bytes * 16 : bytes);
    } else {
      const copy = join(folder, `member-${kept++}.json`);
      await pipeline(Readable.from(document.body), createWriteStream(copy));
      const pieces = () => named(document.name, roots(createReadStream(copy, { highWaterMark: 1 << 18 })));
      await takeJson(source, pieces, (await stat(copy)).size);
    }
  };
  const takeFile = async (path: string, bytes: number) => {
    report.opened(path);
    try {
      for await (const document of documents(path)) {
        report.doing = `reading ${basename(document.name)}`;
        await takeDocument(document, path, bytes);
      }
    } catch (error) {
      throw faultIn(path, error);
    }
  };
  try {
    for (const { path, bytes } of await files(paths)) await takeFile(path, bytes);
  } catch (error) {
    clear();
    throw error;
  }

  const units = sorted.units();
  return {
    first: [...first, ...units.shared],
    rest: [...rest, ...units.patients],
    close: async () => {
      process.off('exit', clear);
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** A JSON file that can be read again and again. */
async function* jsonPieces(path: string): AsyncGenerator<Piece> {
  for await (const document of documents(path)) yield* named(path, roots(document.body));
}

/** A fault of the text is said by the name of the document. */
async function* named(name: string, pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
  try {
    yield* pieces;
  } catch (error) {
    throw faultIn(name, error);
  }
}

/** Whether a file starts with resources of no patient, and so goes before the bundles that refer to them. */
const isShared = async (pieces: Pieces): Promise<boolean> => {
  let seen = 0;
  let read = 0;
  try {
    for await (const { text } of pieces()) {
      seen++;
      read += text.length;
      if (/"resourceType"\s*:\s*"Patient"|"(subject|patient|beneficiary)"\s*:\s*\{/.test(text)) return false;
      if (read > HEAD_BYTES || seen >= 20) break;
    }
  } catch {
    return false; // said when the file is really read
  }
  return seen > 0;
};

/** All entries of a file that fits in memory. */
const whole = async (source: Source, pieces: Pieces, options: PlanOptions): Promise<Ready[]> => {
  const { facility, parse, report } = options;
  const entries: Incoming[] = [];
  for await (const piece of pieces()) entries.push(...readable(piece, parse, source, report));
  const renames: Renames = new Map();
  const assigned = entries.map((entry) => {
    const to = assign(facility, entry);
    rename(renames, entry, to);
    return to;
  });
  for (const { resource } of assigned) rewrite(resource, renames);
  const refusedPatients = new Set<string>();
  const kept = assigned.flatMap((item) => checked(item, options, refusedPatients));
  return withoutOrphans(kept, refusedPatients, report);
};

const withoutOrphans = (entries: Ready[], refused: ReadonlySet<string>, report: Report): Ready[] => {
  if (refused.size === 0) return entries;
  return entries.filter(({ patient, url }) => {
    if (patient === undefined || !refused.has(patient)) return true;
    report.refuse(url, [ORPHANED]);
    return false;
  });
};

const readable = (piece: Piece, parse: Parse, { label, path }: Source, report: Report): Incoming[] => {
  try {
    const found = incoming(piece, parse);
    if (found.length > 0) report.found(path);
    return found;
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    if (piece.inBundle === undefined && error.message === 'an entry holds no resource') report.passedOver++;
    else {
      report.found(path); // a fault of its own
      report.refuse(piece.line === undefined ? label : `${label} line ${piece.line}`, [error.message]);
    }
    return [];
  }
};

const checked = (assigned: Assigned, options: PlanOptions, refusedPatients: Set<string>): Ready[] => {
  const rules = options.check(assigned.resource);
  if (rules.length === 0) return [ready(assigned)];
  options.report.refuse(assigned.url, rules);
  if (assigned.resource.resourceType === 'Patient') refusedPatients.add(assigned.url);
  return [];
};

/** Resources sorted by patient through files. */
class Sorted {
  private readonly spool: Spool;
  private readonly options: PlanOptions;
  private readonly refusedPatients = new Set<string>();

  constructor(spool: Spool, options: PlanOptions) {
    this.spool = spool;
    this.options = options;
  }

  async takeLines(source: Source, pieces: AsyncIterable<Piece>): Promise<void> {
    for await (const piece of pieces) await this.take(source, piece, new Map());
  }

  /** Twice through the file: first for the names that entries have for each other. */
  async takeBundle(source: Source, pieces: Pieces): Promise<void> {
    const { facility, parse, report } = this.options;
    const renames: Renames = new Map();
    const before = report.read;
    const quiet = { refuse: () => {}, found: () => {}, passedOver: 0 } as unknown as Report;
    for await (const piece of pieces()) {
      for (const entry of readable(piece, parse, source, quiet)) {
        rename(renames, entry, assign(facility, entry));
        report.read++;
      }
    }
    report.read = before;
    report.doing = report.doing.replace('reading', 'sorting');
    for await (const piece of pieces()) await this.take(source, piece, renames);
  }

  private async take(source: Source, piece: Piece, renames: Renames): Promise<void> {
    const { facility, parse, report } = this.options;
    for (const entry of readable(piece, parse, source, report)) {
      report.read++;
      const assigned = assign(facility, entry);
      if (assigned.method !== 'PUT') {
        report.refuse(assigned.url, [`${assigned.method} is not taken from a file this large`]);
        continue;
      }
      rewrite(assigned.resource, renames);
      for (const item of checked(assigned, this.options, this.refusedPatients)) {
        await this.spool.add(item.patient ?? SHARED, toLine(item));
      }
    }
  }

  units(): { shared: Unit[]; patients: Unit[] } {
    const unit = (key: string): Unit => ({
      label: key === SHARED ? 'shared resources' : key,
      read: async () => {
        const found = await this.spool.take(key);
        const entries = found.map((line) => fromLine(line, key === SHARED ? undefined : key));
        return withoutOrphans(entries, this.refusedPatients, this.options.report);
      },
    });
    const keys = this.spool.keys();
    return {
      shared: keys.filter((key) => key === SHARED).map(unit),
      patients: keys.filter((key) => key !== SHARED).map(unit),
    };
  }
}
