// base32hex in lower case (RFC 4648, section 7): five bits a character, and it sorts as the number does.
const DIGITS = '0123456789abcdefghijklmnopqrstuv';
/** By character code: an id is read and written for each record that is shown. */
const VALUES = new Uint8Array(128);
for (let value = 0; value < 32; value++) VALUES[DIGITS.charCodeAt(value)] = value;

/** A non-negative integer below 2^53, in `length` characters. */
export const encodeNumber = (value: number, length: number): string => {
  let text = '';
  for (let left = value; text.length < length; left = Math.floor(left / 32)) text = DIGITS[left % 32] + text;
  return text;
};

export const decodeNumber = (text: string): number => {
  let value = 0;
  for (let at = 0; at < text.length; at++) value = value * 32 + (VALUES[text.charCodeAt(at)] ?? 0);
  return value;
};

/** The first `length * 5` bits of `bytes`; bits that are missing at the end are zero. */
export const encodeBytes = (bytes: Uint8Array, length: number): string => {
  let text = '';
  let held = 0;
  let bits = 0;
  for (let at = 0; text.length < length; ) {
    if (bits < 5) {
      held = (held << 8) | (bytes[at++] ?? 0);
      bits += 8;
    }
    bits -= 5;
    text += DIGITS[(held >> bits) & 31];
    held &= (1 << bits) - 1;
  }
  return text;
};

/** The other way; bits beyond the last whole byte are dropped. */
export const decodeBytes = (text: string, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (let digit = 0; digit < text.length; digit++) {
    held = (held << 5) | (VALUES[text.charCodeAt(digit)] ?? 0);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      if (at < length) bytes[at++] = (held >> bits) & 255;
      held &= (1 << bits) - 1;
    }
  }
  return bytes;
};
