import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseJson } from '../../../functions/fhir/json.ts';
import { jsonFault } from '../../../functions/fhir/json-fault.ts';

it.each([
  ['', 1, 1],
  ['{', 1, 2],
  ['{"a":}', 1, 6],
  ['{"a" 1}', 1, 6],
  ['{"a":1,}', 1, 8],
  ['[1,]', 1, 4],
  ['[1 2]', 1, 4],
  ['{"a":1}}', 1, 8],
  ['[1}', 1, 3],
  ['{\n  "resourceType": "Patient",\n  "active": tru\n}', 3, 13],
  ['{\n\t"a": "a\nb"}', 2, 9],
  ['{"a":"\\x"}', 1, 7],
  ['{"a":"never closed', 1, 19],
  ['{"a":01}', 1, 7],
  ["{'a':1}", 1, 2],
])('%j stops being JSON at line %i, column %i', (text, line, column) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(jsonFault(text)).toBe(`line ${line}, column ${column}`);
});

it('is within the text, and where the text was broken or after it, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.json({ maxDepth: 4 }),
      fc.nat(),
      fc.constantFrom('', '}', ']', ',', ':', '"', '\\', '\u0001'),
      (json, n, put) => {
        const at = n % (json.length + 1);
        const text = json.slice(0, at) + put + json.slice(at + 1);
        const isJson = (() => {
          try {
            JSON.parse(text);
            return true;
          } catch {
            return false;
          }
        })();
        fc.pre(!isJson);
        const [, line = '', column = ''] = /^line (\d+), column (\d+)$/.exec(jsonFault(text))!;
        const lines = text.split('\n');
        const offset = lines.slice(0, Number(line) - 1).join('\n').length + (line === '1' ? 0 : 1) + Number(column) - 1;
        expect(offset).toBeLessThanOrEqual(text.length);
        // What stands before the change was a beginning of JSON, so the fault is not told before it.
        expect(offset).toBeGreaterThanOrEqual(at - longestLiteral(json, at));
      },
    ),
    { numRuns: 2_000, seed: 20261122 },
  );
});

/** A literal or an escape that is cut in its middle is told where it begins. */
const longestLiteral = (json: string, at: number) => /[\w.+\\-]*$/.exec(json.slice(0, at))![0].length;

it('is told to who sends a body that is no JSON, and nothing of what stands there', () => {
  const body = Buffer.from('{\n  "resourceType": "Patient",\n  "name": 山田\n}');
  expect(() => parseJson(body)).toThrow('the body is not JSON from line 3, column 11 on');
});
