// XDSDocumentEntry as ebRIM's ExtrinsicObject: https://profiles.ihe.net/ITI/TF/Volume3/ch-4.2.html

import type { XmlElement } from '../xml/tree.ts';
import { attribute, child, children } from '../xml/tree.ts';
import type { Content, Markup } from '../xml/write.ts';
import { element } from '../xml/write.ts';
import type { Code, DocumentAuthor, DocumentEntry } from './entry.ts';
import { RIM_NS, readSlots, writeSlot } from './slots.ts';

export const STABLE = 'urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1';
export const ON_DEMAND = 'urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248';
export const STATUS = 'urn:oasis:names:tc:ebxml-regrep:StatusType:';
const OBJECT = 'urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:';

const AUTHOR = 'urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d';
const SCHEMES = {
  classCode: 'urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a',
  confidentialityCodes: 'urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f',
  eventCodes: 'urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4',
  formatCode: 'urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d',
  facilityTypeCode: 'urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1',
  practiceSettingCode: 'urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead',
  typeCode: 'urn:uuid:f0306f51-975f-434e-a61c-c59651d33983',
} as const;
const PATIENT_ID = 'urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427';
const UNIQUE_ID = 'urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab';

const named = (
  name: 'rim:Name' | 'rim:Description',
  text: string | undefined,
  language?: string,
): Markup | undefined =>
  text === undefined
    ? undefined
    : element(name, {}, element('rim:LocalizedString', { 'xml:lang': language, charset: 'UTF-8', value: text }));

/** Classifications and identifiers have ids of their own, unique in the message: the entry's, and which of it they are. */
export const writeEntry = (entry: DocumentEntry): Markup => {
  let count = 0;
  const id = () => `${entry.entryUuid}.${++count}`;
  const coded = (scheme: string, code: Code): Markup =>
    element(
      'rim:Classification',
      {
        id: id(),
        objectType: `${OBJECT}Classification`,
        classificationScheme: scheme,
        classifiedObject: entry.entryUuid,
        nodeRepresentation: code.code,
      },
      writeSlot('codingScheme', [code.scheme]),
      named('rim:Name', code.display ?? code.code),
    );
  const external = (scheme: string, name: string, value: string): Markup =>
    element(
      'rim:ExternalIdentifier',
      {
        id: id(),
        objectType: `${OBJECT}ExternalIdentifier`,
        registryObject: entry.entryUuid,
        identificationScheme: scheme,
        value,
      },
      named('rim:Name', `XDSDocumentEntry.${name}`),
    );
  return element(
    'rim:ExtrinsicObject',
    {
      id: entry.entryUuid,
      lid: entry.entryUuid,
      home: entry.home,
      objectType: entry.onDemand ? ON_DEMAND : STABLE,
      status: `${STATUS}${entry.status}`,
      mimeType: entry.mimeType,
      isOpaque: false,
    },
    slots(entry),
    named('rim:Name', entry.title, entry.languageCode),
    named('rim:Description', entry.comments, entry.languageCode),
    element('rim:VersionInfo', { versionName: '1' }),
    entry.authors.map((author) => writeAuthor(author, entry.entryUuid, id())),
    Object.entries(SCHEMES).map(([name, scheme]): Content => {
      const codes = entry[name as keyof typeof SCHEMES];
      return (Array.isArray(codes) ? codes : codes ? [codes] : []).map((code: Code) => coded(scheme, code));
    }),
    external(PATIENT_ID, 'patientId', entry.patientId),
    external(UNIQUE_ID, 'uniqueId', entry.uniqueId),
  );
};

const one = (value: string | number | undefined): string[] => (value === undefined ? [] : [String(value)]);

const slots = (entry: DocumentEntry): Content => [
  writeSlot('creationTime', one(entry.onDemand ? undefined : entry.creationTime)),
  writeSlot('hash', one(entry.onDemand ? undefined : entry.hash)),
  writeSlot('languageCode', one(entry.languageCode)),
  writeSlot('repositoryUniqueId', [entry.repositoryUniqueId]),
  writeSlot('serviceStartTime', one(entry.serviceStartTime)),
  writeSlot('serviceStopTime', one(entry.serviceStopTime)),
  writeSlot('size', one(entry.onDemand ? undefined : entry.size)),
  writeSlot('sourcePatientId', one(entry.sourcePatientId)),
  writeSlot('sourcePatientInfo', entry.sourcePatientInfo),
];

const writeAuthor = (author: DocumentAuthor, entryUuid: string, id: string): Markup =>
  element(
    'rim:Classification',
    {
      id,
      objectType: `${OBJECT}Classification`,
      classificationScheme: AUTHOR,
      classifiedObject: entryUuid,
      nodeRepresentation: '',
    },
    writeSlot('authorPerson', one(author.person)),
    writeSlot('authorInstitution', author.institutions),
    writeSlot('authorRole', author.roles),
    writeSlot('authorSpecialty', author.specialties),
  );

// ── Reading ────────────────────────────────────────────────────────────────────────────────────────────────────────────
const localized = (parent: XmlElement | undefined): string | undefined =>
  attribute(child(parent, 'LocalizedString', RIM_NS), 'value') || undefined;

/** Undefined for an object that lacks what makes it a document of a community: its ids, its patient, its home. */
export const readEntry = (object: XmlElement): DocumentEntry | undefined => {
  const slot = new Map(readSlots(object));
  const first = (name: string) => slot.get(name)?.[0] || undefined;
  const external = (scheme: string) =>
    attribute(
      children(object, 'ExternalIdentifier', RIM_NS).find((one) => attribute(one, 'identificationScheme') === scheme),
      'value',
    );
  const classifications = children(object, 'Classification', RIM_NS);
  const codes = (scheme: string): Code[] =>
    classifications.filter((one) => attribute(one, 'classificationScheme') === scheme).flatMap(readCode);
  const entryUuid = attribute(object, 'id');
  const uniqueId = external(UNIQUE_ID);
  const patientId = external(PATIENT_ID);
  const home = attribute(object, 'home');
  const repositoryUniqueId = first('repositoryUniqueId');
  if (!entryUuid || !uniqueId || !patientId || !home || !repositoryUniqueId) return undefined;
  const size = Number(first('size') ?? Number.NaN);
  return {
    entryUuid,
    uniqueId,
    patientId,
    home,
    repositoryUniqueId,
    status: attribute(object, 'status') === `${STATUS}Deprecated` ? 'Deprecated' : 'Approved',
    onDemand: attribute(object, 'objectType') === ON_DEMAND,
    mimeType: attribute(object, 'mimeType') ?? 'application/octet-stream',
    title: localized(child(object, 'Name', RIM_NS)),
    comments: localized(child(object, 'Description', RIM_NS)),
    creationTime: first('creationTime'),
    serviceStartTime: first('serviceStartTime'),
    serviceStopTime: first('serviceStopTime'),
    hash: first('hash'),
    size: Number.isSafeInteger(size) && size >= 0 ? size : undefined,
    languageCode: first('languageCode'),
    sourcePatientId: first('sourcePatientId'),
    sourcePatientInfo: slot.get('sourcePatientInfo') ?? [],
    authors: classifications.filter((one) => attribute(one, 'classificationScheme') === AUTHOR).map(readAuthor),
    classCode: codes(SCHEMES.classCode)[0],
    typeCode: codes(SCHEMES.typeCode)[0],
    formatCode: codes(SCHEMES.formatCode)[0],
    facilityTypeCode: codes(SCHEMES.facilityTypeCode)[0],
    practiceSettingCode: codes(SCHEMES.practiceSettingCode)[0],
    confidentialityCodes: codes(SCHEMES.confidentialityCodes),
    eventCodes: codes(SCHEMES.eventCodes),
  };
};

const readCode = (classification: XmlElement): Code[] => {
  const code = attribute(classification, 'nodeRepresentation');
  const scheme = new Map(readSlots(classification)).get('codingScheme')?.[0];
  return code && scheme ? [{ code, scheme, display: localized(child(classification, 'Name', RIM_NS)) }] : [];
};

const readAuthor = (classification: XmlElement): DocumentAuthor => {
  const slot = new Map(readSlots(classification));
  return {
    person: slot.get('authorPerson')?.[0] || undefined,
    institutions: slot.get('authorInstitution') ?? [],
    roles: slot.get('authorRole') ?? [],
    specialties: slot.get('authorSpecialty') ?? [],
  };
};
