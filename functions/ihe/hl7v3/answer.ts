// PRPA_IN201306UV02, the answer to a query by demographics, of PDQV3 and XCPD.
import type { PatientData } from '../patient.ts';
import { SoapFault } from '../soap/fault.ts';
import type { XmlElement } from '../xml/tree.ts';
import { attribute, child, children, path } from '../xml/tree.ts';
import type { Content, Markup } from '../xml/write.ts';
import { element, raw } from '../xml/write.ts';
import type { InstanceId } from './datatypes.ts';
import { readId, writeId, writeIdentifier } from './datatypes.ts';
import type { Acknowledgement, Party, V3Self } from './message.ts';
import { readAcknowledgement, readHeader, triggerCode, writeAcknowledgement, writeMessage } from './message.ts';
import { readPatient, writeCustodian, writePerson, writeProvider } from './person.ts';
import { positive } from './query.ts';

/** https://terminology.hl7.org/CodeSystem-v3-QueryResponse.html: found, nobody, refused for what it says, or we failed. */
export type QueryResponse = 'OK' | 'NF' | 'AE' | 'QE';

export interface Found {
  readonly patient: PatientData;
  readonly score?: number | undefined;
  /** OID of the community that keeps the record. */
  readonly community: string;
}

export interface QueryAnswer {
  readonly acknowledgement: Acknowledgement;
  readonly response: QueryResponse;
  readonly found: readonly Found[];
  readonly total?: number | undefined;
  /** After this page. */
  readonly remaining?: number | undefined;
  /** XCPD: attributes that would narrow the search down, and what kept the responder from answering. */
  readonly requested?: readonly string[];
  readonly unavailable?: string | undefined;
}

export interface AnswerTo {
  readonly self: V3Self;
  readonly receiver: Party;
  readonly target: InstanceId;
  readonly queryId: InstanceId;
  /** The query as it came; none when a continuation is answered. */
  readonly echo: string | undefined;
  /** XCPD has one id in a patient and the rest beside it, and says whether the community locates health data. */
  readonly xcpd: boolean;
}

export const REQUESTED_ATTRIBUTES = '1.3.6.1.4.1.19376.1.2.27.1';
const UNAVAILABLE_REASONS = '1.3.6.1.4.1.19376.1.2.27.3';

export const writeAnswer = (to: AnswerTo, answer: QueryAnswer): Markup =>
  writeMessage('PRPA_IN201306UV02', to.self, to.receiver, {
    acknowledgement: writeAcknowledgement(to.target, answer.acknowledgement),
    control: element(
      'controlActProcess',
      { classCode: 'CACT', moodCode: 'EVN' },
      triggerCode('PRPA_TE201306UV02'),
      answer.found.map((one) => subject(one, to.xcpd)),
      reason(answer),
      queryAck(to.queryId, answer),
      to.echo === undefined ? undefined : raw(to.echo),
    ),
  });

export const queryAck = (queryId: InstanceId, { response, total, found, remaining }: QueryAnswer): Markup =>
  element(
    'queryAck',
    {},
    writeId('queryId', queryId),
    element('statusCode', { code: response === 'AE' || response === 'QE' ? 'aborted' : 'deliveredResponse' }),
    element('queryResponseCode', { code: response }),
    quantity('resultTotalQuantity', total),
    quantity('resultCurrentQuantity', found.length),
    quantity('resultRemainingQuantity', remaining),
  );

const quantity = (name: string, value: number | undefined): Markup =>
  element(name, value === undefined ? { nullFlavor: 'NA' } : { value });

const subject = ({ patient, score, community }: Found, xcpd: boolean): Markup => {
  const [first, ...others] = patient.identifiers;
  const own = xcpd ? (first ? [first] : []) : patient.identifiers;
  return element(
    'subject',
    { typeCode: 'SUBJ', contextConductionInd: false },
    element(
      'registrationEvent',
      { classCode: 'REG', moodCode: 'EVN' },
      element('id', { nullFlavor: 'NA' }),
      element('statusCode', { code: 'active' }),
      element(
        'subject1',
        { typeCode: 'SBJ' },
        element(
          'patient',
          { classCode: 'PAT' },
          own.length > 0 ? own.map((id) => writeIdentifier('id', id)) : element('id', { nullFlavor: 'NA' }),
          element('statusCode', { code: 'active' }),
          writePerson(patient, xcpd ? others : []),
          writeProvider(first?.authority.oid ?? community),
          score === undefined ? undefined : matchObservation(score),
        ),
      ),
      writeCustodian(community, xcpd ? false : undefined),
    ),
  );
};

const matchObservation = (score: number): Markup =>
  element(
    'subjectOf1',
    { typeCode: 'SBJ' },
    element(
      'queryMatchObservation',
      { classCode: 'OBS', moodCode: 'EVN' },
      element('code', { code: 'IHE_PDQ' }),
      element('value', { 'xsi:type': 'INT', value: Math.round(score) }),
    ),
  );

const reason = ({ requested = [], unavailable }: QueryAnswer): Content => {
  if (requested.length === 0 && unavailable === undefined) return undefined;
  return element(
    'reasonOf',
    { typeCode: 'RSON' },
    element(
      'detectedIssueEvent',
      { classCode: 'ALRT', moodCode: 'EVN' },
      element('code', { code: 'ActAdministrativeDetectedIssueCode', codeSystem: '2.16.840.1.113883.5.4' }),
      requested.map((code) =>
        element(
          'triggerFor',
          { typeCode: 'TRIG' },
          element(
            'actOrderRequired',
            { classCode: 'ACT', moodCode: 'RQO' },
            element('code', { code, codeSystem: REQUESTED_ATTRIBUTES }),
          ),
        ),
      ),
      unavailable === undefined
        ? undefined
        : element(
            'mitigatedBy',
            { typeCode: 'MITGT' },
            element(
              'detectedIssueManagement',
              { classCode: 'ACT', moodCode: 'EVN' },
              element('code', { code: unavailable, codeSystem: UNAVAILABLE_REASONS }),
            ),
          ),
    ),
  );
};

const RESPONSES: readonly QueryResponse[] = ['OK', 'NF', 'AE', 'QE'];

/** What a partner answered. An answer that contradicts itself is no answer. */
export const readAnswer = (message: XmlElement): QueryAnswer => {
  readHeader(message);
  if (message.name !== 'PRPA_IN201306UV02') throw new SoapFault('Receiver', 'the answer is not PRPA_IN201306UV02');
  const control = child(message, 'controlActProcess');
  const ack = child(control, 'queryAck');
  const response = RESPONSES.find((one) => one === attribute(child(ack, 'queryResponseCode'), 'code'));
  if (!response) throw new SoapFault('Receiver', 'the answer has no queryResponseCode');
  const found = children(control, 'subject').map(readSubject);
  if (response !== 'OK' && found.length > 0)
    throw new SoapFault('Receiver', 'the answer has patients and says that it has none');
  const issue = path(control, 'reasonOf', 'detectedIssueEvent');
  return {
    acknowledgement: readAcknowledgement(message),
    response,
    found,
    total: positive(attribute(child(ack, 'resultTotalQuantity'), 'value')),
    remaining: positive(attribute(child(ack, 'resultRemainingQuantity'), 'value')),
    requested: children(issue, 'triggerFor').flatMap(
      (one) => attribute(path(one, 'actOrderRequired', 'code'), 'code') ?? [],
    ),
    unavailable: attribute(path(issue, 'mitigatedBy', 'detectedIssueManagement', 'code'), 'code'),
  };
};

const readSubject = (subjectElement: XmlElement): Found => {
  const event = child(subjectElement, 'registrationEvent');
  const patient = path(event, 'subject1', 'patient');
  const community = readId(path(event, 'custodian', 'assignedEntity', 'id'))?.root;
  if (!patient || !community) throw new SoapFault('Receiver', 'a patient of the answer has no community');
  const score = Number(attribute(path(patient, 'subjectOf1', 'queryMatchObservation', 'value'), 'value') ?? Number.NaN);
  return { patient: readPatient(patient), community, score: score >= 0 && score <= 100 ? score : undefined };
};
