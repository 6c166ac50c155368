// A patient as the identity messages of HL7 v2 and v3 carry one: what both can say, and no more.

/** Who gives a kind of patient number out: an OID, and in HL7 v2 often a name. */
export interface Authority {
  /** OID without `urn:oid:`. */
  readonly oid: string;
  readonly name?: string | undefined;
}

export interface Identifier {
  readonly authority: Authority;
  readonly value: string;
  /** Table 0203 (`PI`, `MR`, …). */
  readonly type?: string | undefined;
}

export interface PersonName {
  readonly family?: string | undefined;
  readonly given: readonly string[];
  /** As ISO 21090 says it: kanji (IDE), kana (SYL), Latin letters (ABC). */
  readonly representation?: 'IDE' | 'SYL' | 'ABC' | undefined;
  readonly use?: 'legal' | 'maiden' | undefined;
}

export interface PostalAddress {
  readonly lines: readonly string[];
  readonly city?: string | undefined;
  readonly state?: string | undefined;
  readonly postalCode?: string | undefined;
  readonly country?: string | undefined;
}

/** https://hl7.org/fhir/R4/valueset-administrative-gender.html */
export type Gender = 'male' | 'female' | 'other' | 'unknown';

export interface PatientData {
  readonly identifiers: readonly Identifier[];
  readonly names: readonly PersonName[];
  readonly gender?: Gender | undefined;
  /** `1984-01-25`, `1984-01` or `1984`. */
  readonly birthDate?: string | undefined;
  /** True without a time, or the time as FHIR writes it. */
  readonly deceased?: boolean | string | undefined;
  readonly addresses: readonly PostalAddress[];
  /** As they were written: `088-123-4567`. */
  readonly phones: readonly string[];
  readonly mothersMaidenName?: PersonName | undefined;
}

/** HL7's dates (`19840125`, `198401`, `1984`, with a time or without) as FHIR's; undefined for anything else. */
export const fhirDate = (hl7: string | undefined): string | undefined => {
  const found = /^(\d{4})(\d\d)?(\d\d)?/.exec(hl7 ?? '');
  return found ? [found[1], found[2], found[3]].filter((part) => part !== undefined).join('-') : undefined;
};

export const hl7Date = (fhir: string | undefined): string => (fhir ?? '').slice(0, 10).replaceAll('-', '');

const GENDERS: Readonly<Record<string, Gender>> = {
  M: 'male',
  F: 'female',
  O: 'other',
  A: 'other',
  UN: 'other',
  U: 'unknown',
  N: 'other',
};

/** Table 0001 of v2, and AdministrativeGender of v3. */
export const genderOf = (code: string | undefined): Gender | undefined =>
  code !== undefined && Object.hasOwn(GENDERS, code) ? GENDERS[code] : undefined;

export const v2Gender = (gender: Gender | undefined): string =>
  gender ? { male: 'M', female: 'F', other: 'O', unknown: 'U' }[gender] : '';
