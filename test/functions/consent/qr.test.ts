// 電子オプトイン: a code that a facility shows and a resident's app reads; withdrawn and resumed with one call.
import type { APIGatewayProxyStructuredResultV2, Context as LambdaContext } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor } from '../../../functions/consent/actor.ts';
import { QR_MS } from '../../../functions/consent/qr.ts';
import { consentRoutes } from '../../../functions/consent/routes.ts';
import { jsonApi } from '../../../functions/middleware/json-api.ts';
import { memoryRowStore } from '../../../functions/services/row-store.ts';
import { clinic, eventOf, given, openApi, residentOf, stored } from '../../support/api.ts';
import { consent } from '../../support/consents.ts';

const doctor: Actor = {
  ...clinic,
  kind: 'staff',
  subject: 'dr-1',
  role: 'doctor',
  scopes: parseScopes('user/*.cruds'),
};
const colleague: Actor = { ...doctor, subject: 'dr-2' };

const open = async () => {
  const api = openApi();
  let caller: Actor = doctor;
  const json = jsonApi({
    services: api.services,
    authenticate: async () => caller,
    routes: consentRoutes({ ...api.services, rows: memoryRowStore() }),
  }) as (event: unknown, context: LambdaContext) => Promise<APIGatewayProxyStructuredResultV2>;
  const call = async (as: Actor, method: string, path: string, body?: unknown) => {
    caller = as;
    const event = eventOf(method, path, { body });
    event.rawPath = path;
    if (body !== undefined) event.headers['content-type'] = 'application/json';
    const answer = await json(event, {} as LambdaContext);
    const text = answer.isBase64Encoded ? Buffer.from(answer.body ?? '', 'base64').toString() : answer.body;
    return { status: answer.statusCode!, body: JSON.parse(text || '{}') };
  };
  const patient = await stored(api, given.patient());
  const observation = await stored(api, given.observation(patient.id));
  const me = residentOf(patient.id);
  const seen = async (as: Actor) => (await api.send('GET', `/Observation/${observation.id}`, { as })).status;
  const redeem = (code: string, as = me) => call(as, 'POST', '/me/consents/qr', { code, explanation: '2026-04' });
  const show = async (personal = false) =>
    (await call(doctor, 'POST', '/enrolment/consent-codes', { personal })).body.code as string;
  return { api, call, me, patient: patient.id, seen, redeem, show };
};

describe('a QR code for a consent', () => {
  it('opens the record to the facility that showed it, once', async () => {
    const { api, seen, redeem, show } = await open();
    const code = await show();
    expect(await seen(doctor)).toBe(404);

    expect((await redeem(code)).status).toBe(201);
    api.time.now += 2_000; // the other function's environment remembers for two seconds
    expect([await seen(doctor), await seen(colleague)]).toEqual([200, 200]);
    expect((await redeem(code)).status).toBe(422);
  });

  it('or to one person there', async () => {
    const { seen, redeem, show } = await open();
    expect((await redeem(await show(true))).status).toBe(201);
    expect([await seen(doctor), await seen(colleague)]).toEqual([200, 404]);
  });

  it('is good for five minutes, in this region, and as it was made', async () => {
    const { api, redeem, show } = await open();
    const code = await show();
    const changed = `${code.slice(0, -2)}${code.endsWith('AA') ? 'BB' : 'AA'}`;
    expect((await redeem(changed)).status).toBe(422);
    api.time.now += QR_MS;
    expect((await redeem(code)).status).toBe(422);
  });

  it('is shown by staff who look after people, and redeemed by residents for themselves', async () => {
    const { call, show, me } = await open();
    expect((await call({ ...doctor, role: 'admin' }, 'POST', '/enrolment/consent-codes', {})).status).toBe(403);
    expect((await call(me, 'POST', '/enrolment/consent-codes', {})).status).toBe(403);
    const code = await show();
    const body = { code, explanation: '2026-04', patient: 'somebody-else' };
    expect((await call(me, 'POST', '/me/consents/qr', body)).status).toBe(403);
    expect((await call(doctor, 'POST', '/me/consents/qr', { code, explanation: '2026-04' })).status).toBe(403);
  });
});

describe('a resident', () => {
  it('withdraws and resumes a consent, whoever has written it down', async () => {
    const { api, call, me, patient, seen } = await open();
    const { id } = await stored(api, consent(patient, { type: 'permit' })); // an oral note of the hospital
    expect(await seen(doctor)).toBe(200);

    expect((await call(me, 'POST', `/me/consents/${id}/withdrawal`)).body.status).toBe('inactive');
    api.time.now += 2_000;
    expect(await seen(doctor)).toBe(404);
    expect((await call(me, 'GET', '/me/consents')).body.consents).toMatchObject([{ id, status: 'inactive' }]);

    expect((await call(me, 'POST', `/me/consents/${id}/resumption`)).body.status).toBe('active');
    api.time.now += 2_000;
    expect(await seen(doctor)).toBe(200);
    expect((await call(residentOf('other'), 'POST', `/me/consents/${id}/withdrawal`)).status).toBe(404);
  });
});
