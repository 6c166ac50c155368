import { expect, it } from 'vitest';
import { validate } from '../../functions/fhir/validate.ts';
import { charts } from '../../infra/local/demo/clinical/charts.ts';

const at = (code: string) => ({ code, organization: `Organization/f-${code}` });
const all = charts({
  hospital: at('3610000001'),
  clinic: at('3610000002'),
  pharmacy: at('3640000003'),
  care: at('9886000004'),
});
const resources = Object.values(all).flat();

it('are valid R4, every one', () => {
  const faults = resources.flatMap((resource) =>
    validate(resource, { type: resource.resourceType }).filter(({ severity }) => severity === 'error'),
  );
  expect(faults).toEqual([]);
});

it('hold the records of the two residents with accounts', () => {
  const ids = resources.filter(({ resourceType }) => resourceType === 'Patient').map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(['demo-resident-1', 'demo-resident-2']));
});

it('have no id twice, and refer only to what is in them', () => {
  const names = resources.map(({ resourceType, id }) => `${resourceType}/${id}`);
  expect(new Set(names).size).toBe(names.length);
  const references = [...JSON.stringify(resources).matchAll(/"reference":"([^"]+)"/g)].map(
    ([, reference]) => reference!,
  );
  const known = new Set([
    ...names,
    ...['3610000001', '3610000002', '3640000003', '9886000004'].map((c) => at(c).organization),
  ]);
  expect(
    references.filter((reference) => !reference.startsWith('#') && !reference.startsWith('#') && !known.has(reference)),
  ).toEqual([]);
});

it('have a laboratory series long enough to draw: HbA1c, creatinine, eGFR under JLAC10', () => {
  const codes = resources.flatMap(
    ({ code }) => (code as { coding?: { system: string; code: string }[] })?.coding ?? [],
  );
  for (const code of ['3D046000001906202', '3C015000002327101', '8A065000002391901']) {
    expect(
      codes.filter((one) => one.system === 'urn:oid:1.2.392.200119.4.504' && one.code === code).length,
    ).toBeGreaterThan(12);
  }
});
