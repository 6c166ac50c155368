// A region with a responding gateway, stores in memory, and another community that asks it: messages as bytes, as API Gateway hands them over.
import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { IheContract } from '../../../../functions/federation/contract.ts';
import { openContracts } from '../../../../functions/federation/contracts.ts';
import { codedPurpose, codedRole } from '../../../../functions/federation/xua-codes.ts';
import { readDiscovery, writeDiscovery, XCPD_ACTION } from '../../../../functions/ihe/hl7v3/xcpd.ts';
import type { DemographicQuery, DocumentQuery, DocumentRequest } from '../../../../functions/ihe/ports.ts';
import { parseEnvelope, readFault, writeEnvelope } from '../../../../functions/ihe/soap/envelope.ts';
import { readSoapMessage, writeMtom } from '../../../../functions/ihe/soap/mtom.ts';
import { readFound, writeCrossGatewayQuery } from '../../../../functions/ihe/xca/query.ts';
import { QUERY_ACTION, RETRIEVE_ACTION } from '../../../../functions/ihe/xca/respond.ts';
import { readRetrieved, writeRetrieve } from '../../../../functions/ihe/xca/retrieve.ts';
import { element, type Markup } from '../../../../functions/ihe/xml/write.ts';
import { type IssueRequest, issueAssertion } from '../../../../functions/ihe/xua/issue.ts';
import { memoryRowStore } from '../../../../functions/services/row-store.ts';
import { openMemory } from '../../../../functions/storage/memory.ts';
import { hospital, NOW, openApi, stored } from '../../../support/api.ts';
import { testKey } from './certificate.ts';
import { respondingOver } from './responding.ts';
import { schemaFaults, v3Faults } from './schemas.ts';
import { hasVectors } from './vectors.ts';

export const HERE = '2.999.36.1';
/** Of a list of the test's region: two pages, and no more. */
export const MOST_DOCUMENTS = 120;
export const THERE = '2.999.8.1';
export const BASE = 'https://api.tokushima.example';
const YEAR = 365 * 86_400_000;
export const key = testKey('there', NOW - YEAR, NOW + YEAR);
export const stranger = testKey('stranger', NOW - YEAR, NOW + YEAR);

export type Face = 'xcpd' | 'xca/query' | 'xca/retrieve';
const ACTIONS: Record<Face, string> = {
  xcpd: XCPD_ACTION,
  'xca/query': QUERY_ACTION,
  'xca/retrieve': RETRIEVE_ACTION,
};

export const CONTRACT: IheContract = {
  protocol: 'ihe',
  community: THERE,
  name: 'There',
  ihe: {
    discovery: 'https://there.example/xcpd',
    query: 'https://there.example/query',
    retrieve: 'https://there.example/retrieve',
    certificates: [key.certificate],
    assigningAuthority: `${THERE}.1`,
    insuranceAuthority: `${THERE}.61`,
  },
  agreedOn: 'paper 1',
  terms: { purposes: ['TREAT'], classes: ['basic', 'clinical', 'document', 'care', 'home', 'admin'] },
  own: 'active',
  told: true,
  steps: [],
};

const CLAIMS = {
  issuer: `urn:oid:${THERE}`,
  subject: 'doctor-1',
  subjectName: undefined,
  organization: 'あちら病院',
  organizationId: 'urn:tsumugi:facility:0810000001',
  facilityType: 'hospital',
  role: codedRole('doctor'),
  purposeOfUse: codedPurpose('TREAT'),
  homeCommunityId: `urn:oid:${THERE}`,
  resourceId: undefined,
  audience: `urn:oid:${HERE}`,
} satisfies Partial<IssueRequest>;

export interface Asking {
  readonly claims?: Partial<IssueRequest>;
  /** In the place of the assertion that the claims would make; undefined: none. */
  readonly assertion?: ((issued: string) => string | undefined) | undefined;
  /** Of the whole message. */
  readonly change?: (text: string) => string;
  readonly by?: typeof key;
  readonly action?: string;
  readonly headers?: Record<string, string>;
  readonly messageId?: string;
}

export const PERSON: DemographicQuery = {
  identifiers: [],
  names: [{ family: '阿波', given: ['花子'], representation: 'IDE' }],
  gender: 'female',
  birthDate: '1951-04-01',
  addresses: [],
  phones: ['088-600-0001'],
  domains: [],
};
export const EVERYTHING: Omit<DocumentQuery, 'kind'> = {
  statuses: ['Approved', 'Deprecated'],
  entryUuids: [],
  uniqueIds: [],
  codes: {},
  times: {},
  authorPersons: [],
  referenceIds: [],
  types: ['stable', 'on-demand'],
};

/** What leaves the region meets the schemas of HL7, OASIS and IHE. */
const held = (xml: string): void => {
  if (!hasVectors) return;
  const { body } = parseEnvelope(xml);
  const [from, to] = [xml.indexOf('<soap:Body>') + '<soap:Body>'.length, xml.indexOf('</soap:Body>')];
  const inner = xml.slice(from, to);
  // A fault is of SOAP itself; what else is in a Body has a schema of its own.
  const isFault = body.name === 'Fault';
  expectNone(schemaFaults('soap', isFault ? xml : `${xml.slice(0, from)}<body/>${xml.slice(to)}`));
  if (body.name.startsWith('PRPA_')) expectNone(v3Faults(body.name, inner));
  else if (body.name === 'AdhocQueryResponse') expectNone(schemaFaults('query', inner));
  // Bytes that travel beside the envelope stand in it as base64: https://www.w3.org/TR/xop10/
  else if (body.name === 'RetrieveDocumentSetResponse')
    expectNone(schemaFaults('xdsb', inner.replace(/<xop:Include [^>]*\/>/g, 'AAAA')));
};
const expectNone = (faults: readonly string[]) => {
  if (faults.length > 0) throw new Error(faults.join('\n'));
};

/** Bytes to an address, and what comes back. */
export type Post = (
  path: string,
  contentType: string,
  body: Uint8Array | string,
  headers?: Record<string, string>,
) => Promise<{ readonly status: number; readonly type: string; readonly bytes: Buffer }>;

/** The other community's initiating gateway. @param base of the region's API */
export const openAsker = (base: string, clock: () => number, post: Post) => {
  const asked = async (...request: Parameters<Post>) => {
    const got = await post(...request);
    const { envelope, parts } = readSoapMessage(got.type, got.bytes);
    const text = Buffer.from(envelope).toString('utf8');
    held(text);
    return { ...got, text, parts, envelope: parseEnvelope(text) };
  };
  const send = async (face: Face, body: Markup, asking: Asking = {}) => {
    const { claims, by = key, change = (text) => text, headers, messageId = `urn:uuid:${randomUUID()}` } = asking;
    const issued = await issueAssertion(
      { ...CLAIMS, recipient: `${base}/ihe/${face}`, id: randomUUID(), now: clock(), ...claims },
      by,
    );
    const message = writeEnvelope({
      action: asking.action ?? ACTIONS[face],
      messageId,
      to: `${base}/ihe/${face}`,
      assertion: asking.assertion ? asking.assertion(issued) : issued,
      body,
    });
    const text = change(message);
    if (face !== 'xca/retrieve') return asked(`/ihe/${face}`, 'application/soap+xml; charset=UTF-8', text, headers);
    const mtom = writeMtom(text, RETRIEVE_ACTION, [], randomUUID);
    return asked(`/ihe/${face}`, mtom.contentType, mtom.body, headers);
  };
  type Got = Awaited<ReturnType<typeof send>>;
  const read = <T>(got: Got, reader: () => T): T => {
    const fault = readFault(got.envelope.body);
    if (fault) throw fault;
    return reader();
  };

  const self = { device: THERE, organization: THERE, now: clock(), newId: randomUUID };
  return {
    asked,
    send,
    discover: async (query: DemographicQuery = PERSON, asking?: Asking) => {
      const got = await send('xcpd', writeDiscovery(self, { device: HERE }, query, [`${THERE}.1`]), asking);
      return read(got, () => readDiscovery(got.envelope.body));
    },
    find: async (query: Partial<DocumentQuery>, asking?: Asking) => {
      const whole = { kind: 'FindDocuments' as const, ...EVERYTHING, ...query };
      const got = await send('xca/query', writeCrossGatewayQuery(whole, `urn:oid:${HERE}`), asking);
      return read(got, () => readFound(got.envelope.body, `urn:oid:${HERE}`));
    },
    retrieve: async (requests: readonly DocumentRequest[], asking?: Asking) => {
      const got = await send('xca/retrieve', writeRetrieve(requests), asking);
      return read(got, () => readRetrieved(got.envelope.body, got.parts, requests));
    },
  };
};

export const openRegion = async () => {
  const region = { name: 'tokushima', baseUrl: BASE, homeCommunityId: HERE, consentDefault: 'implicit' as const };
  const time = { now: NOW };
  const clock = () => time.now;
  const api = openApi({ ...openMemory(clock), clock, region });
  const { services } = api;
  const rows = memoryRowStore();
  const contracts = openContracts({ rows, clock });
  const logged: Record<string, unknown>[] = [];
  const log = (line: Record<string, unknown>) => void logged.push(line);
  const mostDocuments = MOST_DOCUMENTS;
  const handler = respondingOver({ services, contracts, rows, clock, region, mostDocuments, log });

  /** What API Gateway says of the connection. */
  let connection: object = {};
  const agree = async (change: Partial<IheContract> = {}) => {
    const kept = await contracts.get(THERE);
    await contracts.put({ ...CONTRACT, ...change }, kept?.version);
  };
  await agree();

  /** Bytes to an address, as API Gateway hands them over. */
  const post: Post = async (path, contentType, body, headers = {}) => {
    const result = (await handler(
      {
        rawPath: path,
        headers: { 'content-type': contentType, ...headers },
        requestContext: { requestId: 'gateway-1', http: { method: 'POST' }, ...connection },
        isBase64Encoded: true,
        body: Buffer.from(body).toString('base64'),
      } as never,
      {} as never,
    )) as APIGatewayProxyStructuredResultV2;
    return {
      status: result.statusCode!,
      type: String(result.headers?.['content-type']),
      bytes: Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8'),
    };
  };

  return {
    ...openAsker(BASE, clock, post),
    post,
    api,
    services,
    rows,
    time,
    logged,
    agree,
    connect: (next: object) => {
      connection = next;
    },
    store: (resource: Parameters<typeof stored>[1], as = hospital) => stored(api, resource, { as }),
  };
};
export type TestRegion = Awaited<ReturnType<typeof openRegion>>;

export const EMPTY = element('nothing');
/** CX of the one person that was found. */
export const patientIdOf = (answer: Awaited<ReturnType<TestRegion['discover']>>): string => {
  if (answer.kind !== 'matches') throw new Error(`not found: ${answer.kind}`);
  const [id] = answer.matches[0]!.patient.identifiers;
  return `${id!.value}^^^&${id!.authority.oid}&ISO`;
};
