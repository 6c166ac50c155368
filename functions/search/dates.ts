// Dates as searches see them: a half-open range of milliseconds, as wide as the date's precision.
// https://hl7.org/fhir/R4/search.html#date

/** [low, high) in milliseconds since 1970; infinite where a period is open. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

/** "The server's local timezone should be assumed" where a date names none: regions are in Japan (design section 3). */
const LOCAL_OFFSET_MS = 9 * 3600_000;

const DATE =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;

/** With nine digits of a second and a zone. */
const LONGEST = 35;

const offsetOf = (zone: string | undefined): number => {
  if (!zone) return LOCAL_OFFSET_MS;
  if (zone === 'Z') return 0;
  const [hours, minutes] = zone.slice(1).split(':').map(Number);
  return (zone[0] === '-' ? -1 : 1) * (hours! * 60 + minutes!) * 60_000;
};

const utc = (year: number, month: number, ...rest: [number, ...number[]]): number => {
  const date = new Date(0);
  date.setUTCFullYear(year, month, rest[0]); // Date.UTC takes the years 0 to 99 for 1900 to 1999
  date.setUTCHours(rest[1] ?? 0, rest[2] ?? 0, rest[3] ?? 0, rest[4] ?? 0);
  return date.getTime();
};

/** Filtering, sorting and the decision each ask for the date of a record: what was read is kept. */
const MOST_KEPT = 4_096;
const kept = new Map<string, Span | undefined>();

/** The range that a date, dateTime or instant stands for; undefined where it is none. */
export const spanOf = (text: string): Span | undefined => {
  const known = kept.get(text);
  if (known !== undefined || kept.has(text)) return known;
  const span = text.length > LONGEST ? undefined : spanIn(text);
  if (kept.size >= MOST_KEPT) kept.clear();
  if (text.length <= LONGEST) kept.set(text, span);
  return span;
};

const spanIn = (text: string): Span | undefined => {
  const [match, y, mo, d, h, mi, s, fraction, zone] = DATE.exec(text) ?? [];
  if (match === undefined) return undefined;
  const [year, month, day] = [Number(y), Number(mo ?? 1) - 1, Number(d ?? 1)];
  const [hour, minute, second] = [Number(h ?? 0), Number(mi ?? 0), Number(s ?? 0)];
  // "The time 24:00 may not be used": https://hl7.org/fhir/R4/datatypes.html#dateTime
  const isDay = month < 12 && new Date(utc(year, month, day)).getUTCMonth() === month && day > 0;
  if (!isDay || hour > 23 || minute > 59 || second > 60) return undefined;

  const shift = offsetOf(zone);
  const span = (low: number, high: number): Span => ({ low: low - shift, high: high - shift });
  if (!mo) return span(utc(year, 0, 1), utc(year + 1, 0, 1));
  if (!d) return span(utc(year, month, 1), utc(year, month + 1, 1));
  if (!h) return span(utc(year, month, day), utc(year, month, day + 1));
  const low = utc(year, month, day, hour, minute, second, Math.floor(Number(`0.${fraction ?? 0}`) * 1000 + 1e-6));
  return span(low, low + (!s ? 60_000 : fraction ? 1 : 1000));
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const spanAt = (value: unknown) => (typeof value === 'string' ? spanOf(value) : undefined);

/** From the start of `start` to the end of `end`, open where one is missing. */
const periodOf = (period: Record<string, unknown>): Span | undefined => {
  const start = spanAt(period.start);
  const end = spanAt(period.end);
  if (!start && !end) return undefined;
  return { low: start?.low ?? Number.NEGATIVE_INFINITY, high: end?.high ?? Number.POSITIVE_INFINITY };
};

/** "The outer limits of a Timing": its events and its bounds, together. */
const timingOf = (timing: Record<string, unknown>): Span | undefined => {
  const events = Array.isArray(timing.event) ? timing.event.flatMap((event) => spanAt(event) ?? []) : [];
  const bounds =
    isObject(timing.repeat) && isObject(timing.repeat.boundsPeriod) && periodOf(timing.repeat.boundsPeriod);
  return outer(bounds ? [...events, bounds] : events);
};

export const outer = (spans: readonly Span[]): Span | undefined =>
  spans.length === 0
    ? undefined
    : { low: Math.min(...spans.map(({ low }) => low)), high: Math.max(...spans.map(({ high }) => high)) };

/** The range of a value of any of the types that a date parameter may have. */
export const spanOfValue = (value: unknown, type: string): Span | undefined => {
  if (type === 'Period') return isObject(value) ? periodOf(value) : undefined;
  if (type === 'Timing') return isObject(value) ? timingOf(value) : undefined;
  return spanAt(value);
};
