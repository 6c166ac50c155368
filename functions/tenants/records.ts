// What the desk knows of a facility, a member of staff and a system, beyond what decides about sign-in (auth/rows.ts).
import * as z from 'zod/mini';
import {
  FacilityCode,
  FacilityRow,
  facilityKey,
  ResidentRow,
  residentKey,
  StaffRow,
  SystemRow,
  staffKey,
} from '../auth/rows.ts';
import type { Row, RowChange, RowKey, Rows } from './rows.ts';

export const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));

/** Names go on paper, into lists and into FHIR: no control characters, no line breaks. */
export const plainText = (most: number) =>
  text(most).check(z.regex(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u, 'must not hold control characters'));

/** What the facility agreed to with the operator: shows its own records to others, sees those of others. */
export const Contract = z.strictObject({ disclose: z.boolean(), view: z.boolean() });

export const FacilityRecord = z.strictObject({
  code: FacilityCode,
  kana: z.optional(z.string()),
  /** JIS X 0402, five digits. */
  municipality: z.string(),
  contract: Contract,
  /** Line of the region's fee table. */
  feeClass: z.string(),
  /** Further codes of the same site: one with medicine and dentistry has two. */
  otherCodes: z.array(FacilityCode),
  /** Its FHIR Organization. */
  organization: z.string(),
  /** Who is told by mail when the glass is broken: officers.ts. */
  privacyOfficer: z.optional(z.strictObject({ email: z.string() })),
  changed: z.number(),
});
export type FacilityRecord = z.infer<typeof FacilityRecord>;

export const PersonName = z.strictObject({
  family: plainText(60),
  given: plainText(60),
  familyKana: z.optional(plainText(60)),
  givenKana: z.optional(plainText(60)),
});

export const StaffRecord = z.strictObject({
  /** Id of the FHIR Practitioner; stays the same when the account is made anew. */
  id: z.string(),
  sub: z.string(),
  username: z.string(),
  name: PersonName,
  /** Number of the licence, as the ministry gave it. */
  licence: z.optional(z.string()),
  /** Where the facility's signed request is filed (guideline 14④: rights are given on request, confirmed by the head). */
  request: z.optional(z.string()),
  changed: z.number(),
  /** The last access review that kept the account. */
  reviewed: z.optional(z.strictObject({ at: z.number(), by: z.string() })),
  /** Accounts that this person had before: a second factor was lost. */
  formerly: z.array(z.string()),
});
export type StaffRecord = z.infer<typeof StaffRecord>;

export const SystemRecord = z.strictObject({
  clientId: z.string(),
  changed: z.number(),
  reviewed: z.optional(z.strictObject({ at: z.number(), by: z.string() })),
});
export type SystemRecord = z.infer<typeof SystemRecord>;

const PLACES = {
  facility: { at: (id: string) => ({ p: 'tenant#facility', s: id }), shape: FacilityRecord },
  staff: { at: (id: string) => ({ p: 'tenant#staff', s: id }), shape: StaffRecord },
  system: { at: (id: string) => ({ p: 'tenant#system', s: id }), shape: SystemRecord },
  // The identity rows of auth/rows.ts: the same keys, and the same text.
  facilityRow: { at: facilityKey, shape: FacilityRow },
  staffRow: { at: staffKey, shape: StaffRow },
  residentRow: { at: residentKey, shape: ResidentRow },
  systemRow: { at: (id: string) => ({ p: `auth#system#${id}`, s: '-' }), shape: SystemRow },
} as const;
type Place = keyof typeof PLACES;
type Kept<P extends Place> = z.infer<(typeof PLACES)[P]['shape']>;

/** A record as it was found, so that a change can say what it is a change of. */
export interface Held<P extends Place> {
  readonly place: P;
  readonly key: RowKey;
  readonly before: string | undefined;
  readonly value: Kept<P> | undefined;
}

const held = <P extends Place>(place: P, key: RowKey, row: Row | undefined): Held<P> => ({
  place,
  key,
  before: row?.d,
  value: row && (PLACES[place].shape.parse(JSON.parse(row.d)) as Kept<P>),
});

export const find = async <P extends Place>(rows: Rows, place: P, id: string): Promise<Held<P>> => {
  const key = PLACES[place].at(id);
  return held(place, key, await rows.get(key));
};

export const all = async <P extends 'facility' | 'staff' | 'system'>(rows: Rows, place: P): Promise<Kept<P>[]> =>
  (await rows.list(PLACES[place].at('').p)).map((row) => held(place, row, row).value as Kept<P>);

/** The next text of what was found. */
export const change = <P extends Place>({ place, key, before }: Held<P>, value: Kept<P>): RowChange => ({
  ...key,
  d: JSON.stringify(PLACES[place].shape.parse(value)),
  before,
});
