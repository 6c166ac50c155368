// Bodies as they lie in the table.
import { hash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compress, decompress } from '../../../functions/storage/codec.ts';
import { FHIR_1 } from '../../../functions/storage/dictionaries/fhir-1.ts';

it('gives back every text as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 5000 }), (text) => {
      expect(decompress(compress(text))).toBe(text.toWellFormed());
    }),
  );
});

it('gives back the right text for each body while more bodies come than it keeps', () => {
  const texts = Array.from({ length: 3_000 }, (_, at) =>
    JSON.stringify({ status: 'final', note: [{ text: `${at} `.repeat(600) }] }),
  );
  const bodies = texts.map(compress);
  for (let round = 0; round < 2; round++)
    for (const [at, body] of bodies.entries()) {
      decompress(bodies[0]!); // one that is asked for again and again
      if (decompress(body) !== texts[at]) throw new Error(`body ${at} came back as another`);
    }
});

it('never changes a dictionary that stored items name', () => {
  expect(hash('sha256', FHIR_1).slice(0, 16)).toBe('70c500f7f80dd091');
  expect(Buffer.byteLength(FHIR_1)).toBeLessThan(32_768);
});

it('makes less than half of what deflate alone makes of a small resource', () => {
  const text = JSON.stringify({
    status: 'final',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] },
    ],
    code: { coding: [{ system: 'http://loinc.org', code: '29463-7', display: 'Body Weight' }], text: 'Body Weight' },
    subject: { reference: 'Patient/p1' },
    effectiveDateTime: '2026-11-22T09:00:00+09:00',
    valueQuantity: { value: 61.5, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
  });
  expect(compress(text).byteLength).toBeLessThan(deflateRawSync(text).byteLength / 2);
});

it('says so when a body names a dictionary that it does not have', () => {
  expect(() => decompress(Uint8Array.of(200, 1, 2))).toThrow('dictionary');
});
