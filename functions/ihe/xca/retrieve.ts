// ITI-39 Cross Gateway Retrieve, both sides: https://profiles.ihe.net/ITI/TF/Volume2/ITI-39.html
import type { DocumentRequest, DocumentRetrieved, DocumentsRetrieved } from '../ports.ts';
import { SoapFault } from '../soap/fault.ts';
import type { Attachment } from '../soap/mtom.ts';
import { binaryOf, include } from '../soap/mtom.ts';
import type { XmlElement } from '../xml/tree.ts';
import { child, children, trimmed } from '../xml/tree.ts';
import type { Markup } from '../xml/write.ts';
import { element, optional } from '../xml/write.ts';
import { xdsError } from './entry.ts';
import type { Status } from './registry-response.ts';
import { readErrors, readStatus, statusOf, writeErrors } from './registry-response.ts';
import { RS_NS, XDSB_NS } from './slots.ts';

export const MAX_DOCUMENTS = 100;

export const writeRetrieve = (requests: readonly DocumentRequest[]): Markup =>
  element(
    'xdsb:RetrieveDocumentSetRequest',
    { 'xmlns:xdsb': XDSB_NS },
    requests.map((one) => element('xdsb:DocumentRequest', {}, ids(one))),
  );

const ids = ({ home, repositoryUniqueId, documentUniqueId }: DocumentRequest): (Markup | undefined)[] => [
  optional('xdsb:HomeCommunityId', home),
  element('xdsb:RepositoryUniqueId', {}, repositoryUniqueId),
  element('xdsb:DocumentUniqueId', {}, documentUniqueId),
];

const readIds = (from: XmlElement): DocumentRequest | undefined => {
  const repositoryUniqueId = trimmed(child(from, 'RepositoryUniqueId'));
  const documentUniqueId = trimmed(child(from, 'DocumentUniqueId'));
  if (!repositoryUniqueId || !documentUniqueId) return undefined;
  return { home: trimmed(child(from, 'HomeCommunityId')), repositoryUniqueId, documentUniqueId };
};

export const readRetrieve = (request: XmlElement): DocumentRequest[] => {
  if (request.name !== 'RetrieveDocumentSetRequest' || request.ns !== XDSB_NS)
    throw new SoapFault('Sender', 'the Body is not RetrieveDocumentSetRequest');
  const requests = children(request, 'DocumentRequest').map(readIds);
  if (requests.length === 0 || requests.length > MAX_DOCUMENTS)
    throw new SoapFault('Sender', `a request is for 1 to ${MAX_DOCUMENTS} documents`);
  return requests.map((one) => {
    if (!one) throw new SoapFault('Sender', 'a DocumentRequest lacks its ids');
    return one;
  });
};

/** The answer, with its documents as attachments. */
export const writeRetrieved = (
  { documents, errors }: DocumentsRetrieved,
  newId: () => string,
): { body: Markup; attachments: readonly Attachment[] } => {
  const attachments = documents.map(({ mimeType, content }) => ({
    id: `${newId()}@tsumugi`,
    contentType: mimeType,
    content,
  }));
  const body = writeResponse({ documents, errors }, (at) => include(attachments[at]?.id ?? ''));
  return { body, attachments };
};

/** The same without attachments, for partners who do not take MTOM, and to be held against the schema. */
export const writeRetrievedInline = (retrieved: DocumentsRetrieved): Markup =>
  writeResponse(retrieved, (at) => Buffer.from(retrieved.documents[at]?.content ?? []).toString('base64'));

const writeResponse = ({ documents, errors }: DocumentsRetrieved, content: (at: number) => Markup | string): Markup =>
  element(
    'xdsb:RetrieveDocumentSetResponse',
    { 'xmlns:xdsb': XDSB_NS, 'xmlns:rs': RS_NS },
    element('rs:RegistryResponse', { status: statusOf(documents.length, errors) }, writeErrors(errors)),
    documents.map((document, at) =>
      element(
        'xdsb:DocumentResponse',
        {},
        ids(document),
        document.newDocumentUniqueId && [
          element('xdsb:NewRepositoryUniqueId', {}, document.repositoryUniqueId),
          element('xdsb:NewDocumentUniqueId', {}, document.newDocumentUniqueId),
        ],
        element('xdsb:mimeType', {}, document.mimeType),
        element('xdsb:Document', {}, content(at)),
      ),
    ),
  );

export interface RetrievedAnswer extends DocumentsRetrieved {
  readonly status: Status;
}

/** What a community answered. Only what was asked of it is taken, each document once. */
export const readRetrieved = (
  response: XmlElement,
  parts: ReadonlyMap<string, Uint8Array>,
  asked: readonly DocumentRequest[],
): RetrievedAnswer => {
  if (response.name !== 'RetrieveDocumentSetResponse' || response.ns !== XDSB_NS)
    throw new SoapFault('Receiver', 'the answer is not RetrieveDocumentSetResponse');
  const registry = child(response, 'RegistryResponse', RS_NS);
  const open = [...asked];
  const documents = children(response, 'DocumentResponse').flatMap((one): DocumentRetrieved[] => {
    const found = readIds(one);
    const holder = child(one, 'Document');
    const at = open.findIndex((request) => same(request, found));
    if (at < 0 || !found || !holder) return [];
    open.splice(at, 1);
    return [
      {
        ...found,
        mimeType: trimmed(child(one, 'mimeType')) ?? 'application/octet-stream',
        content: binaryOf(holder, parts),
        newDocumentUniqueId: trimmed(child(one, 'NewDocumentUniqueId')),
      },
    ];
  });
  return { status: readStatus(registry), documents, errors: readErrors(registry) };
};

const same = (a: DocumentRequest, b: DocumentRequest | undefined): boolean =>
  a.home === b?.home && a.repositoryUniqueId === b?.repositoryUniqueId && a.documentUniqueId === b?.documentUniqueId;

export const mergeRetrieved = (
  answers: readonly (DocumentsRetrieved | { readonly unavailable: string })[],
): DocumentsRetrieved => ({
  documents: answers.flatMap((one) => ('documents' in one ? one.documents : [])),
  errors: answers.flatMap((one) =>
    'errors' in one
      ? one.errors
      : [xdsError('XDSUnavailableCommunity', 'the community was not reached', one.unavailable)],
  ),
});
