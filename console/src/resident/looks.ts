// The audit trail as its person reads it: the looks of a day, those that are alike in one line. docs/security.md
import type { Resource } from '../api/client.ts';
import type { Language } from '../i18n/i18n.ts';

interface Agent {
  readonly requestor?: boolean;
  readonly role?: readonly { readonly text?: string }[];
  readonly who?: { readonly display?: string };
  readonly location?: { readonly display?: string; readonly identifier?: { readonly value?: string } };
}

export interface Look {
  readonly id: string;
  readonly time: number;
  /** 2026-11-22, in Japan. */
  readonly day: string;
  readonly place: string;
  /** As the region says it, in Japanese. */
  readonly role: string;
  readonly purpose: string;
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E';
  readonly isRefused: boolean;
  readonly classes: readonly string[];
  readonly isOwn: boolean;
}

const OWN = 'ご本人または代理の方';

export const lookOf = (event: Resource): Look => {
  const agents = (event['agent'] as Agent[] | undefined) ?? [];
  const agent = agents.find(({ role }) => role) ?? agents.find(({ requestor }) => requestor);
  const { source } = event as unknown as { source?: { observer?: { display?: string }; site?: string } };
  const [purpose] = (event['purposeOfEvent'] as { coding?: { code?: string }[] }[] | undefined) ?? [];
  const entities = (event['entity'] as { name?: string }[] | undefined) ?? [];
  const time = Date.parse(String(event['recorded'] ?? ''));
  const place = agent?.location?.display ?? source?.observer?.display ?? source?.site ?? '';
  const role = agent?.role?.[0]?.text ?? (agent?.who?.display ?? '').replace(place, '').trim();
  return {
    id: event.id ?? '',
    time,
    day: new Date(time + 9 * 3_600_000).toISOString().slice(0, 10),
    place,
    role,
    purpose: purpose?.coding?.[0]?.code ?? '',
    action: (event['action'] as Look['action'] | undefined) ?? 'R',
    isRefused: event['outcome'] !== undefined && event['outcome'] !== '0',
    classes: entities.flatMap(({ name }) => /^data class (.+)$/.exec(name ?? '')?.[1] ?? []),
    isOwn: role === OWN,
  };
};

/** One line: the same place, role and purpose did the same on one day. */
export interface Line extends Omit<Look, 'time'> {
  readonly times: readonly number[];
}

export const linesOf = (looks: readonly Look[]): Line[] => {
  const lines = new Map<string, { look: Look; times: number[]; classes: Set<string> }>();
  for (const look of looks) {
    const key = [look.day, look.place, look.role, look.purpose, look.action, look.isRefused].join('|');
    const line = lines.get(key) ?? { look, times: [], classes: new Set<string>() };
    line.times.push(look.time);
    for (const name of look.classes) line.classes.add(name);
    lines.set(key, line);
  }
  return [...lines.values()].map(({ look: { time: _, ...look }, times, classes }) => ({
    ...look,
    classes: [...classes],
    times: times.sort((a, b) => a - b),
  }));
};

/** The region says roles in Japanese (functions/audit/in-words.ts). */
const ROLES: Readonly<Record<string, string>> = {
  医師: 'doctor',
  歯科医師: 'dentist',
  看護師: 'nurse',
  薬剤師: 'pharmacist',
  検査技師: 'laboratory technician',
  ケアマネジャー: 'care manager',
  介護職員: 'care staff',
  地域包括支援センター職員: 'community support centre',
  救急隊員: 'ambulance crew',
  市町村職員: 'municipal officer',
  運営事務局: 'operator’s office',
  個人情報保護担当者: 'privacy officer',
  管理者: 'administrator',
  [OWN]: 'you, or your proxy',
  システム: 'the facility’s system',
};

export const roleText = (language: Language, role: string): string =>
  language === 'ja' ? role : (ROLES[role] ?? role);

/** Codes of roles, as alerts have them. */
const ROLE_CODES: Readonly<Record<string, string>> = {
  doctor: '医師',
  dentist: '歯科医師',
  nurse: '看護師',
  pharmacist: '薬剤師',
  ambulance: '救急隊員',
};
export const roleOfCode = (language: Language, code: string): string => roleText(language, ROLE_CODES[code] ?? code);

const PURPOSES: Readonly<Record<string, { readonly ja: string; readonly en: string }>> = {
  TREAT: { ja: '診療のため', en: 'for treatment' },
  ETREAT: { ja: '救急のため', en: 'for emergency treatment' },
  BTG: { ja: '緊急時の特別な閲覧', en: 'emergency access' },
  CAREMGT: { ja: '療養の支援のため', en: 'for care management' },
  COC: { ja: '医療・介護の連携のため', en: 'for coordination of care' },
  HOPERAT: { ja: '運営のため', en: 'for operations' },
  PATADMIN: { ja: '事務手続きのため', en: 'for administration' },
  PATRQT: { ja: 'ご本人の求めにより', en: 'at your request' },
  PUBHLTH: { ja: '公衆衛生のため', en: 'for public health' },
  HRESCH: { ja: '研究のため', en: 'for research' },
};
export const purposeText = (language: Language, code: string): string => PURPOSES[code]?.[language] ?? code;

const CLASSES: Readonly<Record<string, { readonly ja: string; readonly en: string }>> = {
  basic: { ja: '基本情報', en: 'name and address' },
  clinical: { ja: '診療記録', en: 'clinical records' },
  document: { ja: '文書', en: 'documents' },
  care: { ja: '介護の記録', en: 'care records' },
  home: { ja: '家での測定', en: 'home measurements' },
  admin: { ja: '事務の記録', en: 'administration' },
  enrolment: { ja: '参加と同意', en: 'enrolment and consent' },
  audit: { ja: '閲覧の記録', en: 'list of who looked' },
};
export const classText = (language: Language, name: string): string => CLASSES[name]?.[language] ?? name;
