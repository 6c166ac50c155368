// A region of people who do not exist, and what its facilities have written down of them. Knows nothing of the matcher: it says what
// happens to people (twins, marriage, moving house, a new job) and to data (old machines, typing, hurry), and who each record is of.
import type { Resource } from '../../../functions/fhir/types.ts';
import { BEGINS, ENDS, FAMILIES, FEMALE, MALE } from './names.ts';
import { type Home, type Human, type Insured, type Kind, type Word, written } from './written-record.ts';

export type { Kind } from './written-record.ts';

export interface Labelled {
  readonly patient: Resource;
  /** Of a facility whose machine keeps insurance apart. */
  readonly coverages: readonly Resource[];
  /** The human being. */
  readonly person: number;
  readonly facility: string;
  /** What is unlike in this record. */
  readonly kinds: readonly Kind[];
}

export const randomOf = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

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
/** Names of one in 250 people and more. */
const FREQUENT = new Set(
  FAMILIES.replaceAll('\n', '')
    .split('|')
    .map((row) => row.split(' '))
    .flatMap(([, kana = '', share]) => (Number(share) >= 4 ? [kana] : [])),
);
/** Two thirds of all people have a name that is in no list of common ones. */
const family = (random: number): Word => {
  if (random < 0.35) return common(random / 0.35);
  const at = Math.floor(((random - 0.35) / 0.65) * BEGINS.length * ENDS.length);
  const [first, second] = [BEGINS[at % BEGINS.length]!, ENDS[Math.floor(at / BEGINS.length)]!];
  return { spellings: [first[0] + second[0]], kana: first[1] + second[1] };
};
const male = words(MALE);
const female = words(FEMALE);

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
      if (!chance(0.5)) continue;
      const both = { mixedUp: false };
      eldest.twin = { given: twin, both };
      members.at(-1)!.twin = { given: word, both };
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
    // Of one birthday: `double` makes them, as many as are wanted.
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

  /**
   * One name in kana and kanji, one sex, one birth date, one postcode, and two people: neighbours of a frequent name, or cousins, whom
   * one grandfather has named. Each has an own house, telephone and insurance.
   */
  const double = (of: Human, kind: Kind) => {
    let home = homeAt(of.home.postcode);
    while (home.line === of.home.line) home = homeAt(of.home.postcode);
    of.about.push(kind);
    add({
      family: of.family,
      spelling: of.spelling,
      given: of.given,
      sex: of.sex,
      birth: of.birth,
      home,
      phone: chance(0.5) ? home.phone : mobile(),
      insured: insure(),
      about: [kind],
    });
  };
  const isFrequent = ({ family: { kana } }: Human) => FREQUENT.has(kana);

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

  const settled = humans.filter(({ about }) => about.length === 0);
  const frequent = settled.filter(isFrequent);
  for (let pairs = 0; pairs < people / 100; pairs += 1) double(pick(frequent), 'same name, birthday and postcode');
  for (let pairs = 0; pairs < people / 200; pairs += 1) double(pick(settled), 'cousin of one name and birthday');

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
