// https://hl7.org/fhir/R4/http.html#search: the interaction; what parameters mean is held by test/functions/search
import { describe, expect, it } from 'vitest';
import { type Api, BASE, clinic, given, openApi, residentOf, stored } from '../../support/api.ts';

const chart = async (api: Api) => {
  await stored(api, given.patient({ id: 'p1' }));
  const ids: string[] = [];
  for (let day = 1; day <= 5; day++) {
    const { id } = await stored(api, given.observation('p1', { effectiveDateTime: `2026-11-0${day}T09:00:00+09:00` }));
    ids.unshift(id);
  }
  return ids;
};
const idsOf = ({ entry = [] }: { entry?: { resource?: { id?: string } }[] }) =>
  entry.map(({ resource }) => resource?.id);

describe('search', () => {
  it('answers a searchset with full addresses, match modes and a self link', async () => {
    const api = openApi();
    const ids = await chart(api);
    const { status, body } = await api.send('GET', '/Observation?patient=p1');
    expect(status).toBe(200);
    expect(body).toMatchObject({ resourceType: 'Bundle', type: 'searchset' });
    expect(idsOf(body).sort()).toEqual([...ids].sort());
    expect(body.entry?.[0]).toMatchObject({
      fullUrl: `${BASE}/Observation/${body.entry![0]!.resource!.id}`,
      search: { mode: 'match' },
    });
    expect(body.link).toContainEqual({ relation: 'self', url: `${BASE}/Observation?patient=p1` });
  });

  it('answers POST _search as GET, with the parameters of the body and of the address', async () => {
    const api = openApi();
    await chart(api);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const got = await api.send('POST', '/Observation/_search?patient=p1', {
      body: 'date=2026-11-03&_count=10',
      headers,
    });
    expect(got.status).toBe(200);
    expect(got.body.entry).toHaveLength(1);
    // With all of them in the address there is no body, and nothing to have a type.
    const bare = await api.send('POST', '/Observation/_search?patient=p1&date=2026-11-03');
    expect([bare.status, bare.body.entry?.length]).toEqual([200, 1]);
    const other = await api.send('POST', '/Observation/_search', {
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    expect(other.status).toBe(415);
  });

  it('takes a reference under its own address, relative or as an id', async () => {
    const api = openApi();
    await chart(api);
    for (const value of ['p1', 'Patient/p1', `${BASE}/Patient/p1`]) {
      expect((await api.send('GET', `/Observation?subject=${value}`)).body.entry, value).toHaveLength(5);
    }
  });

  it('pages, and the pages together are all of it once', async () => {
    const api = openApi();
    const ids = await chart(api);
    const found: unknown[] = [];
    let url: string | undefined = `${BASE}/Observation?patient=p1&_count=2`;
    for (let page = 0; url && page < 9; page++) {
      const { body } = await api.send('GET', url);
      found.push(...idsOf(body));
      url = body.link?.find(({ relation }) => relation === 'next')?.url;
    }
    expect(found.sort()).toEqual([...ids].sort());
  });

  it('answers 400 to a cursor that was changed, or that another caller was given', async () => {
    const api = openApi();
    await chart(api);
    const { body } = await api.send('GET', '/Observation?patient=p1&_count=2');
    const url = body.link!.find(({ relation }) => relation === 'next')!.url;
    const at = url.length - 5;
    const changed = `${url.slice(0, at)}${url[at] === 'A' ? 'B' : 'A'}${url.slice(at + 1)}`;
    expect((await api.send('GET', changed)).status).toBe(400);
    expect((await api.send('GET', url, { as: clinic })).status).toBe(400);
    expect((await api.send('GET', url.replace('Observation', 'Condition'))).status).toBe(400);
  });

  it('searches a compartment, for one type or for all', async () => {
    const api = openApi();
    await chart(api);
    expect((await api.send('GET', '/Patient/p1/Observation')).body.entry).toHaveLength(5);
    expect((await api.send('GET', '/Patient/p1/Condition')).body.entry ?? []).toHaveLength(0);
    const encounter = {
      resourceType: 'Encounter',
      id: 'e1',
      status: 'finished',
      class: { code: 'AMB' },
      subject: { reference: 'Patient/p1' },
    };
    await stored(api, encounter);
    await stored(api, given.observation('p1', { encounter: { reference: 'Encounter/e1' } }));
    expect((await api.send('GET', '/Encounter/e1/Observation')).body.entry).toHaveLength(1);
    expect((await api.send('GET', '/Observation/x/Condition')).status).toBe(404);
    const all = await api.send('GET', '/Patient/p1/*');
    expect(all.status).toBe(200);
    expect(all.body.entry!.length).toBeGreaterThanOrEqual(5);
  });

  it('goes on by POST too', async () => {
    const api = openApi();
    await chart(api);
    const { body } = await api.send('GET', '/Observation?patient=p1&_count=2');
    const query = body.link!.find(({ relation }) => relation === 'next')!.url.split('?')[1];
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await api.send('POST', '/Observation/_search', { body: query, headers })).body.entry).toHaveLength(2);
  });

  it('searches several types, or all', async () => {
    const api = openApi();
    await chart(api);
    const some = await api.send('GET', '/?_type=Observation,Condition');
    expect(some.status).toBe(200);
    expect(some.body.entry).toHaveLength(5);
    expect((await api.send('GET', '/?_lastUpdated=gt2020')).body.entry).toHaveLength(6);
    expect((await api.send('GET', '/?_lastUpdated=gt2020', { as: clinic })).body.entry ?? []).toEqual([]);
  });

  it('ignores an unknown parameter and says so, or refuses it under Prefer: handling=strict', async () => {
    const api = openApi();
    await chart(api);
    const { body } = await api.send('GET', '/Observation?patient=p1&nonsense=1');
    expect(body.entry?.at(-1)).toMatchObject({
      resource: { resourceType: 'OperationOutcome' },
      search: { mode: 'outcome' },
    });
    expect(body.link?.[0]?.url).not.toContain('nonsense');
    const strict = await api.send('GET', '/Observation?patient=p1&nonsense=1', {
      headers: { prefer: 'handling=strict' },
    });
    expect(strict.status).toBe(400);
  });

  it('says that a patient without a value narrowed nothing, or refuses it under Prefer: handling=strict', async () => {
    const api = openApi();
    await chart(api);
    const { body } = await api.send('GET', '/Observation?patient=');
    expect(body.entry?.at(-1)).toMatchObject({
      resource: {
        issue: [{ severity: 'warning', diagnostics: 'search parameter patient has no value; it was ignored' }],
      },
      search: { mode: 'outcome' },
    });
    const strict = await api.send('GET', '/Observation?patient=', { headers: { prefer: 'handling=strict' } });
    expect([strict.status, strict.body.issue?.[0]?.diagnostics]).toEqual([
      400,
      'search parameter patient has no value',
    ]);
  });

  it('counts without entries for _summary=count', async () => {
    const api = openApi();
    await chart(api);
    const { body } = await api.send('GET', '/Observation?patient=p1&_summary=count');
    expect(body).toMatchObject({ total: 5 });
    expect(body.entry).toBeUndefined();
  });

  it('answers parts of resources for _elements, marked as such', async () => {
    const api = openApi();
    await chart(api);
    const { body } = await api.send('GET', '/Observation?patient=p1&_elements=subject');
    expect(body.entry?.[0]?.resource).not.toHaveProperty('effectiveDateTime');
    expect(body.entry?.[0]?.resource?.meta?.tag).toMatchObject([{ code: 'SUBSETTED' }]);
  });

  it.each(['GET', 'POST'])('pages a search of the whole system under the base itself, asked by %s', async (method) => {
    const api = openApi();
    for (const id of ['p1', 'p2', 'p3']) await stored(api, given.patient({ id }));
    const first =
      method === 'GET'
        ? await api.send('GET', '?_type=Patient&_count=2')
        : await api.send('POST', '/_search', {
            body: '_type=Patient&_count=2',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
          });
    const { link = [] } = first.body;
    expect(link.map(({ relation }) => relation)).toEqual(['self', 'next']);
    for (const { url } of link) expect(url.startsWith(`${BASE}?`), url).toBe(true);
    expect((await api.send('GET', link[1]!.url)).body.entry).toHaveLength(1);
  });

  it('takes the base with a slash at its end as without', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    expect((await api.send('GET', '/?_type=Patient')).body.entry).toHaveLength(1);
    const batch = await api.send('POST', '/', {
      body: given.bundle('batch', [{ request: { method: 'GET', url: 'Patient/p1' } }]),
    });
    expect(batch.body.entry?.[0]?.response?.status).toBe('200');
  });

  it('shows nothing of what the caller may not see, not even how much it is', async () => {
    const api = openApi();
    await chart(api);
    for (const as of [clinic, residentOf('somebody-else')]) {
      const { body } = await api.send('GET', '/Observation?patient=p1&_total=accurate', { as });
      expect(body.entry ?? []).toEqual([]);
      expect(body.total ?? 0).toBe(0);
    }
    const own = await api.send('GET', '/Observation?patient=p1', { as: residentOf('p1') });
    expect(own.body.entry).toHaveLength(5);
  });

  it('records one access for the person, with the count', async () => {
    const api = openApi();
    await chart(api);
    api.recorded.length = 0;
    await api.send('GET', '/Observation?patient=p1');
    expect(api.recorded).toMatchObject([{ interaction: 'search-type', action: 'R', count: 5 }]);
  });
});
