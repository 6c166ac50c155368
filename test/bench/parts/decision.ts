// What one decision costs. Aim: under 20 µs a record (issue 4). Figures: docs/consent.md.
import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor } from '../../../functions/consent/actor.ts';
import { compilePolicy } from '../../../functions/consent/compile.ts';
import { decide, type Question } from '../../../functions/consent/decide.ts';
import { type Policy, policyOf } from '../../../functions/consent/policy.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { consent, dataClass, facilityActor, sensitivity } from '../../support/consents.ts';

const RUNS = 1_000_000;
const actor: Actor = {
  kind: 'staff',
  subject: 's',
  role: 'doctor',
  facility: '3610000002',
  facilityType: 'clinic',
  scopes: parseScopes('user/*.cruds'),
  patients: [],
  tokenId: 't',
};
const question = (policy: Policy | undefined, more: Partial<Question> = {}): Question => ({
  actor,
  action: 'read',
  type: 'Observation',
  dataClass: 'clinical',
  facility: '3610000001',
  patientKey: 'k',
  labels: [],
  purpose: 'TREAT',
  now: Date.UTC(2026, 10, 22),
  consentDefault: 'implicit',
  policy,
  ...more,
});

const policy = (consents: Resource[]): Policy => policyOf(JSON.stringify(compilePolicy(consents)));
const one = policy([consent('p', { type: 'permit' })]);
/** Fifty consents for other facilities, one of three provisions that holds. */
const many = policy([
  ...Array.from({ length: 50 }, (_, at) =>
    consent('p', { type: 'permit', actor: [facilityActor(String(3610001000 + at))], class: [dataClass('lab')] }),
  ),
  consent('p', {
    type: 'permit',
    actor: [facilityActor('3610000002')],
    provision: [
      { type: 'deny', class: [dataClass('image')] },
      { type: 'permit', securityLabel: [sensitivity('HIV')] },
    ],
  }),
]);

/** Processor time: on a shared machine the clock counts the others' too. */
const microsOf = (asked: Question): number => {
  const work = () => decide(asked);
  for (let at = 0; at < RUNS / 10; at++) work();
  const before = process.cpuUsage();
  for (let at = 0; at < RUNS; at++) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / RUNS;
};

const CASES: Readonly<Record<string, Question>> = {
  'own facility': question(undefined, { facility: actor.facility }),
  'another facility, no consent, implied': question(undefined),
  'one consent for all members': question(one),
  '51 consents, the last one permits': question(many),
  '51 consents, a sensitive record': question(many, {
    labels: ['http://terminology.hl7.org/CodeSystem/v3-ActCode|HIV'],
  }),
};

/** Rows of a table: what is decided, µs a record. */
export const decisionCosts = (): string[][] =>
  Object.entries(CASES).map(([name, asked]) => [name, microsOf(asked).toFixed(2)]);
