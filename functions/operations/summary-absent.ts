// What IPS asks of the entries of a summary and a record may lack. "The reason for the absence has to be specified": the copy in the
// document says that it is unknown, the record stays as its facility wrote it.
// https://hl7.org/fhir/uv/ips/Empty-Sections-and-Missing-Data.html (minimum cardinalities re-typed from the profiles of IPS 2.0.0)
import type { Resource } from '../fhir/types.ts';

const UNKNOWN = {
  extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }],
};
const UNKNOWN_CODE = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code: 'unknown', display: 'Unknown' }],
};

interface Needed {
  /** Element, or its beginning for a choice. */
  readonly name: string;
  /** Members of the JSON object that say that it is unknown. */
  readonly unknown: Readonly<Record<string, unknown>>;
  readonly isFor?: (resource: Resource) => boolean;
}

const time = (name: string): Needed => ({ name, unknown: { [`_${name}DateTime`]: UNKNOWN } });
const concept = (name: string): Needed => ({ name, unknown: { [name]: UNKNOWN_CODE } });
const humanName: Needed = { name: 'name', unknown: { name: [{ _text: UNKNOWN }] } };

/** IPS has a profile for results of the laboratory and of imaging; vital signs and social history have their own. */
const isResult = ({ category }: Resource): boolean => /"(?:laboratory|imaging)"/.test(JSON.stringify(category ?? ''));

const NEEDED: Readonly<Record<string, readonly Needed[]>> = {
  Patient: [humanName, { name: 'birthDate', unknown: { _birthDate: UNKNOWN } }],
  AllergyIntolerance: [concept('code')],
  Condition: [concept('code')],
  MedicationStatement: [time('effective')],
  Procedure: [concept('code'), time('performed')],
  DiagnosticReport: [{ name: 'category', unknown: { category: [UNKNOWN_CODE] } }, time('effective')],
  DeviceUseStatement: [time('timing')],
  Observation: [
    { ...time('effective'), isFor: isResult },
    { name: 'performer', unknown: { performer: [UNKNOWN] }, isFor: isResult },
  ],
  Organization: [{ name: 'name', unknown: { _name: UNKNOWN } }],
  Practitioner: [humanName],
};

/** `effective` is there as `effectivePeriod`, and as `_effectiveDateTime`. */
const isThere = (resource: Resource, name: string): boolean =>
  Object.keys(resource)
    .map((key) => key.replace(/^_/, ''))
    .some((key) => key === name || (key.startsWith(name) && /[A-Z]/.test(key.charAt(name.length))));

/** JSON text of a resource, with the reason where something that IPS needs is not there. */
export const withAbsentReasons = (text: string, resource: Resource): string => {
  const missing = (NEEDED[resource.resourceType] ?? []).filter(
    ({ name, isFor }) => !isThere(resource, name) && (isFor?.(resource) ?? true),
  );
  if (missing.length === 0) return text;
  const members = JSON.stringify(Object.assign({}, ...missing.map(({ unknown }) => unknown)));
  return `${text.slice(0, text.lastIndexOf('}'))},${members.slice(1)}`;
};
