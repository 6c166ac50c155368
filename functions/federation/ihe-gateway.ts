// Our initiating gateway: a community that speaks IHE, asked as if it were one of ours. Every message carries an assertion of its own
// (XUA) that names actor, facility, role and purpose; nothing that comes back is shown before it was held against what was asked.
import { randomUUID } from 'node:crypto';
import { decide } from '../consent/decide.ts';
import type { Narrow } from '../consent/matrix.ts';
import { OPEN } from '../consent/policy.ts';
import type { Resource } from '../fhir/types.ts';
import { discoverAt, findAt, type Initiator, type Remote, retrieveAt } from '../ihe/initiate.ts';
import type { AssertionSigner, DocumentQuery } from '../ihe/ports.ts';
import type { DocumentEntry } from '../ihe/xca/entry.ts';
import { issueAssertion } from '../ihe/xua/issue.ts';
import { spanOf } from '../search/dates.ts';
import { matchesAll } from '../search/match.ts';
import { clinicalSpan } from '../search/placement.ts';
import { compareRanks } from '../search/sort.ts';
import { type Asking, untilAborted } from './ask-peer.ts';
import { travellingRole, urnOf } from './assertion.ts';
import { BREAK_GLASS, type IheContract } from './contract.ts';
import type { Correlation } from './correlations.ts';
import type { Finding } from './find-there.ts';
import { discoverThere } from './ihe-discovery.ts';
import { assertOfPatient, binaryOf, entryUuidOf, idOf, MOST_DOCUMENT_BYTES, resourceOf } from './ihe-documents.ts';
import { assertDelivered, inOurWords, type Note, notesOf } from './ihe-faults.ts';
import { rankBy } from './merge.ts';
import type { Entry, Page } from './peer-bundle.ts';
import { type ClientCertificate, PeerFault, type PeerHttp } from './peer-http.ts';
import type { Wish } from './there.ts';
import { codedPurpose, codedRole } from './xua-codes.ts';

/** What the region takes away from its roles goes along. */
export interface IheAsking extends Asking {
  readonly narrow?: Narrow | undefined;
}

export interface IheGateway {
  /** ITI-55: https://profiles.ihe.net/ITI/TF/Volume2/ITI-55.html */
  find(contract: IheContract, finding: Finding, asking: Asking, now: number): Promise<Correlation | undefined>;
  /** ITI-38: https://profiles.ihe.net/ITI/TF/Volume2/ITI-38.html */
  page(contract: IheContract, handle: string, wish: Wish, asking: IheAsking): Promise<Page>;
  /** ITI-38 for a DocumentReference, and ITI-39 for its Binary: https://profiles.ihe.net/ITI/TF/Volume2/ITI-39.html */
  read(
    contract: IheContract,
    handle: string,
    asked: { readonly type: string; readonly id: string },
    asking: IheAsking,
  ): Promise<Entry['resource']>;
}

export interface IheGatewayParts {
  /** OID of our own community. */
  readonly community: string;
  readonly peers: Pick<PeerHttp, 'post'>;
  /** The region's RSA key. */
  readonly signer: () => Promise<AssertionSigner>;
  /** Pseudonym of an account towards a peer, the same each time. */
  readonly pseudonym: (subject: string, peer: string) => string;
  readonly clock: () => number;
}

/** Of metadata: some two thousand documents. */
const MOST_BYTES = 12 * 1024 * 1024;
/** A document that travels as base64 in the envelope, and what is around it. */
const MOST_RETRIEVED_BYTES = Math.ceil((MOST_DOCUMENT_BYTES * 4) / 3) + 256 * 1024;

const remoteOf = ({ community, ihe: { discovery, query, retrieve } }: IheContract): Remote => ({
  community,
  discovery,
  query,
  retrieve,
});

const EVERYTHING: Omit<DocumentQuery, 'kind'> = {
  statuses: ['Approved', 'Deprecated'],
  entryUuids: [],
  uniqueIds: [],
  codes: {},
  times: {},
  authorPersons: [],
  referenceIds: [],
  types: ['stable', 'on-demand'],
};

/** Asked for without one, the connection would fail for a reason that nobody is told. */
const clientOf = async (signer: IheGatewayParts['signer']): Promise<ClientCertificate> => {
  const client = (await signer()).tls?.();
  if (!client) throw new PeerFault('security', 'it asks for a client certificate, and there is none to show');
  return client;
};

const refusal = (status: number): PeerFault => {
  if (status === 401 || status === 403) return new PeerFault('forbidden', `it refuses (${status})`);
  return new PeerFault(status >= 500 || status === 429 ? 'transient' : 'processing', `it answered ${status}`, {
    isAnswer: ![502, 503, 504].includes(status), // what stands before it answers in its place
  });
};

export const openIheGateway = (parts: IheGatewayParts): IheGateway => {
  const { community, peers, signer, pseudonym, clock } = parts;

  const assertionFor = async (contract: IheContract, { actor, purpose }: Asking, url: string, patient?: string) =>
    issueAssertion(
      {
        issuer: urnOf(community),
        subject: pseudonym(actor.subject, contract.community),
        subjectName: undefined,
        organization: actor.facility,
        organizationId: `urn:tsumugi:facility:${actor.facility}`,
        facilityType: actor.facilityType,
        role: codedRole(travellingRole(actor)),
        purposeOfUse: codedPurpose(purpose),
        homeCommunityId: urnOf(community),
        resourceId: patient,
        audience: urnOf(contract.community),
        recipient: url,
        id: randomUUID(),
        now: clock(),
        oneTimeUse: true,
      },
      await signer(),
    );

  const initiator = (contract: IheContract, asking: Asking, mostBytes: number, patient?: string): Initiator => ({
    community,
    now: clock(),
    newId: randomUUID,
    // The number of the request in both trails, and one of the message: a request has several.
    messageId: () => `urn:tsumugi:request:${encodeURIComponent(asking.requestId)}:${randomUUID()}`,
    assertion: (url) => untilAborted(assertionFor(contract, asking, url, patient), asking.signal),
    mostBytes,
    send: async (url, { contentType, body }) => {
      const { signal, room, requestId } = asking;
      const { status, headers, bytes } = await peers.post(url, body, {
        signal,
        client: contract.ihe.mutualTls ? await untilAborted(clientOf(signer), signal) : undefined,
        mostBytes: Math.min(mostBytes, room.bytes),
        headers: {
          'content-type': contentType,
          accept: 'multipart/related, application/soap+xml',
          'x-request-id': requestId,
        },
      });
      room.bytes -= bytes.byteLength;
      const type = headers['content-type'] ?? '';
      // A SOAP fault comes with 400 or 500; what a proxy says is no SOAP.
      if (status !== 200 && !/^(application\/soap\+xml|multipart\/related)\b/i.test(type)) throw refusal(status);
      return { contentType: type, body: bytes };
    },
  });

  const found = async (contract: IheContract, query: DocumentQuery, handle: string, asking: Asking) => {
    const to = initiator(contract, asking, MOST_BYTES, handle);
    const answer = await inOurWords(findAt(to, remoteOf(contract), query));
    assertDelivered(answer.status, answer.errors, answer.entries.length);
    assertOfPatient(answer.entries, handle);
    const notes: Note[] = notesOf(answer.errors);
    if (answer.left > 0)
      notes.push({ code: 'security', rule: 'entries that are not whole, or of another community, are left out' });
    return { entries: answer.entries, notes };
  };

  const all = (contract: IheContract, handle: string, asking: Asking) =>
    found(contract, { ...EVERYTHING, kind: 'FindDocuments', patientId: handle }, handle, asking);

  const entryOf = async (
    contract: IheContract,
    handle: string,
    id: string,
    asking: IheAsking,
  ): Promise<DocumentEntry> => {
    const uuid = entryUuidOf(id);
    const { entries } =
      uuid === undefined
        ? await all(contract, handle, asking)
        : await found(contract, { ...EVERYTHING, kind: 'GetDocuments', entryUuids: [uuid] }, handle, asking);
    const entry = entries.find((one) => idOf(one).toLowerCase() === id.toLowerCase());
    if (!entry || !mayRead(contract, asking, resourceOf(entry, handle)))
      throw new PeerFault('not-found', 'it has no such record, or shows none');
    return entry;
  };

  return {
    find: (contract, finding, asking, now) => {
      const to = initiator(contract, asking, MOST_BYTES);
      return discoverThere(
        { discover: (query) => inOurWords(discoverAt(to, remoteOf(contract), query)), contract, own: community, now },
        finding,
      );
    },

    page: async (contract, handle, wish, asking) => {
      const unknown = notLookedAt(wish);
      if (unknown !== undefined)
        return { entries: [], total: undefined, next: undefined, isIncomplete: false, notes: [unknown] };
      const { entries, notes } = await all(contract, handle, asking);
      const resources = entries
        .map((entry) => resourceOf(entry, handle))
        .filter((one) => mayRead(contract, asking, one) && isWished(wish, one));
      const sort = wish.query?.sort ?? [];
      const ranked = resources
        .map((resource) => ({ resource, rank: rankBy(sort, resource) }))
        .sort((a, b) => compareRanks(sort, a.rank, b.rank));
      return {
        entries: wish.query?.countOnly ? [] : ranked.map(({ resource }) => ({ resource, mode: 'match' })),
        total: resources.length,
        next: undefined,
        isIncomplete: false,
        // Nothing else is known of the person there: once, not with every page.
        notes: wish.asked.kind === 'everything' && wish.place.skip === 0 ? [...notes, DOCUMENTS_ONLY] : notes,
      };
    },

    read: async (contract, handle, { type, id }, asking) => {
      const entry = await entryOf(contract, handle, id, asking);
      if (type === 'DocumentReference') return resourceOf(entry, handle);
      const { repositoryUniqueId, uniqueId } = entry;
      const to = initiator(contract, asking, MOST_RETRIEVED_BYTES, handle);
      const { status, documents, errors } = await inOurWords(
        retrieveAt(to, remoteOf(contract), { repositoryUniqueId, documentUniqueId: uniqueId }),
      );
      assertDelivered(status, errors, documents.length);
      const [document] = documents;
      if (!document) {
        const [note] = notesOf(errors);
        throw note
          ? new PeerFault(note.code, note.rule, { isAnswer: true })
          : new PeerFault('structure', 'its answer is refused: it has not the document that was asked for');
      }
      return binaryOf(entry, document);
    },
  };
};

/** Whom the community shows it to is its own to say; what our roles may see of other facilities is ours. */
const mayRead = ({ community }: IheContract, { actor, purpose, narrow }: IheAsking, resource: Resource): boolean =>
  decide({
    actor,
    action: 'read',
    type: resource.resourceType,
    dataClass: 'document',
    facility: `${community}~`, // none of ours, whatever it is there
    codes: codesOf(resource),
    policy: OPEN,
    consentDefault: 'implicit',
    // What an emergency opens there is decided there; a role that may not see such a document in one may not see it.
    purpose: purpose === BREAK_GLASS ? 'ETREAT' : purpose,
    now: 0, // nothing that holds for a time is looked at
    narrow,
  }).permit;

const codesOf = ({ type }: Resource): string[] =>
  ((type as { coding?: { system?: string; code?: string }[] } | undefined)?.coding ?? []).map(
    ({ system = '', code = '' }) => `${system}|${code}`,
  );

/** What its metadata cannot tell: then nothing is asked, rather than more shown than was asked for. */
const notLookedAt = ({ query, params }: Wish): NonNullable<Page['notes']>[number] | undefined => {
  if (query && query.links.length > 0)
    return { code: 'not-supported', rule: 'not asked: chained parameters cannot be answered from document metadata' };
  // Their value sets and code systems are not ours to read into it, and ours say nothing of its codes.
  if (query && query.tests.length > 0)
    return {
      code: 'not-supported',
      rule: 'not asked: value sets and hierarchies cannot be held against document metadata',
    };
  const types = params.find(([name]) => name === '_type')?.[1]?.split(',');
  if (!query && types && !types.includes('DocumentReference'))
    return { ...DOCUMENTS_ONLY, rule: 'not asked: it answers for documents only (IHE XCA)' };
  return undefined;
};

const DOCUMENTS_ONLY = {
  code: 'not-supported',
  rule: 'it answers for documents only (IHE XCA); what else it knows is not shown',
  severity: 'information',
} as const;

const isWished = ({ query, params }: Wish, resource: Resource): boolean => {
  if (query) return matchesAll(query.criteria, resource, { facility: '' });
  // https://hl7.org/fhir/R4/patient-operation-everything.html: the care dates.
  const given = (name: string) => params.find((one) => one[0] === name)?.[1];
  const bound = (name: string) => spanOf(given(name) ?? '');
  const span = clinicalSpan(resource);
  if (!span) return true;
  return (
    span.high > (bound('start')?.low ?? Number.NEGATIVE_INFINITY) &&
    span.low < (bound('end')?.high ?? Number.POSITIVE_INFINITY)
  );
};
