// The rows of `registry` by which a resource is found without its patient. A row only proposes a candidate: the matcher has the
// last word (match.ts), so a row may say too much, but one must be there for whatever the planner looks up (plan.ts).
import { createHash } from 'node:crypto';
import { DEFINITIONS_KEY } from '../fhir/canonical.ts';
import type { Resource } from '../fhir/types.ts';
import type { Lookup } from '../storage/port.ts';
import { canonicalSystem } from '../terminology/systems.ts';
import { mayHavePatient } from './compartments.ts';
import { familyWords, foldIdentifier, foldPhone } from './extract.ts';
import { loose } from './kana.ts';
import { type Node, valuesAt } from './leaf.ts';
import { parametersOf } from './parameters.ts';
import { canonicalOf } from './references.ts';
import { workRows } from './work-lists.ts';

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const nodes = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];

/** First characters of a folded name: few enough to be the start of what people type, enough to spread a population. */
export const NAME_KEY_LENGTH = 2;
export const POSTCODE_KEY_LENGTH = 3;
/** Ends the part of a sort value that is looked up by prefix. */
export const END = '^';

const characters = (value: string, count: number) => [...value].slice(0, count).join('');
export const nameKey = (folded: string): string => characters(folded, NAME_KEY_LENGTH);
export const postcodeDigits = (postcode: string): string => postcode.normalize('NFKC').replace(/\D/g, '');

interface Written {
  readonly family: string;
  readonly given: string;
  /** As they are sought: family and given together, each given name, the text. Prefixes of others are left out. */
  readonly sought: readonly string[];
}

const writtenName = (name: Node): Written => {
  const family = text(name.family);
  const given = texts(name.given);
  const whole = loose([family, ...given].join(''));
  const others = [...given, text(name.text), family, ...familyWords(family)]
    .map(loose)
    .filter((other) => !whole.startsWith(other));
  return { family, given: given.join(' '), sought: [...new Set([whole, ...others])].filter(Boolean) };
};

/** Telephones, and whatever else is dialled: `telecom=0901234567` must find it under any system. */
const phones = (patient: Resource): string[] =>
  nodes(patient.telecom)
    .map(({ system, value }) => ({ system, value: foldPhone(text(value)) }))
    .filter(({ system, value }) => value && (system === 'phone' || /^\d+$/.test(value)))
    .map(({ value }) => value);

const postcodes = (patient: Resource): string[] =>
  nodes(patient.address)
    .map(({ postalCode }) => postcodeDigits(text(postalCode)))
    .filter((digits) => digits.length >= POSTCODE_KEY_LENGTH);

/** What a candidate is scored by without reading it: names as written, birth date, sex, telephones, postcodes. */
const card = (patient: Resource, names: readonly Written[]): string =>
  JSON.stringify({
    n: names.map(({ family, given }) => [family, given]),
    b: text(patient.birthDate) || undefined,
    g: text(patient.gender) || undefined,
    t: phones(patient),
    z: postcodes(patient),
  });

const patientRows = (patient: Resource): Lookup[] => {
  const names = nodes(patient.name).map(writtenName);
  const about = card(patient, names);
  const birth = text(patient.birthDate);
  const first = names[0]?.sought[0] ?? '';
  const row = (bucket: Lookup['bucket'], key: string, sort: string): Lookup => ({ bucket, key, sort, card: about });
  return [
    ...names.flatMap(({ sought }) => sought).map((word) => row('name', nameKey(word), `${word}${END}${birth}`)),
    ...(birth ? [row('birth', birth, `${first}${END}`)] : []),
    ...phones(patient).map((phone) => row('phone', phone, `${first}${END}`)),
    ...postcodes(patient).map((digits) =>
      row('postcode', characters(digits, POSTCODE_KEY_LENGTH), `${digits}${END}${first}`),
    ),
  ];
};

/** Identifier rows: value, folded, and system. */
const identifierRows = (resource: Resource): Lookup[] => {
  const parameter = parametersOf(resource.resourceType).get('identifier');
  if (parameter?.kind !== 'token') return [];
  return parameter.leaves
    .filter(({ type }) => type === 'Identifier')
    .flatMap((leaf) => valuesAt(leaf, resource, resource))
    .filter(isNode)
    .filter(({ value }) => typeof value === 'string')
    .map(({ system, value }) => ({
      bucket: 'identifier',
      key: foldIdentifier(text(value)),
      sort: canonicalSystem(text(system)),
    }));
};

const DEFINITIONS = new Set(['StructureDefinition', 'ValueSet', 'CodeSystem']);

/** What profiles are made of, by canonical: one key for all, since a region has a few hundred, and one Query then tells which. */
const definitionRows = (resource: Resource): Lookup[] => {
  const { resourceType, url, version, type } = resource;
  if (!DEFINITIONS.has(resourceType) || typeof url !== 'string') return [];
  const hash = createHash('sha256').update(JSON.stringify(resource)).digest('base64url').slice(0, 12);
  const about = { ...(resourceType === 'StructureDefinition' && { t: text(type) }), h: hash };
  return [
    {
      bucket: 'identifier',
      key: DEFINITIONS_KEY,
      sort: `${resourceType}|${url}|${text(version)}`,
      card: JSON.stringify(about),
    },
  ];
};

/** Types all of whose resources have a row for their `url`: conformance and knowledge resources, never kept with a patient. */
export const hasUrlRows = (type: string): boolean =>
  !mayHavePatient(type) && parametersOf(type).get('url')?.kind === 'uri';

/** `url`, found without reading every definition. What stands behind a bar is in no key: it may be asked for or not. */
const urlRows = (resource: Resource): Lookup[] => {
  if (!hasUrlRows(resource.resourceType)) return [];
  return parametersOf(resource.resourceType)
    .get('url')!
    .leaves.flatMap((leaf) => valuesAt(leaf, resource, resource))
    .filter((url) => typeof url === 'string')
    .map((url) => ({ bucket: 'url', key: canonicalOf(url).url, sort: text(resource.version) }));
};

/** Types all of whose resources have identifier rows: Patient, and what is never kept with a patient. */
export const hasIdentifierRows = (type: string): boolean =>
  (type === 'Patient' || !mayHavePatient(type)) &&
  (parametersOf(type)
    .get('identifier')
    ?.leaves.every(({ type: of }) => of === 'Identifier') ??
    false);

const distinct = (rows: readonly Lookup[]): Lookup[] => [
  ...new Map(rows.map((row) => [`${row.bucket}\u001f${row.key}\u001f${row.sort}`, row])).values(),
];

/** @param isInRegistry the resource is kept with no patient */
export const lookups = (resource: Resource, isInRegistry: boolean): Lookup[] => {
  if (resource.resourceType === 'Patient') return distinct([...identifierRows(resource), ...patientRows(resource)]);
  const own = isInRegistry ? [...identifierRows(resource), ...urlRows(resource), ...definitionRows(resource)] : [];
  return distinct([...own, ...workRows(resource, isInRegistry)]);
};
