// Enrolment's Consents: https://hl7.org/fhir/R4/consent.html in our profile (docs/consent.md). What a person agreed to when joining,
// what withdrawal and death close, and the policy that follows for all records linked to the person, in the same commit.
import { compilePolicy, EXPLANATION, PATTERNS } from '../consent/compile.ts';
import { REGION_OWNER } from '../consent/matrix.ts';
import type { Resource } from '../fhir/types.ts';
import type { Resources, Stored, Write } from '../storage/port.ts';
import { instantInJapan } from './age.ts';
import type { ConsentForm, Evidence, Pattern } from './form.ts';
import { allocate, creating, replacing } from './records.ts';

const INSTITUTION = 'http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no';
/** Which step of an enrolment a Consent comes from: those are retired by the next step, a person's own ones stay. */
export const STEP = 'urn:tsumugi:enrolment-consent';

export interface ConsentOf {
  readonly patient: string;
  readonly form: ConsentForm;
  readonly pattern: Pattern;
  readonly evidence: Evidence | undefined;
  readonly now: number;
}

const facility = (code: string) => ({
  role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
  reference: { identifier: { system: INSTITUTION, value: code } },
});

interface Kind {
  readonly patient: string;
  readonly step: string;
  /** Code of `PATTERNS`. */
  readonly pattern: string;
  readonly textVersion: string;
  readonly now: number;
}

const consent = (
  { patient, step, pattern, textVersion, now }: Kind,
  provision: object,
  more: object = {},
): Resource => ({
  resourceType: 'Consent',
  extension: [{ url: STEP, valueCode: step }],
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  category: [
    { coding: [{ system: 'http://loinc.org', code: '59284-0' }] },
    { coding: [{ system: PATTERNS, code: pattern }] },
  ],
  patient: { reference: `Patient/${patient}` },
  dateTime: instantInJapan(now),
  policyRule: { coding: [{ system: EXPLANATION, code: textVersion }] },
  ...more,
  provision,
});

/** What the form says: 一括 opens to all members, リスト and 施設ごと to those that are named, 黙示 is the region's default. */
export const formConsents = ({ patient, form, pattern, evidence, now }: ConsentOf): Resource[] => {
  const { textVersion } = form;
  const except = (form.except ?? []).map(facility);
  const named = (form.facilities ?? []).map(facility);
  const more = {
    ...(evidence?.scan !== undefined && { sourceReference: { display: evidence.scan } }),
    ...(evidence && { verification: [{ verified: true, verificationDate: instantInJapan(now) }] }),
  };
  const of = (step: string, provision: object) =>
    consent(
      { patient, step, pattern: pattern === 'implicit' ? 'implied' : pattern, textVersion, now },
      provision,
      more,
    );
  const exceptions = except.length > 0 ? [of('except', { type: 'deny', actor: except })] : [];
  if (pattern === 'implicit') return exceptions;
  return [of('joined', { type: 'permit', ...(pattern !== 'blanket' && { actor: named }) }), ...exceptions];
};

/** 同意撤回: nobody but the source facility sees anything from the next request on. */
export const withdrawalConsent = (patient: string, why: 'withdrawn' | 'deceased', now: number): Resource =>
  consent({ patient, step: why, pattern: 'blanket', textVersion: why, now }, { type: 'deny' });

export interface ConsentChange {
  readonly patient: string;
  readonly person: string;
  /** What is active then, of those that enrolment has written. */
  readonly next: readonly Resource[];
  readonly deceased?: boolean;
}

const stepOf = (resource: Resource): string | undefined =>
  (resource.extension as { url: string; valueCode?: string }[] | undefined)?.find(({ url }) => url === STEP)?.valueCode;

/** Writes that retire what enrolment had written, put `next` in its place, and compile the policy anew for every linked record. */
export const consentWrites = async (
  resources: Resources,
  { patient, person, next, deceased = false }: ConsentChange,
): Promise<Write[]> => {
  const [head] = await resources.heads([patient]);
  const linked = head?.linked.includes(patient) ? head.linked : [patient];
  const [heads, kept] = await Promise.all([resources.heads(linked), consentsOf(resources, linked)]);
  const mine = kept.filter((one) => one.facility === REGION_OWNER && stepOf(one.resource()) !== undefined);
  const retired = mine.filter((one) => one.resource().status === 'active');
  const rest = kept.filter((one) => !mine.includes(one)).map((one) => one.resource());
  const compiled = compilePolicy([...rest, ...next], { deceased });
  const policy = compiled && JSON.stringify(compiled);
  return [
    ...retired.map((one) => replacing(one, { ...one.resource(), status: 'inactive' })),
    ...next.map((resource) => creating(resource, allocate(resources, resource))),
    ...linked.map((id, at): Write => {
      const before = heads[at];
      return {
        kind: 'head',
        patient: id,
        expectVersion: before?.version ?? 0,
        person: before?.person ?? person,
        linked: before?.linked ?? linked,
        policy,
      };
    }),
  ];
};

const consentsOf = async (resources: Resources, patients: readonly string[]): Promise<Stored[]> => {
  const found = await Promise.all(
    patients.map(async (patient) => {
      const all: Stored[] = [];
      let after: string | undefined;
      do {
        const page = await resources.scan({ patient, type: 'Consent', after });
        all.push(...page.items);
        after = page.next;
      } while (after !== undefined);
      return all;
    }),
  );
  return found.flat();
};
