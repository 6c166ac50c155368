// Loaded records in the reader's language: by standard codes, and not by what their author's software calls them.
import { expect, it } from 'vitest';
import type { Resource } from '../../console/src/api/client.ts';
import { chartOf } from '../../console/src/record/record.ts';
import { partsOf } from '../../console/src/record/same-name.ts';

const HL7 = 'http://terminology.hl7.org/CodeSystem';
const coded = (system: string, code: string, display = 'English of the author') => ({
  coding: [{ system, code, display }],
});
const SNOMED = 'http://snomed.info/sct';

/** As Synthea writes it. */
const RESOURCES: readonly Resource[] = [
  {
    resourceType: 'Condition',
    clinicalStatus: coded(`${HL7}/condition-clinical`, 'resolved'),
    verificationStatus: coded(`${HL7}/condition-ver-status`, 'confirmed'),
    severity: coded(SNOMED, '24484000', 'Severe'),
    code: { ...coded(SNOMED, '10509002'), text: 'Acute bronchitis (disorder)' },
  },
  {
    resourceType: 'AllergyIntolerance',
    clinicalStatus: coded(`${HL7}/allergyintolerance-clinical`, 'active'),
    verificationStatus: coded(`${HL7}/allergyintolerance-verification`, 'unconfirmed'),
    category: ['food'],
    criticality: 'low',
    reaction: [{ manifestation: [{ text: 'じんましん' }], severity: 'moderate' }],
    code: { text: '卵' },
  },
  {
    resourceType: 'MedicationRequest',
    status: 'stopped',
    intent: 'plan',
    medicationCodeableConcept: { text: '薬' },
    dosageInstruction: [{ text: '1日1回' }],
  },
  {
    resourceType: 'Encounter',
    status: 'finished',
    class: { system: `${HL7}/v3-ActCode`, code: 'EMER' },
    type: [{ text: '受診' }],
  },
  {
    resourceType: 'Observation',
    status: 'preliminary',
    category: [coded(`${HL7}/observation-category`, 'laboratory')],
    code: { text: '検査' },
    valueCodeableConcept: coded(`${HL7}/v3-ObservationInterpretation`, 'POS'),
  },
  {
    resourceType: 'Goal',
    lifecycleStatus: 'accepted',
    achievementStatus: coded(`${HL7}/goal-achievement`, 'in-progress'),
    description: { text: '目標' },
  },
  {
    resourceType: 'Immunization',
    status: 'not-done',
    vaccineCode: { ...coded('http://hl7.org/fhir/sid/cvx', '140'), text: 'Influenza, seasonal, injectable' },
  },
  {
    resourceType: 'CarePlan',
    status: 'completed',
    category: [
      coded('http://hl7.org/fhir/us/core/CodeSystem/careplan-category', 'assess-plan'),
      { ...coded(SNOMED, '53950000'), text: 'Respiratory therapy' },
    ],
  },
];

const said = (language: 'ja' | 'en') =>
  Object.fromEntries(
    chartOf(
      'x',
      RESOURCES.map((one, at) => ({ ...one, id: String(at), date: '2026-01-01' })),
      undefined,
      { language },
    ).timeline.map(({ resource, title, detail }) => [resource.resourceType, `${title} | ${detail}`]),
  );

it('says standard codes in Japanese', () => {
  expect(said('ja')).toEqual({
    Condition: 'Acute bronchitis (disorder) | 治癒 重度',
    AllergyIntolerance: '卵 | 未確認 じんましん 中等度 食物 低い危険',
    MedicationRequest: '薬 | 中止 計画 1日1回',
    Encounter: '受診 | 救急',
    Observation: '検査 | 陽性 暫定',
    Goal: '目標 | 合意 取り組み中',
    Immunization: 'インフルエンザ | 未実施',
    CarePlan: 'Respiratory therapy | 完了',
  });
});

it('says them in English, whatever their author called them', () => {
  const english = said('en');
  expect(english['Condition']).toBe('Acute bronchitis (disorder) | resolved severe');
  expect(english['Encounter']).toBe('受診 | emergency');
  expect(english['Immunization']).toBe('influenza | not done');
  expect(Object.values(english).join()).not.toContain('English of the author');
});

it('leaves what no standard code says as it was written', () => {
  const own = {
    resourceType: 'Condition',
    id: 'a',
    onsetDateTime: '2026-01-01',
    clinicalStatus: coded('urn:oid:1.2.3', 'active', '経過観察中'),
    code: { text: '病名' },
  };
  expect(chartOf('x', [own]).problems).toMatchObject([{ title: '病名', detail: '経過観察中' }]);
});

it('looks for others of the name in both kana', () => {
  const patient = { resourceType: 'Patient', name: [{ family: 'ミホン', given: ['ハルコ'] }] };
  expect(partsOf(patient)).toEqual({ family: ['ミホン', 'みほん'], given: ['ハルコ', 'はるこ'] });
  expect(partsOf({ resourceType: 'Patient', name: [{ text: '見本春子' }] })).toBeUndefined();
});
