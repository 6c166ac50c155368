// POST /ihe/{face} against the region's own records in one process: what a message does, what it may not, what the trail says.

import type { APIGatewayProxyStructuredResultV2, Context as LambdaContext } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import type { Actor } from '../../../functions/consent/actor.ts';
import { fhirFaces } from '../../../functions/identity/fhir-faces.ts';
import { linkChanges } from '../../../functions/identity/link-changes.ts';
import { type Rows, sealedContinuations } from '../../../functions/ihe/continuations.ts';
import { iheFaces } from '../../../functions/ihe/faces.ts';
import { parseMessage, segmentOf, segmentsOf, value } from '../../../functions/ihe/hl7v2/message.ts';
import { readAnswer } from '../../../functions/ihe/hl7v3/answer.ts';
import { writeContinuation } from '../../../functions/ihe/hl7v3/continuation.ts';
import { writeFeed } from '../../../functions/ihe/hl7v3/feed.ts';
import { readAcknowledgement } from '../../../functions/ihe/hl7v3/message.ts';
import { readPixAnswer, writePixQuery } from '../../../functions/ihe/hl7v3/pix.ts';
import { writeQuery } from '../../../functions/ihe/hl7v3/query.ts';
import type { PatientData } from '../../../functions/ihe/patient.ts';
import { parseEnvelope, readFault, writeEnvelope } from '../../../functions/ihe/soap/envelope.ts';
import { parseXml } from '../../../functions/ihe/xml/parse.ts';
import { attribute, path } from '../../../functions/ihe/xml/tree.ts';
import type { Markup } from '../../../functions/ihe/xml/write.ts';
import { routes } from '../../../functions/interactions/routes.ts';
import { iheApi } from '../../../functions/middleware/ihe-api.ts';
import { isNumber } from '../../../functions/search/extract.ts';
import { clinic, hospital, NOW, openApi, residentOf } from '../../support/api.ts';

const HOSPITAL = '1.2.392.100495.20.3.51.13610000001';
const CLINIC = '1.2.392.100495.20.3.51.13610000002';
const known = async (system: string) => [HOSPITAL, CLINIC].some((oid) => system === `urn:oid:${oid}`);

const open = () => {
  const api = openApi();
  const { services } = api;
  const kept = new Map<string, { data: unknown }>();
  const rows: Rows = {
    get: async (p, s) => kept.get(`${p} ${s}`),
    write: async (changes) => {
      for (const one of changes)
        if (one.kind === 'put') kept.set(`${one.p} ${one.s}`, { data: one.data });
        else kept.delete(`${one.p} ${one.s}`);
      return true;
    },
  };
  let actor: Actor = hospital;
  const faults: unknown[] = [];
  let serial = 0;
  const handler = iheApi({
    services,
    authenticate: async () => actor,
    log: () => undefined,
    faces: iheFaces({
      fhir: routes(services),
      pix: fhirFaces(services, known),
      knowsDomain: known,
      isNumber,
      linkChanges: linkChanges(services),
      clock: services.clock,
      seal: services.seal,
      continuations: sealedContinuations(rows, services),
      region: services.region,
      newId: () => `n${serial++}`,
      onFault: (fault) => faults.push(fault),
    }),
  });
  const post = async (
    face: string,
    body: string | Buffer,
    contentType: string,
    as: Actor = hospital,
    method = 'POST',
  ) => {
    actor = as;
    const event = {
      rawPath: `/ihe/${face}`,
      headers: { 'content-type': contentType },
      requestContext: { requestId: 'r', http: { method } },
      isBase64Encoded: typeof body !== 'string',
      body: typeof body === 'string' ? body : body.toString('base64'),
    };
    const result = (await handler(event as never, {} as LambdaContext)) as APIGatewayProxyStructuredResultV2;
    const text = Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8').toString();
    return { status: result.statusCode, type: String(result.headers?.['content-type']), text };
  };
  const hl7 = async (type: string, rest: readonly string[], as?: Actor) => {
    const message = [`MSH|^~\\&|EMR|H|TSUMUGI|T|20261122||${type}|M1|P|2.5||||||UNICODE UTF-8`, ...rest].join('\r');
    return parseMessage((await post('hl7v2', message, 'application/hl7-v2+er7', as)).text);
  };
  const soap = async (face: string, action: string, body: Markup, as?: Actor) => {
    const sent = writeEnvelope({ action: `urn:hl7-org:v3:${action}`, messageId: 'urn:uuid:1', body });
    const got = await post(face, sent, 'application/soap+xml; charset=UTF-8', as);
    return { ...got, ...parseEnvelope(got.text) };
  };
  return { ...api, post, hl7, soap, kept, faults };
};

const pid = (
  number: string,
  name = '山田^太郎^^^^^L^I~ヤマダ^タロウ^^^^^L^P',
  more = '19840125|M|||徳島町1-2^^徳島市^徳島県^770-0851||088-123-4567',
) => `PID|||${number}||${name}||${more}`;
const HOSPITAL_NUMBER = `A1^^^&${HOSPITAL}&ISO`;

describe('HL7 v2', () => {
  it('registers a Patient of the sender’s facility, changes it, and keeps what the message does not say', async () => {
    const { hl7, send } = open();
    expect(value(segmentOf(await hl7('ADT^A04', ['EVN||1', pid(HOSPITAL_NUMBER)]), 'MSA'), 1)).toBe('AA');
    const first = (await send('GET', `/Patient?identifier=urn:oid:${HOSPITAL}|A1`)).body.entry?.[0]?.resource;
    expect(first).toMatchObject({
      name: [{ family: '山田', given: ['太郎'], extension: [{ valueCode: 'IDE' }] }, { family: 'ヤマダ' }],
      gender: 'male',
      birthDate: '1984-01-25',
      address: [{ line: ['徳島町1-2'], city: '徳島市', state: '徳島県', postalCode: '770-0851' }],
      telecom: [{ system: 'phone', value: '088-123-4567' }],
    });
    await hl7('ADT^A08', [
      'EVN||1',
      `PID|||3610000001^^^||x`.replace('3610000001^^^', 'A1^^^3610000001').replace('||x', '||森^太郎'),
    ]);
    const second = (await send('GET', `/Patient/${first?.id}`)).body;
    expect(second).toMatchObject({ name: [{ family: '森' }], birthDate: '1984-01-25', meta: { versionId: '2' } });
  });

  it('merges two numbers of one patient', async () => {
    const { hl7, send } = open();
    await hl7('ADT^A04', ['EVN||1', pid(HOSPITAL_NUMBER)]);
    await hl7('ADT^A04', ['EVN||1', pid(HOSPITAL_NUMBER.replace('A1', 'A2'))]);
    const merged = await hl7('ADT^A40', ['EVN||1', pid(HOSPITAL_NUMBER), `MRG|${HOSPITAL_NUMBER.replace('A1', 'A2')}`]);
    expect(value(segmentOf(merged, 'MSA'), 1)).toBe('AA');
    const old = (await send('GET', `/Patient?identifier=urn:oid:${HOSPITAL}|A2`)).body.entry?.[0]?.resource;
    expect(old).toMatchObject({ active: false, link: [{ type: 'replaced-by' }] });
    // Nobody is told the number that was given up, as if there were two patients.
    const found = await hl7('QBP^Q22^QBP_Q21', ['QPD|IHE PDQ Query|T|@PID.5.1^山田', 'RCP|I']);
    expect(segmentsOf(found, 'PID').map((one) => value(one, 3))).toEqual(['A1']);
    const pix = await hl7('QBP^Q23^QBP_Q21', [`QPD|IHE PIX Query|T|${HOSPITAL_NUMBER}`, 'RCP|I']);
    expect(segmentOf(pix, 'PID')?.fields[2]).toHaveLength(1);
  });

  it.each([
    ['a system that lacks its facility', 'urn:oid:1.2.392.100495.20.3.51.1', 'A2'],
    ['full-width digits', `urn:oid:${HOSPITAL}`, 'Ａ２'],
    ['another case', `urn:oid:${HOSPITAL}`, 'a2'],
  ])('gives up a number that is written with %s', async (_, system, written) => {
    const { hl7, send } = open();
    await hl7('ADT^A04', ['EVN||1', pid(HOSPITAL_NUMBER)]);
    await send('POST', '/Patient', { body: { resourceType: 'Patient', identifier: [{ system, value: written }] } });
    const merged = await hl7('ADT^A40', ['EVN||1', pid(HOSPITAL_NUMBER), `MRG|${HOSPITAL_NUMBER.replace('A1', 'A2')}`]);
    expect(value(segmentOf(merged, 'MSA'), 1)).toBe('AA');
    const old = (await send('GET', `/Patient?identifier=urn:oid:${HOSPITAL}|A2`)).body.entry?.[0]?.resource;
    expect(old).toMatchObject({ active: false, identifier: [{ value: written, use: 'old' }] });
  });

  it('merges nothing by half: not into itself, not what is not there, not another’s', async () => {
    const { hl7, send } = open();
    await hl7('ADT^A04', ['EVN||1', pid(HOSPITAL_NUMBER)]);
    const merge = async (number: string) => {
      const answer = await hl7('ADT^A40', ['EVN||1', pid(HOSPITAL_NUMBER, '別名^太郎'), `MRG|${number}`]);
      const err = segmentOf(answer, 'ERR');
      return [value(segmentOf(answer, 'MSA'), 1), value(err, 2), value(err, 2, 3), value(err, 3)];
    };
    expect(await merge(HOSPITAL_NUMBER)).toEqual(['AE', 'MRG', '1', '102']);
    expect(await merge(HOSPITAL_NUMBER.replace('A1', 'ａ１'))).toEqual(['AE', 'MRG', '1', '102']);
    expect(await merge(HOSPITAL_NUMBER.replace('A1', 'A9'))).toEqual(['AE', 'MRG', '1', '204']);
    expect(await merge('A1^^^3610000002')).toEqual(['AE', 'MRG', '1', '207']);
    const kept = (await send('GET', `/Patient?identifier=urn:oid:${HOSPITAL}|A1`)).body.entry?.[0]?.resource;
    expect(kept).toMatchObject({ name: [{ family: '山田' }, {}], meta: { versionId: '1' } });
    expect(kept?.active).toBeUndefined();
  });

  it('says at which field a value is wrong, and of a query at QPD', async () => {
    const { hl7 } = open();
    const at = async (...sent: Parameters<typeof hl7>) => {
      const err = segmentOf(await hl7(...sent), 'ERR');
      return [value(err, 2), value(err, 2, 3)].join('-');
    };
    expect(await at('ADT^A04', ['EVN||1', pid(HOSPITAL_NUMBER, undefined, '19991399|M')])).toBe('PID-7');
    expect(await at('QBP^Q22^QBP_Q21', ['QPD|IHE PDQ Query|T|@PID.6.1^阿波', 'RCP|I'])).toBe('QPD-3');
  });

  it('names the message that it cannot read by its number', async () => {
    const { post } = open();
    const header = (charset: string) =>
      `MSH|^~\\&|EMR|H|T|T|20261122||ADT^A04^ADT_A01|NUMBER-7|P|2.5||||||${charset}\r`;
    for (const [sent, code] of [
      [Buffer.concat([Buffer.from(header('UNICODE UTF-8')), Buffer.from([0xff, 0xfe])]), 'AR'],
      [Buffer.from(header('KLINGON')), 'AR'],
      [Buffer.from(`${header('UNICODE UTF-8')}no segment\r`), 'AE'],
    ] as const) {
      const { text } = await post('hl7v2', sent, 'application/hl7-v2+er7');
      const answer = parseMessage(text);
      expect([1, 2].map((field) => value(segmentOf(answer, 'MSA'), field))).toEqual([code, 'NUMBER-7']);
      expect(value(segmentOf(answer, 'MSH'), 5)).toBe('EMR');
    }
  });

  it('links two numbers by A24 and takes it back by A37, for identity to follow', async () => {
    const { hl7, send } = open();
    const [first, second] = [pid(HOSPITAL_NUMBER), pid(HOSPITAL_NUMBER.replace('A1', 'A2'))];
    await hl7('ADT^A04', ['EVN||1', first]);
    await hl7('ADT^A04', ['EVN||1', second]);
    const links = async (number: string) =>
      (await send('GET', `/Patient?identifier=urn:oid:${HOSPITAL}|${number}`)).body.entry?.[0]?.resource?.link;
    const code = async (event: string, ...segments: string[]) => {
      const answer = await hl7(`ADT^${event}`, ['EVN||1', ...segments]);
      return [value(segmentOf(answer, 'MSA'), 1), value(segmentOf(answer, 'ERR'), 3)].filter(Boolean);
    };
    for (let times = 0; times < 2; times += 1) expect(await code('A24', first, second)).toEqual(['AA']);
    expect([await links('A1'), await links('A2')]).toMatchObject([[{ type: 'seealso' }], [{ type: 'seealso' }]]);
    expect(await code('A37', first, second)).toEqual(['AA']);
    expect([await links('A1'), await links('A2')]).toEqual([undefined, undefined]);
    expect(await code('A37', first, second)).toEqual(['AE', '204']);
    expect(await code('A24', first, pid(HOSPITAL_NUMBER.replace('A1', 'A9')))).toEqual(['AE', '204']);
    expect(await code('A24', first)).toEqual(['AE', '100']);
  });

  it('lets no facility feed under another’s numbers', async () => {
    const { hl7, send } = open();
    const answer = await hl7('ADT^A04', ['EVN||1', pid(HOSPITAL_NUMBER)], clinic);
    expect([value(segmentOf(answer, 'MSA'), 1), value(segmentOf(answer, 'ERR'), 8)]).toEqual([
      'AE',
      'Error authenticating application',
    ]);
    expect((await send('GET', '/Patient?_summary=count')).body.total).toBe(0);
  });

  it('answers PIX and PDQ from the region’s records, a page at a time', async () => {
    const { hl7 } = open();
    for (const number of ['A1', 'A2', 'A3'])
      await hl7('ADT^A04', ['EVN||1', pid(HOSPITAL_NUMBER.replace('A1', number))]);
    const pix = await hl7('QBP^Q23^QBP_Q21', [`QPD|IHE PIX Query|T|${HOSPITAL_NUMBER}`, 'RCP|I']);
    expect([value(segmentOf(pix, 'QAK'), 2), value(segmentOf(pix, 'PID'), 3)]).toEqual(['OK', 'A1']);
    const unknown = await hl7('QBP^Q23^QBP_Q21', [
      `QPD|IHE PIX Query|T|${HOSPITAL_NUMBER.replace('A1', 'A9')}`,
      'RCP|I',
    ]);
    expect([value(segmentOf(unknown, 'QAK'), 2), value(segmentOf(unknown, 'ERR'), 3)]).toEqual(['AE', '204']);

    const query = ['QPD|Q22^Find Candidates^HL7|T|@PID.5.1.1^山田~@PID.7^19840125', 'RCP|I|2^RD'];
    const first = await hl7('QBP^Q22^QBP_Q21', query);
    expect([segmentsOf(first, 'PID').length, value(segmentOf(first, 'QAK'), 4)]).toEqual([2, '3']);
    const pointer = value(segmentOf(first, 'DSC'), 1);
    expect(segmentsOf(await hl7('QBP^Q22^QBP_Q21', [...query, `DSC|${pointer}|I`]), 'PID')).toHaveLength(1);
    const stolen = await hl7('QBP^Q22^QBP_Q21', [...query, `DSC|${pointer}|I`], clinic);
    expect(value(segmentOf(stolen, 'QAK'), 2)).toBe('AE');
  });

  it('shows another facility’s patients only where consent lets it, and writes who was shown', async () => {
    const { hl7, recorded } = open();
    await hl7('ADT^A04', ['EVN||1', pid(HOSPITAL_NUMBER)]);
    const query = ['QPD|Q22^Find Candidates^HL7|T|@PID.7^19840125', 'RCP|I'];
    expect(value(segmentOf(await hl7('QBP^Q22^QBP_Q21', query, clinic), 'QAK'), 2)).toBe('NF');
    await hl7('QBP^Q22^QBP_Q21', query);
    expect(
      recorded.map(({ interaction, action, facility, count, outcome }) => [
        interaction,
        action,
        facility,
        count,
        outcome,
      ]),
    ).toEqual([
      ['ihe-hl7v2', 'C', '3610000001', 1, '0'],
      ['ihe-hl7v2', 'E', '3610000002', 0, '0'],
      ['ihe-hl7v2', 'R', '3610000001', 1, '0'],
    ]);
    await hl7('QBP^Q22^QBP_Q21', ['QPD|Q22|T|@PID.99^x', 'RCP|I']);
    expect(recorded.at(-1)).toMatchObject({ interaction: 'ihe-hl7v2', status: 422, outcome: '4' });
  });
});

describe('SOAP', () => {
  const self = { device: '1.2.3.1', now: NOW, newId: () => 'x1' };
  const region = { device: '1.2.3' };
  const patient: PatientData = {
    identifiers: [{ authority: { oid: HOSPITAL }, value: 'B1' }],
    names: [{ family: '山田', given: ['太郎'], representation: 'IDE' }],
    gender: 'male',
    birthDate: '1984-01-25',
    addresses: [],
    phones: ['088-123-4567'],
  };
  const query = {
    identifiers: [],
    names: [{ family: '山田', given: [] }],
    gender: 'male',
    birthDate: '1984-01-25',
    addresses: [],
    phones: [],
    domains: [],
  } as const;

  it('feeds, cross-references and finds, page by page', async () => {
    const { soap, kept } = open();
    for (const number of ['B1', 'B2', 'B3']) {
      const event = {
        kind: 'add',
        patient: { ...patient, identifiers: [{ authority: { oid: HOSPITAL }, value: number }] },
      } as const;
      const answer = await soap('pix', 'PRPA_IN201301UV02', writeFeed(self, region, event, '1.2.3'));
      expect([answer.relatesTo, readAcknowledgement(answer.body).type]).toEqual(['urn:uuid:1', 'CA']);
    }
    const pix = await soap('pix', 'PRPA_IN201309UV02', writePixQuery(self, region, patient.identifiers[0]!));
    expect(readPixAnswer(pix.body)).toMatchObject({ response: 'OK', identifiers: [{ value: 'B1' }] });

    const question = writeQuery({ self, receiver: region, query, initialQuantity: 2 });
    const first = readAnswer((await soap('pdq', 'PRPA_IN201305UV02', question)).body);
    expect([first.found.length, first.total, first.remaining]).toEqual([2, 3, 1]);
    expect([...kept.values()].map(({ data }) => String(data).includes('山田'))).toEqual([false]);
    const extension = attribute(
      path(parseXml(question.markup), 'controlActProcess', 'queryByParameter', 'queryId'),
      'extension',
    );
    const more = writeContinuation(self, region, {
      queryId: { root: self.device, extension },
      answer: { root: '1.2' },
    });
    expect(readAnswer((await soap('pdq', 'QUQI_IN000003UV01_Continue', more, clinic)).body).response).toBe('AE');
    expect(readAnswer((await soap('pdq', 'QUQI_IN000003UV01_Continue', more)).body).found).toHaveLength(1);
  });

  it('answers a fault in SOAP, and keeps a fault of ours to itself', async () => {
    const { soap, post, faults } = open();
    const strange = await soap('pix', 'PRPA_IN999999UV02', writePixQuery(self, region, patient.identifiers[0]!));
    expect([strange.status, readFault(strange.body)?.code]).toEqual([400, 'Sender']);
    const evil = await post(
      'pdq',
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      'application/soap+xml',
    );
    expect([evil.status, evil.type]).toEqual([400, 'application/soap+xml; charset=UTF-8']);
    expect(evil.text).not.toContain('passwd');
    expect(faults).toEqual([]);
  });
});

it('is for systems of facilities, by POST, at its own addresses', async () => {
  const { post } = open();
  expect((await post('hl7v2', 'x', '', residentOf('p1'))).status).toBe(403);
  expect((await post('xca', 'x', '')).status).toBe(404);
  expect((await post('constructor', 'x', '')).status).toBe(404);
  expect((await post('pix', 'x', '', hospital, 'GET')).status).toBe(405);
});
