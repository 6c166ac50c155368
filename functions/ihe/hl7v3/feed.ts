// ITI-44 PIXV3 feed and ITI-46 update notification: PRPA_IN201301, 201302 and 201304, acknowledged by MCCI_IN000002.
// https://profiles.ihe.net/ITI/TF/Volume2/ITI-44.html, https://profiles.ihe.net/ITI/TF/Volume2/ITI-46.html
import type { Identifier, PatientData } from '../patient.ts';
import type { FeedEvent } from '../ports.ts';
import { SoapFault } from '../soap/fault.ts';
import type { XmlElement } from '../xml/tree.ts';
import { child, children, path } from '../xml/tree.ts';
import type { Markup } from '../xml/write.ts';
import { element } from '../xml/write.ts';
import type { InstanceId } from './datatypes.ts';
import { present, readIdentifier, writeIdentifier } from './datatypes.ts';
import type { Acknowledgement, Party, V3Header, V3Self } from './message.ts';
import { readHeader, triggerCode, writeAcknowledgement, writeMessage } from './message.ts';
import { readPatient, writeCustodian, writeNameOnly, writePerson, writeProvider } from './person.ts';

const FEEDS = { add: '201301', revise: '201302', merge: '201304' } as const;

export interface FeedMessage {
  readonly header: V3Header;
  readonly event: FeedEvent;
}

export const readFeed = (message: XmlElement): FeedMessage => {
  const header = readHeader(message);
  const kind = (['add', 'revise', 'merge'] as const).find((one) => message.name === `PRPA_IN${FEEDS[one]}UV02`);
  if (!kind) throw new SoapFault('Sender', 'the Body is no message of the feed');
  const subjects = children(child(message, 'controlActProcess'), 'subject');
  const event = child(subjects[0], 'registrationEvent');
  const element = path(event, 'subject1', 'patient');
  if (!element || subjects.length !== 1)
    throw new SoapFault('Sender', 'one registrationEvent with one patient is needed');
  const patient = readPatient(element);
  if (patient.identifiers.length === 0) throw new SoapFault('Sender', 'the patient has no id');
  if (kind !== 'merge') return { header, event: { kind, patient } };
  const obsolete = children(event, 'replacementOf').flatMap((one) =>
    children(path(one, 'priorRegistration', 'subject1', 'priorRegisteredRole'), 'id'),
  );
  const identifiers = present(obsolete.map(readIdentifier));
  if (identifiers.length === 0) throw new SoapFault('Sender', 'replacementOf names no id');
  return { header, event: { kind, patient, obsolete: identifiers } };
};

/** Also the update notification (ITI-46), which is a `revise` with numbers and name only. */
export const writeFeed = (self: V3Self, receiver: Party, event: FeedEvent, community: string): Markup => {
  const number = FEEDS[event.kind];
  const { patient } = event;
  return writeMessage(`PRPA_IN${number}UV02`, self, receiver, {
    acceptAck: 'AL',
    control: element(
      'controlActProcess',
      { classCode: 'CACT', moodCode: 'EVN' },
      triggerCode(`PRPA_TE${number}UV02`),
      element(
        'subject',
        { typeCode: 'SUBJ', contextConductionInd: false },
        element(
          'registrationEvent',
          { classCode: 'REG', moodCode: 'EVN' },
          element('id', { nullFlavor: 'NA' }),
          element('statusCode', { code: 'active' }),
          element('subject1', { typeCode: 'SBJ' }, writePatient(patient, event.kind)),
          writeCustodian(community),
          event.kind === 'merge' ? event.obsolete.map(writeReplaced) : undefined,
        ),
      ),
    ),
  });
};

const writePatient = (patient: PatientData, kind: FeedEvent['kind']): Markup =>
  element(
    'patient',
    { classCode: 'PAT' },
    patient.identifiers.map((id) => writeIdentifier('id', id)),
    element('statusCode', { code: 'active' }),
    kind === 'merge' ? writeNameOnly(patient) : writePerson(patient),
    writeProvider(patient.identifiers[0]?.authority.oid ?? ''),
  );

const writeReplaced = (obsolete: Identifier): Markup =>
  element(
    'replacementOf',
    { typeCode: 'RPLC' },
    element(
      'priorRegistration',
      { classCode: 'REG', moodCode: 'EVN' },
      element('statusCode', { code: 'obsolete' }),
      element(
        'subject1',
        { typeCode: 'SBJ' },
        element('priorRegisteredRole', { classCode: 'PAT' }, writeIdentifier('id', obsolete)),
      ),
    ),
  );

/** MCCI_IN000002UV01 */
export const writeAccept = (
  self: V3Self,
  receiver: Party,
  target: InstanceId,
  acknowledgement: Acknowledgement,
): Markup =>
  writeMessage('MCCI_IN000002UV01', self, receiver, { acknowledgement: writeAcknowledgement(target, acknowledgement) });
