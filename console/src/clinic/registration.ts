// A new patient of the own facility as JP_Patient: http://jpfhir.jp/fhir/core/1.2.0/StructureDefinition-jp-patient.html
import type { Resource } from '../api/client.ts';
import { namesOf } from '../record/fhir.ts';
import { birthDateOf } from './criteria.ts';
import { profiled } from './entry/draft.ts';

const REPRESENTATION = 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation';

export type Registration = Readonly<
  Record<
    | 'number'
    | 'family'
    | 'given'
    | 'familyKana'
    | 'givenKana'
    | 'gender'
    | 'birthDate'
    | 'phone'
    | 'postalCode'
    | 'address',
    string
  >
>;

export const EMPTY: Registration = {
  number: '',
  family: '',
  given: '',
  familyKana: '',
  givenKana: '',
  gender: 'unknown',
  birthDate: '',
  phone: '',
  postalCode: '',
  address: '',
};

/** Element of the Patient that a field fills. */
export const AT: Readonly<Record<keyof Registration, string>> = {
  number: 'Patient.identifier',
  family: 'Patient.name[0]',
  given: 'Patient.name[0].given',
  familyKana: 'Patient.name[1]',
  givenKana: 'Patient.name[1].given',
  gender: 'Patient.gender',
  birthDate: 'Patient.birthDate',
  phone: 'Patient.telecom',
  postalCode: 'Patient.address[0].postalCode',
  address: 'Patient.address',
};

/** Patient numbers of one facility: its code is part of the system. */
export const numberSystem = (facility: string): string => `urn:oid:1.2.392.100495.20.3.51.1${facility}`;

/** Katakana, as JP Core has kana. */
const katakana = (text: string): string =>
  text
    .normalize('NFKC')
    .trim()
    .replace(/[ぁ-ゖ]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0x60));

const name = (valueCode: 'IDE' | 'SYL', family: string, given: string) => ({
  extension: [{ url: REPRESENTATION, valueCode }],
  use: 'official',
  text: [family, given].filter(Boolean).join(' '),
  ...(family && { family }),
  ...(given && { given: [given] }),
});

export const patientOf = (
  values: Registration,
  { facility, organization }: { readonly facility: string; readonly organization: string | undefined },
): Resource => {
  const { family, given, gender, phone, postalCode, address, number } = values;
  const kana = [katakana(values.familyKana), katakana(values.givenKana)] as const;
  return {
    ...profiled('JP_Patient'),
    resourceType: 'Patient',
    identifier: [
      {
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
        system: numberSystem(facility),
        value: number.normalize('NFKC').trim(),
      },
    ],
    active: true,
    name: [
      ...(family || given ? [name('IDE', family.trim(), given.trim())] : []),
      ...(kana[0] || kana[1] ? [name('SYL', ...kana)] : []),
    ],
    ...(phone && { telecom: [{ system: 'phone', value: phone.normalize('NFKC').trim() }] }),
    gender: gender || 'unknown',
    ...(values.birthDate && { birthDate: birthDateOf(values.birthDate.normalize('NFKC').trim()) ?? values.birthDate }),
    ...((address || postalCode) && {
      address: [
        {
          use: 'home',
          ...(address && { text: address.trim() }),
          ...(postalCode && { postalCode: postalCode.normalize('NFKC').trim() }),
          country: 'JP',
        },
      ],
    }),
    ...(organization && { managingOrganization: { reference: organization } }),
  };
};

/** Of a record that another facility has: all but the number, which is each facility's own. */
export const registrationOf = (patient: Resource): Registration => {
  const split = (text: string): readonly [string, string] => {
    const [family = '', ...given] = text.split(/\s+/);
    return [family, given.join(' ')];
  };
  const { kanji, kana } = namesOf(patient);
  const [family, given] = split(kanji);
  const [familyKana, givenKana] = split(kana);
  const [address] = (patient['address'] as { text?: string; postalCode?: string }[]) ?? [];
  const phone = (patient['telecom'] as { system?: string; value?: string }[])?.find(({ system }) => system === 'phone');
  return {
    number: '',
    family,
    given,
    familyKana,
    givenKana,
    gender: String(patient['gender'] ?? 'unknown'),
    birthDate: String(patient['birthDate'] ?? ''),
    phone: phone?.value ?? '',
    postalCode: address?.postalCode ?? '',
    address: address?.text ?? '',
  };
};
