// Enrolment's Consents: https://hl7.org/fhir/R4/consent.html in our profile (docs/consent.md). What a person agreed to when joining,
// what withdrawal and death close, and the policy that follows for all records linked to the person, in the same commit.
import { EXPLANATION, PATTERNS } from '../consent/compile.ts';
import { policyOver, withHeads } from '../consent/head-writes.ts';
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
}

const stepOf = (resource: Resource): string | undefined =>
  (resource.extension as { url: string; valueCode?: string }[] | undefined)?.find(({ url }) => url === STEP)?.valueCode;

/**
 * `others`, with what retires the Consents that enrolment had written and puts `next` in their place, and the heads of all linked
 * records that follow (consent/head-writes.ts). Consents that the person gave otherwise stay.
 */
export const withConsents = async (
  resources: Resources,
  { patient, person, next }: ConsentChange,
  others: readonly Write[],
): Promise<Write[]> => {
  const retired = (await consentsOf(resources, patient)).filter(
    (one) => one.facility === REGION_OWNER && one.resource().status === 'active' && stepOf(one.resource()),
  );
  const writes = [
    ...others,
    ...retired.map((one) => replacing(one, { ...one.resource(), status: 'inactive' })),
    ...next.map((resource) => creating(resource, allocate(resources, resource))),
  ];
  const all = await withHeads(resources, writes);
  const own = all.find((write) => write.kind === 'head' && write.patient === patient);
  if (own)
    return all.map((write) =>
      write === own && own.kind === 'head' ? { ...own, person: own.person ?? person } : write,
    );
  // No Consent was written (黙示): the head still has to say whose records these are.
  const [head] = await resources.heads([patient]);
  if (head?.person !== undefined) return [...all];
  const linked = head?.linked ?? [patient];
  const policy = await policyOver(resources, linked, writes);
  return [...all, { kind: 'head', patient, expectVersion: head?.version ?? 0, person, linked, policy }];
};

const consentsOf = async (resources: Resources, patient: string): Promise<Stored[]> => {
  const all: Stored[] = [];
  let after: string | undefined;
  do {
    const page = await resources.scan({ patient, type: 'Consent', after });
    all.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return all;
};
