// How far a date search lets a scan be narrowed without losing a match. Items that span more than a day are scanned whatever the
// bounds are (storage/port.ts, Placement.spansDays), so of all others it is known that they end within a day of their start.
import { mainDate } from './placement.ts';
import type { Criterion, Wanted } from './query.ts';

const DAY_MS = 86_400_000;

/** Bounds of the start of what can match, in milliseconds. */
interface Bounds {
  readonly from: number;
  readonly to: number;
}
const EVERYTHING: Bounds = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

/** The counterpart of `matchesSpan` (match.ts), for targets that are no longer than a day. */
const boundsOf = ({ prefix, span: { low, high } }: Extract<Wanted, { kind: 'date' }>): Bounds => {
  switch (prefix) {
    case 'eq':
      return { from: low, to: high };
    case 'gt':
      return { ...EVERYTHING, from: high - DAY_MS };
    case 'ge':
      return { ...EVERYTHING, from: Math.min(low, high - DAY_MS) };
    case 'sa':
      return { ...EVERYTHING, from: high };
    case 'lt':
    case 'eb':
      return { ...EVERYTHING, to: low };
    case 'le':
      return { ...EVERYTHING, to: high };
    case 'ap':
      return { from: low - DAY_MS, to: high };
    case 'ne':
      return EVERYTHING;
  }
};

const either = (bounds: readonly Bounds[]): Bounds => ({
  from: Math.min(...bounds.map(({ from }) => from)),
  to: Math.max(...bounds.map(({ to }) => to)),
});
const both = (bounds: readonly Bounds[]): Bounds => ({
  from: Math.max(EVERYTHING.from, ...bounds.map(({ from }) => from)),
  to: Math.min(EVERYTHING.to, ...bounds.map(({ to }) => to)),
});

export const isMainDate = (type: string, { parameter, modifier }: Criterion): boolean =>
  parameter.name === mainDate(type) && modifier === undefined;

const seconds = (ms: number): number | undefined => (Number.isFinite(ms) ? Math.floor(ms / 1000) : undefined);

/** Bounds for `Scan`, in seconds. */
export const dateBounds = (
  type: string,
  criteria: readonly Criterion[],
): { from: number | undefined; to: number | undefined } => {
  const dates = criteria.filter((criterion) => isMainDate(type, criterion));
  const { from, to } = both(
    dates.map(({ values }) => either(values.map((value) => (value.kind === 'date' ? boundsOf(value) : EVERYTHING)))),
  );
  return { from: seconds(from), to: seconds(to) };
};
