// https://hl7.org/fhir/R4/http.html#trules
import { describe, expect, it } from 'vitest';
import { BASE, clinic, given, openApi, stored } from '../../support/api.ts';
import { post, UUID } from './entries.ts';

describe('a transaction that is refused', () => {
  it('answers 400 to a placeholder that no entry has', async () => {
    const got = await openApi().send('POST', '/', {
      body: given.bundle('transaction', [post(given.observation('x', { subject: { reference: UUID } }))]),
    });
    expect(got.status).toBe(400);
  });

  it('stores nothing when one entry is refused, and names every entry at fault', async () => {
    const api = openApi();
    const got = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        { resource: given.patient({ id: 'good' }), request: { method: 'PUT', url: 'Patient/good' } },
        post(given.patient({ gender: 'nonsense' })),
        post(given.patient({ birthDate: 'nonsense' })),
      ]),
    });
    expect(got.status).toBe(400);
    expect(got.body.issue?.flatMap(({ expression }) => expression)).toEqual([
      'Bundle.entry[1].resource.gender',
      'Bundle.entry[2].resource.birthDate',
    ]);
    expect((await api.send('GET', '/Patient/good')).status).toBe(404);
  });

  it.each([
    [
      'a condition of the wrong type',
      { request: { method: 'POST', url: 'Patient', ifNoneExist: {} } },
      '.request.ifNoneExist',
    ],
    [
      'a condition that is misspelt',
      { request: { method: 'POST', url: 'Patient', ifNonExist: 'x' } },
      '.request.ifNonExist',
    ],
    ['an element that there is not', { request: { method: 'POST', url: 'Patient' }, note: 'x' }, '.note'],
    [
      'a fullUrl of a version (bdl-8)',
      { request: { method: 'POST', url: 'Patient' }, fullUrl: `${BASE}/Patient/1/_history/1` },
      '',
    ],
    [
      'a condition that a create has not',
      { request: { method: 'POST', url: 'Patient', ifMatch: 'W/"1"' } },
      '.request.ifMatch',
    ],
    ['a mode of a search (bdl-2)', { request: { method: 'POST', url: 'Patient' }, search: { mode: 'match' } }, ''],
  ])('answers 400 to %s, and ignores nothing', async (_, more, place) => {
    const api = openApi();
    const entry = [post(given.patient()), { resource: given.patient(), ...more }];
    const got = await api.send('POST', '/', { body: given.bundle('transaction', entry) });
    expect(got.status).toBe(400);
    expect(got.body.issue?.[0]?.expression).toEqual([`Bundle.entry[1]${place}`]);
    const alone = await api.send('POST', '/', { body: given.bundle('batch', entry) });
    expect(alone.body.entry?.map(({ response }) => response?.status)).toEqual(['201', '400']);
  });

  it('answers 400 to a Bundle that is none, but not to an empty list of entries', async () => {
    const api = openApi();
    const bundle = given.bundle('transaction', []);
    expect((await api.send('POST', '/', { body: bundle })).status).toBe(200);
    for (const more of [{ total: 1 }, { note: 'x' }, { timestamp: 'yesterday' }])
      expect((await api.send('POST', '/', { body: { ...bundle, ...more } })).status, JSON.stringify(more)).toBe(400);
  });

  it('says each fault once, at its place, whatever step finds it', async () => {
    const api = openApi();
    await stored(api, given.patient());
    await stored(api, given.patient());
    const several = { method: 'PUT', url: 'Patient?identifier=P-1' };
    const got = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        post(given.patient({ identifier: [{ value: 'new' }] })),
        { resource: given.patient(), request: several },
        { resource: given.patient(), request: several },
      ]),
    });
    expect(got.status).toBe(412);
    expect(got.body.issue!.map(({ expression }) => expression)).toEqual([['Bundle.entry[1]'], ['Bundle.entry[2]']]);
  });

  it('says how many faults are not listed', async () => {
    const wrong = Array.from({ length: 150 }, () => post(given.patient({ gender: 'wrong', birthDate: 'wrong' })));
    const { body } = await openApi().send('POST', '/', { body: given.bundle('transaction', wrong) });
    expect(body.issue).toHaveLength(201);
    expect(body.issue![0]!.expression).toEqual(['Bundle.entry[0].resource.gender']);
    expect(body.issue![200]).toMatchObject({ code: 'too-long', expression: ['Bundle.entry'] });
    expect(body.issue![200]!.diagnostics).toBe('100 more faults in 150 entries; the rest is not listed');
  });

  it('stores nothing when a version is not the expected one', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    const got = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        post(given.patient({ identifier: [{ value: 'new' }] })),
        {
          resource: given.patient({ id: 'p1', gender: 'male' }),
          request: { method: 'PUT', url: 'Patient/p1', ifMatch: 'W/"9"' },
        },
      ]),
    });
    expect(got.status).toBe(412);
    expect(got.body.issue?.[0]?.diagnostics).toContain('Bundle.entry[1]');
    expect((await api.send('GET', '/Patient?identifier=new')).body.entry ?? []).toEqual([]);
  });

  it('lets one of two through who change the same resource at once: 412 to who set a condition, otherwise 409', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const send = (gender: string, more: object) => {
      const entry = {
        resource: given.patient({ id, gender }),
        request: { method: 'PUT', url: `Patient/${id}`, ...more },
      };
      return api.send('POST', '/', { body: given.bundle('transaction', [entry]) });
    };
    const statusesOf = async (genders: readonly string[], more: object) =>
      (await Promise.all(genders.map((gender) => send(gender, more)))).map(({ status }) => status).sort();
    expect(await statusesOf(['male', 'other'], { ifMatch: 'W/"1"' })).toEqual([200, 412]);
    expect(await statusesOf(['unknown', 'female'], {})).toEqual([200, 409]);
  });

  it("stores nothing when one entry changes another facility's resource", async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    const got = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        { resource: given.patient({ id: 'mine' }), request: { method: 'PUT', url: 'Patient/mine' } },
        { resource: given.patient({ id: 'p1' }), request: { method: 'PUT', url: 'Patient/p1' } },
      ]),
      as: clinic,
    });
    expect(got.status).toBe(403);
    expect((await api.send('GET', '/Patient/mine', { as: clinic })).status).toBe(404);
  });

  it('answers 400 when two entries change the same resource, or have the same fullUrl', async () => {
    const api = openApi();
    const put = { resource: given.patient({ id: 'p1' }), request: { method: 'PUT', url: 'Patient/p1' } };
    expect((await api.send('POST', '/', { body: given.bundle('transaction', [put, put]) })).status).toBe(400);
    await stored(api, given.patient({ id: 'p1' }));
    const byIdentity = [put, { request: { method: 'DELETE', url: 'Patient?identifier=P-1' } }];
    expect((await api.send('POST', '/', { body: given.bundle('transaction', byIdentity) })).status).toBe(400);
    const twice = [post(given.patient(), { fullUrl: UUID }), post(given.patient(), { fullUrl: UUID })];
    expect((await api.send('POST', '/', { body: given.bundle('transaction', twice) })).status).toBe(400);
  });
});
