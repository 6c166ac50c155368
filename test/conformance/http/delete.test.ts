// https://hl7.org/fhir/R4/http.html#delete
import { describe, expect, it } from 'vitest';
import { clinic, given, openApi, stored } from '../../support/api.ts';

describe('delete', () => {
  it('answers 204, or 200 with an OperationOutcome when it is asked for', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    await stored(api, given.patient({ id: 'p2' }));
    const got = await api.send('DELETE', '/Patient/p1');
    expect([got.status, got.text]).toEqual([204, '']);
    const other = await api.send('DELETE', '/Patient/p2', { headers: { prefer: 'return=OperationOutcome' } });
    expect([other.status, other.body.resourceType]).toEqual([200, 'OperationOutcome']);
  });

  it('is idempotent: deleting again, or what never was, succeeds', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    await api.send('DELETE', '/Patient/p1');
    expect((await api.send('DELETE', '/Patient/p1')).status).toBe(204);
    expect((await api.send('GET', '/Patient/p1/_history')).body.entry).toHaveLength(2);
    expect((await api.send('DELETE', '/Patient/nobody')).status).toBe(204);
  });

  it('keeps the earlier versions', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    await api.send('DELETE', '/Patient/p1');
    expect((await api.send('GET', '/Patient/p1/_history/1')).status).toBe(200);
  });

  it('is not found by a search any more', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    const { id } = await stored(api, given.observation('p1'));
    await api.send('DELETE', `/Observation/${id}`);
    expect((await api.send('GET', '/Observation?patient=p1')).body.entry ?? []).toEqual([]);
  });

  it('honours If-Match', async () => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    expect((await api.send('DELETE', '/Patient/p1', { headers: { 'if-match': 'W/"2"' } })).status).toBe(412);
    expect((await api.send('DELETE', '/Patient/p1', { headers: { 'if-match': 'W/"1"' } })).status).toBe(204);
  });

  it("refuses to delete another facility's resource", async () => {
    const region = { name: 'tokushima', baseUrl: '', homeCommunityId: '1.2.3', consentDefault: 'implicit' } as const;
    const api = openApi({ region }); // so that the clinic may know of it; otherwise: test/security/existence.test.ts
    await stored(api, given.patient({ id: 'p1' }));
    expect((await api.send('DELETE', '/Patient/p1', { as: clinic })).status).toBe(403);
  });
});

describe('conditional delete', () => {
  it('deletes one match, answers 204 to none and 412 to several', async () => {
    const api = openApi();
    const url = '/Patient?identifier=P-1';
    expect((await api.send('DELETE', url)).status).toBe(204);
    const { id } = await stored(api, given.patient());
    expect((await api.send('DELETE', url)).status).toBe(204);
    expect((await api.send('GET', `/Patient/${id}`)).status).toBe(410);
    await stored(api, given.patient());
    await stored(api, given.patient());
    expect((await api.send('DELETE', url)).status).toBe(412);
  });

  it('deletes nothing without criteria, or with criteria that it does not know', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    expect((await api.send('DELETE', '/Patient')).status).toBe(412);
    expect((await api.send('DELETE', '/Patient?nonsense=1')).status).toBe(400);
    expect((await api.send('GET', `/Patient/${id}`)).status).toBe(200);
  });
});

describe('a Patient whom other records of its facility name', () => {
  it('is not deleted before they are: 409', async () => {
    const api = openApi();
    const patient = await stored(api, given.patient());
    const observation = await stored(api, given.observation(patient.id));
    const refused = await api.send('DELETE', `/Patient/${patient.id}`);
    expect([refused.status, refused.body.issue?.[0]?.code]).toEqual([409, 'conflict']);
    expect((await api.send('GET', `/Patient/${patient.id}`)).status).toBe(200);
    await api.send('DELETE', `/Observation/${observation.id}`);
    expect((await api.send('DELETE', `/Patient/${patient.id}`)).status).toBe(204);
  });

  it('goes with them in one transaction', async () => {
    const api = openApi();
    const patient = await stored(api, given.patient());
    const observation = await stored(api, given.observation(patient.id));
    const entry = [`Patient/${patient.id}`, `Observation/${observation.id}`].map((url) => ({
      request: { method: 'DELETE', url },
    }));
    expect((await api.send('POST', '', { body: given.bundle('transaction', entry) })).status).toBe(200);
    expect((await api.send('GET', `/Patient/${patient.id}`)).status).toBe(410);
  });

  it('is deleted where only others name her: they are not asked, nor told of', async () => {
    const api = openApi();
    const patient = await stored(api, given.patient());
    const theirs = await api.send('POST', '/Observation', { as: clinic, body: given.observation(patient.id) });
    expect(theirs.status).toBe(201);
    expect((await api.send('DELETE', `/Patient/${patient.id}`)).status).toBe(204);
  });
});
