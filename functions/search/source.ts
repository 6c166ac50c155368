// Reads a plan's segments a page at a time: what comes next, and where to go on later.
import type { Resources, Stored } from '../storage/port.ts';
import { patientsOf } from './compartments.ts';
import { lookups } from './lookups.ts';
import type { Segment } from './plan.ts';
import type { LookupQuery } from './plan-lookups.ts';
import { isFirstOwner } from './work-lists.ts';

/** A page stays below what a Lambda may answer (6 MB with everything around it). */
export const MAX_PAGE_BYTES = 4_000_000;

/** How far a segment was read. */
export interface Place {
  /** Position after which it goes on; undefined: from its start. */
  readonly after?: string | undefined;
  /** Lookups: the last row that was read of the page that starts at `after`. */
  readonly row?: string | undefined;
  readonly isDone?: boolean | undefined;
}

/** How much one request may read of what nothing bounds. */
export class Budget {
  private pages: number;
  private hasRead = false;
  private readonly until: number;
  private readonly clock: () => number;

  constructor(pages: number, ms: number, clock: () => number) {
    this.pages = pages;
    this.until = clock() + ms;
    this.clock = clock;
  }

  take(): boolean {
    // The first page is read however late it is: a request that reads nothing would go on for ever.
    const isFirst = !this.hasRead;
    this.hasRead = true;
    return this.pages-- > 0 && (isFirst || this.hasTime());
  }

  hasTime(): boolean {
    return this.clock() < this.until;
  }
}

export const UNBOUNDED = { take: () => true };

/** Raised where a segment goes on but the budget does not; caught in run.ts. */
export class OutOfBudget extends Error {}

interface Read {
  readonly stored: Stored;
  readonly place: Place;
}

/** Is told each page before it is looked at. */
export type Prepare = (page: readonly Stored[]) => Promise<void>;

type Store = Pick<Resources, 'scan' | 'walk' | 'lookup' | 'getMany' | 'workList'>;

export class Source {
  private readonly store: Store;
  private readonly segment: Segment;
  private readonly budget: Pick<Budget, 'take'>;
  private readonly prepare: Prepare | undefined;
  private ahead: Read[] = [];
  private next: Place;
  /** Where a later search goes on if it stops now. */
  place: Place;

  constructor(store: Store, segment: Segment, place: Place, budget: Pick<Budget, 'take'>, prepare?: Prepare) {
    this.store = store;
    this.segment = segment;
    this.place = place;
    this.next = place;
    this.budget = budget;
    this.prepare = prepare;
  }

  /** @throws OutOfBudget */
  async peek(): Promise<Stored | undefined> {
    while (this.ahead.length === 0 && !this.next.isDone) {
      if (!this.budget.take()) throw new OutOfBudget();
      const page = await this.read(this.next);
      await this.prepare?.(page.items.map(({ stored }) => stored));
      this.ahead = page.items;
      this.next = page.next;
      if (page.items.length === 0) this.place = page.next;
    }
    return this.ahead[0]?.stored;
  }

  /** Passes what `peek` showed. */
  take(): void {
    const taken = this.ahead.shift();
    if (taken) this.place = this.ahead.length === 0 ? this.next : taken.place;
  }

  private read(place: Place): Promise<{ items: Read[]; next: Place }> {
    const { segment } = this;
    return segment.from === 'lookup'
      ? this.readRows(segment.lookups, segment.at, segment.type, place)
      : this.readItems(place);
  }

  private async readItems({ after }: Place): Promise<{ items: Read[]; next: Place }> {
    const { segment, store } = this;
    if (segment.from === 'lookup') throw new Error('rows are read by readRows');
    if (segment.from === 'work') {
      const { items, next } = await store.workList({ ...segment.list.query, after });
      return {
        items: items
          .filter(({ stored }) => isFirstOwner(stored.resource(), segment.list))
          .map(({ stored, position }) => ({ stored, place: { after: position } })),
        next: next === undefined ? { isDone: true } : { after: next },
      };
    }
    const page =
      segment.from === 'scan'
        ? await store.scan({ ...segment.scan, after })
        : await store.walk({ ...segment.walk, after });
    const before = segment.from === 'scan' ? segment.before : [];
    const items = page.items
      .filter((stored) => before.length === 0 || !this.isKeptWith(stored, before))
      .map((stored) => ({ stored, place: { after: stored.position } }));
    return { items, next: page.next === undefined ? { isDone: true } : { after: page.next } };
  }

  private isKeptWith(stored: Stored, patients: readonly string[]): boolean {
    return patientsOf(stored.resource()).some((id) => patients.includes(id));
  }

  private async readRows(
    all: readonly LookupQuery[],
    at: number,
    type: string,
    place: Place,
  ): Promise<{ items: Read[]; next: Place }> {
    const page = await this.store.lookup({ ...all[at]!, after: place.after });
    const rows = page.rows
      .map((row) => ({ ...row, mark: rowMark(row) }))
      .filter((row) => row.type === type && (place.row === undefined || row.mark > place.row))
      .sort((a, b) => (a.mark < b.mark ? -1 : 1));
    const found = await this.store.getMany(rows.map(({ id }) => ({ type, id })));
    const items = rows.flatMap((row, i): Read[] => {
      const stored = found[i];
      if (!stored || stored.deleted || !isFirstRow(stored, all, at, row.sort)) return [];
      return [{ stored, place: { after: place.after, row: row.mark } }];
    });
    return { items, next: page.next === undefined ? { isDone: true } : { after: page.next } };
  }
}

const rowMark = (row: { sort: string; type: string; id: string }) => `${row.sort}\u001f${row.type}/${row.id}`;

const isSought = (sort: string, { sortPrefix = '', sortFrom = '', sortTo }: LookupQuery): boolean =>
  sort.startsWith(sortPrefix) && sort >= sortFrom && (sortTo === undefined || sort <= `${sortTo}\u{10ffff}`);

/** A resource may have several of the rows that are looked up: it counts where its first one is. */
const isFirstRow = (stored: Stored, all: readonly LookupQuery[], at: number, sort: string): boolean => {
  const own = lookups(stored.resource(), true);
  const places = all.flatMap((query, i) =>
    own
      .filter(({ bucket, key }) => bucket === query.bucket && key === query.key)
      .filter((row) => isSought(row.sort, query))
      .map((row) => ({ at: i, sort: row.sort })),
  );
  const first = places.sort((a, b) => a.at - b.at || (a.sort < b.sort ? -1 : 1))[0];
  return first?.at === at && first.sort === sort;
};
