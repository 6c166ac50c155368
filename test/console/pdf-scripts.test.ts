// Whether a PDF may run something, and how old texts are read.
import { expect, it } from 'vitest';
import { decoded } from '../../console/src/record/decoded.ts';
import { mayRunScripts } from '../../console/src/record/pdf-scripts.ts';
import { PDFS, SHIFT_JIS } from './clinic/given-documents.ts';

const judged = (bytes: Buffer) => mayRunScripts(new Blob([Uint8Array.from(bytes)]));

it.each(['plain', 'withPlainObjectStream'] as const)('lets a PDF without scripts be opened (%s)', async (name) => {
  expect(await judged(PDFS[name])).toBe(false);
});

it.each(['onOpening', 'escaped', 'inObjectStream', 'inPlainObjectStream'] as const)(
  'finds the script of a PDF (%s)',
  async (name) => {
    expect(await judged(PDFS[name])).toBe(true);
  },
);

it.each(['predicted', 'otherFilter', 'hiddenByComment', 'hiddenByString', 'encrypted'] as const)(
  'does not open what it cannot look into (%s)',
  async (name) => {
    expect(await judged(PDFS[name])).toBe(true);
  },
);

it('reads a text in the letters that it says it is written in', () => {
  expect(decoded(SHIFT_JIS, 'text/plain; charset=Shift_JIS')).toBe('経過良好');
  const xml = Buffer.concat([
    Buffer.from('<?xml version="1.0" encoding="Shift_JIS"?><a>'),
    SHIFT_JIS,
    Buffer.from('</a>'),
  ]);
  expect(decoded(xml, 'text/xml')).toContain('<a>経過良好</a>');
  expect(decoded(Buffer.from('\uFEFF経過良好', 'utf16le'), 'text/plain')).toBe('経過良好');
  expect(decoded(Buffer.from('経過良好'), 'text/plain')).toBe('経過良好');
  expect(decoded(Buffer.from('経過良好'), 'text/plain; charset=no-such-thing')).toBe('経過良好');
});
