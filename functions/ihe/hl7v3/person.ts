// Patient and Person of PRPA_MT201301, 201302, 201303, 201304 and 201310.
import type { Identifier, PatientData, PersonName } from '../patient.ts';
import { genderOf } from '../patient.ts';
import type { XmlElement } from '../xml/tree.ts';
import { attribute, child, children, path } from '../xml/tree.ts';
import type { Content, Markup } from '../xml/write.ts';
import { element } from '../xml/write.ts';
import {
  present,
  readAddress,
  readDate,
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

const PERSON = { classCode: 'PSN', determinerCode: 'INSTANCE' };
const ORGANIZATION = { classCode: 'ORG', determinerCode: 'INSTANCE' };

const names = (patient: PatientData): Content =>
  patient.names.length > 0 ? patient.names.map((one) => writeName('name', one)) : element('name', { nullFlavor: 'NA' });

/** All that a demographics answer or a feed says of a person. */
export const writePerson = (patient: PatientData, otherIds: readonly Identifier[] = []): Markup =>
  element(
    'patientPerson',
    PERSON,
    names(patient),
    patient.phones.map((phone) => writePhone('telecom', phone)),
    patient.gender && writeGender('administrativeGenderCode', patient.gender),
    patient.birthDate ? writeDate('birthTime', patient.birthDate) : undefined,
    patient.deceased === true ? element('deceasedInd', { value: true }) : undefined,
    typeof patient.deceased === 'string' ? writeDate('deceasedTime', patient.deceased) : undefined,
    patient.addresses.map((address) => writeAddress('addr', address)),
    otherIds.map((id) =>
      element(
        'asOtherIDs',
        { classCode: 'PAT' },
        writeIdentifier('id', id),
        element('scopingOrganization', ORGANIZATION, element('id', { root: id.authority.oid })),
      ),
    ),
    patient.mothersMaidenName && writeMother(patient.mothersMaidenName),
  );

const writeMother = (name: PersonName): Markup =>
  element(
    'personalRelationship',
    { classCode: 'PRS' },
    element('code', { code: 'MTH', codeSystem: '2.16.840.1.113883.5.111' }),
    element('relationshipHolder1', PERSON, writeName('name', name)),
  );

/** Only the name, for PIX (PRPA_MT201304). */
export const writeNameOnly = (patient: PatientData): Markup => element('patientPerson', PERSON, names(patient));

/** The organization that keeps the record: it gave out the first number, and a contact is required by the schema. */
export const writeProvider = (oid: string): Markup =>
  element(
    'providerOrganization',
    ORGANIZATION,
    element('id', { root: oid }),
    element('contactParty', { classCode: 'CON' }),
  );

/** A patient out of any of the messages. */
export const readPatient = (patient: XmlElement): PatientData => {
  const person = child(patient, 'patientPerson');
  const ids = [...children(patient, 'id'), ...children(person, 'asOtherIDs').flatMap((other) => children(other, 'id'))];
  const mother = children(person, 'personalRelationship').find(
    (one) => attribute(child(one, 'code'), 'code') === 'MTH',
  );
  const mothersName = path(mother, 'relationshipHolder1', 'name');
  return {
    identifiers: present(ids.map(readIdentifier)),
    names: present(children(person, 'name').map(readName)),
    gender: genderOf(attribute(child(person, 'administrativeGenderCode'), 'code')),
    birthDate: readDate(child(person, 'birthTime')),
    deceased:
      readDate(child(person, 'deceasedTime')) ??
      (attribute(child(person, 'deceasedInd'), 'value') === 'true' || undefined),
    addresses: children(person, 'addr').map(readAddress),
    phones: present(children(person, 'telecom').map(readPhone)),
    mothersMaidenName: mothersName && readName(mothersName),
  };
};

/** Home of the record: registrationEvent's custodian. */
export const writeCustodian = (oid: string, healthDataLocator?: boolean): Markup =>
  element(
    'custodian',
    { typeCode: 'CST' },
    element(
      'assignedEntity',
      { classCode: 'ASSIGNED' },
      element('id', { root: oid }),
      healthDataLocator === undefined
        ? undefined
        : element('code', {
            code: healthDataLocator ? 'SupportsHealthDataLocator' : 'NotHealthDataLocator',
            codeSystem: '1.3.6.1.4.1.19376.1.2.27.2',
          }),
    ),
  );
