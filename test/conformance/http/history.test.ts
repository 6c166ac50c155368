// https://hl7.org/fhir/R4/http.html#history
import { describe, expect, it } from 'vitest';
import { type Api, BASE, clinic, given, openApi, stored } from '../../support/api.ts';

const next = (body: { link?: { relation: string; url: string }[] }) =>
  body.link?.find(({ relation }) => relation === 'next')?.url;

/** Created, updated, deleted. */
const life = async (api: Api) => {
  const { id } = await stored(api, given.patient());
  await stored(api, given.patient({ id, gender: 'male' }));
  await api.send('DELETE', `/Patient/${id}`);
  return id;
};

describe('history of a resource', () => {
  it('is a history Bundle, newest first, with request, response and no resource for the deletion', async () => {
    const api = openApi();
    const id = await life(api);
    const { status, body } = await api.send('GET', `/Patient/${id}/_history`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      resourceType: 'Bundle',
      type: 'history',
      entry: [
        {
          fullUrl: `${BASE}/Patient/${id}`,
          request: { method: 'DELETE', url: `Patient/${id}` },
          response: { status: '204', etag: 'W/"3"' },
        },
        {
          resource: { gender: 'male' },
          request: { method: 'PUT', url: `Patient/${id}` },
          response: { status: '200', etag: 'W/"2"' },
        },
        {
          resource: { gender: 'female' },
          request: { method: 'POST', url: 'Patient' },
          response: { status: '201', etag: 'W/"1"' },
        },
      ],
    });
    expect(body.entry?.[0]).not.toHaveProperty('resource');
    expect(body.entry?.[1]?.response?.lastModified).toMatch(/^2026-/);
  });

  it('pages by _count, and the pages together are all versions', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    for (const gender of ['male', 'other', 'unknown', 'female']) await stored(api, given.patient({ id, gender }));
    const versions: unknown[] = [];
    let url: string | undefined = `${BASE}/Patient/${id}/_history?_count=2`;
    for (let page = 0; url && page < 9; page++) {
      const { body } = await api.send('GET', url);
      expect(body.entry!.length).toBeLessThanOrEqual(2);
      versions.push(...body.entry!.map(({ resource }) => resource?.meta?.versionId));
      url = next(body);
    }
    expect(versions).toEqual(['5', '4', '3', '2', '1']);
  });

  it('answers no entry for _count=0', async () => {
    const api = openApi();
    const id = await life(api);
    const got = await api.send('GET', `/Patient/${id}/_history?_count=0`);
    expect([got.status, got.body.entry]).toEqual([200, undefined]);
  });

  it('leaves out what is older than _since', async () => {
    const api = openApi();
    const id = await life(api);
    const since = new Date(api.time.now).toISOString();
    const { body } = await api.send('GET', `/Patient/${id}/_history?_since=${encodeURIComponent(since)}`);
    expect(body.entry).toHaveLength(1);
    expect((await api.send('GET', `/Patient/${id}/_history?_since=yesterday`)).status).toBe(400);
  });

  it('refuses a parameter that is given twice (400) or that it does not support (501)', async () => {
    const api = openApi();
    const id = await life(api);
    expect((await api.send('GET', `/Patient/${id}/_history?_count=1&_count=2`)).status).toBe(400);
    expect((await api.send('GET', `/Patient/${id}/_history?_count=x`)).status).toBe(400);
    expect((await api.send('GET', `/Patient/${id}/_history?_at=2026`)).status).toBe(501);
    expect((await api.send('GET', `/Patient/${id}/_history?_list=List/1`)).status).toBe(501);
  });

  it('answers 404 for a resource that never was', async () => {
    expect((await openApi().send('GET', '/Patient/nobody/_history')).status).toBe(404);
  });

  it.each(['changed', 'AAAA', ''])('answers 400 to a cursor that is not its own: %s', async (cursor) => {
    const api = openApi();
    const id = await life(api);
    expect((await api.send('GET', `/Patient/${id}/_history?_cursor=${cursor}`)).status).toBe(400);
  });

  it('takes a cursor from the caller and for the query that it was made for, only', async () => {
    const api = openApi();
    const id = await life(api);
    const other = await life(api);
    const url = next((await api.send('GET', `/Patient/${id}/_history?_count=1`)).body)!;
    expect((await api.send('GET', url)).status).toBe(200);
    expect((await api.send('GET', url.replace(id, other))).status).toBe(400);
    expect((await api.send('GET', url, { as: { ...clinic, facility: '3610000001' } })).status).toBe(400);
    expect((await api.send('GET', `${url.slice(0, -2)}xx`)).status).toBe(400);
  });
});

describe('history of a type and of the system', () => {
  it('brings the changes of all resources, newest first', async () => {
    const api = openApi();
    const id = await life(api);
    await stored(api, given.patient({ id: 'p1' }));
    await stored(api, given.observation('p1'));
    const ofType = await api.send('GET', '/Patient/_history');
    expect(ofType.body.entry?.map(({ request }) => request?.method)).toEqual(['PUT', 'DELETE', 'PUT', 'POST']);
    expect(ofType.body.entry?.[1]?.request?.url).toBe(`Patient/${id}`);
    const ofAll = await api.send('GET', '/_history');
    expect(ofAll.body.entry).toHaveLength(5);
    expect(ofAll.body.entry?.[0]?.resource?.resourceType).toBe('Observation');
  });

  it('pages over everything once', async () => {
    const api = openApi();
    for (let at = 0; at < 7; at++) await stored(api, given.patient({ id: `p${at}` }));
    const ids: unknown[] = [];
    let url: string | undefined = `${BASE}/Patient/_history?_count=3`;
    for (let page = 0; url && page < 9; page++) {
      const { body } = await api.send('GET', url);
      ids.push(...body.entry!.map(({ resource }) => resource?.id));
      url = next(body);
    }
    expect(ids).toEqual(['p6', 'p5', 'p4', 'p3', 'p2', 'p1', 'p0']);
  });

  it('does not show what the caller may not read', async () => {
    const api = openApi();
    await life(api);
    const { body } = await api.send('GET', '/_history', { as: clinic });
    expect(body.entry ?? []).toEqual([]);
  });
});
