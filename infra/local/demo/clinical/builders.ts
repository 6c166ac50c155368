// Small builders for the demo charts: Japanese names, codes and references as JP Core writes them. No one here is a real person.
import type { Resource } from '../../../../functions/fhir/types.ts';

export const coding = (system: string, code: string, display?: string) => ({
  system,
  code,
  ...(display && { display }),
});

export const concept = (text: string, ...codings: object[]) => ({
  ...(codings.length > 0 && { coding: codings }),
  text,
});

export const ICD10 = 'http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full';
export const MEDIS_DISEASE = 'http://medis.or.jp/CodeSystem/master-disease-keyNumber';
export const HOT9 = 'http://medis.or.jp/CodeSystem/master-HOT9';
export const YJ = 'http://capstandard.jp/iyaku.info/CodeSystem/YJ-code';
export const JLAC10 = 'urn:oid:1.2.392.200119.4.504';
export const MERIT9 = 'http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUnitMERIT9Code';
export const LOINC = 'http://loinc.org';
const JP_CATEGORY = 'http://jpfhir.jp/fhir/core/CodeSystem/JP_SimpleObservationCategory_CS';
const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';

export const hl7 = (system: string, code: string, display?: string) =>
  coding(`${TERMINOLOGY}/${system}`, code, display);

const REPRESENTATION = 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation';

/** A name in kanji and in kana: https://jpfhir.jp/fhir/core/ (JP_Patient) */
export const names = (kanji: readonly [string, string], kana: readonly [string, string]) =>
  [['IDE', kanji] as const, ['SYL', kana] as const].map(([valueCode, [family, given]]) => ({
    extension: [{ url: REPRESENTATION, valueCode }],
    use: 'official',
    text: `${family} ${given}`,
    family,
    given: [given],
  }));

export const to = (reference: string) => ({ reference });

/** The patient number of one facility: its code is part of the system, so that two facilities' numbers never meet. */
export const patientNumber = (facility: string, value: string) => ({
  type: { coding: [hl7('v2-0203', 'MR')] },
  system: `urn:oid:1.2.392.100495.20.3.51.1${facility}`,
  value,
});

interface PatientOf {
  readonly id: string;
  readonly facility: string;
  readonly number: string;
  readonly kanji: readonly [string, string];
  readonly kana: readonly [string, string];
  readonly gender: 'male' | 'female';
  readonly birthDate: string;
  readonly phone: string;
  readonly postalCode: string;
  readonly address: string;
}

export const patient = (of: PatientOf, managingOrganization: string): Resource => ({
  resourceType: 'Patient',
  id: of.id,
  meta: { profile: ['http://jpfhir.jp/fhir/core/StructureDefinition/JP_Patient'] },
  identifier: [patientNumber(of.facility, of.number)],
  active: true,
  name: names(of.kanji, of.kana),
  telecom: [{ system: 'phone', value: of.phone, use: 'mobile' }],
  gender: of.gender,
  birthDate: of.birthDate,
  address: [{ use: 'home', text: of.address, postalCode: of.postalCode, country: 'JP' }],
  managingOrganization: to(managingOrganization),
});

export interface Lab {
  readonly code: string;
  readonly loinc?: string;
  readonly name: string;
  /** @default serum 血清 */
  readonly specimen?: string;
  readonly unit: string;
  readonly low?: number;
  readonly high?: number;
}

/** Where a medicine stands in its prescription: RP番号 and RP内連番, which JP Core asks for. */
export const inPrescription = (group: number, order: number) => [
  { system: 'http://jpfhir.jp/fhir/core/mhlw/IdSystem/Medication-RPGroupNumber', value: String(group) },
  { system: 'http://jpfhir.jp/fhir/core/mhlw/IdSystem/MedicationAdministrationIndex', value: String(order) },
];

/** JLAC10 codes as the specific health checkup (特定健診) uses them. */
export const LABS = {
  hba1c: {
    code: '3D046000001906202',
    loinc: '17856-6',
    name: 'HbA1c (NGSP)',
    specimen: '全血',
    unit: '%',
    low: 4.6,
    high: 6.2,
  },
  creatinine: {
    code: '3C015000002327101',
    loinc: '2160-0',
    name: 'クレアチニン',
    unit: 'mg/dL',
    low: 0.46,
    high: 0.79,
  },
  egfr: { code: '8A065000002391901', name: 'eGFR', unit: 'mL/min/{1.73_m2}', low: 60 },
  ldl: { code: '3F077000002327101', name: 'LDL-コレステロール', unit: 'mg/dL', low: 65, high: 139 },
  potassium: { code: '3H015000002326101', name: 'カリウム', unit: 'mmol/L', low: 3.6, high: 4.8 },
} as const satisfies Record<string, Lab>;

export const lab = (
  id: string,
  test: Lab,
  subject: string,
  date: string,
  value: number,
  performer: string,
): Resource => {
  const quantity = (amount: number) => ({
    value: amount,
    unit: test.unit,
    system: 'http://unitsofmeasure.org',
    code: test.unit,
  });
  const flag =
    test.high !== undefined && value > test.high ? 'H' : test.low !== undefined && value < test.low ? 'L' : 'N';
  return {
    resourceType: 'Observation',
    id,
    meta: { profile: ['http://jpfhir.jp/fhir/core/StructureDefinition/JP_Observation_LabResult'] },
    status: 'final',
    category: [
      concept('検体検査', coding(JP_CATEGORY, 'laboratory')),
      { coding: [hl7('observation-category', 'laboratory')] },
    ],
    contained: [
      { resourceType: 'Specimen', id: 'specimen', type: { text: test.specimen ?? '血清' }, subject: to(subject) },
    ],
    specimen: to('#specimen'),
    code: concept(test.name, coding(JLAC10, test.code, test.name), ...(test.loinc ? [coding(LOINC, test.loinc)] : [])),
    subject: to(subject),
    effectiveDateTime: `${date}T09:00:00+09:00`,
    performer: [to(performer)],
    valueQuantity: quantity(value),
    interpretation: [{ coding: [hl7('v3-ObservationInterpretation', flag)] }],
    referenceRange: [
      {
        ...(test.low !== undefined && { low: quantity(test.low) }),
        ...(test.high !== undefined && { high: quantity(test.high) }),
      },
    ],
  };
};

export const condition = (
  id: string,
  subject: string,
  onset: string,
  name: string,
  ...codings: object[]
): Resource => ({
  resourceType: 'Condition',
  id,
  meta: { profile: ['http://jpfhir.jp/fhir/core/StructureDefinition/JP_Condition'] },
  clinicalStatus: { coding: [hl7('condition-clinical', 'active')] },
  verificationStatus: { coding: [hl7('condition-ver-status', 'confirmed')] },
  category: [{ coding: [hl7('condition-category', 'problem-list-item')] }],
  code: concept(name, ...codings),
  subject: to(subject),
  onsetDateTime: onset,
});

export const encounter = (id: string, subject: string, date: string, service: string, provider: string): Resource => ({
  resourceType: 'Encounter',
  id,
  meta: { profile: ['http://jpfhir.jp/fhir/core/StructureDefinition/JP_Encounter'] },
  status: 'finished',
  class: hl7('v3-ActCode', 'AMB'),
  serviceType: { text: service },
  subject: to(subject),
  period: { start: `${date}T09:00:00+09:00`, end: `${date}T09:20:00+09:00` },
  serviceProvider: to(provider),
});

export const coverage = (id: string, subject: string, insurer: string, member: string): Resource => ({
  resourceType: 'Coverage',
  id,
  meta: { profile: ['http://jpfhir.jp/fhir/core/StructureDefinition/JP_Coverage'] },
  status: 'active',
  type: { text: '国民健康保険' },
  subscriberId: member,
  beneficiary: to(subject),
  relationship: { coding: [hl7('subscriber-relationship', 'self')] },
  payor: [
    {
      type: 'Organization',
      identifier: { system: 'urn:oid:1.2.392.100495.20.3.61', value: insurer },
      display: '保険者',
    },
  ],
});
