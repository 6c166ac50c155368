// The strict reader of XML: what it reads it reads as libxml2 does, and what could do anything it refuses.
import { XmlDocument } from 'libxml2-wasm';
import { describe, expect, it } from 'vitest';
import { decodeXml, parseXml, XML_LIMITS } from '../../../functions/ihe/xml/parse.ts';
import type { XmlElement } from '../../../functions/ihe/xml/tree.ts';
import { attribute, child, elementsOf, path, standalone, textOf } from '../../../functions/ihe/xml/tree.ts';
import { element, raw } from '../../../functions/ihe/xml/write.ts';
import { filesBelow, hasVectors, skipped, unpack } from './support/vectors.ts';

describe('what XML can do to its reader', () => {
  const laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>';
  it.each<[string, string, RegExp]>([
    ['expanding entities', laughs, /document type/],
    ['an external entity', '<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>', /document type/],
    ['an external subset', '<!DOCTYPE l SYSTEM "http://evil.example/x.dtd"><l/>', /document type/],
    ['a parameter entity', '<!DOCTYPE l [<!ENTITY % p SYSTEM "http://evil.example/">%p;]><l/>', /document type/],
    ['a document type in lower case', '<!doctype l><l/>', /document type/],
    ['a document type inside', '<l><!DOCTYPE l></l>', /document type/],
    ['an entity declaration inside', '<l><!ENTITY a "b"></l>', /document type/],
    ['an unknown entity', '<l>&a;</l>', /entity/],
    ['an entity named like a method', '<l>&toString;</l>', /entity/],
    ['a bare ampersand', '<l>a & b</l>', /entity/],
    ['a reference to nothing', '<l>&#0;</l>', /entity/],
    ['a reference to a surrogate', '<l>&#xD800;</l>', /entity/],
    ['a reference beyond Unicode', '<l>&#x110000;</l>', /entity/],
    ['a processing instruction', '<?xml-stylesheet href="http://evil.example/"?><l/>', /processing instruction/],
    ['a control character', '<l>\u0001</l>', /forbids/],
    ['a lone surrogate', '<l>\uD800</l>', /forbids/],
    ['deep nesting', '<a>'.repeat(101) + '</a>'.repeat(101), /deeper than 100/],
    ['deep nesting without an end', '<a>'.repeat(1_000_000), /deeper than 100/],
    ['a huge attribute', `<l a="${'x'.repeat(70_000)}"/>`, /attribute over/],
    ['many attributes', `<l ${Array.from({ length: 101 }, (_, i) => `a${i}=""`).join(' ')}/>`, /100 attributes/],
    ['an attribute twice', '<l a="1" a="2"/>', /twice/],
    ['an attribute twice by namespace', '<l xmlns:p="u" xmlns:q="u" p:a="1" q:a="2"/>', /twice/],
    ['a prefix without declaration', '<p:l/>', /prefix/],
    ['a prefix undeclared', '<l xmlns:p=""/>', /prefix/],
    ['xml bound elsewhere', '<l xmlns:xml="urn:evil"/>', /declaration/],
    ['two documents', '<a/><b/>', /more than one/],
    ['text after the end', '<a/>x', /outside/],
    ['a wrong end tag', '<a></b>', /end tag/],
    ['an end tag with a tail', '<a></ab>', /end tag/],
    ['an open element', '<a>', /not closed/],
    ['nothing', '', /not closed/],
    ['< in an attribute', '<a b="<"/>', /attribute/],
    [']]> in text', '<a>]]></a>', /]]>/],
    ['an attribute without quotes', '<a b=c/>', /attribute/],
    ['attributes without space', '<a b="1"c="2"/>', /start tag/],
    ['a comment with --', '<a><!-- -- --></a>', /comment/],
    ['CDATA outside', '<![CDATA[x]]><a/>', /CDATA/],
    ['version 1.1', '<?xml version="1.1"?><a/>', /declaration/],
  ])('refuses %s', (_, xml, rule) => {
    expect(() => parseXml(xml)).toThrow(rule);
  });

  it('does not follow XInclude: it is an element like any other', () => {
    const tree = parseXml('<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></a>');
    expect(textOf(tree)).toBe('');
    expect(elementsOf(tree)[0]?.name).toBe('include');
  });

  it('counts elements and bytes before it keeps them', () => {
    expect(() => parseXml(`<a>${'<b/>'.repeat(11)}</a>`, { ...XML_LIMITS, elements: 10 })).toThrow(/10 elements/);
    expect(() => parseXml(new Uint8Array(11), { ...XML_LIMITS, bytes: 10 })).toThrow(/10 bytes/);
  });

  it.each<[string, Uint8Array]>([
    ['UTF-16', Buffer.from('\uFEFF<a/>', 'utf16le')],
    ['UTF-16 that says so', Buffer.from('\uFEFF<?xml version="1.0" encoding="UTF-16"?><a/>', 'utf16le')],
    ['a declared Shift_JIS', Buffer.from('<?xml version="1.0" encoding="Shift_JIS"?><a/>')],
    ['a declared UTF-7', Buffer.from('<?xml version="1.0" encoding="UTF-7"?><a>+ADw-</a>')],
    ['bytes that are not UTF-8', Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e])],
    ['overlong UTF-8', Buffer.from([0x3c, 0x61, 0x3e, 0xc0, 0xbc, 0x3c, 0x2f, 0x61, 0x3e])],
  ])('refuses the encoding: %s', (_, bytes) => {
    expect(() => parseXml(bytes)).toThrow(/XML refused/);
  });

  it('reads UTF-8 with a byte order mark', () => {
    expect(textOf(parseXml(Buffer.from('\uFEFF<?xml version="1.0" encoding="utf-8"?><a>山</a>')))).toBe('山');
    expect(decodeXml(Buffer.from('<a/>'))).toBe('<a/>');
  });

  it('never repeats what was written', () => {
    expect(() => parseXml('<秘密>&内緒;</秘密>')).toThrow(/^XML refused: [a-z ]+$/);
  });
});

it('resolves namespaces, default ones and those that are taken back', () => {
  const tree = parseXml('<a xmlns="u:1" xmlns:p="u:2" p:x="1" x="2"><p:b/><b xmlns=""><c/></b></a>');
  expect(tree.ns).toBe('u:1');
  expect([attribute(tree, 'x'), attribute(tree, 'x', 'u:2')]).toEqual(['2', '1']);
  expect(child(tree, 'b', 'u:2')).toBeDefined();
  expect(path(child(tree, 'b', ''), 'c')).toBeDefined();
});

it('an element taken out of its message takes its prefixes along', () => {
  const source = '<s:E xmlns:s="u:s" xmlns="u:d&amp;"><s:H><A b="1">x</A></s:H></s:E>';
  const inner = path(parseXml(source), 'H') as XmlElement;
  const alone = standalone(source, child(inner, 'A', 'u:d&') as XmlElement);
  expect(parseXml(alone)).toMatchObject({ ns: 'u:d&', name: 'A' });
});

describe('the writer', () => {
  it('lets no value become markup', () => {
    const nasty = `<b>&"'\n\t\r]]>\u0000\uD800山`;
    const written = element('a', { x: nasty }, nasty, element('c'), raw('<d/>')).markup;
    const back = parseXml(written);
    const kept = `<b>&"'\n\t\r]]>\uFFFD\uFFFD山`;
    expect(attribute(back, 'x')).toBe(kept);
    expect(textOf(back)).toBe(kept);
    expect(elementsOf(back).map(({ name }) => name)).toEqual(['c', 'd']);
  });

  it('leaves out what is undefined', () => {
    expect(element('a', { x: undefined, y: 1 }, undefined, []).markup).toBe('<a y="1"/>');
  });
});

/** One line for each node, as both readers would say it. */
const said = (node: XmlElement): string[] => [
  `${node.ns}|${node.name}|${node.attributes
    .map(({ ns, name, value }) => `${ns}|${name}|${value}`)
    .sort()
    .join('|')}`,
  ...node.children.flatMap((part) => (typeof part === 'string' ? [`"${part}`] : said(part))),
  '/',
];

it.skipIf(!hasVectors)(`reads every message of others as libxml2 does${skipped}`, () => {
  const roots = ['nist-message-samples-half.tar.gz', 'nist-toolkit2-some-tests.tar.gz', 'ipf-schemas.tar.gz'].map(
    unpack,
  );
  const files = roots.flatMap((root) => [
    ...filesBelow(root, '.xml'),
    ...filesBelow(root, '.xsd'),
    ...filesBelow(root, '.wsdl'),
  ]);
  let compared = 0;
  for (const { path: name, bytes } of files) {
    let ours: XmlElement | undefined;
    try {
      ours = parseXml(bytes);
    } catch {
      continue; // a document type, a processing instruction, or not well-formed: counted below
    }
    const theirs = XmlDocument.fromBuffer(bytes);
    const canonical = theirs.canonicalizeToString();
    theirs.dispose();
    expect(said(parseXml(canonical)), name).toEqual(said(ours));
    compared += 1;
  }
  expect(files.length - compared).toBeLessThanOrEqual(8);
  expect(compared).toBeGreaterThan(300);
});
