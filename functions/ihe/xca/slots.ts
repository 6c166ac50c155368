// Slots of ebRIM, and how a stored query writes its parameters in them: ITI TF-2 3.18.4.1.2.3.5

import type { XmlElement } from '../xml/tree.ts';
import { attribute, children, textOf } from '../xml/tree.ts';
import type { Markup } from '../xml/write.ts';
import { element } from '../xml/write.ts';
import type { Code } from './entry.ts';

export const RIM_NS = 'urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0';
export const QUERY_NS = 'urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0';
export const RS_NS = 'urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0';
export const XDSB_NS = 'urn:ihe:iti:xds-b:2007';

export const writeSlot = (name: string, values: readonly string[]): Markup | undefined =>
  values.length === 0
    ? undefined
    : element(
        'rim:Slot',
        { name },
        element(
          'rim:ValueList',
          {},
          values.map((value) => element('rim:Value', {}, value)),
        ),
      );

/** All slots of an element, in order; a name may come more than once. */
export const readSlots = (parent: XmlElement): (readonly [string, readonly string[]])[] =>
  children(parent, 'Slot', RIM_NS).map((slot) => [
    attribute(slot, 'name') ?? '',
    children(slot, 'ValueList').flatMap((list) => children(list, 'Value').map((value) => textOf(value).trim())),
  ]);

export class ParameterError extends Error {}

/** `'a'`, `('a','b')`, `20261122` as their values; a quote within is written twice. */
export const readParameter = (text: string): string[] => {
  const trimmed = text.trim();
  const inner = /^\(([\s\S]*)\)$/.exec(trimmed)?.[1] ?? trimmed;
  const values: string[] = [];
  let rest = inner.trim();
  while (rest !== '') {
    const found = /^(?:'((?:[^']|'')*)'|(\d+))\s*(,?)\s*/.exec(rest);
    if (!found) throw new ParameterError('a query parameter is malformed');
    values.push(found[2] ?? (found[1] ?? '').replaceAll("''", "'"));
    rest = rest.slice(found[0].length);
    if (rest === '' ? found[3] === ',' : found[3] !== ',') throw new ParameterError('a query parameter is malformed');
  }
  if (values.length === 0) throw new ParameterError('a query parameter is empty');
  return values;
};

const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`;
export const writeString = (value: string): string => quoted(value);
export const writeList = (values: readonly string[]): string => `(${values.map(quoted).join(',')})`;

/** `code^^scheme` */
export const readCode = (text: string): Code => {
  const [code = '', , scheme = ''] = text.split('^');
  if (!code || !scheme) throw new ParameterError('a code needs its scheme: code^^scheme');
  return { code, scheme };
};

export const writeCode = ({ code, scheme }: Code): string => `${code}^^${scheme}`;
