// How a name is written before two of them are compared: stricter than search, where a candidate too many costs nothing.
import { fold } from '../../search/kana.ts';

/**
 * Variant characters 異体字 beyond those that search knows, each to one of its family. Registers hold both: 斎藤 and 斉藤, 渡辺 and 渡邉
 * are one family to every counter in Japan. https://mojikiban.ipa.go.jp/ has them all; these are the ones that names are full of.
 */
const VARIANTS = new Map(
  '斉斎 凜凛 彌弥 晋晋 槇槙 遙遥 祐祐 羽羽 神神 福福 祥祥 諸諸 都都 飯飯 館舘 闘斗 萬万 寳宝 寶宝 淵渕 劔剣 劍剣 彥彦 緖緒 曆暦 增増 德徳 郞郎 敎教 關関 舊旧 尙尚 步歩 每毎 海海 梅梅 賴頼 類類 隆隆 穗穂 眞真 茲玆 吳呉 增増 兒児 覺覚 惣総 莱萊 檜桧 塚塚 葛葛 辻辻 芦蘆 鷗鴎 鬪闘'
    .split(' ')
    .map((pair) => [...pair] as [string, string])
    .filter(([from, to]) => to !== undefined && from !== to),
);

/** Kanji, or any other script that is not kana: width, case, separators, variation selectors and variants make no difference. */
export const writtenKanji = (text: string): string => [...fold(text)].map((one) => VARIANTS.get(one) ?? one).join('');

const PLAIN = new Map<string, string>();
for (const [from, to] of [...'ァィゥェォッャュョヮヵヶヂヅヰヱヲ'].map((kana, at) => [
  kana,
  [...'アイウエオツヤユヨワカケジズイエオ'][at]!,
]))
  PLAIN.set(from!, to!);

/**
 * Kana as two systems may write the same reading: half-width kana of old machines have small letters or have not, じ and ぢ sound
 * alike. Voicing and long vowels do make a difference here: ユウコ and ユコ are two names, and twins are given such.
 */
export const writtenKana = (text: string): string => [...fold(text)].map((one) => PLAIN.get(one) ?? one).join('');

/** Nothing in it but kana and what stands between them. */
export const isKana = (text: string): boolean =>
  /^[\p{Script=Hiragana}\p{Script=Katakana}ー\u3099\u309A]+$/u.test(fold(text));

/** Edits between two short texts: insertion, deletion, substitution, transposition of neighbours (optimal string alignment). */
export const edits = (a: string, b: string): number => {
  if (a === b) return 0;
  const from = [...a];
  const to = [...b];
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const cost = from[i - 1] === to[j - 1] ? 0 : 1;
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        best = Math.min(best, before[j - 2]! + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[to.length]!;
};
