// MTOM/XOP: documents travel as parts beside the envelope, as bytes, not as base64 inside it.
// https://www.w3.org/TR/soap12-mtom/, https://www.w3.org/TR/xop10/, https://www.rfc-editor.org/rfc/rfc2387

import type { XmlElement } from '../xml/tree.ts';
import { attribute, elementsOf, textOf } from '../xml/tree.ts';
import type { Markup } from '../xml/write.ts';
import { element } from '../xml/write.ts';
import { SoapFault } from './fault.ts';

export const XOP_NS = 'http://www.w3.org/2004/08/xop/include';
const MAX_PARTS = 1_000;
const MAX_HEADERS = 8 * 1024;

export interface SoapMessage {
  readonly envelope: Uint8Array;
  /** Parts by content id, without the angle brackets. */
  readonly parts: ReadonlyMap<string, Uint8Array>;
}

/** A header's value and parameters: `multipart/related; boundary="x"`. */
const parameters = (header: string): { type: string; parameter: (name: string) => string | undefined } => ({
  type: header.split(';')[0]?.trim().toLowerCase() ?? '',
  parameter: (name) => {
    const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^;\\s"]+))`, 'i').exec(header);
    return found?.[1] ?? found?.[2];
  },
});

/** Reads what arrived under `contentType`: plain SOAP 1.2, or multipart/related around it. */
export const readSoapMessage = (contentType: string, bytes: Uint8Array): SoapMessage => {
  const { type, parameter } = parameters(contentType);
  if (type === 'application/soap+xml') return { envelope: bytes, parts: new Map() };
  if (type !== 'multipart/related') throw new SoapFault('Sender', 'the media type is not application/soap+xml');
  const boundary = parameter('boundary');
  if (!boundary || boundary.length > 200) throw new SoapFault('Sender', 'multipart/related without a boundary');
  const found = partsOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), boundary);
  const start = parameter('start')?.replace(/^<|>$/g, '');
  const root = start ? found.find(({ id }) => id === start) : found[0];
  if (!root) throw new SoapFault('Sender', 'multipart/related without its root part');
  const rootType = parameters(root.type);
  if (rootType.type !== 'application/xop+xml' && rootType.type !== 'application/soap+xml')
    throw new SoapFault('Sender', 'the root part is not application/xop+xml');
  const parts = new Map<string, Uint8Array>();
  for (const part of found) {
    if (part === root || !part.id) continue;
    if (parts.has(part.id)) throw new SoapFault('Sender', 'two parts with one Content-ID');
    parts.set(part.id, part.content);
  }
  return { envelope: root.content, parts };
};

interface Part {
  readonly id: string | undefined;
  readonly type: string;
  readonly content: Uint8Array;
}

const partsOf = (bytes: Buffer, boundary: string): Part[] => {
  const parts: Part[] = [];
  const mark = Buffer.from(`\r\n--${boundary}`, 'latin1');
  // The first boundary may open the body; every later one begins with the line break that ends the part before it.
  let at = bytes.subarray(0, mark.length - 2).equals(mark.subarray(2)) ? mark.length - 2 : after(bytes, mark, 0);
  for (;;) {
    if (bytes.subarray(at, at + 2).toString('latin1') === '--') return parts;
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0 || bytes.subarray(at, lineEnd).toString('latin1').trim() !== '')
      throw new SoapFault('Sender', 'a malformed boundary');
    const headersEnd = bytes.subarray(lineEnd, lineEnd + MAX_HEADERS).indexOf('\r\n\r\n', 0, 'latin1');
    if (headersEnd < 0) throw new SoapFault('Sender', 'the headers of a part do not end');
    const headers = bytes
      .subarray(lineEnd, lineEnd + headersEnd)
      .toString('latin1')
      .replace(/\r\n[ \t]+/g, ' ');
    const contentStart = lineEnd + headersEnd + 4;
    const contentEnd = bytes.indexOf(mark, contentStart - 2);
    if (contentEnd < 0) throw new SoapFault('Sender', 'the last part does not end');
    parts.push(partOf(headers, bytes.subarray(contentStart, Math.max(contentStart, contentEnd))));
    if (parts.length > MAX_PARTS) throw new SoapFault('Sender', `more than ${MAX_PARTS} parts`);
    at = contentEnd + mark.length;
  }
};

const after = (bytes: Buffer, mark: Buffer, from: number): number => {
  const found = bytes.indexOf(mark, from);
  if (found < 0) throw new SoapFault('Sender', 'the boundary does not occur');
  return found + mark.length;
};

const partOf = (headers: string, content: Buffer): Part => {
  const header = (name: string) => new RegExp(`\\r\\n${name}:[ \\t]*([^\\r\\n]*)`, 'i').exec(headers)?.[1]?.trim();
  const encoding = header('Content-Transfer-Encoding')?.toLowerCase() ?? 'binary';
  if (!/^(binary|8bit|7bit|base64)$/.test(encoding)) throw new SoapFault('Sender', 'an unknown transfer encoding');
  return {
    id: header('Content-ID')?.replace(/^<|>$/g, ''),
    type: header('Content-Type') ?? 'text/plain',
    content: encoding === 'base64' ? Buffer.from(content.toString('latin1'), 'base64') : content,
  };
};

/** The bytes that an element holds: a part that it includes, or base64 text. */
export const binaryOf = (holder: XmlElement, parts: ReadonlyMap<string, Uint8Array>): Uint8Array => {
  const include = elementsOf(holder).find(({ ns, name }) => ns === XOP_NS && name === 'Include');
  if (!include) return fromBase64(textOf(holder));
  const href = attribute(include, 'href') ?? '';
  // Only a part of this very message: any other address would make us fetch something for a stranger.
  const found = href.startsWith('cid:') ? (parts.get(contentId(href)) ?? parts.get(href.slice(4))) : undefined;
  if (!found) throw new SoapFault('Sender', 'xop:Include names no part of this message');
  return found;
};

const contentId = (href: string): string => {
  try {
    return decodeURIComponent(href.slice(4));
  } catch {
    throw new SoapFault('Sender', 'xop:Include has a malformed address');
  }
};

const fromBase64 = (text: string): Uint8Array => {
  const clean = text.replace(/[ \t\r\n]/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(clean) || clean.length % 4 !== 0) throw new SoapFault('Sender', 'not base64');
  return Buffer.from(clean, 'base64');
};

export interface Attachment {
  readonly id: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

/** What stands in the envelope for an attachment. */
export const include = (id: string): Markup =>
  element('xop:Include', { 'xmlns:xop': XOP_NS, href: `cid:${encodeURIComponent(id)}` });

/** A message with its attachments. The boundary is one that occurs in none of them. */
export const writeMtom = (
  envelope: string,
  action: string,
  attachments: readonly Attachment[],
  newId: () => string,
): { contentType: string; body: Uint8Array } => {
  const root = `root.${newId()}@tsumugi`;
  const boundary = freeBoundary(attachments, newId);
  const chunks: Uint8Array[] = [
    Buffer.from(
      `--${boundary}\r\nContent-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n` +
        `Content-Transfer-Encoding: binary\r\nContent-ID: <${root}>\r\n\r\n${envelope}`,
    ),
    ...attachments.flatMap(({ id, contentType, content }) => [
      Buffer.from(
        `\r\n--${boundary}\r\nContent-Type: ${headerValue(contentType)}\r\n` +
          `Content-Transfer-Encoding: binary\r\nContent-ID: <${id}>\r\n\r\n`,
      ),
      content,
    ]),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ];
  return {
    contentType:
      `multipart/related; type="application/xop+xml"; boundary="${boundary}"; start="<${root}>"; ` +
      `start-info="application/soap+xml"; action="${headerValue(action)}"`,
    body: Buffer.concat(chunks),
  };
};

/** A media type comes from a record: nothing in it may end the header line. */
const headerValue = (value: string): string =>
  /^[\x20-\x7e]{1,200}$/.test(value) && !value.includes('"') ? value : 'application/octet-stream';

const freeBoundary = (attachments: readonly Attachment[], newId: () => string): string => {
  for (;;) {
    const boundary = `MIMEBoundary_${newId()}`;
    if (
      !attachments.some(({ content }) =>
        Buffer.from(content.buffer, content.byteOffset, content.length).includes(boundary),
      )
    )
      return boundary;
  }
};
