// A patient of the identity messages as https://hl7.org/fhir/R4/patient.html, and back.
import type { Resource } from '../fhir/types.ts';
import type { Gender, Identifier, PatientData, PersonName, PostalAddress } from './patient.ts';

const REPRESENTATION = 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation';
const MAIDEN_NAME = 'http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName';
const URN_OID = 'urn:oid:';

export const systemOf = ({ authority }: Identifier): string => `${URN_OID}${authority.oid}`;

interface Extension {
  readonly url: string;
  readonly valueCode?: string;
  readonly valueString?: string;
}
interface HumanName {
  readonly extension?: readonly Extension[];
  readonly use?: string;
  readonly text?: string;
  readonly family?: string;
  readonly given?: readonly string[];
}
interface Address {
  readonly line?: readonly string[];
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
  readonly country?: string;
}
export interface FhirPatient extends Resource {
  readonly identifier?: readonly { readonly system?: string; readonly value?: string }[];
  readonly name?: readonly HumanName[];
  readonly gender?: string;
  readonly birthDate?: string;
  readonly deceasedBoolean?: boolean;
  readonly deceasedDateTime?: string;
  readonly address?: readonly Address[];
  readonly telecom?: readonly { readonly system?: string; readonly value?: string }[];
  readonly extension?: readonly Extension[];
}

const given = <T extends object>(value: T): T =>
  Object.fromEntries(
    Object.entries(value).filter(([, one]) => one !== undefined && !(Array.isArray(one) && one.length === 0)),
  ) as T;

/** Only what the message says; what it leaves out is not in the result. */
export const toFhir = (patient: PatientData): FhirPatient => {
  const { deceased, mothersMaidenName } = patient;
  const maiden = mothersMaidenName && [mothersMaidenName.family, ...mothersMaidenName.given].filter(Boolean).join(' ');
  return given({
    resourceType: 'Patient',
    ...(maiden && { extension: [{ url: MAIDEN_NAME, valueString: maiden }] }),
    identifier: patient.identifiers.map((one) => ({ system: systemOf(one), value: one.value })),
    name: patient.names.map(toHumanName),
    telecom: patient.phones.map((value) => ({ system: 'phone', value })),
    ...(patient.gender && { gender: patient.gender }),
    ...(patient.birthDate && { birthDate: patient.birthDate }),
    ...(deceased === true && { deceasedBoolean: true }),
    ...(typeof deceased === 'string' && { deceasedDateTime: deceased }),
    address: patient.addresses.map((one) => given({ ...one, lines: undefined, line: one.lines }) as Address),
  });
};

const toHumanName = ({ family, given: names, representation, use }: PersonName): HumanName =>
  given({
    ...(representation && { extension: [{ url: REPRESENTATION, valueCode: representation }] }),
    use: use === 'maiden' ? 'maiden' : 'official',
    ...(family && { family }),
    given: names,
  });

const GENDERS: readonly Gender[] = ['male', 'female', 'other', 'unknown'];

/** Identifiers whose system is no OID have no place in these messages and stay out. */
export const fromFhir = (patient: FhirPatient): PatientData => ({
  identifiers: (patient.identifier ?? []).flatMap(({ system, value }) =>
    system?.startsWith(URN_OID) && value ? [{ authority: { oid: system.slice(URN_OID.length) }, value }] : [],
  ),
  names: (patient.name ?? []).map(fromHumanName),
  gender: GENDERS.find((one) => one === patient.gender),
  birthDate: patient.birthDate,
  deceased: patient.deceasedDateTime ?? patient.deceasedBoolean,
  addresses: (patient.address ?? []).map(fromAddress),
  phones: (patient.telecom ?? []).flatMap(({ system, value }) => (system === 'phone' && value ? [value] : [])),
  mothersMaidenName: maidenNameOf(patient),
});

const fromHumanName = ({ extension, use, text, family, given: names }: HumanName): PersonName => {
  const code = extension?.find(({ url }) => url === REPRESENTATION)?.valueCode;
  return {
    family: family ?? (names === undefined ? text : undefined),
    given: names ?? [],
    representation: (['IDE', 'SYL', 'ABC'] as const).find((one) => one === code),
    use: use === 'maiden' ? 'maiden' : 'legal',
  };
};

const fromAddress = ({ line, city, state, postalCode, country }: Address): PostalAddress => ({
  lines: line ?? [],
  city,
  state,
  postalCode,
  country,
});

const maidenNameOf = ({ extension }: FhirPatient): PersonName | undefined => {
  const name = extension?.find(({ url }) => url === MAIDEN_NAME)?.valueString;
  return name ? { family: name, given: [] } : undefined;
};
