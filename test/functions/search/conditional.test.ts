// Criteria of conditional interactions: https://hl7.org/fhir/R4/http.html#ccreate, #cond-update
import { describe, expect, it } from 'vitest';
import { matching } from '../../../functions/search/search.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import { CLINIC, context, given, NOW, paramsOf, reference, region, store } from './support.ts';

const numbered = (id: string, value: string) => given('Patient', id, { identifier: [{ system: 'http://n', value }] });
const observed = (id: string, value: string) =>
  given('Observation', id, { identifier: [{ system: 'http://n', value }], subject: { reference: 'Patient/p1' } });

const open = async () => {
  const { resources } = openMemory(() => NOW);
  await store(resources, [
    numbered('p1', '1'),
    numbered('p2', '2'),
    numbered('p3', '2'),
    numbered('p4', '2'),
    observed('o1', '1'),
  ]);
  await store(resources, [numbered('theirs', '7')], CLINIC);
  const find = matching({ resources, clock: () => NOW, region });
  return {
    resources,
    find: async (type: string, query: string, permit: () => boolean = () => true) =>
      (await find(context(), type, paramsOf(query), permit)).map(reference),
  };
};

describe('conditional criteria', () => {
  it('find none, one, or two where there are more', async () => {
    const { find } = await open();
    expect(await find('Patient', 'identifier=http://n|9')).toEqual([]);
    expect(await find('Patient', 'identifier=http://n|1')).toEqual(['Patient/p1']);
    expect(await find('Patient', 'identifier=http://n|2')).toHaveLength(2);
  });
  it('name codes, no value sets: what is decided must be known within the transaction', async () => {
    const { find } = await open();
    const query = 'gender:in=http://hl7.org/fhir/ValueSet/administrative-gender';
    await expect(find('Patient', query)).rejects.toMatchObject({ refusal: 'invalid' });
  });
  it('look at the own facility’s records only', async () => {
    const { find } = await open();
    expect(await find('Patient', 'identifier=http://n|7')).toEqual([]);
  });
  it('ask the policy too', async () => {
    const { find } = await open();
    expect(await find('Patient', 'identifier=http://n|1', () => false)).toEqual([]);
  });
  it('find an identifier within a patient', async () => {
    const { find } = await open();
    expect(await find('Observation', 'identifier=http://n|1&patient=Patient/p1')).toEqual(['Observation/o1']);
    expect(await find('Observation', 'identifier=http://n|1')).toEqual(['Observation/o1']);
  });
  it('that are empty are refused with 412', async () => {
    const { find } = await open();
    await expect(find('Patient', '')).rejects.toMatchObject({ status: 412 });
  });
  it('with an unknown parameter, or one without value, are refused with 400', async () => {
    const { find } = await open();
    await expect(find('Patient', 'colour=red&identifier=1')).rejects.toMatchObject({ status: 400 });
    await expect(find('Patient', 'identifier=')).rejects.toMatchObject({ status: 400 });
    await expect(find('Patient', 'identifier=1&_sort=name')).rejects.toMatchObject({ status: 400 });
  });
  it('that would have to read too much are refused with 412, never answered by half', async () => {
    const { resources, find } = await open();
    await store(
      resources,
      Array.from({ length: 20_050 }, (_, i) => given('Basic', `b${i}`)),
    );
    await expect(find('Basic', 'code=x')).rejects.toMatchObject({ status: 412 });
  });
});
