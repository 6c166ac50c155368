// PIXV3, PDQV3 and XCPD: every message that we send holds its schema, and says what it was told to say.
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../functions/ihe/hl7v3/answer.ts';
import { writeContinuation } from '../../../functions/ihe/hl7v3/continuation.ts';
import { writeFeed } from '../../../functions/ihe/hl7v3/feed.ts';
import { readAcknowledgement } from '../../../functions/ihe/hl7v3/message.ts';
import { readPixAnswer, writePixQuery } from '../../../functions/ihe/hl7v3/pix.ts';
import { writeQuery } from '../../../functions/ihe/hl7v3/query.ts';
import { respondV3, type V3Services } from '../../../functions/ihe/hl7v3/respond.ts';
import { readDiscovery, respondXcpd, writeDiscovery } from '../../../functions/ihe/hl7v3/xcpd.ts';
import type { PatientData } from '../../../functions/ihe/patient.ts';
import type { DemographicQuery, DiscoveryAnswer } from '../../../functions/ihe/ports.ts';
import { parseXml } from '../../../functions/ihe/xml/parse.ts';
import { attribute, child, children, path } from '../../../functions/ihe/xml/tree.ts';
import type { Markup } from '../../../functions/ihe/xml/write.ts';
import { memoryIndex, REGION } from './support/memory-index.ts';
import { v3Faults } from './support/schemas.ts';
import { hasVectors, skipped, textAt, unpack } from './support/vectors.ts';

const EMR = { oid: '1.2.3.36', name: 'EMR' };
const COMMUNITY = '1.2.392.100.36';
let serial = 0;
const clinic = {
  device: '1.2.3.1',
  organization: '1.2.3.2',
  now: Date.parse('2026-11-22T01:02:03Z'),
  newId: () => `c${serial++}`,
};
const region = { device: '1.2.3.9', organization: COMMUNITY, now: clinic.now, newId: () => `r${serial++}` };

const PATIENT: PatientData = {
  identifiers: [{ authority: EMR, value: 'A1' }],
  names: [
    { family: '山田', given: ['太郎'], representation: 'IDE', use: 'legal' },
    { family: 'ヤマダ', given: ['タロウ'], representation: 'SYL', use: 'legal' },
  ],
  gender: 'male',
  birthDate: '1984-01-25',
  deceased: undefined,
  addresses: [
    { lines: ['徳島町1-2 <B棟> & 3'], city: '徳島市', state: '徳島県', postalCode: '770-0851', country: 'JPN' },
  ],
  phones: ['088-123-4567'],
  mothersMaidenName: { family: '森', given: [], representation: undefined, use: 'legal' },
};
const QUERY: DemographicQuery = {
  identifiers: [],
  names: [{ family: '山田', given: ['太郎'] }],
  gender: 'male',
  birthDate: '1984-01-25',
  addresses: [],
  phones: [],
  domains: [],
};

const services = (): V3Services & { index: ReturnType<typeof memoryIndex>; kept: Map<string, string> } => {
  const kept = new Map<string, string>();
  return {
    index: memoryIndex({ ...EMR, senders: [clinic.device] }),
    kept,
    continuations: {
      keep: async (key, state) => void kept.set(key, state),
      find: async (key) => kept.get(key),
      drop: async (key) => void kept.delete(key),
    },
    self: () => region,
    community: COMMUNITY,
  };
};

/** Checks both the question and the answer against their schemas where those are present. */
const held = ({ markup }: Markup) => {
  const message = parseXml(markup);
  if (hasVectors) expect(v3Faults(message.name.replace('_Cancel', ''), markup)).toEqual([]);
  return message;
};
const send = async (to: V3Services, action: string, question: Markup) => {
  const message = held(question);
  const answer = await respondV3(action, { message, source: question.markup, services: to });
  return { action: answer.action, message: held(answer.body) };
};
const ACTION = 'urn:hl7-org:v3:';
const feed = (to: V3Services, patient = PATIENT) =>
  send(to, `${ACTION}PRPA_IN201301UV02`, writeFeed(clinic, region, { kind: 'add', patient }, clinic.organization));

describe(`PIXV3${skipped}`, () => {
  it('ITI-44 registers, revises and merges, with Japanese names and addresses as they were', async () => {
    const to = services();
    const added = await feed(to);
    expect(added.action).toBe('urn:hl7-org:v3:MCCI_IN000002UV01');
    expect(readAcknowledgement(added.message).type).toBe('CA');
    const legal = PATIENT.names;
    expect(to.index.people[0]?.[0]).toMatchObject({ ...PATIENT, names: legal });

    const revised = { ...PATIENT, deceased: '2026-11-01' };
    await send(
      to,
      `${ACTION}PRPA_IN201302UV02`,
      writeFeed(clinic, region, { kind: 'revise', patient: revised }, COMMUNITY),
    );
    expect(to.index.people[0]?.[0]?.deceased).toBe('2026-11-01');

    const second = { ...PATIENT, identifiers: [{ authority: EMR, value: 'A2' }] };
    await feed(to, second);
    const merge = { kind: 'merge', patient: PATIENT, obsolete: second.identifiers } as const;
    await send(to, `${ACTION}PRPA_IN201304UV02`, writeFeed(clinic, region, merge, COMMUNITY));
    expect(to.index.people).toHaveLength(1);
  });

  it('ITI-44 refuses numbers that the sender does not give out', async () => {
    const stranger = { ...clinic, device: '1.9.9' };
    const answer = await send(
      services(),
      `${ACTION}PRPA_IN201301UV02`,
      writeFeed(stranger, region, { kind: 'add', patient: PATIENT }, '1.9'),
    );
    expect(readAcknowledgement(answer.message)).toMatchObject({ type: 'CE', details: [{ code: '204' }] });
  });

  it('ITI-45 gives the numbers of a person, in the domains asked for', async () => {
    const to = services();
    await feed(to);
    const ask = (value: string, domains: { oid: string }[] = []) =>
      send(to, `${ACTION}PRPA_IN201309UV02`, writePixQuery(clinic, region, { authority: EMR, value }, domains));
    expect(readPixAnswer((await ask('A1')).message)).toMatchObject({
      acknowledgement: { type: 'AA' },
      response: 'OK',
      identifiers: [{ authority: { oid: REGION.oid }, value: 'P1' }, { value: 'A1' }],
    });
    expect(readPixAnswer((await ask('A1', [{ oid: REGION.oid }])).message).identifiers).toHaveLength(1);
    const unknown = readPixAnswer((await ask('A9')).message);
    expect([unknown.response, unknown.acknowledgement.details[0]?.code]).toEqual(['AE', '204']);
    const domain = readPixAnswer((await ask('A1', [{ oid: EMR.oid }, { oid: '1.9.9' }])).message);
    expect(domain.acknowledgement.details[0]?.location).toMatch(/dataSource\[2\]$/);
  });

  it('a query comes back in the answer as it came', async () => {
    const to = services();
    await feed(to);
    const question = writePixQuery(clinic, region, { authority: EMR, value: 'A1' });
    const { message } = await send(to, `${ACTION}PRPA_IN201309UV02`, question);
    const asked = path(parseXml(question.markup), 'controlActProcess', 'queryByParameter', 'queryId');
    const echoed = path(message, 'controlActProcess', 'queryByParameter', 'queryId');
    expect(attribute(echoed, 'extension')).toBe(attribute(asked, 'extension'));
  });

  it('the action and the Body must agree', async () => {
    const { markup } = writePixQuery(clinic, region, { authority: EMR, value: 'A1' });
    const incoming = { message: parseXml(markup), source: markup, services: services() };
    await expect(respondV3(`${ACTION}PRPA_IN201301UV02`, incoming)).rejects.toMatchObject({
      subcode: 'wsa:InvalidAddressingHeader',
    });
    await expect(respondV3(`${ACTION}constructor`, incoming)).rejects.toMatchObject({
      subcode: 'wsa:ActionNotSupported',
    });
  });
});

describe(`PDQV3${skipped}`, () => {
  it('ITI-47 answers a page at a time and goes on until there is no more, or until it is cancelled', async () => {
    const to = services();
    for (const value of ['A1', 'A2', 'A3', 'A4', 'A5'])
      await feed(to, { ...PATIENT, identifiers: [{ authority: EMR, value }] });
    const question = writeQuery({ self: clinic, receiver: region, query: QUERY, initialQuantity: 2 });
    const first = await send(to, `${ACTION}PRPA_IN201305UV02`, question);
    const answer = readAnswer(first.message);
    expect(answer).toMatchObject({ response: 'OK', total: 5, remaining: 3 });
    expect(answer.found[0]).toMatchObject({
      score: 95,
      community: COMMUNITY,
      patient: { birthDate: '1984-01-25', names: PATIENT.names },
    });

    const queryId = {
      root: clinic.device,
      extension: attribute(
        path(parseXml(question.markup), 'controlActProcess', 'queryByParameter', 'queryId'),
        'extension',
      ),
    };
    const more = (cancel = false) =>
      writeContinuation(clinic, region, { queryId, answer: { root: '1', extension: '2' }, quantity: 2, cancel });
    const second = readAnswer((await send(to, `${ACTION}QUQI_IN000003UV01_Continue`, more())).message);
    expect([second.found.length, second.remaining]).toEqual([2, 1]);
    const cancelled = await send(to, `${ACTION}QUQI_IN000003UV01_Cancel`, more(true));
    expect(readAcknowledgement(cancelled.message).type).toBe('CA');
    expect(to.kept.size).toBe(0);
    const third = readAnswer((await send(to, `${ACTION}QUQI_IN000003UV01_Continue`, more())).message);
    expect(third.acknowledgement).toMatchObject({ type: 'AE', details: [{ code: '204' }] });
  });

  it('ITI-47 says NF for nobody, and asks the index by everything that was given', async () => {
    const to = services();
    const query: DemographicQuery = {
      ...QUERY,
      identifiers: [{ authority: EMR, value: 'A9' }],
      addresses: PATIENT.addresses,
      phones: ['0881234567'],
      mothersMaidenName: { family: '森', given: [] },
      domains: [REGION],
    };
    const { message } = await send(
      to,
      `${ACTION}PRPA_IN201305UV02`,
      writeQuery({ self: clinic, receiver: region, query }),
    );
    expect(readAnswer(message).response).toBe('NF');
    expect(to.index.queries[0]).toMatchObject({
      identifiers: [{ value: 'A9' }],
      addresses: PATIENT.addresses,
      phones: ['0881234567'],
      mothersMaidenName: { family: '森' },
      domains: [{ oid: REGION.oid }],
    });
  });

  it('ITI-47 refuses a domain that it does not know', async () => {
    const query = { ...QUERY, domains: [{ oid: '1.9.9' }] };
    const { message } = await send(
      services(),
      `${ACTION}PRPA_IN201305UV02`,
      writeQuery({ self: clinic, receiver: region, query }),
    );
    expect(readAnswer(message).acknowledgement.details[0]?.location).toMatch(/otherIDsScopingOrganization\[1\]$/);
  });
});

describe(`XCPD${skipped}`, () => {
  const discover = async (answer: DiscoveryAnswer, query = QUERY) => {
    const asked: unknown[] = [];
    const question = writeDiscovery(clinic, region, query, [EMR.oid]);
    const body = await respondXcpd(
      held(question),
      question.markup,
      {
        self: () => region,
        discovery: {
          discover: async (...all) => {
            asked.push(all);
            return answer;
          },
        },
      },
      'urn:oid:1',
    );
    return { asked, message: held(body) };
  };
  const match = (value: string, community = COMMUNITY) => ({
    patient: {
      ...PATIENT,
      identifiers: [
        { authority: EMR, value },
        { authority: REGION, value: `P${value}` },
      ],
    },
    score: 97,
    community,
  });

  it('one match: its number, its community, its other numbers beside it', async () => {
    const { asked, message } = await discover({ kind: 'matches', matches: [match('A1')] });
    expect(asked).toMatchObject([
      [
        { names: [{ family: '山田' }], birthDate: '1984-01-25' },
        { community: 'urn:oid:1', authorities: [EMR.oid] },
      ],
    ]);
    const patient = path(message, 'controlActProcess', 'subject', 'registrationEvent', 'subject1', 'patient');
    expect(children(patient, 'id')).toHaveLength(1);
    const answer = readDiscovery(message);
    expect(answer).toMatchObject({ kind: 'matches', matches: [{ community: COMMUNITY, score: 97 }] });
    expect(answer.kind === 'matches' && answer.matches[0]?.patient.identifiers.map(({ value }) => value)).toEqual([
      'A1',
      'PA1',
    ]);
  });

  it('several matches, of several communities', async () => {
    const { message } = await discover({ kind: 'matches', matches: [match('A1'), match('B7', '1.2.392.100.3')] });
    const answer = readDiscovery(message);
    expect(answer.kind === 'matches' && answer.matches.map(({ community }) => community)).toEqual([
      COMMUNITY,
      '1.2.392.100.3',
    ]);
  });

  it.each<DiscoveryAnswer>([
    { kind: 'none' },
    { kind: 'ask', attributes: ['LivingSubjectAdministrativeGenderRequested', 'PatientTelecomRequested'] },
    { kind: 'unavailable', reason: 'ResponderBusy' },
    { kind: 'unavailable', reason: 'AnswerNotAvailable' },
  ])('$kind is understood as it was said', async (answer) => {
    const { message } = await discover(answer);
    expect(readDiscovery(message)).toEqual(answer);
    const expected = {
      none: 'NF',
      ask: 'NF',
      unavailable: answer.kind === 'unavailable' && answer.reason === 'ResponderBusy' ? 'QE' : 'AE',
      matches: 'OK',
    };
    expect(attribute(path(message, 'controlActProcess', 'queryAck', 'queryResponseCode'), 'code')).toBe(
      expected[answer.kind],
    );
  });

  it('a query without a birth date is refused before anyone looks', async () => {
    const { asked, message } = await discover({ kind: 'none' }, { ...QUERY, birthDate: undefined });
    expect(asked).toEqual([]);
    expect(readAnswer(message).acknowledgement.details[0]?.location).toMatch(/livingSubjectBirthTime$/);
  });

  it('an answer that has patients and says NF, or patients of no community, is no answer', async () => {
    const { message } = await discover({ kind: 'matches', matches: [match('A1')] });
    expect(message.name).toBe('PRPA_IN201306UV02');
    const question = writeDiscovery(clinic, region, QUERY, []);
    const body = await respondXcpd(parseXml(question.markup), question.markup, {
      self: () => region,
      discovery: { discover: async () => ({ kind: 'matches', matches: [match('A1')] }) },
    });
    expect(() => readDiscovery(parseXml(body.markup.replace('code="OK"', 'code="NF"')))).toThrow(
      /says that it has none/,
    );
    expect(() => readDiscovery(parseXml(body.markup.replace(/<custodian.*<\/custodian>/, '')))).toThrow(/no community/);
  });
});

describe.skipIf(!hasVectors)(`messages of others${skipped}`, () => {
  const folder = () => unpack('nist-toolkit2-some-tests.tar.gz');

  it('reads NIST’s discovery request and answer', async () => {
    const root = folder();
    const request = textAt(root, 'xcpd/FindPatient/XCA/findpatient.xml');
    const asked: DemographicQuery[] = [];
    await respondXcpd(parseXml(request), request, {
      self: () => region,
      discovery: {
        discover: async (query) => {
          asked.push(query);
          return { kind: 'none' };
        },
      },
    });
    expect(asked[0]?.identifiers.map(({ value }) => value)).toEqual(['801', '001111111']);

    const answer = readDiscovery(
      parseXml(textAt(root, 'FindPatientResponse.xml').replace('<id/>', '<id root="1.2"/>')),
    );
    expect(answer).toMatchObject({
      kind: 'matches',
      matches: [{ community: '1.2', score: 100, patient: { identifiers: [{ value: '801' }], gender: 'male' } }],
    });
    expect(child(parseXml(request), 'id')).toBeDefined();
  });
});
