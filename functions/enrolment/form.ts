// What a desk keys in from the form 参加同意書, and what a resident sends from a telephone (domain.md 2.4). Strict: an element that is
// not known is a mistake to hear of, not one to drop.
import * as z from 'zod/mini';
import { municipalityFault } from '../services/municipality.ts';

const line = (most: number) => z.string().check(z.trim(), z.minLength(1), z.maxLength(most));

/** A day that there is. */
export const Day = z.string().check(
  z.regex(/^(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]$/, 'must be a date, YYYY-MM-DD'),
  z.refine((day) => {
    const time = Date.parse(`${day}T00:00:00Z`);
    return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
  }, 'must be a day of the calendar'),
);

const kana = line(60).check(
  z.regex(
    /^[\p{Script=Katakana}\p{Script=Hiragana}ー－ー・ .\-A-Za-z]+$/u,
    'must be written in kana (or Latin letters)',
  ),
);

export const Name = z.strictObject({
  kanji: z.strictObject({ family: line(60), given: line(60) }),
  kana: z.strictObject({ family: kana, given: kana }),
});

/** 全国地方公共団体コード with or without its check digit. */
export const Municipality = z.string().check(
  z.refine((code) => municipalityFault(code) === undefined, {
    error: ({ input }) => municipalityFault(String(input)) ?? '',
  }),
);

export const Address = z.strictObject({
  postcode: z.string().check(z.regex(/^[0-9]{3}-?[0-9]{4}$/, 'must be a postcode, 123-4567')),
  text: line(200),
  municipality: Municipality,
});

export const Phone = z.string().check(z.regex(/^[0-9+][0-9\-() ]{8,18}$/, 'must be a telephone number'));
export const Email = z.string().check(z.trim(), z.maxLength(200), z.email('must be an e-mail address'));

/** 保険者番号・記号・番号・枝番. */
export const Insurance = z.strictObject({
  insurer: z.string().check(z.regex(/^[0-9]{6,8}$/, 'must be the number of an insurer (6 or 8 digits)')),
  symbol: z.optional(z.string().check(z.maxLength(40))),
  number: z.string().check(z.regex(/^[0-9A-Za-z\-ー]{1,20}$/, 'must be the number on the card')),
  branch: z.optional(z.string().check(z.regex(/^[0-9]{2}$/, 'must be two digits (枝番)'))),
});

/** 一括, リスト, 施設ごと, 黙示 (domain.md 4.4). */
export const PATTERNS = ['blanket', 'list', 'per-facility', 'implicit'] as const;
export type Pattern = (typeof PATTERNS)[number];

const Facility = z.string().check(z.regex(/^[0-9]{10}$/, 'must be the 10 digits of a facility'));

export const ConsentForm = z.strictObject({
  /** Left out: the region's. */
  pattern: z.optional(z.enum(PATTERNS)),
  /** Those that are ticked (list), or the one where the form was signed (per-facility). */
  facilities: z.optional(z.array(Facility).check(z.maxLength(200))),
  /** 除外: may not see anything, whatever else is agreed. */
  except: z.optional(z.array(Facility).check(z.maxLength(200))),
  /** Version of the explanation that the person was given. */
  textVersion: line(40),
  signedOn: z.optional(Day),
});
export type ConsentForm = z.infer<typeof ConsentForm>;

export const ID_DOCUMENTS = [
  'my-number-card',
  'driving-licence',
  'insurance-card',
  'residence-card',
  'passport',
  'other',
] as const;

/** How we know that it is this person, and that the person said so. */
export const Evidence = z.strictObject({
  kind: z.enum(['paper', 'oral', 'electronic']),
  checked: z.array(z.enum(ID_DOCUMENTS)).check(z.minLength(1, 'must name a document of identity')),
  /** Of the scanned form: what `POST /enrolment/scans` answered, or the office's own file number. */
  scan: z.optional(line(100)),
  /** 代理申請: who signed for the person. */
  signedBy: z.optional(line(100)),
});
export type Evidence = z.infer<typeof Evidence>;

const who = {
  name: Name,
  birthDate: Day,
  sex: z.enum(['male', 'female', 'other', 'unknown']),
  address: Address,
  phone: z.optional(Phone),
  insurance: z.optional(Insurance),
};

export const WhoForm = z.strictObject(who);
export type WhoForm = z.infer<typeof WhoForm>;

/** By what a desk looks whether somebody has joined: the name as it sounds and the birth date, and the insurance number where it is at hand. */
export const CheckForm = z.strictObject({
  ...z.partial(WhoForm).shape,
  name: z.strictObject({ kanji: z.optional(Name.shape.kanji), kana: Name.shape.kana }),
  birthDate: Day,
});
export type CheckForm = z.infer<typeof CheckForm>;

export const EnrolmentForm = z.strictObject({
  ...who,
  route: z.enum(['counter', 'post']),
  consent: ConsentForm,
  evidence: Evidence,
  /** Persons of the same name and birth date that the desk has looked at: this is someone else. */
  differsFrom: z.optional(z.array(z.string()).check(z.maxLength(20))),
});
export type EnrolmentForm = z.infer<typeof EnrolmentForm>;

/** From the QR code on a poster, or the app: nothing holds until a desk confirms it. */
export const Application = z.strictObject({
  ...who,
  route: z.enum(['qr', 'app']),
  consent: ConsentForm,
});
export type Application = z.infer<typeof Application>;

/** Whom to call. */
export const EmergencyContact = z.strictObject({ name: line(60), phone: Phone, relationship: line(30) });
export type EmergencyContact = z.infer<typeof EmergencyContact>;

/** 登録変更届: only what changes. */
export const ChangeForm = z.strictObject({
  name: z.optional(Name),
  birthDate: z.optional(Day),
  sex: z.optional(z.enum(['male', 'female', 'other', 'unknown'])),
  address: z.optional(Address),
  phone: z.optional(Phone),
  insurance: z.optional(Insurance),
  emergency: z.optional(z.array(EmergencyContact).check(z.maxLength(5))),
  evidence: Evidence,
});
export type ChangeForm = z.infer<typeof ChangeForm>;
