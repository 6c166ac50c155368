// Numbers as searches see them. https://hl7.org/fhir/R4/search.html#number

/** What a number in a search stands for: itself where a prefix compares, a range by its precision where it must equal. */
export interface Sought {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const NUMBER = /^[+-]?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

/** `100` is [99.5, 100.5), `100.00` is [99.995, 100.005); undefined where the text is no number. */
export const soughtNumber = (text: string): Sought | undefined => {
  const [match, , fraction = '', exponent] = NUMBER.exec(text) ?? [];
  if (match === undefined) return undefined;
  const value = Number(text);
  // R4 gives [95, 105) for `1e2`: a whole mantissa with an exponent counts a digit more than it shows.
  const digits = exponent !== undefined && fraction === '' ? 1 : fraction.length;
  const half = 0.5 * 10 ** (Number(exponent ?? 0) - digits);
  return Number.isFinite(value) ? { value, low: value - half, high: value + half } : undefined;
};

/** A JSON number, or one whose text was kept (`JSON.rawJSON`, see fhir/types.ts). */
export const numberOf = (value: unknown): number | undefined => {
  const plain = typeof value === 'object' && value !== null && 'rawJSON' in value ? Number(value.rawJSON) : value;
  return typeof plain === 'number' && Number.isFinite(plain) ? plain : undefined;
};
