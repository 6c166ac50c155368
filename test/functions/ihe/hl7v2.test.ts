// HL7 v2 PIX and PDQ beyond OpenHIE's steps: Japanese text, updates and merges, demographics with paging, refusals.
import { describe, expect, it } from 'vitest';
import { decodeMessage } from '../../../functions/ihe/hl7v2/charset.ts';
import { writeUpdateNotification } from '../../../functions/ihe/hl7v2/feed.ts';
import { handleHl7 } from '../../../functions/ihe/hl7v2/handle.ts';
import {
  components,
  parseMessage,
  segmentOf,
  segmentsOf,
  value,
  writeSegment,
} from '../../../functions/ihe/hl7v2/message.ts';
import { memoryIndex, REGION } from './support/memory-index.ts';

const SELF = { application: 'REGION', facility: 'TSUMUGI', now: Date.parse('2026-11-22T01:02:03Z'), newId: () => 'id' };
const emr = () => memoryIndex({ oid: '1.2.3', name: 'EMR', senders: ['EMR'] });

const message = (type: string, rest: readonly string[], charset = 'UNICODE UTF-8', version = '2.5') =>
  [`MSH|^~\\&|EMR|CLINIC|REGION|TSUMUGI|20261122100000||${type}|M1|P|${version}||||||${charset}`, ...rest].join('\r') +
  '\r';
const YAMADA =
  'PID|||A1^^^EMR&1.2.3&ISO^PI||山田^太郎^^^^^L^I~ヤマダ^タロウ^^^^^L^P||19840125|M|||徳島町1-2^^徳島市^徳島県^770-0851^JPN||088-123-4567';
const adt = (event: string, ...rest: string[]) => message(`ADT^${event}^ADT_A01`, ['EVN||20261122', ...rest]);
const ask = async (index: ReturnType<typeof memoryIndex>, bytes: string | Uint8Array) => {
  const answer = await handleHl7(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, { index, self: () => SELF });
  return parseMessage(decodeMessage(answer).text);
};

describe('characters', () => {
  it('reads ISO-2022-JP whose codes contain delimiters, and answers in it', async () => {
    const index = emr();
    // In JIS X 0208 ・ is 21 26, and 26 is & in ASCII.
    const sent = message('ADT^A04^ADT_A01', ['EVN||20261122', 'PID|||A1^^^EMR||JIS^^^^^^L^I'], '~ISO IR87');
    const [before, after] = sent.split('JIS') as [string, string];
    const kanji = Buffer.from('\x1b$B;3ED!&B@\x1b(B', 'latin1');
    const acked = await ask(index, Buffer.concat([Buffer.from(before), kanji, Buffer.from(after)]));

    expect(value(segmentOf(acked, 'MSA'), 1)).toBe('AA');
    expect(index.people[0]?.[0]?.names[0]?.family).toBe('山田・太');
    expect(segmentOf(acked, 'MSH')?.fields[17]).toEqual([[['']], [['ISO IR87']]]);
  });

  it('keeps escape and repetition marks where the sender writes JIS Roman', async () => {
    const index = emr();
    const sent = message('ADT^A04^ADT_A01', ['EVN||20261122', 'PID|||A1^^^EMR~A2^^^EMR||A\\T\\B^^^^^^L'], '~ISO IR87');
    await ask(
      index,
      Buffer.from(sent.replace('A1^^^EMR~', '\x1b(JA1^^^EMR~').replace('^^^^^^L', '^\x1b(B^^^^^L'), 'latin1'),
    );
    expect(index.people[0]?.[0]?.identifiers).toHaveLength(2);
    expect(index.people[0]?.[0]?.names[0]?.family).toBe('A&B');
  });

  it('answers in UTF-8 what JIS X 0208 has no place for', async () => {
    const index = emr();
    await ask(index, adt('A04', YAMADA.replace('山田', '𠮷田')));
    const query = message(
      'QBP^Q22^QBP_Q21',
      ['QPD|Q22^Find Candidates^HL7|T1|@PID.7.1^19840125', 'RCP|I'],
      '~ISO IR87',
    );
    const answer = await ask(index, query);
    expect(value(segmentOf(answer, 'MSH'), 18)).toBe('UNICODE UTF-8');
    expect(value(segmentOf(answer, 'PID'), 5)).toBe('𠮷田');
  });

  it.each([
    ['a character set that we do not read', message('ADT^A04^ADT_A01', [YAMADA], 'KLINGON')],
    ['bytes that are not of the set', Buffer.concat([Buffer.from(adt('A04')), Buffer.from([0xff, 0x0d])])],
  ])('refuses %s', async (_, bytes) => {
    const answer = await ask(emr(), bytes);
    expect(value(segmentOf(answer, 'MSA'), 1)).toBe('AR');
  });

  it('escapes what it writes and reads it back', () => {
    const nasty = 'a|b^c~d\\e&f\r\ng';
    const segment = parseMessage(`MSH|^~\\&|\r${writeSegment('ZZZ', components([nasty, 'x'], nasty))}`).segments[1];
    expect([value(segment, 1), value(segment, 1, 1, 2), value(segment, 1, 2)]).toEqual([
      'a|b^c~d\\e&f\ng',
      'x',
      'a|b^c~d\\e&f\ng',
    ]);
  });
});

describe('ITI-8 feed', () => {
  it.each(['A01', 'A04', 'A05', 'A08', 'A31'])('takes ADT^%s with kanji, kana, address and phone', async (event) => {
    const index = emr();
    const answer = await ask(index, adt(event, YAMADA));
    expect(value(segmentOf(answer, 'MSA'), 1)).toBe('AA');
    expect(index.people[0]?.[0]).toMatchObject({
      names: [
        { family: '山田', given: ['太郎'], representation: 'IDE' },
        { family: 'ヤマダ', given: ['タロウ'], representation: 'SYL' },
      ],
      birthDate: '1984-01-25',
      gender: 'male',
      addresses: [{ lines: ['徳島町1-2'], city: '徳島市', state: '徳島県', postalCode: '770-0851', country: 'JPN' }],
      phones: ['088-123-4567'],
    });
  });

  it('merges by A40, and refuses one without MRG', async () => {
    const index = emr();
    await ask(index, adt('A04', YAMADA));
    await ask(index, adt('A04', YAMADA.replace('A1^', 'A2^')));
    expect(index.people).toHaveLength(2);
    expect(value(segmentOf(await ask(index, adt('A40', YAMADA)), 'ERR'), 2)).toBe('MRG');
    const merged = await ask(index, adt('A40', YAMADA, 'MRG|A2^^^EMR&1.2.3&ISO'));
    expect(value(segmentOf(merged, 'MSA'), 1)).toBe('AA');
    expect(index.people).toHaveLength(1);
  });

  it.each<[string, string, string, string]>([
    ['an event that is none of the feed', adt('A03', YAMADA), 'AR', '201'],
    ['a message that is none of PIX or PDQ', message('ORU^R01', []), 'AR', '200'],
    ['a version that is not 2', message('ADT^A04', [YAMADA], '', '3.0'), 'AR', '203'],
    ['no PID', adt('A04'), 'AE', '100'],
    ['two PIDs', adt('A04', YAMADA, YAMADA), 'AE', '100'],
    ['a PID without numbers', adt('A04', 'PID|||'), 'AE', '101'],
    ['something else altogether', 'GET / HTTP/1.1', 'AR', '100'],
    ['malformed delimiters', 'MSH|^^^^|A', 'AR', '102'],
    ['a thousand repetitions', adt('A04', `PID|||${'A^^^EMR~'.repeat(1000)}`), 'AR', '207'],
  ])('refuses %s', async (_, bytes, ack, code) => {
    const answer = await ask(emr(), bytes);
    expect([
      value(segmentOf(answer, 'MSA'), 1),
      value(segmentOf(answer, 'ERR'), 3) || value(segmentOf(answer, 'ERR'), 1, 4),
    ]).toEqual([ack, code]);
  });

  it('tells nobody what went wrong inside', async () => {
    const faults: unknown[] = [];
    const index = { ...emr(), feed: () => Promise.reject(new Error('secret of 山田')) };
    const bytes = await handleHl7(Buffer.from(adt('A04', YAMADA)), {
      index,
      self: () => SELF,
      onFault: (one) => faults.push(one),
    });
    const text = Buffer.from(bytes).toString();
    expect(text).toContain('MSA|AR|M1');
    expect(text).not.toContain('secret');
    expect(faults).toHaveLength(1);
  });
});

it('ITI-10 tells a consumer the numbers and the name', () => {
  const patient = {
    identifiers: [{ authority: REGION, value: 'P1' }],
    names: [{ family: '山田', given: ['太郎'] }],
    addresses: [],
    phones: [],
  };
  const sent = parseMessage(writeUpdateNotification(patient, { application: 'EMR', facility: 'CLINIC' }, SELF));
  expect(value(segmentOf(sent, 'MSH'), 9, 2)).toBe('A31');
  expect([value(segmentOf(sent, 'MSH'), 5), value(segmentOf(sent, 'MSH'), 6)]).toEqual(['EMR', 'CLINIC']);
  expect(value(segmentOf(sent, 'PID'), 3, 4, 2)).toBe(REGION.oid);
});

describe('ITI-9 query', () => {
  const pix = (number: string, domains = '') =>
    message('QBP^Q23^QBP_Q21', [`QPD|IHE PIX Query|T1|${number}|${domains}`, 'RCP|I']);
  it('gives the numbers of the domains that were asked for only', async () => {
    const index = emr();
    await ask(index, adt('A04', YAMADA));
    const answer = await ask(index, pix('A1^^^EMR', `^^^&${REGION.oid}&ISO`));
    expect(segmentOf(answer, 'PID')?.fields[2]?.map((one) => one[3]?.[1])).toEqual([REGION.oid]);
    expect(value(segmentOf(answer, 'QAK'), 2)).toBe('OK');
    expect(segmentOf(answer, 'QPD')?.fields[2]?.[0]?.[0]?.[0]).toBe('A1');
  });

  it.each<[string, string, string, string[]]>([
    ['an unknown number', 'A9^^^EMR', '', ['QPD', '1', '3', '1']],
    ['an unknown domain', 'A1^^^NOBODY', '', ['QPD', '1', '3', '1']],
    ['an unknown domain to answer in', 'A1^^^EMR', '^^^EMR~^^^NOBODY', ['QPD', '1', '4', '2']],
  ])('answers AE with 204 for %s', async (_, number, domains, location) => {
    const index = emr();
    await ask(index, adt('A04', YAMADA));
    const answer = await ask(index, pix(number, domains));
    expect([value(segmentOf(answer, 'MSA'), 1), value(segmentOf(answer, 'QAK'), 2)]).toEqual(['AE', 'AE']);
    expect([1, 2, 3, 4].map((part) => value(segmentOf(answer, 'ERR'), 2, part))).toEqual(location);
    expect(value(segmentOf(answer, 'ERR'), 3)).toBe('204');
  });

  it('answers NF where the person has no number in the domain', async () => {
    const index = memoryIndex(
      { oid: '1.2.3', name: 'EMR', senders: ['EMR'] },
      { oid: '1.2.4', name: 'LAB', senders: [] },
    );
    await ask(index, adt('A04', YAMADA));
    const answer = await ask(index, pix('A1^^^EMR', '^^^LAB'));
    expect([value(segmentOf(answer, 'QAK'), 2), segmentOf(answer, 'PID')]).toEqual(['NF', undefined]);
  });
});

describe('ITI-21 and ITI-22', () => {
  const pdq = (fields: string, extra: string[] = [], type = 'QBP^Q22^QBP_Q21') =>
    message(type, [`QPD|Q22^Find Candidates^HL7|T1|${fields}`, 'RCP|I|2^RD', ...extra]);
  const three = async () => {
    const index = emr();
    for (const number of ['A1', 'A2', 'A3']) await ask(index, adt('A04', YAMADA.replace('A1^', `${number}^`)));
    return index;
  };

  it('gives a page at a time, and goes on where DSC says', async () => {
    const index = await three();
    const first = await ask(index, pdq('@PID.5.1.1^山田~@PID.8^M'));
    expect(segmentsOf(first, 'PID')).toHaveLength(2);
    expect([value(segmentOf(first, 'QAK'), 2), value(segmentOf(first, 'QAK'), 4)]).toEqual(['OK', '3']);
    const pointer = value(segmentOf(first, 'DSC'), 1);
    const second = await ask(index, pdq('@PID.5.1.1^山田~@PID.8^M', [`DSC|${pointer}|I`]));
    expect(segmentsOf(second, 'PID')).toHaveLength(1);
    expect(segmentOf(second, 'DSC')).toBeUndefined();
  });

  it('answers NF with nobody, and asks by every field of the table', async () => {
    const index = await three();
    const answer = await ask(
      index,
      pdq('@PID.3.1^A9~@PID.3.4.1^EMR~@PID.7^19840125~@PID.11.5^770~@PID.13^088~@PID.6.1^MORI'),
    );
    expect(value(segmentOf(answer, 'QAK'), 2)).toBe('NF');
    expect(index.queries.at(-1)).toMatchObject({
      identifiers: [{ value: 'A9', authority: { oid: '1.2.3' } }],
      birthDate: '1984-01-25',
      addresses: [{ postalCode: '770' }],
      phones: ['088'],
      mothersMaidenName: { family: 'MORI' },
    });
  });

  it('ITI-22 asks by the visit too, and answers with it', async () => {
    const index = await three();
    const answer = await ask(index, pdq('@PID.5.1^山田~@PV1.3.1^W3', [], 'QBP^ZV1^QBP_Q21'));
    expect(value(segmentOf(answer, 'MSH'), 9, 2)).toBe('ZV2');
    expect(segmentsOf(answer, 'PV1')).toHaveLength(2);
    expect(index.queries.at(-1)?.visit?.ward).toBe('W3');
  });

  it.each([
    ['an unknown field', '@PID.99^x'],
    ['a visit in ITI-21', '@PV1.3.1^x'],
    ['nothing', ''],
  ])('refuses %s', async (_, fields) => {
    const answer = await ask(await three(), pdq(fields));
    expect(value(segmentOf(answer, 'QAK'), 2)).toBe('AE');
  });
});
