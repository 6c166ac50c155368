// Who a Task is for, however the reference to the Organization is written: https://hl7.org/fhir/R4/references.html#literal
import { expect, it } from 'vitest';
import { BASE, clinic, openApi } from '../../support/api.ts';

it.each(['Organization/own', `${BASE}/Organization/own`])(
  'is the facility whose Organization is %s',
  async (reference) => {
    const api = openApi();
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
