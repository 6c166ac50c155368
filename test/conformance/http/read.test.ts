// https://hl7.org/fhir/R4/http.html#read, #vread, #cread
import { describe, expect, it } from 'vitest';
import { clinic, given, openApi, residentOf, stored } from '../../support/api.ts';

describe('read', () => {
  it('answers the resource with its id, version and time', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await api.send('GET', `/Patient/${id}`);
    expect(got.status).toBe(200);
    expect(got.body).toMatchObject({ resourceType: 'Patient', id, meta: { versionId: '1' }, birthDate: '1951-04-01' });
  });

  it('answers an ETag with the version and a Last-Modified header', async () => {
    const api = openApi();
    const { id, meta } = await stored(api, given.patient());
    const { headers } = await api.send('GET', `/Patient/${id}`);
    expect(headers.etag).toBe('W/"1"');
    expect(Date.parse(headers['last-modified']!)).toBe(Math.floor(Date.parse(meta!.lastUpdated!) / 1000) * 1000);
  });

  it('answers 404 for a resource that never was', async () => {
    const got = await openApi().send('GET', '/Patient/nobody');
    expect(got.status).toBe(404);
    expect(got.body).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code: 'not-found' }],
    });
  });

  it('answers 410 for a resource that was deleted', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    await api.send('DELETE', `/Patient/${id}`);
    const got = await api.send('GET', `/Patient/${id}`);
    expect(got.status).toBe(410);
    expect(got.body.issue?.[0]?.code).toBe('deleted');
  });

  it('answers HEAD as GET without a body', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await api.send('HEAD', `/Patient/${id}`);
    expect(got.status).toBe(200);
    expect(got.headers.etag).toBe('W/"1"');
    expect(got.text).toBe('');
  });

  it.each(['identity', 'gzip'])('says in an answer to HEAD how long the body of GET is, in %s', async (coding) => {
    const api = openApi();
    const name = Array.from({ length: 400 }, (_, at) => ({ family: `Awa${at}` }));
    const { id } = await stored(api, given.patient({ name }));
    const headers = { 'accept-encoding': coding };
    const { result } = await api.send('GET', `/Patient/${id}`, { headers });
    const head = await api.send('HEAD', `/Patient/${id}`, { headers });
    const length = Buffer.from(result.body!, result.isBase64Encoded ? 'base64' : 'utf8').byteLength;
    expect(head.headers['content-length']).toBe(`${length}`);
    expect(head.headers['content-encoding']).toBe(coding === 'gzip' ? 'gzip' : undefined);
    expect(head.text).toBe('');
  });

  it('keeps the text of a decimal', async () => {
    const api = openApi();
    const { id: patient } = await stored(api, given.patient());
    const text = JSON.stringify(given.observation(patient, { valueQuantity: { value: 99, unit: 'g' } })).replace(
      '"value":99',
      '"value":1.00',
    );
    const created = await api.send('POST', '/Observation', {
      body: text,
      headers: { 'content-type': 'application/fhir+json' },
    });
    const got = await api.send('GET', `/Observation/${created.body.id}`);
    expect(got.text).toContain('"value":1.00');
    const pretty = await api.send('GET', `/Observation/${created.body.id}?_pretty=true`);
    expect(pretty.text).toContain('"value": 1.00');
  });

  it.each(['a b', '%E2%82%AC', 'x'.repeat(65), 'a_b', '..%2F..', "a'b", '%00'])(
    'answers 404 for an id that no resource can have: %s',
    async (id) => {
      expect((await openApi().send('GET', `/Patient/${id}`)).status).toBe(404);
    },
  );

  it('answers 404 to another resident, as if there were nothing', async () => {
    const api = openApi();
    const mine = await stored(api, given.patient({ id: 'mine' }));
    const other = await stored(api, given.patient({ id: 'other' }));
    const as = residentOf(mine.id);
    expect((await api.send('GET', `/Patient/${mine.id}`, { as })).status).toBe(200);
    const refused = await api.send('GET', `/Patient/${other.id}`, { as });
    const nobody = await api.send('GET', '/Patient/nobody', { as });
    expect(refused.status).toBe(404);
    expect(refused.text.replace('other', '')).toBe(nobody.text.replace('nobody', ''));
  });

  it('does not show a record of another facility without a consent', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const got = await api.send('GET', `/Patient/${id}`, { as: clinic });
    expect([403, 404]).toContain(got.status);
    expect(got.text).not.toContain('Awa');
  });

  it('takes an element with its type before it, and no element for none that was asked', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const ask = async (elements: string) =>
      Object.keys((await api.send('GET', `/Patient/${id}?_elements=${elements}`)).body);
    expect(await ask('Patient.gender')).toEqual(['resourceType', 'id', 'meta', 'gender']);
    expect(await ask('')).toContain('birthDate');
  });

  it('answers only the elements that _elements names, the mandatory ones, and says that it is a part', async () => {
    const api = openApi();
    const { id: patient } = await stored(api, given.patient());
    const { id } = await stored(api, given.observation(patient));
    const { body } = await api.send('GET', `/Observation/${id}?_elements=subject`);
    expect(Object.keys(body).sort()).toEqual(['code', 'id', 'meta', 'resourceType', 'status', 'subject']);
    expect(body.meta?.tag).toMatchObject([{ code: 'SUBSETTED' }]);
  });

  it('answers the summary elements for _summary=true', async () => {
    const api = openApi();
    const { id } = await stored(
      api,
      given.patient({ text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' } }),
    );
    const { body } = await api.send('GET', `/Patient/${id}?_summary=true`);
    expect(body.text).toBeUndefined();
    expect(body.birthDate).toBe('1951-04-01');
    expect((await api.send('GET', `/Patient/${id}?_summary=nonsense`)).status).toBe(400);
  });
});

describe('vread', () => {
  it('answers the version that was asked for', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    await stored(api, given.patient({ id, gender: 'male' }));
    const first = await api.send('GET', `/Patient/${id}/_history/1`);
    expect(first.body).toMatchObject({ id, gender: 'female', meta: { versionId: '1' } });
    expect(first.headers.etag).toBe('W/"1"');
    expect((await api.send('GET', `/Patient/${id}/_history/2`)).body).toMatchObject({ gender: 'male' });
  });

  it('answers 410 for the version that deleted it', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    await api.send('DELETE', `/Patient/${id}`);
    expect((await api.send('GET', `/Patient/${id}/_history/2`)).status).toBe(410);
    expect((await api.send('GET', `/Patient/${id}/_history/1`)).status).toBe(200);
  });

  it.each(['0', '-1', '2', '01', '1.0', 'abc', '99999999999999999999', '%20', '1e3'])(
    'answers 404 for version %s',
    async (version) => {
      const api = openApi();
      const { id } = await stored(api, given.patient());
      expect((await api.send('GET', `/Patient/${id}/_history/${version}`)).status).toBe(404);
    },
  );
});

describe('conditional read', () => {
  it('answers 304 to If-None-Match with the current ETag, and the resource otherwise', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const unchanged = await api.send('GET', `/Patient/${id}`, { headers: { 'if-none-match': 'W/"1"' } });
    expect(unchanged.status).toBe(304);
    expect(unchanged.text).toBe('');
    expect((await api.send('GET', `/Patient/${id}`, { headers: { 'if-none-match': 'W/"2"' } })).status).toBe(200);
  });

  it('answers 304 to If-Modified-Since with the last change or later', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const since = (await api.send('GET', `/Patient/${id}`)).headers['last-modified']!;
    expect((await api.send('GET', `/Patient/${id}`, { headers: { 'if-modified-since': since } })).status).toBe(304);
    const earlier = new Date(Date.parse(since) - 1000).toUTCString();
    expect((await api.send('GET', `/Patient/${id}`, { headers: { 'if-modified-since': earlier } })).status).toBe(200);
  });
});
