// https://hl7.org/fhir/R4/http.html#update, #cond-update, #concurrency
import { describe, expect, it } from 'vitest';
import { BASE, clinic, given, openApi, stored } from '../../support/api.ts';

describe('update', () => {
  it('answers 200 with the next version in ETag, Location and meta', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await api.send('PUT', `/Patient/${id}`, { body: given.patient({ id, gender: 'male' }) });
    expect(got.status).toBe(200);
    expect(got.headers.etag).toBe('W/"2"');
    expect(got.headers.location).toBe(`${BASE}/Patient/${id}/_history/2`);
    expect(got.headers['last-modified']).toBeDefined();
    expect(got.body).toMatchObject({ id, gender: 'male', meta: { versionId: '2' } });
  });

  it('creates under an id of the client with 201', async () => {
    const api = openApi();
    const got = await api.send('PUT', '/Patient/P-0001', { body: given.patient({ id: 'P-0001' }) });
    expect(got.status).toBe(201);
    expect(got.headers.location).toBe(`${BASE}/Patient/P-0001/_history/1`);
    expect((await api.send('GET', '/Patient/P-0001')).status).toBe(200);
  });

  it('brings a deleted resource back with 201 and the next version', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    await api.send('DELETE', '/Patient/p1');
    const got = await api.send('PUT', '/Patient/p1', { body: given.patient({ id: 'p1' }) });
    expect(got.status).toBe(201);
    expect(got.headers.etag).toBe('W/"3"');
  });

  it('answers 400 when the body has no id, or another one than the path', async () => {
    const api = openApi();
    expect((await api.send('PUT', '/Patient/p1', { body: given.patient() })).status).toBe(400);
    expect((await api.send('PUT', '/Patient/p1', { body: given.patient({ id: 'p2' }) })).status).toBe(400);
  });

  it.each(['a_b', 'x'.repeat(65), 'a%20b'])('answers 400 for a new id of the wrong form: %s', async (id) => {
    expect(
      (await openApi().send('PUT', `/Patient/${id}`, { body: given.patient({ id: decodeURIComponent(id) }) })).status,
    ).toBeGreaterThanOrEqual(400);
  });

  it.each(['.', '..'])('answers 400 for an id that is a step in a path: %s', async (id) => {
    const api = openApi();
    const url = '/Patient?identifier=urn:oid:1.2.392.100495.20.3.51.13610000001%7CP-1';
    const body = given.patient({ id });
    expect((await api.send('PUT', `/Patient/${id}`, { body })).status).toBe(400);
    expect((await api.send('PUT', url, { body })).status).toBe(400);
    for (const path of [`Patient/${id}`, url.slice(1)]) {
      const entry = [{ resource: body, request: { method: 'PUT', url: path } }];
      const transaction = await api.send('POST', '', { body: given.bundle('transaction', entry) });
      expect(transaction.status, path).toBe(400);
      const batch = await api.send('POST', '', { body: given.bundle('batch', entry) });
      expect(batch.body.entry?.[0]?.response?.status, path).toBe('400');
    }
  });

  it('does not let a client choose an id of the form that the server makes', async () => {
    const api = openApi();
    const id = api.services.resources.allocate('Patient', {
      patient: undefined,
      otherPatients: [],
      date: undefined,
      spansDays: false,
    });
    expect((await api.send('PUT', `/Patient/${id}`, { body: given.patient({ id }) })).status).toBe(403);
  });

  it('ignores the versionId and lastUpdated of the client', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const body = given.patient({ id, gender: 'male', meta: { versionId: '99', lastUpdated: '2001-01-01T00:00:00Z' } });
    const got = await api.send('PUT', `/Patient/${id}`, { body });
    expect(got.body.meta?.versionId).toBe('2');
    expect(got.body.meta?.lastUpdated).not.toContain('2001');
  });

  it('makes no new version of what is stored already', async () => {
    const api = openApi();
    const first = await stored(api, given.patient({ id: 'p1' }));
    const again = await api.send('PUT', '/Patient/p1', { body: given.patient({ id: 'p1' }) });
    expect(again.status).toBe(200);
    expect(again.headers.etag).toBe('W/"1"');
    const sentBack = await api.send('PUT', '/Patient/p1', { body: first });
    expect(sentBack.headers.etag).toBe('W/"1"');
  });

  it("refuses to change another facility's resource, and says nothing about it", async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    const got = await api.send('PUT', '/Patient/p1', { body: given.patient({ id: 'p1', gender: 'male' }), as: clinic });
    expect(got.status).toBe(403);
    expect(got.text).not.toContain('3610000001');
    expect((await api.send('GET', '/Patient/p1')).headers.etag).toBe('W/"1"');
  });

  it('refuses to change the subject', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    await stored(api, given.patient({ id: 'p2' }));
    const { id } = await stored(api, given.observation('p1'));
    const got = await api.send('PUT', `/Observation/${id}`, { body: given.observation('p2', { id }) });
    expect(got.status).toBe(422);
  });
});

describe('managing resource contention', () => {
  it('updates when If-Match is the current version, and answers 412 when it is not', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const put = (gender: string, match: string) =>
      api.send('PUT', `/Patient/${id}`, { body: given.patient({ id, gender }), headers: { 'if-match': match } });
    expect((await put('male', 'W/"1"')).status).toBe(200);
    const late = await put('other', 'W/"1"');
    expect(late.status).toBe(412);
    expect(late.body.issue?.[0]?.code).toBe('conflict');
    expect((await put('other', 'nonsense')).status).toBe(400);
    expect(
      (await api.send('PUT', '/Patient/new', { body: given.patient({ id: 'new' }), headers: { 'if-match': 'W/"1"' } }))
        .status,
    ).toBe(412);
  });

  it('brings back to life what was deleted, under the ETag of the deletion', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const gone = await api.send('DELETE', `/Patient/${id}`);
    expect((await api.send('GET', `/Patient/${id}`)).headers.etag).toBe(gone.headers.etag);
    const put = (match: string) =>
      api.send('PUT', `/Patient/${id}`, { body: given.patient({ id }), headers: { 'if-match': match } });
    expect((await put('W/"1"')).status).toBe(412);
    const back = await put(gone.headers.etag!);
    expect([back.status, back.headers.etag]).toEqual([201, 'W/"3"']);
    expect((await put(gone.headers.etag!)).status).toBe(412);
  });

  it('takes a list of ETags, and * for whatever is there', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const put = (to: string, gender: string, match: string) =>
      api.send('PUT', `/Patient/${to}`, { body: given.patient({ id: to, gender }), headers: { 'if-match': match } });
    expect((await put(id, 'male', 'W/"7", W/"1"')).headers.etag).toBe('W/"2"');
    expect((await put(id, 'other', 'W/"7", W/"1"')).status).toBe(412);
    expect((await put(id, 'other', '*')).headers.etag).toBe('W/"3"');
    expect((await put('absent', 'other', '*')).status).toBe(412);
    await api.send('DELETE', `/Patient/${id}`);
    expect((await put(id, 'other', '*')).status).toBe(412);
    expect((await api.send('DELETE', '/Patient/absent', { headers: { 'if-match': '*' } })).status).toBe(412);
  });

  it('changes nothing that was changed since If-Unmodified-Since', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const put = (at: number) =>
      api.send('PUT', `/Patient/${id}`, {
        body: given.patient({ id, gender: 'male' }),
        headers: { 'if-unmodified-since': new Date(at).toUTCString() },
      });
    expect((await put(api.time.now - 3_600_000)).status).toBe(412);
    expect((await put(api.time.now)).status).toBe(200);
  });

  it('lets one of two writers with the same If-Match through', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const put = (gender: string) =>
      api.send('PUT', `/Patient/${id}`, { body: given.patient({ id, gender }), headers: { 'if-match': 'W/"1"' } });
    const statuses = (await Promise.all([put('male'), put('other'), put('unknown')])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 412, 412]);
    expect((await api.send('GET', `/Patient/${id}`)).headers.etag).toBe('W/"2"');
  });

  it('creates only with If-None-Match: *, and answers 412 when it is there already', async () => {
    const api = openApi();
    const headers = { 'if-none-match': '*' };
    const put = (gender: string) =>
      api.send('PUT', '/Patient/p1', { body: given.patient({ id: 'p1', gender }), headers });
    expect((await put('male')).status).toBe(201);
    expect((await put('male')).status).toBe(412);
    expect((await put('other')).status).toBe(412);
    expect((await api.send('GET', '/Patient/p1')).body).toMatchObject({ gender: 'male', meta: { versionId: '1' } });
    const url = '/Patient?identifier=urn:oid:1.2.392.100495.20.3.51.13610000001%7CP-1';
    expect((await api.send('PUT', url, { body: given.patient({ gender: 'other' }), headers })).status).toBe(412);
    const entry = {
      resource: given.patient({ id: 'p1', gender: 'other' }),
      request: { method: 'PUT', url: 'Patient/p1', ifNoneMatch: '*' },
    };
    expect((await api.send('POST', '', { body: given.bundle('transaction', [entry]) })).status).toBe(412);
    await api.send('DELETE', '/Patient/p1');
    expect((await put('other')).status).toBe(201);
  });

  it('lets one of several writers with If-None-Match: * through', async () => {
    const api = openApi();
    const put = (gender: string) =>
      api.send('PUT', '/Patient/p1', { body: given.patient({ id: 'p1', gender }), headers: { 'if-none-match': '*' } });
    const statuses = (await Promise.all([put('male'), put('other'), put('unknown')])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, 412, 412]);
  });

  it('answers 409 to a writer without If-Match who lost a race', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const put = (gender: string) => api.send('PUT', `/Patient/${id}`, { body: given.patient({ id, gender }) });
    const statuses = (await Promise.all([put('male'), put('other')])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 409]);
  });
});

describe('conditional update', () => {
  const url = '/Patient?identifier=urn:oid:1.2.392.100495.20.3.51.13610000001%7CP-1';

  it('creates when nothing matches, with an id of the server or of the client', async () => {
    const api = openApi();
    expect((await api.send('PUT', url, { body: given.patient() })).status).toBe(201);
    const other = await openApi().send('PUT', url, { body: given.patient({ id: 'mine' }) });
    expect(other.status).toBe(201);
    expect(other.body.id).toBe('mine');
  });

  it('updates the one match', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await api.send('PUT', url, { body: given.patient({ gender: 'male' }) });
    expect(got.status).toBe(200);
    expect(got.body).toMatchObject({ id, gender: 'male', meta: { versionId: '2' } });
  });

  it('answers 400 when the id of the body is not that of the match', async () => {
    const api = openApi();
    await stored(api, given.patient());
    expect((await api.send('PUT', url, { body: given.patient({ id: 'other' }) })).status).toBe(400);
  });

  it('answers 412 when several match', async () => {
    const api = openApi();
    await stored(api, given.patient());
    await stored(api, given.patient());
    expect((await api.send('PUT', url, { body: given.patient() })).status).toBe(412);
  });

  it('answers 409 when the id of the body is taken by one that does not match', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'taken', identifier: [{ system: 'urn:x', value: 'other' }] }));
    expect((await api.send('PUT', url, { body: given.patient({ id: 'taken' }) })).status).toBe(409);
  });

  it('answers 412 without criteria', async () => {
    expect((await openApi().send('PUT', '/Patient', { body: given.patient() })).status).toBe(412);
  });
});
