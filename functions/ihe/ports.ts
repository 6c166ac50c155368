// What the IHE faces need of the cores behind them. They translate messages and decide nothing: identity (PatientIndex),
// federation (DocumentGateway, Discovery) and the keys (assertions) implement these.

import type { Authority, Gender, Identifier, PatientData, PersonName, PostalAddress } from './patient.ts';
import type { Code, DocumentEntry, XdsError } from './xca/entry.ts';
import type { XuaClaims } from './xua/claims.ts';

// ── Assertions ─────────────────────────────────────────────────────────────────────────────────────────────────────────
/** An RSA key with its certificate: KMS in AWS, a key of Node's in tests. */
export interface AssertionSigner {
  /** PEM. */
  readonly certificate: string;
  /** RSASSA-PKCS1-v1_5 with SHA-256 over these octets. */
  readonly sign: (octets: Uint8Array) => Promise<Uint8Array>;
  /** The same pair for a TLS connection, whose other side asks for it. Absent: it can be shown on none. */
  readonly tls?: (() => { readonly key: string; readonly cert: string }) | undefined;
}

export interface TrustedIssuers {
  /** Certificates (PEM) of an active link contract; two while a key is rotated, none for a stranger. */
  readonly certificatesOf: (issuer: string) => Promise<readonly string[]>;
}

export interface ReplayGuard {
  /** True once for each use until the time given (ms); a conditional write in AWS. */
  readonly firstUse: (use: string, until: number) => Promise<boolean>;
}

// ── PatientIndex: PIX and PDQ ──────────────────────────────────────────────────────────────────────────────────────────
/** The application and facility that a message says it is from (v2: MSH-3, MSH-4; v3: the sender's device and organization). */
export interface Sender {
  readonly application: string;
  readonly facility: string;
}

export type FeedEvent =
  /** A new record, or new content of one (ADT A01, A04, A05, A08, A31; PRPA_IN201301, 201302). */
  | { readonly kind: 'add' | 'revise'; readonly patient: PatientData }
  /** `obsolete` was a second number of the same patient (A40; PRPA_IN201304). */
  | { readonly kind: 'merge'; readonly patient: PatientData; readonly obsolete: readonly Identifier[] };

/** Two numbers are one patient's, or are not: neither goes (ADT A24, A37). */
export type Relation = 'link' | 'unlink';

/** Why an index says no. The faces turn each into the code that their standard has for it. */
export type IndexRefusal =
  | 'unknown-authority'
  /** The sender does not give this kind of number out. */
  | 'not-its-authority'
  | 'unknown-identifier'
  | 'missing-identifier'
  | 'invalid'
  /** The sender may not do this at all. */
  | 'forbidden';

/** What of a message is at fault: a number of the patient, the number that is given up, or an element of Patient. */
export type FaultyPart = 'identifier' | 'obsolete' | 'name' | 'birthDate' | 'gender' | 'address' | 'telecom';

export class IndexError extends Error {
  readonly refusal: IndexRefusal;
  /** Which of several, counted from 0: of identifiers, or of the domains that were asked for. */
  readonly at: number;
  readonly part: FaultyPart;
  constructor(refusal: IndexRefusal, rule: string, at = 0, part: FaultyPart = 'identifier') {
    super(rule);
    this.refusal = refusal;
    this.at = at;
    this.part = part;
  }
}

export interface DemographicQuery {
  readonly identifiers: readonly Identifier[];
  /** Any of them; `*` at an end stands for the rest, where the face allows it. */
  readonly names: readonly PersonName[];
  readonly gender?: Gender | undefined;
  readonly birthDate?: string | undefined;
  readonly addresses: readonly PostalAddress[];
  readonly phones: readonly string[];
  readonly mothersMaidenName?: PersonName | undefined;
  /** Identifiers of these only are wanted in the answer; empty: all. */
  readonly domains: readonly Authority[];
  /** ITI-22: the patient's visit. */
  readonly visit?: VisitCriteria | undefined;
}

export interface VisitCriteria {
  readonly patientClass?: string | undefined;
  readonly ward?: string | undefined;
  readonly visitNumber?: string | undefined;
}

export interface PageRequest {
  readonly count: number;
  /** What an earlier page gave as `next`. */
  readonly cursor?: string | undefined;
}

export interface Match {
  readonly patient: PatientData;
  /** 0 to 100: how sure the index is. */
  readonly score?: number | undefined;
  readonly visit?: VisitCriteria | undefined;
}

export interface MatchPage {
  readonly matches: readonly Match[];
  readonly total?: number | undefined;
  /** Sealed: says nothing to whoever holds it. */
  readonly next?: string | undefined;
}

export interface CrossReference {
  readonly identifiers: readonly Identifier[];
  readonly name?: PersonName | undefined;
}

/** Identity, as PIX and PDQ see it. Each call is decided and audited behind this port. */
export interface PatientIndex {
  /** An authority by what a message says of it: its OID, its name, or both. */
  readonly authority: (named: {
    oid?: string | undefined;
    name?: string | undefined;
  }) => Promise<Authority | undefined>;
  readonly feed: (event: FeedEvent, sender: Sender) => Promise<void>;
  /** Each side by the numbers that the message gives for it. */
  readonly relate: (
    relation: Relation,
    sides: readonly [readonly Identifier[], readonly Identifier[]],
    sender: Sender,
  ) => Promise<void>;
  /** All numbers of the person that has this one, the asked one included. Refuses as `unknown-identifier` or `unknown-authority`. */
  readonly crossReference: (
    identifier: Identifier,
    domains: readonly Authority[],
    sender: Sender,
  ) => Promise<CrossReference>;
  readonly query: (query: DemographicQuery, page: PageRequest, sender: Sender) => Promise<MatchPage>;
}

/** Where a paged query is kept between its pages: PDQV3's continuation names the query's id and nothing else. */
export interface Continuations {
  readonly keep: (key: string, state: string, until: number) => Promise<void>;
  readonly find: (key: string) => Promise<string | undefined>;
  readonly drop: (key: string) => Promise<void>;
}

// ── Discovery: XCPD ────────────────────────────────────────────────────────────────────────────────────────────────────
/** 1.3.6.1.4.1.19376.1.2.27.1: what would narrow a search down. */
export type RequestedAttribute =
  | 'LivingSubjectAdministrativeGenderRequested'
  | 'LivingSubjectBirthPlaceAddressRequested'
  | 'LivingSubjectBirthPlaceNameRequested'
  | 'MothersMaidenNameRequested'
  | 'PatientAddressRequested'
  | 'PatientTelecomRequested';

export type DiscoveryAnswer =
  /** One for each person that it could be; a community never gives more than the asker can tell apart. */
  | { readonly kind: 'matches'; readonly matches: readonly (Match & { readonly community: string })[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'ask'; readonly attributes: readonly RequestedAttribute[] }
  | { readonly kind: 'unavailable'; readonly reason: 'ResponderBusy' | 'AnswerNotAvailable' };

export interface Discovery {
  /** `asker` is the sender's home community as its assertion says it; the claims are checked before. */
  readonly discover: (
    query: DemographicQuery,
    asker: { community: string | undefined; authorities: readonly string[] },
  ) => Promise<DiscoveryAnswer>;
}

// ── DocumentGateway: XCA ───────────────────────────────────────────────────────────────────────────────────────────────
/** Each list is an alternative, all lists must hold: `[[a, b], [c]]` is (a or b) and c. */
export type CodeCriteria = readonly (readonly Code[])[];

export interface DocumentQuery {
  readonly kind: 'FindDocuments' | 'FindDocumentsByReferenceId' | 'GetDocuments' | 'GetAll';
  /** CX, for Find… and GetAll. */
  readonly patientId?: string | undefined;
  readonly statuses: readonly DocumentEntry['status'][];
  /** GetDocuments: one of these two. */
  readonly entryUuids: readonly string[];
  readonly uniqueIds: readonly string[];
  readonly codes: Readonly<
    Partial<
      Record<
        | 'classCode'
        | 'typeCode'
        | 'formatCode'
        | 'facilityTypeCode'
        | 'practiceSettingCode'
        | 'confidentialityCode'
        | 'eventCode',
        CodeCriteria
      >
    >
  >;
  /** DTM, from inclusive, to exclusive. */
  readonly times: Readonly<
    Partial<
      Record<
        'creationTime' | 'serviceStartTime' | 'serviceStopTime',
        { from?: string | undefined; to?: string | undefined }
      >
    >
  >;
  /** SQL LIKE patterns (`%`, `_`). */
  readonly authorPersons: readonly string[];
  readonly referenceIds: readonly string[];
  /** Stable documents when nothing was said. */
  readonly types: readonly ('stable' | 'on-demand')[];
}

export interface DocumentsFound {
  readonly entries: readonly DocumentEntry[];
  readonly errors: readonly XdsError[];
}

export interface DocumentRequest {
  readonly home: string | undefined;
  readonly repositoryUniqueId: string;
  readonly documentUniqueId: string;
}

export interface DocumentRetrieved extends DocumentRequest {
  readonly mimeType: string;
  readonly content: Uint8Array;
  /** On-demand documents: the id of what was made. */
  readonly newDocumentUniqueId?: string | undefined;
}

export interface DocumentsRetrieved {
  readonly documents: readonly DocumentRetrieved[];
  readonly errors: readonly XdsError[];
}

/** Federation's document side. Each call is decided and audited behind this port; the claims were verified before. */
export interface DocumentGateway {
  readonly find: (query: DocumentQuery, claims: XuaClaims | undefined) => Promise<DocumentsFound>;
  readonly retrieve: (
    requests: readonly DocumentRequest[],
    claims: XuaClaims | undefined,
  ) => Promise<DocumentsRetrieved>;
}
