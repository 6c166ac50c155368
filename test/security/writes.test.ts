// What a client may not slip in with what it writes: mass assignment of `meta`, ids, owners; and what it may not make us write into a log.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Resource } from '../../functions/fhir/types.ts';
import { type Api, clinic, given, NOW, openApi, residentOf, stored } from '../support/api.ts';

let api: Api;
beforeEach(() => {
  api = openApi();
});

const metaOf = (resource: Resource) => resource.meta as Record<string, unknown>;
const HIV = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HIV' };

describe('meta of a client', () => {
  it('sets neither version nor time', async () => {
    const meta = { versionId: '99', lastUpdated: '1999-01-01T00:00:00Z' };
    const patient = await stored(api, given.patient({ id: 'p1', meta }));
    expect(metaOf(patient)).toMatchObject({ versionId: '1' });
    expect(Date.parse(String(metaOf(patient).lastUpdated))).toBeGreaterThan(NOW);

    const again = await stored(api, given.patient({ id: 'p1', meta: { versionId: '7' }, gender: 'male' }));
    expect(metaOf(again)).toMatchObject({ versionId: '2' });
  });

  it('does not by another version reach a record that was changed meanwhile', async () => {
    await stored(api, given.patient({ id: 'p1' }));
    const headers = { 'if-match': 'W/"1"' };
    const body = given.patient({ id: 'p1', meta: { versionId: '1' }, gender: 'male' });
    expect((await api.send('PUT', '/Patient/p1', { headers, body })).status).toBe(200);
    expect((await api.send('PUT', '/Patient/p1', { headers, body: { ...body, gender: 'other' } })).status).toBe(412);
  });

  it('cannot take off the label that the code of a record asks for', async () => {
    await stored(api, given.patient({ id: 'p1' }));
    const condition = {
      resourceType: 'Condition',
      id: 'c1',
      subject: { reference: 'Patient/p1' },
      code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10', code: 'B20' }] },
      meta: { security: [] as unknown[] },
    };
    for (const meta of [undefined, { security: [{ system: 'urn:x', code: 'N' }] }]) {
      const got = await stored(api, { ...condition, meta } as unknown as Resource);
      expect(metaOf(got).security).toContainEqual(expect.objectContaining(HIV));
    }
  });

  it('makes nobody its owner: the facility of the token is', async () => {
    const extension = [{ url: 'urn:tsumugi:facility', valueString: '3610000002' }];
    await stored(api, given.patient({ id: 'p1', meta: { source: 'urn:3610000002', extension } }));
    const got = await api.send('PUT', '/Patient/p1', { as: clinic, body: given.patient({ id: 'p1', gender: 'male' }) });
    expect(got.status).toBe(403);
  });

  it('cannot be changed by a patch of version or time', async () => {
    await stored(api, given.patient({ id: 'p1' }));
    const headers = { 'content-type': 'application/json-patch+json' };
    const patch = [{ op: 'replace', path: '/meta/versionId', value: '50' }];
    await api.send('PATCH', '/Patient/p1', { headers, body: JSON.stringify(patch) });
    expect(Number(metaOf((await api.send('GET', '/Patient/p1')).body).versionId)).toBeLessThan(50);
  });
});

describe('a resident', () => {
  it('writes into no other record, by subject, by id, or by a reference in a Bundle', async () => {
    await stored(api, given.patient({ id: 'p1' }));
    await stored(api, given.patient({ id: 'p2' }));
    const as = residentOf('p1');
    const observation = given.observation('p2');
    expect((await api.send('POST', '/Observation', { as, body: observation })).status).toBeGreaterThanOrEqual(400);
    expect(
      (await api.send('PUT', '/Observation/x1', { as, body: { ...observation, id: 'x1' } })).status,
    ).toBeGreaterThanOrEqual(400);
    const entry = [{ resource: observation, request: { method: 'POST', url: 'Observation' } }];
    expect(
      (await api.send('POST', '', { as, body: given.bundle('transaction', entry) })).status,
    ).toBeGreaterThanOrEqual(400);
    expect((await api.send('GET', '/Observation?patient=p2')).body.entry ?? []).toEqual([]);
  });
});

describe('log lines', () => {
  const logged = async (method: string, path: string, headers: Record<string, string> = {}) => {
    await api.send(method, path, { headers });
    return api.logged.map((line) => JSON.stringify(line));
  };

  it.each([
    '/Patient/%0A%7B%22level%22:%22error%22%7D',
    '/Patient/x%0d%0aFAKE',
    '/Patient?name=%E9%98%BF%E6%B3%A2%E8%8A%B1%E5%AD%90',
    '/%E9%98%BF%E6%B3%A2/x',
    '/Patient/FAKE/_history/FAKE',
  ])('hold nothing that a client wrote: %s', async (path) => {
    for (const line of await logged('GET', path)) {
      expect(line).not.toMatch(/FAKE|阿波/);
      expect(line).not.toContain('\n');
    }
  });

  it('hold no header', async () => {
    const lines = await logged('GET', '/Patient/x', { 'x-purpose': 'FAKE\n', 'user-agent': 'FAKE', prefer: 'FAKE' });
    for (const line of lines) expect(line).not.toContain('FAKE');
  });
});

describe('what is large, deep or odd is refused before it costs anything', () => {
  it.each([
    ['nested JSON', `{"resourceType":"Patient","extension":${'['.repeat(500)}${']'.repeat(500)}}`],
    ['a name twice', '{"resourceType":"Patient","id":"a","id":"b"}'],
    ['__proto__', '{"resourceType":"Patient","__proto__":{"active":true}}'],
    ['five megabytes', `{"resourceType":"Patient","name":[{"text":"${'x'.repeat(5_000_000)}"}]}`],
  ])('%s', async (_, body) => {
    const got = await api.send('POST', '/Patient', { headers: { 'content-type': 'application/fhir+json' }, body });
    expect([400, 413]).toContain(got.status);
    expect(({} as { active?: boolean }).active).toBeUndefined();
  });

  it('a compressed body is not unpacked: there is no bomb to go off', async () => {
    const { gzipSync } = await import('node:zlib');
    const bytes = gzipSync(Buffer.alloc(50_000_000, 0x20));
    const headers = { 'content-type': 'application/fhir+json', 'content-encoding': 'gzip' };
    expect((await api.send('POST', '/Patient', { headers, bytes })).status).toBeGreaterThanOrEqual(400);
  });

  it('a patch may bring no pattern that takes for ever', async () => {
    await stored(api, given.patient({ id: 'p1' }));
    const parameter = [
      {
        name: 'operation',
        part: [
          { name: 'type', valueCode: 'delete' },
          { name: 'path', valueString: `Patient.name.where(family.matches('(a+)+$'))` },
        ],
      },
    ];
    const headers = { 'content-type': 'application/fhir+json' };
    const got = await api.send('PATCH', '/Patient/p1', { headers, body: { resourceType: 'Parameters', parameter } });
    expect(got.status).toBeGreaterThanOrEqual(400);
    expect(got.status).toBeLessThan(500);
  });

  it('a search of a thousand alternatives, or a very long value, is answered or refused, never a fault', async () => {
    for (const query of [`code=${'a,'.repeat(1_000)}b`, `_id=${'x'.repeat(10_000)}`, `name=${'(a+)+'.repeat(500)}`]) {
      const got = await api.send('GET', `/Patient?${query}`);
      expect(got.status).toBeLessThan(500);
    }
  });
});
