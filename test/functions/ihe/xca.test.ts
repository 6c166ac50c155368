// XCA both ways: queries and their syntax, metadata in Japanese, documents as bytes, and errors as the profile names them.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { DocumentGateway, DocumentQuery, DocumentRequest } from '../../../functions/ihe/ports.ts';
import { parseEnvelope, writeEnvelope } from '../../../functions/ihe/soap/envelope.ts';
import { readSoapMessage, writeMtom } from '../../../functions/ihe/soap/mtom.ts';
import { type DocumentReference, fromEntry, toEntry } from '../../../functions/ihe/xca/document-reference.ts';
import { readEntry, writeEntry } from '../../../functions/ihe/xca/ebrim.ts';
import { type DocumentEntry, xdsError } from '../../../functions/ihe/xca/entry.ts';
import {
  mergeFound,
  readCrossGatewayQuery,
  readFound,
  writeCrossGatewayQuery,
  writeFound,
} from '../../../functions/ihe/xca/query.ts';
import { RETRIEVE_ANSWER_ACTION, respondQuery, respondRetrieve } from '../../../functions/ihe/xca/respond.ts';
import {
  mergeRetrieved,
  readRetrieve,
  readRetrieved,
  writeRetrieve,
  writeRetrievedInline,
} from '../../../functions/ihe/xca/retrieve.ts';
import { readParameter } from '../../../functions/ihe/xca/slots.ts';
import { parseXml } from '../../../functions/ihe/xml/parse.ts';
import { descendants } from '../../../functions/ihe/xml/tree.ts';
import type { Markup } from '../../../functions/ihe/xml/write.ts';
import { schemaFaults } from './support/schemas.ts';
import { filesBelow, hasVectors, skipped, textAt, unpack } from './support/vectors.ts';

const HOME = 'urn:oid:1.2.392.100.36';
const PATIENT = 'P1^^^&1.2.392.100.36.1&ISO';
let serial = 0;
const newId = () => `id${serial++}`;

const ENTRY: DocumentEntry = {
  entryUuid: 'urn:uuid:974330cc-26ff-4ef8-aca5-f71efc3f1fb0',
  uniqueId: '1.2.392.100.36.2.1',
  repositoryUniqueId: '1.2.392.100.36.3',
  home: HOME,
  patientId: PATIENT,
  status: 'Approved',
  onDemand: false,
  mimeType: 'application/pdf',
  title: '診療情報提供書「山田 太郎」<写し> & 控え',
  comments: '紹介元：徳島病院 "内科"',
  creationTime: '20261122010203',
  serviceStartTime: '20261101',
  serviceStopTime: '20261102',
  hash: 'e543712c0e10501972de13a5bfcbe826c49feb75',
  size: 36,
  languageCode: 'ja-JP',
  sourcePatientId: '12345^^^&1.2.3&ISO',
  sourcePatientInfo: ['PID-5|山田^太郎', 'PID-8|M'],
  authors: [{ person: '^鈴木^花子', institutions: ['徳島病院'], roles: ['主治医'], specialties: ['内科'] }],
  classCode: { code: '57133-1', scheme: '2.16.840.1.113883.6.1', display: '紹介状' },
  typeCode: { code: '57133-1', scheme: '2.16.840.1.113883.6.1', display: '紹介状' },
  formatCode: {
    code: 'urn:ihe:iti:xds:2017:mimeTypeSufficient',
    scheme: '1.3.6.1.4.1.19376.1.2.3',
    display: 'mimeType Sufficient',
  },
  facilityTypeCode: { code: 'HOSP', scheme: '2.16.840.1.113883.5.11', display: '病院' },
  practiceSettingCode: { code: '394802001', scheme: '2.16.840.1.113883.6.96', display: '内科' },
  confidentialityCodes: [{ code: 'N', scheme: '2.16.840.1.113883.5.25', display: 'normal' }],
  eventCodes: [
    { code: 'T-D4909', scheme: 'SNM3', display: 'Kidney' },
    { code: 'T-62002', scheme: 'SNM3', display: 'Liver' },
  ],
};
const FIND: DocumentQuery = {
  kind: 'FindDocuments',
  patientId: PATIENT,
  statuses: ['Approved'],
  entryUuids: [],
  uniqueIds: [],
  referenceIds: [],
  authorPersons: [],
  codes: {},
  times: {},
  types: ['stable'],
};

const held = (schema: 'query' | 'xdsb', { markup }: Markup) => {
  if (hasVectors) expect(schemaFaults(schema, markup)).toEqual([]);
  return parseXml(markup);
};
const gateway = (answer: Partial<DocumentGateway> = {}): DocumentGateway => ({
  find: async () => ({ entries: [ENTRY], errors: [] }),
  retrieve: async (requests) => ({
    documents: requests.map((one) => ({ ...one, mimeType: 'text/plain', content: Buffer.from('文書') })),
    errors: [],
  }),
  ...answer,
});
const services = (answer: Partial<DocumentGateway> = {}) => ({ gateway: gateway(answer), home: HOME, newId });

describe(`ITI-38${skipped}`, () => {
  const ask = async (query: DocumentQuery, home?: string, answer: Partial<DocumentGateway> = {}) =>
    readFound(
      held(
        'query',
        await respondQuery(held('query', writeCrossGatewayQuery(query, home)), services(answer), undefined),
      ),
      HOME,
    );

  it('gives metadata in Japanese, every attribute as it was', async () => {
    const found = await ask(FIND);
    expect(found.status).toBe('Success');
    expect(found.entries).toEqual([ENTRY]);
  });

  it('gives references where only those were asked for', async () => {
    const question = held('query', writeCrossGatewayQuery(FIND, HOME, 'ObjectRef'));
    const answer = readFound(held('query', await respondQuery(question, services(), undefined)), HOME);
    expect(answer).toMatchObject({ entries: [], references: [{ id: ENTRY.entryUuid, home: HOME }] });
  });

  it('an on-demand document has neither size, hash nor creation time', async () => {
    const summary = { ...ENTRY, onDemand: true, size: undefined, hash: undefined, creationTime: undefined };
    const found = await ask({ ...FIND, types: ['stable', 'on-demand'] }, HOME, {
      find: async () => ({ entries: [{ ...ENTRY, onDemand: true }], errors: [] }),
    });
    expect(found.entries).toEqual([summary]);
  });

  it.each<DocumentQuery>([
    FIND,
    {
      ...FIND,
      statuses: ['Approved', 'Deprecated'],
      codes: {
        classCode: [
          [
            { code: 'a', scheme: 's' },
            { code: "b'c", scheme: '1.2' },
          ],
        ],
        eventCode: [[{ code: 'x', scheme: 'y' }], [{ code: 'z', scheme: 'y' }]],
      },
      times: { creationTime: { from: '2026', to: '20261231' }, serviceStopTime: { from: undefined, to: '2027' } },
      authorPersons: ['%鈴木%', "O''Neil, (MD)"],
      types: ['on-demand'],
    },
    { ...FIND, kind: 'GetAll', types: ['stable', 'on-demand'] },
    { ...FIND, kind: 'FindDocumentsByReferenceId', referenceIds: ['ref^^^&1.2&ISO^urn:ihe:iti:xds:2013:order'] },
    { ...FIND, kind: 'GetDocuments', patientId: undefined, statuses: [], entryUuids: [ENTRY.entryUuid] },
    { ...FIND, kind: 'GetDocuments', patientId: undefined, statuses: [], uniqueIds: ['1.2.3', '1.2.4'] },
  ])('reads the query that it wrote: $kind', async (query) => {
    const written = held('query', writeCrossGatewayQuery(query, HOME));
    expect(readCrossGatewayQuery(written)).toEqual({ returnType: 'LeafClass', home: HOME, query });
  });

  it.each([
    ["'a'", ['a']],
    ["('a','b')", ['a', 'b']],
    ["( 'a' , 'b' )", ['a', 'b']],
    ["('it''s','(x,y)')", ["it's", '(x,y)']],
    ['20261122', ['20261122']],
  ])('reads %s', (text, values) => {
    expect(readParameter(text)).toEqual(values);
  });

  it.each(["'a", "('a','b'", "('a' 'b')", "('a',)", '', '()', "'a' or 1=1", 'a'])(
    'refuses the parameter %s',
    (text) => {
      expect(() => readParameter(text)).toThrow(/parameter/);
    },
  );

  const strange = (from: string, to: string) =>
    parseXml(writeCrossGatewayQuery(FIND, undefined).markup.replace(from, to));
  it.each<[string, string, string | undefined, DocumentQuery | undefined, [string, string]]>([
    ['another community', 'XDSUnknownCommunity', 'urn:oid:9.9', FIND, ['', '']],
    [
      'no community where there is no patient',
      'XDSMissingHomeCommunityId',
      undefined,
      { ...FIND, kind: 'GetDocuments', patientId: undefined, statuses: [], uniqueIds: ['1'] },
      ['', ''],
    ],
    ['no patient', 'XDSStoredQueryMissingParam', HOME, { ...FIND, patientId: undefined }, ['', '']],
    [
      'documents by both of their names',
      'XDSStoredQueryParamNumber',
      HOME,
      {
        ...FIND,
        kind: 'GetDocuments',
        patientId: undefined,
        statuses: [],
        uniqueIds: ['1'],
        entryUuids: ['urn:uuid:1'],
      },
      ['', ''],
    ],
    [
      'documents by none of their names',
      'XDSStoredQueryMissingParam',
      HOME,
      { ...FIND, kind: 'GetDocuments', patientId: undefined, statuses: [] },
      ['', ''],
    ],
    ['no status', 'XDSStoredQueryMissingParam', HOME, undefined, ['XDSDocumentEntryStatus', 'XDSSomethingElse']],
    ['an unknown stored query', 'XDSUnknownStoredQuery', HOME, undefined, ['urn:uuid:14d4debf', 'urn:uuid:00000000']],
    ['a malformed parameter', 'XDSRegistryError', HOME, undefined, [PATIENT.replaceAll('&', '&amp;'), "x' or 'y"]],
    ['an unknown return type', 'XDSRegistryError', HOME, undefined, ['LeafClass', 'RegistryObject']],
  ])('answers %s with %s', async (_, code, home, query, [from, to]) => {
    const question = query ? parseXml(writeCrossGatewayQuery(query, home).markup) : strange(from, to);
    const answer = readFound(held('query', await respondQuery(question, services(), undefined)), HOME);
    expect(answer).toMatchObject({
      status: 'Failure',
      entries: [],
      errors: [{ code, severity: 'Error', location: HOME }],
    });
  });

  it('a patient that is not known, and a part that failed, are said as the core says them', async () => {
    const unknown = await ask(FIND, HOME, {
      find: async () => ({ entries: [], errors: [xdsError('XDSUnknownPatientId', 'the patient is not known')] }),
    });
    expect([unknown.status, unknown.errors[0]?.code]).toEqual(['Failure', 'XDSUnknownPatientId']);
    const partial = await ask(FIND, HOME, {
      find: async () => ({ entries: [ENTRY], errors: [xdsError('XDSRegistryError', 'a facility did not answer')] }),
    });
    expect(partial.status).toBe('PartialSuccess');
  });

  it('queries for folders and submission sets, of which there are none, are answered with none', async () => {
    const question = strange(
      'urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d',
      'urn:uuid:958f3006-baad-4929-a4de-ff1114824431',
    );
    const withHome = parseXml(
      writeCrossGatewayQuery(FIND, HOME).markup.replace(
        'urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d',
        'urn:uuid:958f3006-baad-4929-a4de-ff1114824431',
      ),
    );
    expect(readFound(parseXml((await respondQuery(withHome, services(), undefined)).markup), HOME)).toMatchObject({
      status: 'Success',
      entries: [],
    });
    expect(
      readFound(parseXml((await respondQuery(question, services(), undefined)).markup), HOME).errors[0]?.code,
    ).toBe('XDSMissingHomeCommunityId');
  });

  it('the initiating side believes no entry of a community that it did not ask', () => {
    const answer = readFound(
      parseXml(writeFound({ entries: [ENTRY, { ...ENTRY, home: 'urn:oid:9.9' }], errors: [] }, 'LeafClass').markup),
      HOME,
    );
    expect(answer.entries).toHaveLength(1);
    expect(answer.errors).toMatchObject([{ severity: 'Warning' }]);
  });

  it('merges communities, and names the one that did not answer', () => {
    const merged = mergeFound([{ entries: [ENTRY], errors: [] }, { unavailable: 'urn:oid:1.9' }]);
    expect(merged.errors).toMatchObject([{ code: 'XDSUnavailableCommunity', location: 'urn:oid:1.9' }]);
    held('query', writeFound(merged, 'LeafClass'));
    expect(readFound(parseXml(writeFound(merged, 'LeafClass').markup), HOME).status).toBe('PartialSuccess');
  });
});

describe(`ITI-39${skipped}`, () => {
  const request = (documentUniqueId: string, home: string | undefined = HOME): DocumentRequest => ({
    home,
    repositoryUniqueId: '1.2.3',
    documentUniqueId,
  });
  const ask = async (requests: DocumentRequest[], answer: Partial<DocumentGateway> = {}) => {
    const question = held('xdsb', writeRetrieve(requests));
    const { body, attachments } = await respondRetrieve(question, services(answer), undefined);
    const envelope = writeEnvelope({
      action: RETRIEVE_ANSWER_ACTION,
      messageId: 'urn:uuid:1',
      relatesTo: 'urn:uuid:0',
      body,
    });
    const { contentType, body: bytes } = writeMtom(envelope, RETRIEVE_ANSWER_ACTION, attachments, newId);
    const message = readSoapMessage(contentType, bytes);
    return readRetrieved(parseEnvelope(message.envelope).body, message.parts, requests);
  };

  it('carries bytes as they are, whatever they hold', async () => {
    const content = Buffer.concat([
      Buffer.from('\r\n--MIMEBoundary_id0\r\n\r\n--'),
      randomBytes(200_000),
      Buffer.from([0, 13, 10, 45, 45]),
    ]);
    const answer = await ask([request('1'), request('2')], {
      retrieve: async (requests) => ({
        documents: requests.map((one) => ({ ...one, mimeType: 'application/dicom', content })),
        errors: [],
      }),
    });
    expect(answer.status).toBe('Success');
    expect(answer.documents.map((one) => Buffer.compare(one.content as Buffer, content))).toEqual([0, 0]);
  });

  it('an empty document is a document', async () => {
    const answer = await ask([request('1')], {
      retrieve: async ([one]) => ({
        documents: [{ ...one!, mimeType: 'text/plain', content: new Uint8Array() }],
        errors: [],
      }),
    });
    expect(answer.documents[0]?.content).toHaveLength(0);
  });

  it('gives the id of what was made on demand', async () => {
    const answer = await ask([request('1')], {
      retrieve: async ([one]) => ({
        documents: [
          { ...one!, mimeType: 'application/fhir+json', content: Buffer.from('{}'), newDocumentUniqueId: '1.9' },
        ],
        errors: [],
      }),
    });
    expect(answer.documents[0]?.newDocumentUniqueId).toBe('1.9');
  });

  it('holds its schema', async () => {
    const retrieved = {
      documents: [
        { ...request('1'), mimeType: 'text/plain', content: Buffer.from('文書'), newDocumentUniqueId: '1.9' },
      ],
      errors: [xdsError('XDSDocumentUniqueIdError', 'a document was not found', HOME)],
    };
    const message = held('xdsb', writeRetrievedInline(retrieved));
    expect(readRetrieved(message, new Map(), [request('1')])).toMatchObject({
      status: 'PartialSuccess',
      documents: [{ content: Buffer.from('文書') }],
    });
  });

  it.each<[string, (string | undefined)[], string[], string]>([
    ['no home', [''], ['XDSMissingHomeCommunityId'], 'Failure'],
    ['another home', ['urn:oid:9.9'], ['XDSUnknownCommunity'], 'Failure'],
    ['ours and another', [HOME, 'urn:oid:9.9'], ['XDSUnknownCommunity'], 'PartialSuccess'],
  ])('answers %s', async (_, homes, codes, status) => {
    const answer = await ask(homes.map((home, at) => request(String(at), home)));
    expect([answer.errors.map(({ code }) => code), answer.status]).toEqual([codes, status]);
  });

  it('says so when a document is not there, even if the core did not', async () => {
    const answer = await ask([request('1'), request('2')], {
      retrieve: async ([one]) => ({ documents: [{ ...one!, mimeType: 'a/b', content: Buffer.from('x') }], errors: [] }),
    });
    expect([answer.status, answer.errors[0]?.code]).toEqual(['PartialSuccess', 'XDSDocumentUniqueIdError']);
  });

  it('the initiating side takes only what it asked for, once', async () => {
    const { markup } = writeRetrievedInline({
      documents: [request('1'), request('1'), request('2')].map((one) => ({
        ...one,
        mimeType: 'a/b',
        content: Buffer.from('x'),
      })),
      errors: [],
    });
    expect(readRetrieved(parseXml(markup), new Map(), [request('1')]).documents).toHaveLength(1);
    expect(mergeRetrieved([{ unavailable: HOME }]).errors[0]?.code).toBe('XDSUnavailableCommunity');
  });

  it('refuses a request for nothing, and for too much', () => {
    expect(() => readRetrieve(parseXml(writeRetrieve([]).markup))).toThrow(/1 to 100/);
    expect(() => readRetrieve(parseXml(writeRetrieve(Array.from({ length: 101 }, () => request('1'))).markup))).toThrow(
      /1 to 100/,
    );
  });
});

describe('DocumentReference', () => {
  const context = {
    home: HOME,
    repositoryUniqueId: ENTRY.repositoryUniqueId,
    patientId: PATIENT,
    uniqueIdOf: () => '1.2.9',
    entryUuidOf: () => 'urn:uuid:made',
  };

  it('goes out and comes back the same, in Japanese', () => {
    const resource = fromEntry(ENTRY, { reference: 'Patient/p1' }, 'Binary/b1');
    expect(resource).toMatchObject({
      masterIdentifier: { value: 'urn:oid:1.2.392.100.36.2.1' },
      status: 'current',
      type: { coding: [{ system: 'http://loinc.org', code: '57133-1', display: '紹介状' }] },
      author: [
        { type: 'Practitioner', display: '鈴木 花子' },
        { type: 'Organization', display: '徳島病院' },
      ],
      content: [{ attachment: { title: ENTRY.title, creation: '2026-11-22T01:02:03Z', url: 'Binary/b1' } }],
      context: { period: { start: '2026-11-01', end: '2026-11-02' } },
    });
    const back = toEntry(resource, context);
    const { authors, sourcePatientId, sourcePatientInfo, ...rest } = ENTRY;
    expect(back).toMatchObject(rest);
    expect(back.authors.map(({ person, institutions }) => [person, institutions])).toEqual([
      ['^鈴木 花子', []],
      [undefined, ['徳島病院']],
    ]);
    expect([authors.length, sourcePatientId, sourcePatientInfo.length]).toEqual([1, '12345^^^&1.2.3&ISO', 2]);
  });

  it('without ids of its own gets those of the community, and times in UTC', () => {
    const resource: DocumentReference = {
      resourceType: 'DocumentReference',
      status: 'superseded',
      content: [{ attachment: { contentType: 'text/plain', creation: '2026-11-22T10:02:03+09:00' } }],
    };
    expect(toEntry(resource, { ...context, onDemand: true })).toMatchObject({
      entryUuid: 'urn:uuid:made',
      uniqueId: '1.2.9',
      status: 'Deprecated',
      creationTime: '20261122010203',
      onDemand: true,
    });
  });
});

describe.skipIf(!hasVectors)(`messages of others${skipped}`, () => {
  it('reads NIST’s cross gateway messages', () => {
    const root = unpack('nist-message-samples-half.tar.gz');
    const query = parseEnvelope(textAt(root, 'soap-xcq-req.xml'));
    expect(query.action).toBe('urn:ihe:iti:2007:CrossGatewayQuery');
    expect(readCrossGatewayQuery(query.body)).toMatchObject({
      returnType: 'LeafClass',
      query: {
        kind: 'FindDocuments',
        patientId: 'c4d77e21d0dd487^^^&1.3.6.1.4.1.21367.2005.3.7&ISO',
        codes: { classCode: [[{ code: 'value', scheme: 'scheme' }]] },
      },
    });
    const answer = readFound(parseEnvelope(textAt(root, 'soap-xcq-resp.xml')).body, 'urn:oid:2.3.4');
    expect(answer.entries.length).toBeGreaterThan(1);
    expect(answer.entries[0]).toMatchObject({
      title: 'DocA',
      size: 36,
      eventCodes: [{ code: 'T-D4909' }, { code: 'T-62002' }],
      authors: [{ roles: ['Attending'] }, {}],
    });
    const retrieve = readRetrieve(parseEnvelope(textAt(root, 'soap-xcr-req.xml')).body);
    expect(retrieve).toHaveLength(2);
    const retrieved = readRetrieved(parseEnvelope(textAt(root, 'soap-xret-resp.xml')).body, new Map(), [
      { home: 'urn:oid:1.2.3', repositoryUniqueId: '1.3.6.1.4.1000', documentUniqueId: '1.3.6.1.4.2300' },
    ]);
    expect(retrieved.documents).toHaveLength(1);
  });

  it('reads every stored query of NIST’s tests that finds documents', () => {
    const queries = filesBelow(unpack('nist-toolkit2-some-tests.tar.gz'), 'query.xml');
    const kinds = queries.map(({ path, bytes }) => {
      const root = parseXml(bytes);
      const request = [root, ...descendants(root)].find(({ name }) => name === 'AdhocQueryRequest');
      try {
        return request ? (readCrossGatewayQuery(request).query?.kind ?? 'none') : 'no request';
      } catch (fault) {
        return `${path}: ${(fault as Error).message}`;
      }
    });
    expect(kinds.filter((kind) => kind === 'FindDocuments').length).toBeGreaterThan(25);
    // `old_scheme` writes a code without its scheme on purpose; one test gives an empty list of codes.
    expect(kinds.filter((kind) => kind.includes(':')).length).toBeLessThanOrEqual(4);
  });

  it('reads NIST’s message with attachments', () => {
    const file =
      filesBelow(unpack('nist-message-samples-half.tar.gz'), 'http-mtom-pnr.txt')[0]?.bytes.toString('latin1') ?? '';
    const unix = file.replace(/\r\n/g, '\n');
    const contentType = /^Content-Type: (.*)$/m.exec(unix)?.[1] ?? '';
    const body = unix
      .slice(unix.indexOf('\n\n') + 2)
      .replace(/ +\n/g, '\n')
      .replace(/\n/g, '\r\n');
    const message = readSoapMessage(contentType, Buffer.from(body, 'latin1'));
    expect(parseEnvelope(message.envelope).body.name).toBe('ProvideAndRegisterDocumentSetRequest');
    expect(message.parts.size).toBeGreaterThan(0);
  });
});

it('an object without home or patient is no entry', () => {
  const { markup } = writeEntry(ENTRY);
  const object = (xml: string) =>
    parseXml(`<a xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">${xml}</a>`).children[0];
  expect(readEntry(object(markup) as never)).toEqual(ENTRY);
  expect(readEntry(object(markup.replace(/ home="[^"]*"/, '')) as never)).toBeUndefined();
});
