// XHTML of a narrative: https://hl7.org/fhir/R4/narrative.html#xhtml (txt-1, txt-2)
// A narrative is shown to people as it is, so anything that is not on the list is refused: scripts, forms, frames, event
// attributes, and addresses that a browser would run.

const words = (text: string) => new Set(text.split(' '));

/** HTML 4.0, chapters 7-11 (without 9.4) and 15, `a` and `img`. */
const ELEMENTS = words(
  'div p br h1 h2 h3 h4 h5 h6 hr a span b i em strong small big tt s strike u font center sub sup code samp kbd var dfn abbr acronym ' +
    'cite q blockquote pre address ul ol li dl dt dd table caption colgroup col thead tbody tfoot tr th td img map area bdo',
);

const ATTRIBUTES = words(
  'xmlns id class style title lang xml:lang dir href name src alt longdesc height width usemap ismap shape coords hreflang rel rev type ' +
    'charset accesskey tabindex border cellpadding cellspacing summary frame rules align valign char charoff abbr axis headers scope ' +
    'rowspan colspan span start value compact cite datetime size color face bgcolor clear noshade nowrap target',
);

const ADDRESSES = words('href src cite longdesc usemap');
const ENTITIES = /&(?!(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)/;

const TAG =
  /<(?:!--(?:(?!--)[\s\S])*-->|(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>)/y;
const ATTRIBUTE = /([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

const XHTML = 'http://www.w3.org/1999/xhtml';

/** Browsers drop white space and control characters, and resolve character references, before they look at the scheme. */
const isSafeAddress = (value: string): boolean => {
  const resolved = value
    .replaceAll(/&#(?:x([0-9a-fA-F]+)|(\d+));?/g, (_, hex?: string, decimal?: string) => codePoint(hex, decimal))
    .replaceAll(/&(?:colon|Tab|NewLine);/gi, (entity) => (entity.toLowerCase() === '&colon;' ? ':' : ''))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what an attack hides behind.
    .replaceAll(/[\u0000-\u0020]/g, '');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(resolved)?.[1]?.toLowerCase();
  if (scheme === undefined) return !resolved.includes(':') || /^[#/?.\w]/.test(resolved);
  if (scheme === 'data') return /^data:image\/(?:png|jpe?g|gif|webp);/i.test(resolved);
  return ['http', 'https', 'mailto', 'tel', 'urn', 'cid'].includes(scheme);
};

const codePoint = (hex: string | undefined, decimal: string | undefined): string => {
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
};

const attributeFault = (text: string): string | undefined => {
  const seen = new Set<string>();
  for (const [, name = '', double, simple] of text.matchAll(ATTRIBUTE)) {
    const value = double ?? simple ?? '';
    if (!ATTRIBUTES.has(name) && !name.startsWith('xmlns:'))
      return 'txt-1: an attribute is not one that a narrative may have';
    if (seen.has(name)) return 'an attribute stands twice in one XHTML tag';
    seen.add(name);
    if (ADDRESSES.has(name) && !isSafeAddress(value))
      return 'txt-1: an address in the narrative has a scheme that is not allowed';
    if (name === 'style' && /expression|script:|@import|\\|behaviou?r|-moz-binding/i.test(value))
      return 'txt-1: a style in the narrative may not run anything';
    if (ENTITIES.test(value)) return 'an ampersand in the narrative must be written as &amp;';
  }
  return undefined;
};

const isRootTag = (name: string | undefined, attributes: string | undefined): boolean =>
  name === 'div' &&
  [...(attributes ?? '').matchAll(ATTRIBUTE)].some(([, key, a, b]) => key === 'xmlns' && (a ?? b) === XHTML);

const textFault = (text: string, isInside: boolean): string | undefined => {
  if (!isInside && text.trim() !== '') return 'the narrative must be one <div> and nothing beside it';
  if (text.includes(']]>')) return 'the narrative is not well-formed XHTML';
  return ENTITIES.test(text) ? 'an ampersand in the narrative must be written as &amp;' : undefined;
};

/** What is wrong with a narrative's XHTML, as a rule; undefined: nothing. */
export const narrativeFault = (xhtml: string): string | undefined => {
  const open: string[] = [];
  let isEmpty = true;
  let isClosed = false;
  for (let at = 0; at < xhtml.length; ) {
    const next = xhtml.indexOf('<', at);
    const text = xhtml.slice(at, next < 0 ? undefined : next);
    const fault = textFault(text, open.length > 0);
    if (fault) return fault;
    if (text.trim() !== '') isEmpty = false;
    if (next < 0) break;

    TAG.lastIndex = next;
    const tag = TAG.exec(xhtml);
    if (!tag) return 'the narrative is not well-formed XHTML';
    at = TAG.lastIndex;
    const [, closing, name, attributes = '', selfClosing] = tag;
    if (name === undefined) continue;
    if (closing) {
      if (open.pop() !== name) return 'the narrative is not well-formed XHTML';
      isClosed = open.length === 0;
      continue;
    }
    if (isClosed || (open.length === 0 && !isRootTag(name, attributes)))
      return `the narrative must be one <div xmlns="${XHTML}">`;
    if (!ELEMENTS.has(name)) return 'txt-1: an element is not one that a narrative may have';
    const attribute = attributeFault(attributes);
    if (attribute) return attribute;
    if (name === 'img') isEmpty = false;
    if (selfClosing) isClosed = open.length === 0;
    else open.push(name);
  }
  if (open.length > 0 || !isClosed) return 'the narrative is not well-formed XHTML';
  return isEmpty ? 'txt-2: the narrative must say something' : undefined;
};
