// A resident as the region keeps them: FHIR Person (https://hl7.org/fhir/R4/person.html) in `registry` with cards and the state of the
// enrolment, and a Patient of the region's own for what no facility has written. Plain functions from forms to resources.

import type * as z from 'zod/mini';
import type { Resource } from '../fhir/types.ts';
import type { Address, EmergencyContact, Evidence, Insurance, Name, WhoForm } from './form.ts';

export const ENROLMENT = 'urn:tsumugi:enrolment';
export const INSURANCE = 'http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID';
const REPRESENTATION = 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation';

/** One number range a region: cards of two regions never meet. */
export const cardSystem = (homeCommunityId: string): string => `urn:oid:${homeCommunityId}.1`;
export const receiptSystem = (homeCommunityId: string): string => `urn:oid:${homeCommunityId}.2`;

export const STATUSES = ['applied', 'rejected', 'enrolled', 'withdrawn', 'deceased'] as const;
export type Status = (typeof STATUSES)[number];

/** The state of an enrolment, as extensions of the Person hold it; its past is the Person's history. */
export interface Enrolment {
  readonly status: Status;
  readonly route: string;
  /** ISO instant of the last change of status. */
  readonly at: string;
  /** Office that took it down: 10 digits. */
  readonly office: string | undefined;
  readonly municipality: string;
  /** Id of the region's own Patient; none before an application is confirmed. */
  readonly patient: string | undefined;
  /** What the identity was checked by, the scan, who signed: as `Evidence`. */
  readonly evidence: Evidence | undefined;
  /** `sub` of the person's account in the residents pool: the one that applied, or that a desk made. */
  readonly account: string | undefined;
  /** Consent as the applicant wants it, until it is confirmed: JSON of `ConsentForm`. */
  readonly wishes: string | undefined;
  /** ISO instant at which the person, of age since, has said that it goes on. */
  readonly confirmed?: string | undefined;
}

export interface Identifier {
  readonly system?: string;
  readonly value?: string;
  readonly use?: string;
  readonly period?: { readonly start?: string; readonly end?: string };
  readonly extension?: readonly { readonly url: string; readonly valueCode?: string }[];
}

export interface Person extends Resource {
  resourceType: 'Person';
  active?: boolean;
  birthDate?: string;
  gender?: string;
  identifier?: Identifier[];
  link?: { target?: { reference?: string }; assurance?: string }[];
  name?: { family?: string; given?: string[]; text?: string }[];
  telecom?: { system?: string; value?: string; use?: string }[];
  address?: { text?: string; postalCode?: string }[];
  extension?: Extension[];
}
interface Extension {
  url: string;
  extension?: Extension[];
  [value: string]: unknown;
}

const humanNames = ({ kanji, kana }: z.infer<typeof Name>) =>
  [['IDE', kanji] as const, ['SYL', kana] as const].map(([valueCode, { family, given }]) => ({
    extension: [{ url: REPRESENTATION, valueCode }],
    use: 'official',
    text: `${family} ${given}`,
    family,
    given: [given],
  }));

const address = ({ text, postcode }: z.infer<typeof Address>) => [
  { use: 'home', text, postalCode: postcode.replace(/^(\d{3})-?(\d{4})$/, '$1-$2'), country: 'JP' },
];

/** CLINS writes the four parts with colons: 保険者番号:記号:番号:枝番. */
export const insuranceValue = ({ insurer, symbol = '', number, branch = '' }: z.infer<typeof Insurance>): string =>
  [insurer, symbol, number, branch].map((part) => part.normalize('NFKC').trim()).join(':');

/** What Person and Patient have in common; only what is given. */
export const demographics = (of: Partial<WhoForm>) => ({
  ...(of.name && { name: humanNames(of.name) }),
  ...(of.phone !== undefined && { telecom: [{ system: 'phone', value: of.phone, use: 'mobile' }] }),
  ...(of.sex && { gender: of.sex }),
  ...(of.birthDate && { birthDate: of.birthDate }),
  ...(of.address && { address: address(of.address) }),
});

/** https://hl7.org/fhir/R4/patient-definitions.html#Patient.contact (v2-0131 C: emergency contact) */
export const emergencyContacts = (contacts: readonly EmergencyContact[]) =>
  contacts.map(({ name, phone, relationship }) => ({
    relationship: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0131', code: 'C' }], text: relationship },
    ],
    name: { text: name },
    telecom: [{ system: 'phone', value: phone }],
  }));

export const insuranceIdentifier = (insurance: WhoForm['insurance']): Identifier[] =>
  insurance ? [{ use: 'official', system: INSURANCE, value: insuranceValue(insurance) }] : [];

export const regionPatient = (id: string, who: WhoForm): Resource => ({
  resourceType: 'Patient',
  id,
  ...(who.insurance && { identifier: insuranceIdentifier(who.insurance) }),
  active: true,
  ...demographics(who),
});

const enrolmentExtension = (of: Enrolment): Extension => {
  const part = (url: string, name: string, value: unknown): Extension[] =>
    value === undefined ? [] : [{ url, [name]: value }];
  return {
    url: ENROLMENT,
    extension: [
      ...part('status', 'valueCode', of.status),
      ...part('route', 'valueCode', of.route),
      ...part('at', 'valueInstant', of.at),
      ...part('office', 'valueString', of.office),
      ...part('municipality', 'valueString', of.municipality),
      ...part('patient', 'valueReference', of.patient && { reference: `Patient/${of.patient}` }),
      ...part('evidence', 'valueString', of.evidence && JSON.stringify(of.evidence)),
      ...part('account', 'valueString', of.account),
      ...part('wishes', 'valueString', of.wishes),
      ...part('confirmed', 'valueInstant', of.confirmed),
    ],
  };
};

/** The Person with this state; everything else of it stays, links of facilities included. */
export const withEnrolment = (person: Person, enrolment: Enrolment): Person => ({
  ...person,
  active: enrolment.status === 'enrolled',
  extension: [...(person.extension ?? []).filter(({ url }) => url !== ENROLMENT), enrolmentExtension(enrolment)],
});

/** Undefined: a Person whom nobody has enrolled (facilities' records were linked, no more). */
export const enrolmentOf = (person: Resource): Enrolment | undefined => {
  const parts = (person as Person).extension?.find(({ url }) => url === ENROLMENT)?.extension;
  if (!parts) return undefined;
  const value = (url: string, name: string) => parts.find((part) => part.url === url)?.[name];
  const text = (url: string, name = 'valueString') => value(url, name) as string | undefined;
  const patient = value('patient', 'valueReference') as { reference: string } | undefined;
  const evidence = text('evidence');
  return {
    status: text('status', 'valueCode') as Status,
    route: text('route', 'valueCode') ?? '',
    at: text('at', 'valueInstant') ?? '',
    office: text('office'),
    municipality: text('municipality') ?? '',
    patient: patient?.reference.slice('Patient/'.length),
    evidence: evidence === undefined ? undefined : (JSON.parse(evidence) as Evidence),
    account: text('account'),
    wishes: text('wishes'),
    confirmed: text('confirmed', 'valueInstant'),
  };
};

export const newPerson = (who: WhoForm, enrolment: Enrolment): Person =>
  withEnrolment(
    {
      resourceType: 'Person',
      ...demographics(who),
      ...(enrolment.patient && {
        link: [{ target: { reference: `Patient/${enrolment.patient}` }, assurance: 'level3' }],
      }),
    },
    enrolment,
  );

/** For a desk's screen: kanji and kana as one line each. */
export const namesOf = ({ name = [] }: Person): readonly string[] =>
  name.map(({ family = '', given = [] }) => [family, ...given].join(' ').trim());
