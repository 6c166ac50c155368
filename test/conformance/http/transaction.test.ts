// https://hl7.org/fhir/R4/http.html#transaction, #trules, #brules
import { describe, expect, it } from 'vitest';
import { BASE, clinic, given, openApi, stored } from '../../support/api.ts';

const post = (resource: unknown, more: Record<string, unknown> = {}, request: Record<string, unknown> = {}) => ({
  ...more,
  resource,
  request: { method: 'POST', url: (resource as { resourceType: string }).resourceType, ...request },
});
const UUID = 'urn:uuid:11111111-1111-4111-8111-111111111111';
const OTHER = 'urn:uuid:22222222-2222-4222-8222-222222222222';

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

  it('replaces placeholders by the new ids, in references, links and the narrative', async () => {
    const api = openApi();
    const links = `<a href="${UUID}">the patient</a><img alt="" src = '${OTHER}'/>`;
    const div = `<div xmlns="http://www.w3.org/1999/xhtml">${links}</div>`;
    const { body } = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        post(
          given.observation('x', {
            subject: { reference: UUID },
            hasMember: [{ reference: OTHER }],
            extension: [{ url: 'urn:x', valueUri: OTHER }],
            identifier: [{ system: 'urn:ietf:rfc:3986', value: OTHER }],
            text: { status: 'generated', div },
          }),
        ),
        post(given.observation('x', { subject: { reference: UUID } }), { fullUrl: OTHER }),
        post(given.patient(), { fullUrl: UUID }),
      ]),
    });
    const [first, second, patient] = body.entry!.map(
      ({ response }) => response!.location!.slice(BASE.length).split('/_history')[0]!,
    );
    const { body: got } = await api.send('GET', first!);
    expect(got).toMatchObject({
      subject: { reference: patient!.slice(1) },
      hasMember: [{ reference: second!.slice(1) }],
      extension: [{ valueUri: second!.slice(1) }],
      identifier: [{ value: OTHER }],
    });
    expect((got.text as { div: string }).div).toContain(`href="${patient!.slice(1)}"`);
    expect((got.text as { div: string }).div).toContain(`src = '${second!.slice(1)}'`);
  });

  it('reads a relative reference against the fullUrl that it stands under', async () => {
    const api = openApi();
    const { body } = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        post(given.patient(), { fullUrl: 'http://emr.example/fhir/Patient/123' }),
        post(given.observation('123'), { fullUrl: 'http://emr.example/fhir/Observation/1' }),
      ]),
    });
    const [patient, observation] = body.entry!.map(
      ({ response }) => response!.location!.slice(BASE.length).split('/_history')[0]!,
    );
    expect((await api.send('GET', observation!)).body.subject).toEqual({ reference: patient!.slice(1) });
  });

  it('resolves a conditional reference to its one match, and answers 412 to none or several', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const send = (reference: string) =>
      api.send('POST', '/', {
        body: given.bundle('transaction', [post(given.observation('x', { subject: { reference } }))]),
        headers: { prefer: 'return=representation' },
      });
    const got = await send('Patient?identifier=P-1');
    expect(got.body.entry?.[0]?.resource?.subject).toEqual({ reference: `Patient/${id}` });
    const none = await send('Patient?identifier=nobody');
    expect(none.status).toBe(412);
    expect(none.body.issue?.[0]?.expression).toEqual(['Bundle.entry[0]']);
    await stored(api, given.patient());
    expect((await send('Patient?identifier=P-1')).status).toBe(412);
  });

  it('resolves a conditional reference last: to what the transaction writes, as it will be, and not to what it takes away', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient({ identifier: [{ value: 'old' }] }));
    const subject = (value: string) =>
      post(given.observation('x', { subject: { reference: `Patient?identifier=${value}` } }));
    const encounter = { reference: 'Encounter?identifier=e-1' };
    const send = async (...entry: unknown[]) => {
      const { status, body } = await api.send('POST', '/', {
        body: given.bundle('transaction', entry),
        headers: { prefer: 'return=representation' },
      });
      return { status, resources: body.entry?.map(({ resource }) => resource), issue: body.issue };
    };

    const made = await send(
      post(given.observation('x', { subject: { reference: 'Patient?identifier=new' }, encounter })),
      post({
        resourceType: 'Encounter',
        status: 'finished',
        class: { code: 'AMB' },
        identifier: [{ value: 'e-1' }],
        subject: { reference: 'Patient?identifier=new' },
      }),
      post(given.patient({ identifier: [{ value: 'new' }] })),
    );
    expect(made.issue).toBeUndefined();
    const [observation, visit, patient] = made.resources!;
    expect(observation).toMatchObject({
      subject: { reference: `Patient/${patient!.id}` },
      encounter: { reference: `Encounter/${visit!.id}` },
    });

    const renamed = {
      resource: given.patient({ id, identifier: [{ value: 'renamed' }] }),
      request: { method: 'PUT', url: `Patient/${id}` },
    };
    expect((await send(subject('old'), renamed)).status).toBe(412);
    expect((await send(subject('renamed'), renamed)).resources?.[0]).toMatchObject({
      subject: { reference: `Patient/${id}` },
    });
    expect(
      (await send(subject('renamed'), { request: { method: 'DELETE', url: 'Patient?identifier=new' } })).status,
    ).toBe(200);
    expect((await send(subject('renamed'), post(given.patient({ identifier: [{ value: 'renamed' }] })))).status).toBe(
      412,
    );
  });

  it('leaves canonicals and references to others alone, and keeps a link to a version one', async () => {
    const api = openApi();
    const { body } = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        post(given.patient(), { fullUrl: UUID }),
        post(
          given.observation('x', {
            subject: { reference: UUID },
            focus: [{ reference: `${UUID}/_history/7` }],
            performer: [{ reference: 'Practitioner/elsewhere' }],
            extension: [{ url: 'urn:x', valueCanonical: UUID }],
          }),
        ),
      ]),
      headers: { prefer: 'return=representation' },
    });
    const [patient, observation] = body.entry!.map(({ resource }) => resource!);
    expect(observation).toMatchObject({
      subject: { reference: `Patient/${patient!.id}` },
      focus: [{ reference: `Patient/${patient!.id}/_history/1` }],
      performer: [{ reference: 'Practitioner/elsewhere' }],
      extension: [{ valueCanonical: UUID }],
    });
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

describe('batch', () => {
  it('does each entry on its own and says for each what came of it', async () => {
    const api = openApi();
    const { status, body } = await api.send('POST', '/', {
      body: given.bundle('batch', [
        { resource: given.patient({ id: 'p1' }), request: { method: 'PUT', url: 'Patient/p1' } },
        post(given.patient({ gender: 'nonsense' })),
        { request: { method: 'GET', url: 'Patient/nobody' } },
        { request: { method: 'LINK', url: 'x' } },
        { request: { method: 'DELETE', url: 'Patient/nobody' } },
        { request: { method: 'GET', url: 'metadata' } },
      ]),
    });
    expect(status).toBe(200);
    expect(body.type).toBe('batch-response');
    expect(body.entry?.map(({ response }) => response?.status)).toEqual(['201', '400', '404', '400', '204', '200']);
    expect(body.entry?.[1]?.response?.outcome).toMatchObject({
      issue: [{ expression: ['Bundle.entry[1].resource.gender'] }],
    });
    expect(body.entry?.[5]?.resource?.resourceType).toBe('CapabilityStatement');
    expect((await api.send('GET', '/Patient/p1')).status).toBe(200);
  });

  it('refuses an entry that refers to another', async () => {
    const { body } = await openApi().send('POST', '/', {
      body: given.bundle('batch', [
        post(given.patient(), { fullUrl: UUID }),
        post(given.observation('x', { subject: { reference: UUID } })),
      ]),
    });
    expect(body.entry?.map(({ response }) => response?.status)).toEqual(['201', '400']);
  });

  it('refuses two changes of one resource', async () => {
    const api = openApi();
    const put = { resource: given.patient({ id: 'p1' }), request: { method: 'PUT', url: 'Patient/p1' } };
    const { body } = await api.send('POST', '/', {
      body: given.bundle('batch', [put, { request: { method: 'DELETE', url: 'Patient/p1' } }]),
    });
    expect(body.entry?.map(({ response }) => response?.status)).toEqual(['400', '400']);
  });

  it('searches, and honours ifNoneMatch', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    await stored(api, given.observation('p1'));
    const { body } = await api.send('POST', '/', {
      body: given.bundle('batch', [
        { request: { method: 'GET', url: 'Observation?patient=p1' } },
        { request: { method: 'GET', url: 'Patient/p1', ifNoneMatch: 'W/"1"' } },
      ]),
    });
    expect(body.entry?.[0]?.resource).toMatchObject({ resourceType: 'Bundle', type: 'searchset' });
    expect(body.entry?.[1]?.response?.status).toBe('304');
  });
});
