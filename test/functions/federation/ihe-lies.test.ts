// An IHE community that lies, breaks or attacks: what it sends becomes an entry that says which community and why, in our words, and
// harms nobody else's records.
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { XCPD_ANSWER_ACTION } from '../../../functions/ihe/hl7v3/xcpd.ts';
import { fromFhir } from '../../../functions/ihe/patient-fhir.ts';
import { writeEnvelope } from '../../../functions/ihe/soap/envelope.ts';
import { writeMtom } from '../../../functions/ihe/soap/mtom.ts';
import { xdsError } from '../../../functions/ihe/xca/entry.ts';
import { writeFound } from '../../../functions/ihe/xca/query.ts';
import { QUERY_ANSWER_ACTION, RETRIEVE_ANSWER_ACTION } from '../../../functions/ihe/xca/respond.ts';
import { writeRetrieved } from '../../../functions/ihe/xca/retrieve.ts';
import { element, type Markup } from '../../../functions/ihe/xml/write.ts';
import { patientOf } from '../identity/given.ts';
import { testKey } from '../ihe/support/certificate.ts';
import {
  AUTHORITY,
  cx,
  documentOf,
  type IheCommunity,
  linkIhe,
  OID,
  openIheCommunity,
  personThere,
  SETO,
  SHARED,
} from './ihe-community.ts';
import { doctorAt, issues, later, matches, NOW, type Node, OPT_IN, openNode, xuaKey } from './world.ts';

let east: Node;
let seto: IheCommunity;
let person: string;
const doctor = doctorAt('3610000002');
const theirs = personThere();

let numbers = 0;
const registered = async () => {
  numbers += 1;
  const patient = patientOf(east.hospital.facility!, `N-${numbers}`);
  const identifier = [...(patient.identifier as object[]), { system: `urn:oid:${SHARED}`, value: 'S-1' }];
  const { id } = await east.store({ ...patient, identifier });
  await east.consent(id, OPT_IN);
  await east.store({
    resourceType: 'DocumentReference',
    status: 'current',
    subject: { reference: `Patient/${id}` },
    date: '2026-11-02T12:00:00Z',
    content: [{ attachment: { contentType: 'text/plain', data: 'eA==' } }],
  });
  return id;
};
beforeAll(async () => {
  east = await openNode({ oid: '2.999.36', name: 'East', prefecture: '36' });
  seto = await openIheCommunity();
  await linkIhe(east, seto.base);
  seto.people = [theirs];
  person = await registered();
  await documents();
});
afterAll(async () => {
  await Promise.all([east, seto].map((one) => one?.stop()));
});
beforeEach(() => {
  Object.assign(seto, { discovers: undefined, misbehave: undefined, gateway: {}, trusted: xuaKey().certificate });
  seto.documents = [documentOf(1, 'P-1')];
  seto.heard.length = 0;
  later(11 * 60_000); // that it failed in another test is forgotten (circuits.ts)
});

const documents = (query = '', patient = person) =>
  east.call(doctor, 'GET', `/federation/fhir/DocumentReference?patient=${patient}${query}`);
const binary = () =>
  east.call(
    doctor,
    'GET',
    `/federation/fhir/Binary/00000000-0000-4000-8000-000000000001?patient=${person}&_community=${OID}`,
  );

const ACTIONS: Readonly<Record<string, string>> = {
  '/xcpd': XCPD_ANSWER_ACTION,
  '/query': QUERY_ANSWER_ACTION,
  '/retrieve': RETRIEVE_ANSWER_ACTION,
};
const SOAP = { 'content-type': 'application/soap+xml; charset=UTF-8' };
const at =
  (path: string, answer: (response: ServerResponse, messageId: string) => void) =>
  (asked: string, response: ServerResponse, messageId: string | undefined) => {
    if (asked !== path) return false;
    answer(response, messageId ?? '');
    return true;
  };
const text = (path: string, envelope: (messageId: string) => string, status = 200) =>
  at(path, (response, messageId) => response.writeHead(status, SOAP).end(envelope(messageId)));
const enveloped = (path: string, body: Markup, more: { action?: string; relatesTo?: string } = {}) =>
  text(path, (messageId) =>
    writeEnvelope({ action: ACTIONS[path]!, messageId: 'urn:uuid:1', relatesTo: messageId, body, ...more }),
  );
const found = (...entries: Parameters<typeof writeFound>[0]['entries']) =>
  writeFound({ entries, errors: [] }, 'LeafClass');
const entry = documentOf(1, 'P-1').entry;
const bomb = `<!DOCTYPE lolz [${Array.from({ length: 10 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')}]>`;
const inEnvelope =
  (more: string, before = '') =>
  () =>
    `<?xml version="1.0" encoding="UTF-8"?>${before}<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope">${more}</soap:Envelope>`;

const expectAlone = (body: Parameters<typeof matches>[0], code: string, rule?: string) => {
  expect(matches(body).map(({ resource }) => resource.meta.source)).toEqual(['urn:oid:2.999.36']);
  expect(issues(body)).toEqual([
    expect.objectContaining({ code, diagnostics: expect.stringContaining(`Seto (${SETO})`) }),
  ]);
  if (rule) expect(issues(body)[0]?.diagnostics).toContain(rule);
  expect(JSON.stringify(issues(body))).not.toMatch(/SECRET|passwd|lolz/);
};

describe('a list of documents', () => {
  it.each([
    [
      'entities that expand',
      'structure',
      text('/query', inEnvelope('<soap:Body>&l9;</soap:Body>', bomb)),
      'XML refused',
    ],
    [
      'an external entity',
      'structure',
      text(
        '/query',
        inEnvelope('<soap:Body>&x;</soap:Body>', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
      ),
      'XML refused',
    ],
    [
      'half an envelope',
      'structure',
      text('/query', () => '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-env'),
      undefined,
    ],
    ['nesting without an end', 'structure', text('/query', inEnvelope('<a>'.repeat(5_000))), 'XML refused'],
    [
      'SOAP 1.1',
      'structure',
      text('/query', () => '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>'),
      'SOAP 1.2',
    ],
    [
      'the answer to another message',
      'structure',
      enveloped('/query', found(entry), { relatesTo: 'urn:uuid:2' }),
      'another message',
    ],
    ['another action', 'structure', enveloped('/query', found(entry), { action: RETRIEVE_ANSWER_ACTION }), 'action'],
    ['another body', 'structure', enveloped('/query', element('x', { xmlns: 'urn:x' })), undefined],
    [
      'a document of another patient',
      'security',
      enveloped('/query', found(entry, { ...entry, entryUuid: 'urn:uuid:2', patientId: cx('P-2') })),
      'somebody else',
    ],
    [
      'a number of another authority',
      'security',
      enveloped('/query', found({ ...entry, patientId: 'P-1^^^&2.999.45.1&ISO' })),
      'somebody else',
    ],
    [
      'documents and that it failed',
      'structure',
      at('/query', (response, relatesTo) => {
        const { markup } = found(entry);
        const failed = { markup: markup.replace('ResponseStatusType:Success', 'ResponseStatusType:Failure') } as Markup;
        response.writeHead(200, SOAP);
        response.end(writeEnvelope({ action: QUERY_ANSWER_ACTION, messageId: 'urn:uuid:1', relatesTo, body: failed }));
      }),
      undefined,
    ],
    [
      'JSON',
      'structure',
      at('/query', (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":"SECRET"}')),
      undefined,
    ],
    [
      'a page of a proxy',
      'transient',
      at('/query', (response) => response.writeHead(502, { 'content-type': 'text/html' }).end('SECRET')),
      '502',
    ],
    ['a refusal of a proxy', 'forbidden', at('/query', (response) => response.writeHead(403).end('SECRET')), '403'],
    [
      'a redirect',
      'security',
      at('/query', (response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()),
      'redirect',
    ],
    ['a closed door', 'transient', at('/query', (response) => void response.destroy()), undefined],
    [
      'a bomb in gzip',
      'too-long',
      at('/query', (response) =>
        response.writeHead(200, { ...SOAP, 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(32 * 1024 * 1024))),
      ),
      undefined,
    ],
  ] as const)('with %s becomes an entry that says why (%s)', async (_, code, lie, rule) => {
    seto.misbehave = lie as typeof seto.misbehave;
    expectAlone((await documents()).body, code, rule);
  });

  it('leaves out what is of another community, and says so', async () => {
    const foreign = { ...entry, entryUuid: 'urn:uuid:2', uniqueId: '1.2.3', home: 'urn:oid:2.999.45' };
    seto.misbehave = enveloped('/query', found(entry, foreign));
    const { body } = await documents();
    expect(matches(body).map(({ resource }) => resource.meta.source)).toEqual(['urn:oid:2.999.36', SETO]);
    expect(issues(body)).toEqual([expect.objectContaining({ code: 'security' })]);
    seto.misbehave = enveloped('/query', found(foreign));
    expectAlone((await documents()).body, 'security');
  });

  it.each([
    ['XDSRegistryError', 'processing'],
    ['XDSRegistryBusy', 'transient'],
    ['XDSTooManyResults', 'too-long'],
    ['XDSUnknownCommunity', 'processing'],
    ['XDSMissingHomeCommunityId', 'processing'],
    ['SECRET', 'processing'],
    ['__proto__', 'processing'],
  ])('that failed with %s says so (%s)', async (error, code) => {
    seto.gateway = { find: async () => ({ entries: [], errors: [xdsError(error as never, 'SECRET')] }) };
    expectAlone((await documents()).body, code, error.startsWith('XDS') ? error : undefined);
  });

  it('that is there in part is shown in part, and says what is missing', async () => {
    const errors = [
      xdsError('XDSRepositoryError', 'SECRET'),
      xdsError('XDSRepositoryError', 'SECRET again'),
      xdsError('XDSUnavailableCommunity', 'SECRET', 'urn:oid:2.999.45'),
      { ...xdsError('XDSRegistryError', 'a warning'), severity: 'Warning' as const },
    ];
    seto.gateway = { find: async () => ({ entries: [entry], errors }) };
    const { body } = await documents();
    expect(matches(body)).toHaveLength(2);
    expect(issues(body).map((one) => [one.code, /\((XDS\w+)\)/.exec(one.diagnostics)?.[1]])).toEqual([
      ['processing', 'XDSRepositoryError'],
      ['transient', 'XDSUnavailableCommunity'],
    ]);
    expect(JSON.stringify(issues(body))).not.toContain('SECRET');
  });

  it('is not waited for longer than the client says', async () => {
    seto.misbehave = at('/query', () => {});
    expectAlone((await documents('&_deadline=3000')).body, 'timeout');
  });

  it('of a community that knows the person no more says so after the second try', async () => {
    seto.gateway = { find: async () => ({ entries: [], errors: [xdsError('XDSUnknownPatientId', 'x')] }) };
    expectAlone((await documents()).body, 'transient');
    expect(seto.paths()).toEqual(['/query', '/xcpd', '/query']);
  });
});

describe('a document', () => {
  const mtom = (path: string, content: Uint8Array, more: object = {}) =>
    at(path, (response, relatesTo) => {
      const request = { home: SETO, repositoryUniqueId: entry.repositoryUniqueId, documentUniqueId: entry.uniqueId };
      const { body, attachments } = writeRetrieved(
        { documents: [{ ...request, mimeType: 'text/plain', content, ...more }], errors: [] },
        () => 'a',
      );
      const envelope = writeEnvelope({ action: RETRIEVE_ANSWER_ACTION, messageId: 'urn:uuid:1', relatesTo, body });
      const answer = writeMtom(envelope, RETRIEVE_ANSWER_ACTION, attachments, () => 'b');
      response.writeHead(200, { 'content-type': answer.contentType }).end(answer.body);
    });

  it.each([
    ['of other bytes than its hash says', 'security', mtom('/retrieve', Buffer.from('別の文書')), 'hash'],
    ['of more than 4 MB', 'too-long', mtom('/retrieve', Buffer.alloc(4 * 1024 * 1024 + 1)), undefined],
    ['that does not end', 'too-long', mtom('/retrieve', Buffer.alloc(8 * 1024 * 1024)), undefined],
    [
      'that was not asked for',
      'structure',
      mtom('/retrieve', documentOf(1, 'P-1').content, { documentUniqueId: '1.2.3' }),
      undefined,
    ],
    [
      'of another community',
      'structure',
      mtom('/retrieve', documentOf(1, 'P-1').content, { home: 'urn:oid:2.999.45' }),
      undefined,
    ],
    [
      'that is somewhere else',
      'structure',
      at('/retrieve', (response, relatesTo) => {
        const body = element(
          'xdsb:RetrieveDocumentSetResponse',
          { 'xmlns:xdsb': 'urn:ihe:iti:xds-b:2007' },
          element('xdsb:DocumentResponse', {}, [
            element('xdsb:HomeCommunityId', {}, SETO),
            element('xdsb:RepositoryUniqueId', {}, entry.repositoryUniqueId),
            element('xdsb:DocumentUniqueId', {}, entry.uniqueId),
            element(
              'xdsb:Document',
              {},
              element('xop:Include', {
                'xmlns:xop': 'http://www.w3.org/2004/08/xop/include',
                href: 'http://169.254.169.254/SECRET',
              }),
            ),
          ]),
        );
        response.writeHead(200, SOAP);
        response.end(writeEnvelope({ action: RETRIEVE_ANSWER_ACTION, messageId: 'urn:uuid:1', relatesTo, body }));
      }),
      'xop:Include',
    ],
  ] as const)('%s is refused, and said why (%s)', async (_, code, lie, rule) => {
    seto.misbehave = lie as typeof seto.misbehave;
    const { status, body } = await binary();
    expect(status).toBe(404);
    const said = body.issue?.find((one) => one.diagnostics.includes(SETO));
    expect(said?.code).toBe(code);
    if (rule) expect(said?.diagnostics).toContain(rule);
    expect(JSON.stringify(body)).not.toContain('SECRET');
  });

  it('of another person is not fetched, whatever id is asked for', async () => {
    seto.documents = [documentOf(1, 'P-2')];
    const { status } = await binary();
    expect(status).toBe(404);
    expect(seto.paths()).not.toContain('/retrieve');
  });

  it('that the repository cannot give says which error', async () => {
    seto.gateway = { retrieve: async () => ({ documents: [], errors: [xdsError('XDSRepositoryError', 'SECRET')] }) };
    const { body } = await binary();
    expect(body.issue).toContainEqual(
      expect.objectContaining({ code: 'processing', diagnostics: expect.stringContaining('XDSRepositoryError') }),
    );
  });

  it('that is made on demand is taken without a hash, as what it is', async () => {
    const made = documentOf(1, 'P-1', { onDemand: true });
    const { hash, size, creationTime, ...rest } = made.entry;
    seto.documents = [{ content: Buffer.from('<a/>'), entry: { ...rest, mimeType: 'text/xml' } }];
    const { status, body } = await binary();
    expect([status, body]).toMatchObject([
      200,
      { contentType: 'text/xml', data: Buffer.from('<a/>').toString('base64') },
    ]);
  });
});

describe('a discovery', () => {
  it.each([
    ['a patient of another community', 'security', { community: '2.999.45' }],
    [
      'no number of the authority agreed on',
      'structure',
      { patient: { ...theirs, identifiers: [{ authority: { oid: '2.999.45.1' }, value: 'P-1' }] } },
    ],
    [
      'a number that is an address',
      'structure',
      { patient: { ...theirs, identifiers: [{ authority: { oid: AUTHORITY }, value: 'P-1^^^&1.2&ISO' }] } },
    ],
  ])('that names %s finds nobody (%s)', async (_, code, more) => {
    seto.discovers = () => ({ kind: 'matches', matches: [{ patient: theirs, community: OID, ...more }] });
    expectAlone((await documents('', await registered())).body, code);
    expect(seto.paths()).toEqual(['/xcpd']);
  });

  it('by a number that is somebody else’s finds nobody', async () => {
    const other = fromFhir(patientOf('3610000001', '1', { birthDate: '1990-01-01', gender: 'male' }));
    seto.discovers = ({ identifiers }) =>
      identifiers.length > 0
        ? { kind: 'matches', matches: [{ patient: { ...other, identifiers: theirs.identifiers }, community: OID }] }
        : { kind: 'none' };
    const { body } = await documents('', await registered());
    expect(matches(body)).toHaveLength(1);
    expect(seto.paths()).toEqual(['/xcpd', '/xcpd']);
  });
});

it('who does not accept our certificate says so with a fault', async () => {
  seto.trusted = testKey('other', NOW - 1_000, NOW + 86_400_000 * 400).certificate;
  expectAlone((await documents()).body, 'security', 'assertion');
});
