// https://hl7.org/fhir/R4/operations.html
import { describe, expect, it } from 'vitest';
import { BASE, clinic, given, openApi, residentOf, type Sent, stored } from '../../support/api.ts';

describe('$everything', () => {
  it('answers the patient and the compartment, in pages that together are all of it', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    await stored(api, given.patient({ id: 'p2' }));
    for (let at = 0; at < 6; at++) await stored(api, given.observation(at < 5 ? 'p1' : 'p2'));
    const whole = await api.send('GET', '/Patient/p1/$everything');
    expect(whole.body.entry).toHaveLength(6);
    expect(whole.body.entry?.[0]?.resource?.resourceType).toBe('Patient');
    const ids = new Set<unknown>();
    let url: string | undefined = `${BASE}/Patient/p1/$everything?_count=4`;
    for (let page = 0; url && page < 9; page++) {
      const { body } = await api.send('GET', url);
      for (const { resource } of body.entry ?? []) ids.add(resource?.id);
      url = body.link?.find(({ relation }) => relation === 'next')?.url;
    }
    expect(ids.size).toBe(6);
  });

  it('answers the types that _type names, and what changed after _since', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    await stored(api, given.observation('p1'));
    const since = new Date(api.time.now).toISOString();
    const types = await api.send('GET', '/Patient/p1/$everything?_type=Observation');
    expect(types.body.entry?.map(({ resource }) => resource?.resourceType)).toEqual(['Observation']);
    expect((await api.send('GET', `/Patient/p1/$everything?_since=${since}`)).body.entry).toHaveLength(1);
    expect((await api.send('GET', '/Patient/p1/$everything?_type=nonsense')).status).toBe(400);
  });

  it('shows only what the caller may see', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    await stored(api, given.observation('p1'));
    expect((await api.send('GET', '/Patient/p1/$everything', { as: residentOf('p1') })).body.entry).toHaveLength(2);
    expect((await api.send('GET', '/Patient/p1/$everything', { as: residentOf('p2') })).status).toBe(404);
    expect([403, 404]).toContain((await api.send('GET', '/Patient/p1/$everything', { as: clinic })).status);
    expect((await api.send('GET', '/Patient/nobody/$everything')).status).toBe(404);
  });

  it('without an id is the resident’s own, and of nobody else', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    await stored(api, given.observation('p1', { id: 'o1' }));
    const { status, body } = await api.send('GET', '/Patient/$everything', { as: residentOf('p1') });
    expect([status, body.entry?.map(({ resource }) => resource?.id).slice(0, 2)]).toEqual([200, ['p1', 'o1']]);
    expect((await api.send('GET', '/Patient/$everything')).status).toBe(422);
  });

  it('answers 400 to a cursor that was changed', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    expect((await api.send('GET', '/Patient/p1/$everything?_cursor=AAAA')).status).toBe(400);
  });
});

describe('$validate', () => {
  it('answers 200 with what is wrong, and stores nothing', async () => {
    const api = openApi();
    const good = await api.send('POST', '/Patient/$validate', { body: given.patient() });
    expect(good.body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'information' }] });
    const bad = await api.send('POST', '/Patient/$validate', { body: given.patient({ gender: 'nonsense' }) });
    expect(bad.status).toBe(200);
    expect(bad.body.issue?.[0]?.expression).toEqual(['Patient.gender']);
    const parameters = { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: given.patient() }] };
    expect((await api.send('POST', '/Patient/$validate', { body: parameters })).body.issue).toMatchObject([
      { severity: 'information' },
    ]);
    expect((await api.send('GET', '/Patient?identifier=P-1')).body.entry ?? []).toEqual([]);
  });

  it('says with a mode whether the caller may write so', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    const of = async (method: 'POST', path: string, sent: Sent = {}) => {
      const { status, body } = await api.send(method, path, sent);
      return [status, body.issue?.[0]?.code];
    };
    const body = given.patient({ id: 'p1' });
    expect(await of('POST', '/Patient/p1/$validate?mode=update', { body })).toEqual([200, 'informational']);
    expect(await of('POST', '/Patient/p1/$validate?mode=update', { body: { ...body, id: 'p2' } })).toEqual([
      200,
      'invalid',
    ]);
    expect(await of('POST', '/Patient/p1/$validate?mode=update', { body, as: residentOf('p1') })).toEqual([
      200,
      'forbidden',
    ]);
    expect(await of('POST', '/Patient/$validate?mode=create', { body })).toEqual([200, 'informational']);
    expect(await of('POST', '/Patient/p1/$validate?mode=delete')).toEqual([200, 'informational']);
    expect(await of('POST', '/Patient/none/$validate?mode=delete')).toEqual([404, 'not-found']);
    const parameters = { resourceType: 'Parameters', parameter: [{ name: 'mode', valueCode: 'delete' }] };
    expect(await of('POST', '/Patient/p1/$validate', { body: parameters })).toEqual([200, 'informational']);
    expect(await of('POST', '/Patient/$validate?mode=delete', { body })).toEqual([400, 'invalid']);
    expect(await of('POST', '/Patient/$validate?mode=guess', { body })).toEqual([400, 'invalid']);
    expect((await api.send('GET', '/Patient/p1')).status).toBe(200);
  });
});

describe('operations that there are not', () => {
  it('answers 501', async () => {
    expect((await openApi().send('POST', '/Patient/p1/$nonsense', { body: {} })).status).toBe(501);
    expect((await openApi().send('GET', '/$everything')).status).toBe(501);
    const { status, body } = await openApi().send('GET', '/Patient/$meta');
    expect([status, body.issue?.[0]?.diagnostics]).toEqual([501, expect.stringContaining('[type]/[id]/$meta')]);
  });

  it('answers 405 to GET of one that needs POST', async () => {
    expect((await openApi().send('GET', '/Patient/$validate')).status).toBe(405);
  });
});
