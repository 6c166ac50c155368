// PRPA_IN201305UV02, the query by demographics of PDQV3 (ITI-47) and XCPD (ITI-55):
// https://profiles.ihe.net/ITI/TF/Volume2/ITI-47.html, https://profiles.ihe.net/ITI/TF/Volume2/ITI-55.html

import type { Authority, Identifier } from '../patient.ts';
import { genderOf } from '../patient.ts';
import type { DemographicQuery } from '../ports.ts';
import { SoapFault } from '../soap/fault.ts';
import type { XmlElement } from '../xml/tree.ts';
import { attribute, child, children, path, standalone } from '../xml/tree.ts';
import type { Content, Markup } from '../xml/write.ts';
import { element } from '../xml/write.ts';
import type { InstanceId } from './datatypes.ts';
import {
  present,
  readAddress,
  readDate,
  readId,
  readIdentifier,
  readName,
  readPhone,
  writeAddress,
  writeDate,
  writeGender,
  writeIdentifier,
  writeName,
  writePhone,
} from './datatypes.ts';
import type { Party, V3Header, V3Self } from './message.ts';
import { readHeader, triggerCode, writeMessage } from './message.ts';

export interface QueryMessage {
  readonly header: V3Header;
  readonly queryId: InstanceId;
  readonly query: DemographicQuery;
  /** How many at once the asker wants. */
  readonly initialQuantity: number | undefined;
  /** XCPD: the asker's own number for the person, under which it will be asked back (the id of its assigner is in `authorities`). */
  readonly authorities: readonly string[];
  /** `queryByParameter` as it came, to be put into the answer. */
  readonly echo: string;
}

const parameter = (name: string, semantics: string, value: Markup | undefined): Markup | undefined =>
  value && element(name, {}, value, element('semanticsText', {}, semantics));

const parameterList = (query: DemographicQuery): Content => [
  query.gender &&
    parameter(
      'livingSubjectAdministrativeGender',
      'LivingSubject.administrativeGender',
      writeGender('value', query.gender),
    ),
  query.birthDate
    ? parameter('livingSubjectBirthTime', 'LivingSubject.birthTime', writeDate('value', query.birthDate))
    : undefined,
  query.identifiers.map((id) => parameter('livingSubjectId', 'LivingSubject.id', writeIdentifier('value', id))),
  query.names.map((name) => parameter('livingSubjectName', 'LivingSubject.name', writeName('value', name))),
  query.mothersMaidenName &&
    parameter('mothersMaidenName', 'Person.MothersMaidenName', writeName('value', query.mothersMaidenName)),
  query.domains.map(({ oid }) =>
    parameter('otherIDsScopingOrganization', 'OtherIDs.scopingOrganization.id', element('value', { root: oid })),
  ),
  query.addresses.map((address) => parameter('patientAddress', 'Patient.addr', writeAddress('value', address))),
  query.phones.map((phone) => parameter('patientTelecom', 'Patient.telecom', writePhone('value', phone))),
];

export interface OutgoingQuery {
  readonly self: V3Self;
  readonly receiver: Party;
  readonly query: DemographicQuery;
  /** Assigning authorities of the asker's community (XCPD: authorOrPerformer). */
  readonly authorities?: readonly string[];
  readonly initialQuantity?: number | undefined;
}

export const writeQuery = ({ self, receiver, query, authorities = [], initialQuantity }: OutgoingQuery): Markup =>
  writeMessage('PRPA_IN201305UV02', self, receiver, {
    control: element(
      'controlActProcess',
      { classCode: 'CACT', moodCode: 'EVN' },
      triggerCode('PRPA_TE201305UV02'),
      authorities.map((oid) =>
        element(
          'authorOrPerformer',
          { typeCode: 'AUT' },
          element('assignedDevice', { classCode: 'ASSIGNED' }, element('id', { root: oid })),
        ),
      ),
      element(
        'queryByParameter',
        {},
        element('queryId', { root: self.device, extension: self.newId() }),
        element('statusCode', { code: 'new' }),
        element('responseModalityCode', { code: 'R' }),
        element('responsePriorityCode', { code: 'I' }),
        initialQuantity === undefined ? undefined : element('initialQuantity', { value: initialQuantity }),
        element('parameterList', {}, parameterList(query)),
      ),
    ),
  });

export const readQuery = (message: XmlElement, source: string): QueryMessage => {
  const header = readHeader(message);
  const control = child(message, 'controlActProcess');
  const byParameter = child(control, 'queryByParameter');
  const list = child(byParameter, 'parameterList');
  const queryId = readId(child(byParameter, 'queryId'));
  if (!byParameter || !list || !queryId) throw new SoapFault('Sender', 'queryByParameter is incomplete');
  const values = (name: string) => children(list, name).flatMap((one) => children(one, 'value'));
  const [mother] = values('mothersMaidenName');
  return {
    header,
    queryId,
    echo: standalone(source, byParameter),
    authorities: children(control, 'authorOrPerformer').flatMap(
      (author) => attribute(path(author, 'assignedDevice', 'id'), 'root') ?? [],
    ),
    initialQuantity: positive(attribute(child(byParameter, 'initialQuantity'), 'value')),
    query: {
      identifiers: present(values('livingSubjectId').map(identifier)),
      names: present(values('livingSubjectName').map(readName)),
      gender: genderOf(attribute(values('livingSubjectAdministrativeGender')[0], 'code')),
      birthDate: readDate(values('livingSubjectBirthTime')[0]),
      addresses: values('patientAddress').map(readAddress),
      phones: present(values('patientTelecom').map(readPhone)),
      mothersMaidenName: mother && readName(mother),
      domains: values('otherIDsScopingOrganization').flatMap(domain),
    },
  };
};

const identifier = (value: XmlElement): Identifier | undefined => readIdentifier(value);

const domain = (value: XmlElement): Authority[] => {
  const oid = attribute(value, 'root');
  return oid ? [{ oid }] : [];
};

export const positive = (text: string | undefined): number | undefined =>
  text !== undefined && /^[1-9]\d{0,6}$/.test(text) ? Number(text) : undefined;
