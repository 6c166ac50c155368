// What the forms of the clinic write, held to the validator and the profiles that the server has.
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../console/src/api/client.ts';
import {
  corrected,
  type EntryKind,
  enteredInError,
  localTime,
  type Values,
} from '../../console/src/clinic/entry/draft.ts';
import { correctionOf, KINDS, offeredTo } from '../../console/src/clinic/entry/kinds.ts';
import { fromPrescription } from '../../console/src/clinic/entry/medicines.ts';
import { parseScopes } from '../../functions/auth/scopes.ts';
import { decide } from '../../functions/consent/decide.ts';
import { MATRIX } from '../../functions/consent/matrix.ts';
import { validate } from '../../functions/fhir/validate.ts';
import { generalJpProfile } from '../../functions/profiles/jp-core/index.ts';
import { profileIssues, requiredProfiles } from '../../functions/profiles/profiles.ts';
import { dataClass } from '../../functions/search/data-class.ts';

const WRITER = {
  patient: 'Patient/p1',
  organization: 'Organization/o1',
  facility: '3610000001',
  subject: 'sub-1',
  profession: 'doctor',
};

/** Something in every field. */
const filled = (kind: EntryKind): Values => ({
  ...kind.initial(),
  ...Object.fromEntries(
    kind.fields
      .filter(({ name }) => !(name in kind.initial()))
      .map(({ name, type, min = 1, max = 100, choices }) => [
        name,
        type === 'number'
          ? String(Math.round((min + max) / 2))
          : type === 'date'
            ? '2030-11-20'
            : type === 'choice'
              ? (choices?.[0]?.value ?? '')
              : type === 'file'
                ? ''
                : 'mg/dL',
      ]),
  ),
  ...(kind.name === 'upload' && { url: 'Binary/b1', contentType: 'application/pdf', size: '123' }),
  ...(kind.name === 'diagnosis' && { course: 'resolved' }),
  ...(kind.name === 'dispense' && { prescription: 'MedicationRequest/m1' }),
});

/** Only what must be there. */
const sparse = (kind: EntryKind): Values => {
  const all = filled(kind);
  const wanted = [
    ...kind.fields.filter(({ required }) => required).map(({ name }) => name),
    ...(kind.some ?? []).slice(0, 1),
  ];
  return { ...kind.initial(), ...Object.fromEntries(wanted.map((name) => [name, all[name] ?? ''])), url: 'Binary/b1' };
};

const faultsOf = (resource: Resource) => [
  ...validate(resource),
  ...profileIssues(resource as never, { required: requiredProfiles(true, resource as never) }).filter(
    ({ severity }) => severity === 'error',
  ),
];

const stored = (resource: Resource): Resource => ({
  ...resource,
  id: 'x1',
  meta: { ...resource.meta, versionId: '1' },
});

describe.each(KINDS.map((kind) => [kind.name, kind] as const))('the form %s', (_, kind) => {
  it.each([
    ['with all fields', filled],
    ['with what it needs', sparse],
  ])('writes valid R4 and JP Core %s', (_name, values) => {
    const drafts = kind.build(values(kind), WRITER);

    expect(drafts.length).toBeGreaterThan(0);
    for (const { resource } of drafts) {
      expect(faultsOf(resource)).toEqual([]);
      expect(kind.types).toContain(resource.resourceType);
      const general = generalJpProfile(resource as never);
      if (general) expect((resource.meta as { profile?: string[] }).profile?.length).toBe(1);
    }
  });

  it('knows an element for every field that it fills', () => {
    const drafts = kind.build(filled(kind), WRITER);
    const known = new Set(drafts.flatMap(({ at }) => Object.keys(at)));
    expect(kind.fields.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  it('corrects what it wrote, and leaves the rest as it was', () => {
    if (!kind.read && kind.types[0] !== 'Observation') return;
    for (const { resource } of kind.build(filled(kind), WRITER)) {
      const before = stored({ ...resource, language: 'ja' });
      const form = correctionOf('doctor', before);
      if (!form?.read || !form.elements) throw new Error('no form corrects it');
      const values = form.read(before)!;
      const [draft] = form.build(values, WRITER);
      const after = corrected(before, draft!.resource, form.elements);

      expect(faultsOf(after)).toEqual([]);
      expect(after['language']).toBe('ja');
      expect(after.id).toBe('x1');
      expect(after.meta).toEqual(resource.meta);
      // Nothing was changed in the form, so nothing changes, but that an Observation now says that it was corrected.
      expect({ ...after, status: before['status'] }).toEqual({ ...before, meta: resource.meta });
    }
  });

  it('can say that it was a mistake, and stays valid', () => {
    for (const { resource } of kind.build(filled(kind), WRITER)) {
      const revoked = enteredInError(stored(resource));
      expect(faultsOf(revoked)).toEqual([]);
      expect(JSON.stringify(revoked)).toContain('entered-in-error');
    }
  });
});

describe('what a role is offered', () => {
  it.each(Object.keys(MATRIX))('%s: nothing that the server refuses in any case', (role) => {
    for (const kind of offeredTo(role))
      for (const type of kind.types) {
        const actor = {
          kind: 'staff',
          role,
          facility: '3610000001',
          subject: 's',
          scopes: parseScopes('user/*.cruds'),
          patients: [],
        } as never;
        const purpose = role === 'ambulance' ? 'ETREAT' : 'TREAT';
        const decision = decide({
          actor,
          action: 'create',
          type,
          facility: '3610000001',
          dataClass: dataClass({ resourceType: type } as never),
          purpose,
          now: 0,
        } as never);
        expect([role, kind.name, type, decision.permit || decision.reason]).toEqual([role, kind.name, type, true]);
      }
  });
});

it('fills a dispensing from a prescription', () => {
  const prescription = KINDS.find(({ name }) => name === 'prescription')!;
  const values = { ...filled(prescription), medicine: 'アムロジピン錠５ｍｇ', days: '14' };
  const resource = prescription.build(values, WRITER)[0]!.resource;
  expect(fromPrescription(stored(resource))).toMatchObject({
    medicine: 'アムロジピン錠５ｍｇ',
    days: '14',
    unit: 'TAB',
    prescription: 'MedicationRequest/x1',
  });
});

it('shows times as the clock in Japan has them, whatever zone the machine is in', () => {
  expect(localTime('2026-11-22T01:30:00Z')).toBe('2026-11-22T10:30');
  expect(localTime('2026-11-22')).toBe('2026-11-22T00:00');
  expect(localTime('not a time')).toBe('');
});
