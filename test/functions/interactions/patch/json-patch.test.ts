// RFC 6902, appendix A: https://datatracker.ietf.org/doc/html/rfc6902#appendix-A
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../../functions/fhir/json.ts';
import { jsonPatch } from '../../../../functions/interactions/patch/json-patch.ts';

describe('the examples of RFC 6902', () => {
  it.each([
    ['A.1 adding a member', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
    [
      'A.2 adding an element',
      { foo: ['bar', 'baz'] },
      [{ op: 'add', path: '/foo/1', value: 'qux' }],
      { foo: ['bar', 'qux', 'baz'] },
    ],
    ['A.3 removing a member', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
    [
      'A.4 removing an element',
      { foo: ['bar', 'qux', 'baz'] },
      [{ op: 'remove', path: '/foo/1' }],
      { foo: ['bar', 'baz'] },
    ],
    [
      'A.5 replacing',
      { baz: 'qux', foo: 'bar' },
      [{ op: 'replace', path: '/baz', value: 'boo' }],
      { baz: 'boo', foo: 'bar' },
    ],
    [
      'A.6 moving a value',
      { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
      [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
      { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
    ],
    [
      'A.7 moving an element',
      { foo: ['all', 'grass', 'cows', 'eat'] },
      [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
      { foo: ['all', 'cows', 'eat', 'grass'] },
    ],
    [
      'A.8 testing',
      { baz: 'qux', foo: ['a', 2, 'c'] },
      [{ op: 'test', path: '/foo/1', value: 2 }],
      { baz: 'qux', foo: ['a', 2, 'c'] },
    ],
    [
      'A.10 adding a nested member',
      { foo: 'bar' },
      [{ op: 'add', path: '/child', value: { grandchild: {} } }],
      { foo: 'bar', child: { grandchild: {} } },
    ],
    [
      'A.11 ignoring what it does not know',
      { foo: 'bar' },
      [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 }],
      { foo: 'bar', baz: 'qux' },
    ],
    ['A.14 escaping ~01', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
    [
      'A.16 adding an array',
      { foo: ['bar'] },
      [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }],
      { foo: ['bar', ['abc', 'def']] },
    ],
    ['replacing the whole', { foo: 'bar' }, [{ op: 'replace', path: '', value: { baz: 1 } }], { baz: 1 }],
  ])('%s', (_, document, operations, expected) => {
    expect(jsonPatch(structuredClone(document), operations)).toEqual(expected);
  });

  it.each([
    ['A.9 a test that fails', { baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }]],
    ['A.12 adding to what is not there', { foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }]],
    ['A.15 comparing strings and numbers', { '~1': 10 }, [{ op: 'test', path: '/~01', value: '10' }]],
    ['an index with a zero in front', { foo: ['a', 'b'] }, [{ op: 'remove', path: '/foo/01' }]],
    ['the end of an array as something to remove', { foo: ['a'] }, [{ op: 'remove', path: '/foo/-' }]],
    ['a pointer without a slash', { foo: 1 }, [{ op: 'remove', path: 'foo' }]],
    ['no value', { foo: 1 }, [{ op: 'add', path: '/bar' }]],
    ['what only the prototype has', {}, [{ op: 'test', path: '/constructor/name', value: 'Object' }]],
    ['the prototype', {}, [{ op: 'add', path: '/constructor/prototype/x', value: 1 }]],
  ])('refuses %s', (_, document, operations) => {
    expect(() => jsonPatch(structuredClone(document), operations)).toThrow();
  });
});

it('compares numbers by value and copies them by text', () => {
  const document = parseJson('{"a":1.00}');
  const after = jsonPatch(document, [
    { op: 'test', path: '/a', value: 1 },
    { op: 'copy', from: '/a', path: '/b' },
  ]);
  expect(JSON.stringify(after)).toBe('{"a":1.00,"b":1.00}');
});
