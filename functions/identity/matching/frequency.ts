// How many people share a name: agreement on 佐藤 proves less than agreement on a name that ten families have. Shares of the
// population in thousandths, from memory of public surname counts, by the reading; they need tuning on a region's own register.
import { loose } from '../../search/kana.ts';

const FAMILIES = `サトウ 15 スズキ 14 タカハシ 11 タナカ 11 イトウ 10 ワタナベ 10 ヤマモト 8.5 ナカムラ 8.3 コバヤシ 8.2 カトウ 7.1 ヨシダ 6.6 ヤマダ 6.5
  ササキ 5.3 ヤマグチ 5.1 マツモト 5 イノウエ 4.9 キムラ 4.6 ハヤシ 4.3 サイトウ 6.5 シミズ 4.2 ヤマザキ 4 モリ 3.7 イケダ 3.6 ハシモト 3.6 アベ 3.5 イシカワ 3.4
  ヤマシタ 3.3 ナカジマ 3.2 イシイ 3.1 オガワ 3.1 マエダ 3 オカダ 3 ハセガワ 3 フジタ 3 ゴトウ 2.9 コンドウ 3 ムラカミ 2.8 エンドウ 2.7 アオキ 2.7 サカモト 2.7
  フクダ 2.3 オオタ 2.3 ニシムラ 2.3 フジイ 2.3 オカモト 2.2 ミウラ 2.2 カネコ 2.1 フジワラ 2.1 ナカノ 2.1 マツダ 2 ナカガワ 2 ハラダ 2 オノ 2 タムラ 1.9 タケウチ 1.9`;
const GIVENS = `ヨウコ 6 ヒロシ 6 ケイコ 5 カズコ 5 サチコ 4.5 キヨシ 4.5 ヒロコ 5 タカシ 5 ヨシコ 6 ミノル 4 ススム 3 ユウコ 4 クミコ 4 トモコ 4 マコト 4 イサム 3 ハナコ 2
  ユミコ 4 アキラ 4 トシコ 4 シゲル 3 ノブコ 3 フミコ 3 ミチコ 4 エイコ 3 サトシ 3 ダイスケ 3 ケンイチ 3 ナオキ 3 ユウキ 4 ショウタ 3 ミサキ 3 アイ 3 ハルト 3 ヒナ 3 ユイ 4 アオイ 3 リン 3`;

const table = (text: string) => {
  const words = text.trim().split(/\s+/);
  const shares = new Map<string, number>();
  for (let at = 0; at < words.length; at += 2) shares.set(loose(words[at]!), Number(words[at + 1]) / 1000);
  return shares;
};
const families = table(FAMILIES);
const givens = table(GIVENS);

/** A name that is not in the table is rarer than any that is, but nobody's name is unique. */
const RARE_FAMILY = 0.0005;
const RARE_GIVEN = 0.001;

export const familyShare = (looseKana: string): number => families.get(looseKana) ?? RARE_FAMILY;
export const givenShare = (looseKana: string): number => givens.get(looseKana) ?? RARE_GIVEN;
