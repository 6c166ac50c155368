// What a facility writes down of somebody, and what goes wrong with it: old machines, typing, hurry. Knows nothing of the matcher.
import type { Resource } from '../../../functions/fhir/types.ts';

export type Kind =
  | 'as registered'
  | 'twin'
  | 'a name as the twin has it'
  | 'same name, birthday and postcode'
  | 'cousin of one name and birthday'
  | 'same-name neighbour'
  | 'care home'
  | 'half-width kana'
  | 'hiragana'
  | 'variant kanji'
  | 'no kanji'
  | 'no kana'
  | 'kana typed wrongly'
  | 'kanji typed wrongly'
  | 'read otherwise'
  | 'birth date typed wrongly'
  | 'birth date missing'
  | 'sex typed wrongly'
  | 'sex missing'
  | 'married name'
  | 'married name, old name kept'
  | 'other address'
  | 'other telephone'
  | 'other insurance'
  | 'insurance with history'
  | 'insurance in a Coverage'
  | 'branch missing'
  | 'branch of a relative'
  | 'insurance number typed wrongly'
  | 'no insurance'
  | 'no telephone'
  | 'no address'
  | 'duplicate at one facility';

export interface Word {
  readonly spellings: readonly string[];
  readonly kana: string;
}
export interface Home {
  readonly postcode: string;
  readonly line: string;
  readonly phone: string;
}
export interface Insured {
  readonly insurer: string;
  readonly symbol: string;
  readonly number: string;
  readonly branch: string;
}
export interface Human {
  readonly id: number;
  family: Word;
  /** How this family writes itself. */
  spelling: string;
  given: Word;
  readonly sex: 'male' | 'female';
  birth: string;
  home: Home;
  phone: string;
  insured: Insured;
  /** Branches of the rest of the house, which clerks mix up. */
  relatives: string[];
  readonly about: Kind[];
  /**
   * Of twins whom a clerk has mixed up once: the other's given name, and what both of them share. Their records have both scripts; with
   * one alone, a record with the other's name would be one of the other's.
   */
  twin?: { readonly given: Word; readonly both: { mixedUp: boolean } };
  married?: Word;
  moved?: Home;
  otherPhone?: string;
  otherInsured?: Insured;
}

export interface Dice {
  readonly random: () => number;
  readonly chance: (probability: number) => boolean;
  readonly below: (most: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
}

const HALF: Record<string, string> = {};
'アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンァィゥェォャュョッー'
  .split('')
  .forEach((kana, at) => {
    HALF[kana] = [...'ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｧｨｩｪｫｬｭｮｯｰ'][at]!;
  });
const halfWidth = (kana: string) =>
  [...kana.normalize('NFD')].map((one) => HALF[one] ?? (one === '\u3099' ? 'ﾞ' : one === '\u309A' ? 'ﾟ' : one)).join('');
const LARGE: Record<string, string> = {
  ァ: 'ア',
  ィ: 'イ',
  ゥ: 'ウ',
  ェ: 'エ',
  ォ: 'オ',
  ャ: 'ヤ',
  ュ: 'ユ',
  ョ: 'ヨ',
  ッ: 'ツ',
};
const withoutSmall = (kana: string) => [...kana].map((one) => LARGE[one] ?? one).join('');
const hiragana = (kana: string) =>
  [...kana].map((one) => (one >= 'ァ' && one <= 'ヶ' ? String.fromCharCode(one.charCodeAt(0) - 0x60) : one)).join('');
const KANA = [
  ...'アイウエオカキクケコサシスセソタチツテトナニノハヒフホマミムメモヤユヨラリルレロワンガギゴザジダデドバブボ',
];
const KANJI = [...'子美一郎太花陽春夏秋冬光明正和真田山川木村石井本'];

const replaceAt = (text: string, at: number, by: string) =>
  [...text].map((one, place) => (place === at ? by : one)).join('');

export const written = (
  human: Human,
  facility: string,
  { chance, below, pick }: Dice,
): { patient: Resource; coverages: Resource[]; kinds: Kind[] } => {
  const kinds: Kind[] = [...human.about];
  const says = (kind: Kind, probability: number): boolean => {
    const does = chance(probability);
    if (does) kinds.push(kind);
    return does;
  };
  const typo = (text: string, letters: readonly string[]) => {
    const length = [...text].length;
    const at = below(length);
    const how = below(3);
    if (how === 0 && length > 2) return [...text].filter((_, place) => place !== at).join('');
    if (how === 1 && length > 1 && at < length - 1) {
      const all = [...text];
      [all[at], all[at + 1]] = [all[at + 1]!, all[at]!];
      if (all.join('') !== text) return all.join('');
    }
    return replaceAt(text, at, pick(letters));
  };

  // What has happened in the person's life by the time of this record.
  const isMarried = human.married !== undefined && says('married name', 0.5);
  const word = isMarried ? human.married! : human.family;
  const home = human.moved && says('other address', 0.5) ? human.moved : human.home;
  const phone = human.otherPhone && says('other telephone', 0.5) ? human.otherPhone : human.phone;
  const insured = human.otherInsured && says('other insurance', 0.5) ? human.otherInsured : human.insured;

  let familyKanji = isMarried ? word.spellings[0]! : human.spelling;
  if (word.spellings.length > 1 && says('variant kanji', 0.25)) familyKanji = pick(word.spellings);
  let familyKana = word.kana;
  let givenKanji = human.given.spellings[0]!;
  let givenKana = human.given.kana;
  if (says('kana typed wrongly', 0.03)) {
    if (chance(0.5)) familyKana = typo(familyKana, KANA);
    else givenKana = typo(givenKana, KANA);
  }
  if (says('kanji typed wrongly', 0.015)) {
    if (chance(0.5)) familyKanji = typo(familyKanji, KANJI);
    else givenKanji = typo(givenKanji, KANJI);
  }
  const isKanaOnly = !human.twin && chance(0.06);
  const isKanjiOnly = !human.twin && !isKanaOnly && chance(0.05);
  if (human.twin && !human.twin.both.mixedUp && says('a name as the twin has it', 0.5)) {
    human.twin.both.mixedUp = true;
    if (chance(0.5)) givenKana = human.twin.given.kana;
    else givenKanji = human.twin.given.spellings[0]!;
  } else if (says('read otherwise', 0.01))
    givenKana = pick(['ヒロコ', 'ユキ', 'アキラ', 'マサシ', 'トモミ', 'ジュン', 'カズヒロ']);
  if (isKanaOnly) kinds.push('no kanji');
  if (isKanjiOnly) kinds.push('no kana');
  const machine = chance(0.2) ? 'half' : chance(0.06) ? 'hiragana' : 'plain';
  const kanaOf = (kana: string) =>
    machine === 'half'
      ? halfWidth(chance(0.5) ? withoutSmall(kana) : kana)
      : machine === 'hiragana'
        ? hiragana(kana)
        : kana;
  if (machine === 'half') kinds.push('half-width kana');
  if (machine === 'hiragana') kinds.push('hiragana');

  const usesExtension = chance(0.7);
  const name = (familyName: string, givenName: string, code: string, more = {}) => ({
    ...(usesExtension && {
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation', valueCode: code }],
    }),
    use: 'official',
    family: familyName,
    given: [givenName],
    ...more,
  });
  const names = [
    ...(isKanaOnly ? [] : [name(familyKanji, givenKanji, 'IDE')]),
    ...(isKanjiOnly ? [] : [name(kanaOf(familyKana), kanaOf(givenKana), 'SYL')]),
  ];
  if (isMarried && says('married name, old name kept', 0.4)) {
    const old = { use: 'old', period: { end: '2022-05-01' } };
    names.push(
      name(human.spelling, givenKanji, 'IDE', old),
      name(kanaOf(human.family.kana), kanaOf(givenKana), 'SYL', old),
    );
  }

  let birth: string | undefined = human.birth;
  if (says('birth date typed wrongly', 0.02)) birth = wrongDate(birth, { below, chance });
  else if (says('birth date missing', 0.005)) birth = undefined;
  let gender: string | undefined = human.sex;
  if (says('sex typed wrongly', 0.004)) gender = gender === 'male' ? 'female' : 'male';
  else if (says('sex missing', 0.03)) gender = undefined;

  let { number, branch } = insured;
  if (says('insurance number typed wrongly', 0.01)) number = replaceAt(number, below(number.length), String(below(10)));
  if (says('branch missing', 0.35)) branch = '';
  else if (human.relatives.length > 0 && insured === human.insured && says('branch of a relative', 0.003))
    branch = pick(human.relatives);
  const memberId = (one: Insured, no: string, sub: string) => ({
    system: 'http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID',
    value: `${one.insurer}:${one.symbol}:${no}:${sub}`,
  });
  const identifier: object[] = [
    { system: `urn:oid:1.2.392.100495.20.3.51.1${facility}`, value: `${human.id}${below(1000)}` },
  ];
  // JP Core's place for it; the machines of two facilities in five know it.
  const coverages: Resource[] = [];
  const isCoverage = Number(facility.slice(-1)) % 5 < 2;
  const cover = (one: Insured, no: string, sub: string, end?: string) => {
    if (isCoverage) coverages.push(coverageOf(one, no, sub, end));
    else identifier.push({ ...memberId(one, no, sub), ...(end && { period: { end } }) });
  };
  if (!says('no insurance', 0.2)) {
    if (isCoverage) kinds.push('insurance in a Coverage');
    cover(insured, number, branch);
    if (insured === human.otherInsured && says('insurance with history', 0.3))
      cover(human.insured, human.insured.number, human.insured.branch, '2023-03-31');
  }
  const dashed = (text: string) => (chance(0.5) ? `${text.slice(0, 3)}-${text.slice(3, 7)}-${text.slice(7)}` : text);
  const patient: Resource = {
    resourceType: 'Patient',
    identifier,
    name: names,
    ...(gender && { gender }),
    ...(birth && { birthDate: birth }),
    ...(!says('no telephone', 0.12) && { telecom: [{ system: 'phone', value: dashed(phone) }] }),
    ...(!says('no address', 0.06) && {
      address: [
        {
          postalCode: chance(0.5) ? `${home.postcode.slice(0, 3)}-${home.postcode.slice(3)}` : home.postcode,
          ...(chance(0.85) && { city: '徳島市', line: [home.line] }),
        },
      ],
    }),
  };
  return { patient, coverages, kinds };
};

/** http://jpfhir.jp/fhir/core/StructureDefinition/JP_Coverage */
const coverageOf = ({ insurer, symbol }: Insured, number: string, branch: string, end?: string): Resource => {
  const part = (name: string, valueString: string) => ({
    url: `http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Coverage_InsuredPerson${name}`,
    valueString,
  });
  return {
    resourceType: 'Coverage',
    status: end ? 'cancelled' : 'active',
    ...(end && { period: { end } }),
    extension: [part('Symbol', symbol), part('Number', number), ...(branch === '' ? [] : [part('SubNumber', branch)])],
    payor: [{ identifier: { system: 'http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber', value: insurer } }],
  };
};

const wrongDate = (date: string, { below, chance }: Pick<Dice, 'below' | 'chance'>): string => {
  const [year = '', month = '', day = ''] = date.split('-');
  if (chance(0.3) && Number(day) <= 12 && day !== month) return `${year}-${day}-${month}`;
  if (chance(0.3) && year[2] !== year[3]) return `${year.slice(0, 2)}${year[3]}${year[2]}-${month}-${day}`;
  if (chance(0.5)) return `${year}-${month}-${String(1 + ((Number(day) + below(26)) % 28)).padStart(2, '0')}`;
  return `${year.slice(0, 3)}${(Number(year[3]) + 1 + below(8)) % 10}-${month}-${day}`;
};
