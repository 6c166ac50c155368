// https://hl7.org/fhir/smart-app-launch/STU2.1/scopes-and-launch-context.html
import { describe, expect, it } from 'vitest';
import { allows, formatScope, narrow, parseScope, parseScopes } from '../../../functions/auth/scopes.ts';

const formatted = (text: string) => parseScopes(text).map(formatScope);

describe('a SMART v2 scope', () => {
  it.each(['patient/Observation.rs', 'system/*.cruds', 'user/Patient.r', 'system/Condition.s'])(
    'is read: %s',
    (text) => {
      expect(formatted(text)).toEqual([text]);
    },
  );

  it.each([
    'patient/Observation.sr',
    'patient/Observation.',
    'patient/Observation',
    'system/*.crudsx',
    'admin/*.rs',
    'system/observation.rs',
    'openid',
    'patient/Observation.rs?category=laboratory',
    'system/../Patient.rs',
    '',
  ])('is refused when it has another form: %s', (text) => {
    expect(parseScope(text)).toBeUndefined();
  });
});

it.each([
  ['patient/*.read', 'patient/*.rs'],
  ['system/Observation.write', 'system/Observation.cud'],
  ['user/*.*', 'user/*.cruds'],
])('reads the v1 scope %s as %s', (v1, v2) => {
  expect(formatted(v1)).toEqual([v2]);
});

it('allows an action only at its level, for its type and with its letter', () => {
  const scopes = parseScopes('system/Observation.rs system/Patient.c');
  expect(allows(scopes, 'system', 'Observation', 'read')).toBe(true);
  expect(allows(scopes, 'system', 'Observation', 'update')).toBe(false);
  expect(allows(scopes, 'system', 'Condition', 'read')).toBe(false);
  expect(allows(scopes, 'user', 'Observation', 'read')).toBe(false);
  expect(allows(scopes, 'system', 'Patient', 'create')).toBe(true);
});

describe('narrowing', () => {
  it.each([
    ['system/*.cruds', 'system/*.cruds', ['system/*.cruds']],
    ['system/*.cruds', 'system/Patient.rs', ['system/Patient.rs']],
    ['system/Patient.rs', 'system/*.cruds', ['system/Patient.rs']],
    ['system/Patient.cruds', 'system/Patient.r', ['system/Patient.r']],
    ['user/Patient.r', 'system/*.cruds', []],
    ['system/Patient.d', 'system/Patient.rs', []],
    ['system/*.rs', 'system/Patient.r system/Observation.rs', ['system/Patient.r', 'system/Observation.rs']],
    ['system/Patient.r system/Patient.s', 'system/*.cruds', ['system/Patient.rs']],
  ])('%s within %s grants %j', (wish, limit, expected) => {
    expect(narrow(parseScopes(wish), parseScopes(limit)).map(formatScope)).toEqual(expected);
  });
});
