// https://hl7.org/fhir/R4/http.html#create, #ccreate
import { describe, expect, it } from 'vitest';
import { BASE, clinic, given, openApi, stored } from '../../support/api.ts';

describe('create', () => {
  it('answers 201 with Location, ETag and Last-Modified', async () => {
    const api = openApi();
    const got = await api.send('POST', '/Patient', { body: given.patient() });
    expect(got.status).toBe(201);
    expect(got.headers.location).toBe(`${BASE}/Patient/${got.body.id}/_history/1`);
    expect(got.headers.etag).toBe('W/"1"');
    expect(got.headers['last-modified']).toBeDefined();
  });

  it('ignores the id, versionId and lastUpdated that the client sends, and keeps the rest of meta', async () => {
    const meta = { versionId: '7', lastUpdated: '2001-01-01T00:00:00Z', tag: [{ system: 'urn:x', code: 'kept' }] };
    const got = await openApi().send('POST', '/Patient', { body: given.patient({ id: 'mine', meta }) });
    expect(got.body.id).not.toBe('mine');
    expect(got.body.meta).toMatchObject({ versionId: '1', tag: [{ code: 'kept' }] });
    expect(got.body.meta?.lastUpdated).not.toContain('2001');
  });

  it('gives back what it was given', async () => {
    const api = openApi();
    const sent = given.patient({ extension: [{ url: 'urn:x', valueString: 'y' }] });
    const { id } = await stored(api, sent);
    const { meta: _, id: _id, ...rest } = (await api.send('GET', `/Patient/${id}`)).body;
    expect(rest).toEqual(sent);
  });

  it('answers 400 with every fault, each at its place, and none with the value', async () => {
    const got = await openApi().send('POST', '/Patient', {
      body: given.patient({ gender: 'secret-value', birthDate: 'yesterday', nonsense: 1 }),
    });
    expect(got.status).toBe(400);
    const places = got.body.issue?.flatMap(({ expression }) => expression ?? []);
    expect(places).toEqual(expect.arrayContaining(['Patient.gender', 'Patient.birthDate', 'Patient.nonsense']));
    expect(got.text).not.toContain('secret-value');
    expect(got.text).not.toContain('yesterday');
  });

  it('answers 400 when the resource is of another type than the path', async () => {
    const got = await openApi().send('POST', '/Observation', { body: given.patient() });
    expect(got.status).toBe(400);
  });

  it('makes absolute references below its own base relative', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await api.send('POST', '/Observation', {
      body: given.observation('x', { subject: { reference: `${BASE}/Patient/${id}` } }),
    });
    expect(got.body.subject).toEqual({ reference: `Patient/${id}` });
  });

  it('honours Prefer: return', async () => {
    const api = openApi();
    const send = (prefer: string) => api.send('POST', '/Patient', { body: given.patient(), headers: { prefer } });
    const minimal = await send('return=minimal');
    expect([minimal.status, minimal.text, minimal.headers.etag]).toEqual([201, '', 'W/"1"']);
    expect((await send('return=representation')).body.resourceType).toBe('Patient');
    expect((await send('return=OperationOutcome')).body.resourceType).toBe('OperationOutcome');
    expect((await send('return=nonsense')).status).toBe(201);
  });

  it('does not create AuditEvents for clients', async () => {
    const got = await openApi().send('POST', '/AuditEvent', { body: { resourceType: 'AuditEvent' } });
    expect(got.status).toBe(405);
  });
});

describe('conditional create', () => {
  const criteria = 'identifier=urn:oid:1.2.392.100495.20.3.51.13610000001|P-1';

  it('creates when nothing matches', async () => {
    const got = await openApi().send('POST', '/Patient', {
      body: given.patient(),
      headers: { 'if-none-exist': criteria },
    });
    expect(got.status).toBe(201);
  });

  it('answers 200 and stores nothing when one matches', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await api.send('POST', '/Patient', {
      body: given.patient({ gender: 'male' }),
      headers: { 'if-none-exist': criteria },
    });
    expect(got.status).toBe(200);
    expect(got.body).toMatchObject({ id, gender: 'female', meta: { versionId: '1' } });
  });

  it('answers 412 when several match', async () => {
    const api = openApi();
    await stored(api, given.patient());
    await stored(api, given.patient());
    const got = await api.send('POST', '/Patient', { body: given.patient(), headers: { 'if-none-exist': criteria } });
    expect(got.status).toBe(412);
  });

  it('stores once what is sent twice at the same time', async () => {
    const api = openApi();
    const send = () => api.send('POST', '/Patient', { body: given.patient(), headers: { 'if-none-exist': criteria } });
    const [one, other] = await Promise.all([send(), send()]);
    expect(one.body.id).toBe(other.body.id);
    expect([one.status, other.status].sort()).toEqual([200, 201]);
  });

  it('creates again after the match was deleted', async () => {
    const api = openApi();
    const send = () => api.send('POST', '/Patient', { body: given.patient(), headers: { 'if-none-exist': criteria } });
    await api.send('DELETE', `/Patient/${(await send()).body.id}`);
    expect((await send()).status).toBe(201);
  });

  it('looks at the records of the own facility only', async () => {
    const api = openApi();
    await stored(api, given.patient());
    const got = await api.send('POST', '/Patient', {
      body: given.patient(),
      headers: { 'if-none-exist': criteria },
      as: clinic,
    });
    expect(got.status).toBe(201);
  });

  it('answers 412 without criteria, and 400 to criteria that it does not know', async () => {
    const api = openApi();
    expect(
      (await api.send('POST', '/Patient', { body: given.patient(), headers: { 'if-none-exist': '' } })).status,
    ).toBe(412);
    expect(
      (await api.send('POST', '/Patient', { body: given.patient(), headers: { 'if-none-exist': 'nonsense=1' } }))
        .status,
    ).toBe(400);
  });
});
