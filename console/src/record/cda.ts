// Markup of others as text, and CDA R2 (https://www.hl7.org/implement/standards/product_brief.cfm?product_id=7) as its sections.
// It is never put into the page; a table becomes lines, so that nothing of it is lost.
import type { TextSection } from './composition.ts';

const BLOCKS = new Set([
  'paragraph',
  'p',
  'item',
  'li',
  'tr',
  'list',
  'table',
  'div',
  'h1',
  'h2',
  'h3',
  'h4',
  'caption',
]);

/** Text with its lines: a cell ends with a tab, a row or a paragraph with a line. */
export const linesOf = (node: Node): string =>
  flow(node)
    .replace(/[ \t]*\n[ \t]*/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();

const TEXT = 3;
const flow = (node: Node): string => {
  if (node.nodeType === TEXT) return (node.nodeValue ?? '').replace(/\s+/g, ' ');
  const name = node.nodeName.toLowerCase().replace(/^.*:/, '');
  if (name === 'br') return '\n';
  if (name === 'script' || name === 'style') return '';
  const inner = [...node.childNodes].map(flow).join('');
  if (name === 'td' || name === 'th') return `${inner.trim()}\t`;
  return BLOCKS.has(name) ? `\n${inner}\n` : inner;
};

const childrenOf = (element: Element, name: string): Element[] =>
  [...element.children].filter(({ localName }) => localName === name);

/** Sections of a ClinicalDocument; undefined: it is none. */
export const cdaSections = (xml: Document): TextSection[] | undefined => {
  const root = xml.documentElement;
  if (root?.localName !== 'ClinicalDocument') return undefined;
  const body = [...root.getElementsByTagNameNS('*', 'structuredBody')][0];
  if (!body) {
    const text = [...root.getElementsByTagNameNS('*', 'nonXMLBody')].map(linesOf).join('\n');
    return [{ title: childrenOf(root, 'title').map(linesOf)[0] ?? '', text, sections: [] }];
  }
  const sectionOf = (section: Element): TextSection => ({
    title:
      childrenOf(section, 'title').map(linesOf)[0] ??
      childrenOf(section, 'code').map((code) => code.getAttribute('displayName') ?? '')[0] ??
      '',
    text: childrenOf(section, 'text').map(linesOf).join('\n'),
    sections: childrenOf(section, 'component').flatMap((component) => childrenOf(component, 'section').map(sectionOf)),
  });
  return childrenOf(body, 'component').flatMap((component) => childrenOf(component, 'section').map(sectionOf));
};

/**
 * A CDA whose body is a file (level 1: a PDF, a picture), as an attachment; undefined: its body is something else.
 * https://www.hl7.org/implement/standards/product_brief.cfm?product_id=7, nonXMLBody
 */
export const cdaBody = (
  xml: Document,
): { readonly contentType: string; readonly data: string; readonly title: string } | undefined => {
  const root = xml.documentElement;
  if (root?.localName !== 'ClinicalDocument') return undefined;
  const text = [...root.getElementsByTagNameNS('*', 'nonXMLBody')].flatMap((body) => childrenOf(body, 'text'))[0];
  if (text?.getAttribute('representation') !== 'B64') return undefined;
  return {
    contentType: text.getAttribute('mediaType') ?? 'text/plain',
    data: (text.textContent ?? '').replace(/\s/g, ''),
    title: childrenOf(root, 'title').map(linesOf)[0] ?? '',
  };
};
