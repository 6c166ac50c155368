// PIXV3 manager and PDQV3 supplier: one v3 message in, its answer out.
import type { Identifier } from '../patient.ts';
import type { Continuations, DemographicQuery, FaultyPart, MatchPage, PatientIndex } from '../ports.ts';
import { IndexError } from '../ports.ts';
import { SoapFault } from '../soap/fault.ts';
import type { XmlElement } from '../xml/tree.ts';
import type { Markup } from '../xml/write.ts';
import type { AnswerTo, QueryAnswer, QueryResponse } from './answer.ts';
import { writeAnswer } from './answer.ts';
import { readContinuation } from './continuation.ts';
import type { InstanceId } from './datatypes.ts';
import { readFeed, writeAccept } from './feed.ts';
import type { Acknowledgement, AckType, V3Header, V3Self } from './message.ts';
import { senderOf } from './message.ts';
import { readPixQuery, writePixAnswer } from './pix.ts';
import { readQuery } from './query.ts';

export interface V3Services {
  readonly index: PatientIndex;
  readonly continuations: Continuations;
  readonly self: () => V3Self;
  /** OID of this region, custodian of what it answers. */
  readonly community: string;
}

export interface V3Answer {
  readonly action: string;
  readonly body: Markup;
}

const MAX_PAGE = 100;
const CONTINUATION_MS = 10 * 60_000;

/** Which action may carry which message, and what answers it: ITI TF-2 appendix on WSDL. */
const TRANSACTIONS: Readonly<Record<string, { answer: string; respond: Respond }>> = {
  'urn:hl7-org:v3:PRPA_IN201301UV02': {
    answer: 'urn:hl7-org:v3:MCCI_IN000002UV01',
    respond: (one) => respondFeed(one),
  },
  'urn:hl7-org:v3:PRPA_IN201302UV02': {
    answer: 'urn:hl7-org:v3:MCCI_IN000002UV01',
    respond: (one) => respondFeed(one),
  },
  'urn:hl7-org:v3:PRPA_IN201304UV02': {
    answer: 'urn:hl7-org:v3:MCCI_IN000002UV01',
    respond: (one) => respondFeed(one),
  },
  'urn:hl7-org:v3:PRPA_IN201309UV02': { answer: 'urn:hl7-org:v3:PRPA_IN201310UV02', respond: (one) => respondPix(one) },
  'urn:hl7-org:v3:PRPA_IN201305UV02': { answer: 'urn:hl7-org:v3:PRPA_IN201306UV02', respond: (one) => respondPdq(one) },
  'urn:hl7-org:v3:QUQI_IN000003UV01_Continue': {
    answer: 'urn:hl7-org:v3:PRPA_IN201306UV02',
    respond: (one) => respondMore(one),
  },
  'urn:hl7-org:v3:QUQI_IN000003UV01_Cancel': {
    answer: 'urn:hl7-org:v3:MCCI_IN000002UV01',
    respond: (one) => respondMore(one),
  },
};

interface Incoming {
  readonly message: XmlElement;
  readonly source: string;
  readonly services: V3Services;
}
type Respond = (incoming: Incoming) => Promise<Markup>;

export const respondV3 = async (action: string, incoming: Incoming): Promise<V3Answer> => {
  const transaction = Object.hasOwn(TRANSACTIONS, action) ? TRANSACTIONS[action] : undefined;
  if (!transaction) throw new SoapFault('Sender', 'the action is not one of PIXV3 or PDQV3', 'wsa:ActionNotSupported');
  // SOAP's action decides what is done, so it must say what the body is.
  const expected = action.replace('urn:hl7-org:v3:', '').replace('_Continue', '');
  if (incoming.message.name !== expected)
    throw new SoapFault('Sender', 'the Body is not what the action says', 'wsa:InvalidAddressingHeader');
  return { action: transaction.answer, body: await transaction.respond(incoming) };
};

const respondFeed: Respond = async ({ message, services }) => {
  const { header, event } = readFeed(message);
  const self = services.self();
  try {
    await services.index.feed(event, senderOf(header));
    return writeAccept(self, header.sender, header.id, { type: 'CA', details: [] });
  } catch (fault) {
    const location = fault instanceof IndexError ? PARTS[fault.part] : PATIENT_ID;
    return writeAccept(self, header.sender, header.id, refusal(fault, 'CE', location));
  }
};

const PATIENT_ID = '/controlActProcess/subject/registrationEvent/subject1/patient/id';
const PERSON = '/controlActProcess/subject/registrationEvent/subject1/patient/patientPerson';
const PARTS: Readonly<Record<FaultyPart, string>> = {
  identifier: PATIENT_ID,
  obsolete:
    '/controlActProcess/subject/registrationEvent/replacementOf/priorRegistration/subject1/priorRegisteredRole/id',
  name: `${PERSON}/name`,
  birthDate: `${PERSON}/birthTime`,
  gender: `${PERSON}/administrativeGenderCode`,
  address: `${PERSON}/addr`,
  telecom: `${PERSON}/telecom`,
};
const PIX_PARAMETER = '/controlActProcess/queryByParameter/parameterList/patientIdentifier/value';
const PIX_DOMAIN = '/controlActProcess/queryByParameter/parameterList/dataSource';
const PDQ_PARAMETERS = '/controlActProcess/queryByParameter/parameterList';
const PDQ_DOMAIN = `${PDQ_PARAMETERS}/otherIDsScopingOrganization`;

/** A refusal of the index as an acknowledgement; anything else is a fault of ours and leaves as one. */
const refusal = (fault: unknown, type: AckType, location: string): Acknowledgement => {
  if (!(fault instanceof IndexError)) throw fault;
  const code = { 'missing-identifier': '101', invalid: '102' }[fault.refusal as string] ?? '204';
  const isOne = location === PDQ_PARAMETERS || Object.values(PARTS).includes(location);
  const at = fault.at > 0 || !isOne ? `${location}[${fault.at + 1}]` : location;
  return { type, details: [{ code, text: fault.message, location: at }] };
};

const answerTo = (header: V3Header, queryId: InstanceId, echo: string | undefined, services: V3Services): AnswerTo => ({
  self: services.self(),
  receiver: header.sender,
  target: header.id,
  queryId,
  echo,
  xcpd: false,
});

const respondPix: Respond = async ({ message, source, services }) => {
  const query = readPixQuery(message, source);
  const to = answerTo(query.header, query.queryId, query.echo, services);
  const { index, community } = services;
  try {
    await known(
      index,
      query.domains.map(({ oid }) => oid),
    );
    const { identifiers, name } = await index.crossReference(query.identifier, query.domains, senderOf(query.header));
    const others = [
      ...identifiers.filter((one) => !same(one, query.identifier)),
      ...identifiers.filter((one) => same(one, query.identifier)),
    ];
    const response: QueryResponse = others.length > 0 ? 'OK' : 'NF';
    return writePixAnswer(to, community, {
      acknowledgement: { type: 'AA', details: [] },
      response,
      identifiers: others,
      name,
    });
  } catch (fault) {
    const location = fault instanceof UnknownDomain ? PIX_DOMAIN : PIX_PARAMETER;
    return writePixAnswer(to, community, {
      acknowledgement: refusal(fault, 'AE', location),
      response: 'AE',
      identifiers: [],
    });
  }
};

const same = (a: Identifier, b: Identifier): boolean => a.authority.oid === b.authority.oid && a.value === b.value;

class UnknownDomain extends IndexError {}

const known = async (index: PatientIndex, oids: readonly string[]): Promise<void> => {
  for (const [at, oid] of oids.entries())
    if (!(await index.authority({ oid }))) throw new UnknownDomain('unknown-authority', 'the domain is not known', at);
};

/** What is kept between pages. */
interface State {
  readonly query: DemographicQuery;
  readonly cursor: string;
  readonly given: number;
  readonly total?: number | undefined;
}

const stateKey = (header: V3Header, { root, extension }: InstanceId): string =>
  JSON.stringify([header.sender.device, root, extension ?? '']);

const respondPdq: Respond = async ({ message, source, services }) => {
  const { header, queryId, echo, query, initialQuantity } = readQuery(message, source);
  const to = answerTo(header, queryId, echo, services);
  try {
    await known(
      services.index,
      query.domains.map(({ oid }) => oid),
    );
    return writeAnswer(to, await page(header, queryId, { query, given: 0 }, initialQuantity, services));
  } catch (fault) {
    const acknowledgement = refusal(fault, 'AE', fault instanceof UnknownDomain ? PDQ_DOMAIN : PDQ_PARAMETERS);
    return writeAnswer(to, { acknowledgement, response: 'AE', found: [] });
  }
};

const page = async (
  header: V3Header,
  queryId: InstanceId,
  { query, cursor, given, total: counted }: Omit<State, 'cursor'> & { readonly cursor?: string },
  wanted: number | undefined,
  services: V3Services,
): Promise<QueryAnswer> => {
  const count = Math.min(wanted ?? MAX_PAGE, MAX_PAGE);
  const found: MatchPage = await services.index.query(query, { count, cursor }, senderOf(header));
  const key = stateKey(header, queryId);
  const soFar = given + found.matches.length;
  const total = counted ?? found.total;
  if (found.next !== undefined) {
    const state: State = { query, cursor: found.next, given: soFar, total };
    await services.continuations.keep(key, JSON.stringify(state), services.self().now + CONTINUATION_MS);
  } else if (cursor !== undefined) await services.continuations.drop(key);
  return {
    acknowledgement: { type: 'AA', details: [] },
    response: soFar > 0 ? 'OK' : 'NF',
    found: found.matches.map(({ patient, score }) => ({ patient, score, community: services.community })),
    total,
    remaining: found.next === undefined ? 0 : total === undefined ? undefined : Math.max(total - soFar, 1),
  };
};

const respondMore: Respond = async ({ message, services }) => {
  const { header, queryId, quantity, cancel } = readContinuation(message);
  const key = stateKey(header, queryId);
  const kept = await services.continuations.find(key);
  if (cancel) {
    await services.continuations.drop(key);
    return writeAccept(services.self(), header.sender, header.id, { type: 'CA', details: [] });
  }
  const to = answerTo(header, queryId, undefined, services);
  if (kept === undefined) {
    const details = [
      { code: '204', text: 'no such query goes on', location: '/controlActProcess/queryContinuation/queryId' },
    ];
    return writeAnswer(to, { acknowledgement: { type: 'AE', details }, response: 'AE', found: [] });
  }
  return writeAnswer(to, await page(header, queryId, JSON.parse(kept) as State, quantity, services));
};
