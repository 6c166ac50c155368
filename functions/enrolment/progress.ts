// Progress against the 5 % and 10 % lines (domain.md 1.2 M1): who has joined, by municipality and age. Rows in `registry`:
//
//   pattern                                    p                            s                    trips
//   people who joined, by month of birth       enrol#count#<municipality>   <YYYY-MM>            1 a municipality
//   in which cell a person is counted          enrol#counted                <person>             1
//   population, as an office has entered it    enrol#population             <municipality>       1 for all
//   where anybody was ever counted             enrol#municipality           <municipality>       1 for all
//
// By month of birth, because people grow older and rows do not: an age band is a sum over months at the time of asking. A person's
// cell and the two counters that it moves between are written in one transaction, so a count said twice counts once, and any
// later change of the person puts right what a lost connection left behind; `recount` does it for all.

import { allRows } from '../services/all-rows.ts';
import type { RowChange, RowStore } from '../services/row-store.ts';
import type { Resources } from '../storage/port.ts';
import { dayInJapan } from './age.ts';
import { findPerson } from './records.ts';
import { SMALLEST_SHOWN, suppressed } from './suppress.ts';

const COUNT = (municipality: string) => `enrol#count#${municipality}`;
const COUNTED = 'enrol#counted';
const POPULATION = 'enrol#population';
const PLACES = 'enrol#municipality';

/** From age, inclusive. */
export const BANDS = [
  { band: '0-17', from: 0 },
  { band: '18-39', from: 18 },
  { band: '40-64', from: 40 },
  { band: '65-74', from: 65 },
  { band: '75+', from: 75 },
] as const;
export type Band = (typeof BANDS)[number]['band'];

/** The lines of クラウド型EHR高度化事業. */
export const LINES = [5, 10] as const;

export interface Population {
  readonly name: string;
  /** Date of the figures. */
  readonly asOf: string;
  readonly bands: Readonly<Record<Band, number>>;
}

type Deps = { readonly resources: Resources; readonly rows: RowStore };

/** After a change that is done: what cannot be counted now is counted with the next change, or by `recount`; the change stands. */
export const count = async (deps: Deps, person: string): Promise<void> => {
  await recounted(deps, person).catch(() => false);
};

/** Brings the counters up to what the Person says. True: something was counted anew. */
const recounted = async ({ resources, rows }: Deps, person: string): Promise<boolean> => {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const [found, before] = await Promise.all([findPerson(resources, person), rows.get(COUNTED, person)]);
    const cell =
      found?.enrolment.status === 'enrolled'
        ? { municipality: found.enrolment.municipality, month: (found.person.birthDate ?? '').slice(0, 7) }
        : null;
    const was = (before?.data ?? null) as typeof cell;
    // Apart from the counters: all who join in one town would wait for each other.
    if (cell && !(await rows.get(PLACES, cell.municipality)))
      await rows.write([{ kind: 'put', p: PLACES, s: cell.municipality, data: null }]);
    if (cell?.municipality === was?.municipality && cell?.month === was?.month) return false;
    const add = (of: typeof cell, amount: number): RowChange[] =>
      of ? [{ kind: 'add', p: COUNT(of.municipality), s: of.month, amount }] : [];
    const written = await rows.write([
      { kind: 'put', p: COUNTED, s: person, data: cell, expect: before?.version ?? 'absent' },
      ...add(was, -1),
      ...add(cell, 1),
    ]);
    if (written) return true;
  }
  return false;
};

/** A page of all Persons, counted again: what a lost connection left out. */
export const recount = async (deps: Deps, after: string | undefined) => {
  const page = await deps.resources.walk({ type: 'Person', isRegistry: true, after });
  let corrected = 0;
  for (const { id } of page.items) if (await recounted(deps, id)) corrected += 1;
  return { seen: page.items.length, corrected, next: page.next };
};

export const setPopulation = async (rows: RowStore, municipality: string, population: Population): Promise<void> => {
  await rows.write([{ kind: 'put', p: POPULATION, s: municipality, data: population }]);
};

export interface Figure {
  /** Null: too few to be shown. */
  readonly enrolled: number | null;
  /** Null: no office has entered it. */
  readonly population: number | null;
  /** One digit; null where either is. */
  readonly percent: number | null;
}
export interface Progress {
  readonly asOf: string;
  readonly lines: readonly number[];
  readonly region: Figure & { readonly reached: readonly number[] };
  readonly municipalities: readonly (Figure & {
    readonly municipality: string;
    readonly name: string;
    readonly reached: readonly number[];
    readonly bands: readonly (Figure & { readonly band: string })[];
  })[];
}

/** @param exact for the operator; others see no number below ten, nor one that leads to it */
export const progress = async (rows: RowStore, now: number, exact: boolean): Promise<Progress> => {
  const [populations, places] = await Promise.all([allRows(rows, POPULATION), allRows(rows, PLACES)]);
  const known = new Map(populations.map(({ s, data }) => [s, data as Population]));
  const codes = [...new Set([...known.keys(), ...places.map(({ s }) => s)])].sort();
  const counted = await Promise.all(
    codes.map(async (code) => ({ code, of: known.get(code), bands: byBand(await allRows(rows, COUNT(code)), now) })),
  );
  const totals = counted.map(({ code, bands }) => ({ key: code, count: sum(bands.map((one) => one.count)) }));
  const population = known.size === 0 ? null : sum([...known.values()].map(({ bands }) => sum(Object.values(bands))));
  // Who lives where no figure was entered, or outside the region, has joined all the same; a share is of those whose number is known.
  const regionCount = sum(totals.map((total) => total.count));
  const shared = totals.filter(({ key }) => known.has(key));
  const others = totals.filter(({ key }) => !known.has(key));
  const shareCount = sum(shared.map((total) => total.count));
  const elsewhere = regionCount - shareCount;
  const told = exact || elsewhere === 0 || elsewhere >= SMALLEST_SHOWN ? regionCount : shareCount;
  const isSmall = (of: number) => !exact && of > 0 && of < SMALLEST_SHOWN;
  // The share tells how many have joined where a population is known, and beside the sum of all, how many elsewhere: three sums are out.
  const hiddenTotals = new Set(exact ? [] : [totals, shared, others].flatMap((cells) => [...suppressed(cells)]));
  const share = withLines(figure(shareCount, population, isSmall(shareCount)));
  return {
    asOf: dayInJapan(now),
    lines: LINES,
    region: { ...share, enrolled: isSmall(told) ? null : told },
    municipalities: counted.map(({ code, of, bands }, at) => {
      const hidden = exact ? new Set<string>() : suppressed(bands);
      const totalHidden = hiddenTotals.has(code);
      return {
        municipality: code,
        name: of?.name ?? code,
        ...withLines(figure(totals[at]!.count, of ? sum(Object.values(of.bands)) : null, totalHidden)),
        bands: bands.map(({ key, count }) => ({
          band: key,
          // Where the total is hidden its parts would tell it.
          ...figure(count, of ? of.bands[key as Band] : null, hidden.has(key) || (totalHidden && count > 0)),
        })),
      };
    }),
  };
};

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

const figure = (count: number, population: number | null, hidden: boolean): Figure => ({
  enrolled: hidden ? null : count,
  population,
  percent: hidden || !population ? null : Math.round((count / population) * 1000) / 10,
});

const withLines = <F extends Figure>(one: F) => ({
  ...one,
  reached: LINES.filter(
    (line) => one.enrolled !== null && one.population && one.enrolled * 100 >= line * one.population,
  ),
});

const byBand = (months: readonly { s: string; count: number }[], now: number) => {
  const today = dayInJapan(now);
  const counts = new Map<string, number>(BANDS.map(({ band }) => [band, 0]));
  for (const { s, count } of months) {
    const band = bandOf(s, today);
    counts.set(band, counts.get(band)! + count);
  }
  return [...counts].map(([key, of]) => ({ key, count: of }));
};

/** Who was born in a month has its age from that month on. */
const bandOf = (month: string, today: string): string => {
  const [year, of] = month.split('-').map(Number);
  const [thisYear, thisMonth] = today.split('-').map(Number);
  const age = thisYear! - year! - (thisMonth! < of! ? 1 : 0);
  return BANDS.findLast(({ from }) => age >= from)?.band ?? BANDS[0].band;
};
