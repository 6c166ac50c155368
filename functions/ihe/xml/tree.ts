// An XML element as the readers see it: names resolved to namespaces, nothing that could do anything.

export interface XmlAttribute {
  /** Namespace; `''` for an attribute without a prefix. */
  readonly ns: string;
  readonly name: string;
  readonly value: string;
}

export interface XmlElement {
  readonly ns: string;
  /** Local name. */
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly (XmlElement | string)[];
  /** Prefixes in scope here, the default namespace as `''`. */
  readonly scope: Readonly<Record<string, string>>;
  /** Prefixes that this very element declares. */
  readonly declared: readonly string[];
  /** Where it stands in the text: `[start, end)`, and where its start tag's name ends. */
  readonly start: number;
  readonly end: number;
  readonly nameEnd: number;
}

export const elementsOf = (element: XmlElement): XmlElement[] =>
  element.children.filter((child): child is XmlElement => typeof child !== 'string');

/** Child elements of that name, in the parent's namespace unless another is given. */
export const children = (parent: XmlElement | undefined, name: string, ns = parent?.ns): XmlElement[] =>
  parent ? elementsOf(parent).filter((child) => child.name === name && child.ns === ns) : [];

export const child = (parent: XmlElement | undefined, name: string, ns = parent?.ns): XmlElement | undefined =>
  children(parent, name, ns)[0];

/** Follows names downwards, first of each, all in the namespace of `from`: `path(message, 'controlActProcess', 'queryAck')`. */
export const path = (from: XmlElement | undefined, ...names: readonly string[]): XmlElement | undefined =>
  names.reduce<XmlElement | undefined>((at, name) => child(at, name), from);

export const attribute = (element: XmlElement | undefined, name: string, ns = ''): string | undefined =>
  element?.attributes.find((found) => found.name === name && found.ns === ns)?.value;

/** All text below, in order: comments never split a value in two, since the parser joins what stands around them. */
export const textOf = (element: XmlElement | undefined): string =>
  element ? element.children.map((part) => (typeof part === 'string' ? part : textOf(part))).join('') : '';

/** Text without the white space around it; undefined when there is none. */
export const trimmed = (element: XmlElement | undefined): string | undefined => textOf(element).trim() || undefined;

export const descendants = (element: XmlElement): XmlElement[] =>
  elementsOf(element).flatMap((inner) => [inner, ...descendants(inner)]);

/** A name in content (`xsi:type="xs:string"`) as namespace and local name. */
export const qualified = (element: XmlElement, value: string): { ns: string; name: string } => {
  const at = value.indexOf(':');
  return { ns: element.scope[at < 0 ? '' : value.slice(0, at)] ?? '', name: value.slice(at + 1) };
};

/**
 * The text of an element as it stood, made able to stand alone: declarations that it inherits are written into its start tag.
 * Exclusive canonicalisation gives the same octets for both, so a signature over the element still holds.
 */
export const standalone = (source: string, element: XmlElement): string => {
  const inherited = Object.entries(element.scope)
    .filter(([prefix, ns]) => prefix !== 'xml' && ns !== '' && !element.declared.includes(prefix))
    .map(([prefix, ns]) => ` xmlns${prefix && `:${prefix}`}="${escapeNamespace(ns)}"`)
    .join('');
  return source.slice(element.start, element.nameEnd) + inherited + source.slice(element.nameEnd, element.end);
};

const escapeNamespace = (ns: string) => ns.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
