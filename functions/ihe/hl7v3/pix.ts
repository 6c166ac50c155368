// ITI-45, PIXV3 query: PRPA_IN201309UV02 and PRPA_IN201310UV02, https://profiles.ihe.net/ITI/TF/Volume2/ITI-45.html
import type { Authority, Identifier, PersonName } from '../patient.ts';
import { SoapFault } from '../soap/fault.ts';
import type { XmlElement } from '../xml/tree.ts';
import { attribute, child, children, path, standalone } from '../xml/tree.ts';
import type { Markup } from '../xml/write.ts';
import { element, raw } from '../xml/write.ts';
import type { AnswerTo, QueryResponse } from './answer.ts';
import { queryAck } from './answer.ts';
import type { InstanceId } from './datatypes.ts';
import { readId, readIdentifier, writeIdentifier } from './datatypes.ts';
import type { Acknowledgement, Party, V3Header, V3Self } from './message.ts';
import { readAcknowledgement, readHeader, triggerCode, writeAcknowledgement, writeMessage } from './message.ts';
import { readPatient, writeCustodian, writeNameOnly, writeProvider } from './person.ts';

export interface PixQuery {
  readonly header: V3Header;
  readonly queryId: InstanceId;
  readonly identifier: Identifier;
  readonly domains: readonly Authority[];
  readonly echo: string;
}

export const writePixQuery = (
  self: V3Self,
  receiver: Party,
  identifier: Identifier,
  domains: readonly Authority[] = [],
): Markup =>
  writeMessage('PRPA_IN201309UV02', self, receiver, {
    control: element(
      'controlActProcess',
      { classCode: 'CACT', moodCode: 'EVN' },
      triggerCode('PRPA_TE201309UV02'),
      element(
        'queryByParameter',
        {},
        element('queryId', { root: self.device, extension: self.newId() }),
        element('statusCode', { code: 'new' }),
        element('responsePriorityCode', { code: 'I' }),
        element(
          'parameterList',
          {},
          domains.map(({ oid }) =>
            element('dataSource', {}, element('value', { root: oid }), element('semanticsText', {}, 'DataSource.id')),
          ),
          element(
            'patientIdentifier',
            {},
            writeIdentifier('value', identifier),
            element('semanticsText', {}, 'Patient.id'),
          ),
        ),
      ),
    ),
  });

export const readPixQuery = (message: XmlElement, source: string): PixQuery => {
  const header = readHeader(message);
  const byParameter = path(message, 'controlActProcess', 'queryByParameter');
  const list = child(byParameter, 'parameterList');
  const queryId = readId(child(byParameter, 'queryId'));
  const asked = path(list, 'patientIdentifier', 'value');
  const identifier = asked && readIdentifier(asked);
  if (!byParameter || !queryId || !identifier) throw new SoapFault('Sender', 'queryByParameter is incomplete');
  const domains = children(list, 'dataSource').flatMap((one) => {
    const oid = attribute(child(one, 'value'), 'root');
    return oid ? [{ oid }] : [];
  });
  return { header, queryId, identifier, domains, echo: standalone(source, byParameter) };
};

export interface PixAnswer {
  readonly acknowledgement: Acknowledgement;
  readonly response: QueryResponse;
  readonly identifiers: readonly Identifier[];
  readonly name?: PersonName | undefined;
}

export const writePixAnswer = (to: AnswerTo, community: string, answer: PixAnswer): Markup => {
  const { identifiers, name } = answer;
  const patient = { identifiers, names: name ? [name] : [], addresses: [], phones: [] };
  const [first] = identifiers;
  return writeMessage('PRPA_IN201310UV02', to.self, to.receiver, {
    acknowledgement: writeAcknowledgement(to.target, answer.acknowledgement),
    control: element(
      'controlActProcess',
      { classCode: 'CACT', moodCode: 'EVN' },
      triggerCode('PRPA_TE201310UV02'),
      first &&
        element(
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
                identifiers.map((id) => writeIdentifier('id', id)),
                element('statusCode', { code: 'active' }),
                writeNameOnly(patient),
                writeProvider(first.authority.oid),
              ),
            ),
            writeCustodian(community),
          ),
        ),
      queryAck(to.queryId, { ...answer, found: [], total: identifiers.length > 0 ? 1 : 0 }),
      to.echo === undefined ? undefined : raw(to.echo),
    ),
  });
};

const RESPONSES: readonly QueryResponse[] = ['OK', 'NF', 'AE', 'QE'];

export const readPixAnswer = (message: XmlElement): PixAnswer => {
  readHeader(message);
  const control = child(message, 'controlActProcess');
  const code = attribute(path(control, 'queryAck', 'queryResponseCode'), 'code');
  const response = RESPONSES.find((one) => one === code);
  if (message.name !== 'PRPA_IN201310UV02' || !response)
    throw new SoapFault('Receiver', 'the answer is not PRPA_IN201310UV02');
  const patient = path(control, 'subject', 'registrationEvent', 'subject1', 'patient');
  const found = patient && readPatient(patient);
  return {
    acknowledgement: readAcknowledgement(message),
    response,
    identifiers: found?.identifiers ?? [],
    name: found?.names[0],
  };
};
