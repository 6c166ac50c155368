// Kinds of data and what a Consent says, in plain words.
import type { Resource } from '../api/client.ts';
import { type Language, words } from '../i18n/i18n.ts';
import { CLASSES, type DataClass, namedIn, type Provision, provisionOf } from './policy.ts';

export const useConsentText = words({
  ja: {
    disease: '病名',
    allergy: 'アレルギー',
    drug: '薬',
    lab: '検査の結果',
    image: '画像',
    document: '文書・紹介状',
    care: '介護の記録',
    home: '家での測定',
    diseaseText: 'かかっている病気、かかった病気',
    allergyText: '薬や食べ物で具合が悪くなったこと。見えないと、危ないことがあります',
    drugText: '処方された薬。見えないと、飲み合わせを確かめられません',
    labText: '血液検査などの数字',
    imageText: 'レントゲンやCTの画像',
    documentText: '紹介状、退院のまとめ、診察の記録',
    careText: 'ケアプラン、訪問の記録',
    homeText: '自分で書いた血圧や体重',
    open: '見える',
    part: '一部だけ見える',
    closed: '見えない',
    permit: '見せる',
    deny: '見せない',
    everyone: 'すべての施設',
    everything: 'すべての記録',
    somebody: '特定の職種や職員',
    regions: 'ほかの地域',
    exceptions: '（例外あり）',
  },
  en: {
    disease: 'Illnesses',
    allergy: 'Allergies',
    drug: 'Medicines',
    lab: 'Test results',
    image: 'Images',
    document: 'Letters and documents',
    care: 'Care records',
    home: 'Measured at home',
    diseaseText: 'Illnesses that you have or had',
    allergyText: 'Medicines or food that you do not bear. Hiding them can be dangerous',
    drugText: 'Prescribed medicines. If hidden, nobody can check what goes together',
    labText: 'Numbers of blood tests and the like',
    imageText: 'X-rays and scans',
    documentText: 'Referrals, discharge summaries, notes',
    careText: 'Care plans, visits',
    homeText: 'Blood pressure or weight that you wrote down',
    open: 'can see',
    part: 'can see some',
    closed: 'cannot see',
    permit: 'Show',
    deny: 'Do not show',
    everyone: 'all facilities',
    everything: 'the whole record',
    somebody: 'certain professions or members of staff',
    regions: 'other regions',
    exceptions: ' (with exceptions)',
  },
});

type ConsentText = ReturnType<typeof useConsentText>;

const isKnown = (code: string): code is DataClass => (CLASSES as readonly string[]).includes(code);

/** `見せない: デモ薬局 / 薬`. */
export const summaryOf = (
  consent: Resource,
  t: ConsentText,
  language: Language,
  nameOf: (code: string) => string,
): string => {
  const provision: Provision = provisionOf(consent);
  const { facilities, regions, others } = namedIn(provision);
  const and = language === 'ja' ? '、' : ', ';
  const who =
    [...facilities.map(nameOf), ...(regions > 0 ? [t('regions')] : []), ...(others > 0 ? [t('somebody')] : [])].join(
      and,
    ) || t('everyone');
  const what =
    (provision.class ?? []).map(({ code = '' }) => (isKnown(code) ? t(code) : code)).join(and) || t('everything');
  const isMore =
    (provision.provision?.length ?? 0) > 0 ||
    (provision.securityLabel?.length ?? 0) > 0 ||
    (provision.purpose?.length ?? 0) > 0 ||
    provision.dataPeriod !== undefined;
  return `${provision.type === 'deny' ? t('deny') : t('permit')}: ${who} / ${what}${isMore ? t('exceptions') : ''}`;
};
