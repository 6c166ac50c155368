// A strict reader of the part of XML that SOAP messages use (https://www.w3.org/TR/soap12-part1/#soapenv: no document type,
// no processing instructions). What it does not read it refuses: there is no entity to expand and nothing to fetch.
import { FORBIDDEN } from './characters.ts';
import type { XmlAttribute, XmlElement } from './tree.ts';

export class XmlError extends Error {
  /** Where in the text, in characters; what was written there is never repeated. */
  readonly at: number;
  constructor(rule: string, at = 0) {
    super(`XML refused: ${rule}`);
    this.at = at;
  }
}

export interface XmlLimits {
  readonly bytes: number;
  readonly depth: number;
  readonly elements: number;
  readonly attributesPerElement: number;
  readonly attributeLength: number;
}

export const XML_LIMITS: XmlLimits = {
  bytes: 4 * 1024 * 1024,
  depth: 100,
  elements: 200_000,
  attributesPerElement: 100,
  attributeLength: 64 * 1024,
};

const XML_NS = 'http://www.w3.org/XML/1998/namespace';
const XMLNS_NS = 'http://www.w3.org/2000/xmlns/';
const NAME_START =
  /[:A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD]/;
const NAME = new RegExp(
  `${NAME_START.source}[-.0-9\\u00B7\\u0300-\\u036F\\u203F-\\u2040${NAME_START.source.slice(1)}*`,
  'y',
);
const SPACE = /[ \t\r\n]*/y;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** UTF-8 only: a message in another encoding is refused before anything else looks at it. */
export const decodeXml = (bytes: Uint8Array, limits: XmlLimits = XML_LIMITS): string => {
  if (bytes.length > limits.bytes) throw new XmlError(`more than ${limits.bytes} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new XmlError('not UTF-8');
  }
};

interface Open {
  readonly qname: string;
  readonly children: (XmlElement | string)[];
  readonly scope: Readonly<Record<string, string>>;
  readonly declared: readonly string[];
  readonly raw: readonly (readonly [string, string])[];
  readonly start: number;
  readonly nameEnd: number;
}

/** https://www.w3.org/TR/xml/ and https://www.w3.org/TR/xml-names/, without document types and processing instructions. */
export const parseXml = (input: string | Uint8Array, limits: XmlLimits = XML_LIMITS): XmlElement => {
  const text = typeof input === 'string' ? input : decodeXml(input, limits);
  if (text.length > limits.bytes) throw new XmlError(`more than ${limits.bytes} characters`);
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden) throw new XmlError('a character that XML forbids', forbidden.index);

  const stack: Open[] = [];
  let root: XmlElement | undefined;
  let elements = 0;
  let at = skipDeclaration(text);

  const put = (part: XmlElement | string) => {
    const parent = stack.at(-1);
    if (!parent) {
      if (typeof part !== 'string') {
        if (root) throw new XmlError('more than one document element', at);
        root = part;
      } else if (part.trim()) throw new XmlError('text outside the document element', at);
      return;
    }
    const last = parent.children.at(-1);
    if (typeof part === 'string' && typeof last === 'string') parent.children[parent.children.length - 1] = last + part;
    else if (part !== '') parent.children.push(part);
  };

  while (at < text.length) {
    const next = text.indexOf('<', at);
    const chunk = next < 0 ? text.slice(at) : text.slice(at, next);
    if (chunk) {
      if (chunk.includes(']]>')) throw new XmlError(']]> in text', at);
      put(stack.length > 0 ? decodeText(chunk, at) : chunk);
    }
    if (next < 0) break;
    at = next;
    if (text.startsWith('<!--', at)) at = skipComment(text, at);
    else if (text.startsWith('<![CDATA[', at)) {
      const end = text.indexOf(']]>', at);
      if (end < 0 || stack.length === 0) throw new XmlError('a CDATA section out of place', at);
      put(lines(text.slice(at + 9, end)));
      at = end + 3;
    } else if (text.startsWith('<!', at)) throw new XmlError('a document type', at);
    else if (text.startsWith('<?', at)) throw new XmlError('a processing instruction', at);
    else if (text.startsWith('</', at)) {
      const open = stack.pop();
      const close = open && text.startsWith(open.qname, at + 2) ? skipSpace(text, at + 2 + open.qname.length) : -1;
      if (!open || close < 0 || text[close] !== '>') throw new XmlError('an end tag without its start tag', at);
      at = close + 1;
      put(finish(open, at));
    } else {
      elements += 1;
      if (elements > limits.elements) throw new XmlError(`more than ${limits.elements} elements`, at);
      const tag = readStartTag(text, at, stack.at(-1)?.scope ?? { xml: XML_NS, '': '' }, limits);
      at = tag.end;
      if (tag.empty) put(finish(tag.open, at));
      else if (stack.push(tag.open) > limits.depth) throw new XmlError(`deeper than ${limits.depth} elements`, at);
    }
  }
  if (stack.length > 0 || !root) throw new XmlError('an element that is not closed', at);
  return root;
};

const skipDeclaration = (text: string): number => {
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  if (!/^<\?xml[ \t\r\n]/.test(text.slice(start, start + 6))) return start;
  const declaration =
    /^<\?xml\s+version\s*=\s*(?:"1\.0"|'1\.0')(?:\s+encoding\s*=\s*["']([A-Za-z0-9._-]+)["'])?(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>/;
  const found = declaration.exec(text.slice(start, start + 200));
  if (!found) throw new XmlError('a malformed XML declaration', start);
  if (!/^(utf-8|us-ascii)$/i.test(found[1] ?? 'utf-8')) throw new XmlError('an encoding other than UTF-8 is declared');
  return start + found[0].length;
};

const skipComment = (text: string, at: number): number => {
  const end = text.indexOf('--', at + 4);
  if (end < 0 || text[end + 2] !== '>') throw new XmlError('a malformed comment', at);
  return end + 3;
};

const skipSpace = (text: string, at: number): number => {
  SPACE.lastIndex = at;
  SPACE.test(text);
  return SPACE.lastIndex;
};

const readName = (text: string, at: number): string => {
  NAME.lastIndex = at;
  const found = NAME.exec(text);
  if (!found) throw new XmlError('a malformed name', at);
  return found[0];
};

const lines = (value: string): string => (value.includes('\r') ? value.replace(/\r\n?/g, '\n') : value);

const decodeText = (value: string, at: number): string => {
  const text = lines(value);
  return text.includes('&')
    ? text.replace(/&([^;&<\s]{0,12}(;?))/g, (_, reference, end) => resolve(reference, end, at))
    : text;
};

const resolve = (reference: string, end: string, at: number): string => {
  const name = end ? reference.slice(0, -1) : '';
  const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
  if (known !== undefined) return known;
  const code = /^#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}))$/.exec(name);
  const point = code ? Number.parseInt(code[1] ?? code[2] ?? '', code[1] ? 16 : 10) : -1;
  if (
    point < 0 ||
    point > 0x10ffff ||
    (point >= 0xd800 && point <= 0xdfff) ||
    FORBIDDEN.test(String.fromCodePoint(point))
  )
    throw new XmlError('an entity that is not one of the five', at);
  return String.fromCodePoint(point);
};

const readStartTag = (text: string, start: number, outer: Readonly<Record<string, string>>, limits: XmlLimits) => {
  const qname = readName(text, start + 1);
  const nameEnd = start + 1 + qname.length;
  const raw: [string, string][] = [];
  const names = new Set<string>();
  let at = nameEnd;
  for (;;) {
    const next = skipSpace(text, at);
    if (text[next] === '>' || text.startsWith('/>', next)) {
      const empty = text[next] === '/';
      const scope = scopeOf(raw, outer, next);
      const declared = Object.keys(scope.declared);
      return {
        open: { qname, children: [], scope: scope.all, declared, raw, start, nameEnd } satisfies Open,
        empty,
        end: next + (empty ? 2 : 1),
      };
    }
    if (next === at) throw new XmlError('a malformed start tag', at);
    const name = readName(text, next);
    const equals = skipSpace(text, next + name.length);
    const quoteAt = skipSpace(text, equals + 1);
    const quote = text[quoteAt];
    const end = text[equals] === '=' && (quote === '"' || quote === "'") ? text.indexOf(quote, quoteAt + 1) : -1;
    if (end < 0) throw new XmlError('a malformed attribute', next);
    const value = text.slice(quoteAt + 1, end);
    if (value.length > limits.attributeLength)
      throw new XmlError(`an attribute over ${limits.attributeLength} characters`, next);
    if (value.includes('<')) throw new XmlError('< in an attribute', next);
    if (names.has(name)) throw new XmlError('an attribute twice', next);
    names.add(name);
    if (names.size > limits.attributesPerElement)
      throw new XmlError(`more than ${limits.attributesPerElement} attributes`, next);
    raw.push([name, decodeText(value.replace(/\r\n/g, ' ').replace(/[\t\r\n]/g, ' '), next)]);
    at = end + 1;
  }
};

const scopeOf = (raw: readonly (readonly [string, string])[], outer: Readonly<Record<string, string>>, at: number) => {
  const declared: Record<string, string> = Object.create(null);
  for (const [name, value] of raw) {
    const prefix = name === 'xmlns' ? '' : name.startsWith('xmlns:') ? name.slice(6) : undefined;
    if (prefix === undefined) continue;
    if (prefix.includes(':') || prefix === 'xmlns' || value === XMLNS_NS || (prefix === 'xml') !== (value === XML_NS))
      throw new XmlError('a namespace declaration that is not allowed', at);
    if (prefix && !value) throw new XmlError('a prefix without a namespace', at);
    declared[prefix] = value;
  }
  const none = Object.keys(declared).length === 0;
  return { declared, all: none ? outer : Object.assign(Object.create(null), outer, declared) };
};

const resolveName = (qname: string, scope: Readonly<Record<string, string>>, isAttribute: boolean, at: number) => {
  const [prefix, name, more] = qname.includes(':') ? qname.split(':') : ['', qname];
  if (more !== undefined || !name || (qname.includes(':') && !prefix))
    throw new XmlError('a malformed qualified name', at);
  if (!prefix && isAttribute) return { ns: '', name };
  const ns = scope[prefix ?? ''];
  if (ns === undefined) throw new XmlError('a prefix that is not declared', at);
  return { ns, name };
};

const finish = (open: Open, end: number): XmlElement => {
  const attributes: XmlAttribute[] = [];
  for (const [qname, value] of open.raw) {
    if (qname === 'xmlns' || qname.startsWith('xmlns:')) continue;
    const resolved = resolveName(qname, open.scope, true, open.start);
    if (attributes.some((other) => other.ns === resolved.ns && other.name === resolved.name))
      throw new XmlError('an attribute twice', open.start);
    attributes.push({ ...resolved, value });
  }
  const { scope, declared, start, nameEnd, children } = open;
  return {
    ...resolveName(open.qname, scope, false, start),
    attributes,
    children,
    scope,
    declared,
    start,
    nameEnd,
    end,
  };
};
