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

  it('refuses a parameter that is given twice or cannot be (400), and functional lists (501)', async () => {
    const api = openApi();
    const id = await life(api);
    expect((await api.send('GET', `/Patient/${id}/_history?_count=1&_count=2`)).status).toBe(400);
    expect((await api.send('GET', `/Patient/${id}/_history?_count=x`)).status).toBe(400);
    for (const wrong of ['_at=yesterday', '_at=ne2026', '_at=2026&_at=2025', '_list=Group/1', '_list=a%20b', '_list='])
      expect((await api.send('GET', `/Patient/${id}/_history?${wrong}`)).status, wrong).toBe(400);
    expect((await api.send('GET', `/Patient/${id}/_history?_list=$current-problems`)).status).toBe(501);
    const strict = { headers: { prefer: 'handling=strict' } };
    expect((await api.send('GET', `/Patient/${id}/_history?_sort=x`, strict)).status).toBe(400);
    expect((await api.send('GET', `/Patient/${id}/_history?_at=2026`, strict)).status).toBe(200);
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

const DAY = 86_400_000;

/** `p1` made on the first day, changed on the third, deleted on the fifth; `p2` made on the second, all soon after midnight. */
const week = async (api: Api) => {
  const start = api.time.now;
  const onDay = (day: number) => {
    api.time.now = start + (day - 1) * DAY;
  };
  await stored(api, given.patient({ id: 'p1' }));
  onDay(2);
  await stored(api, given.patient({ id: 'p2' }));
  onDay(3);
  await stored(api, given.patient({ id: 'p1', gender: 'male' }));
  onDay(5);
  await api.send('DELETE', '/Patient/p1');
  onDay(7);
  return (day: number, time = 'T00:00:00Z') => new Date(start + (day - 1) * DAY).toISOString().slice(0, 10) + time;
};

const versions = async (api: Api, url: string): Promise<string[]> => {
  const found: string[] = [];
  let at: string | undefined = url;
  for (let page = 0; at && page < 20; page++) {
    const got = await api.send('GET', at);
    expect(got.status, at).toBe(200);
    found.push(
      ...(got.body.entry ?? []).map(
        (entry) => `${entry.fullUrl?.split('/').at(-1)} ${entry.response?.etag?.slice(3, -1)}`,
      ),
    );
    at = next(got.body);
  }
  return found;
};

describe('_at', () => {
  it.each([
    ['the minute in which it was written', 1, 'T00:00Z', ['p1 1']],
    ['between two writes', 2, 'T12:00:00Z', ['p1 1']],
    ['a day on which it was changed', 3, '', ['p1 2', 'p1 1']],
    ['after the deletion', 6, 'T00:00:00Z', ['p1 3']],
    ['before it was there', 0, 'T00:00:00Z', []],
  ])('is what was current then: %s', async (_, day, time, expected) => {
    const api = openApi();
    const at = encodeURIComponent((await week(api))(day, time));
    expect(await versions(api, `${BASE}/Patient/p1/_history?_at=${at}`)).toEqual(expected);
    const paged = await versions(api, `${BASE}/Patient/p1/_history?_count=1&_at=${at}`);
    expect(paged).toEqual(expected);
    // The log of a type says the same.
    const ofType = await versions(api, `${BASE}/Patient/_history?_count=2&_at=${at}`);
    expect(ofType.filter((one) => one.startsWith('p1'))).toEqual(expected);
  });

  it('takes the prefixes that leave one span of time', async () => {
    const api = openApi();
    const day = await week(api);
    const noon = 'T12:00:00Z';
    const ask = (prefix: string, on: number) => versions(api, `${BASE}/_history?_at=${prefix}${day(on, noon)}`);
    expect(await ask('ge', 4)).toEqual(['p1 3', 'p1 2', 'p2 1']);
    expect(await ask('lt', 2)).toEqual(['p2 1', 'p1 1']);
    expect(await ask('le', 1)).toEqual(['p1 1']);
    expect(await ask('eq', 2)).toEqual(['p2 1', 'p1 1']);
  });

  it('goes together with _since, and the self link says both', async () => {
    const api = openApi();
    const day = await week(api);
    const query = `_since=${day(2)}&_at=${day(3, 'T12:00:00Z')}`;
    expect(await versions(api, `${BASE}/_history?${query}`)).toEqual(['p1 2', 'p2 1']);
    const { body } = await api.send('GET', `/_history?${query}`);
    expect(body.link?.[0]?.url).toBe(`${BASE}/_history?${query.replaceAll(':', '%3A')}`);
  });
});

describe('_list', () => {
  const list = (...references: (string | { reference: string; deleted: true })[]) => ({
    resourceType: 'List',
    id: 'l1',
    status: 'current',
    mode: 'changes',
    entry: references.map((one) =>
      typeof one === 'string'
        ? { item: { reference: one } }
        : { item: { reference: one.reference }, deleted: one.deleted },
    ),
  });

  it('is what the List names, in all versions or in the one that it names', async () => {
    const api = openApi();
    await week(api);
    await stored(api, list('Patient/p1', 'Patient/p2/_history/1', { reference: 'Patient/p3', deleted: true }));
    await stored(api, given.patient({ id: 'p2', gender: 'other' }));
    await stored(api, given.patient({ id: 'p3' }));
    const expected = ['p1 3', 'p1 2', 'p2 1', 'p1 1'];
    for (const query of ['_list=l1', '_list=List/l1&_count=1', '_list=l1&_count=3'])
      for (const path of ['Patient/_history', '_history'])
        expect(await versions(api, `${BASE}/${path}?${query}`), query).toEqual(expected);
    expect(await versions(api, `${BASE}/Patient/p2/_history?_list=l1`)).toEqual(['p2 1']);
    expect(await versions(api, `${BASE}/List/_history?_list=l1`)).toEqual([]);
  });

  it('names nothing that is not there, or that the caller may not see', async () => {
    const api = openApi();
    await week(api);
    await stored(api, list('Patient/p1'));
    expect(await versions(api, `${BASE}/_history?_list=nobody`)).toEqual([]);
    const got = await api.send('GET', '/_history?_list=l1', { as: clinic });
    expect([got.status, got.body.entry]).toEqual([200, undefined]);
  });
});

it('shows the parts that _elements and _summary ask for', async () => {
  const api = openApi();
  const id = await life(api);
  const { body } = await api.send('GET', `/Patient/${id}/_history?_elements=gender`);
  expect(Object.keys(body.entry![1]!.resource!)).toEqual(['resourceType', 'id', 'meta', 'gender']);
  expect(body.entry![1]!.resource!.meta).toMatchObject({ versionId: '2', tag: [{ code: 'SUBSETTED' }] });
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

  it('fills a page with what the caller may read, however small it is', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'mine' }), { as: clinic });
    for (let at = 0; at < 60; at++) await stored(api, given.patient({ id: `p${at}` }));
    await stored(api, given.patient({ id: 'mine-too' }), { as: clinic });
    const first = await api.send('GET', '/Patient/_history?_count=1', { as: clinic });
    expect(first.body.entry?.map(({ resource }) => resource?.id)).toEqual(['mine-too']);
    const second = await api.send('GET', next(first.body)!, { as: clinic });
    expect(second.body.entry?.map(({ resource }) => resource?.id)).toEqual(['mine']);
  });

  it('does not show what the caller may not read', async () => {
    const api = openApi();
    await life(api);
    const { body } = await api.send('GET', '/_history', { as: clinic });
    expect(body.entry ?? []).toEqual([]);
  });
});
