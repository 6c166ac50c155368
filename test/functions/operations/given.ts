// Definitions and calls for the tests of the operations.
import type { Resource } from '../../../functions/fhir/types.ts';
import { type Api, type Sent, stored } from '../../support/api.ts';

export const WARDS = 'http://hospital.example/CodeSystem/wards';
export const ALL_WARDS = 'http://hospital.example/ValueSet/wards';

/** 病棟: two groups, one ward that was closed, and words in two languages. */
export const wards = (more: Record<string, unknown> = {}): Resource => ({
  resourceType: 'CodeSystem',
  id: 'wards',
  url: WARDS,
  version: '1.9',
  name: 'Wards',
  title: '病棟',
  status: 'active',
  content: 'complete',
  caseSensitive: false,
  property: [{ code: 'beds', type: 'integer' }],
  concept: [
    {
      code: 'INT',
      display: '内科',
      property: [{ code: 'notSelectable', valueBoolean: true }],
      concept: [
        {
          code: 'I1',
          display: '内科１病棟',
          definition: 'First floor',
          designation: [{ language: 'en', value: 'Internal medicine 1' }],
          property: [{ code: 'beds', valueInteger: 40 }],
        },
        { code: 'I2', display: '内科２病棟', property: [{ code: 'inactive', valueBoolean: true }] },
      ],
    },
    { code: 'S1', display: '外科病棟', property: [{ code: 'beds', valueInteger: 30 }] },
  ],
  ...more,
});

export const valueSet = (compose: Record<string, unknown>, more: Record<string, unknown> = {}): Resource => ({
  resourceType: 'ValueSet',
  id: 'all-wards',
  url: ALL_WARDS,
  status: 'active',
  compose,
  ...more,
});

export const loadWards = async (api: Api, compose: Record<string, unknown> = { include: [{ system: WARDS }] }) => {
  await stored(api, wards());
  await stored(api, valueSet(compose));
};

export const parameters = (...parameter: Record<string, unknown>[]): Resource => ({
  resourceType: 'Parameters',
  parameter,
});

/** The values of an answer by name; several of a name as a list. */
export const call = async (api: Api, method: 'GET' | 'POST', path: string, sent: Sent = {}) => {
  const got = await api.send(method, path, sent);
  const parts = (got.body.parameter ?? []) as Record<string, unknown>[];
  const value = (name: string): unknown => {
    const part = parts.find((each) => each.name === name);
    return part && Object.entries(part).find(([key]) => key.startsWith('value'))?.[1];
  };
  return { ...got, value, parts };
};
