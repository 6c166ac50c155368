import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRawNumber, MAX_DEPTH, numberOf, parseJson, spliceText, storedText } from '../../../functions/fhir/json.ts';
import type { Json, Resource } from '../../../functions/fhir/types.ts';

const malformed = expect.objectContaining({ refusal: 'malformed' });
const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)));

describe('parseJson', () => {
  it.each(['1.00', '1.0E2', '1e2', '-0', '0.0000001', '12345678901234567890', '0.1234567890123456789', '100.0'])(
    'keeps the text of the decimal %s',
    (number) => {
      const text = `{"value":${number},"list":[1,${number}],"spaced": [ ${number} ]}`;
      const value = parseJson(text) as Record<string, Json>;
      expect(isRawNumber(value.value)).toBe(true);
      expect(JSON.stringify(value)).toBe(text.replaceAll(' ', ''));
      expect(numberOf(value.value)).toBe(Number(number));
    },
  );

  it('reads a number that a double keeps as a number', () => {
    expect(parseJson('{"value":1.25,"other":-3}')).toEqual({ value: 1.25, other: -3 });
  });

  it('writes every number back as it came, whatever stands around it', () => {
    const digits = fc.stringMatching(/^(0|[1-9][0-9]{0,18})$/);
    const fraction = fc.oneof(
      fc.constant(''),
      fc.stringMatching(/^\.[0-9]{1,9}$/),
      fc.stringMatching(/^\.0{4,8}[1-9]$/),
    );
    const exponent = fc.oneof({ weight: 4, arbitrary: fc.constant('') }, fc.stringMatching(/^[eE][+-]?[0-9]{1,2}$/));
    const number = fc.tuple(fc.constantFrom('', '-'), digits, fraction, exponent).map((parts) => parts.join(''));
    const written = (text: string) => JSON.stringify(parseJson(text));
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 3 }), (numbers) => {
        const [first = '0'] = numbers;
        for (const text of [`[${numbers.join(',')}]`, `{"a":${first},"b":{"c":"1.50","d":[[${first}]]}}`])
          expect(written(text)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parseJson(bytes('{"a":"', [0xff, 0xfe], '"}'))).toThrow(malformed);
    expect(() => parseJson(bytes('{"a":"', [0xed, 0xa0, 0x80], '"}'))).toThrow(malformed);
  });

  it('refuses a byte order mark', () => {
    expect(() => parseJson(bytes([0xef, 0xbb, 0xbf], '{}'))).toThrow(malformed);
  });

  it.each([
    ['a name that stands twice', '{"a":1,"a":2}'],
    ['a name that stands twice in other letters', '{"a":1,"\\u0061":2}'],
    ['a name that stands twice below', '{"x":[{"b":{"c":1,"d":[],"c":2}}]}'],
    ['what is not JSON', '{"a":1,}'],
    ['nothing', ''],
    ['too many names', `{${Array.from({ length: 300 }, (_, i) => `"n${i}":1`).join(',')}}`],
    ['too deep a nesting', `${'['.repeat(MAX_DEPTH + 1)}${']'.repeat(MAX_DEPTH + 1)}`],
    ['a very deep nesting', `${'['.repeat(500_000)}`],
    ['a very deep nesting of decimals', `${'{"a":'.repeat(100_000)}1.00${'}'.repeat(100_000)}`],
  ])('refuses %s', (_, text) => {
    expect(() => parseJson(text)).toThrow(malformed);
  });

  it('lets the same name stand in different objects, and quotes and brackets in strings', () => {
    const text = '{"a":{"a":"{\\"a\\":[\\\\"},"b":[{"a":1},{"a":2}],"c":",\\"a\\":"}';
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it('does not quote the body in its refusal', () => {
    expect(() => parseJson('{"name":"山田"')).toThrow(/^the body is not JSON from line 1, column 13 on$/);
  });

  it('reads whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 10 }),
        (text) => JSON.stringify(parseJson(text)) === JSON.stringify(JSON.parse(text)),
      ),
    );
  });
});

describe('stored text', () => {
  const splice = (resource: Resource) =>
    spliceText(resource.resourceType, resource.id ?? 'x', 3, Date.UTC(2026, 10, 22), storedText(resource));

  const server = { versionId: '3', lastUpdated: '2026-11-22T00:00:00.000Z' };

  it('is the resource without what the server decides, meta first', () => {
    const resource = {
      resourceType: 'Patient',
      id: 'p1',
      active: true,
      meta: { versionId: '9', lastUpdated: 'x', source: 's' },
    };
    expect(storedText(resource)).toBe('{"meta":{"source":"s"},"active":true}');
  });

  it.each([
    ['without meta', { resourceType: 'Patient', id: 'p1', active: true }],
    ['with an empty rest', { resourceType: 'Patient', id: 'p1' }],
    ['with meta only', { resourceType: 'Patient', id: 'p1', meta: { tag: [{ code: 'a' }] } }],
    ['with the server’s meta only', { resourceType: 'Patient', id: 'p1', meta: { versionId: '1', lastUpdated: 'x' } }],
    ['with meta last', { resourceType: 'Patient', active: false, id: 'p1', meta: { versionId: '1', profile: ['u'] } }],
  ])('becomes a complete resource again %s', (_, resource: Resource) => {
    expect(JSON.parse(splice(resource))).toEqual({ ...resource, meta: { ...resource.meta, ...server } });
    expect(splice(resource)).toMatch(/^\{"resourceType":"Patient","id":"p1","meta":\{"versionId":"3"/);
  });

  it('keeps every character, outside the BMP and with variation selectors too', () => {
    const family = '𠮷野 葛󠄀城 邉󠄐 髙﨑 👨‍👩‍👧';
    expect(splice({ resourceType: 'Patient', id: 'p1', name: [{ family }] })).toContain(family);
  });

  it('splices into what parsing and writing would make, for any content', () => {
    const rest = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 4 }));
    const meta = fc.dictionary(fc.constantFrom('source', 'versionId', 'lastUpdated', 'tag', 'profile'), fc.jsonValue());
    fc.assert(
      fc.property(rest, fc.option(meta, { nil: undefined }), (content, ownMeta) => {
        const { resourceType: _, id: __, meta: ___, ...plain } = content as Record<string, unknown>;
        const resource = { resourceType: 'Basic', id: 'b1', ...plain, ...(ownMeta && { meta: ownMeta }) } as Resource;
        const expected = { ...resource, meta: { ...(ownMeta ?? {}), ...server } };
        expect(JSON.parse(splice(resource))).toEqual(JSON.parse(JSON.stringify(expected)));
      }),
    );
  });
});
