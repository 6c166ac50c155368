// Who a Task is for, however the reference to the Organization is written: https://hl7.org/fhir/R4/references.html#literal
import { expect, it } from 'vitest';
import { BASE, clinic, given, openApi } from '../../support/api.ts';

const OTHER = 'https://mtls.tokushima.example';

it.each(['Organization/own', `${BASE}/Organization/own`, `${OTHER}/fhir/Organization/own`])(
  'is the facility whose Organization is %s',
  async (reference) => {
    const region = {
      name: 'tokushima',
      baseUrl: BASE.replace(/\/fhir$/, ''),
      otherBaseUrls: [OTHER],
      homeCommunityId: '1.2.3',
    };
    const api = openApi({ region });
    const as = { ...clinic, organization: 'own' };
    const body = { resourceType: 'Task', status: 'requested', intent: 'order', owner: { reference } };
    const { body: sent } = await api.send('POST', '/Task', { body });

    const seen = await api.send('GET', `/Task/${sent.id}`, { as });
    const listed = await api.send('GET', `/Task?owner=${encodeURIComponent(reference)}`, { as });

    expect(seen.status).toBe(200);
    expect(seen.body.owner).toEqual({ reference: 'Organization/own' });
    expect(listed.body.entry).toHaveLength(1);
  },
);

it('is found by an absolute reference in a transaction too, whose addresses may be absolute', async () => {
  const region = {
    name: 'tokushima',
    baseUrl: BASE.replace(/\/fhir$/, ''),
    otherBaseUrls: [OTHER],
    homeCommunityId: '1.2.3',
  };
  const api = openApi({ region });
  await api.send('PUT', '/Patient/p1', { body: given.patient({ id: 'p1' }) });
  const subject = { reference: `${OTHER}/fhir/Patient/p1` };
  const entry = [
    { resource: given.observation('x', { subject }), request: { method: 'POST', url: `${OTHER}/fhir/Observation` } },
  ];

  expect((await api.send('POST', '', { body: given.bundle('transaction', entry) })).status).toBe(200);

  const chart = await api.send('GET', '/Observation?patient=p1');
  expect(chart.body.entry?.map(({ resource }) => resource?.subject)).toEqual([{ reference: 'Patient/p1' }]);
  const patch = [{ op: 'add', path: '/focus', value: [{ reference: `${OTHER}/fhir/Patient/p1` }] }];
  const headers = { 'content-type': 'application/json-patch+json' };
  const { body } = await api.send('PATCH', `/Observation/${chart.body.entry?.[0]?.resource?.id}`, {
    body: JSON.stringify(patch),
    headers,
  });
  expect(body.focus).toEqual([{ reference: 'Patient/p1' }]);
});
