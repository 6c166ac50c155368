// https://hl7.org/fhir/R4/http.html#transaction, #trules
import { describe, expect, it } from 'vitest';
import { BASE, given, openApi, stored } from '../../support/api.ts';
import { post, UUID } from './entries.ts';

it('says of what it reads when it was written, to the millisecond as its meta does', async () => {
  const api = openApi();
  api.time.now += 123;
  await stored(api, given.patient({ id: 'p1' }));
  for (const url of ['Patient/p1', 'Patient/p1?_elements=gender', 'Patient/p1/_history/1']) {
    for (const type of ['transaction', 'batch']) {
      const { body } = await api.send('POST', '', { body: given.bundle(type, [{ request: { method: 'GET', url } }]) });
      const { resource, response } = body.entry![0]!;
      expect(response?.lastModified, url).toMatch(/\.123Z$/);
      expect(resource?.meta?.lastUpdated ?? response?.lastModified, url).toBe(response?.lastModified);
    }
  }
});

describe('transaction', () => {
  it('answers a transaction-response with an entry for each, in order, with status, location, etag and time', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'old' }));
    await stored(api, given.patient({ id: 'gone' }));
    const { status, body } = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        { request: { method: 'GET', url: 'Patient/old' } },
        { resource: given.patient({ id: 'old', gender: 'male' }), request: { method: 'PUT', url: 'Patient/old' } },
        post(given.patient()),
        { request: { method: 'DELETE', url: 'Patient/gone' } },
      ]),
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ resourceType: 'Bundle', type: 'transaction-response' });
    expect(body.entry?.map(({ response }) => response?.status)).toEqual(['200', '200', '201', '204']);
    // Reads come last, so the first entry shows what the second wrote.
    expect(body.entry?.[0]?.resource).toMatchObject({ gender: 'male' });
    expect(body.entry?.[1]?.response).toMatchObject({ location: `${BASE}/Patient/old/_history/2`, etag: 'W/"2"' });
    expect(body.entry?.[2]?.response?.location).toMatch(new RegExp(`^${BASE}/Patient/[0-9a-v]{26}/_history/1$`));
    expect(body.entry?.[2]?.response?.lastModified).toMatch(/^2026-/);
  });

  it('says when it was committed, so that a client can tell what was changed from what was so already', async () => {
    const api = openApi();
    const put = (id: string) => ({ resource: given.patient({ id }), request: { method: 'PUT', url: `Patient/${id}` } });
    const first = await api.send('POST', '/', { body: given.bundle('transaction', [put('one')]) });
    const { body } = await api.send('POST', '/', { body: given.bundle('transaction', [put('one'), put('two')]) });

    expect(body.timestamp).toMatch(/Z$/);
    expect(body.entry?.map(({ response }) => response?.lastModified)).toEqual([first.body.timestamp, body.timestamp]);
  });

  it('stores nothing when a read fails', async () => {
    const api = openApi();
    const put = { resource: given.patient({ id: 'new' }), request: { method: 'PUT', url: 'Patient/new' } };
    const read = (url: string) => ({ request: { method: 'GET', url } });
    const send = (...entry: unknown[]) => api.send('POST', '/', { body: given.bundle('transaction', entry) });
    const got = await send(put, read('Patient/nobody'));
    expect(got.status).toBe(404);
    expect(got.body.issue?.[0]?.expression).toEqual(['Bundle.entry[1]']);
    expect((await api.send('GET', '/Patient/new')).status).toBe(404);
    expect((await send(put, read('Patient/new'), read('Patient?identifier=P-1'))).status).toBe(200);
    expect((await send({ request: { method: 'DELETE', url: 'Patient/new' } }, read('Patient/new'))).status).toBe(410);
    expect((await api.send('GET', '/Patient/new')).status).toBe(200);
  });

  it('asks operations that change nothing with its reads', async () => {
    const api = openApi();
    const lookup = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'system', valueUri: 'http://hl7.org/fhir/administrative-gender' },
        { name: 'code', valueCode: 'female' },
      ],
    };
    const ask = { resource: lookup, request: { method: 'POST', url: 'CodeSystem/$lookup' } };
    const { status, body } = await api.send('POST', '/', {
      body: given.bundle('transaction', [post(given.patient({ id: 'x' })), ask]),
    });
    expect([status, body.entry?.[1]?.resource?.resourceType]).toEqual([200, 'Parameters']);
    lookup.parameter.pop();
    const refused = await api.send('POST', '/', { body: given.bundle('transaction', [post(given.patient()), ask]) });
    expect(refused.status).toBe(400);
    expect(refused.body.issue?.[0]?.expression?.[0]).toContain('Bundle.entry[1]');
    expect((await api.send('GET', '/Patient?identifier=P-1')).body.entry).toHaveLength(1);
  });

  it('is no error without entries', async () => {
    const got = await openApi().send('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction' } });
    expect(got.status).toBe(200);
    expect(got.body).toEqual({ resourceType: 'Bundle', type: 'transaction-response', timestamp: expect.any(String) });
  });

  it('honours ifNoneExist, and points references at what exists', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const { body } = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        post(given.patient(), { fullUrl: UUID }, { ifNoneExist: 'identifier=P-1' }),
        post(given.observation('x', { subject: { reference: UUID } })),
      ]),
      headers: { prefer: 'return=representation' },
    });
    expect(body.entry?.map(({ response }) => response?.status)).toEqual(['200', '201']);
    expect(body.entry?.[1]?.resource?.subject).toEqual({ reference: `Patient/${id}` });
  });

  it('does conditional update, conditional delete and patch', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    await stored(api, given.patient({ id: 'p2', identifier: [{ value: 'second' }] }));
    await stored(api, given.patient({ id: 'p3', identifier: [{ value: 'third' }] }));
    const patch = Buffer.from(JSON.stringify([{ op: 'replace', path: '/gender', value: 'other' }])).toString('base64');
    const { body } = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        { resource: given.patient({ gender: 'male' }), request: { method: 'PUT', url: 'Patient?identifier=P-1' } },
        { request: { method: 'DELETE', url: 'Patient?identifier=second' } },
        {
          resource: { resourceType: 'Binary', contentType: 'application/json-patch+json', data: patch },
          request: { method: 'PATCH', url: 'Patient/p3' },
        },
        { request: { method: 'DELETE', url: 'Patient?identifier=nobody' } },
      ]),
    });
    expect(body.entry?.map(({ response }) => response?.status)).toEqual(['200', '204', '200', '204']);
    expect((await api.send('GET', '/Patient/p1')).body.gender).toBe('male');
    expect((await api.send('GET', '/Patient/p2')).status).toBe(410);
    expect((await api.send('GET', '/Patient/p3')).body.gender).toBe('other');
  });

  it('deletes before it looks for what exists', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const { body } = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        post(given.patient(), {}, { ifNoneExist: 'identifier=P-1' }),
        { request: { method: 'DELETE', url: `Patient/${id}` } },
      ]),
    });
    expect(body.entry?.map(({ response }) => response?.status)).toEqual(['201', '204']);
  });

  it('answers with the resources when Prefer asks for them, and without otherwise', async () => {
    const api = openApi();
    const body = given.bundle('transaction', [post(given.patient())]);
    expect((await api.send('POST', '/', { body })).body.entry?.[0]).not.toHaveProperty('resource');
    const whole = await api.send('POST', '/', { body, headers: { prefer: 'return=representation' } });
    expect(whole.body.entry?.[0]?.resource?.resourceType).toBe('Patient');
  });

  it('takes 959 entries of one person, and refuses 5,001', async () => {
    const api = openApi();
    const observations = Array.from({ length: 958 }, () =>
      post(given.observation('x', { subject: { reference: UUID } })),
    );
    const got = await api.send('POST', '/', {
      body: given.bundle('transaction', [post(given.patient(), { fullUrl: UUID }), ...observations]),
    });
    expect(got.status).toBe(200);
    expect(got.body.entry).toHaveLength(959);
    expect(api.recorded).toHaveLength(1);
    expect(api.recorded[0]).toMatchObject({ interaction: 'transaction', count: 959 });
    const many = Array.from({ length: 5001 }, () => ({ request: { method: 'GET', url: 'Patient/x' } }));
    expect((await api.send('POST', '/', { body: given.bundle('transaction', many) })).status).toBe(413);
  });

  it.each([
    ['no request', { resource: given.patient() }],
    ['no url', { resource: given.patient(), request: { method: 'POST' } }],
    ['an unknown method', { request: { method: 'LINK', url: 'Patient/x' } }],
    ['no resource', { request: { method: 'POST', url: 'Patient' } }],
    [
      'an address elsewhere',
      { resource: given.patient(), request: { method: 'POST', url: 'https://elsewhere.example/fhir/Patient' } },
    ],
    ['no object', 1],
    ['an id of the wrong form', { request: { method: 'DELETE', url: 'Patient/a_b' } }],
    ['an operation', { resource: given.patient(), request: { method: 'POST', url: 'Patient/$validate' } }],
  ])('answers 400 to an entry with %s', async (_, entry) => {
    const got = await openApi().send('POST', '/', { body: given.bundle('transaction', [entry]) });
    expect(got.status).toBe(400);
    expect(got.text).toContain('Bundle.entry[0]');
  });

  it('answers 400 to what is no batch and no transaction', async () => {
    expect((await openApi().send('POST', '/', { body: given.bundle('document', []) })).status).toBe(400);
    expect((await openApi().send('POST', '/', { body: given.patient() })).status).toBe(400);
  });
});
