// https://hl7.org/fhir/R4/auditevent.html: read and search of the trail; nobody writes it over REST
import { describe, expect, it } from 'vitest';
import { validate } from '../../../functions/fhir/validate.ts';
import { BASE, given, hospital, openApi, privacyOfficer, residentOf, stored } from '../../support/api.ts';

const looked = async () => {
  const api = openApi();
  await stored(api, given.patient({ id: 'p1' }));
  await stored(api, given.patient({ id: 'p2' }));
  await api.send('GET', '/Patient/p1');
  return api;
};

describe('AuditEvent', () => {
  it('tells a resident who looked, and nothing of others', async () => {
    const api = await looked();
    const { status, body } = await api.send('GET', '/AuditEvent?patient=Patient/p1', { as: residentOf('p1') });
    expect(status).toBe(200);
    expect(body.entry).toHaveLength(2);
    expect(body.entry?.[0]?.resource).toMatchObject({ resourceType: 'AuditEvent', action: 'R', outcome: '0' });
    expect(validate(body.entry?.[0]?.resource, { type: 'AuditEvent' })).toEqual([]);
    expect(
      (await api.send('GET', '/Patient/p1/AuditEvent', { as: residentOf('p1') })).body.entry!.length,
    ).toBeGreaterThan(1);
    expect((await api.send('GET', '/AuditEvent?patient=p2', { as: residentOf('p1') })).body.entry ?? []).toEqual([]);
    expect((await api.send('GET', '/AuditEvent', { as: residentOf('p1') })).status).toBe(400);
  });

  it('shows all of the trail to a privacy officer, by time, in pages', async () => {
    const api = await looked();
    const found: unknown[] = [];
    let url: string | undefined = `${BASE}/AuditEvent?date=ge2026-11-22T09:00:00%2B09:00&_count=2`;
    for (let page = 0; url && page < 20; page++) {
      const { body } = await api.send('GET', url, { as: privacyOfficer });
      found.push(...(body.entry ?? []).map(({ resource }) => resource?.id));
      url = body.link?.find(({ relation }) => relation === 'next')?.url;
    }
    expect(found.length).toBeGreaterThanOrEqual(3);
    expect(new Set(found).size).toBe(found.length);
    expect((await api.send('GET', '/AuditEvent?date=lt2026-01-02', { as: privacyOfficer })).body.entry ?? []).toEqual(
      [],
    );
    expect((await api.send('GET', '/AuditEvent?date=nonsense', { as: privacyOfficer })).status).toBe(400);
  });

  it('is read by its id, by those who may', async () => {
    const api = await looked();
    const { body } = await api.send('GET', '/AuditEvent?patient=p1', { as: residentOf('p1') });
    const id = body.entry![0]!.resource!.id;
    expect((await api.send('GET', `/AuditEvent/${id}`, { as: residentOf('p1') })).body.id).toBe(id);
    expect((await api.send('GET', `/AuditEvent/${id}`, { as: residentOf('p2') })).status).toBe(404);
    expect((await api.send('GET', `/AuditEvent?_id=${id}`, { as: privacyOfficer })).body.entry).toHaveLength(1);
    expect((await api.send('GET', '/AuditEvent/nonsense', { as: privacyOfficer })).status).toBe(404);
  });

  it('is not for facilities, and not to be written by anybody', async () => {
    const api = await looked();
    expect((await api.send('GET', '/AuditEvent?patient=p1', { as: hospital })).status).toBe(403);
    expect(
      (await api.send('POST', '/AuditEvent', { body: { resourceType: 'AuditEvent' }, as: privacyOfficer })).status,
    ).toBe(405);
    expect((await api.send('DELETE', '/AuditEvent/x', { as: privacyOfficer })).status).toBe(405);
  });

  it('records that the trail itself was read', async () => {
    const api = await looked();
    api.recorded.length = 0;
    await api.send('GET', '/AuditEvent?patient=p1', { as: residentOf('p1') });
    expect(api.recorded).toMatchObject([
      { interaction: 'search-type', actorKind: 'resident', count: 2, patientKey: expect.any(String) },
    ]);
  });
});
