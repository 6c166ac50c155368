// A region of people who do not exist, and what its facilities have written down of them. Knows nothing of the matcher: it says what
// happens to people (twins, marriage, moving house, a new job) and to data (old machines, typing, hurry), and who each record is of.
import type { Resource } from '../../../functions/fhir/types.ts';
import { BEGINS, ENDS, FAMILIES, FEMALE, MALE } from './names.ts';

export interface Labelled {
  readonly patient: Resource;
  /** The human being. */
  readonly person: number;
  readonly facility: string;
  /** What is unlike in this record. */
  readonly kinds: readonly Kind[];
}

export type Kind =
  | 'as registered'
  | 'twin'
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
  | 'branch missing'
  | 'branch of a relative'
  | 'insurance number typed wrongly'
  | 'no insurance'
  | 'no telephone'
  | 'no address'
  | 'duplicate at one facility';

export const randomOf = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

interface Word {
  readonly spellings: readonly string[];
  readonly kana: string;
}
const words = (text: string) => {
  const rows = text
    .replaceAll('\n', '')
    .split('|')
    .map((row) => row.split(' '));
  const weights = rows.map(([, , share]) => Number(share));
  const total = weights.reduce((sum, one) => sum + one, 0);
  return (random: number): Word => {
    let left = random * total;
    const at = weights.findIndex((weight) => {
      left -= weight;
      return left < 0;
    });
    const [kanji = '', kana = ''] = rows[Math.max(at, 0)]!;
    return { spellings: kanji.split('/'), kana };
  };
};
const common = words(FAMILIES);
/** Two thirds of all people have a name that is in no list of common ones. */
const family = (random: number): Word => {
  if (random < 0.35) return common(random / 0.35);
  const at = Math.floor(((random - 0.35) / 0.65) * BEGINS.length * ENDS.length);
  const [first, second] = [BEGINS[at % BEGINS.length]!, ENDS[Math.floor(at / BEGINS.length)]!];
  return { spellings: [first[0] + second[0]], kana: first[1] + second[1] };
};
const male = words(MALE);
const female = words(FEMALE);

interface Home {
  readonly postcode: string;
  readonly line: string;
  readonly phone: string;
}
interface Insured {
  readonly insurer: string;
  readonly symbol: string;
  readonly number: string;
  readonly branch: string;
}
interface Human {
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
  married?: Word;
  moved?: Home;
  otherPhone?: string;
  otherInsured?: Insured;
}

export const population = (people: number, seed = 20261122): Labelled[] => {
  const random = randomOf(seed);
  const chance = (probability: number) => random() < probability;
  const below = (most: number) => Math.floor(random() * most);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;
  const digits = (count: number) => Array.from({ length: count }, () => below(10)).join('');

  const postcodes = Array.from({ length: Math.ceil(people / 60) }, (_, at) => `77${String(at).padStart(5, '0')}`);
  const town = (postcode: string) => `大字${postcode.slice(-3)}町${1 + (Number(postcode) % 9)}丁目`;
  const homeAt = (postcode: string): Home => ({
    postcode,
    line: `${town(postcode)}${1 + below(40)}番${1 + below(30)}号`,
    phone: `088${digits(7)}`,
  });
  const newHome = () => homeAt(pick(postcodes));
  const mobile = () => `${pick(['090', '080', '070'])}${digits(8)}`;
  const insure = (): Insured => ({
    insurer: `0${pick(['1', '6', '3'])}36${digits(4)}`,
    symbol: chance(0.8) ? digits(3 + below(4)) : pick(['阿', '徳', '鳴']) + digits(2),
    number: String(1 + below(9999)),
    branch: '00',
  });
  const date = (year: number) =>
    `${year}-${String(1 + below(12)).padStart(2, '0')}-${String(1 + below(28)).padStart(2, '0')}`;

  const humans: Human[] = [];
  const add = (human: Omit<Human, 'id' | 'about' | 'relatives'> & { about?: Kind[] }): Human => {
    const made: Human = { relatives: [], about: [], ...human, id: humans.length };
    humans.push(made);
    return made;
  };
  const given = (sex: Human['sex']) => (sex === 'male' ? male : female)(random());
  /** As families like them: the same first character, or the same sound at the beginning. */
  const alike = (other: Word, sex: Human['sex']): Word => {
    for (let tries = 0; tries < 200; tries += 1) {
      const word = given(sex);
      if (word.kana === other.kana || word.spellings[0] === other.spellings[0]) continue;
      if (word.spellings[0]![0] === other.spellings[0]![0] || word.kana.slice(0, -1) === other.kana.slice(0, -1))
        return word;
    }
    return given(sex);
  };
  /** No family register holds one name twice; one sound twice it may, and now and then does. */
  const isTaken = (word: Word, members: readonly Human[]) =>
    members.some(
      (one) => one.given.spellings[0] === word.spellings[0] || (one.given.kana === word.kana && !chance(0.02)),
    );
  const distinctGiven = (sex: Human['sex'], members: readonly Human[]): Word => {
    let word = given(sex);
    while (isTaken(word, members)) word = given(sex);
    return word;
  };

  const household = () => {
    const name = family(random());
    const spelling = pick(name.spellings);
    const home = newHome();
    const insured = insure();
    const members: Human[] = [];
    const member = (sex: Human['sex'], birth: string, word: Word, about: Kind[] = []) => {
      const own = { ...insured, branch: String(members.length).padStart(2, '0') };
      const phone = chance(0.45) ? home.phone : mobile();
      members.push(add({ family: name, spelling, given: word, sex, birth, home, phone, insured: own, about }));
    };
    const year = 1930 + below(70);
    const first = chance(0.5) ? 'male' : 'female';
    member(first, date(year), distinctGiven(first, members));
    if (chance(0.6)) {
      const second = first === 'male' ? 'female' : 'male';
      member(second, date(year - 4 + below(8)), distinctGiven(second, members));
    }
    const children = chance(0.5) ? 1 + below(3) : 0;
    for (let child = 0; child < children; child += 1) {
      const sex = chance(0.5) ? 'male' : 'female';
      const birth = date(Math.min(year + 22 + below(15), 2025));
      const parent = members.find((one) => one.sex === sex);
      const word = parent && chance(0.2) ? alike(parent.given, sex) : distinctGiven(sex, members);
      if (isTaken(word, members)) continue;
      member(sex, birth, word);
      if (!chance(0.04)) continue;
      const eldest = members.at(-1)!;
      const twinSex = chance(0.8) ? sex : sex === 'male' ? 'female' : 'male';
      const twin = chance(0.6) ? alike(word, twinSex) : distinctGiven(twinSex, members);
      if (isTaken(twin, members)) continue;
      eldest.about.push('twin');
      member(twinSex, birth, twin, ['twin']);
    }
    for (const one of members)
      one.relatives = members.filter((other) => other !== one).map((other) => other.insured.branch);
  };

  /** Same name, same sex, next door, born on another day: some on one that looks like a slip of the pen. */
  const neighbours = new Set<string>();
  const neighbour = (of: Human) => {
    const [year = '', month = '', day = ''] = of.birth.split('-');
    const slip = chance(0.5)
      ? `${year.slice(0, 3)}${(Number(year[3]) + 1 + below(8)) % 10}-${month}-${day}`
      : `${year}-${month}-${day[1] !== '0' && day[0] !== day[1] && Number(day[1]! + day[0]!) <= 28 ? day[1]! + day[0]! : '17'}`;
    const birth = chance(0.4) && slip !== of.birth ? slip : date(Number(year) - 10 + below(20));
    const name = `${of.spelling}${of.given.spellings[0]}${birth}${of.home.postcode}`;
    // Two people of one name, one birth date and one postcode are beyond any rule (docs/identity.md).
    if (birth === of.birth || neighbours.has(name)) return;
    neighbours.add(name);
    const home = homeAt(of.home.postcode);
    of.about.push('same-name neighbour');
    add({
      family: of.family,
      spelling: of.spelling,
      given: of.given,
      sex: of.sex,
      birth,
      home,
      phone: chance(0.5) ? home.phone : mobile(),
      insured: insure(),
      about: ['same-name neighbour'],
    });
  };

  /** Same name and same birth date, elsewhere in the region. */
  const namesake = (of: Human) => {
    const home = newHome();
    if (home.postcode === of.home.postcode) return;
    add({
      family: of.family,
      spelling: of.spelling,
      given: of.given,
      sex: of.sex,
      birth: of.birth,
      home,
      phone: mobile(),
      insured: insure(),
    });
  };

  /** Forty people of one address and one telephone. */
  const careHome = () => {
    const home = newHome();
    for (let resident = 0; resident < 40; resident += 1) {
      const name = family(random());
      const sex = chance(0.3) ? 'male' : 'female';
      add({
        family: name,
        spelling: pick(name.spellings),
        given: given(sex),
        sex,
        birth: date(1928 + below(20)),
        home,
        phone: home.phone,
        insured: { ...insure(), insurer: '39360001' },
        about: ['care home'],
      });
    }
  };

  for (let homes = 0; homes < people / 1500; homes += 1) careHome();
  while (humans.length < people * 0.97) household();
  while (humans.length < people) (chance(0.9) ? neighbour : namesake)(humans[below(Math.floor(people * 0.9))]!);

  for (const human of humans) {
    const age = 2026 - Number(human.birth.slice(0, 4));
    if (human.about.includes('care home')) continue;
    if (human.sex === 'female' && age > 20 && age < 60 && chance(0.12)) human.married = family(random());
    if (human.married || chance(0.15)) human.moved = newHome();
    if (chance(0.2)) human.otherPhone = mobile();
    if (human.married || chance(0.2)) human.otherInsured = { ...insure(), branch: `0${below(3)}` };
  }

  const facilities = Array.from({ length: 40 }, (_, at) => `36100${String(at + 1).padStart(5, '0')}`);
  return humans.flatMap((human) => {
    const many = 1 + Math.min(below(3) + below(4), 5);
    const at = [...facilities].sort(() => random() - 0.5).slice(0, many);
    if (chance(0.01)) at.push(at[0]!);
    return at.map((facility, index) => {
      const record = written(human, facility, { random, chance, below, pick });
      if (index > 0 && facility === at[0]) record.kinds.push('duplicate at one facility');
      return {
        ...record,
        person: human.id,
        facility,
        kinds: record.kinds.length > 0 ? record.kinds : (['as registered'] as const),
      };
    });
  });
};

interface Dice {
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

const written = (
  human: Human,
  facility: string,
  { chance, below, pick }: Dice,
): { patient: Resource; kinds: Kind[] } => {
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
  if (says('read otherwise', 0.01))
    givenKana = pick(['ヒロコ', 'ユキ', 'アキラ', 'マサシ', 'トモミ', 'ジュン', 'カズヒロ']);
  const isKanaOnly = says('no kanji', 0.06);
  const isKanjiOnly = !isKanaOnly && says('no kana', 0.05);
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
  if (!says('no insurance', 0.2)) {
    identifier.push(memberId(insured, number, branch));
    if (insured === human.otherInsured && says('insurance with history', 0.3))
      identifier.push({
        ...memberId(human.insured, human.insured.number, human.insured.branch),
        period: { end: '2023-03-31' },
      });
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
  return { patient, kinds };
};

const wrongDate = (date: string, { below, chance }: Pick<Dice, 'below' | 'chance'>): string => {
  const [year = '', month = '', day = ''] = date.split('-');
  if (chance(0.3) && Number(day) <= 12 && day !== month) return `${year}-${day}-${month}`;
  if (chance(0.3) && year[2] !== year[3]) return `${year.slice(0, 2)}${year[3]}${year[2]}-${month}-${day}`;
  if (chance(0.5)) return `${year}-${month}-${String(1 + ((Number(day) + below(26)) % 28)).padStart(2, '0')}`;
  return `${year.slice(0, 3)}${(Number(year[3]) + 1 + below(8)) % 10}-${month}-${day}`;
};
