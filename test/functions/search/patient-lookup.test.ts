// Looking people up (IHE PDQ): every way to write a Japanese name, alone and together with what JP Core 1.2.0 combines it with.
// The people are made from lists of common names by a fixed rule; none is real.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { search } from '../../../functions/search/search.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import type { Resources } from '../../../functions/storage/port.ts';
import { context, given, NOW, region, requestOf, store } from './support.ts';

const FAMILIES =
  '髙橋 タカハシ takahashi,佐藤 サトウ sato,渡邊 ワタナベ watanabe,齋藤 サイトウ saito,大野 オオノ ono,小野 オノ ono,加藤 カトウ kato,後藤 ゴトウ goto,服部 ハットリ hattori,島 シマ shima,嶋田 シマダ shimada,山﨑 ヤマザキ yamazaki,山崎 ヤマサキ yamasaki,近藤 コンドウ kondo,井上 イノウエ inoue,長谷川 ハセガワ hasegawa'
    .split(',')
    .map((line) => line.split(' ') as [string, string, string]);
const GIVENS =
  '太郎 タロウ taro,花子 ハナコ hanako,一郎 イチロウ ichiro,幸子 サチコ sachiko,健二 ケンジ kenji,洋一 ヨウイチ yoichi,由美 ユミ yumi,祐子 ユウコ yuko,達也 タツヤ tatsuya,京子 キョウコ kyoko,淳 ジュン jun,律子 リツコ ritsuko'
    .split(',')
    .map((line) => line.split(' ') as [string, string, string]);

interface Person {
  readonly id: string;
  readonly family: readonly [string, string, string];
  readonly given: readonly [string, string, string];
  readonly birthDate: string;
  readonly gender: string;
  readonly phone: string;
  readonly postcode: string;
}

const COUNT = 1200;
const people: Person[] = Array.from({ length: COUNT }, (_, i) => ({
  id: `p${i}`,
  family: FAMILIES[(i * 7) % FAMILIES.length]!,
  given: GIVENS[(i * 5 + Math.floor(i / 16)) % GIVENS.length]!,
  birthDate: new Date(Date.UTC(1930, 0, 1) + ((i * 7919) % 29_000) * 86_400_000).toISOString().slice(0, 10),
  gender: i % 2 ? 'male' : 'female',
  phone: `090${String((i * 48_271) % 100_000_000).padStart(8, '0')}`,
  postcode: `77${String((i * 31) % 100_000).padStart(5, '0')}`,
}));

const REPRESENTATION = 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation';
const named = (form: string, family: string, name: string) => ({
  extension: [{ url: REPRESENTATION, valueCode: form }],
  use: 'usual',
  text: `${family} ${name}`,
  family,
  given: [name],
});
const patientOf = ({ id, family, given: name, birthDate, gender, phone, postcode }: Person): Resource =>
  given('Patient', id, {
    identifier: [{ system: 'urn:oid:1.2.392.100495.20.3.51.13610000001', value: id.slice(1).padStart(8, '0') }],
    name: [named('IDE', family[0], name[0]), named('SYL', family[1], name[1]), named('ABC', family[2], name[2])],
    birthDate,
    gender,
    telecom: [{ system: 'phone', value: phone.replace(/^(\d{3})(\d{4})/, '$1-$2-') }],
    address: [
      { postalCode: postcode.replace(/^(\d{3})/, '$1-'), state: '徳島県', city: '徳島市', line: ['幸町2丁目5'] },
    ],
  });

const hiragana = (kana: string) =>
  kana.replace(/[\u30a1-\u30f6]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0x60));
const HALF = new Map(
  Array.from({ length: 0xff9d - 0xff66 + 1 }, (_, i) => String.fromCharCode(0xff66 + i)).map((half) => [
    half.normalize('NFKC'),
    half,
  ]),
);
const halfWidth = (kana: string) =>
  [...kana.normalize('NFD')]
    .map((one) => HALF.get(one) ?? (one === '\u3099' ? 'ﾞ' : one === '\u309a' ? 'ﾟ' : one))
    .join('');
const fullWidth = (text: string) => text.replace(/[0-9a-z]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0));
/** As it might be heard: long vowels short, doubled consonants single, voiced ones plain. */
const misheard = (kana: string) =>
  kana
    .replace(/ッ/g, '')
    .replace(/([オコゴトドノヨロウクユ])ウ/g, '$1ー')
    .replace(/ダ/g, 'タ')
    .replace(/ガ/g, 'カ')
    .replace(/ザ/g, 'サ');

let lookUp: (query: string) => Promise<{ ids: string[]; walked: boolean; read: number }>;
beforeAll(async () => {
  const { resources: real, seal } = openMemory(() => NOW);
  await store(real, people.map(patientOf));
  let walked = false;
  let read = 0;
  const resources: Resources = {
    ...real,
    walk: (walk) => {
      walked = true;
      return real.walk(walk);
    },
    getMany: (refs) => {
      read += refs.length;
      return real.getMany(refs);
    },
  };
  const ask = search({ resources, seal, clock: () => NOW, region });
  lookUp = async (query) => {
    walked = false;
    read = 0;
    const { matches } = await ask(context(), requestOf(`Patient?${query}&_count=1000`));
    return { ids: matches.map(({ id }) => id), walked, read };
  };
});

const encode = (pairs: Record<string, string>) =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');

/** Every 20th of the people, looked up in one way. */
const some = people.filter((_, i) => i % 20 === 0);

/** What is asked; how many may be found at most on the average; how many are read at most. */
const WAYS: readonly (readonly [string, (person: Person) => Record<string, string>, number, number])[] = [
  [
    'identifier',
    ({ id }) => ({ identifier: `urn:oid:1.2.392.100495.20.3.51.13610000001|${id.slice(1).padStart(8, '0')}` }),
    1,
    1,
  ],
  ['identifier in full width', ({ id }) => ({ identifier: fullWidth(id.slice(1).padStart(8, '0')) }), 1, 1],
  [
    'birthdate + name in kanji',
    ({ family, given: [name], birthDate }) => ({ birthdate: birthDate, name: family[0] + name }),
    1,
    1,
  ],
  [
    'birthdate + family in the usual form of a variant kanji',
    ({ family, birthDate }) => ({
      birthdate: birthDate,
      family: family[0].replace('髙', '高').replace('邊', '辺').replace('齋', '斎').replace('﨑', '崎'),
    }),
    1,
    1,
  ],
  ['birthdate + name in katakana', ({ family, birthDate }) => ({ birthdate: birthDate, name: family[1] }), 1, 1],
  ['birthdate + gender', ({ birthDate, gender }) => ({ birthdate: birthDate, gender }), 1, 1],
  [
    'birthdate + name + gender, hiragana',
    ({ family, birthDate, gender }) => ({ birthdate: birthDate, name: hiragana(family[1]), gender }),
    1,
    1,
  ],
  [
    'birthdate + family + given, half width',
    ({ family, given: name, birthDate }) => ({
      birthdate: birthDate,
      family: halfWidth(family[1]),
      given: halfWidth(name[1]),
    }),
    1,
    1,
  ],
  [
    'birthdate + name in romaji, full width',
    ({ family, birthDate }) => ({ birthdate: birthDate, name: fullWidth(family[2]) }),
    1,
    1,
  ],
  [
    'birthdate + phonetic, as it was heard',
    ({ family, birthDate }) => ({ birthdate: birthDate, phonetic: misheard(family[1]) }),
    1,
    1,
  ],
  ['name + phone', ({ family, phone }) => ({ name: family[1], phone }), 1, 1],
  ['name + telecom', ({ family, phone }) => ({ name: family[0], telecom: `phone|${phone}` }), 1, 1],
  ['name + postcode', ({ family, postcode }) => ({ name: family[1], 'address-postalcode': postcode }), 1, 1],
  ['postcode + address', ({ postcode }) => ({ 'address-postalcode': postcode, address: '徳島県徳島市' }), 1, 1],
  [
    'family + given, kana and gender',
    ({ family, given: name, gender }) => ({ family: family[1], given: name[1], gender }),
    20,
    110,
  ],
  ['family and given written together', ({ family, given: name }) => ({ name: family[0] + name[0] }), 25, 25],
  [
    'phonetic, family and given written together',
    ({ family, given: name }) => ({ phonetic: misheard(family[1]) + misheard(name[1]) }),
    30,
    30,
  ],
  ['the beginning of a name', ({ family }) => ({ name: hiragana(family[1]).slice(0, 3) }), 170, 240],
  [
    'all of it',
    ({ family, given: name, birthDate, gender, phone, postcode }) => ({
      family: family[1],
      given: name[1],
      birthdate: birthDate,
      gender,
      phone,
      'address-postalcode': postcode,
    }),
    1,
    1,
  ],
];

describe(`of ${COUNT} people, who is looked up is found`, () => {
  it.each(WAYS)('by %s', async (_, asked, mostFound, mostRead) => {
    let found = 0;
    let read = 0;
    for (const person of some) {
      const answer = await lookUp(encode(asked(person)));
      expect(answer.ids, encode(asked(person))).toContain(person.id);
      expect(answer.walked).toBe(false);
      found += answer.ids.length;
      read += answer.read;
    }
    expect(found / some.length).toBeLessThanOrEqual(mostFound * 1.1);
    expect(read / some.length).toBeLessThanOrEqual(mostRead * 1.5);
  });

  it('and nobody who is not there', async () => {
    const nobody: Record<string, string>[] = [
      { name: 'ソンザイシナイ' },
      { name: 'さとう', birthdate: '1901-01-01' },
      { phone: '0000000000' },
      { identifier: '99999999' },
      { family: '佐籐' },
    ];
    for (const query of nobody) expect((await lookUp(encode(query))).ids).toEqual([]);
  });

  it('a look-up finds what reading everybody finds', async () => {
    for (const person of some.slice(0, 12)) {
      const [[, kana], birth] = [person.family, person.birthDate];
      const bySearch = await lookUp(encode({ name: kana }));
      const all = people.filter(
        ({ family, given: name }) =>
          [...family, ...name].some((text) => text.startsWith(kana)) || (family[1] + name[1]).startsWith(kana),
      );
      expect(bySearch.ids.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
      const day = await lookUp(encode({ birthdate: birth }));
      expect(day.ids.toSorted()).toEqual(
        people
          .filter(({ birthDate }) => birthDate === birth)
          .map(({ id }) => id)
          .toSorted(),
      );
    }
  });
});
