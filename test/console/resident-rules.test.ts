// What the resident's face decides by itself: which numbers are believed, what is written of them, and what switches come to. The
// switches are held to the region's own decision.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../console/src/api/client.ts';
import { linesOf, lookOf } from '../../console/src/resident/looks.ts';
import { check, isHome, MEASURES, numberOf, observationOf, valuesOf } from '../../console/src/resident/measures.ts';
import {
  CLASSES,
  type ConsentDefault,
  consentOf,
  type DataClass,
  effectOf,
  type Facility,
  type OthersChoice,
  othersChoice,
  othersConsent,
  othersPlan,
  planFor,
  type targetOf,
} from '../../console/src/resident/policy.ts';
import { isKept, type Kept, keepConsent, keepPlan, LABELS } from '../../console/src/resident/proxies-policy.ts';
import { parseScopes } from '../../functions/auth/scopes.ts';
import { assertEnforceable, compilePolicy } from '../../functions/consent/compile.ts';
import { sharingOf } from '../../functions/consent/cross-region.ts';
import { decide } from '../../functions/consent/decide.ts';
import { validate } from '../../functions/fhir/validate.ts';
import { profileIssues, requiredProfiles } from '../../functions/profiles/profiles.ts';
import { dataClass } from '../../functions/search/data-class.ts';

const NOW = Date.parse('2026-11-22T09:00:00+09:00');
const measure = (id: string) => MEASURES.find((one) => one.id === id)!;

describe('a number that is typed', () => {
  it.each([
    ['135', 135],
    ['１３５', 135],
    ['36,5', 36.5],
    [' 52.4 ', 52.4],
    ['12a', undefined],
    ['-3', undefined],
    ['', undefined],
  ])('%s is read as people mean it', (typed, value) => {
    expect(numberOf(typed)).toBe(value);
  });

  it('is refused where nobody alive has it, and asked about where it is unusual', () => {
    const pressure = measure('blood-pressure');
    expect(check(pressure, ['135', '85'], NOW, NOW)).toMatchObject({ isGood: true, doubts: [], values: [135, 85] });
    expect(check(pressure, ['1350', '85'], NOW, NOW)).toMatchObject({
      isGood: false,
      faults: [{ kind: 'impossible', low: 50, high: 300 }, undefined],
    });
    expect(check(pressure, ['85', '135'], NOW, NOW)).toMatchObject({ isGood: false, turned: true });
    expect(check(pressure, ['200', '85'], NOW, NOW)).toMatchObject({ isGood: true, doubts: [{ kind: 'unusual' }] });
    expect(check(pressure, ['100', '92'], NOW, NOW).doubts).toEqual([{ kind: 'close' }]);
    expect(check(measure('temperature'), ['365'], NOW, NOW).isGood).toBe(false);
    expect(check(measure('weight'), ['70'], NOW, NOW, [50]).doubts).toMatchObject([{ kind: 'changed', before: 50 }]);
    expect(check(measure('weight'), ['51'], NOW, NOW, [50]).doubts).toEqual([]);
  });

  it('has a time that was, and is asked about when that is long ago', () => {
    expect(check(measure('pulse'), ['70'], undefined, NOW).when).toBe('missing');
    expect(check(measure('pulse'), ['70'], NOW + 3_600_000, NOW)).toMatchObject({ when: 'future', isGood: false });
    expect(check(measure('pulse'), ['70'], NOW - 400 * 86_400_000, NOW).doubts).toEqual([{ kind: 'old' }]);
  });
});

describe.each(MEASURES.map((one) => [one.id, one] as const))('a home measurement (%s)', (_, one) => {
  const values = one.parts.map(({ usual: [low] }) => low);
  const observation = observationOf(one, {
    patient: 'p1',
    proxy: undefined,
    at: '2026-11-22T08:00:00+09:00',
    values,
    note: '朝食前',
  });

  it('is what the server takes: R4, the profile that it names, class home', () => {
    expect(validate(observation)).toEqual([]);
    const required = requiredProfiles(true, observation as never);
    expect(profileIssues(observation as never, { required })).toEqual([]);
    expect(dataClass(observation as never)).toBe('home');
  });

  it('is read back with the values that were typed', () => {
    expect(valuesOf(one, observation)).toEqual(values);
    expect(isHome(observation)).toBe(true);
    expect(isHome({ ...observation, performer: [{ reference: 'Organization/o' }] })).toBe(false);
  });
});

const HOSPITAL: Facility = { code: '3610000001', name: '病院', type: 'hospital', isOffice: false };
const CLINIC: Facility = { code: '3610000002', name: '医院', type: 'clinic', isOffice: false };
const TYPES: Readonly<Record<DataClass, { type: string; dataClass: string }>> = {
  disease: { type: 'Condition', dataClass: 'clinical' },
  allergy: { type: 'AllergyIntolerance', dataClass: 'clinical' },
  drug: { type: 'MedicationRequest', dataClass: 'clinical' },
  lab: { type: 'Observation', dataClass: 'clinical' },
  image: { type: 'ImagingStudy', dataClass: 'document' },
  document: { type: 'DocumentReference', dataClass: 'document' },
  care: { type: 'CarePlan', dataClass: 'care' },
  home: { type: 'Observation', dataClass: 'home' },
};

/** What the region itself says to a doctor of the facility. */
const decided = (consents: readonly Resource[], region: ConsentDefault, facility: Facility, kind: DataClass) =>
  decide({
    actor: {
      kind: 'staff',
      subject: 'doctor',
      role: 'doctor',
      facility: facility.code,
      facilityType: facility.type,
      scopes: parseScopes('user/*.cruds'),
      patients: [],
      tokenId: 't',
    },
    action: 'read',
    facility: '3640000003',
    patientId: 'p1',
    purpose: 'TREAT',
    now: NOW,
    consentDefault: region,
    policy: compilePolicy(consents as never),
    ...TYPES[kind],
  }).permit;

const REGIONS: readonly ConsentDefault[] = ['implicit', 'own-facility', 'blanket', 'list', 'per-facility'];
const target = fc.record({
  type: fc.constantFrom('permit' as const, 'deny' as const),
  facility: fc.option(fc.constantFrom(HOSPITAL.code, CLINIC.code), { nil: undefined }),
  dataClass: fc.option(fc.constantFrom(...CLASSES, 'clinical'), { nil: undefined }),
  status: fc.constantFrom('active', 'inactive'),
});
const consents = fc.array(target, { maxLength: 6 }).map((targets) =>
  targets.map(
    ({ type, status, ...rest }, at): Resource => ({
      ...consentOf('p1', type, rest, new Date(NOW)),
      id: `c${at}`,
      status,
    }),
  ),
);

describe('the switches', () => {
  it('show what the region decides', () => {
    fc.assert(
      fc.property(
        consents,
        fc.constantFrom(...REGIONS),
        fc.constantFrom(HOSPITAL, CLINIC),
        fc.constantFrom(...CLASSES),
        (all, region, facility, kind) =>
          (effectOf(all, region, facility, kind, NOW) === 'open') === decided(all, region, facility, kind),
      ),
      { numRuns: 3_000 },
    );
  });

  /** As the server carries it out. */
  const tapped = (
    all: readonly Resource[],
    region: ConsentDefault,
    at: ReturnType<typeof targetOf>,
    wanted: 'open' | 'closed',
  ) => {
    const { withdraw, resume, create } = planFor(all, region, at!, wanted);
    const next = all.map((one) =>
      withdraw.includes(one.id!)
        ? { ...one, status: 'inactive' }
        : resume.includes(one.id!)
          ? { ...one, status: 'active' }
          : one,
    );
    return create ? [...next, { ...consentOf('p1', create, at!, new Date(NOW)), id: `new-${next.length}` }] : next;
  };

  it('close with one tap whatever was open', () => {
    fc.assert(
      fc.property(consents, fc.constantFrom(...REGIONS), fc.constantFrom(...CLASSES), (all, region, kind) => {
        const at = { type: 'deny' as const, facility: CLINIC.code, dataClass: kind };
        return !decided(tapped(all, region, at, 'closed'), region, CLINIC, kind);
      }),
      { numRuns: 1_000 },
    );
  });

  it('open again with one tap what they had closed, and write nothing twice', () => {
    for (const region of REGIONS) {
      const at = { type: 'deny' as const, facility: CLINIC.code, dataClass: undefined };
      const open = tapped([], region, at, 'open');
      const closed = tapped(open, region, at, 'closed');
      const again = tapped(closed, region, at, 'open');
      expect(CLASSES.every((kind) => decided(again, region, CLINIC, kind))).toBe(true);
      expect(tapped(again, region, at, 'closed')).toHaveLength(again.length);
      expect(decided(again, region, HOSPITAL, 'drug')).toBe(region === 'implicit');
    }
  });

  it('write what the region takes, however it takes consent', () => {
    for (const region of REGIONS)
      for (const type of ['permit', 'deny'] as const)
        for (const dataClassOf of [undefined, ...CLASSES]) {
          const made = consentOf('p1', type, { facility: CLINIC.code, dataClass: dataClassOf }, new Date(NOW));
          expect(validate(made)).toEqual([]);
          expect(() => assertEnforceable(made as never, region, true)).not.toThrow();
        }
  });
});

describe('the choice about other regions', () => {
  const chosen = (all: readonly Resource[], wanted: OthersChoice): Resource[] => {
    const { withdraw, resume, create } = othersPlan(all, wanted);
    const next = all.map((one) =>
      withdraw.includes(one.id!)
        ? { ...one, status: 'inactive' }
        : resume.includes(one.id!)
          ? { ...one, status: 'active' }
          : one,
    );
    return create ? [...next, { ...othersConsent('p1', create, new Date(NOW)), id: `new-${next.length}` }] : next;
  };

  it('is what the region asks before it tells another one of the person, and opens nothing here', () => {
    const shared = (all: readonly Resource[], region: ConsentDefault) => {
      const policy = compilePolicy(all as never) ?? { rules: [] };
      return sharingOf({ policy, community: '2.999.3.1', purpose: 'TREAT', now: NOW, consentDefault: region });
    };
    for (const region of REGIONS) {
      let all: Resource[] = [];
      expect(othersChoice(all)).toBe('region');
      for (const wanted of ['permit', 'deny', 'permit', 'region'] as const) {
        all = chosen(all, wanted);
        expect(othersChoice(all)).toBe(wanted);
        for (const one of all) expect(() => assertEnforceable(one as never, region, true)).not.toThrow();
        const silent = region === 'implicit' ? 'identifiers' : 'nothing';
        expect(shared(all, region)).toBe({ permit: 'demographics', deny: 'refused', region: silent }[wanted]);
        expect(decided(all, region, CLINIC, 'drug')).toBe(region === 'implicit');
        expect(effectOf(all, region, CLINIC, 'drug', NOW)).toBe(region === 'implicit' ? 'open' : 'closed');
      }
      expect(all).toHaveLength(2);
    }
  });
});

describe('what a minor who decides alone keeps from who acts for her', () => {
  /** What the region says to her mother, of a record with or without a label. */
  const seenByProxy = (consents: readonly Resource[], kind: DataClass, labels: string[] = []) =>
    decide({
      actor: {
        kind: 'resident',
        subject: 'mother',
        role: 'resident',
        facility: undefined,
        facilityType: undefined,
        scopes: parseScopes('patient/*.cruds'),
        patients: ['p1'],
        minors: ['p1'],
        tokenId: 't',
      },
      action: 'read',
      facility: HOSPITAL.code,
      patientId: 'p1',
      purpose: 'PATRQT',
      now: NOW,
      consentDefault: 'implicit',
      policy: compilePolicy(consents as never),
      labels,
      ...TYPES[kind],
    }).permit;
  const kept = (all: readonly Resource[], what: Kept, wanted: boolean): Resource[] => {
    const { withdraw, resume, create } = keepPlan(all, what, wanted);
    const next = all.map((one) =>
      withdraw.includes(one.id!)
        ? { ...one, status: 'inactive' }
        : resume.includes(one.id!)
          ? { ...one, status: 'active' }
          : one,
    );
    return create ? [...next, { ...keepConsent('p1', what, new Date(NOW)), id: `kept-${next.length}` }] : next;
  };

  it('is kept by one Consent, shown again and kept again by the same one, and closes nothing to a facility', () => {
    const whats: readonly Kept[] = ['everything', ...CLASSES, ...LABELS];
    for (const what of whats) {
      const made = kept([], what, true);
      expect(validate(made[0]!)).toEqual([]);
      for (const region of REGIONS) expect(() => assertEnforceable(made[0] as never, region, true)).not.toThrow();
      expect(whats.filter((one) => isKept(made, one))).toEqual([what]);
      expect(kept(made, what, true)).toEqual(made);
      const open = kept(made, what, false);
      expect(isKept(open, what)).toBe(false);
      expect(kept(open, what, true)).toEqual(made);
      for (const kind of CLASSES) {
        expect(effectOf(made, 'implicit', HOSPITAL, kind, NOW)).toBe('open');
        expect(decided(made, 'implicit', HOSPITAL, kind)).toBe(true);
        expect(seenByProxy(made, kind)).toBe(what !== 'everything' && what !== kind);
        expect(seenByProxy(open, kind)).toBe(true);
      }
    }
    const label = (code: string) => `http://terminology.hl7.org/CodeSystem/v3-ActCode|${code}`;
    expect(seenByProxy(kept([], 'SEX', true), 'disease', [label('SEX')])).toBe(false);
    expect(seenByProxy(kept([], 'PSY', true), 'disease', [label('SEX')])).toBe(true);
  });
});

describe('who looked', () => {
  const look = (id: string, recorded: string, role: string): Resource => ({
    resourceType: 'AuditEvent',
    id,
    recorded,
    action: 'R',
    outcome: '0',
    purposeOfEvent: [{ coding: [{ code: 'TREAT' }] }],
    agent: [
      { who: { identifier: { value: 'console' } }, requestor: false },
      { role: [{ text: role }], who: { display: `病院 ${role}` }, location: { display: '病院' }, requestor: true },
    ],
    entity: [{ name: 'data class clinical' }],
  });

  it('is one line a day for the same place, role and purpose', () => {
    const events = [
      look('a', '2026-11-21T15:30:00Z', '医師'),
      look('b', '2026-11-22T01:00:00Z', '医師'),
      look('c', '2026-11-22T02:00:00Z', '看護師'),
      look('d', '2026-11-21T14:00:00Z', '医師'),
    ];
    const lines = linesOf(events.map(lookOf));
    expect(lines.map(({ day, place, role, times }) => [day, place, role, times.length])).toEqual([
      ['2026-11-22', '病院', '医師', 2],
      ['2026-11-22', '病院', '看護師', 1],
      ['2026-11-21', '病院', '医師', 1],
    ]);
    expect(lines[0]!.classes).toEqual(['clinical']);
  });

  it('knows a system by its facility', () => {
    const system: Resource = {
      resourceType: 'AuditEvent',
      id: 's',
      recorded: '2026-11-22T01:00:00Z',
      action: 'C',
      outcome: '0',
      agent: [{ who: { display: '医院 システム' }, requestor: true }],
      source: { observer: { display: '医院' }, site: '3610000002' },
    };
    expect(lookOf(system)).toMatchObject({ place: '医院', role: 'システム', isOwn: false });
  });
});
