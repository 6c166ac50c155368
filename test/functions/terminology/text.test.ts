// Japanese text comes back as it was written, to the byte, and is found however it is typed: docs/terminology.md, "Text".
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type Api, given } from '../../support/api.ts';
import { BOTH_STORES } from '../../support/both-stores.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';

afterAll(stopDynamoDb);

/** Kanji with variation selectors, beyond the BMP and of old form; kana of both widths, with voicing apart; wide letters; others. */
const CHARACTERS = [
  ...[
    '葛\u{E0100}',
    '葛\u{E0101}',
    '辻\u{E0100}',
    '邉\u{E0106}',
    '榊\uFE00',
    '𠮷',
    '𩸽',
    '𠀋',
    '髙',
    '﨑',
    '濵',
    '齋',
    '山',
    '田',
  ],
  ...['ｱ', 'ｶﾞ', 'ﾊﾟ', 'ｯ', 'ｬ', 'ｰ', 'か\u3099', 'ハ\u309A', 'が', 'ガ', 'ゔ', 'ヴ', 'ー', 'ヶ', '々'],
  ...[
    'Ａ',
    'ａ',
    'é',
    'e\u0301',
    'ß',
    'Σ',
    '１',
    '①',
    '㍻',
    '㈱',
    '℃',
    '½',
    'ﬁ',
    '　',
    ' ',
    '・',
    '-',
    '~',
    '〜',
    '～',
    '"',
    '\\',
    '|',
    '$',
    ',',
  ],
];
const text = fc
  .array(fc.constantFrom(...CHARACTERS), { minLength: 1, maxLength: 10 })
  .map((parts) => parts.join(''))
  // What has no letter of its own is no name, and blanks at the ends are no part of one.
  .filter((joined) => /[\p{L}\p{N}]/u.test(joined) && joined.trim() === joined);

const escaped = (value: string) => encodeURIComponent(value.replace(/[\\,|$]/g, '\\$&'));

/** Ways in which somebody else types the same. */
const TYPED: readonly ((name: string) => string)[] = [
  (name) => name.normalize('NFKC'),
  (name) => name.normalize('NFKD'),
  (name) => name.normalize('NFC'),
  (name) => name.replace(/[\u{E0100}-\u{E01EF}\uFE00-\uFE0F]/gu, ''),
  (name) => name.normalize('NFKC').replace(/[ァ-ヶ]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60)),
  (name) => name.normalize('NFKC').toLowerCase(),
];

const RUNS = { memory: 300, DynamoDB: 40 } as Record<string, number>;

describe.each(BOTH_STORES)('A name on %s', (store, open) => {
  let opened: Promise<Api> | undefined;
  let count = 0;
  const api = () => {
    opened ??= open();
    return opened;
  };
  const write = async (family: string) => {
    const id = `p${count++}`;
    const got = await (await api()).send('PUT', `/Patient/${id}`, { body: given.patient({ id, name: [{ family }] }) });
    expect(got.status, got.text).toBe(201);
    return { id, got };
  };
  const found = async (query: string): Promise<boolean> => {
    const { status, text: answer, body } = await (await api()).send('GET', `/Patient?${query}`);
    expect(status, answer).toBe(200);
    return (body.entry ?? []).some(({ search }) => search?.mode === 'match');
  };

  it('is written, read, found and kept in the history as it came', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(text, async (family) => {
        const { id, got } = await write(family);
        const bytes = Buffer.from(`"family":${JSON.stringify(family)}`);
        const { send } = await api();
        const answers = [
          got,
          await send('GET', `/Patient/${id}`),
          await send('GET', `/Patient/${id}/_history/1`),
          await send('GET', `/Patient/${id}/_history`),
          await send('GET', `/Patient?_id=${id}`),
        ];
        for (const answer of answers) expect(answer.bytes.includes(bytes)).toBe(true);
      }),
      { numRuns: RUNS[store]! },
    );
  });

  it('is found however it is typed, but with :exact only as it stands', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom(...TYPED), async (family, typed) => {
        const { id } = await write(family);
        const other = typed(family);
        const exact = (name: string) => found(`_id=${id}&family:exact=${escaped(name)}`);
        expect(await found(`_id=${id}&family=${escaped(other)}`)).toBe(true);
        expect(await found(`_id=${id}&family:contains=${escaped(other)}`)).toBe(true);
        expect(await exact(family)).toBe(true);
        if (other !== family) expect(await exact(other)).toBe(false);
      }),
      { numRuns: RUNS[store]! },
    );
  });

  it.each([
    ['葛\u{E0100}城', '葛城'],
    ['𠮷田', '吉田'],
    ['ﾔﾏﾀﾞ', 'やまだ'],
    ['ＡＢＣ㈱', 'abc(株)'],
    ['がく', 'か\u3099く'],
  ])('%s is looked up as %s by the rows of the registry too', async (family, typed) => {
    await write(family);
    expect(await found(`family=${escaped(typed)}`)).toBe(true);
  });
});
