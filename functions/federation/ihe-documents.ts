// Documents of an IHE community as FHIR: XDSDocumentEntry → DocumentReference, and its bytes as a Binary of the same id.
import { createHash } from 'node:crypto';
import type { Resource } from '../fhir/types.ts';
import { type DocumentReference, fromEntry } from '../ihe/xca/document-reference.ts';
import type { DocumentEntry } from '../ihe/xca/entry.ts';
import { isSamePatient } from './ihe-discovery.ts';
import { PeerFault, StrangerFault } from './peer-http.ts';

const UUID = /^urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** The entry's UUID; for a registry that names its entries otherwise, a digest of the name. */
export const idOf = ({ entryUuid }: Pick<DocumentEntry, 'entryUuid'>): string =>
  UUID.exec(entryUuid)?.[1] ?? createHash('sha256').update(entryUuid).digest('hex').slice(0, 48);

/** What an id asks for by GetDocuments; undefined: only a list of all of the patient's tells. */
export const entryUuidOf = (id: string): string | undefined =>
  UUID.test(`urn:uuid:${id}`) ? `urn:uuid:${id}` : undefined;

/** One stranger, and nothing of the answer is read on. */
export const assertOfPatient = (entries: readonly DocumentEntry[], handle: string): void => {
  if (entries.some(({ patientId }) => !isSamePatient(patientId, handle))) throw new StrangerFault();
};

const numberOf = (cx: string) => {
  const [value = '', , , authority = ''] = cx.split('^');
  return { system: `urn:oid:${authority.split('&')[1] ?? ''}`, value };
};

/** https://profiles.ihe.net/ITI/MHD/32_fhir_maps.html, and what a chart is sorted by. */
export const resourceOf = (entry: DocumentEntry, handle: string): DocumentReference & { readonly id: string } => {
  const id = idOf(entry);
  const resource = fromEntry(entry, { identifier: numberOf(handle) }, `Binary/${id}`);
  const creation = resource.content?.[0]?.attachment?.creation;
  // https://hl7.org/fhir/R4/datatypes.html#instant: a day alone is none.
  return { ...resource, id, ...(creation?.includes('T') && { date: creation }) };
};

/** What a Lambda's answer holds, as base64 in JSON. */
export const MOST_DOCUMENT_BYTES = 4 * 1024 * 1024;

export const binaryOf = (
  entry: DocumentEntry,
  { mimeType, content }: { readonly mimeType: string; readonly content: Uint8Array },
): Resource & { readonly id: string } => {
  if (content.byteLength > MOST_DOCUMENT_BYTES)
    throw new PeerFault('too-long', `the document has more than ${MOST_DOCUMENT_BYTES} bytes`);
  if (!entry.onDemand) {
    const hash = createHash('sha1').update(content).digest('hex');
    if (entry.hash !== undefined && entry.hash.toLowerCase() !== hash)
      throw new PeerFault('security', 'the document is refused: it is not the one that its hash names');
    if (entry.size !== undefined && entry.size !== content.byteLength)
      throw new PeerFault('structure', 'the document is refused: it is not of the size that was said');
  }
  return {
    resourceType: 'Binary',
    id: idOf(entry),
    // What was said of it when it was found, on which its hash hangs; what is made on demand is known only now.
    contentType: entry.onDemand ? mimeType : entry.mimeType,
    data: Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('base64'),
  };
};
