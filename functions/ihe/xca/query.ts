// ITI-38 Cross Gateway Query, both sides: https://profiles.ihe.net/ITI/TF/Volume2/ITI-38.html, parameters as in ITI-18.
import type { CodeCriteria, DocumentQuery, DocumentsFound } from '../ports.ts';
import { SoapFault } from '../soap/fault.ts';
import type { XmlElement } from '../xml/tree.ts';
import { attribute, child, children } from '../xml/tree.ts';
import type { Markup } from '../xml/write.ts';
import { element } from '../xml/write.ts';
import { ON_DEMAND, readEntry, STABLE, STATUS, writeEntry } from './ebrim.ts';
import type { DocumentEntry, XdsError } from './entry.ts';
import { xdsError } from './entry.ts';
import type { Status } from './registry-response.ts';
import { readErrors, readStatus, statusOf, writeErrors } from './registry-response.ts';
import {
  ParameterError,
  QUERY_NS,
  RIM_NS,
  RS_NS,
  readCode,
  readParameter,
  readSlots,
  writeCode,
  writeList,
  writeSlot,
  writeString,
} from './slots.ts';

export type ReturnType = 'LeafClass' | 'ObjectRef';

/** Stored queries that may find documents here. */
const QUERIES: Readonly<Record<DocumentQuery['kind'], string>> = {
  FindDocuments: 'urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d',
  FindDocumentsByReferenceId: 'urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492',
  GetDocuments: 'urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4',
  GetAll: 'urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3',
};

/** Stored queries for submission sets, folders and associations: this community has none, so the answer is empty. */
const NOTHING: readonly string[] = [
  'urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9', // FindSubmissionSets
  'urn:uuid:958f3006-baad-4929-a4de-ff1114824431', // FindFolders
  'urn:uuid:5737b14c-8a1a-4539-b659-e03a34a5e1e4', // GetFolders
  'urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155', // GetAssociations
  'urn:uuid:51224314-5390-4169-9b91-b1980040715a', // GetSubmissionSets
  'urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83', // GetSubmissionSetAndContents
  'urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7', // GetFolderAndContents
  'urn:uuid:10cae35a-c7f9-4cf5-b61e-fc3278ffb578', // GetFoldersForDocument
  'urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6', // GetRelatedDocuments
];
/** GetDocumentsAndAssociations: the documents, and no associations. */
const WITH_ASSOCIATIONS = 'urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a';

const CODES = {
  classCode: 'ClassCode',
  typeCode: 'TypeCode',
  formatCode: 'FormatCode',
  facilityTypeCode: 'HealthcareFacilityTypeCode',
  practiceSettingCode: 'PracticeSettingCode',
  confidentialityCode: 'ConfidentialityCode',
  eventCode: 'EventCodeList',
} as const;
const TIMES = {
  creationTime: 'CreationTime',
  serviceStartTime: 'ServiceStartTime',
  serviceStopTime: 'ServiceStopTime',
} as const;
const TYPES = { stable: STABLE, 'on-demand': ON_DEMAND } as const;
const PREFIX = '$XDSDocumentEntry';

export interface CrossGatewayQuery {
  readonly returnType: ReturnType;
  /** `urn:oid:…` as the asker wrote it. */
  readonly home: string | undefined;
  /** Undefined: a query that finds nothing here by its nature. */
  readonly query: DocumentQuery | undefined;
}

/** A refusal in the profile's own words. */
export class XdsRefusal extends Error {
  readonly error: XdsError;
  constructor(error: XdsError) {
    super(error.context);
    this.error = error;
  }
}

export const readCrossGatewayQuery = (request: XmlElement): CrossGatewayQuery => {
  if (request.name !== 'AdhocQueryRequest' || request.ns !== QUERY_NS)
    throw new SoapFault('Sender', 'the Body is not AdhocQueryRequest');
  const adhoc = child(request, 'AdhocQuery', RIM_NS);
  const id = attribute(adhoc, 'id') ?? '';
  const returnType = attribute(child(request, 'ResponseOption'), 'returnType');
  if (!adhoc || (returnType !== 'LeafClass' && returnType !== 'ObjectRef'))
    throw new XdsRefusal(xdsError('XDSRegistryError', 'returnType must be LeafClass or ObjectRef'));
  const home = attribute(adhoc, 'home') || undefined;
  const asked = id === WITH_ASSOCIATIONS ? QUERIES.GetDocuments : id;
  const kind = (Object.keys(QUERIES) as DocumentQuery['kind'][]).find((one) => QUERIES[one] === asked);
  if (!kind && !NOTHING.includes(id))
    throw new XdsRefusal(xdsError('XDSUnknownStoredQuery', 'the stored query is not known'));
  try {
    return { returnType, home, query: kind && readQuery(kind, readSlots(adhoc)) };
  } catch (fault) {
    if (fault instanceof ParameterError) throw new XdsRefusal(xdsError('XDSRegistryError', fault.message));
    throw fault;
  }
};

const readQuery = (
  kind: DocumentQuery['kind'],
  slots: readonly (readonly [string, readonly string[]])[],
): DocumentQuery => {
  /** Values of a parameter; its slot repeated means and, several values in one mean or. */
  const lists = (name: string): string[][] =>
    slots.filter(([slot]) => slot === name).map(([, values]) => values.flatMap(readParameter));
  const all = (name: string): string[] => lists(name).flat();
  const single = (name: string): string | undefined => {
    const values = all(name);
    if (values.length > 1)
      throw new XdsRefusal(xdsError('XDSStoredQueryParamNumber', `${name} has more than one value`));
    return values[0];
  };
  const patientId = single(kind === 'GetAll' ? '$patientId' : `${PREFIX}PatientId`);
  const statuses = all(`${PREFIX}Status`);
  const entryUuids = all(`${PREFIX}EntryUUID`);
  const uniqueIds = all(`${PREFIX}UniqueId`);
  const referenceIds = all(`${PREFIX}ReferenceIdList`);
  if (kind === 'GetDocuments') {
    // https://profiles.ihe.net/ITI/TF/Volume2/ITI-18.html#3.18.4.1.2.3.7.5: an error of its own for each.
    const either = `${PREFIX}EntryUUID or ${PREFIX}UniqueId`;
    if (entryUuids.length === 0 && uniqueIds.length === 0) throw missing(either);
    if (entryUuids.length > 0 && uniqueIds.length > 0)
      throw new XdsRefusal(xdsError('XDSStoredQueryParamNumber', `${either}, and not both`));
  } else {
    if (!patientId) throw missing(kind === 'GetAll' ? '$patientId' : `${PREFIX}PatientId`);
    if (statuses.length === 0) throw missing(`${PREFIX}Status`);
    if (kind === 'FindDocumentsByReferenceId' && referenceIds.length === 0) throw missing(`${PREFIX}ReferenceIdList`);
  }
  const types = all(`${PREFIX}Type`);
  return {
    kind,
    patientId,
    statuses: (['Approved', 'Deprecated'] as const).filter((one) => statuses.includes(`${STATUS}${one}`)),
    entryUuids,
    uniqueIds,
    referenceIds,
    authorPersons: all(`${PREFIX}AuthorPerson`),
    types:
      types.length === 0 ? ['stable'] : (['stable', 'on-demand'] as const).filter((one) => types.includes(TYPES[one])),
    codes: Object.fromEntries(
      Object.entries(CODES).flatMap(([name, slot]) => {
        const criteria = lists(`${PREFIX}${slot}`).map((values) => values.map(readCode));
        return criteria.length > 0 ? [[name, criteria]] : [];
      }),
    ),
    times: Object.fromEntries(
      Object.entries(TIMES).flatMap(([name, slot]) => {
        const [from, to] = [single(`${PREFIX}${slot}From`), single(`${PREFIX}${slot}To`)];
        return from || to ? [[name, { from, to }]] : [];
      }),
    ),
  };
};

const missing = (name: string) => new XdsRefusal(xdsError('XDSStoredQueryMissingParam', `${name} is required`));

// ── Responding gateway: the answer ─────────────────────────────────────────────────────────────────────────────────────
const NAMESPACES = { 'xmlns:query': QUERY_NS, 'xmlns:rim': RIM_NS, 'xmlns:rs': RS_NS };

export const writeFound = ({ entries, errors }: DocumentsFound, returnType: ReturnType): Markup =>
  element(
    'query:AdhocQueryResponse',
    { ...NAMESPACES, status: statusOf(entries.length, errors) },
    writeErrors(errors),
    element(
      'rim:RegistryObjectList',
      {},
      entries.map((entry) =>
        returnType === 'LeafClass'
          ? writeEntry(entry)
          : element('rim:ObjectRef', { id: entry.entryUuid, home: entry.home }),
      ),
    ),
  );

// ── Initiating gateway ─────────────────────────────────────────────────────────────────────────────────────────────────
export const writeCrossGatewayQuery = (
  query: DocumentQuery,
  home: string | undefined,
  returnType: ReturnType = 'LeafClass',
): Markup =>
  element(
    'query:AdhocQueryRequest',
    NAMESPACES,
    element('query:ResponseOption', { returnComposedObjects: true, returnType }),
    element(
      'rim:AdhocQuery',
      { id: QUERIES[query.kind], home },
      query.patientId === undefined
        ? undefined
        : writeSlot(query.kind === 'GetAll' ? '$patientId' : `${PREFIX}PatientId`, [writeString(query.patientId)]),
      query.kind === 'GetDocuments' ? undefined : statusSlots(query),
      list('EntryUUID', query.entryUuids),
      list('UniqueId', query.uniqueIds),
      list('ReferenceIdList', query.referenceIds),
      list('AuthorPerson', query.authorPersons),
      list('Type', query.types.length === 1 && query.types[0] === 'stable' ? [] : query.types.map((one) => TYPES[one])),
      Object.entries(CODES).map(([name, slot]) =>
        (query.codes[name as keyof typeof CODES] ?? ([] as CodeCriteria)).map((codes) =>
          list(slot, codes.map(writeCode)),
        ),
      ),
      Object.entries(TIMES).map(([name, slot]) => {
        const { from, to } = query.times[name as keyof typeof TIMES] ?? {};
        return [from && writeSlot(`${PREFIX}${slot}From`, [from]), to && writeSlot(`${PREFIX}${slot}To`, [to])].map(
          (one) => one || undefined,
        );
      }),
    ),
  );

const list = (name: string, values: readonly string[]): Markup | undefined =>
  values.length === 0 ? undefined : writeSlot(`${PREFIX}${name}`, [writeList(values)]);

/** GetAll asks for the status of each kind of object. */
const statusSlots = ({ kind, statuses }: DocumentQuery): (Markup | undefined)[] => {
  const values = [writeList(statuses.map((one) => `${STATUS}${one}`))];
  const names =
    kind === 'GetAll' ? [`${PREFIX}Status`, '$XDSSubmissionSetStatus', '$XDSFolderStatus'] : [`${PREFIX}Status`];
  return names.map((name) => writeSlot(name, values));
};

export interface FoundAnswer extends DocumentsFound {
  readonly status: Status;
  /** ObjectRef answers. */
  readonly references: readonly { readonly id: string; readonly home: string }[];
}

/** What a community answered. Entries of another home than the one that was asked are not believed. */
export const readFound = (response: XmlElement, asked: string): FoundAnswer => {
  if (response.name !== 'AdhocQueryResponse' || response.ns !== QUERY_NS)
    throw new SoapFault('Receiver', 'the answer is not AdhocQueryResponse');
  const objects = child(response, 'RegistryObjectList', RIM_NS);
  const read = children(objects, 'ExtrinsicObject', RIM_NS).map(readEntry);
  const entries = read.filter((one): one is DocumentEntry => one?.home === asked);
  const dropped = read.length - entries.length;
  const references = children(objects, 'ObjectRef', RIM_NS).flatMap((one) => {
    const [id, home] = [attribute(one, 'id'), attribute(one, 'home')];
    return id && home === asked ? [{ id, home }] : [];
  });
  const warning: XdsError[] =
    dropped === 0
      ? []
      : [
          {
            code: 'XDSRegistryError',
            context: 'entries that are not of the community were left out',
            severity: 'Warning',
            location: asked,
          },
        ];
  return { status: readStatus(response), entries, references, errors: [...readErrors(response), ...warning] };
};

/** Answers of several communities as one, with an error for each that could not be reached. */
export const mergeFound = (
  answers: readonly (DocumentsFound | { readonly unavailable: string })[],
): DocumentsFound => ({
  entries: answers.flatMap((one) => ('entries' in one ? one.entries : [])),
  errors: answers.flatMap((one) =>
    'errors' in one
      ? one.errors
      : [xdsError('XDSUnavailableCommunity', 'the community was not reached', one.unavailable)],
  ),
});
