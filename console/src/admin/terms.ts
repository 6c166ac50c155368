// What the API's codes are called, in both languages. A code that is not here is shown as it is.
import { useLanguage } from '../i18n/i18n.ts';

const TERMS: Readonly<Record<string, Readonly<Record<string, readonly [ja: string, en: string]>>>> = {
  role: {
    doctor: ['医師', 'Doctor'],
    dentist: ['歯科医師', 'Dentist'],
    nurse: ['看護師', 'Nurse'],
    pharmacist: ['薬剤師', 'Pharmacist'],
    laboratory: ['検査', 'Laboratory'],
    'care-manager': ['ケアマネジャー', 'Care manager'],
    'care-staff': ['介護職員', 'Care staff'],
    'support-centre': ['地域包括支援センター', 'Support centre'],
    ambulance: ['救急隊', 'Ambulance'],
    municipal: ['市町村窓口', 'Municipal office'],
    operator: ['運営事務局', 'Operator'],
    privacy: ['個人情報保護', 'Privacy officer'],
    admin: ['システム管理', 'Administrator'],
    resident: ['住民', 'Resident'],
    system: ['システム', 'System'],
  },
  facility: {
    hospital: ['病院', 'Hospital'],
    clinic: ['診療所', 'Clinic'],
    'dental-clinic': ['歯科診療所', 'Dental clinic'],
    pharmacy: ['薬局', 'Pharmacy'],
    'home-nursing': ['訪問看護', 'Home nursing'],
    care: ['介護事業所', 'Care provider'],
    'support-centre': ['地域包括支援センター', 'Support centre'],
    laboratory: ['検査機関', 'Laboratory'],
    fire: ['消防', 'Fire department'],
    municipality: ['市町村', 'Municipality'],
    operator: ['運営事務局', "Operator's office"],
  },
  area: {
    basic: ['基本情報', 'Basic'],
    clinical: ['診療記録', 'Clinical'],
    document: ['文書', 'Documents'],
    care: ['介護・連絡', 'Care'],
    home: ['本人の記録', 'Home'],
    admin: ['事務', 'Administrative'],
    directory: ['名簿', 'Directory'],
    enrolment: ['参加登録', 'Enrolment'],
    audit: ['監査', 'Audit'],
  },
  account: {
    CONFIRMED: ['利用中', 'in use'],
    FORCE_CHANGE_PASSWORD: ['招待済み（未サインイン）', 'invited, never signed in'],
    RESET_REQUIRED: ['再設定待ち', 'reset needed'],
    MISSING: ['アカウントなし', 'no account'],
  },
  status: {
    applied: ['申請中', 'applied'],
    rejected: ['却下', 'rejected'],
    enrolled: ['参加中', 'enrolled'],
    withdrawn: ['撤回', 'withdrawn'],
    deceased: ['死亡', 'deceased'],
  },
  route: {
    counter: ['窓口', 'Counter'],
    post: ['郵送', 'Post'],
    qr: ['QRコード', 'QR code'],
    app: ['アプリ', 'App'],
  },
  sex: {
    male: ['男性', 'male'],
    female: ['女性', 'female'],
    other: ['その他', 'other'],
    unknown: ['不明', 'unknown'],
  },
  document: {
    'my-number-card': ['マイナンバーカード', 'My Number card'],
    'driving-licence': ['運転免許証', 'Driving licence'],
    'insurance-card': ['資格確認書・保険証', 'Insurance card'],
    'residence-card': ['在留カード', 'Residence card'],
    passport: ['旅券', 'Passport'],
    other: ['その他', 'Other'],
  },
  evidence: {
    paper: ['書面', 'Paper'],
    oral: ['口頭', 'Oral'],
    electronic: ['電子', 'Electronic'],
  },
  pattern: {
    '': ['地域の標準', "The region's own"],
    blanket: ['一括（全参加施設）', 'Blanket (all members)'],
    list: ['リスト（選んだ施設）', 'List (named facilities)'],
    'per-facility': ['施設ごと', 'One facility'],
    implicit: ['黙示', 'Implicit'],
  },
  stop: {
    lost: ['紛失', 'lost'],
    stolen: ['盗難', 'stolen'],
    damaged: ['破損', 'damaged'],
    renamed: ['氏名変更', 'name changed'],
    returned: ['返却', 'returned'],
    withdrawn: ['撤回', 'withdrawn'],
    deceased: ['死亡', 'deceased'],
  },
  proxy: {
    parent: ['親権者', 'Parent'],
    'guardian-of-minor': ['未成年後見人', 'Guardian of a minor'],
    'adult-guardian': ['成年後見人', 'Guardian of an adult'],
    family: ['家族', 'Family'],
    delegate: ['任意代理人', 'Delegate'],
  },
  outcome: {
    justified: ['正当', 'Justified'],
    'not-justified': ['正当でない', 'Not justified'],
    'follow-up': ['確認を続ける', 'Needs follow-up'],
  },
  finding: {
    'many-persons': ['短時間に多数の人を閲覧', 'Many persons in an hour'],
    vip: ['要注意者（VIP等）の閲覧', 'A labelled person (VIP, CEL)'],
    'refused-writes': ['他機関のIDへの書込みの多数の拒否', 'Many refused writes to what is not the own'],
    'own-family-name': ['同姓の人の閲覧', "A person of the reader's family name"],
  },
  contract: {
    proposed: ['提案', 'proposed'],
    approved: ['承認', 'approved'],
    active: ['有効', 'active'],
    suspended: ['一時停止', 'suspended'],
    ended: ['終了', 'ended'],
  },
  pair: {
    review: ['確認待ち', 'to be decided'],
    linked: ['同一人', 'linked'],
    different: ['別人', 'different people'],
    settled: ['他の組で決定', 'settled by another pair'],
    duplicate: ['重複', 'duplicate'],
  },
  resolved: {
    linked: ['同じ人に連結しました', 'linked with a person'],
    review: ['確認待ちに入れました', 'put into the queue'],
    alone: ['同じ人は見つかりませんでした', 'nobody else was found'],
    known: ['変わりはありません', 'nothing has changed'],
    gone: ['記録はもうありません', 'the record is not there any more'],
  },
  agreement: {
    full: ['一致', 'same'],
    kanji: ['漢字のみ一致', 'kanji the same'],
    kana: ['かなのみ一致', 'kana the same'],
    homophone: ['同音', 'sounds the same'],
    near: ['近い', 'near'],
    same: ['一致', 'same'],
    compatible: ['矛盾なし', 'compatible'],
    person: ['枝番まで一致', 'same with branch'],
    family: ['番号まで一致', 'same number'],
    relative: ['枝番違い', 'another branch'],
    line: ['番地まで一致', 'same to the line'],
    postcode: ['郵便番号のみ一致', 'same postcode'],
    different: ['不一致', 'different'],
    unknown: ['不明', 'unknown'],
  },
  action: {
    C: ['登録', 'create'],
    R: ['閲覧', 'read'],
    U: ['変更', 'update'],
    D: ['削除', 'delete'],
    E: ['処理', 'execute'],
  },
  purpose: {
    TREAT: ['診療', 'treatment'],
    ETREAT: ['救急', 'emergency treatment'],
    BTG: ['緊急時の特別閲覧', 'break-glass'],
    CAREMGT: ['療養支援', 'care management'],
    COC: ['連携', 'coordination'],
    HOPERAT: ['運営', 'operations'],
    PATADMIN: ['事務', 'patient administration'],
    PATRQT: ['本人の求め', 'patient request'],
  },
};

export type Term = (of: string, code: string | undefined) => string;

/** `const term = useTerm(); term('role', 'nurse')`. */
export const useTerm = (): Term => {
  const { language } = useLanguage();
  return (of, code) => TERMS[of]?.[code ?? '']?.[language === 'ja' ? 0 : 1] ?? code ?? '';
};

/** All of a kind, for a list to choose from. */
export const useChoices = (of: string): readonly { readonly value: string; readonly label: string }[] => {
  const term = useTerm();
  return Object.keys(TERMS[of] ?? {}).map((value) => ({ value, label: term(of, value) }));
};
