// Consents in the house's profile (docs/consent.md). Nobody of these is a real person.
import type { Resource } from '../../functions/fhir/types.ts';

const RECIPIENT = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] };

export const facilityActor = (code: string) => ({
  role: RECIPIENT,
  reference: {
    identifier: { system: 'http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no', value: code },
  },
});
export const staffActor = (sub: string) => ({
  role: RECIPIENT,
  reference: { identifier: { system: 'urn:tsumugi:staff', value: sub } },
});
export const typeActor = (code: string) => ({
  role: { coding: [{ system: 'urn:tsumugi:facility-type', code }] },
  reference: { display: code },
});
export const roleActor = (code: string) => ({
  role: { coding: [{ system: 'urn:tsumugi:role', code }] },
  reference: { display: code },
});
export const dataClass = (code: string) => ({ system: 'urn:tsumugi:data-class', code });
export const sensitivity = (code: string) => ({ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code });
export const purposeOf = (code: string) => ({ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code });

export const consent = (patient: string, provision: object, more: Record<string, unknown> = {}): Resource => ({
  resourceType: 'Consent',
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  category: [{ coding: [{ system: 'urn:tsumugi:consent-pattern', code: 'blanket' }] }],
  patient: { reference: `Patient/${patient}` },
  dateTime: '2026-11-01',
  policyRule: { coding: [{ system: 'urn:tsumugi:explanation-version', code: '2026-04' }] },
  verification: [{ verified: true, verificationDate: '2026-11-01' }],
  provision,
  ...more,
});
