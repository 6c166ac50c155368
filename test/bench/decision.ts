// What one decision costs: `node test/bench/decision.ts`. Aim: under 20 µs a record (issue 4). Figures: docs/consent.md.
import { parseScopes } from '../../functions/auth/scopes.ts';
import type { Actor } from '../../functions/consent/actor.ts';
import { compilePolicy } from '../../functions/consent/compile.ts';
import { decide, type Question } from '../../functions/consent/decide.ts';
import { type Policy, policyOf } from '../../functions/consent/policy.ts';
import type { Resource } from '../../functions/fhir/types.ts';
import { consent, dataClass, facilityActor, sensitivity } from '../support/consents.ts';

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

const measured = (name: string, work: () => unknown): void => {
  for (let at = 0; at < RUNS / 10; at++) work();
  const began = performance.now();
  for (let at = 0; at < RUNS; at++) work();
  const micros = ((performance.now() - began) * 1000) / RUNS;
  console.log(`${name.padEnd(52)} ${micros.toFixed(2)} µs`);
};

const of = (asked: Question) => () => decide(asked);
measured('own facility', of(question(undefined, { facility: actor.facility })));
measured('another facility, no consent, implied', of(question(undefined)));
measured('one consent for all members', of(question(one)));
measured('51 consents, the last one permits', of(question(many)));
measured(
  '51 consents, a sensitive record',
  of(question(many, { labels: ['http://terminology.hl7.org/CodeSystem/v3-ActCode|HIV'] })),
);
