// Kinds of data and what a Consent says, in plain words.
import type { Resource } from '../api/client.ts';
import { type Language, words } from '../i18n/i18n.ts';
import { CLASSES, communitiesIn, type DataClass, namedIn, type Provision, provisionOf } from './policy.ts';
import { isLabel } from './proxies-policy.ts';

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
    proxies: '保護者など、代わりに見る人',
    SEX: '性・妊娠の記録',
    PSY: 'こころの病気の記録',
    HIV: 'HIVの記録',
    SUD: '依存症の記録',
    SDV: '暴力・虐待の記録',
    GDIS: '遺伝の病気の記録',
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
    proxies: 'parents and others who act for you',
    SEX: 'sexual and reproductive health',
    PSY: 'mental health',
    HIV: 'HIV',
    SUD: 'addiction',
    SDV: 'violence or abuse',
    GDIS: 'genetic disease',
    exceptions: ' (with exceptions)',
  },
});

/** Of the page itself. */
export const useChoicesText = words({
  ja: {
    title: '見せる・止める',
    lead: 'どの施設に、あなたの何を見せるかを決められます。変えると、すぐに（数秒で）そのとおりになります。',
    implicit:
      'この地域では、あなたを診る施設どうしが、ほかの施設の記録も見られるのが初めの決まりです。見せたくない施設や内容は、ここで止められます。',
    blanket: 'この地域では、参加するときに一括で同意した場合に、ほかの施設の記録が見られます。',
    list: 'この地域では、あなたが選んだ施設だけが、ほかの施設の記録を見られます。',
    'per-facility': 'この地域では、施設ごとに同意した場合だけ、その施設がほかの施設の記録を見られます。',
    'own-facility': 'この地域では、あなたが許すまで、どの施設もほかの施設の記録を見られません。',
    always1: '施設が自分で書いた記録は、その施設が治療を続けるために、いつでも見られます。',
    always2: '特に気をつける内容（HIV、こころの病気など）は、名指しで同意しないかぎり、ほかの施設には見えません。',
    always3: '命にかかわる救急のときは、止めていない内容が特別に見られることがあります。そのときはお知らせします。',
    withdrawn: '参加をやめているため、ほかの施設には何も見えません。',
    comeBack: 'また参加する',
    facilities: '施設ごと',
    facilityHint: 'スイッチを切ると、その施設には見えなくなります。',
    kinds: '内容ごと（すべての施設に対して）',
    details: '内容ごとに決める',
    broader: '上のスイッチか「すべての施設に対して」で止めています。',
    show: '{name}に見せる',
    showOf: '{name}に{kind}を見せる',
    showAll: '{kind}を見せる',
    others: 'ほかの地域',
    othersText: '旅行や引っ越し先など、ほかの地域の施設にかかるとき',
    'others-permit': '見せる',
    'others-permit-text': 'ほかの地域の施設で診てもらうとき、名前や生年月日で、こちらの記録を探せます。',
    'others-region': '決めない',
    'others-region-text': 'あなたが見せると決めるまで、ほかの地域には何も伝わりません。',
    'others-implicit': 'カードや保険証の番号があるときだけ、探せます。名前では探せません。',
    'others-deny': '見せない',
    'others-deny-text': 'ほかの地域には、何も伝わりません。',
    effect: 'いま、だれに何が見えるか',
    effectHint: 'ほかの施設が書いた記録について',
    facility: '施設',
    history: '同意の記録',
    active: '有効',
    inactive: '止めた',
    stop: '取り消す',
    resume: '元に戻す',
    none: '同意の記録はまだありません。',
    noFacilities: '施設がまだありません。',
    qr: '施設のQRコードを読んで見せる',
    parents: '保護者に見せない内容を決める',
    alone: 'この方は、同意を自分で決める年齢です。代わりに見ることも、変えることもできません。',
  },
  en: {
    title: 'Who may look',
    lead: 'You decide which facility sees what of you. A change holds at once (within seconds).',
    implicit:
      'In this region, facilities that look after you see what others have written, unless you say no. You can stop any facility or kind of data here.',
    blanket: 'In this region, facilities see what others have written if you agreed to it for all when you joined.',
    list: 'In this region, only the facilities that you chose see what others have written.',
    'per-facility': 'In this region, a facility sees what others have written only if you agreed for that facility.',
    'own-facility': 'In this region, no facility sees what others have written until you permit it.',
    always1: 'What a facility has written itself it can always see, to go on treating you.',
    always2:
      'Especially sensitive records (HIV, mental illness and others) stay hidden from other facilities unless you name them.',
    always3:
      'When life is in danger, what you have not stopped may be opened specially. You are told when that happens.',
    withdrawn: 'You have left, so other facilities see nothing.',
    comeBack: 'Join again',
    facilities: 'By facility',
    facilityHint: 'Switched off, the facility does not see it any more.',
    kinds: 'By kind (for all facilities)',
    details: 'Decide by kind',
    broader: 'Stopped by the switch above, or for all facilities.',
    show: 'Show to {name}',
    showOf: 'Show {kind} to {name}',
    showAll: 'Show {kind}',
    others: 'Other regions',
    othersText: 'When you see a facility of another region, on a journey or after moving',
    'others-permit': 'Show',
    'others-permit-text':
      'When you are treated in another region, your record here can be found by name and date of birth.',
    'others-region': 'Not decided',
    'others-region-text': 'Until you decide to show it, other regions learn nothing.',
    'others-implicit': 'It can be found by the number of your card or insurance only, not by name.',
    'others-deny': 'Do not show',
    'others-deny-text': 'Other regions learn nothing.',
    effect: 'Who sees what now',
    effectHint: 'Of what other facilities have written',
    facility: 'Facility',
    history: 'What was agreed to',
    active: 'in force',
    inactive: 'stopped',
    stop: 'Take back',
    resume: 'Bring back',
    none: 'Nothing yet.',
    noFacilities: 'No facilities yet.',
    qr: 'Show by a facility’s QR code',
    parents: 'Choose what your parents do not see',
    alone: 'This person is of an age to decide on consents alone. You can neither see nor change them.',
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
  const { facilities, proxies, others } = namedIn(provision);
  const regions = communitiesIn(provision).map((code) => (code === '*' ? t('regions') : nameOf(code)));
  const and = language === 'ja' ? '、' : ', ';
  const who =
    [
      ...facilities.map(nameOf),
      ...regions,
      ...(proxies > 0 ? [t('proxies')] : []),
      ...(others > 0 ? [t('somebody')] : []),
    ].join(and) || t('everyone');
  const labels = provision.securityLabel ?? [];
  const what =
    [...(provision.class ?? []), ...labels]
      .map(({ code = '' }) => (isKnown(code) || isLabel(code) ? t(code) : code))
      .join(and) || t('everything');
  const isMore =
    (provision.provision?.length ?? 0) > 0 ||
    (provision.purpose?.length ?? 0) > 0 ||
    provision.dataPeriod !== undefined;
  return `${provision.type === 'deny' ? t('deny') : t('permit')}: ${who} / ${what}${isMore ? t('exceptions') : ''}`;
};
