// A community that is not on this software: responding gateways for ITI-55, ITI-38 and ITI-39 behind a small HTTP server, with patients and
// documents in memory. It takes no message whose assertion does not verify, and holds each against the schemas where those are.
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { respondXcpd, XCPD_ANSWER_ACTION } from '../../../functions/ihe/hl7v3/xcpd.ts';
import type { PatientData } from '../../../functions/ihe/patient.ts';
import { fromFhir } from '../../../functions/ihe/patient-fhir.ts';
import type { DemographicQuery, DiscoveryAnswer, RequestedAttribute } from '../../../functions/ihe/ports.ts';
import { parseEnvelope, writeEnvelope, writeFault } from '../../../functions/ihe/soap/envelope.ts';
import { SoapFault } from '../../../functions/ihe/soap/fault.ts';
import { type Attachment, readSoapMessage, writeMtom } from '../../../functions/ihe/soap/mtom.ts';
import { type DocumentEntry, xdsError } from '../../../functions/ihe/xca/entry.ts';
import {
  QUERY_ANSWER_ACTION,
  RETRIEVE_ANSWER_ACTION,
  respondQuery,
  respondRetrieve,
  type XcaServices,
} from '../../../functions/ihe/xca/respond.ts';
import { standalone } from '../../../functions/ihe/xml/tree.ts';
import type { Markup } from '../../../functions/ihe/xml/write.ts';
import type { XuaClaims } from '../../../functions/ihe/xua/claims.ts';
import { verifyAssertion } from '../../../functions/ihe/xua/verify.ts';
import { patientOf } from '../identity/given.ts';
import { schemaFaults, v3Faults } from '../ihe/support/schemas.ts';
import { hasVectors } from '../ihe/support/vectors.ts';
import { desk, doctorAt, later, type Node, TERMS, time, xuaKey } from './world.ts';

export const OID = '2.999.44';
export const AUTHORITY = '2.999.44.1';
/** A number that both sides know people by. */
export const SHARED = '2.999.7.7';
/** The community as `meta.source` names it. */
export const SETO = `urn:oid:${OID}`;

/** Whom the demo person of the other regions is there. */
export const personThere = (more: Partial<PatientData> = {}): PatientData => ({
  ...fromFhir(patientOf('3610000001', '1')),
  identifiers: [
    { authority: { oid: AUTHORITY }, value: 'P-1' },
    { authority: { oid: SHARED }, value: 'S-1' },
  ],
  ...more,
});

export interface Held {
  readonly entry: DocumentEntry;
  readonly content: Uint8Array;
}

export interface Heard {
  readonly path: string;
  readonly text: string;
  readonly body: string;
  readonly messageId: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly claims: XuaClaims;
  /** What the schemas find wrong with it. */
  readonly faults: readonly string[];
}

export const cx = (number: string): string => `${number}^^^&${AUTHORITY}&ISO`;

export const documentOf = (n: number, patient: string, more: Partial<DocumentEntry> = {}): Held => {
  const content = Buffer.from(`退院時サマリー ${n}`);
  return {
    content,
    entry: {
      entryUuid: `urn:uuid:00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
      uniqueId: `2.999.44.9.${n}`,
      repositoryUniqueId: '2.999.44.8',
      home: SETO,
      patientId: cx(patient),
      status: 'Approved',
      onDemand: false,
      mimeType: 'text/plain',
      title: `文書 ${n}`,
      creationTime: `202611${String(n).padStart(2, '0')}010203`,
      hash: createHash('sha1').update(content).digest('hex'),
      size: content.byteLength,
      languageCode: 'ja-JP',
      sourcePatientInfo: [],
      authors: [{ person: '^鈴木^一郎', institutions: ['瀬戸病院'], roles: [], specialties: [] }],
      classCode: { code: 'summary', scheme: '2.999.1', display: '要約' },
      typeCode: { code: '18842-5', scheme: 'http://loinc.org', display: '退院時サマリー' },
      formatCode: { code: 'text', scheme: '2.999.2', display: 'text' },
      facilityTypeCode: { code: 'hospital', scheme: '2.999.3', display: '病院' },
      practiceSettingCode: { code: 'general', scheme: '2.999.4', display: '総合' },
      confidentialityCodes: [{ code: 'N', scheme: '2.16.840.1.113883.5.25', display: 'normal' }],
      eventCodes: [],
      ...more,
    },
  };
};

export const openIheCommunity = async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const newId = randomUUID;
  const used = new Set<string>();

  const community = {
    base,
    people: [] as PatientData[],
    documents: [] as Held[],
    /** What it asks for before it tells a person by name. */
    asksFor: [] as readonly RequestedAttribute[],
    heard: [] as Heard[],
    trusted: xuaKey().certificate,
    discovers: undefined as ((query: DemographicQuery) => DiscoveryAnswer) | undefined,
    /** In the place of answering; true: it has. */
    misbehave: undefined as
      | ((path: string, response: ServerResponse, messageId: string | undefined) => boolean)
      | undefined,
    gateway: {} as Partial<XcaServices['gateway']>,
    paths: () => community.heard.map(({ path }) => path),
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };

  const self = () => ({ device: OID, organization: OID, now: time.now, newId });
  const discover = async (query: DemographicQuery): Promise<DiscoveryAnswer> => {
    if (community.discovers) return community.discovers(query);
    const [wanted] = query.identifiers;
    const isNamed = ({ names, birthDate }: PatientData) =>
      birthDate === query.birthDate && names.some(({ family }) => query.names.some((one) => one.family === family));
    const found = community.people.filter((patient) =>
      wanted
        ? patient.identifiers.some(
            ({ authority, value }) => authority.oid === wanted.authority.oid && value === wanted.value,
          )
        : isNamed(patient),
    );
    if (found.length === 0) return { kind: 'none' };
    const lacks = (attribute: RequestedAttribute) =>
      attribute === 'PatientAddressRequested' ? query.addresses.length === 0 : query.phones.length === 0;
    if (!wanted && community.asksFor.some(lacks)) return { kind: 'ask', attributes: community.asksFor };
    return { kind: 'matches', matches: found.map((patient) => ({ patient, community: OID, score: 99 })) };
  };
  const services = (): XcaServices => ({
    home: SETO,
    newId,
    gateway: {
      find: async (query) => {
        const all = community.documents.map(({ entry }) => entry);
        if (query.kind === 'GetDocuments')
          return { entries: all.filter(({ entryUuid }) => query.entryUuids.includes(entryUuid)), errors: [] };
        const isKnown = community.people.some(({ identifiers }) => cx(identifiers[0]!.value) === query.patientId);
        if (!isKnown) return { entries: [], errors: [xdsError('XDSUnknownPatientId', 'the patient is not known')] };
        return { entries: all.filter(({ patientId }) => patientId === query.patientId), errors: [] };
      },
      retrieve: async (requests) => ({
        documents: requests.flatMap((one) => {
          const found = community.documents.find(({ entry }) => entry.uniqueId === one.documentUniqueId);
          return found ? [{ ...one, mimeType: found.entry.mimeType, content: found.content }] : [];
        }),
        errors: [],
      }),
      ...community.gateway,
    },
  });

  const answerTo = async (path: string, envelope: ReturnType<typeof parseEnvelope>, claims: XuaClaims) => {
    let body: Markup;
    let attachments: readonly Attachment[] = [];
    let action = XCPD_ANSWER_ACTION;
    if (path === '/xcpd') {
      const parts = { discovery: { discover }, self };
      body = await respondXcpd(envelope.body, envelope.source, parts, claims.homeCommunityId);
    } else if (path === '/query') {
      action = QUERY_ANSWER_ACTION;
      body = await respondQuery(envelope.body, services(), claims);
    } else {
      action = RETRIEVE_ANSWER_ACTION;
      ({ body, attachments } = await respondRetrieve(envelope.body, services(), claims));
    }
    const text = writeEnvelope({ action, messageId: `urn:uuid:${newId()}`, relatesTo: envelope.messageId, body });
    return path === '/retrieve'
      ? writeMtom(text, action, attachments, newId)
      : { contentType: 'application/soap+xml; charset=UTF-8', body: Buffer.from(text) };
  };

  server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url ?? '';
    let relatesTo: string | undefined;
    try {
      const message = readSoapMessage(request.headers['content-type'] ?? '', Buffer.concat(chunks));
      const text = Buffer.from(message.envelope).toString('utf8');
      const envelope = parseEnvelope(text);
      relatesTo = envelope.messageId;
      const claims = await verifyAssertion(
        envelope.assertion ?? '',
        { audience: SETO, recipient: `${base}${path}`, now: time.now, messageId: envelope.messageId },
        {
          issuers: { certificatesOf: async () => [community.trusted] },
          replay: { firstUse: async (use) => !used.has(use) && used.add(use).size > 0 },
        },
      );
      const body = standalone(envelope.source, envelope.body);
      const { messageId } = envelope;
      const faults = hasVectors ? faultsOf(path, text, body) : [];
      community.heard.push({ path, text, body, messageId, headers: request.headers, claims, faults });
      if (community.misbehave?.(path, response, messageId)) return;
      const answer = await answerTo(path, envelope, claims);
      response.writeHead(200, { 'content-type': answer.contentType });
      response.end(answer.body);
    } catch (error) {
      const fault = error instanceof SoapFault ? error : new SoapFault('Receiver', 'internal error');
      response.writeHead(fault.status, { 'content-type': 'application/soap+xml; charset=UTF-8' });
      response.end(writeFault(fault, `urn:uuid:${newId()}`, relatesTo));
    }
  });
  return community;
};

export type IheCommunity = Awaited<ReturnType<typeof openIheCommunity>>;

/** XUA puts HL7's CE into a SAML attribute, and SOAP's schema knows no type of HL7's. */
const isOfXua = (fault: string) => fault.includes("'{urn:hl7-org:v3}CE' of the xsi:type attribute");
const faultsOf = (path: string, envelope: string, body: string): string[] => [
  ...schemaFaults('soap', envelope).filter((fault) => !isOfXua(fault)),
  ...(path === '/xcpd'
    ? v3Faults('PRPA_IN201305UV02', body)
    : schemaFaults(path === '/query' ? 'query' : 'xdsb', body)),
];

export const iheProposalOf = (base: string, more: object = {}, ihe: object = {}) => ({
  protocol: 'ihe',
  community: OID,
  name: 'Seto',
  ihe: {
    discovery: `${base}/xcpd`,
    query: `${base}/query`,
    retrieve: `${base}/retrieve`,
    certificates: [xuaKey().certificate],
    assigningAuthority: AUTHORITY,
    ...ihe,
  },
  agreedOn: '連携協定書 第12号 2026-10-01',
  terms: TERMS,
  ...more,
});

export const operator = (subject: string) =>
  doctorAt('9886000007', { subject, role: 'operator', facilityType: 'operator' });

/** Two of our operators, and nobody on the other side. */
export const linkIhe = async (node: Node, base: string, more: object = {}, ihe: object = {}) => {
  const proposal = iheProposalOf(base, more, ihe);
  const entered = await node.call(operator('first'), 'POST', '/federation/contracts', { body: proposal });
  if (entered.status !== 201) throw new Error(`${entered.status} ${JSON.stringify(entered.body)}`);
  for (const action of ['approve', 'activate']) {
    const { status, body } = await desk(node, action, { oid: OID });
    if (status !== 200) throw new Error(`${action}: ${status} ${JSON.stringify(body)}`);
  }
  later(3_000);
};
