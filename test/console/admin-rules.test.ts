import { expect, it } from 'vitest';
import { eventOf } from '../../console/src/admin/audit-event.ts';
import { changedBody, NOBODY, whoBody } from '../../console/src/admin/desk.ts';
import { linesOf, parted } from '../../console/src/admin/identity-sides.ts';
import { COLUMNS, csvOf } from '../../console/src/admin/leak-csv.ts';
import { auditEvent } from '../../functions/audit/audit-event.ts';

it('writes the report of a leak so that a spreadsheet runs nothing of it', () => {
  const [heading, line, end] = csvOf(COLUMNS, [
    { patient: '=cmd()', classes: ['basic', 'clinical'], accounts: ['a,b', '"c"'], accesses: 3 },
  ]).split('\r\n');
  expect(heading).toBe(`\uFEFF${COLUMNS.join(',')}`);
  expect(line).toBe(`'=cmd(),,,,,3,,,basic clinical,"a,b ""c"""`);
  expect(end).toBe('');
});

it.each([
  ['見本 次郎', '見本 二郎', ['次']],
  ['1961-04-12', '1961-04-21', ['12']],
  ['ミホン', 'ミホン', []],
  ['', 'ミホン', []],
  ['渡邉', '', ['渡邉']],
])('marks what of %j is not in %j', (one, other, marked) => {
  const parts = parted(one, other);
  expect(parts.map(({ text }) => text).join('')).toBe(one);
  expect(parts.filter(({ differs }) => differs).map(({ text }) => text)).toEqual(marked);
});

it('puts names of both scripts, former names and numbers on lines of their own', () => {
  const lines = linesOf({
    patient: 'p',
    facility: '3610000001',
    shown: {
      name: [
        { use: 'official', family: '見本', given: ['花子'] },
        { use: 'official', family: 'ミホン', given: ['ハナコ'] },
        { use: 'old', family: '旧姓', given: ['花子'] },
      ],
      identifier: [{ value: 'H-1' }, { value: 'I-2' }],
    },
  });
  expect(lines).toMatchObject({
    kanji: '見本 花子',
    kana: 'ミホン ハナコ',
    oldNames: '旧姓 花子',
    numbers: 'H-1、I-2',
  });
});

it('sends of a change only what was filled in, with full-width digits made narrow', () => {
  expect(changedBody({ ...NOBODY, phone: '０８８−６００−０００１'.replaceAll('−', '-') })).toEqual({
    phone: '088-600-0001',
  });
  expect(whoBody(NOBODY)).not.toHaveProperty('insurance');
  expect(whoBody({ ...NOBODY, insurer: '３９３６００００', number: '1', branch: '０１' })).toMatchObject({
    insurance: { insurer: '39360000', number: '1', branch: '01' },
  });
});

it('reads an AuditEvent as the trail renders it', () => {
  const record = {
    ...{ actor: 'sub-1', actorKind: 'staff', role: 'doctor', facility: '3610000001', tokenId: 't', purpose: 'BTG' },
    ...{ interaction: 'search', action: 'R', outcome: '0', status: 200, requestId: 'r', count: 2 },
    ...{ patientKey: 'key', entities: ['Condition/a', 'Condition/b'], classes: ['clinical'] },
  } as const;
  const rendered = auditEvent(
    { chain: 'c', time: Date.parse('2026-11-22T00:00:00Z'), number: 1, record } as unknown as Parameters<
      typeof auditEvent
    >[0],
    { baseUrl: 'https://api.example', patientId: 'p1' },
  );
  expect(eventOf(rendered as Parameters<typeof eventOf>[0])).toEqual({
    ...{ id: 'c-1795305600000-1', at: '2026-11-22T00:00:00.000Z', account: 'sub-1', role: 'doctor' },
    ...{ facility: '3610000001', action: 'R', interaction: 'search', patient: 'Patient/p1', classes: ['clinical'] },
    ...{ entities: ['Condition/a', 'Condition/b'], purpose: 'BTG', outcome: 'HTTP 200', isRefused: false },
  });
});
