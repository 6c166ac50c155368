// Step 9: what breaking the glass opens (domain.md 6.4), and what it never does.
import { describe, expect, it } from 'vitest';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor } from '../../../functions/consent/actor.ts';
import { decide, type Question } from '../../../functions/consent/decide.ts';

const NOW = Date.UTC(2026, 10, 22);
const DAY = 86_400_000;
const crew: Actor = {
  kind: 'staff',
  subject: 's',
  role: 'ambulance',
  facility: '3690000005',
  facilityType: 'fire',
  scopes: parseScopes('user/*.cruds system/*.cruds'),
  patients: [],
  tokenId: 't',
};
const HIV = 'http://terminology.hl7.org/CodeSystem/v3-ActCode|HIV';
const PSY = 'http://terminology.hl7.org/CodeSystem/v3-ActCode|PSY';

const ask = (more: Partial<Question> = {}) => {
  const decision = decide({
    actor: crew,
    action: 'read',
    type: 'AllergyIntolerance',
    dataClass: 'clinical',
    facility: '3610000001',
    patientKey: 'k',
    labels: [],
    purpose: 'BTG',
    now: NOW,
    consentDefault: 'own-facility',
    grants: [{ keys: ['k', 'linked'], until: NOW + 1 }],
    ...more,
  });
  return decision.permit ? decision.by : 'no';
};
const drug = (ago: number) => ({
  type: 'MedicationRequest',
  facts: {
    codes: () => [],
    span: () => ({ low: NOW - ago * DAY, high: NOW - ago * DAY + 1 }),
    isAddressed: () => false,
  },
});

describe('a broken glass', () => {
  it('opens the emergency set of that person', () => {
    expect(ask()).toBe('break-glass');
    expect(ask({ patientKey: 'linked' })).toBe('break-glass');
    expect(ask({ type: 'Patient', dataClass: 'basic' })).toBe('break-glass');
    expect([ask(drug(89)), ask(drug(91))]).toEqual(['break-glass', 'no']);
    expect(ask({ type: 'Observation', codes: ['http://loinc.org|718-7'] })).toBe('break-glass');
    expect(ask({ type: 'Observation', codes: ['http://jpfhir.jp/x|3C015000002327101'] })).toBe('break-glass');
    expect(ask({ type: 'Observation', codes: ['http://loinc.org|8480-6'] })).toBe('no');
    const directive = { type: 'DocumentReference', dataClass: 'document' };
    expect(ask({ ...directive, codes: ['http://loinc.org|42348-3'] })).toBe('break-glass');
  });

  it('opens nothing without a grant, its time, its purpose, a person to answer for it, and a role that may', () => {
    expect(ask({ grants: undefined })).toBe('no');
    expect(ask({ grants: [{ keys: ['other'], until: NOW + 1 }] })).toBe('no');
    expect(ask({ grants: [{ keys: ['k'], until: NOW }] })).toBe('no');
    expect(ask({ purpose: 'ETREAT' })).toBe('no');
    expect(ask({ actor: { ...crew, kind: 'system', role: 'system' } })).toBe('no');
    expect(ask({ actor: { ...crew, role: 'care-manager' } })).toBe('no');
    expect(ask({ patientKey: undefined })).toBe('no');
  });

  it('never opens what steps 1 to 4 close, nor the record of the dead', () => {
    expect(ask({ labels: ['x|UNDELIVERED'] })).toBe('no');
    expect(ask({ policy: { closed: true, rules: [] } })).toBe('no');
    expect(ask({ actor: { ...crew, scopes: parseScopes('user/Patient.rs') } })).toBe('no');
    expect(ask({ narrow: { ambulance: { read: { clinical: false } } } })).toBe('no');
    expect(ask({ type: 'CarePlan', dataClass: 'care' })).toBe('no');
  });

  it('opens what the patient has denied only where the region says so, and infections only by a consent that names them', () => {
    const policy = { rules: [{ is: 'deny' as const }] };
    expect(ask({ policy })).toBe('no');
    expect(ask({ policy, glassOverridesDenial: true })).toBe('break-glass');
    expect(ask({ type: 'Condition', labels: [PSY] })).toBe('break-glass');
    expect(ask({ type: 'Condition', labels: [HIV] })).toBe('no');
    const named = { rules: [{ is: 'permit' as const, labels: [HIV] }] };
    expect(ask({ type: 'Condition', labels: [HIV], policy: named })).toBe('consent');
  });
});
