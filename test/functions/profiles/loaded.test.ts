// Profiles that a region has loaded, through the API: docs/profiles.md
import { describe, expect, it } from 'vitest';
import type { Actor } from '../../../functions/consent/actor.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { openProfiles, type ProfileSettings } from '../../../functions/profiles/loaded.ts';
import { openMemory } from '../../../functions/storage/memory.ts';
import { clinic, hospital, NOW, openApi, given as records } from '../../support/api.ts';
import * as given from './given.ts';

const publisher: Actor = { ...hospital, subject: 'office', facility: '9886000007', facilityType: 'operator' };

const open = (settings: ProfileSettings = { publisher: '9886000007' }) => {
  const time = { now: NOW };
  const clock = () => time.now;
  const store = openMemory(clock);
  const api = openApi({ ...store, profiles: openProfiles({ resources: store.resources, clock }, settings) });
  return { ...api, wait: (ms: number) => (time.now += ms) };
};

const URL = 'https://example.org/needs-birth-date';
const definition = (more: object = {}): Resource => ({
  resourceType: 'StructureDefinition',
  id: 'needs-birth-date',
  url: URL,
  version: '1.0',
  name: 'NeedsBirthDate',
  status: 'active',
  kind: 'resource',
  abstract: false,
  type: 'Patient',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
  derivation: 'constraint',
  differential: {
    element: [
      { id: 'Patient', path: 'Patient' },
      { id: 'Patient.birthDate', path: 'Patient.birthDate', min: 1 },
      {
        id: 'Patient.maritalStatus',
        path: 'Patient.maritalStatus',
        binding: { strength: 'required', valueSet: 'https://example.org/vs' },
      },
    ],
  },
  ...more,
});
const valueSet: Resource = {
  resourceType: 'ValueSet',
  id: 'vs',
  url: 'https://example.org/vs',
  status: 'active',
  compose: { include: [{ system: 'urn:s', concept: [{ code: 'M' }] }] },
};

const put = (resource: Resource, as = publisher) =>
  [`/${resource.resourceType}/${resource.id}`, { body: resource, as }] as const;
const patient = (more: object = {}) => records.patient({ meta: { profile: [URL] }, birthDate: undefined, ...more });

describe('a claimed profile that the publisher has loaded', () => {
  it('binds every facility: 422 with the element', async () => {
    const { send } = open();
    expect((await send('PUT', ...put(definition()))).status).toBe(201);
    const refused = await send('POST', '/Patient', { body: patient(), as: clinic });
    expect(refused.status).toBe(422);
    expect(refused.body.issue).toMatchObject([{ severity: 'error', expression: ['Patient.birthDate'] }]);
    expect((await send('POST', '/Patient', { body: patient({ birthDate: '1951-04-01' }), as: clinic })).status).toBe(
      201,
    );
  });

  it('binds PUT, PATCH, batch and transaction alike', async () => {
    const { send } = open();
    await send('PUT', ...put(definition()));
    expect((await send('PUT', '/Patient/p1', { body: { ...patient(), id: 'p1' } })).status).toBe(422);
    const entry = { resource: patient(), request: { method: 'POST', url: 'Patient' } };
    const transaction = await send('POST', '/', { body: records.bundle('transaction', [entry]) });
    expect(transaction.status).toBe(422);
    expect(transaction.body.issue?.[0]?.expression?.[0]).toContain('birthDate');
    const batch = await send('POST', '/', { body: records.bundle('batch', [entry]) });
    expect(batch.body.entry?.[0]?.response?.status).toMatch(/^422/);
    const kept = await send('POST', '/Patient', { body: patient({ birthDate: '1951-04-01' }) });
    const patch = [{ op: 'remove', path: '/birthDate' }];
    const patched = await send('PATCH', `/Patient/${kept.body.id}`, {
      body: JSON.stringify(patch),
      headers: { 'content-type': 'application/json-patch+json' },
    });
    expect(patched.status).toBe(422);
  });

  it('brings its value sets with it', async () => {
    const { send } = open();
    await send('PUT', ...put(definition()));
    await send('PUT', ...put(valueSet));
    const married = (code: string) =>
      patient({ birthDate: '1951-04-01', maritalStatus: { coding: [{ system: 'urn:s', code }] } });
    expect((await send('POST', '/Patient', { body: married('M') })).status).toBe(201);
    const refused = await send('POST', '/Patient', { body: married('Z') });
    expect(refused.body.issue?.[0]?.expression).toEqual(['Patient.maritalStatus']);
  });

  it('is read again when it changed, within a minute', async () => {
    const { send, wait } = open();
    await send('PUT', ...put(definition()));
    expect((await send('POST', '/Patient', { body: patient() })).status).toBe(422);
    const relaxed = definition({ differential: { element: [{ id: 'Patient', path: 'Patient' }] } });
    await send('PUT', ...put(relaxed));
    wait(60_000);
    expect((await send('POST', '/Patient', { body: patient() })).status).toBe(201);
  });
});

describe('what any other facility has stored', () => {
  it('binds nobody', async () => {
    const { send } = open();
    expect((await send('PUT', ...put(definition(), hospital))).status).toBe(201);
    expect((await send('POST', '/Patient', { body: patient(), as: clinic })).status).toBe(201);
  });

  it('nor does anything where the region names no publisher', async () => {
    const { send } = open({});
    await send('PUT', ...put(definition()));
    expect((await send('POST', '/Patient', { body: patient() })).status).toBe(201);
  });
});

describe('a profile that nobody knows', () => {
  it('is stored as claimed, and $validate warns', async () => {
    const { send } = open();
    const kept = await send('POST', '/Patient', { body: patient() });
    expect(kept.status).toBe(201);
    expect(kept.body.meta?.profile).toEqual([URL]);
    const said = await send('POST', '/Patient/$validate', { body: patient() });
    expect(said.body.issue).toMatchObject([{ severity: 'warning', expression: ['Patient.meta.profile'] }]);
  });
});

describe('$validate', () => {
  it('holds a resource against the profile asked for, in the URL or in Parameters', async () => {
    const { send } = open();
    const body = { ...given.patient({ meta: undefined, identifier: undefined }) };
    const profile = given.profile('JP_Patient');
    const byUrl = await send('POST', `/Patient/$validate?profile=${encodeURIComponent(profile)}`, { body });
    expect(byUrl.body.issue).toMatchObject([{ severity: 'error', expression: ['Patient.identifier'] }]);
    const parameters = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'resource', resource: body },
        { name: 'profile', valueUri: profile },
      ],
    };
    const byBody = await send('POST', '/Patient/$validate', { body: parameters });
    expect(byBody.body.issue).toMatchObject([{ severity: 'error', expression: ['Patient.identifier'] }]);
    expect((await send('POST', '/Patient/$validate', { body })).body.issue).toMatchObject([
      { severity: 'information' },
    ]);
  });
});

describe('a region that requires JP Core', () => {
  it('refuses what does not meet it, whatever it claims', async () => {
    const { send } = open({ requireJpCore: ['Patient'] });
    expect((await send('POST', '/Patient', { body: records.patient({ identifier: undefined }) })).status).toBe(422);
    expect((await send('POST', '/Patient', { body: records.patient() })).status).toBe(201);
    expect((await send('POST', '/Observation', { body: records.observation('p1') })).status).toBe(201);
  });
});

describe('built-in JP Core', () => {
  it('binds what claims it, without any setting', async () => {
    const { send } = openApi();
    const refused = await send('POST', '/Patient', { body: given.patient({ identifier: undefined }) });
    expect(refused.status).toBe(422);
    expect(refused.body.issue).toMatchObject([{ expression: ['Patient.identifier'] }]);
    expect(refused.text).not.toContain('阿波');
  });
});
