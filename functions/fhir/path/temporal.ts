// Dates, times and their partial precision: https://hl7.org/fhirpath/N1/#datetime-comparison

interface Moment {
  /** Year, month, day, hour, minute, seconds with fraction: as many as were given. */
  readonly parts: readonly number[];
  /** Minutes east of UTC; undefined: no time zone was given. */
  readonly zone: number | undefined;
}

const DATE_TIME =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:T(?:(\d{2})(?::(\d{2})(?::(\d{2}(?:\.\d+)?))?)?)?(Z|[+-]\d{2}:\d{2})?)?$/;
const TIME = /^T?(\d{2})(?::(\d{2})(?::(\d{2}(?:\.\d+)?))?)?$/;

const zoneOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (text === 'Z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(4, 6));
  return text.startsWith('-') ? -minutes : minutes;
};

const parse = (text: string): Moment | undefined => {
  const time = TIME.exec(text);
  // A time is held against times only, so its parts may stand where a year would.
  if (time && text.includes(':')) return { parts: time.slice(1).filter(Boolean).map(Number), zone: undefined };
  const match = DATE_TIME.exec(text);
  if (!match) return undefined;
  return {
    parts: match
      .slice(1, 7)
      .filter((part) => part !== undefined)
      .map(Number),
    zone: zoneOf(match[7]),
  };
};

const toUtc = ({ parts, zone }: Moment): readonly number[] => {
  if (zone === undefined || parts.length < 5) return parts;
  const [year, month = 1, day = 1, hour = 0, minute = 0, seconds = 0] = parts as [number, ...number[]];
  const utc = new Date(Date.UTC(year, month - 1, day, hour, minute) - zone * 60_000);
  const shifted = [
    utc.getUTCFullYear(),
    utc.getUTCMonth() + 1,
    utc.getUTCDate(),
    utc.getUTCHours(),
    utc.getUTCMinutes(),
    seconds,
  ];
  return shifted.slice(0, parts.length);
};

/** Negative, zero or positive; undefined where one is less precise than the other and the common part is the same. */
export const compareTemporal = (a: string, b: string): number | undefined => {
  const left = parse(a);
  const right = parse(b);
  if (!left || !right) return undefined;
  const haveTime = left.parts.length > 3 && right.parts.length > 3 && !a.includes(':', 0) === !b.includes(':', 0);
  if (haveTime && (left.zone === undefined) !== (right.zone === undefined)) return undefined;
  const [one, other] =
    left.zone !== undefined && right.zone !== undefined ? [toUtc(left), toUtc(right)] : [left.parts, right.parts];
  const shared = Math.min(one.length, other.length);
  for (let i = 0; i < shared; i++) if (one[i] !== other[i]) return one[i]! - other[i]!;
  return one.length === other.length ? 0 : undefined;
};

export const isTemporal = (text: string): boolean => parse(text) !== undefined;
