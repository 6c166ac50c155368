import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compilePath } from '../../../functions/fhir/path/compile-path.ts';
import { validate } from '../../../functions/fhir/validate.ts';

const valid = [
  {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
    subject: { reference: '#p' },
    effectivePeriod: { start: '2026-11-22', end: '2026-11-23' },
    valueRange: { low: { value: 1, unit: 'g' }, high: { value: 2, unit: 'g' } },
    component: [{ code: { text: 'x' }, valueQuantity: { value: 1 } }],
    contained: [
      {
        resourceType: 'Patient',
        id: 'p',
        extension: [{ url: 'u:a', valueAge: { value: 1, system: 'http://unitsofmeasure.org', code: 'a' } }],
      },
    ],
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' },
  },
  {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      {
        fullUrl: 'urn:uuid:a',
        request: { method: 'PUT', url: 'Medication/m' },
        resource: { resourceType: 'Medication' },
      },
      {
        request: { method: 'POST', url: 'MedicationRequest' },
        resource: {
          resourceType: 'MedicationRequest',
          status: 'active',
          intent: 'order',
          subject: { reference: 'Patient?identifier=a' },
          medicationReference: { reference: 'urn:uuid:a' },
          dosageInstruction: [{ timing: { repeat: { duration: 1, durationUnit: 'h', when: ['AC'], offset: 5 } } }],
        },
      },
    ],
  },
];

/** Every object and array inside, with a name in it. */
const places = (value: unknown): [Record<string, unknown>, string][] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.keys(value).flatMap((key) => [
        [value as Record<string, unknown>, key] as [Record<string, unknown>, string],
        ...places((value as Record<string, unknown>)[key]),
      ]);

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('', '#', '2026-02-30', [null], {}, [], -0, 'x'.repeat(70)),
);

it('answers with issues and their FHIRPath, whatever stands where', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...valid),
      fc.array(fc.tuple(fc.nat(), junk, fc.boolean()), { minLength: 1, maxLength: 4 }),
      (resource, changes) => {
        const copy = structuredClone(resource);
        for (const [at, value, isRenamed] of changes) {
          const all = places(copy);
          const [owner, key] = all[at % all.length]!;
          if (isRenamed && !Array.isArray(owner)) owner[`_${key}`] = structuredClone(value);
          else owner[key] = structuredClone(value);
        }
        for (const { expression, diagnostics } of validate(copy)) {
          expect(() => compilePath(expression![0]!)(copy)).not.toThrow();
          expect(diagnostics).not.toBe('');
        }
      },
    ),
    { numRuns: 2000 },
  );
});

it('starts from resources that are valid', () => {
  for (const resource of valid) expect(validate(resource)).toEqual([]);
});
