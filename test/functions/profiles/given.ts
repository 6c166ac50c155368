// Records for the tests of profiles. Nobody of these is a real person.
import type { Resource } from '../../../functions/fhir/types.ts';

export const CORE = 'http://jpfhir.jp/fhir/core';
export const profile = (name: string) => `${CORE}/StructureDefinition/${name}`;
export const extension = (name: string) => `${CORE}/Extension/StructureDefinition/${name}`;

const claims = (name: string) => ({ meta: { profile: [profile(name)] } });
const category = (code: string) => [
  { coding: [{ system: `${CORE}/CodeSystem/JP_SimpleObservationCategory_CS`, code }] },
];

export const patient = (more: object = {}): Resource => ({
  resourceType: 'Patient',
  ...claims('JP_Patient'),
  identifier: [{ system: 'urn:oid:1.2.392.100495.20.3.51.13610000001', value: 'P-1' }],
  name: [
    {
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation', valueCode: 'IDE' }],
      family: '阿波',
    },
  ],
  ...more,
});

export const labResult = (more: object = {}): Resource => ({
  resourceType: 'Observation',
  ...claims('JP_Observation_LabResult'),
  status: 'final',
  category: category('laboratory'),
  code: { coding: [{ system: 'urn:oid:1.2.392.200119.4.504', code: '2A990000001930952' }], text: '血算' },
  subject: { reference: 'Patient/p1' },
  effectiveDateTime: '2026-11-01',
  specimen: { reference: 'Specimen/s1' },
  valueQuantity: { value: 1 },
  ...more,
});

export const vitalSign = (more: object = {}): Resource => ({
  resourceType: 'Observation',
  ...claims('JP_Observation_VitalSigns'),
  status: 'final',
  category: category('vital-signs'),
  code: { text: '体温' },
  subject: { reference: 'Patient/p1' },
  effectiveDateTime: '2026-11-01',
  ...more,
});

export const tablets = (value: number) => ({ value, system: 'urn:x-units', code: 'TAB' });

const rp = [
  { system: `${CORE}/mhlw/IdSystem/Medication-RPGroupNumber`, value: '1' },
  { system: `${CORE}/mhlw/IdSystem/MedicationAdministrationIndex`, value: '1' },
];
export const order = (more: object = {}): Resource => ({
  resourceType: 'MedicationRequest',
  ...claims('JP_MedicationRequest'),
  identifier: rp,
  status: 'active',
  intent: 'order',
  medicationCodeableConcept: { text: '薬' },
  subject: { reference: 'Patient/p1' },
  authoredOn: '2026-11-01',
  dosageInstruction: [
    {
      doseAndRate: [
        {
          doseQuantity: tablets(1),
          rateRatio: {
            numerator: tablets(3),
            denominator: { value: 1, unit: '日', system: 'http://unitsofmeasure.org', code: 'd' },
          },
        },
      ],
    },
  ],
  ...more,
});

export const report = (more: object = {}): Resource => ({
  resourceType: 'DiagnosticReport',
  ...claims('JP_DiagnosticReport_LabResult'),
  status: 'final',
  category: [{ coding: [{ system: 'http://loinc.org', code: 'LP29693-6' }] }],
  code: { text: '検体検査報告書' },
  ...more,
});

export const rpNumbers = rp;
