// XCA responding gateway: one message in, its answer out. The profile's errors are answers, not faults.
import type { DocumentGateway, DocumentRequest, DocumentsRetrieved } from '../ports.ts';
import type { Attachment } from '../soap/mtom.ts';
import type { XmlElement } from '../xml/tree.ts';
import type { Markup } from '../xml/write.ts';
import type { XuaClaims } from '../xua/claims.ts';
import type { XdsError } from './entry.ts';
import { xdsError } from './entry.ts';
import { readCrossGatewayQuery, writeFound, XdsRefusal } from './query.ts';
import { readRetrieve, writeRetrieved } from './retrieve.ts';

export const QUERY_ACTION = 'urn:ihe:iti:2007:CrossGatewayQuery';
export const QUERY_ANSWER_ACTION = 'urn:ihe:iti:2007:CrossGatewayQueryResponse';
export const RETRIEVE_ACTION = 'urn:ihe:iti:2007:CrossGatewayRetrieve';
export const RETRIEVE_ANSWER_ACTION = 'urn:ihe:iti:2007:CrossGatewayRetrieveResponse';

export interface XcaServices {
  readonly gateway: DocumentGateway;
  /** Ours: `urn:oid:…`. */
  readonly home: string;
  readonly newId: () => string;
}

export const respondQuery = async (
  message: XmlElement,
  { gateway, home }: XcaServices,
  claims: XuaClaims | undefined,
): Promise<Markup> => {
  try {
    const asked = readCrossGatewayQuery(message);
    if (asked.home !== undefined && asked.home !== home) throw new XdsRefusal(unknownCommunity(home));
    // Without a patient id nothing but the home says whose objects are meant: ITI TF-2 3.38.4.1.3.
    if (asked.home === undefined && asked.query?.patientId === undefined)
      throw new XdsRefusal(
        xdsError('XDSMissingHomeCommunityId', 'a query without a patient id needs homeCommunityId', home),
      );
    const found = asked.query ? await gateway.find(asked.query, claims) : { entries: [], errors: [] };
    return writeFound({ entries: found.entries, errors: found.errors.map((one) => at(one, home)) }, asked.returnType);
  } catch (fault) {
    if (fault instanceof XdsRefusal) return writeFound({ entries: [], errors: [at(fault.error, home)] }, 'LeafClass');
    throw fault;
  }
};

const unknownCommunity = (home: string) =>
  xdsError('XDSUnknownCommunity', 'homeCommunityId is not this community', home);
const at = (error: XdsError, home: string): XdsError => ({ ...error, location: error.location ?? home });

export const respondRetrieve = async (
  message: XmlElement,
  { gateway, home, newId }: XcaServices,
  claims: XuaClaims | undefined,
): Promise<{ body: Markup; attachments: readonly Attachment[] }> => {
  const requests = readRetrieve(message);
  const errors = requests.flatMap((one): XdsError[] =>
    one.home === undefined
      ? [xdsError('XDSMissingHomeCommunityId', 'a DocumentRequest has no HomeCommunityId', home)]
      : one.home === home
        ? []
        : [unknownCommunity(home)],
  );
  const ours = requests.filter((one) => one.home === home);
  const retrieved = ours.length > 0 ? await gateway.retrieve(ours, claims) : { documents: [], errors: [] };
  return writeRetrieved(complete(ours, retrieved, errors, home), newId);
};

/** A document that is neither there nor explained is said to be missing: an asker must be able to count. */
const complete = (
  asked: readonly DocumentRequest[],
  { documents, errors }: DocumentsRetrieved,
  others: readonly XdsError[],
  home: string,
): DocumentsRetrieved => {
  const silent = asked.length - documents.length - errors.length;
  const missing = Array.from({ length: Math.max(silent, 0) }, () =>
    xdsError('XDSDocumentUniqueIdError', 'a document was not found', home),
  );
  return { documents, errors: [...errors.map((one) => at(one, home)), ...others, ...missing] };
};
