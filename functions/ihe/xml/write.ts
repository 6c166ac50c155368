// Writes XML so that a value can never become markup: text is escaped where it enters, markup is a type of its own.
import { EVERY_FORBIDDEN } from './characters.ts';

export interface Markup {
  readonly markup: string;
}

export type Content = Markup | string | number | undefined | readonly Content[];
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** What XML cannot hold becomes U+FFFD, as in a decoder: a record from elsewhere must not make a message that nobody can read. */
const allowed = (value: string) => value.replace(EVERY_FORBIDDEN, '\uFFFD');

export const escapeText = (value: string): string =>
  allowed(value).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\r/g, '&#xD;');

export const escapeAttribute = (value: string): string =>
  allowed(value)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/"/g, '&quot;')
    .replace(/\t/g, '&#x9;')
    .replace(/\n/g, '&#xA;')
    .replace(/\r/g, '&#xD;');

const render = (content: Content): string => {
  if (content === undefined) return '';
  if (typeof content === 'string') return escapeText(content);
  if (typeof content === 'number') return String(content);
  return 'markup' in content ? content.markup : content.map(render).join('');
};

/** `element('id', { root: '1.2.3' })`; attributes that are undefined are left out. Names come from our code, never from data. */
export const element = (name: string, attributes: Attributes = {}, ...content: readonly Content[]): Markup => {
  const tag = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeAttribute(String(value))}"`)
    .join('');
  const inner = content.map(render).join('');
  return { markup: inner === '' ? `<${name}${tag}/>` : `<${name}${tag}>${inner}</${name}>` };
};

/** An element only when there is something to put into it. */
export const optional = (name: string, value: string | undefined): Markup | undefined =>
  value === undefined || value === '' ? undefined : element(name, {}, value);

/** Text that is markup already: what `element` made, or a signed element that must stay as it is. */
export const raw = (markup: string): Markup => ({ markup });

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';
