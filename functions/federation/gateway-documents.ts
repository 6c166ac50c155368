// ITI-38 and ITI-39 at the responding gateway: DocumentReferences of the person, the bytes behind them, and a patient summary that is made
// when it is retrieved. Every record is read by the interactions of the region as this caller, so consent, matrix and contract decide as in
// our own protocol (answer.ts); what may not be seen is not there.
import { FhirError } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type {
  DocumentGateway,
  DocumentQuery,
  DocumentRequest,
  DocumentRetrieved,
  DocumentsFound,
} from '../ihe/ports.ts';
import { completeEntry } from '../ihe/xca/complete-entry.ts';
import { meets } from '../ihe/xca/criteria.ts';
import { type DocumentReference, toEntry } from '../ihe/xca/document-reference.ts';
import { type DocumentEntry, type XdsError, xdsError } from '../ihe/xca/entry.ts';
import { XdsRefusal } from '../ihe/xca/query.ts';
import type { Context, Interaction } from '../interactions/contract.ts';
import type { Resources } from '../storage/port.ts';
import type { Answering } from './answer.ts';
import { documentContent, type Fetched, inlineDigest, summaryOf, TooLarge } from './gateway-content.ts';
import { isBusy } from './gateway-discovery.ts';
import type { Named, Names } from './gateway-names.ts';
import type { Told } from './gateway-told.ts';
import { ownPage } from './own.ts';

export interface DocumentParts {
  readonly answering: Answering;
  readonly resources: Resources;
  /** The interactions of the region (interactions/routes.ts). */
  readonly fhir: Interaction;
  readonly names: Names;
  readonly told: Told;
  /** Of the API. */
  readonly baseUrl: string;
  /** The handle by which this community may name this Patient's person. */
  readonly handleFor: (patient: string) => Promise<string>;
  /** The Patient behind a handle. @throws FhirError `gone` when it is good no more */
  readonly patientOf: (handle: string) => Promise<string>;
  /** CX of the one patient that the assertion is about, where it is about one. */
  readonly onlyPatient: string | undefined;
  readonly newId: () => string;
  /** Of one list. */
  readonly mostDocuments: number;
}

const PAGE = '100';
/** Of GetDocuments, each of which is several reads. */
const MOST_NAMES = 100;
/** What Lambda hands over is base64 in JSON of 6 MB: the rest is for the envelope. */
const MOST_BYTES = 4_000_000;

const unknownPatient = () => new XdsRefusal(xdsError('XDSUnknownPatientId', 'the patient id is not known here'));

/** Refused to this caller, or not there: the same to whoever asks. An outage is not. */
const orNothing = async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await ask();
  } catch (fault) {
    if (fault instanceof FhirError && fault.status < 500 && fault.status !== 429) return undefined;
    throw fault;
  }
};

/** The document side as this caller may use it. */
export const gatewayDocuments = (parts: DocumentParts, context: Context): DocumentGateway => ({
  find: (query) => unlessBusy('XDSRegistryBusy', () => found(parts, context, query)),
  retrieve: async (requests) => {
    const documents: DocumentRetrieved[] = [];
    const errors: XdsError[] = [];
    let room = MOST_BYTES;
    for (const request of requests) {
      const found = await retrieved(parts, context, request, room);
      if ('severity' in found) errors.push(found);
      else {
        documents.push(found);
        room -= found.content.byteLength;
      }
    }
    return { documents, errors };
  },
});

const busy = (code: 'XDSRegistryBusy' | 'XDSRepositoryBusy') =>
  xdsError(code, 'the community is busy: ask again later');

const unlessBusy = async <T>(code: 'XDSRegistryBusy', ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (fault) {
    if (isBusy(fault)) throw new XdsRefusal(busy(code));
    throw fault;
  }
};

const found = async (parts: DocumentParts, context: Context, query: DocumentQuery): Promise<DocumentsFound> => {
  if (query.kind === 'GetDocuments') return { entries: await documentsNamed(parts, context, query), errors: [] };
  const patientId = query.patientId ?? '';
  const handle = parts.names.handleOf(patientId);
  if (handle === undefined) throw unknownPatient();
  const patient = await orNothing(() => parts.patientOf(handle));
  if (patient === undefined) throw unknownPatient();
  if (!(await isAbout(parts, patient)))
    throw new XdsRefusal(xdsError('XDSUnknownPatientId', 'the assertion is about another patient'));
  // We keep no reference ids: whoever asks by one asks for nothing of ours.
  if (query.kind === 'FindDocumentsByReferenceId') return { entries: [], errors: [] };
  return documentsOf(parts, context, query, { handle, patient, patientId });
};

const isOurs = ({ names }: DocumentParts, cx: string): boolean => names.handleOf(cx) !== undefined;

/** Whether the assertion lets this Patient be asked about: where it names one of ours, that one only. */
const isAbout = async ({ names, onlyPatient, patientOf }: DocumentParts, patient: string): Promise<boolean> => {
  const only = onlyPatient === undefined ? undefined : names.handleOf(onlyPatient);
  return only === undefined || (await orNothing(() => patientOf(only))) === patient;
};

// ── ITI-38 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
interface Person {
  readonly handle: string;
  readonly patient: string;
  /** As the asker wrote it. */
  readonly patientId: string;
}

const documentsOf = async (parts: DocumentParts, context: Context, query: DocumentQuery, person: Person) => {
  // What is read and does not meet the query was not shown.
  const reading = { ...context, disclosed: [] as Context['disclosed'] };
  const { resources, isCut } = await allOf(parts, reading, person.handle);
  const entries = resources
    .map((resource) => ({ resource, entry: entryOf(parts, resource, person.patientId) }))
    .filter(({ entry }) => meets(entry, query));
  const summary = summaryEntry(parts, person);
  const isSummaryWanted = meets(summary, query) && (await hasRecords(parts, context, person));
  const shown = new Set(entries.map(({ resource }) => `DocumentReference/${resource.id}`));
  context.disclosed.push(...reading.disclosed.filter(({ reference }) => shown.has(reference)));

  const aliases = entries.flatMap(({ resource, entry }) =>
    aliasesOf(parts, entry, { kind: 'document', id: resource.id! }),
  );
  if (isSummaryWanted) aliases.push({ name: summary.entryUuid, kind: 'summary', id: person.patient });
  if (entries.length > 0 || isSummaryWanted) await parts.told.tell(person.patient, aliases);
  return {
    entries: [...(isSummaryWanted ? [summary] : []), ...entries.map(({ entry }) => entry)],
    errors: isCut
      ? [
          xdsError(
            'XDSTooManyResults',
            `only the newest ${parts.mostDocuments} documents were looked at; narrow the query`,
          ),
        ]
      : [],
  };
};

const allOf = async ({ answering, mostDocuments }: DocumentParts, context: Context, handle: string) => {
  const resources: DocumentReference[] = [];
  let cursor: string | undefined;
  do {
    const params: [string, string][] = cursor === undefined ? [['_count', PAGE]] : [['_cursor', cursor]];
    const answer = await answering.query(context, { kind: 'search', handle, type: 'DocumentReference', params });
    const page = ownPage(answer);
    resources.push(...page.entries.map(({ resource }) => resource as DocumentReference));
    cursor = page.next;
  } while (cursor !== undefined && resources.length < mostDocuments);
  const isCut = cursor !== undefined || resources.length > mostDocuments;
  return { resources: resources.slice(0, mostDocuments), isCut };
};

const entryOf = ({ names }: DocumentParts, resource: DocumentReference, patientId: string): DocumentEntry => {
  const entry = toEntry(resource, {
    home: names.home,
    repositoryUniqueId: names.repository,
    patientId,
    uniqueIdOf: ({ id }) => names.uniqueId(id ?? ''),
    entryUuidOf: ({ id }) => names.entryUuid(id ?? ''),
  });
  return completeEntry({ ...entry, ...inlineDigest(resource) });
};

/** Names that do not lead back to the record by themselves. */
const aliasesOf = ({ names }: DocumentParts, { uniqueId, entryUuid }: DocumentEntry, to: Named) =>
  [uniqueId, entryUuid].flatMap((name) => {
    const found = names.named(name);
    return found?.kind === to.kind && found.id === to.id ? [] : [{ name, ...to }];
  });

const PATIENT_SUMMARY = { code: '60591-5', scheme: '2.16.840.1.113883.6.1', display: 'Patient summary Document' };

/** International Patient Summary: https://profiles.ihe.net/PCC/IPS/ */
const summaryEntry = ({ names }: DocumentParts, { patient, patientId }: Omit<Person, 'handle'>): DocumentEntry =>
  completeEntry({
    entryUuid: names.summaryUuid(patient),
    uniqueId: names.summaryId(patient),
    repositoryUniqueId: names.repository,
    home: names.home,
    patientId,
    status: 'Approved',
    onDemand: true,
    mimeType: 'application/fhir+json',
    title: '患者サマリー（IPS）',
    languageCode: 'ja-JP',
    sourcePatientInfo: [],
    authors: [],
    classCode: PATIENT_SUMMARY,
    typeCode: PATIENT_SUMMARY,
    formatCode: { code: 'urn:ihe:pcc:ips:2020', scheme: '1.3.6.1.4.1.19376.1.2.3', display: 'IPS' },
    confidentialityCodes: [],
    eventCodes: [],
  });

/** A summary is of a Patient that this caller may read. */
const hasRecords = async ({ answering }: DocumentParts, context: Context, { handle }: Person): Promise<boolean> => {
  const reading = { ...context, disclosed: [] };
  const answer = await orNothing(() =>
    answering.query(reading, { kind: 'search', handle, type: 'Patient', params: [] }),
  );
  return answer !== undefined && ownPage(answer).entries.length > 0;
};

/** GetDocuments: of persons whom this community has asked about, and no others. */
const documentsNamed = async (parts: DocumentParts, context: Context, query: DocumentQuery) => {
  const entries: DocumentEntry[] = [];
  const wanted = new Set([...query.entryUuids, ...query.uniqueIds]);
  if (wanted.size > MOST_NAMES)
    throw new XdsRefusal(xdsError('XDSRegistryError', `a query may name at most ${MOST_NAMES} documents`));
  for (const name of wanted) {
    const found = await resolve(parts, name);
    if (!found) continue;
    // As the asker names the person, where its assertion does.
    const { names, onlyPatient } = parts;
    const isNamed = onlyPatient !== undefined && isOurs(parts, onlyPatient);
    const patientId = isNamed ? onlyPatient : names.patientId(await parts.handleFor(found.patient));
    if (found.named.kind === 'summary') {
      entries.push(summaryEntry(parts, { patient: found.named.id, patientId }));
      continue;
    }
    const resource = await orNothing(() => read(parts, context, found.named.id));
    if (resource) entries.push(entryOf(parts, resource, patientId));
  }
  return entries;
};

const read = async ({ fhir }: DocumentParts, context: Context, id: string): Promise<DocumentReference> => {
  const { stored, resource } = await fhir(context, {
    method: 'GET',
    path: ['DocumentReference', id],
    params: [],
    headers: {},
    body: undefined,
  });
  return (stored?.resource() ?? resource) as Resource as DocumentReference;
};

/** What a name leads to, if it is of a person whom this community has found. */
const resolve = async (parts: DocumentParts, name: string) => {
  const { names, told, resources } = parts;
  const named = (await told.aliasOf(name)) ?? names.named(name);
  if (!named) return undefined;
  const key =
    named.kind === 'summary'
      ? resources.patientKey(named.id)
      : (await resources.get('DocumentReference', named.id))?.patientKey;
  const patient = key === undefined ? undefined : await told.foundAt(key);
  if (patient === undefined) return undefined;
  if (!(await isAbout(parts, patient))) return undefined;
  return { named, patient, key: key! };
};

// ── ITI-39 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
const retrieved = async (
  parts: DocumentParts,
  context: Context,
  request: DocumentRequest,
  room: number,
): Promise<DocumentRetrieved | XdsError> => {
  if (request.repositoryUniqueId !== parts.names.repository)
    return xdsError('XDSUnknownRepositoryId', 'the repository is not one of this community');
  const missing = xdsError('XDSDocumentUniqueIdError', 'a document was not found');
  try {
    const found = await resolve(parts, request.documentUniqueId);
    if (!found) return missing;
    const content = await orNothing((): Promise<Fetched | undefined> => {
      if (found.named.kind === 'summary') return summaryOf(parts.fhir, context, found.named.id, room);
      return read(parts, context, found.named.id).then((resource) =>
        documentContent(parts, context, resource, found.key, room),
      );
    });
    if (!content) return missing;
    const newId = found.named.kind === 'summary' && {
      newDocumentUniqueId: `2.25.${BigInt(`0x${parts.newId().replaceAll('-', '')}`)}`,
    };
    return { ...request, ...content, ...(newId || {}) };
  } catch (fault) {
    if (fault instanceof TooLarge) return xdsError('XDSRepositoryError', fault.message);
    if (isBusy(fault)) return busy('XDSRepositoryBusy');
    throw fault;
  }
};
