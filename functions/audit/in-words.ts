// What an audit record says, in words that the person concerned understands: who, from where, why, and what was looked at.
import { escapeXml } from '../fhir/escape-xml.ts';
import type { AuditRecord } from './port.ts';

const ROLES: Readonly<Record<string, string>> = {
  doctor: '医師',
  dentist: '歯科医師',
  nurse: '看護師',
  pharmacist: '薬剤師',
  laboratory: '検査技師',
  'care-manager': 'ケアマネジャー',
  'care-staff': '介護職員',
  'support-centre': '地域包括支援センター職員',
  ambulance: '救急隊員',
  municipal: '市町村職員',
  operator: '運営事務局',
  privacy: '個人情報保護担当者',
  admin: '管理者',
  resident: 'ご本人または代理の方',
  system: 'システム',
};

/** https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html */
const PURPOSES: Readonly<Record<string, string>> = {
  TREAT: '診療のため',
  ETREAT: '救急のため',
  BTG: '緊急時の特別な閲覧として',
  CAREMGT: '療養の支援のため',
  COC: '医療・介護の連携のため',
  HOPERAT: '運営のため',
  PATADMIN: '事務手続きのため',
  PATRQT: 'ご本人の求めにより',
  PUBHLTH: '公衆衛生のため',
  HRESCH: '研究のため',
};

const CLASSES: Readonly<Record<string, string>> = {
  basic: '基本情報',
  clinical: '診療記録',
  document: '文書',
  care: '介護の記録',
  home: 'ご自身の記録',
  admin: '事務の記録',
};

const ACTIONS: Readonly<Record<AuditRecord['action'], string>> = {
  C: '登録しました',
  R: '閲覧しました',
  U: '変更しました',
  D: '削除しました',
  E: '処理しました',
};

export const roleInWords = (role: string): string => ROLES[role] ?? role;
/** Treatment is what a request is for that does not say: of whoever treats nobody it says nothing. */
const TREAT_NOBODY: ReadonlySet<string> = new Set(['resident', 'municipal', 'operator', 'privacy', 'admin']);
export const purposeInWords = ({ purpose, role }: Pick<AuditRecord, 'purpose' | 'role'>): string | undefined =>
  purpose === 'TREAT' && TREAT_NOBODY.has(role) ? undefined : PURPOSES[purpose];

/** `徳島中央病院の医師が、診療のため、診療記録など3件を閲覧しました（2026年11月22日 10時15分）。` */
export const inWords = (record: AuditRecord, time: number, facility: string | undefined): string => {
  const place = facility ?? (record.facility === undefined ? undefined : `機関 ${record.facility}`);
  const who = `${place === undefined ? '' : `${place}の`}${roleInWords(record.role)}`;
  const why = purposeInWords(record);
  const what = record.classes?.map((name) => CLASSES[name] ?? name).join('・') || 'あなたの情報';
  const done =
    record.outcome === '0'
      ? ACTIONS[record.action]
      : `${ACTIONS[record.action].replace('しました', '')}しようとしました`;
  return `${who}が、${why === undefined ? '' : `${why}、`}${what}${record.count > 1 ? `（${record.count}件）` : ''}を${done}（${inJapan(time)}）。`;
};

export const narrative = (text: string) => ({
  status: 'generated',
  div: `<div xmlns="http://www.w3.org/1999/xhtml" lang="ja">${escapeXml(text)}</div>`,
});

/** Japan has one time, and knows no summer time. */
const inJapan = (time: number): string => {
  const [date = '', clock = ''] = new Date(time + 9 * 3_600_000).toISOString().split('T');
  const [year, month, day] = date.split('-').map(Number);
  const [hour, minute] = clock.split(':').map(Number);
  return `${year}年${month}月${day}日 ${hour}時${String(minute).padStart(2, '0')}分`;
};
