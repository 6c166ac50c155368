import { expect, it } from 'vitest';
import { isResourceType, RESOURCE_TYPES, TYPE_CODES, typeOfCode } from '../../../functions/fhir/resource-types.ts';

it('lists the 146 resource types of R4', () => {
  expect(RESOURCE_TYPES).toHaveLength(146);
});

it('gives each type a two-letter code of its own', () => {
  const codes = Object.values(TYPE_CODES);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.every((code) => /^[A-Z]{2}$/.test(code))).toBe(true);
  expect(RESOURCE_TYPES.every((type) => typeOfCode(TYPE_CODES[type]) === type)).toBe(true);
});

it('takes no name for a type that only an object prototype knows', () => {
  expect(isResourceType('Patient')).toBe(true);
  for (const name of ['constructor', '__proto__', 'patient', 'Bot', 'Resource', 'DomainResource', '', undefined, 1])
    expect(isResourceType(name)).toBe(false);
});
