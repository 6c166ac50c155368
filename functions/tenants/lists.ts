// Lists of facilities and staff, line by line: pure, so that a list is checked offline before anybody is asked.
import * as z from 'zod/mini';
import { municipalityFault } from '../services/municipality.ts';
import { type Columns, type CsvFault, decodeCsv, readCsv } from './csv.ts';
import { facilityFaults, NewFacility } from './facilities.ts';
import { NewStaff } from './staff.ts';

const column = (needed: boolean, ...names: string[]) => ({ needed, names });

export const FACILITY_COLUMNS: Columns = {
  code: column(true, '医療機関コード', '事業所番号', '施設コード'),
  type: column(true, '種別'),
  name: column(true, '名称'),
  kana: column(false, 'カナ'),
  municipality: column(true, '市区町村コード'),
  disclose: column(true, '開示'),
  view: column(true, '閲覧'),
  fee_class: column(true, '料金区分'),
  other_codes: column(false, '他のコード'),
};

export const STAFF_COLUMNS: Columns = {
  username: column(true, 'ユーザー名'),
  email: column(true, 'メールアドレス'),
  family: column(true, '姓'),
  given: column(true, '名'),
  family_kana: column(false, 'セイ'),
  given_kana: column(false, 'メイ'),
  profession: column(true, '職種'),
  licence: column(false, '免許番号'),
  role: column(true, '役割'),
  facility: column(true, '医療機関コード', '施設コード'),
  request: column(false, '申請書番号'),
};

export interface Listed<T> {
  readonly items: readonly { readonly line: number; readonly value: T }[];
  readonly faults: readonly CsvFault[];
}

const YES = ['yes', 'true', '1', 'はい', '○', '有'];
const NO = ['no', 'false', '0', 'いいえ', '×', '無'];
const flag = (cell: string | undefined): unknown =>
  YES.includes(cell?.toLowerCase() ?? '') ? true : NO.includes(cell?.toLowerCase() ?? '') ? false : cell;

/** What is checked digit by digit, also where the rest of the line is not right. */
const CodesOf = z.object({
  code: NewFacility.shape.code,
  type: NewFacility.shape.type,
  municipality: NewFacility.shape.municipality,
  otherCodes: NewFacility.shape.otherCodes,
});

/** Whatever the type is. */
const PlaceOf = z.object({ municipality: NewFacility.shape.municipality });

export const facilityList = (bytes: Uint8Array): Listed<NewFacility> =>
  list(bytes, FACILITY_COLUMNS, {
    schema: NewFacility,
    shape: (cells) => ({
      code: cells['code'],
      type: cells['type'],
      name: cells['name'],
      ...(cells['kana'] !== undefined && { kana: cells['kana'] }),
      municipality: cells['municipality'],
      contract: { disclose: flag(cells['disclose']), view: flag(cells['view']) },
      feeClass: cells['fee_class'],
      ...(cells['other_codes'] !== undefined && { otherCodes: cells['other_codes'].split(/[\s;]+/) }),
    }),
    check: (value) => {
      const [known, place] = [CodesOf.safeParse(value), PlaceOf.safeParse(value)];
      if (known.success) return facilityFaults(known.data).map(({ at, rule }) => ({ column: columnAt(at), rule }));
      const rule = place.success ? municipalityFault(place.data.municipality) : undefined;
      return rule === undefined ? [] : [{ column: 'municipality', rule }];
    },
    unique: { code: (value) => value.code },
  });

export const staffList = (bytes: Uint8Array): Listed<NewStaff> =>
  list(bytes, STAFF_COLUMNS, {
    schema: NewStaff,
    shape: ({ family, given, family_kana: familyKana, given_kana: givenKana, ...rest }) => ({
      ...rest,
      name: {
        family,
        given,
        ...(familyKana !== undefined && { familyKana }),
        ...(givenKana !== undefined && { givenKana }),
      },
    }),
    check: () => [],
    unique: { username: (value) => value.username, email: (value) => value.email.toLowerCase() },
  });

interface Kind<T> {
  readonly schema: z.ZodMiniType<T>;
  readonly shape: (cells: Readonly<Record<string, string>>) => unknown;
  readonly check: (shaped: unknown) => { column: string; rule: string }[];
  /** Columns in which nothing may stand twice. */
  readonly unique: Readonly<Record<string, (value: T) => string>>;
}

const list = <T>(bytes: Uint8Array, columns: Columns, { schema, shape, check, unique }: Kind<T>): Listed<T> => {
  const decoded = decodeCsv(bytes);
  if (!decoded)
    return { items: [], faults: [{ line: 1, column: '-', rule: 'the list is neither UTF-8 nor Shift_JIS' }] };
  const csv = readCsv(decoded.text, columns);
  const faults = [...csv.faults];
  const faulty = new Set(faults.map(({ line }) => line));
  /** Cell by cell, each once: what the table has said of a cell is said. */
  const told = new Set(faults.map(({ line, column }) => `${line} ${column}`));
  const tell = (line: number, column: string, rule: string) => {
    if (!told.has(`${line} ${column}`)) faults.push({ line, column, rule });
  };
  const items: { line: number; value: T }[] = [];
  for (const { line, cells } of csv.rows) {
    // The importer reads region files as well, by zod's larger face, which has sentences of its own.
    const result = z.safeParse(schema, shape(cells), { error: () => 'Invalid input' });
    if (!result.success) {
      for (const issue of result.error.issues) tell(line, columnAt(issue.path.join('.')), ruleOf(issue));
      for (const { column, rule } of check(shape(cells))) tell(line, column, rule);
      continue;
    }
    const own = check(result.data);
    for (const { column, rule } of own) tell(line, column, rule);
    if (own.length === 0 && !faulty.has(line)) items.push({ line, value: result.data });
  }
  for (const [name, of] of Object.entries(unique)) {
    const first = new Map<string, number>();
    for (const { line, value } of items) {
      const before = first.get(of(value));
      if (before === undefined) first.set(of(value), line);
      else faults.push({ line, column: name, rule: `is the same as in line ${before}` });
    }
  }
  return { items, faults: faults.sort((a, b) => a.line - b.line) };
};

/** `name.familyKana` → `family_kana`, `otherCodes[0]` → `other_codes`. */
const columnAt = (path: string): string =>
  path
    .replace(/^(name|contract)\./, '')
    .replace(/[.[].*$/, '')
    .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const ruleOf = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_big') return `must not be longer than ${issue.maximum}`;
  if (issue.code === 'invalid_type' && issue.expected === 'boolean') return 'must be yes or no';
  return issue.message === 'Invalid input' ? 'is not of the form that is needed' : issue.message;
};
