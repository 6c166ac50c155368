// How text is folded before it is compared, and the two levels at which Japanese names are looked up
// (../shared/docs/storage-study.md, "Patient lookup and kana").

/** Old and variant forms in names, each to the form that is typed. A region may need more: the MJ map has them all. */
const VARIANTS = new Map(
  [
    '髙高 﨑崎 碕崎 嵜崎 濵浜 濱浜 邊辺 邉辺 澤沢 齋斎 齊斉 廣広 國国 嶋島 嶌島 德徳 櫻桜 眞真 惠恵 瀨瀬 𠮷吉 龍竜 條条 曾曽',
    '壽寿 榮栄 實実 澁渋 淺浅 瀧滝 禮礼 莊荘 藏蔵 觀観 豐豊 鐵鉄 靜静 黑黒 與与 亞亜 假仮 圓円 學学 寬寛 峯峰 嶽岳 檜桧 籠篭 逹達 塚塚 栁柳 桒桑 冨富',
  ]
    .join(' ')
    .split(' ')
    .map((pair) => [...pair] as [string, string]),
);

const HIRAGANA = /[\u3041-\u3096\u309D\u309E]/g;
/** Combining marks but the two that voice a kana; variation selectors are among them. */
const MARKS = /(?![\u3099\u309A])\p{Mn}/gu;
/** White space, punctuation (long vowel mark and iteration marks are letters), zero-width characters, the minus typed for a hyphen. */
const SEPARATORS = /[\p{Z}\p{P}\p{Cc}\p{Cf}\u2212]/gu;
const IDEOGRAPH = /\p{Script=Han}/gu;

/**
 * Level 1: width, case, accents, hiragana or katakana, separators and variant kanji make no difference.
 * "Case and accent insensitive; punctuation and extra white space ignored": https://hl7.org/fhir/R4/search.html#string
 */
export const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(MARKS, '')
    .toLowerCase()
    .replace(/ς/g, 'σ')
    .replace(SEPARATORS, '')
    .replace(HIRAGANA, (kana) => String.fromCharCode(kana.charCodeAt(0) + 0x60))
    .normalize('NFC') // last: only katakana has ヺ, and a separator may have stood before the voicing mark
    .replace(IDEOGRAPH, (kanji) => VARIANTS.get(kanji) ?? kanji);

const PLAIN = new Map<string, string>();
const pairs = (from: string, to: string) => {
  for (const [i, kana] of [...from].entries()) PLAIN.set(kana, [...to][i]!);
};
pairs('ガギグゲゴザジズゼゾダデドバビブベボパピプペポヴ', 'カキクケコサシスセソタテトハヒフヘホハヒフヘホウ');
pairs('ヂヅァィゥェォャュョヮヵヶヰヱヲヷヸヹヺヾ', 'チツアイウエオヤユヨワカケイエオワイエオヽ');

const ROWS: Record<string, string> = {
  a: 'アカサタナハマヤラワ',
  i: 'イキシチニヒミリ',
  u: 'ウクスツヌフムユル',
  e: 'エケセテネヘメレ',
  o: 'オコソトノホモヨロ',
};
const VOWEL = new Map(Object.entries(ROWS).flatMap(([vowel, row]) => [...row].map((kana) => [kana, vowel] as const)));
/** A vowel kana after one of these vowels only lengthens it: おお, こう, けい. */
const LENGTHENS: Record<string, string> = { ア: 'a', イ: 'ie', ウ: 'uo', エ: 'e', オ: 'o' };

/**
 * Level 2 of a text that is folded already: voicing dropped, small kana widened, long vowels and geminates dropped.
 * It only looks back, so loose(prefix) is a prefix of loose(whole): one row serves exact, prefix and phonetic look-up.
 */
const looseOf = (folded: string): string => {
  let result = '';
  let before: string | undefined;
  for (const character of folded) {
    const kana = PLAIN.get(character) ?? character;
    const isDropped =
      character === 'ー' ||
      character === 'ッ' ||
      character === '\u3099' ||
      character === '\u309A' ||
      (before !== undefined && LENGTHENS[kana]?.includes(before));
    if (!isDropped) result += kana;
    if (character !== 'ー' && character !== 'ッ') before = VOWEL.get(kana);
  }
  return result;
};

export const loose = (text: string): string => looseOf(fold(text));

const VOWELS: Record<string, string> = { a: 'ア', i: 'イ', u: 'ウ', e: 'エ', o: 'オ' };

/**
 * A text whose order is that of a Japanese index (as JIS X 4061 puts it): by the kana without their marks first, a long vowel as the
 * vowel that it lengthens; what is equal then by its marks.
 */
export const kanaOrder = (text: string): string => {
  const folded = fold(text);
  let plain = '';
  for (const character of folded) {
    const vowel = character === 'ー' ? VOWELS[VOWEL.get(plain.at(-1) ?? '') ?? ''] : undefined;
    plain += vowel ?? (character === 'ッ' ? 'ツ' : (PLAIN.get(character) ?? character));
  }
  return `${plain}\u0000${folded}`;
};
