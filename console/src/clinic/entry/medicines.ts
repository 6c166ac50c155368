// Prescriptions and dispensings: JP_MedicationRequest and JP_MedicationDispense ask for the place in the prescription (RP), amounts
// with a coded unit, days as 日.
import type { Resource } from '../../api/client.ts';
import { concept, conceptText, type Quantity } from '../../record/fhir.ts';
import {
  type EntryKind,
  type Field,
  instant,
  localTime,
  MERIT9,
  now,
  organizationOf,
  profiled,
  quantity,
  type Values,
  words,
} from './draft.ts';

const IDS = 'http://jpfhir.jp/fhir/core/mhlw/IdSystem';

/** Each form is one medicine: RP 1, number 1. */
const PLACE = [
  { system: `${IDS}/Medication-RPGroupNumber`, value: '1' },
  { system: `${IDS}/MedicationAdministrationIndex`, value: '1' },
];

/** MERIT-9 units: http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUnitMERIT9Code */
const UNITS = {
  TAB: '錠',
  CAP: 'カプセル',
  PCK: '包',
  ML: 'mL',
  G: 'g',
  SHT: '枚',
  HON: '本',
  KO: '個',
  BTL: '瓶',
} as const;

const amount = (value: string, unit: string) =>
  quantity(value, unit, UNITS[unit as keyof typeof UNITS] ?? unit, MERIT9);
const days = (value: string) => quantity(value, 'd', '日');

const MEDICINE: Field = {
  name: 'medicine',
  label: words('薬剤名', 'Medicine'),
  type: 'text',
  required: true,
  hint: words('規格まで（例 アムロジピン錠５ｍｇ）', 'With its strength'),
};
const USAGE: Field = {
  name: 'usage',
  label: words('用法', 'Directions'),
  type: 'text',
  required: true,
  hint: words('例 内服 １日１回 朝食後', 'For example: 1 tablet after breakfast'),
};
const AMOUNT: readonly Field[] = [
  { name: 'amount', label: words('数量', 'Quantity'), type: 'number', required: true, min: 0.001, max: 100_000 },
  {
    name: 'unit',
    label: words('単位', 'Unit'),
    type: 'choice',
    choices: Object.entries(UNITS).map(([value, text]) => ({ value, label: words(text, text) })),
  },
  { name: 'days', label: words('日数', 'Days'), type: 'number', unit: '日', min: 1, max: 365 },
];

const dosage = ({ usage = '' }: Values) => [{ text: usage }];

const usageOf = (resource: Resource): string =>
  ((resource['dosageInstruction'] as { text?: string }[]) ?? [])
    .map(({ text }) => text)
    .filter(Boolean)
    .join(' / ');

export const prescription: EntryKind = {
  name: 'prescription',
  title: words('処方', 'Prescription'),
  types: ['MedicationRequest'],
  fields: [
    { name: 'when', label: words('処方日時', 'Written'), type: 'datetime-local', required: true },
    MEDICINE,
    USAGE,
    ...AMOUNT,
    { name: 'note', label: words('備考', 'Remarks'), type: 'lines' },
  ],
  initial: () => ({ when: now(), unit: 'TAB' }),
  build: (values, writer) => [
    {
      resource: {
        ...profiled('JP_MedicationRequest'),
        resourceType: 'MedicationRequest',
        identifier: PLACE,
        status: 'active',
        intent: 'order',
        medicationCodeableConcept: { text: values['medicine'] ?? '' },
        subject: { reference: writer.patient },
        authoredOn: instant(values['when'] ?? ''),
        requester: organizationOf(writer),
        dosageInstruction: dosage(values),
        dispenseRequest: {
          quantity: amount(values['amount'] ?? '', values['unit'] || 'TAB'),
          ...(values['days'] && { expectedSupplyDuration: days(values['days']) }),
        },
        ...(values['note'] && { note: [{ text: values['note'] }] }),
      },
      at: {
        when: 'authoredOn',
        medicine: 'medication',
        usage: 'dosageInstruction',
        amount: 'dispenseRequest.quantity',
        unit: 'dispenseRequest.quantity',
        days: 'dispenseRequest.expectedSupplyDuration',
        note: 'note',
      },
    },
  ],
  elements: ['medicationCodeableConcept', 'authoredOn', 'dosageInstruction', 'dispenseRequest', 'note'],
  read: (resource) => {
    if (resource.resourceType !== 'MedicationRequest' || !resource['medicationCodeableConcept']) return undefined;
    const dispense = resource['dispenseRequest'] as
      | { quantity?: Quantity; expectedSupplyDuration?: Quantity }
      | undefined;
    return {
      when: localTime(resource['authoredOn'] as string | undefined),
      medicine: conceptText(concept(resource, 'medicationCodeableConcept')),
      usage: usageOf(resource),
      amount: String(dispense?.quantity?.value ?? ''),
      unit: dispense?.quantity?.code ?? 'TAB',
      days: String(dispense?.expectedSupplyDuration?.value ?? ''),
      note: noteOf(resource),
    };
  },
};

export const noteOf = (resource: Resource): string =>
  ((resource['note'] as { text?: string }[]) ?? [])
    .map(({ text }) => text)
    .filter(Boolean)
    .join('\n');

export const dispense: EntryKind = {
  name: 'dispense',
  title: words('調剤', 'Dispensing'),
  types: ['MedicationDispense'],
  fields: [
    { name: 'prescription', label: words('処方', 'Prescription'), type: 'choice', choices: [] },
    { name: 'when', label: words('交付日時', 'Handed over'), type: 'datetime-local', required: true },
    MEDICINE,
    USAGE,
    ...AMOUNT,
    { name: 'note', label: words('備考', 'Remarks'), type: 'lines' },
  ],
  initial: () => ({ when: now(), unit: 'TAB' }),
  build: (values, writer) => [
    {
      resource: {
        ...profiled('JP_MedicationDispense'),
        resourceType: 'MedicationDispense',
        identifier: PLACE,
        status: 'completed',
        medicationCodeableConcept: { text: values['medicine'] ?? '' },
        subject: { reference: writer.patient },
        performer: [{ actor: organizationOf(writer) }],
        ...(values['prescription'] && { authorizingPrescription: [{ reference: values['prescription'] }] }),
        quantity: amount(values['amount'] ?? '', values['unit'] || 'TAB'),
        ...(values['days'] && { daysSupply: days(values['days']) }),
        whenHandedOver: instant(values['when'] ?? ''),
        dosageInstruction: dosage(values),
        ...(values['note'] && { note: [{ text: values['note'] }] }),
      },
      at: {
        when: 'whenHandedOver',
        medicine: 'medication',
        usage: 'dosageInstruction',
        amount: 'quantity',
        unit: 'quantity',
        days: 'daysSupply',
        prescription: 'authorizingPrescription',
        note: 'note',
      },
    },
  ],
  elements: [
    'medicationCodeableConcept',
    'authorizingPrescription',
    'quantity',
    'daysSupply',
    'whenHandedOver',
    'dosageInstruction',
    'note',
  ],
  read: (resource) => {
    if (resource.resourceType !== 'MedicationDispense' || !resource['medicationCodeableConcept']) return undefined;
    const quantityGiven = resource['quantity'] as Quantity | undefined;
    return {
      when: localTime(resource['whenHandedOver'] as string | undefined),
      medicine: conceptText(concept(resource, 'medicationCodeableConcept')),
      usage: usageOf(resource),
      amount: String(quantityGiven?.value ?? ''),
      unit: quantityGiven?.code ?? 'TAB',
      days: String((resource['daysSupply'] as Quantity | undefined)?.value ?? ''),
      prescription: (resource['authorizingPrescription'] as { reference?: string }[])?.[0]?.reference ?? '',
      note: noteOf(resource),
    };
  },
};

/** What a prescription says, as a dispensing of it begins. */
export const fromPrescription = (resource: Resource): Values => {
  const { when: _when, ...values } = prescription.read?.(resource) ?? {};
  return { ...values, prescription: `MedicationRequest/${resource.id}` };
};
