// The charts of the demo residents, written by the facilities that know them. Both residents have accounts (identities.ts).
import type { Resource } from '../../../../functions/fhir/types.ts';
import {
  coding,
  concept,
  condition,
  coverage,
  encounter,
  HOT9,
  hl7,
  ICD10,
  inPrescription,
  LABS,
  LOINC,
  lab,
  MEDIS_DISEASE,
  MERIT9,
  patient,
  to,
  YJ,
} from './builders.ts';

/** What the charts must know of a facility. */
export interface Facility {
  readonly code: string;
  /** `Organization/<id>`. */
  readonly organization: string;
}

export type Facilities = Readonly<Record<'hospital' | 'clinic' | 'pharmacy' | 'care', Facility>>;

/** Resources by the system that writes, and so owns, them. */
export type Charts = Readonly<Record<keyof Facilities, readonly Resource[]>>;

export const charts = (at: Facilities): Charts => ({
  hospital: [...diabetes(at.hospital), ...allergic(at.hospital)],
  clinic: visits(at.clinic),
  pharmacy: dispensed(at.pharmacy),
  care: atHome(at.care),
});

const FIRST = 'Patient/demo-resident-1';
const SECOND = 'Patient/demo-resident-2';

const amlodipine = concept(
  'アムロジピンＯＤ錠１０ｍｇ',
  coding(HOT9, '121431401', 'アムロジピンＯＤ錠１０ｍｇ'),
  coding(YJ, '2171022F6276', 'アムロジピンＯＤ錠１０ｍｇ'),
);

const onceDaily = {
  text: '内服 １日１回 朝食後',
  timing: {
    repeat: { frequency: 1, period: 1, periodUnit: 'd', when: ['PCM'] },
    code: concept('内服 １日１回 朝食後', coding('http://jami.jp/CodeSystem/MedicationUsage', '1011000400000000')),
  },
};

const prescription = (id: string, subject: string, medicine: object, date: string, requester: string): Resource => ({
  resourceType: 'MedicationRequest',
  id,
  meta: { profile: ['http://jpfhir.jp/fhir/core/StructureDefinition/JP_MedicationRequest'] },
  identifier: inPrescription(1, 1),
  status: 'active',
  intent: 'order',
  medicationCodeableConcept: medicine,
  subject: to(subject),
  authoredOn: `${date}T09:15:00+09:00`,
  requester: to(requester),
  dosageInstruction: [onceDaily],
});

/** Fourteen quarters of a slowly failing kidney under diabetes. */
const quarters = Array.from({ length: 14 }, (_, at) => {
  const month = 2 + at * 3;
  const date = `${2023 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}-10`;
  return { at, date };
});

const rounded = (value: number, digits: number) => Number(value.toFixed(digits));

const diabetes = ({ code, organization }: Facility): Resource[] => [
  patient(
    {
      id: 'demo-resident-1',
      facility: code,
      number: '00010001',
      kanji: ['見本', '春子'],
      kana: ['ミホン', 'ハルコ'],
      gender: 'female',
      birthDate: '1961-04-12',
      phone: '090-0000-0001',
      postalCode: '770-0000',
      address: '見本市春町1-2-3',
    },
    organization,
  ),
  coverage('demo-1-coverage', FIRST, '00360000', '見本1・0001'),
  condition('demo-1-diabetes', FIRST, '2016-06-01', '2型糖尿病', coding(ICD10, 'E11.9', '2型糖尿病')),
  condition(
    'demo-1-hypertension',
    FIRST,
    '2018-02-01',
    '高血圧症',
    coding(MEDIS_DISEASE, '20061593', '高血圧症'),
    coding(ICD10, 'I10', '本態性高血圧症'),
  ),
  condition('demo-1-kidney', FIRST, '2022-09-01', '慢性腎臓病', coding(ICD10, 'N18', '慢性腎臓病')),
  ...quarters.flatMap(({ at, date }) => [
    encounter(`demo-1-visit-${at}`, FIRST, date, '糖尿病内科', organization),
    lab(`demo-1-hba1c-${at}`, LABS.hba1c, FIRST, date, rounded(7.9 - at * 0.08 + (at % 3) * 0.1, 1), organization),
    lab(`demo-1-cre-${at}`, LABS.creatinine, FIRST, date, rounded(0.82 + at * 0.02, 2), organization),
    lab(`demo-1-egfr-${at}`, LABS.egfr, FIRST, date, rounded(56 - at * 1.1, 1), organization),
    lab(`demo-1-ldl-${at}`, LABS.ldl, FIRST, date, 148 - at * 3, organization),
    lab(`demo-1-k-${at}`, LABS.potassium, FIRST, date, rounded(4.2 + (at % 4) * 0.1, 1), organization),
  ]),
  prescription('demo-1-metformin', FIRST, concept('メトホルミン塩酸塩錠２５０ｍｇ'), '2026-06-10', organization),
  prescription('demo-1-amlodipine', FIRST, amlodipine, '2026-06-10', organization),
  {
    resourceType: 'DocumentReference',
    id: 'demo-1-summary',
    status: 'current',
    docStatus: 'final',
    type: concept('診療情報提供書', coding(LOINC, '57133-1', 'Referral note')),
    subject: to(FIRST),
    date: '2026-06-10T10:00:00+09:00',
    custodian: to(organization),
    description: '診療情報提供書 (見本)',
    content: [
      {
        attachment: {
          contentType: 'text/plain; charset=utf-8',
          language: 'ja',
          data: Buffer.from('2型糖尿病、慢性腎臓病で通院中。腎機能の経過をご確認ください。(見本)').toString('base64'),
          title: '診療情報提供書',
        },
      },
    ],
  },
];

const allergic = ({ code, organization }: Facility): Resource[] => [
  patient(
    {
      id: 'demo-resident-2',
      facility: code,
      number: '00010002',
      kanji: ['見本', '夏男'],
      kana: ['ミホン', 'ナツオ'],
      gender: 'male',
      birthDate: '1990-08-03',
      phone: '090-0000-0002',
      postalCode: '770-0000',
      address: '見本市夏町4-5-6',
    },
    organization,
  ),
  coverage('demo-2-coverage', SECOND, '00360000', '見本2・0002'),
  {
    resourceType: 'AllergyIntolerance',
    id: 'demo-2-mackerel',
    meta: { profile: ['http://jpfhir.jp/fhir/core/StructureDefinition/JP_AllergyIntolerance'] },
    clinicalStatus: { coding: [hl7('allergyintolerance-clinical', 'active')] },
    verificationStatus: { coding: [hl7('allergyintolerance-verification', 'confirmed')] },
    type: 'allergy',
    category: ['food'],
    criticality: 'high',
    code: concept(
      'さば',
      coding('http://jpfhir.jp/fhir/core/CodeSystem/JP_JfagyFoodAllergen_CS', 'J9FC11310000', 'さば'),
    ),
    patient: to(SECOND),
    recordedDate: '2024-05-20',
    reaction: [{ manifestation: [concept('全身のじんましん')], severity: 'severe' }],
  },
  encounter('demo-2-visit', SECOND, '2024-05-20', '皮膚科', organization),
  {
    resourceType: 'Immunization',
    id: 'demo-2-influenza',
    status: 'completed',
    vaccineCode: concept('インフルエンザワクチン', coding('http://hl7.org/fhir/sid/cvx', '150')),
    patient: to(SECOND),
    occurrenceDateTime: '2025-11-05',
    performer: [{ actor: to(organization) }],
  },
];

/** The clinic knows the same woman under its own number. */
const visits = ({ code, organization }: Facility): Resource[] => {
  const subject = 'Patient/demo-clinic-1';
  return [
    patient(
      {
        id: 'demo-clinic-1',
        facility: code,
        number: '51234',
        kanji: ['見本', '春子'],
        kana: ['ミホン', 'ハルコ'],
        gender: 'female',
        birthDate: '1961-04-12',
        phone: '090-0000-0001',
        postalCode: '770-0000',
        address: '見本市春町1-2-3',
      },
      organization,
    ),
    encounter('demo-clinic-1-visit', subject, '2026-01-16', '内科', organization),
    condition(
      'demo-clinic-1-bronchitis',
      subject,
      '2026-01-16',
      '急性気管支炎',
      coding(ICD10, 'J20.9', '急性気管支炎'),
    ),
    prescription(
      'demo-clinic-1-acetaminophen',
      subject,
      concept(
        'カロナール錠５００',
        coding(HOT9, '123812902', 'カロナール錠５００'),
        coding(YJ, '1141007F3023', 'カロナール錠５００'),
      ),
      '2026-01-16',
      organization,
    ),
  ];
};

const dispensed = ({ code, organization }: Facility): Resource[] => {
  const subject = 'Patient/demo-pharmacy-1';
  return [
    patient(
      {
        id: 'demo-pharmacy-1',
        facility: code,
        number: 'P-778',
        kanji: ['見本', '春子'],
        kana: ['ミホン', 'ハルコ'],
        gender: 'female',
        birthDate: '1961-04-12',
        phone: '090-0000-0001',
        postalCode: '770-0000',
        address: '見本市春町1-2-3',
      },
      organization,
    ),
    {
      resourceType: 'MedicationDispense',
      id: 'demo-pharmacy-1-amlodipine',
      meta: { profile: ['http://jpfhir.jp/fhir/core/StructureDefinition/JP_MedicationDispense'] },
      identifier: inPrescription(1, 1),
      status: 'completed',
      medicationCodeableConcept: amlodipine,
      subject: to(subject),
      performer: [{ actor: to(organization) }],
      authorizingPrescription: [to('MedicationRequest/demo-1-amlodipine')],
      quantity: { value: 30, unit: '錠', system: MERIT9, code: 'TAB' },
      daysSupply: { value: 30, unit: '日', system: 'http://unitsofmeasure.org', code: 'd' },
      whenHandedOver: '2026-06-10T11:00:00+09:00',
      dosageInstruction: [onceDaily],
    },
  ];
};

const atHome = ({ code, organization }: Facility): Resource[] => {
  const subject = 'Patient/demo-care-1';
  return [
    patient(
      {
        id: 'demo-care-1',
        facility: code,
        number: 'K-0042',
        kanji: ['見本', '秋江'],
        kana: ['ミホン', 'アキエ'],
        gender: 'female',
        birthDate: '1938-11-23',
        phone: '088-000-0003',
        postalCode: '770-0000',
        address: '見本市秋町7-8-9',
      },
      organization,
    ),
    condition(
      'demo-care-1-dementia',
      subject,
      '2021-03-01',
      'アルツハイマー型認知症',
      coding(ICD10, 'F00', 'アルツハイマー型認知症'),
    ),
    {
      resourceType: 'CarePlan',
      id: 'demo-care-1-plan',
      status: 'active',
      intent: 'plan',
      title: '居宅サービス計画',
      subject: to(subject),
      period: { start: '2026-04-01', end: '2027-03-31' },
      author: to(organization),
      activity: [
        { detail: { status: 'in-progress', description: '訪問看護 週2回', kind: 'ServiceRequest' } },
        { detail: { status: 'in-progress', description: '通所介護 週3回', kind: 'ServiceRequest' } },
      ],
    },
  ];
};
