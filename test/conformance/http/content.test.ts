// https://hl7.org/fhir/R4/http.html#mime-type, #version-parameter, #security
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { given, openApi, stored } from '../../support/api.ts';

describe('what the client asks for', () => {
  it.each([
    [undefined, 'application/fhir+json; charset=utf-8'],
    ['*/*', 'application/fhir+json; charset=utf-8'],
    ['application/fhir+json', 'application/fhir+json; charset=utf-8'],
    ['application/json', 'application/json; charset=utf-8'],
    ['text/json', 'text/json; charset=utf-8'],
    ['application/fhir+json; fhirVersion=4.0', 'application/fhir+json; fhirVersion=4.0; charset=utf-8'],
    ['application/fhir+xml;q=0.9, application/fhir+json;q=0.8', 'application/fhir+json; charset=utf-8'],
    ['text/html, application/xhtml+xml, */*;q=0.8', 'application/fhir+json; charset=utf-8'],
  ])('answers Accept %s with %s', async (accept, type) => {
    const got = await openApi().send('GET', '/metadata', { headers: accept ? { accept } : {} });
    expect(got.status).toBe(200);
    expect(got.headers['content-type']).toBe(type);
  });

  it.each([
    'application/fhir+xml',
    'text/turtle',
    'text/html',
    'application/fhir+json; fhirVersion=3.0',
    'application/fhir+json;q=0',
  ])('answers 406 to Accept %s', async (accept) => {
    const got = await openApi().send('GET', '/metadata', { headers: { accept } });
    expect(got.status).toBe(406);
    expect(got.body.resourceType).toBe('OperationOutcome');
  });

  it.each(['json', 'application/json', 'application/fhir%2Bjson', 'application/fhir+json', 'text/json'])(
    'reads _format=%s as JSON, over whatever Accept says',
    async (format) => {
      const got = await openApi().send('GET', `/metadata?_format=${format}`, {
        headers: { accept: 'application/fhir+xml' },
      });
      expect(got.status).toBe(200);
    },
  );

  it.each(['xml', 'text/xml', 'application/fhir%2Bxml', 'ttl', 'nonsense'])(
    'answers 406 to _format=%s',
    async (format) => {
      expect((await openApi().send('GET', `/metadata?_format=${format}`)).status).toBe(406);
    },
  );

  it('writes lines and indents for _pretty=true', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const plain = await api.send('GET', `/Patient/${id}`);
    const pretty = await api.send('GET', `/Patient/${id}?_pretty=true`);
    expect(plain.text).not.toContain('\n');
    expect(pretty.text).toContain('\n  "resourceType": "Patient"');
    expect(pretty.body).toEqual(plain.body);
  });

  it('says utf-8 and answers in it', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient({ name: [{ text: '阿波 花子 𠮷' }] }));
    const got = await api.send('GET', `/Patient/${id}`);
    expect(got.headers['content-type']).toContain('charset=utf-8');
    expect(got.text).toContain('阿波 花子 𠮷');
  });

  it('packs a large answer when the client takes gzip, and no small one', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const large = await api.send('GET', '/metadata', { headers: { 'accept-encoding': 'gzip, deflate' } });
    expect(large.headers['content-encoding']).toBe('gzip');
    expect(large.body.resourceType).toBe('CapabilityStatement');
    const refused = await api.send('GET', '/metadata', { headers: { 'accept-encoding': 'gzip;q=0' } });
    expect(refused.headers['content-encoding']).toBeUndefined();
    const small = await api.send('GET', `/Patient/${id}`, { headers: { 'accept-encoding': 'gzip' } });
    expect(small.headers['content-encoding']).toBeUndefined();
  });

  it('lets no cache keep what it answers', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    expect((await api.send('GET', `/Patient/${id}`)).headers['cache-control']).toBe('no-store');
    expect((await api.send('GET', '/Patient/nobody')).headers['cache-control']).toBe('no-store');
  });

  it('gives every request a number, and the client its own back', async () => {
    const got = await openApi().send('GET', '/metadata', { headers: { 'x-request-id': 'mine-1' } });
    expect(got.headers).toMatchObject({ 'x-request-id': 'request-1', 'x-correlation-id': 'mine-1' });
    const forged = await openApi().send('GET', '/metadata', { headers: { 'x-request-id': 'a\r\nset-cookie: b' } });
    expect(forged.headers['x-correlation-id']).toBeUndefined();
  });
});

describe('what the client sends', () => {
  const body = JSON.stringify(given.patient());

  it.each([
    'application/fhir+json',
    'application/json',
    'text/json',
    'application/fhir+json; charset=UTF-8; fhirVersion=4.0',
  ])('takes Content-Type %s', async (type) => {
    expect((await openApi().send('POST', '/Patient', { body, headers: { 'content-type': type } })).status).toBe(201);
  });

  it.each([
    'application/fhir+xml',
    'text/plain',
    'application/x-www-form-urlencoded',
    '',
    'application/fhir+json; fhirVersion=5.0',
    'application/fhir+json; charset=shift_jis',
  ])('answers 415 to Content-Type %s', async (type) => {
    const got = await openApi().send('POST', '/Patient', { body, headers: { 'content-type': type } });
    expect(got.status).toBe(415);
    expect(got.body.resourceType).toBe('OperationOutcome');
  });
});

describe('addresses', () => {
  it('answers 404 for a type that R4 has not', async () => {
    const got = await openApi().send('GET', '/patient/p1');
    expect(got.status).toBe(404);
    expect(got.body.issue?.[0]?.code).toBe('not-supported');
  });

  it('has no endpoint for Parameters', async () => {
    expect((await openApi().send('POST', '/Parameters', { body: { resourceType: 'Parameters' } })).status).toBe(404);
  });

  it('answers 405 and says what is allowed', async () => {
    const got = await openApi().send('POST', '/Patient/p1', { body: given.patient() });
    expect(got.status).toBe(405);
    expect(got.headers.allow).toBe('GET, PUT, PATCH, DELETE, HEAD');
    for (const [method, path, allow] of [
      ['TRACE', '/Patient/p1', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
      ['PUT', '/AuditEvent/x', 'GET, HEAD'],
      ['POST', '/AuditEvent', 'GET, HEAD'],
      ['PATCH', '/Binary/x', 'GET, PUT, DELETE, HEAD'],
      ['DELETE', '/Patient/p1/$everything', 'GET, HEAD, POST'],
    ] as const) {
      const refused = await openApi().send(method, path);
      expect([refused.status, refused.headers.allow], `${method} ${path}`).toEqual([405, allow]);
    }
  });

  it('answers 400 to a path or a query that is not percent-encoded UTF-8', async () => {
    expect((await openApi().send('GET', '/Patient/%E0%A4%A')).status).toBe(400);
    expect((await openApi().send('GET', '/Patient?family=%FF')).status).toBe(400);
  });

  it('answers 415 to a body that is packed', async () => {
    const bytes = gzipSync(JSON.stringify(given.patient()));
    const headers = { 'content-type': 'application/fhir+json', 'content-encoding': 'gzip' };
    const got = await openApi().send('POST', '/Patient', { bytes, headers });
    expect([got.status, got.headers['accept-encoding']]).toEqual([415, 'identity']);
  });

  it('ignores a slash at the end', async () => {
    expect((await openApi().send('GET', '/metadata/')).status).toBe(200);
  });
});

describe('who asks', () => {
  it('answers 401 with WWW-Authenticate to a call without a token, and shows the CapabilityStatement to anybody', async () => {
    const api = openApi();
    const got = await api.send('GET', '/Patient/p1', { anonymous: true });
    expect(got.status).toBe(401);
    expect(got.headers['www-authenticate']).toBe('Bearer');
    expect(got.body.issue?.[0]?.code).toBe('login');
    expect((await api.send('GET', '/metadata', { anonymous: true })).status).toBe(200);
  });
});
