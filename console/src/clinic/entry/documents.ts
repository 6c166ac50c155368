// Notes and uploaded documents (DocumentReference), care plans and messages of care.
import type { Resource } from '../../api/client.ts';
import {
  base64,
  coded,
  type EntryKind,
  type Field,
  fromBase64,
  instant,
  LOINC,
  localTime,
  now,
  organizationOf,
  profiled,
  today,
  type Words,
  words,
} from './draft.ts';

/** LOINC types of documents, named as in JP_DocumentCodes. */
const TYPES: Readonly<Record<string, Words>> = {
  '11506-3': words('経過記録', 'Progress note'),
  '34746-8': words('看護記録', 'Nursing note'),
  '57133-1': words('診療情報提供書', 'Referral note'),
  '18842-5': words('退院時サマリー', 'Discharge summary'),
  '18776-5': words('看護・介護計画書', 'Care plan note'),
  '11502-2': words('検査報告書', 'Laboratory report'),
  '18748-4': words('画像検査報告書', 'Imaging report'),
  '42348-3': words('事前指示書', 'Advance directive'),
  '34133-9': words('その他の文書', 'Other document'),
};

const typeField = (...codes: readonly string[]): Field => ({
  name: 'type',
  label: words('文書の種類', 'Kind of document'),
  type: 'choice',
  choices: codes.map((value) => ({ value, label: TYPES[value]! })),
});

const document = (
  { type = '34133-9', title = '', when = '' }: Readonly<Record<string, string>>,
  writer: Parameters<EntryKind['build']>[1],
  attachment: object,
): Resource => ({
  ...profiled('JP_DocumentReference'),
  resourceType: 'DocumentReference',
  status: 'current',
  docStatus: 'final',
  type: coded(TYPES[type]?.ja ?? '文書', { system: LOINC, code: type }),
  subject: { reference: writer.patient },
  date: instant(when),
  author: [organizationOf(writer)],
  custodian: organizationOf(writer),
  ...(title && { description: title }),
  content: [{ attachment }],
});

const DOCUMENT_AT = { title: 'description', type: 'type', when: 'date' } as const;

export const note: EntryKind = {
  name: 'note',
  title: words('記録', 'Note'),
  types: ['DocumentReference'],
  fields: [
    { name: 'when', label: words('日時', 'Date and time'), type: 'datetime-local', required: true },
    typeField('11506-3', '34746-8', '57133-1', '18842-5'),
    { name: 'title', label: words('表題', 'Title'), type: 'text' },
    { name: 'text', label: words('本文', 'Text'), type: 'lines', required: true },
  ],
  initial: () => ({ when: now(), type: '11506-3' }),
  build: (values, writer) => [
    {
      resource: document(values, writer, {
        contentType: 'text/plain; charset=utf-8',
        language: 'ja',
        data: base64(values['text'] ?? ''),
        title: values['title'] || TYPES[values['type'] ?? '']?.ja || '記録',
      }),
      at: { ...DOCUMENT_AT, text: 'content' },
    },
  ],
  elements: ['type', 'date', 'description', 'content'],
  read: (resource) => {
    const attachment = (resource['content'] as { attachment?: { contentType?: string; data?: string } }[])?.[0]
      ?.attachment;
    if (resource.resourceType !== 'DocumentReference' || !attachment?.contentType?.startsWith('text/plain'))
      return undefined;
    if (attachment.data === undefined) return undefined;
    return {
      when: localTime(resource['date'] as string | undefined),
      type: (resource['type'] as { coding?: { code?: string }[] })?.coding?.[0]?.code ?? '11506-3',
      title: String(resource['description'] ?? ''),
      text: fromBase64(attachment.data),
    };
  },
};

/** What the server takes as a Binary (docs/api/limits.md); what is larger goes by `$upload`. */
export const LARGEST_FILE = 4 * 1024 * 1024;

/** `url`, `contentType`, `size` and `title` come from the file, which is sent first (send.ts). */
export const upload: EntryKind = {
  name: 'upload',
  title: words('文書の取り込み', 'Upload a document'),
  types: ['DocumentReference', 'Binary'],
  fields: [
    {
      name: 'file',
      label: words('ファイル', 'File'),
      type: 'file',
      required: true,
      hint: words('PDF、画像、テキスト、XML。4 MBまで。', 'PDF, picture, text or XML, up to 4 MB.'),
    },
    typeField('57133-1', '11502-2', '18748-4', '18842-5', '18776-5', '42348-3', '34133-9'),
    { name: 'title', label: words('表題', 'Title'), type: 'text' },
    { name: 'when', label: words('文書の日時', 'Date of the document'), type: 'datetime-local', required: true },
  ],
  initial: () => ({ when: now(), type: '34133-9' }),
  build: (values, writer) => [
    {
      resource: document(values, writer, {
        contentType: values['contentType'] ?? 'application/octet-stream',
        url: values['url'] ?? '',
        title: values['title'] || values['fileName'] || '文書',
        ...(values['size'] && { size: Number(values['size']) }),
      }),
      at: { ...DOCUMENT_AT, file: 'content' },
    },
  ],
};

export const carePlan: EntryKind = {
  name: 'carePlan',
  title: words('ケアプラン', 'Care plan'),
  types: ['CarePlan'],
  fields: [
    { name: 'title', label: words('計画の名称', 'Title'), type: 'text', required: true },
    { name: 'start', label: words('開始日', 'From'), type: 'date', required: true },
    { name: 'end', label: words('終了日', 'To'), type: 'date' },
    { name: 'aim', label: words('目標・方針', 'Aim'), type: 'lines' },
    {
      name: 'services',
      label: words('サービス内容', 'Services'),
      type: 'lines',
      required: true,
      hint: words('１行に一つ', 'One in each line'),
    },
  ],
  initial: () => ({ start: today(), title: '居宅サービス計画' }),
  build: (values, writer) => [
    {
      resource: {
        ...profiled('JP_CarePlan'),
        resourceType: 'CarePlan',
        status: 'active',
        intent: 'plan',
        title: values['title'] ?? '',
        ...(values['aim'] && { description: values['aim'] }),
        subject: { reference: writer.patient },
        period: { start: values['start'] ?? '', ...(values['end'] && { end: values['end'] }) },
        created: today(),
        author: organizationOf(writer),
        activity: (values['services'] ?? '')
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean)
          .map((description) => ({ detail: { status: 'in-progress', description } })),
      },
      at: { title: 'title', start: 'period.start', end: 'period', aim: 'description', services: 'activity' },
    },
  ],
  elements: ['title', 'description', 'period', 'activity'],
  read: (resource) => {
    if (resource.resourceType !== 'CarePlan') return undefined;
    const period = resource['period'] as { start?: string; end?: string } | undefined;
    return {
      title: String(resource['title'] ?? ''),
      start: (period?.start ?? '').slice(0, 10),
      end: (period?.end ?? '').slice(0, 10),
      aim: String(resource['description'] ?? ''),
      services: ((resource['activity'] as { detail?: { description?: string } }[]) ?? [])
        .map(({ detail }) => detail?.description ?? '')
        .filter(Boolean)
        .join('\n'),
    };
  },
};

export const message: EntryKind = {
  name: 'message',
  title: words('介護・連絡の記録', 'Care record'),
  types: ['Communication'],
  fields: [
    { name: 'when', label: words('日時', 'Date and time'), type: 'datetime-local', required: true },
    {
      name: 'category',
      label: words('種類', 'Kind'),
      type: 'choice',
      choices: ['訪問記録', '申し送り', '家族との連絡', '服薬状況', 'その他'].map((value, index) => ({
        value,
        label: words(value, ['Visit', 'Handover', 'Family', 'Medicines taken', 'Other'][index]!),
      })),
    },
    { name: 'text', label: words('内容', 'Content'), type: 'lines', required: true },
  ],
  initial: () => ({ when: now(), category: '訪問記録' }),
  build: (values, writer) => [
    {
      resource: {
        resourceType: 'Communication',
        status: 'completed',
        category: [{ text: values['category'] || 'その他' }],
        subject: { reference: writer.patient },
        sent: instant(values['when'] ?? ''),
        sender: organizationOf(writer),
        payload: [{ contentString: values['text'] ?? '' }],
      },
      at: { when: 'sent', category: 'category', text: 'payload' },
    },
  ],
  elements: ['category', 'sent', 'payload'],
  read: (resource) =>
    resource.resourceType !== 'Communication'
      ? undefined
      : {
          when: localTime(resource['sent'] as string | undefined),
          category: (resource['category'] as { text?: string }[])?.[0]?.text ?? 'その他',
          text: ((resource['payload'] as { contentString?: string }[]) ?? [])
            .map(({ contentString }) => contentString)
            .filter(Boolean)
            .join('\n'),
        },
};
