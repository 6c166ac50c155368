// S3 speaks XML: what it answers, and the little that it is sent.
import type { ServiceAnswer, ServiceError } from '../front/service.ts';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const escaped = (text: string) => text.replace(/[&<>"']/g, (char) => ENTITIES[char]!);

type Value = string | number | boolean | undefined | Node | Value[];
interface Node {
  readonly [name: string]: Value;
}

const render = (node: Node): string =>
  Object.entries(node)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => element(name, one)))
    .join('');

const element = (name: string, value: Value): string => {
  if (value === undefined) return '';
  const content = typeof value === 'object' ? render(value as Node) : escaped(String(value));
  return `<${name}>${content}</${name}>`;
};

export const xmlAnswer = (root: string, content: Node, status = 200): ServiceAnswer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${render(content)}</${root}>`,
});

export const xmlFault = ({ code, message, status }: ServiceError): ServiceAnswer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${render({ Code: code, Message: message, RequestId: 'local' })}</Error>`,
});

const unescaped = (text: string) =>
  text.replace(/&(amp|lt|gt|quot|apos|#\d+);/g, (entity, name: string) =>
    name.startsWith('#')
      ? String.fromCodePoint(Number(name.slice(1)))
      : (Object.entries(ENTITIES).find(([, value]) => value === entity)?.[0] ?? entity),
  );

/** The texts of all elements of that name, wherever they are. */
export const texts = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}[^>]*>([\\s\\S]*?)</${name}>`, 'g'))].map(([, text]) => unescaped(text!));
