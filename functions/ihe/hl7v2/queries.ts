// ITI-9 PIX Query, ITI-21 Patient Demographics Query, ITI-22 Patient Demographics and Visit Query:
// https://profiles.ihe.net/ITI/TF/Volume2/ITI-9.html, …/ITI-21.html, …/ITI-22.html

import type { Authority, Identifier, PersonName, PostalAddress } from '../patient.ts';
import { fhirDate, genderOf } from '../patient.ts';
import type { DemographicQuery, Match, PatientIndex } from '../ports.ts';
import { IndexError } from '../ports.ts';
import type { AckCode, Refusal, Self } from './answer.ts';
import { answerHeader, errSegment, msaSegment, refusalOf } from './answer.ts';
import { senderOf } from './feed.ts';
import type { Message, OutField, Segment } from './message.ts';
import { componentOf, components, Hl7Error, repetitions, segmentOf, value, writeSegment } from './message.ts';
import { readAuthority, readIdentifier, writePid } from './pid.ts';

export const MAX_PAGE = 100;
type Answer = (string | undefined)[];
/** An answer, once it is known in which character set it goes out. */
export type Written = (charset: string) => Answer;
type Outcome = {
  ack: AckCode;
  status: 'OK' | 'NF' | 'AE';
  total?: number | undefined;
  refusal?: Refusal;
  rest: Answer;
};

/** Answers QBP^Q23: the numbers that the person has in the domains of QPD-4, or in all. */
export const answerPix = async (message: Message, index: PatientIndex, self: Self): Promise<Written> => {
  const qpd = segmentOf(message, 'QPD');
  const outcome = await pixOutcome(message, qpd, index);
  return (charset) => queryAnswer(message, ['RSP', 'K23', 'RSP_K23'], qpd, outcome, charset, self);
};

const pixOutcome = async (message: Message, qpd: Segment | undefined, index: PatientIndex): Promise<Outcome> => {
  try {
    const asked = repetitions(qpd, 3)[0];
    if (!asked) throw new Hl7Error('101', 'QPD-3 is empty', ['QPD', 1, 3]);
    const identifier = await located('QPD', 3, () => readIdentifier(asked, index));
    const domains = await readDomains(qpd, 4, index);
    const found = await located('QPD', 3, () => index.crossReference(identifier, domains, senderOf(message)));
    const identifiers = askedLast(found.identifiers, identifier);
    if (identifiers.length === 0) return { ack: 'AA', status: 'NF', rest: [] };
    const pid = writePid({ identifiers, names: found.name ? [found.name] : [], addresses: [], phones: [] });
    return { ack: 'AA', status: 'OK', rest: [writeSegment('PID', ...pid)] };
  } catch (fault) {
    return refused(fault);
  }
};

/** The asker knows its own number: it comes last. */
const askedLast = (identifiers: readonly Identifier[], asked: Identifier): Identifier[] => {
  const isAsked = ({ authority, value: number }: Identifier) =>
    authority.oid === asked.authority.oid && number === asked.value;
  return [...identifiers.filter((one) => !isAsked(one)), ...identifiers.filter(isAsked)];
};

/** Says in which field of the query an authority or a number was at fault. */
const located = async <T>(segment: string, field: number, read: () => Promise<T>): Promise<T> => {
  try {
    return await read();
  } catch (fault) {
    if (!(fault instanceof IndexError) || fault.refusal === 'forbidden') throw fault;
    const code = fault.refusal === 'missing-identifier' ? '101' : '204';
    throw new Hl7Error(code, fault.message, [segment, 1, field, fault.at + 1]);
  }
};

const readDomains = (qpd: Segment | undefined, field: number, index: PatientIndex): Promise<Authority[]> =>
  Promise.all(repetitions(qpd, field).map((one, at) => located('QPD', field, () => readAuthority(one, index, at))));

const refused = (fault: unknown): Outcome => {
  const said = refusalOf(fault);
  // A query has no PID: what the index refuses of it is what it asks by.
  const refusal = fault instanceof IndexError ? { ...said, location: ['QPD', 1, 3] } : said;
  return { ack: refusal.ack === 'AA' ? 'AE' : refusal.ack, status: 'AE', refusal, rest: [] };
};

/** Answers QBP^Q22 and QBP^ZV1: everyone who matches, a page at a time. */
export const answerPdq = async (message: Message, index: PatientIndex, self: Self): Promise<Written> => {
  const qpd = segmentOf(message, 'QPD');
  const withVisits = value(segmentOf(message, 'MSH'), 9, 2) === 'ZV1';
  const outcome = await pdqOutcome(message, qpd, index, withVisits);
  const type = withVisits ? (['RSP', 'ZV2', 'RSP_ZV2'] as const) : (['RSP', 'K22', 'RSP_K21'] as const);
  return (charset) => queryAnswer(message, type, qpd, outcome, charset, self);
};

const pdqOutcome = async (
  message: Message,
  qpd: Segment | undefined,
  index: PatientIndex,
  withVisits: boolean,
): Promise<Outcome> => {
  try {
    const query = await readQuery(qpd, index, withVisits);
    const rcp = segmentOf(message, 'RCP');
    const wanted = Number(value(rcp, 2));
    const count = Number.isInteger(wanted) && wanted > 0 ? Math.min(wanted, MAX_PAGE) : MAX_PAGE;
    const cursor = value(segmentOf(message, 'DSC'), 1) || undefined;
    const page = await index.query(query, { count, cursor }, senderOf(message));
    if (page.matches.length === 0) return { ack: 'AA', status: 'NF', total: 0, rest: [] };
    const people = page.matches.flatMap((match) => [
      writeSegment('PID', ...writePid(match.patient)),
      withVisits ? writePv1(match) : undefined,
      match.score === undefined ? undefined : writeSegment('QRI', String(match.score)),
    ]);
    const more = page.next === undefined ? [] : [writeSegment('DSC', page.next, 'I')];
    return { ack: 'AA', status: 'OK', total: page.total, rest: [...people, ...more] };
  } catch (fault) {
    return refused(fault);
  }
};

const writePv1 = ({ visit }: Match): string =>
  writeSegment(
    'PV1',
    '1',
    visit?.patientClass ?? 'N',
    components(visit?.ward ?? ''),
    ...Array.from({ length: 15 }, () => ''),
    visit?.visitNumber ?? '',
  );

/** Fields of the query by example: `@PID.5.1.1^SMITH~@PID.8^F`, table 3.21.4.1.2-2. */
const readQuery = async (
  qpd: Segment | undefined,
  index: PatientIndex,
  withVisits: boolean,
): Promise<DemographicQuery> => {
  const given = repetitions(qpd, 3).map((one) => ({
    // `@PID.5.1` and `@PID.5.1.1` are the same component.
    field: componentOf(one, 1).replace(/^@(PID\.(?:5|6)\.\d+)\.1$/, '@$1'),
    text: componentOf(one, 2),
  }));
  if (given.length === 0) throw new Hl7Error('101', 'QPD-3 is empty', ['QPD', 1, 3]);
  const known = withVisits ? [...FIELDS, ...VISIT_FIELDS] : FIELDS;
  const strange = given.findIndex(({ field }) => !known.includes(field));
  if (strange >= 0) throw new Hl7Error('103', 'QPD-3 asks by a field that is not searched', ['QPD', 1, 3, strange + 1]);
  const of = (field: string) => given.find((one) => one.field === field)?.text || undefined;
  const names = nameOf(of('@PID.5.1'), of('@PID.5.2'));
  const [maiden] = nameOf(of('@PID.6.1'), of('@PID.6.2'));
  const visit = { patientClass: of('@PV1.2'), ward: of('@PV1.3.1'), visitNumber: of('@PV1.19.1') };
  return {
    identifiers: await identifierOf(of, index),
    names,
    gender: genderOf(of('@PID.8')),
    birthDate: fhirDate(of('@PID.7.1') ?? of('@PID.7')),
    addresses: addressOf(of),
    phones: [of('@PID.13.1') ?? of('@PID.13') ?? [of('@PID.13.6'), of('@PID.13.7')].filter(Boolean).join('-')].filter(
      Boolean,
    ),
    mothersMaidenName: maiden,
    domains: await readDomains(qpd, 8, index),
    visit: withVisits ? visit : undefined,
  };
};

const ADDRESS = {
  lines: '@PID.11.1',
  city: '@PID.11.3',
  state: '@PID.11.4',
  postalCode: '@PID.11.5',
  country: '@PID.11.6',
} as const;
const FIELDS: readonly string[] = [
  ...['@PID.3', '@PID.3.1', '@PID.3.4', '@PID.3.4.1', '@PID.3.4.2', '@PID.3.4.3', '@PID.3.5', '@PID.5.1', '@PID.5.2'],
  ...['@PID.6.1', '@PID.6.2', '@PID.7', '@PID.7.1', '@PID.8', '@PID.11.1.1', ...Object.values(ADDRESS)],
  ...['@PID.13', '@PID.13.1', '@PID.13.6', '@PID.13.7'],
];
const VISIT_FIELDS: readonly string[] = ['@PV1.2', '@PV1.3.1', '@PV1.19.1'];

const nameOf = (family: string | undefined, given: string | undefined): PersonName[] =>
  family || given ? [{ family, given: given ? [given] : [] }] : [];

const addressOf = (of: (field: string) => string | undefined): PostalAddress[] => {
  const line = of(ADDRESS.lines) ?? of('@PID.11.1.1');
  const rest = {
    city: of(ADDRESS.city),
    state: of(ADDRESS.state),
    postalCode: of(ADDRESS.postalCode),
    country: of(ADDRESS.country),
  };
  return line || Object.values(rest).some(Boolean) ? [{ lines: line ? [line] : [], ...rest }] : [];
};

const identifierOf = async (of: (field: string) => string | undefined, index: PatientIndex): Promise<Identifier[]> => {
  const number = of('@PID.3.1') ?? of('@PID.3');
  if (!number) return [];
  const named: readonly string[] = [
    of('@PID.3.4.1') ?? of('@PID.3.4') ?? '',
    of('@PID.3.4.2') ?? '',
    of('@PID.3.4.3') ?? '',
  ];
  return [await located('QPD', 3, () => readIdentifier([[number], [], [], named], index))];
};

const queryAnswer = (
  message: Message,
  type: readonly [string, string, string],
  qpd: Segment | undefined,
  outcome: Outcome,
  charset: string,
  self: Self,
): Answer => {
  const msh = segmentOf(message, 'MSH');
  const { ack, status, total, refusal, rest } = outcome;
  const name = asWritten(qpd, 1);
  return [
    answerHeader(msh, type, charset, self),
    msaSegment(ack, msh),
    refusal && errSegment(refusal, value(msh, 12)),
    writeSegment('QAK', value(qpd, 2), status, name, total === undefined ? '' : String(total)),
    qpd && writeSegment('QPD', ...qpd.fields.map((_, at) => asWritten(qpd, at + 1))),
    ...rest,
  ];
};

/** QPD goes back as it came. */
const asWritten = (segment: Segment | undefined, field: number): OutField => ({
  repeat: (segment?.fields[field - 1] ?? []).map((one) => components(...one)),
});
