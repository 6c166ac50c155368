// https://hl7.org/fhir/R4/http.html#brules
import { describe, expect, it } from 'vitest';
import { given, openApi, stored } from '../../support/api.ts';
import { post, UUID } from './entries.ts';

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
