// DocumentReference ⇄ XDSDocumentEntry, as MHD maps them: https://profiles.ihe.net/ITI/MHD/32_fhir_maps.html
import type { Coding, Reference, Resource } from '../../fhir/types.ts';
import type { Code, DocumentAuthor, DocumentEntry } from './entry.ts';

interface CodeableConcept {
  readonly coding?: readonly Coding[];
  readonly text?: string;
}

/** The parts of https://hl7.org/fhir/R4/documentreference.html that have a place in a DocumentEntry. */
export interface DocumentReference extends Resource {
  readonly masterIdentifier?: { readonly system?: string; readonly value?: string };
  readonly identifier?: readonly { readonly system?: string; readonly value?: string }[];
  readonly status?: string;
  readonly type?: CodeableConcept;
  readonly category?: readonly CodeableConcept[];
  readonly description?: string;
  readonly author?: readonly Reference[];
  readonly securityLabel?: readonly CodeableConcept[];
  readonly content?: readonly {
    readonly attachment?: {
      readonly contentType?: string;
      readonly language?: string;
      readonly url?: string;
      readonly size?: number;
      /** Base64 of SHA-1. */
      readonly hash?: string;
      readonly title?: string;
      readonly creation?: string;
    };
    readonly format?: Coding;
  }[];
  readonly context?: {
    readonly event?: readonly CodeableConcept[];
    readonly period?: { readonly start?: string; readonly end?: string };
    readonly facilityType?: CodeableConcept;
    readonly practiceSetting?: CodeableConcept;
  };
}

/** What a community says of a document beside what the resource says. */
export interface EntryContext {
  readonly home: string;
  readonly repositoryUniqueId: string;
  /** CX: `number^^^&oid&ISO`. */
  readonly patientId: string;
  /** For a resource without a masterIdentifier: made from its id, always the same. */
  readonly uniqueIdOf: (resource: Resource) => string;
  readonly entryUuidOf: (resource: Resource) => string;
  readonly onDemand?: boolean;
}

const URN_OID = 'urn:oid:';

/** Code systems that XDS names by OID and FHIR by address: https://hl7.org/fhir/R4/terminologies-systems.html */
const OIDS: Readonly<Record<string, string>> = {
  'http://loinc.org': '2.16.840.1.113883.6.1',
  'http://snomed.info/sct': '2.16.840.1.113883.6.96',
  'http://hl7.org/fhir/sid/icd-10': '2.16.840.1.113883.6.3',
  'http://terminology.hl7.org/CodeSystem/v3-Confidentiality': '2.16.840.1.113883.5.25',
  'http://terminology.hl7.org/CodeSystem/v3-ActCode': '2.16.840.1.113883.5.4',
  'http://terminology.hl7.org/CodeSystem/v3-RoleCode': '2.16.840.1.113883.5.111',
  'http://terminology.hl7.org/CodeSystem/v3-NullFlavor': '2.16.840.1.113883.5.1008',
  'http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode': '1.3.6.1.4.1.19376.1.2.3',
};
const ADDRESSES = new Map(Object.entries(OIDS).map(([address, oid]) => [oid, address]));
const ON_DEMAND_TAG = 'https://profiles.ihe.net/ITI/MHD/CodeSystem/on-demand';

export const toEntry = (resource: DocumentReference, context: EntryContext): DocumentEntry => {
  const [content] = resource.content ?? [];
  const attachment = content?.attachment ?? {};
  const uuid = resource.identifier?.find(({ value }) => value?.startsWith('urn:uuid:'))?.value;
  return {
    entryUuid: uuid ?? context.entryUuidOf(resource),
    uniqueId: resource.masterIdentifier?.value?.replace(URN_OID, '') ?? context.uniqueIdOf(resource),
    repositoryUniqueId: context.repositoryUniqueId,
    home: context.home,
    patientId: context.patientId,
    status: resource.status === 'superseded' ? 'Deprecated' : 'Approved',
    onDemand: context.onDemand ?? false,
    mimeType: attachment.contentType ?? 'application/octet-stream',
    title: attachment.title,
    comments: resource.description,
    creationTime: dtm(attachment.creation),
    serviceStartTime: dtm(resource.context?.period?.start),
    serviceStopTime: dtm(resource.context?.period?.end),
    hash: attachment.hash && Buffer.from(attachment.hash, 'base64').toString('hex'),
    size: attachment.size,
    languageCode: attachment.language,
    sourcePatientId: undefined,
    sourcePatientInfo: [],
    authors: (resource.author ?? []).map(author),
    classCode: codeOf(resource.category?.[0]),
    typeCode: codeOf(resource.type),
    formatCode: content?.format && coding(content.format),
    facilityTypeCode: codeOf(resource.context?.facilityType),
    practiceSettingCode: codeOf(resource.context?.practiceSetting),
    confidentialityCodes: (resource.securityLabel ?? []).flatMap((one) => codeOf(one) ?? []),
    eventCodes: (resource.context?.event ?? []).flatMap((one) => codeOf(one) ?? []),
  };
};

/** FHIR's system as XDS writes a scheme: an OID without its prefix, any other address as it is. */
const coding = ({ system, code, display }: Coding): Code | undefined =>
  code && system ? { code, scheme: schemeOf(system), display } : undefined;
const schemeOf = (system: string): string =>
  Object.hasOwn(OIDS, system) ? OIDS[system]! : system.replace(URN_OID, '');

const codeOf = (concept: CodeableConcept | undefined): Code | undefined => {
  const found = concept?.coding?.map(coding).find((one) => one !== undefined);
  return found && { ...found, display: found.display ?? concept?.text };
};

const author = ({ reference, type, display }: Reference): DocumentAuthor => {
  const isOrganization = type === 'Organization' || reference?.startsWith('Organization/');
  const nothing = { roles: [], specialties: [] };
  if (isOrganization) return { person: undefined, institutions: display ? [display] : [], ...nothing };
  return { person: display && `^${display.replace(/[\^&~|]/g, ' ')}`, institutions: [], ...nothing };
};

/** FHIR's instant, dateTime or date as DTM: with a time in UTC, without one as it is. */
const dtm = (value: string | undefined): string | undefined => {
  if (value === undefined) return undefined;
  if (!value.includes('T')) return value.replaceAll('-', '');
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '');
};

// ── Back ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** What a partner keeps, as a resource: `patient` is who it is here, `url` where its bytes are to be had through us. */
export const fromEntry = (entry: DocumentEntry, patient: Reference, url: string): DocumentReference => ({
  resourceType: 'DocumentReference',
  meta: {
    source: entry.home,
    ...(entry.onDemand && { tag: [{ system: ON_DEMAND_TAG, code: 'on-demand' }] }),
  },
  masterIdentifier: { system: 'urn:ietf:rfc:3986', value: urn(entry.uniqueId) },
  identifier: [{ system: 'urn:ietf:rfc:3986', value: entry.entryUuid }],
  status: entry.status === 'Approved' ? 'current' : 'superseded',
  subject: patient,
  ...optional('type', entry.typeCode && concept(entry.typeCode)),
  ...optional('category', entry.classCode && [concept(entry.classCode)]),
  ...optional('description', entry.comments),
  ...optional('author', nonEmpty(entry.authors.flatMap(authorOf))),
  ...optional('securityLabel', nonEmpty(entry.confidentialityCodes.map(concept))),
  content: [
    {
      attachment: {
        contentType: token(entry.mimeType) ?? 'application/octet-stream',
        url,
        ...optional('language', token(entry.languageCode)),
        ...optional('title', entry.title),
        ...optional('creation', dateTime(entry.creationTime)),
        ...optional('size', entry.size),
        ...optional('hash', entry.hash && Buffer.from(entry.hash, 'hex').toString('base64')),
      },
      ...optional('format', entry.formatCode && fhirCoding(entry.formatCode)),
    },
  ],
  ...optional('context', contextOf(entry)),
});

const optional = <K extends string, V>(name: K, value: V | undefined): { [name in K]?: V } =>
  (value === undefined || value === '' ? {} : { [name]: value }) as { [name in K]?: V };

const nonEmpty = <T>(values: readonly T[]): readonly T[] | undefined => (values.length > 0 ? values : undefined);

const urn = (id: string): string => (/^[0-2](\.\d+)+$/.test(id) ? `${URN_OID}${id}` : id);
const fhirCoding = ({ code, scheme, display }: Code): Coding => ({
  system: ADDRESSES.get(scheme) ?? urn(scheme).trim().replace(/\s/g, '%20'),
  code: token(code) ?? '-',
  ...optional('display', display),
});
const concept = (code: Code): CodeableConcept => ({ coding: [fhirCoding(code)] });

/** https://hl7.org/fhir/R4/datatypes.html#code: no space at an end, single ones within. */
const token = (text: string | undefined): string | undefined => text?.trim().replace(/\s+/g, ' ') || undefined;

/** Who has a number and no name says nothing to whoever reads it. */
const authorOf = ({ person = '', institutions }: DocumentAuthor): Reference[] =>
  [
    { type: 'Practitioner', display: person.split('^').slice(1, 4).join(' ') },
    ...institutions.map((one) => ({ type: 'Organization', display: one.split('^')[0] ?? '' })),
  ].flatMap(({ type, display }) => {
    const named = token(display);
    return named === undefined ? [] : [{ type, display: named }];
  });

const contextOf = (entry: DocumentEntry): NonNullable<DocumentReference['context']> | undefined => {
  const period = {
    ...optional('start', dateTime(entry.serviceStartTime)),
    ...optional('end', dateTime(entry.serviceStopTime)),
  };
  const found = {
    ...optional('event', nonEmpty(entry.eventCodes.map(concept))),
    ...optional('period', Object.keys(period).length > 0 ? period : undefined),
    ...optional('facilityType', entry.facilityTypeCode && concept(entry.facilityTypeCode)),
    ...optional('practiceSetting', entry.practiceSettingCode && concept(entry.practiceSettingCode)),
  };
  return Object.keys(found).length > 0 ? found : undefined;
};

/** DTM in UTC as dateTime; FHIR knows no hour without its minutes and seconds, so those are filled. */
const dateTime = (value: string | undefined): string | undefined => {
  const found = /^(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?$/.exec(value ?? '');
  if (!found) return undefined;
  const [, year, month, day, hour, minute = '00', second = '00'] = found;
  const date = [year, month, day].filter((part) => part !== undefined).join('-');
  const written = hour === undefined ? date : `${date}T${hour}:${minute}:${second}Z`;
  const isOfCalendar = !Number.isNaN(Date.parse(written)) && new Date(written).toISOString().startsWith(date);
  return isOfCalendar ? written : undefined;
};
