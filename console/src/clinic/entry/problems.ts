// Diagnoses and allergies: JP_Condition and JP_AllergyIntolerance, by name; a code from 標準病名 or ICD-10 where one is known.
import type { Resource } from '../../api/client.ts';
import { type Coding, codeOf, concept, conceptText } from '../../record/fhir.ts';
import { BY, coded, type EntryKind, profiled, status, today, words, writerOf } from './draft.ts';
import { noteOf } from './medicines.ts';

const ICD10 = 'http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full';

const codeIn = (resource: Resource, system: string): string =>
  ((concept(resource, 'code')?.coding ?? []) as Coding[]).find((one) => one.system === system)?.code ?? '';

export const diagnosis: EntryKind = {
  name: 'diagnosis',
  title: words('病名', 'Diagnosis'),
  types: ['Condition'],
  fields: [
    { name: 'name', label: words('病名', 'Diagnosis'), type: 'text', required: true },
    { name: 'icd10', label: words('ICD-10', 'ICD-10'), type: 'text', hint: words('例 E11.9', 'For example E11.9') },
    { name: 'onset', label: words('発症日', 'Onset'), type: 'date', required: true },
    {
      name: 'certainty',
      label: words('確からしさ', 'Certainty'),
      type: 'choice',
      choices: [
        { value: 'confirmed', label: words('確定', 'Confirmed') },
        { value: 'provisional', label: words('疑い', 'Suspected') },
      ],
    },
    {
      name: 'course',
      label: words('転帰', 'Course'),
      type: 'choice',
      choices: [
        { value: 'active', label: words('継続', 'Active') },
        { value: 'remission', label: words('寛解', 'In remission') },
        { value: 'resolved', label: words('治癒', 'Resolved') },
      ],
    },
    { name: 'ended', label: words('終了日', 'Ended'), type: 'date' },
    { name: 'note', label: words('備考', 'Remarks'), type: 'lines' },
  ],
  initial: () => ({ onset: today(), certainty: 'confirmed', course: 'active' }),
  build: (values, writer) => [
    {
      resource: {
        ...profiled('JP_Condition'),
        resourceType: 'Condition',
        ...writerOf(writer),
        clinicalStatus: status('condition-clinical', values['course'] || 'active'),
        verificationStatus: status('condition-ver-status', values['certainty'] || 'confirmed'),
        category: [status('condition-category', 'problem-list-item')],
        code: coded(values['name'] ?? '', ...(values['icd10'] ? [{ system: ICD10, code: values['icd10'] }] : [])),
        subject: { reference: writer.patient },
        ...(values['onset'] && { onsetDateTime: values['onset'] }),
        // con-4: an end says that it is over.
        ...(values['ended'] && values['course'] !== 'active' && { abatementDateTime: values['ended'] }),
        recordedDate: today(),
        recorder: BY,
        ...(values['note'] && { note: [{ text: values['note'] }] }),
      },
      at: {
        name: 'code',
        icd10: 'code.coding',
        onset: 'onset',
        certainty: 'verificationStatus',
        course: 'clinicalStatus',
        ended: 'abatement',
        note: 'note',
      },
    },
  ],
  elements: ['clinicalStatus', 'verificationStatus', 'code', 'onsetDateTime', 'abatementDateTime', 'note'],
  read: (resource) =>
    resource.resourceType !== 'Condition'
      ? undefined
      : {
          name: conceptText(concept(resource, 'code')),
          icd10: codeIn(resource, ICD10),
          onset: String(resource['onsetDateTime'] ?? '').slice(0, 10),
          certainty: codeOf(concept(resource, 'verificationStatus')) ?? 'confirmed',
          course: codeOf(concept(resource, 'clinicalStatus')) ?? 'active',
          ended: String(resource['abatementDateTime'] ?? '').slice(0, 10),
          note: noteOf(resource),
        },
};

export const allergy: EntryKind = {
  name: 'allergy',
  title: words('アレルギー', 'Allergy'),
  types: ['AllergyIntolerance'],
  fields: [
    { name: 'name', label: words('原因物質', 'Substance'), type: 'text', required: true },
    {
      name: 'category',
      label: words('分類', 'Category'),
      type: 'choice',
      choices: [
        { value: 'medication', label: words('薬剤', 'Medicine') },
        { value: 'food', label: words('食物', 'Food') },
        { value: 'environment', label: words('環境', 'Environment') },
        { value: 'biologic', label: words('生物由来', 'Biologic') },
      ],
    },
    {
      name: 'criticality',
      label: words('重篤化の危険', 'Risk'),
      type: 'choice',
      choices: [
        { value: 'unable-to-assess', label: words('不明', 'Unknown') },
        { value: 'low', label: words('低い', 'Low') },
        { value: 'high', label: words('高い', 'High') },
      ],
    },
    { name: 'reaction', label: words('症状', 'Reaction'), type: 'text' },
    { name: 'note', label: words('備考', 'Remarks'), type: 'lines' },
  ],
  initial: () => ({ category: 'medication', criticality: 'unable-to-assess' }),
  build: (values, writer) => [
    {
      resource: {
        ...profiled('JP_AllergyIntolerance'),
        resourceType: 'AllergyIntolerance',
        ...writerOf(writer),
        clinicalStatus: status('allergyintolerance-clinical', 'active'),
        verificationStatus: status('allergyintolerance-verification', 'confirmed'),
        category: [values['category'] || 'medication'],
        criticality: values['criticality'] || 'unable-to-assess',
        code: { text: values['name'] ?? '' },
        patient: { reference: writer.patient },
        recordedDate: today(),
        recorder: BY,
        ...(values['reaction'] && { reaction: [{ manifestation: [{ text: values['reaction'] }] }] }),
        ...(values['note'] && { note: [{ text: values['note'] }] }),
      },
      at: { name: 'code', category: 'category', criticality: 'criticality', reaction: 'reaction', note: 'note' },
    },
  ],
  elements: ['category', 'criticality', 'code', 'reaction', 'note'],
  read: (resource) =>
    resource.resourceType !== 'AllergyIntolerance'
      ? undefined
      : {
          name: conceptText(concept(resource, 'code')),
          category: String((resource['category'] as string[] | undefined)?.[0] ?? 'medication'),
          criticality: String(resource['criticality'] ?? 'unable-to-assess'),
          reaction: ((resource['reaction'] as { manifestation?: { text?: string }[] }[]) ?? [])
            .flatMap(({ manifestation = [] }) => manifestation.map(({ text }) => text ?? ''))
            .join('、'),
          note: noteOf(resource),
        },
};
