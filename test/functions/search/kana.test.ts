// Folding of names (../shared/docs/storage-study.md, "Patient lookup and kana")
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold, loose } from '../../../functions/search/kana.ts';

const KANA = [
  ...'あいうえおかがきくこごさざしじすずせそただちぢっつづてとどなのはばぱひびぴふほまみもやゃゆゅよょらりるれろわをんゔアイウエオカガキクコゴッャュョーヴヵヶヰヱｱｲｳｶﾞﾊﾟｯｬｰ',
];
const OTHER = [...'山田髙橋渡邊齋藤𠮷ABCzéßΣ・ 　-ー゙゚'];
const name = fc
  .array(fc.constantFrom(...KANA, ...KANA, ...OTHER), { maxLength: 12 })
  .map((characters) => characters.join(''));

describe('fold', () => {
  it.each([
    ['やまだ', 'ヤマダ'],
    ['ﾔﾏﾀﾞ', 'ヤマダ'],
    ['ＹＡＭＡＤＡ', 'yamada'],
    ['山田　太郎', '山田太郎'],
    ['髙橋', '高橋'],
    ['渡邉', '渡辺'],
    ['葛\u{E0100}城', '葛城'],
    ['１８７', '187'],
    ['Müller-Lüdenscheidt', 'Muller Ludenscheidt'],
  ])('makes %s and %s one', (a, b) => expect(fold(a)).toBe(fold(b)));
  it.each([
    ['カ', 'ガ'],
    ['コウ', 'コ'],
    ['ツ', 'ッ'],
  ])('keeps %s and %s apart', (a, b) => expect(fold(a)).not.toBe(fold(b)));
  it('is done once and for all', () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(fold(fold(text))).toBe(fold(text));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('loose', () => {
  it.each([
    ['サイトウ', 'さいと'],
    ['ユウコ', 'ユーコ'],
    ['オオノ', 'オノ'],
    ['ハットリ', 'ハトリ'],
    ['ナカジマ', 'ナカシマ'],
    ['ワタナベ', 'わたなへ'],
    ['キョウコ', 'キヨコ'],
    ['ミヅキ', 'みつき'],
  ])('makes %s and %s one', (a, b) => expect(loose(a)).toBe(loose(b)));
  it('of a prefix is a prefix of the whole: one row serves exact, prefix and phonetic look-up', () => {
    fc.assert(
      fc.property(name, fc.nat(12), (text, length) => {
        const prefix = [...text].slice(0, length).join('');
        expect(loose(text).startsWith(loose(prefix))).toBe(true);
      }),
      { numRuns: 50_000 },
    );
  });
  it('of what folds to a prefix is a prefix too, so that no match of the exact level is missed', () => {
    fc.assert(
      fc.property(name, name, (text, other) => {
        if (fold(text).startsWith(fold(other))) expect(loose(text).startsWith(loose(other))).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });
});
