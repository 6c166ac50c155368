import { describe, expect, it } from 'vitest';
import { clinic, given, hospital, residentOf } from '../../support/api.ts';
import { HOSPITAL, openDesk, patientOf } from './given.ts';

const paired = async () => {
  const desk = openDesk();
  const own = await desk.register(patientOf(HOSPITAL, '1'));
  await desk.resolve(own);
  const resident = residentOf(own);
  const { body: offered } = await desk.call(resident, 'POST', '/me/pairings', { label: 'a diary of blood pressure' });
  const redeemed = await desk.call(clinic, 'POST', '/identity/pairing', { code: offered.code });
  return { ...desk, own, resident, code: offered.code as string, redeemed };
};

describe('pairing by one-time code', () => {
  it('gives the system a pseudonym, and neither name nor birth date', async () => {
    const { redeemed } = await paired();
    expect(redeemed.status).toBe(201);
    expect(Object.keys(redeemed.body).sort()).toEqual(['system', 'value']);
    expect(redeemed.body.value).toMatch(/^[0-9a-f]{32}$/);
  });

  it('lets the system write under the pseudonym, into a record that is linked to the person', async () => {
    const { api, redeemed, resources, own } = await paired();
    const { system, value } = redeemed.body;
    const written = await api.send('POST', '', {
      as: clinic,
      body: given.bundle('transaction', [
        {
          resource: { ...given.observation('x'), subject: { reference: `Patient?identifier=${system}|${value}` } },
          request: { method: 'POST', url: 'Observation' },
        },
      ]),
    });
    expect(written.status, written.text).toBe(200);
    const [head] = await resources.heads([own]);
    expect(head!.linked).toHaveLength(2);
    const record = head!.linked.find((id) => id !== own)!;
    const patient = (await resources.get('Patient', record))!;
    expect(patient.facility).toBe(clinic.facility);
    expect(patient.text()).not.toMatch(/name|birthDate|阿波/);
    const { items } = await resources.scan({ patient: record, type: 'Observation' });
    expect(items).toHaveLength(1);
  });

  it('takes a code once, also from two who come at once', async () => {
    const { call, code } = await paired();
    expect((await call(clinic, 'POST', '/identity/pairing', { code })).status).toBe(404);
    const desk = openDesk();
    const own = await desk.register(patientOf(HOSPITAL, '1'));
    const { body } = await desk.call(residentOf(own), 'POST', '/me/pairings', { label: 'x' });
    const answers = await Promise.all(
      [clinic, hospital].map((as) => desk.call(as, 'POST', '/identity/pairing', { code: body.code })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 404]);
  });

  it.each([1, 2])('a code is as good as before when commit %i of redeeming it fails', async (failing) => {
    const { call, register, resolve, resources } = openDesk();
    const own = await register(patientOf(HOSPITAL, '1'));
    await resolve(own);
    const { body } = await call(residentOf(own), 'POST', '/me/pairings', { label: 'x' });
    const { commit } = resources;
    let commits = 0;
    Object.assign(resources, {
      commit: async (...given: Parameters<typeof commit>) => {
        commits += 1;
        if (commits === failing) throw new Error('the connection was lost');
        return commit(...given);
      },
    });

    const first = await call(clinic, 'POST', '/identity/pairing', { code: body.code });
    Object.assign(resources, { commit });
    const again = first.status === 201 ? first : await call(clinic, 'POST', '/identity/pairing', { code: body.code });

    expect(again.status).toBe(201);
    expect((await resources.heads([own]))[0]!.linked).toHaveLength(2);
  });

  it('forgets a code after ten minutes, and knows no other', async () => {
    const { call, register, api } = openDesk();
    const own = await register(patientOf(HOSPITAL, '1'));
    const { body } = await call(residentOf(own), 'POST', '/me/pairings', { label: 'x' });
    api.time.now += 11 * 60_000;
    expect((await call(clinic, 'POST', '/identity/pairing', { code: body.code })).status).toBe(404);
    expect((await call(clinic, 'POST', '/identity/pairing', { code: '0000-0000-0000' })).status).toBe(404);
  });

  it('is offered for the own record only', async () => {
    const { call, register } = openDesk();
    const own = await register(patientOf(HOSPITAL, '1'));
    expect((await call(residentOf(own), 'POST', '/me/pairings', { label: 'x', patient: 'other' })).status).toBe(404);
    expect((await call(hospital, 'POST', '/me/pairings', { label: 'x' })).status).toBe(403);
  });

  it('is ended by the resident: the record leaves the person, and the pseudonym finds nobody', async () => {
    const { api, call, resident, redeemed, resources, own } = await paired();
    const { body: list } = await call(resident, 'GET', '/me/pairings');
    expect(list.pairings).toMatchObject([
      { label: 'a diary of blood pressure', facility: clinic.facility, active: true },
    ]);
    const id = list.pairings[0].patient as string;
    expect((await call(residentOf('somebody'), 'DELETE', `/me/pairings/${id}`)).status).toBe(404);
    expect((await call(resident, 'DELETE', `/me/pairings/${id}`)).status).toBe(204);
    const [head] = await resources.heads([own]);
    expect(head!.linked).toEqual([own]);
    const { system, value } = redeemed.body;
    const written = await api.send('POST', '', {
      as: clinic,
      body: given.bundle('transaction', [
        {
          resource: { ...given.observation('x'), subject: { reference: `Patient?identifier=${system}|${value}` } },
          request: { method: 'POST', url: 'Observation' },
        },
      ]),
    });
    expect(written.status).toBeGreaterThanOrEqual(400);
  });
});
