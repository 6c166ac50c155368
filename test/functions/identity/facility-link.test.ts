// A facility has one patient under two numbers that both go on: HL7 v2 A24, `Patient.link` of type `seealso`; A37 takes it back.
import { describe, expect, it } from 'vitest';
import { link, unlink } from '../../../functions/identity/desk.ts';
import { pairId } from '../../../functions/identity/pairs.ts';
import { clinic, stored } from '../../support/api.ts';
import { CLINIC, HOSPITAL, halfWidth, openRegion, patientOf } from './given.ts';

/** Too unlike to be found by rule. */
const { telecom: _telecom, address: _address, ...other } = patientOf(HOSPITAL, '2', { birthDate: '1961-12-24' });
const seeAlso = (id: string) => ({ link: [{ other: { reference: `Patient/${id}` }, type: 'seealso' }] });

const two = async () => {
  const region = openRegion();
  const { api, register, resolve, personOf } = region;
  const a = await register(patientOf(HOSPITAL, '1'));
  const b = await register(other);
  await resolve(a);
  await resolve(b);
  const say = async (isLinked: boolean) => {
    await stored(api, { ...patientOf(HOSPITAL, '1'), ...(isLinked && seeAlso(b)), id: a });
    const first = await resolve(a);
    await stored(api, { ...other, ...(isLinked && seeAlso(a)), id: b });
    return [first, await resolve(b)];
  };
  const isOne = async () => (await personOf(a)) === (await personOf(b));
  return { ...region, a, b, say, isOne };
};

describe('when a facility links two of its own records', () => {
  it('both are of one person, once, and the trail says so', async () => {
    const { say, isOne, api } = await two();
    expect(await isOne()).toBe(false);
    expect(await say(true)).toEqual(['linked', 'known']);
    expect(await isOne()).toBe(true);
    expect(api.recorded.filter(({ interaction }) => interaction === 'identity-link')).toHaveLength(2);
  });

  it('unlinking gives both sides back byte for byte, however often it says so', async () => {
    const { say, isOne, rows, a, b, api, resources } = await two();
    await say(false);
    const before = await rows(a, b);
    for (let times = 0; times < 2; times += 1) {
      expect(await say(true)).toEqual(['linked', 'known']);
      expect((await say(false)).at(-1)).toBe('alone');
      expect(await isOne()).toBe(false);
      expect((await rows(a, b)).persons).toEqual(before.persons);
      expect((await rows(a, b)).heads).toEqual(before.heads);
    }
    const parted = api.recorded.filter(({ interaction }) => interaction === 'identity-unlink');
    expect(new Set(parted.map(({ patientKey }) => patientKey))).toEqual(
      new Set([a, b].map((id) => resources.patientKey(id))),
    );
  });

  it('its word does not join another facility’s patient, nor part what the desk has linked', async () => {
    const { register, resolve, personOf, api, services, say, isOne, a, b } = await two();
    const theirs = await register(patientOf(CLINIC, '9', { birthDate: '1980-01-01' }), clinic);
    await resolve(theirs);
    await stored(api, { ...other, ...seeAlso(theirs), id: b });
    await resolve(b);
    expect(await personOf(b)).not.toBe(await personOf(theirs));
    await link(services, [a, b], { by: 'operator-1', reason: 'papers' });
    await say(true);
    await say(false);
    expect(await isOne()).toBe(true);
  });

  it('what the desk has parted stays apart', async () => {
    const { say, isOne, services, resources, resolve, a, b } = await two();
    await say(true);
    await unlink(services, pairId(resources, a, b), { by: 'operator-1', reason: 'two people after all' });
    await resolve(a);
    expect(await isOne()).toBe(false);
  });

  it('people are asked where others know the record that comes', async () => {
    const { register, resolve, services, isOne, api, a, b } = await two();
    const elsewhere = await register(halfWidth(CLINIC, '9', { birthDate: '1975-03-03' }), clinic);
    await resolve(elsewhere);
    await link(services, [a, elsewhere], { by: 'operator-1', reason: 'papers' });
    await stored(api, { ...patientOf(HOSPITAL, '1'), ...seeAlso(b), id: a });
    expect(await resolve(a)).toBe('review');
    expect(await isOne()).toBe(false);
  });

  it('what was linked since stays with the person that it was linked to', async () => {
    const { register, resolve, services, say, isOne, personOf, a } = await two();
    await say(true);
    const elsewhere = await register(halfWidth(CLINIC, '9', { birthDate: '1975-03-03' }), clinic);
    await resolve(elsewhere);
    const survivor = await personOf(a);
    await link(services, [a, elsewhere], { by: 'operator-1', reason: 'papers' });
    await say(false);
    expect(await isOne()).toBe(false);
    expect(await personOf(elsewhere)).toBe(survivor);
  });
});
