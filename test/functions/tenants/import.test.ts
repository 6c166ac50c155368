import { beforeEach, describe, expect, it } from 'vitest';
import { decodeCsv, readCsv } from '../../../functions/tenants/csv.ts';
import { facilityList, staffList } from '../../../functions/tenants/lists.ts';
import { admin, type Desk, HOSPITAL, openDesk, PHARMACY } from './desk.ts';

const FACILITIES = `code,type,name,kana,municipality,disclose,view,fee_class
${HOSPITAL},hospital,"阿波中央病院, 本院",アワ,362018,yes,yes,hospital-a
${PHARMACY},pharmacy,すだち薬局,,36201,no,はい,pharmacy`;
const STAFF = `username,email,family,given,profession,licence,role,facility
y.sudachi,y.sudachi@staff.example,酢橘,弓,doctor,123456,doctor,${HOSPITAL}
p.yuzu,p.yuzu@staff.example,柚子,葉,pharmacist,654321,pharmacist,${PHARMACY}`;

const bytes = (text: string) => Buffer.from(text);
/** 酢橘 and 高 with the ladder (髙), which only Windows' Shift_JIS has. */
const WINDOWS = Buffer.from('7c908b6b2cfbfc', 'hex');

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
});
const send = (path: string, text: string | Uint8Array) =>
  desk.send('POST', `/admin/import/${path}`, typeof text === 'string' ? bytes(text) : text);

describe('a list', () => {
  it('brings facilities and staff in; sent again it changes nothing', async () => {
    expect((await send('facilities', FACILITIES)).body).toEqual({ lines: 2, written: 2, unchanged: 0 });
    expect((await send('staff', STAFF)).body).toEqual({ lines: 2, written: 2, unchanged: 0 });
    const versions = async () =>
      (await desk.resources.walk({ type: undefined, isRegistry: true })).items.map(({ version }) => version);
    const before = await versions();

    expect((await send('facilities', FACILITIES)).body).toEqual({ lines: 2, written: 0, unchanged: 2 });
    expect((await send('staff', STAFF)).body).toEqual({ lines: 2, written: 0, unchanged: 2 });
    expect(await versions()).toEqual(before);
    expect(await desk.groups('p.yuzu')).toEqual([PHARMACY]);
  });

  it('is tried first: all faults by line and column, nothing written', async () => {
    const { status, body } = await send(
      'facilities?dryRun=true',
      `${FACILITIES}\n3610000015,hospital,乙病院,,362019,yes,maybe,A`,
    );

    expect(status).toBe(200);
    expect(body.faults.map(({ line, column }: { line: number; column: string }) => [line, column])).toEqual([
      [4, 'view'],
      [4, 'code'],
      [4, 'municipality'],
    ]);
    expect(await desk.identities.facility(HOSPITAL)).toBeUndefined();
  });

  it('tells of each cell of a line what is wrong with it, and once', async () => {
    const { body } = await send('facilities?dryRun=true', `${FACILITIES}\n,wizard,=1,,99999,maybe,yes,`);
    expect(body.faults.map(({ line, column }: { line: number; column: string }) => `${line} ${column}`).sort()).toEqual(
      ['code', 'disclose', 'fee_class', 'municipality', 'name', 'type'].map((column) => `4 ${column}`),
    );
  });

  it('with one fault is refused as a whole', async () => {
    const got = await send('facilities', `${FACILITIES}\n3610000015,hospital,乙病院,,362019,yes,no,A`);

    expect(got.status).toBe(422);
    expect(got.body.issue.map(({ expression }: { expression: string[] }) => expression[0])).toEqual([
      'line[4].code',
      'line[4].municipality',
    ]);
    expect(await desk.identities.facility(HOSPITAL)).toBeUndefined();
    expect(JSON.stringify([got.body, desk.recorded, desk.logged])).not.toMatch(/乙病院|362019/);
  });

  it('of staff names facilities that are there, and roles that they have', async () => {
    await send('facilities', FACILITIES);

    const got = await send('staff', STAFF.replace('pharmacist,654321,pharmacist', 'pharmacist,654321,doctor'));

    expect(got).toMatchObject({ status: 422, body: { issue: [{ expression: ['line[3].role'] }] } });
    await expect(desk.user('y.sudachi')).rejects.toThrow();
  });

  it('of more than a request takes is refused', async () => {
    const lines = Array.from(
      { length: 101 },
      (_, i) => `u${i}aa,u${i}@staff.example,a,b,officer,,municipal,9886000006`,
    );

    expect((await send('staff', [STAFF.split('\n')[0], ...lines].join('\n'))).status).toBe(413);
  });

  it.each(['operator', 'privacy', 'doctor', 'system'] as const)('is not taken from a %s', async (role) => {
    expect((await desk.send('POST', '/admin/import/facilities', bytes(FACILITIES), { ...admin, role })).status).toBe(
      403,
    );
  });
});

describe('CSV', () => {
  const columns = { a: { needed: true, names: ['甲'] }, b: { needed: false, names: ['乙'] } };

  it.each(['=1+1', '+81', '-1', '@SUM(A1)', "'=1", '"=1"', '＝1', '\t=1', ' =cmd|calc'])(
    'refuses %j, which a spreadsheet would run',
    (cell) => {
      const { faults } = readCsv(`a,b\n"${cell.replaceAll('"', '""')}",x`, columns);

      expect(faults).toMatchObject([{ line: 2, column: 'a' }]);
      expect(JSON.stringify(faults)).not.toContain('SUM');
    },
  );

  it('knows quotation marks, line breaks in a cell, both line ends and Japanese headings', () => {
    const { rows, faults } = readCsv('甲,乙\r\n"x, ""y""",z\r\n\r\nw,\n', columns);

    expect(faults).toEqual([]);
    expect(rows).toEqual([
      { line: 2, cells: { a: 'x, "y"', b: 'z' } },
      { line: 4, cells: { a: 'w' } },
    ]);
  });

  it.each([
    ['a,c\n1,2', 1, '2'],
    ['b\n1', 1, 'a'],
    ['a,a\n1,2', 1, 'a'],
    ['a,b\n1', 2, '-'],
    ['a,b\n,2', 2, 'a'],
    ['a,b\n"1,2', 1, '-'],
    ['a,b\n"1\u0007",2', 2, 'a'],
    ['', 1, '-'],
  ])('says of %j where the fault is', (text, line, column) => {
    expect(readCsv(text, columns).faults).toMatchObject([{ line, column }]);
  });

  it('reads UTF-8 with and without a mark, and the Shift_JIS of Windows', () => {
    expect(decodeCsv(bytes('\ufeff酢橘'))).toEqual({ text: '酢橘', encoding: 'utf-8' });
    expect(decodeCsv(WINDOWS)).toMatchObject({ encoding: 'shift_jis', text: expect.stringContaining('髙') });
    expect(decodeCsv(Buffer.from([0xff, 0xfe, 0x61, 0x00]))).toBeUndefined();
  });

  it('finds what stands twice', () => {
    const [heading, first] = STAFF.split('\n');
    const twice = staffList(bytes([heading, first, first].join('\n')));

    expect(twice.faults).toMatchObject([
      { line: 3, column: 'username', rule: 'is the same as in line 2' },
      { line: 3, column: 'email' },
    ]);
    expect(facilityList(bytes(FACILITIES)).faults).toEqual([]);
  });
});
