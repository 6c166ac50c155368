import { describe, expect, it } from 'vitest';
import { assertUnchanged, preferHandling, preferReturn, versionOf } from '../../../functions/interactions/headers.ts';
import type { Stored } from '../../../functions/storage/port.ts';

describe('versions in headers', () => {
  it.each([
    ['W/"3"', 3],
    ['"3"', 3],
    ['3', 3],
    [' W/"12" ', 12],
  ])('reads %s', (etag, version) => expect(versionOf(etag)).toBe(version));

  it.each(['', 'W/""', 'W/"0"', 'W/"-1"', 'W/"1.5"', 'W/"a"', 'W/"1", W/"2"', '1'.repeat(20)])(
    'knows no version in %s',
    (etag) => expect(versionOf(etag)).toBeUndefined(),
  );
});

describe('conditions of a change', () => {
  const lastUpdated = Date.parse('2026-11-22T01:02:03.456Z');
  const third = { version: 3, lastUpdated, deleted: false } as Stored;
  const deleted = { ...third, deleted: true } as Stored;
  const asked = (match: string, stored: Stored | undefined) => () =>
    assertUnchanged({ 'if-match': match }, stored, 'Patient/p1');

  it.each(['W/"3"', '"3"', '3', ' W/"3" ', 'W/"1", W/"3"', '"1","2" , "3"', '*', ' * '])(
    'are met by version 3 where If-Match is %s',
    (match) => expect(asked(match, third)).not.toThrow(),
  );

  it.each(['W/"2"', 'W/"30"', 'W/"1", W/"2"', 'W/"abc"', '""'])(
    'are not met by version 3 where If-Match is %s (412)',
    (match) => expect(asked(match, third)).toThrow(expect.objectContaining({ status: 412 })),
  );

  it('are not met by what is not there (412); of what is deleted, by the version of the deletion alone', () => {
    for (const match of ['*', 'W/"3"'])
      expect(asked(match, undefined), match).toThrow(expect.objectContaining({ status: 412 }));
    for (const match of ['*', 'W/"2"'])
      expect(asked(match, deleted), match).toThrow(expect.objectContaining({ status: 412 }));
    expect(asked('W/"3"', deleted)).not.toThrow();
  });

  it.each(['', 'W/3', 'W/"3', 'nonsense', 'W/"3",'])('must be entity tags (400): %s', (match) =>
    expect(asked(match, third)).toThrow(expect.objectContaining({ status: 400 })),
  );

  it('may be a date, to the second, unless If-Match is there; one that cannot be read is ignored', () => {
    const since = (date: string, match?: string) => () =>
      assertUnchanged({ 'if-unmodified-since': date, ...(match && { 'if-match': match }) }, third, 'Patient/p1');
    expect(since('Sun, 22 Nov 2026 01:02:02 GMT')).toThrow(expect.objectContaining({ status: 412 }));
    expect(since('Sun, 22 Nov 2026 01:02:03 GMT')).not.toThrow();
    expect(since('yesterday')).not.toThrow();
    expect(since('Sun, 22 Nov 2020 01:02:02 GMT', 'W/"3"')).not.toThrow();
  });
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
