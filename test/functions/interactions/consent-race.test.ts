// Consent that changes while it is made use of, and who writes what was addressed to them.
import { afterAll, describe, expect, it } from 'vitest';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor } from '../../../functions/consent/actor.ts';
import { clinic, given, hospital, openApi, residentOf, stored } from '../../support/api.ts';
import { BOTH_STORES } from '../../support/both-stores.ts';
import { consent, facilityActor } from '../../support/consents.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';

afterAll(stopDynamoDb);

const open = () => {
  const { region } = openApi().services;
  return openApi({ region: { ...region, consentDefault: 'implicit' } });
};

describe('a withdrawal', () => {
  it.each([
    (patient: string) => `/Observation?patient=${patient}&_count=2`,
    (patient: string) => `/Observation?patient=${patient}&_count=2&_sort=-date`,
    (patient: string) => `/Patient/${patient}/$everything?_count=2`,
    (patient: string) => `/Observation?_count=2&_sort=-date&patient=${patient}&_total=accurate`,
  ])('during a paged search hides the rest at once (%#)', async (url) => {
    const api = open();
    const { id } = await stored(api, given.patient());
    for (let at = 1; at < 6; at++) await stored(api, given.observation(id, { effectiveDateTime: `2026-10-0${at}` }));
    const first = await api.send('GET', url(id), { as: clinic });
    expect(first.body.entry).toHaveLength(2);

    await stored(api, consent(id, { type: 'deny' }), { as: residentOf(id) });

    const next = first.body.link!.find(({ relation }) => relation === 'next')!.url;
    const { status, body, text } = await api.send('GET', next, { as: clinic });
    expect(body.entry ?? []).toEqual([]);
    expect(body.total ?? 0).toBeLessThanOrEqual(2); // what the first page has shown, and no more
    expect(text).not.toContain('718-7');
    expect([200, 404]).toContain(status);
  });

  it.each(BOTH_STORES)('and permits at the same time, in %s: none is lost, whichever is later', async (_, openOn) => {
    const api = await openOn();
    for (let round = 0; round < 4; round++) {
      const { id } = await stored(api, given.patient());
      const { id: observation } = await stored(api, given.observation(id));
      const writes = [
        consent(id, { type: 'deny', actor: [facilityActor(clinic.facility!)] }),
        consent(id, { type: 'permit' }),
        consent(id, { type: 'permit', actor: [facilityActor('3610000009')] }),
      ].map((body, at) => api.send('POST', '/Consent', { body, as: at === 0 ? residentOf(id) : hospital }));
      await Promise.all(writes);

      const [head] = await api.services.resources.heads([id]);
      const { items } = await api.services.resources.scan({ patient: id, type: 'Consent' });
      expect(JSON.parse(head!.policy!).rules).toHaveLength(items.length);
      expect((await api.send('GET', `/Observation/${observation}`, { as: clinic })).status).toBe(404);
    }
  });
});

it.each(BOTH_STORES)('ten consents of one batch, in %s: all are in force', async (_, openOn) => {
  const api = await openOn();
  const { id } = await stored(api, given.patient());
  const entry = Array.from({ length: 10 }, (_unused, at) => ({
    resource: consent(id, { type: 'permit', actor: [facilityActor(String(3610001000 + at))] }),
    request: { method: 'POST', url: 'Consent' },
  }));
  const { body } = await api.send('POST', '', { body: given.bundle('batch', entry) });
  expect(body.entry!.map(({ response }) => response!.status)).toEqual(entry.map(() => '201'));
  const [head] = await api.services.resources.heads([id]);
  expect(JSON.parse(head!.policy!).rules).toHaveLength(10);
});

describe('who a Task is addressed to', () => {
  const owner = { identifier: { value: clinic.facility } };
  const own = () => openApi(); // nothing is shared by itself
  const task = (patient: string) => ({
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    for: { reference: `Patient/${patient}` },
    owner,
  });
  const nobody: Actor = { ...clinic, facility: '3610000077' };

  it('reads it and answers with the elements that the table lists, and nothing else', async () => {
    const api = own();
    const { id } = await stored(api, given.patient());
    const sent = await stored(api, task(id));
    const url = `/Task/${sent.id}`;

    expect((await api.send('GET', url, { as: clinic })).status).toBe(200);
    expect((await api.send('GET', url, { as: nobody })).status).toBe(404);
    const { body: before } = await api.send('GET', url, { as: clinic });
    const accepted = { ...before, status: 'accepted', note: [{ text: 'Tuesday' }] };
    expect((await api.send('PUT', url, { body: accepted, as: clinic })).status).toBe(200);
    const more = await api.send('PUT', url, {
      body: { ...accepted, description: 'mine', meta: undefined },
      as: clinic,
    });
    expect([more.status, more.body.issue!.flatMap(({ expression }) => expression)]).toEqual([
      403,
      ['Task.description'],
    ]);
    const patch = JSON.stringify([{ op: 'replace', path: '/status', value: 'in-progress' }]);
    const headers = { 'content-type': 'application/json-patch+json' };
    expect((await api.send('PATCH', url, { body: patch, headers, as: clinic })).status).toBe(200);
    expect((await api.send('DELETE', url, { as: clinic })).status).toBe(403);
    expect((await api.send('PUT', url, { body: accepted, as: nobody })).status).toBe(403);

    const { body } = await api.send('GET', url);
    expect(body).toMatchObject({ status: 'in-progress', note: [{ text: 'Tuesday' }], meta: { versionId: '3' } });
    expect((await api.services.resources.get('Task', sent.id))!.facility).toBe(hospital.facility);
  });

  it('is the facility whose Organization it names, by whatever id that has', async () => {
    const api = own();
    const { id } = await stored(api, given.patient());
    const sent = await stored(api, { ...task(id), owner: { reference: 'Organization/demo-clinic' } });
    const as: Actor = { ...clinic, organization: 'demo-clinic' };

    const accepted = { ...sent, status: 'accepted' };
    expect((await api.send('PUT', `/Task/${sent.id}`, { body: accepted, as })).status).toBe(200);
    expect((await api.send('GET', `/Task/${sent.id}`, { as: clinic })).status).toBe(404);
  });

  it('only as far as the role may write it', async () => {
    const api = own();
    const { id } = await stored(api, given.patient());
    const sent = await stored(api, task(id));
    const as: Actor = { ...clinic, kind: 'staff', role: 'municipal', scopes: parseScopes('user/*.cruds') };
    expect((await api.send('PUT', `/Task/${sent.id}`, { body: { ...sent, status: 'accepted' }, as })).status).toBe(403);
  });

  it('changes the status of an appointment, and not who takes part', async () => {
    const api = own();
    const { id } = await stored(api, given.patient());
    const sent = await stored(api, {
      resourceType: 'Appointment',
      status: 'proposed',
      start: '2026-12-01T10:00:00+09:00',
      end: '2026-12-01T10:30:00+09:00',
      participant: [
        { actor: { reference: `Patient/${id}` }, status: 'accepted' },
        { actor: owner, status: 'needs-action' },
      ],
    });
    const url = `/Appointment/${sent.id}`;
    const [first, second] = sent.participant as object[];
    const accepted = { ...sent, status: 'pending', participant: [first, { ...second, status: 'accepted' }] };
    expect((await api.send('PUT', url, { body: accepted, as: clinic })).status).toBe(200);
    const extra = {
      ...accepted,
      participant: [...accepted.participant, { actor: { display: 'x' }, status: 'accepted' }],
    };
    const refused = await api.send('PUT', url, { body: extra, as: clinic });
    expect([refused.status, refused.body.issue![0]!.expression]).toEqual([403, ['Appointment.participant']]);
  });
});
