import { describe, expect, it } from 'vitest';
import { ifMatch, preferHandling, preferReturn, versionOf } from '../../../functions/interactions/headers.ts';

describe('versions in headers', () => {
  it.each([
    ['W/"3"', 3],
    ['"3"', 3],
    ['3', 3],
    [' W/"12" ', 12],
  ])('reads %s', (etag, version) => expect(versionOf(etag)).toBe(version));

  it.each(['', 'W/""', 'W/"0"', 'W/"-1"', 'W/"1.5"', 'W/"a"', 'W/"1", W/"2"', '1'.repeat(20)])('refuses %s', (etag) => {
    expect(versionOf(etag)).toBeUndefined();
    expect(() => ifMatch({ 'if-match': etag })).toThrow();
  });

  it('takes If-Match: * for any version', () => expect(ifMatch({ 'if-match': '*' })).toBeUndefined());
});

describe('Prefer', () => {
  it('is a list, and what is unknown in it is ignored', () => {
    expect(preferReturn({ prefer: 'respond-async, return=minimal; handling=strict' })).toBe('minimal');
    expect(preferReturn({ prefer: 'return="representation"' })).toBe('representation');
    expect(preferReturn({ prefer: 'return=everything' })).toBeUndefined();
    expect(preferReturn({})).toBeUndefined();
    expect(preferHandling({ prefer: 'handling=strict' })).toBe('strict');
    expect(preferHandling({})).toBe('lenient');
  });
});
