// HL7 v3 data types as XML (ITS 1.0), as far as identity messages use them.
import type { Gender, Identifier, PersonName, PostalAddress } from '../patient.ts';
import { fhirDate, hl7Date } from '../patient.ts';
import type { XmlElement } from '../xml/tree.ts';
import { attribute, children, elementsOf, textOf, trimmed } from '../xml/tree.ts';
import type { Markup } from '../xml/write.ts';
import { element, optional } from '../xml/write.ts';

export const V3_NS = 'urn:hl7-org:v3';

/** II: a root alone names a thing, a root with an extension a number that it gave out. */
export interface InstanceId {
  readonly root: string;
  readonly extension?: string | undefined;
}

export const writeId = (name: string, { root, extension }: InstanceId): Markup => element(name, { root, extension });

export const readId = (id: XmlElement | undefined): InstanceId | undefined => {
  const root = attribute(id, 'root');
  return root ? { root, extension: attribute(id, 'extension') } : undefined;
};

export const writeIdentifier = (name: string, { authority, value }: Identifier): Markup =>
  element(name, { root: authority.oid, extension: value, assigningAuthorityName: authority.name });

/** A patient number; undefined for an id without an extension, which numbers nobody. */
export const readIdentifier = (id: XmlElement): Identifier | undefined => {
  const root = attribute(id, 'root');
  const extension = attribute(id, 'extension');
  if (!root || !extension) return undefined;
  return { authority: { oid: root, name: attribute(id, 'assigningAuthorityName') }, value: extension };
};

const REPRESENTATIONS = ['IDE', 'SYL', 'ABC'] as const;

export const writeName = (name: string, { family, given, representation, use }: PersonName): Markup =>
  element(
    name,
    { use: [representation, use === 'maiden' ? 'MDN' : undefined].filter(Boolean).join(' ') || undefined },
    optional('family', family),
    given.map((one) => element('given', {}, one)),
  );

export const readName = (name: XmlElement): PersonName | undefined => {
  const uses = attribute(name, 'use')?.split(' ') ?? [];
  const family = children(name, 'family').map(textOf).join(' ').trim() || undefined;
  const given = children(name, 'given').flatMap((one) => trimmed(one) ?? []);
  if (!family && given.length === 0) {
    const whole = trimmed(name);
    return whole ? { family: whole, given: [] } : undefined;
  }
  return {
    family,
    given,
    representation: REPRESENTATIONS.find((one) => uses.includes(one)),
    use: uses.includes('MDN') ? 'maiden' : 'legal',
  };
};

export const writeAddress = (name: string, { lines, city, state, postalCode, country }: PostalAddress): Markup =>
  element(
    name,
    {},
    lines.map((line) => element('streetAddressLine', {}, line)),
    optional('city', city),
    optional('state', state),
    optional('postalCode', postalCode),
    optional('country', country),
  );

export const readAddress = (address: XmlElement): PostalAddress => {
  const one = (name: string) => trimmed(children(address, name)[0]);
  return {
    lines: children(address, 'streetAddressLine').flatMap((line) => trimmed(line) ?? []),
    city: one('city'),
    state: one('state'),
    postalCode: one('postalCode'),
    country: one('country'),
  };
};

/** Spaces and the like have no place in a tel: address: https://www.rfc-editor.org/rfc/rfc3966 */
export const writePhone = (name: string, phone: string): Markup =>
  element(name, { value: `tel:${phone.replace(/[^0-9+*#().-]/g, '')}` });

export const readPhone = (telecom: XmlElement): string | undefined => {
  const value = attribute(telecom, 'value')?.trim();
  return value && /^tel:/i.test(value) ? value.slice(4) : value && !value.includes(':') ? value : undefined;
};

/** https://terminology.hl7.org/CodeSystem-v3-AdministrativeGender.html */
export const writeGender = (name: string, gender: Gender): Markup =>
  gender === 'unknown'
    ? element(name, { nullFlavor: 'UNK' })
    : element(name, { code: { male: 'M', female: 'F', other: 'UN' }[gender], codeSystem: '2.16.840.1.113883.5.1' });

export const writeDate = (name: string, date: string): Markup => element(name, { value: hl7Date(date) });
export const readDate = (time: XmlElement | undefined): string | undefined => fhirDate(attribute(time, 'value'));

/** TS in UTC. */
export const v3Time = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '');

export const present = <T>(values: readonly (T | undefined)[]): T[] =>
  values.filter((one): one is T => one !== undefined);
export const firstElement = (parent: XmlElement | undefined): XmlElement | undefined => parent && elementsOf(parent)[0];
