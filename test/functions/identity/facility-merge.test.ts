// What a facility says of its own records, by HL7 v2 A40 or over FHIR: two numbers are one patient's, or a record is none any more.
import { describe, expect, it } from 'vitest';
import { link } from '../../../functions/identity/desk.ts';
import { pairId } from '../../../functions/identity/pairs.ts';
import { clinic, given, stored } from '../../support/api.ts';
import { CLINIC, HOSPITAL, halfWidth, openDesk, openRegion, operator, patientOf } from './given.ts';

/** Too unlike to be found by rule: a slip of the clerk made a second number. */
const { telecom: _telecom, address: _address, ...slip } = patientOf(HOSPITAL, '2', { birthDate: '1961-12-24' });
const replacedBy = (kept: string) => ({
  active: false,
  link: [{ other: { reference: `Patient/${kept}` }, type: 'replaced-by' }],
});

describe('when a facility marks a record as replaced by another of its own', () => {
  const merged = async (region = openRegion()) => {
    const { api, register, resolve } = region;
    const kept = await register(patientOf(HOSPITAL, '1'));
    const replaced = await register(slip);
    await resolve(kept);
    await resolve(replaced);
    await stored(api, { ...slip, ...replacedBy(kept), id: replaced });
    return { ...region, kept, replaced };
  };

  it('both are of one person, once, and the trail says so', async () => {
    const { kept, replaced, resolve, personOf, api } = await merged();
    expect(await personOf(kept)).not.toBe(await personOf(replaced));
    expect(await resolve(replaced)).toBe('linked');
    expect(await personOf(kept)).toBe(await personOf(replaced));
    expect(await resolve(replaced)).toBe('known');
    const links = api.recorded.filter(({ interaction }) => interaction === 'identity-link');
    expect(links.map(({ entities }) => entities)).toEqual([
      [`Patient/${replaced}`, `Patient/${kept}`],
      [`Patient/${replaced}`, `Patient/${kept}`],
    ]);
  });

  it('the desk takes it back byte for byte, and it stays so', async () => {
    const desk = openDesk();
    const { kept, replaced, resolve, personOf, rows, call } = { ...(await merged(desk)), call: desk.call };
    const before = await rows(kept, replaced);
    await resolve(replaced);
    const { body } = await call(operator, 'GET', `/identity/patients/${kept}/person`);
    expect(body.records).toHaveLength(2);
    const undone = await call(operator, 'POST', `/identity/pairs/${pairId(desk.resources, kept, replaced)}/unlink`, {
      reason: 'two people after all',
    });
    expect(undone.status).toBe(200);
    expect(await rows(kept, replaced)).toEqual(before);
    await resolve(replaced);
    expect(await personOf(kept)).not.toBe(await personOf(replaced));
  });

  it('people are asked where other facilities know the replaced record: one facility’s word does not join their patients', async () => {
    const region = openRegion();
    const { api, register, resolve, personOf, services, resources } = region;
    const kept = await register(patientOf(HOSPITAL, '1'));
    const replaced = await register(slip);
    const elsewhere = await register(halfWidth(CLINIC, '9', { birthDate: '1961-12-24' }), clinic);
    for (const id of [kept, replaced, elsewhere]) await resolve(id);
    await link(services, [replaced, elsewhere], { by: 'operator-1', reason: 'papers' });
    await stored(api, { ...slip, ...replacedBy(kept), id: replaced });

    expect(await resolve(replaced)).toBe('review');

    expect(await personOf(kept)).not.toBe(await personOf(replaced));
    const { rows } = await resources.lookup({ bucket: 'work', key: 'Linkage.identity-review' });
    expect(rows).toHaveLength(1);
    expect(await resolve(replaced)).toBe('review');
  });

  it('a record of another facility is not merged by it', async () => {
    const { api, register, resolve, personOf } = openRegion();
    const theirs = await register(patientOf(CLINIC, '1'), clinic);
    const own = await register(slip);
    await resolve(theirs);
    await stored(api, { ...slip, ...replacedBy(theirs), id: own });
    expect(await resolve(own)).toBe('alone');
    expect(await personOf(own)).not.toBe(await personOf(theirs));
  });
});

describe('when a facility deletes a Patient', () => {
  const linked = async () => {
    const region = openRegion();
    const { register, resolve } = region;
    const a = await register(patientOf(HOSPITAL, '1'));
    await resolve(a);
    const b = await register(halfWidth(CLINIC, '77'), clinic);
    expect(await resolve(b)).toBe('linked');
    return { ...region, a, b };
  };

  it('an empty record leaves its person, so that its id may come to be another’s', async () => {
    const { api, a, b, resolve, personOf, resources } = await linked();
    await api.send('DELETE', `/Patient/${b}`, { as: clinic });
    expect(await resolve(b)).toBe('gone');
    expect((await resources.heads([a]))[0]!.linked).toEqual([a]);
    expect(await resolve(b)).toBe('gone');

    await stored(api, { ...slip, id: b }, { as: clinic });
    expect(await resolve(b)).toBe('alone');
    expect(await personOf(b)).not.toBe(await personOf(a));
    expect((await resources.heads([b]))[0]!.linked).toEqual([b]);
  });

  it('what still holds a chart stays with its person', async () => {
    const { api, a, b, resolve, resources } = await linked();
    await stored(api, given.observation(b), { as: clinic });
    // Alone it would be refused; a transaction is not asked what it leaves behind.
    const entry = [{ request: { method: 'DELETE', url: `Patient/${b}` } }];
    await api.send('POST', '', { as: clinic, body: given.bundle('transaction', entry) });
    expect(await resolve(b)).toBe('gone');
    expect((await resources.heads([a]))[0]!.linked).toEqual([a, b]);
  });

  it('the same record that comes back is found again', async () => {
    const { api, a, b, resolve, personOf } = await linked();
    await api.send('DELETE', `/Patient/${b}`, { as: clinic });
    await resolve(b);
    await stored(api, { ...halfWidth(CLINIC, '77'), id: b }, { as: clinic });
    expect(await resolve(b)).toBe('linked');
    expect(await personOf(b)).toBe(await personOf(a));
  });
});
