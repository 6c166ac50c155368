// 20,000 random cases: consents as FHIR, compiled and decided, against an evaluator that was written apart (reference.ts).
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor, Role } from '../../../functions/consent/actor.ts';
import { compilePolicy } from '../../../functions/consent/compile.ts';
import { type ConsentDefault, decide } from '../../../functions/consent/decide.ts';
import { policyOf } from '../../../functions/consent/policy.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import {
  consent,
  dataClass,
  facilityActor,
  purposeOf,
  roleActor,
  sensitivity,
  staffActor,
  typeActor,
} from '../../support/consents.ts';
import { type Case, FACILITY_TYPES, type Provision, reference } from './reference.ts';

const CODES: Record<string, string> = { H: '3610000001', C: '3610000002', P: '3640000003', F: '3690000009' };
const DAY = 86_400_000;
const TODAY = 20_000;
const date = (day: number) => new Date(day * DAY).toISOString();
const ACT = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const INDICATION = 'http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication';

const some = <T>(values: readonly T[]) => fc.constantFrom(...values);
/** Left out `nil` times for every two that it is there. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>, nil = 3) =>
  fc.oneof({ weight: nil, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary });
const few = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: 1, maxLength: 2 });

const actor: fc.Arbitrary<readonly ['code' | 'facility-type' | 'role' | 'sub', string]> = fc.oneof(
  fc.tuple(fc.constant('code' as const), some(Object.keys(CODES))),
  fc.tuple(fc.constant('facility-type' as const), some(Object.values(FACILITY_TYPES))),
  fc.tuple(fc.constant('role' as const), some(['doctor', 'nurse', 'pharmacist', 'ambulance'])),
  fc.tuple(fc.constant('sub' as const), some(['s1', 's2'])),
);
const CLASSES =
  'basic disease allergy drug lab image document progress-note care home clinical admin Observation Task'.split(' ');
const day = (around: number) => fc.integer({ min: around - 3, max: around + 3 });

const provision = (depth: number): fc.Arbitrary<Provision> =>
  fc
    .record({
      type: maybe(some(['permit', 'permit', 'deny'] as const), 1),
      actors: maybe(few(actor), 1),
      classes: maybe(few(some(CLASSES))),
      labels: maybe(few(some(['HIV', 'PSY', 'UNINFORMED']))),
      purposes: maybe(few(some(['TREAT', 'BTG', 'HRESCH']))),
      from: maybe(day(TODAY - 2)),
      to: maybe(day(TODAY + 2)),
      dataFrom: maybe(day(TODAY - 90)),
      dataTo: maybe(day(TODAY)),
      nested:
        depth === 0 ? fc.constant(undefined) : maybe(fc.array(provision(depth - 1), { minLength: 1, maxLength: 2 })),
    })
    .filter(({ type, nested }) => type !== undefined || nested !== undefined)
    .filter(({ from, to }) => from === undefined || to === undefined || from < to)
    .filter(({ dataFrom, dataTo }) => dataFrom === undefined || dataTo === undefined || dataFrom < dataTo)
    .map((one) => Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)) as Provision);

const KINDS = [
  ['Patient', 'basic'],
  ['Observation', 'clinical'],
  ['Observation', 'home'],
  ['Condition', 'clinical'],
  ['AllergyIntolerance', 'clinical'],
  ['MedicationRequest', 'clinical'],
  ['DocumentReference', 'document'],
  ['ImagingStudy', 'document'],
  ['CarePlan', 'care'],
  ['Task', 'admin'],
  ['Task', 'admin'],
] as const;
const ROLES = ['doctor', 'nurse', 'pharmacist', 'laboratory', 'care-manager', 'ambulance', 'municipal', 'admin'];

const cases: fc.Arbitrary<Case> = fc
  .record({
    who: fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          sub: some(['s1', 's2', 's3']),
          role: some(ROLES),
          code: some(['H', 'C', 'P', 'F']),
          kind: fc.constant('staff'),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          sub: fc.constant('y'),
          role: fc.constant('system'),
          code: some(['H', 'C', 'P', 'F']),
          kind: fc.constant('system'),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          sub: fc.constant('r'),
          role: fc.constant('resident'),
          code: fc.constant('-'),
          kind: fc.constant('resident'),
        }),
      },
    ),
    purpose: some(['TREAT', 'TREAT', 'ETREAT', 'BTG', 'BTG', 'HRESCH']),
    now: fc.constant(TODAY),
    kind: some(KINDS),
    source: some(['H', 'H', 'C', 'P']),
    labels: fc.uniqueArray(some(['HIV', 'PSY', 'UNDELIVERED', 'UNINFORMED']), { maxLength: 2 }).map((all) => all),
    isPlain: fc.integer({ min: 0, max: 2 }).map((n) => n > 0),
    code: some(['718-7', '8480-6', '18842-5', '42348-3', '11506-3']),
    day: maybe(fc.oneof(day(TODAY - 90), day(TODAY)), 1),
    to: fc.array(some(['H', 'C', 'P']), { maxLength: 3 }),
    consents: fc.array(provision(2), { maxLength: 3 }),
    dead: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
    region: some(['implicit', 'own-facility', 'list']),
    glass: maybe(fc.record({ until: some([TODAY - 1, TODAY + 1, TODAY + 1]), overrides: fc.boolean() }), 1),
    mine: fc.boolean(),
  })
  .map(({ kind: [type, of], source, labels, isPlain, code, day: on, to, ...rest }) => ({
    ...rest,
    record: { type, dataClass: of, source, labels: isPlain ? [] : labels, code, day: on, to },
  }));

const ACTORS = {
  code: (c: string) => facilityActor(CODES[c]!),
  'facility-type': typeActor,
  role: roleActor,
  sub: staffActor,
};
const period = (from?: number, to?: number) => ({
  ...(from !== undefined && { start: date(from) }),
  ...(to !== undefined && { end: date(to - 1 / DAY) }), // an end is inclusive: the last millisecond
});
const label = (code: string) => (code === 'UNINFORMED' ? { system: INDICATION, code } : sensitivity(code));
const coded = (name: string) =>
  /^[A-Z]/.test(name) ? { system: 'http://hl7.org/fhir/resource-types', code: name } : dataClass(name);

const inFhir = (p: Provision): object => ({
  ...(p.type && { type: p.type }),
  ...(p.actors && { actor: p.actors.map(([kind, value]) => ACTORS[kind](value)) }),
  ...(p.classes && { class: p.classes.map(coded) }),
  ...(p.labels && { securityLabel: p.labels.map(label) }),
  ...(p.purposes && { purpose: p.purposes.map(purposeOf) }),
  ...((p.from ?? p.to) !== undefined && { period: period(p.from, p.to) }),
  ...((p.dataFrom ?? p.dataTo) !== undefined && { dataPeriod: period(p.dataFrom, p.dataTo) }),
  ...(p.nested && { provision: p.nested.map(inFhir) }),
});

const FACILITY = (code: string) => CODES[code];

const decided = ({ who, purpose, now, record, consents, dead, region, glass, mine }: Case): string => {
  const asking: Actor = {
    kind: who.kind as Actor['kind'],
    subject: who.sub,
    role: who.role as Role,
    facility: FACILITY(who.code),
    facilityType: FACILITY_TYPES[who.code],
    scopes: parseScopes('user/*.cruds system/*.cruds patient/*.cruds'),
    patients: who.kind === 'resident' ? ['mine'] : [],
    tokenId: 't',
  };
  const written = consents.map((one): Resource => consent('p', inFhir(one)));
  const policy = compilePolicy(written, { deceased: dead });
  const decision = decide({
    actor: asking,
    action: 'read',
    type: record.type,
    dataClass: record.dataClass,
    facility: FACILITY(record.source),
    patientId: mine ? 'mine' : 'theirs',
    patientKey: 'key',
    labels: record.labels.map((code) => (code.startsWith('UN') ? `${INDICATION}|${code}` : `${ACT}|${code}`)),
    facts: {
      codes: () => [`http://loinc.org|${record.code}`],
      span: () => (record.day === undefined ? undefined : { low: record.day * DAY, high: (record.day + 1) * DAY }),
      isAddressed: () => record.to.includes(who.code),
    },
    policy: policyOf(policy && JSON.stringify(policy)),
    purpose,
    now: now * DAY,
    consentDefault: region as ConsentDefault,
    glassOverridesDenial: glass?.overrides,
    grants: glass ? [{ keys: ['key'], until: glass.until * DAY }] : undefined,
  });
  return decision.permit ? decision.by : 'no';
};

it('decides 20,000 random cases as the reference does', () => {
  const count = new Map<string, number>();
  fc.assert(
    fc.property(cases, (one) => {
      const wanted = reference(one);
      count.set(wanted, (count.get(wanted) ?? 0) + 1);
      expect(decided(one)).toBe(wanted);
    }),
    { numRuns: 20_000, seed: 20261122 },
  );
  // Each way through the order is taken often enough to mean something.
  for (const basis of ['no', 'own', 'self', 'consent', 'implied', 'participant', 'break-glass'])
    expect(count.get(basis) ?? 0, basis).toBeGreaterThan(100);
});
