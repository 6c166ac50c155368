import { createHash } from 'node:crypto';

const ALPHABET = '0123456789abcdefghijklmnopqrstuv';

/**
 * The id of a resource that a file POSTs: the same facility and `fullUrl` give the same id, so loading a file again meets what it left.
 *
 * 150 bits of SHA-256 behind `u-`: a legal FHIR id (https://hl7.org/fhir/R4/datatypes.html#id), and with its hyphen and 32 characters
 * never the form of a server id (26 characters of base32hex), which clients may not choose.
 */
export const derivedId = (facility: string, fullUrl: string): string => {
  const digest = createHash('sha256').update(`${facility}\n${fullUrl}`).digest();
  let id = 'u-';
  let bits = 0;
  let value = 0;
  for (const byte of digest) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5 && id.length < 32) {
      bits -= 5;
      id += ALPHABET[(value >> bits) & 31];
    }
    value &= (1 << bits) - 1;
    if (id.length === 32) break;
  }
  return id;
};
