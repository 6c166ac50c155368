// What a form becomes: FHIR resources as JP Core 1.2.0 writes them, each with the element that a field of the form has filled,
// so that what the server says of an element is shown at the field. Pure: http://jpfhir.jp/fhir/core/1.2.0/
import type { Resource } from '../../api/client.ts';
import type { CodeableConcept } from '../../record/fhir.ts';

export type Values = Readonly<Record<string, string>>;

/** Who writes, and in whose record. */
export interface Writer {
  /** `Patient/x`. */
  readonly patient: string;
  /** `Organization/x` of the own facility, where the region lists it. */
  readonly organization: string | undefined;
  /** 10 digits. */
  readonly facility: string | undefined;
  /** `sub` of the account. */
  readonly subject: string;
  readonly profession: string | undefined;
}

export interface Draft {
  readonly resource: Resource;
  /** Field → element of the resource (`valueQuantity.value`). */
  readonly at: Readonly<Record<string, string>>;
}

export interface Field {
  readonly name: string;
  readonly label: Words;
  readonly type: 'text' | 'number' | 'date' | 'datetime-local' | 'lines' | 'choice' | 'file';
  readonly required?: boolean;
  readonly hint?: Words;
  readonly unit?: string;
  readonly choices?: readonly { readonly value: string; readonly label: Words }[];
  /** Further ones are likely to be slips of the keyboard. */
  readonly min?: number;
  readonly max?: number;
  /** Under one heading with others of the name. */
  readonly group?: Words;
}

export interface Words {
  readonly ja: string;
  readonly en: string;
}

export const words = (ja: string, en: string): Words => ({ ja, en });

export interface EntryKind {
  readonly name: string;
  readonly title: Words;
  /** Types that it writes. */
  readonly types: readonly string[];
  readonly fields: readonly Field[];
  /** At least one of these must be filled. */
  readonly some?: readonly string[];
  readonly initial: () => Values;
  readonly build: (values: Values, writer: Writer) => readonly Draft[];
  /** For a correction: what the resource says, as the form has it; undefined: this form did not make it. */
  readonly read?: (resource: Resource) => Values | undefined;
  /** Elements that the form stands for: a correction takes them from the form alone and leaves the others as they are. */
  readonly elements?: readonly string[];
}

export const UCUM = 'http://unitsofmeasure.org';
export const LOINC = 'http://loinc.org';
const CORE = 'http://jpfhir.jp/fhir/core';
export const JP_CATEGORY = `${CORE}/CodeSystem/JP_SimpleObservationCategory_CS`;
export const MERIT9 = `${CORE}/mhlw/CodeSystem/MedicationUnitMERIT9Code`;
const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';
const STAFF = 'urn:tsumugi:staff';
const FACILITY = `${CORE}/IdSystem/insurance-medical-institution-no`;

export const profiled = (...names: readonly string[]): { readonly meta: NonNullable<Resource['meta']> } => ({
  meta: { profile: names.map((name) => `${CORE}/StructureDefinition/${name}`) } as NonNullable<Resource['meta']>,
});

export const coded = (text: string, ...coding: readonly { system: string; code: string; display?: string }[]) => ({
  ...(coding.length > 0 && { coding }),
  text,
});

export const hl7 = (system: string, code: string) => ({ system: `${TERMINOLOGY}/${system}`, code });

export const status = (system: string, code: string): CodeableConcept => ({ coding: [hl7(system, code)] });

export const quantity = (value: string, code: string, unit = code, system = UCUM) => ({
  value: Number(value),
  unit,
  system,
  code,
});

/** Reference of the own facility: by address where it is listed, and by its number in any case. */
const facilityOf = ({ organization, facility }: Writer) => ({
  ...(organization && { reference: organization }),
  ...(facility && { identifier: { system: FACILITY, value: facility } }),
});

/** The facility as author, where a resource takes an Organization. */
export const organizationOf = facilityOf;

/** The writer as a role at the facility, for elements that take no Organization: `…: { reference: '#by' }`. */
export const writerOf = (writer: Writer) => ({
  contained: [
    {
      resourceType: 'PractitionerRole',
      id: 'by',
      practitioner: { identifier: { system: STAFF, value: writer.subject } },
      organization: facilityOf(writer),
      ...(writer.profession && { code: [{ text: writer.profession }] }),
    },
  ],
});
export const BY = { reference: '#by' };

/** `2026-11-22T10:30` of a form, with the zone that the clock on the wall has. */
export const instant = (local: string): string => `${local.length === 16 ? `${local}:00` : local}+09:00`;

const JAPAN = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Tokyo',
  dateStyle: 'short',
  timeStyle: 'short',
});

/** The other way: for a form that corrects; '' where only a day is known is that day at midnight. */
export const localTime = (value: string | undefined): string => {
  if (!value) return '';
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return `${value}T00:00`;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? '' : JAPAN.format(time).replace(' ', 'T');
};

export const now = (): string => localTime(new Date().toISOString());
export const today = (): string => now().slice(0, 10);

/** UTF-8 as base64, a piece at a time: a long text has more bytes than a call takes arguments. */
export const base64 = (text: string): string => {
  const bytes = new TextEncoder().encode(text);
  let binary = '';
  for (let at = 0; at < bytes.length; at += 8_192) binary += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(binary);
};

export const fromBase64 = (data: string): string =>
  new TextDecoder().decode(Uint8Array.from(atob(data), (char) => char.charCodeAt(0)));

/** Without what the server sets; and no empty element, which is no FHIR. */
const ownMeta = ({ meta = {} }: Resource): Pick<Resource, 'meta'> => {
  const { versionId: _version, lastUpdated: _updated, ...own } = meta;
  return Object.keys(own).length > 0 ? { meta: own } : {};
};

/** A correction: what the form stands for from the form, all else as it was. */
export const corrected = (before: Resource, next: Resource, elements: readonly string[]): Resource => {
  const kept = Object.fromEntries(
    Object.entries(before).filter(
      ([name]) => name !== 'meta' && !elements.includes(name) && !elements.includes(name.replace(/^_/, '')),
    ),
  );
  return { ...kept, ...next, resourceType: before.resourceType, id: before.id!, ...ownMeta(before) };
};

/** Written by mistake: the record stays, and says so. https://hl7.org/fhir/R4/lifecycle.html */
export const enteredInError = (before: Resource): Resource => {
  const { meta: _meta, ...bare } = before;
  const resource: Record<string, unknown> & Resource = { ...bare, ...ownMeta(before) };
  if (before.resourceType === 'Condition' || before.resourceType === 'AllergyIntolerance') {
    // con-5, con-4, ait-2: what was never so has no clinical status, and did not end.
    delete resource['clinicalStatus'];
    delete resource['abatementDateTime'];
    const system = before.resourceType === 'Condition' ? 'condition-ver-status' : 'allergyintolerance-verification';
    return { ...resource, verificationStatus: status(system, 'entered-in-error') };
  }
  return { ...resource, status: 'entered-in-error' };
};
