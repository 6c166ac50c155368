// https://hl7.org/fhir/R4/binary.html
import { describe, expect, it } from 'vitest';
import { BASE, given, openApi, residentOf, stored } from '../../support/api.ts';

const PDF = Buffer.from([0x25, 0x50, 0x44, 0x46, 0x00, 0xff, 0x0a]);

describe('Binary in raw form', () => {
  it('takes any content and gives the same bytes back under the same type', async () => {
    const api = openApi();
    const created = await api.send('POST', '/Binary', { bytes: PDF, headers: { 'content-type': 'application/pdf' } });
    expect(created.status).toBe(201);
    const id = created.headers.location!.split('/Binary/')[1]!.split('/')[0];
    for (const headers of [{}, { accept: 'application/pdf' }, { accept: '*/*' }] as Record<string, string>[]) {
      const got = await api.send('GET', `/Binary/${id}`, { headers });
      expect(got.status).toBe(200);
      expect(got.headers['content-type']).toBe('application/pdf');
      expect(got.headers.etag).toBe('W/"1"');
      expect(got.bytes.equals(PDF)).toBe(true);
    }
  });

  it('is not sent again to whoever has it', async () => {
    const api = openApi();
    await api.send('PUT', '/Binary/b1', { bytes: PDF, headers: { 'content-type': 'application/pdf' } });
    const got = await api.send('GET', '/Binary/b1', { headers: { 'if-none-match': 'W/"1"' } });
    expect([got.status, got.text]).toEqual([304, '']);
  });

  it('lets no script of a document run under our address', async () => {
    const api = openApi();
    const { headers } = await api.send('POST', '/Binary', {
      bytes: Buffer.from('<script>'),
      headers: { 'content-type': 'text/html' },
    });
    const got = await api.send('GET', headers.location!.split('/fhir')[1]!);
    expect(got.headers).toMatchObject({ 'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff' });
  });

  it('updates under an id, makes no version of the same bytes, and keeps earlier versions', async () => {
    const api = openApi();
    const put = (text: string) =>
      api.send('PUT', '/Binary/b1', { bytes: Buffer.from(text), headers: { 'content-type': 'text/plain' } });
    expect((await put('one')).status).toBe(201);
    expect((await put('one')).headers.etag).toBe('W/"1"');
    expect((await put('two')).headers.etag).toBe('W/"2"');
    expect((await api.send('GET', '/Binary/b1')).text).toBe('two');
    expect((await api.send('GET', '/Binary/b1/_history/1')).text).toBe('one');
  });

  it('takes JSON that is no Binary as content too', async () => {
    const api = openApi();
    const text = '{"resourceType":"Patient"}';
    for (const type of ['application/json', 'application/fhir+json']) {
      const made = await api.send('POST', '/Binary', { body: text, headers: { 'content-type': type } });
      expect(made.status).toBe(201);
      const got = await api.send('GET', made.headers.location!.split('/fhir')[1]!);
      expect([got.text, got.headers['content-type']]).toEqual([text, type]);
    }
    const broken = await api.send('POST', '/Binary', { body: '{', headers: { 'content-type': 'application/json' } });
    expect(broken.status).toBe(400);
  });

  it('says whose it is, and stays so when new bytes come without the header', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    const put = (text: string, headers = {}) =>
      api.send('PUT', '/Binary/b1', {
        bytes: Buffer.from(text),
        headers: { 'content-type': 'text/plain', ...headers },
      });
    expect((await put('one', { 'x-security-context': `${BASE}/Patient/p1` })).status).toBe(201);
    expect((await put('two')).status).toBe(200);
    const got = await api.send('GET', '/Binary/b1');
    expect([got.text, got.headers['x-security-context']]).toEqual(['two', 'Patient/p1']);
    expect((await api.send('GET', '/Binary/b1', { as: residentOf('p2') })).status).toBe(404);
  });

  it.each([
    ['application/pdf, application/fhir+json;q=0.5', 'application/pdf'],
    ['application/fhir+json;q=0.1, */*', 'application/pdf'],
    ['application/fhir+xml, */*;q=0.1', 'application/pdf'],
    ['application/fhir+json, */*;q=0.1', 'application/fhir+json; charset=utf-8'],
    ['application/fhir+json, */*', 'application/fhir+json; charset=utf-8'],
  ])('is what the client wants most: %s', async (accept, type) => {
    const api = openApi();
    await api.send('PUT', '/Binary/b1', { bytes: PDF, headers: { 'content-type': 'application/pdf' } });
    expect((await api.send('GET', '/Binary/b1', { headers: { accept } })).headers['content-type']).toBe(type);
  });

  it('answers 406 where only forms of FHIR are wanted that there are not', async () => {
    const api = openApi();
    await api.send('PUT', '/Binary/b1', { bytes: PDF, headers: { 'content-type': 'application/pdf' } });
    for (const accept of ['application/fhir+xml', 'application/fhir+turtle, application/xml+fhir'])
      expect((await api.send('GET', '/Binary/b1', { headers: { accept } })).status).toBe(406);
  });

  it('answers 415 to content without a type', async () => {
    expect((await openApi().send('POST', '/Binary', { bytes: PDF })).status).toBe(415);
  });
});

describe('Binary as a resource', () => {
  const binary = { resourceType: 'Binary', contentType: 'application/pdf', data: PDF.toString('base64') };

  it('is answered when Accept names FHIR, with its data', async () => {
    const api = openApi();
    const created = await api.send('POST', '/Binary', { body: binary });
    expect(created.status).toBe(201);
    const got = await api.send('GET', `/Binary/${created.body.id}`, { headers: { accept: 'application/fhir+json' } });
    expect(got.body).toMatchObject(binary);
    expect(got.body).not.toHaveProperty('_data');
    expect((await api.send('GET', `/Binary/${created.body.id}`)).bytes.equals(PDF)).toBe(true);
    expect((await api.send('GET', `/Binary/${created.body.id}?_format=json`)).body).toMatchObject(binary);
  });

  it("refuses a pointer of the client's making", async () => {
    const _data = { extension: [{ url: 'urn:tsumugi:document', valueString: 'binary/3610000001/somebody-elses' }] };
    const got = await openApi().send('POST', '/Binary', {
      body: { resourceType: 'Binary', contentType: 'text/plain', _data },
    });
    expect(got.status).toBe(422);
  });

  it('belongs to the patient that its securityContext names', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    const { body } = await api.send('POST', '/Binary', {
      body: { ...binary, securityContext: { reference: 'Patient/p1' } },
    });
    expect((await api.send('GET', `/Binary/${body.id}`, { as: residentOf('p1') })).status).toBe(200);
    expect((await api.send('GET', `/Binary/${body.id}`, { as: residentOf('p2') })).status).toBe(404);
    const raw = await api.send('POST', '/Binary', {
      bytes: PDF,
      headers: { 'content-type': 'application/pdf', 'x-security-context': 'Patient/p1' },
    });
    const path = raw.headers.location!.split('/fhir')[1]!;
    expect((await api.send('GET', path, { as: residentOf('p1') })).status).toBe(200);
    expect((await api.send('GET', path, { as: residentOf('p2') })).status).toBe(404);
  });

  it('never shows where its bytes lie', async () => {
    const api = openApi();
    const { text, body } = await api.send('POST', '/Binary', { body: binary });
    expect(text).not.toContain('urn:tsumugi');
    const found = `/Binary?_id=${body.id}`;
    for (const path of [`/Binary/${body.id}/_history`, found, `${found}&_elements=data`, '/_history']) {
      const got = await api.send('GET', path);
      expect(got.body.entry).toHaveLength(1);
      expect(got.text).not.toContain('urn:tsumugi');
      // Without its bytes it is a part.
      expect(got.body.entry?.[0]?.resource?.meta?.tag).toMatchObject([{ code: 'SUBSETTED' }]);
    }
  });

  it('leaves out its bytes in a summary', async () => {
    const api = openApi();
    const { body } = await api.send('POST', '/Binary', { body: binary });
    const got = await api.send('GET', `/Binary/${body.id}?_format=json&_summary=true`);
    expect(got.body).toMatchObject({ contentType: 'application/pdf', meta: { tag: [{ code: 'SUBSETTED' }] } });
    expect(got.body).not.toHaveProperty('data');
  });

  it('is a resource with its bytes where a batch or a transaction reads it', async () => {
    const api = openApi();
    const { body } = await api.send('POST', '/Binary', { body: binary });
    for (const type of ['batch', 'transaction'] as const) {
      const request = { method: 'GET', url: `Binary/${body.id}` };
      const got = await api.send('POST', '/', { body: given.bundle(type, [{ request }]) });
      expect(got.body.entry?.[0]?.resource).toMatchObject(binary);
    }
  });

  it('goes through a transaction', async () => {
    const api = openApi();
    const { body } = await api.send('POST', '/', {
      body: given.bundle('transaction', [{ resource: binary, request: { method: 'POST', url: 'Binary' } }]),
    });
    const path = body.entry![0]!.response!.location!.split('/fhir')[1]!;
    expect((await api.send('GET', path)).bytes.equals(PDF)).toBe(true);
  });
});
