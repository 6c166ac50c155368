import { describe, expect, it } from 'vitest';
import { link } from '../../../functions/identity/desk.ts';
import { replacing } from '../../../functions/identity/store.ts';
import { clinic, stored } from '../../support/api.ts';
import { CLINIC, HOSPITAL, halfWidth, KANA, KANJI, openRegion, patientOf } from './given.ts';

describe('when a facility registers a Patient', () => {
  it('makes a Person of somebody whom nobody knows', async () => {
    const { register, resolve, personOf, resources } = openRegion();
    const id = await register(patientOf(HOSPITAL, '1'));
    expect(await resolve(id)).toBe('alone');
    const person = await resources.get('Person', (await personOf(id))!);
    expect(person!.resource()).toMatchObject({ active: true, link: [{ target: { reference: `Patient/${id}` } }] });
    expect(person!.facility).toBe('0000000000');
  });

  it('links at once what another machine has written in half-width kana', async () => {
    const { register, resolve, personOf, resources } = openRegion();
    const a = await register(patientOf(HOSPITAL, '1'));
    await resolve(a);
    const b = await register(halfWidth(CLINIC, '77'), clinic);
    expect(await resolve(b)).toBe('linked');
    expect(await personOf(b)).toBe(await personOf(a));
    const [head] = await resources.heads([a]);
    expect(head!.linked).toEqual([a, b]);
    const person = (await resources.get('Person', head!.person!))!.resource();
    expect(person.link).toMatchObject([{ assurance: 'level3' }, { assurance: 'level3' }]);
  });

  it('changes nothing when it is called again', async () => {
    const { register, resolve, rows, resources } = openRegion();
    const a = await register(patientOf(HOSPITAL, '1'));
    const b = await register(halfWidth(CLINIC, '77'), clinic);
    await resolve(a);
    await resolve(b);
    const before = [await rows(a, b), await resources.heads([a, b])];
    expect(await resolve(b)).toBe('known');
    expect(await resolve(a)).toBe('known');
    expect([await rows(a, b), await resources.heads([a, b])]).toEqual(before);
  });

  it('asks people about a twin whose insurance branch is missing and whose name is one kana away, and links nobody', async () => {
    const { register, resolve, personOf } = openRegion();
    const child = (family: string, given: string, kana: string) => ({
      name: [
        { extension: [KANJI], family, given: [given] },
        { extension: [KANA], family: 'アワ', given: [kana] },
      ],
    });
    const a = await register(patientOf(HOSPITAL, '1', child('阿波', '陽翔', 'ハルト')));
    const b = await register(patientOf(CLINIC, '2', child('阿波', '陽斗', 'ハルキ')), clinic);
    await resolve(a);
    expect(await resolve(b)).toBe('review');
    expect(await personOf(a)).not.toBe(await personOf(b));
  });

  it('does not make twins of one sound one person through a record that has the sound alone', async () => {
    const { register, resolve, personOf } = openRegion();
    const kana = { extension: [KANA], family: 'アワ', given: ['ユウキ'] };
    const written = (given: string) => ({ name: [{ extension: [KANJI], family: '阿波', given: [given] }, kana] });
    const a = await register(patientOf(HOSPITAL, '1', { name: [kana] }));
    expect(await resolve(a)).toBe('alone');
    const s = await register(patientOf(CLINIC, '2', written('優希')), clinic);
    expect(await resolve(s)).toBe('linked');
    const third = '3610000003';
    const b = await register(patientOf(third, '3', written('勇気')), { ...clinic, facility: third });
    expect(await resolve(b)).toBe('review');
    // Nor when one of those that are one already is decided on anew.
    for (const id of [a, s]) expect(await resolve(id)).toBe('review');
    expect(await personOf(s)).toBe(await personOf(a));
    expect(await personOf(b)).not.toBe(await personOf(a));
  });

  it('does not link two people of one name and one birth date who share nothing else', async () => {
    const { register, resolve, personOf } = openRegion();
    const a = await register(patientOf(HOSPITAL, '1'));
    const elsewhere = { telecom: [{ system: 'phone', value: '088-600-9999' }], address: [{ postalCode: '779-0009' }] };
    const b = await register(patientOf(CLINIC, '2', elsewhere), clinic);
    await resolve(a);
    expect(await resolve(b)).toBe('review');
    expect(await personOf(a)).not.toBe(await personOf(b));
  });

  it('decides again when a record is corrected', async () => {
    const { api, register, resolve, personOf } = openRegion();
    const a = await register(patientOf(HOSPITAL, '1'));
    const wrong = patientOf(CLINIC, '2', { birthDate: '1961-12-24' });
    const b = await register(wrong, clinic);
    await resolve(a);
    expect(await resolve(b)).toBe('alone');
    await stored(api, { ...patientOf(CLINIC, '2'), id: b }, { as: clinic });
    expect(await resolve(b)).toBe('linked');
    expect(await personOf(a)).toBe(await personOf(b));
  });

  it('makes one Person of six records that are decided on at the same time', async () => {
    const { register, resolve, personOf, resources } = openRegion();
    const ids = await Promise.all(
      ['1', '2', '3', '4', '5', '6'].map((number) => {
        const facility = `361000000${number}`;
        return register(patientOf(facility, number), { ...clinic, facility });
      }),
    );
    await Promise.all(ids.map(resolve));
    // Whoever was decided on first may have met nobody; the stream brings each of them again only when it changes.
    const persons = new Set(await Promise.all(ids.map(personOf)));
    expect(persons.size).toBe(1);
    const [head] = await resources.heads([ids[0]!]);
    expect([...head!.linked].sort()).toEqual([...ids].sort());
  });

  it('never joins two people who have each enrolled, by rule or by hand', async () => {
    const { register, resolve, personOf, resources, services } = openRegion();
    const a = await register(patientOf(HOSPITAL, '1'));
    await resolve(a);
    const b = await register(halfWidth(CLINIC, '77', { birthDate: '1990-10-10' }), clinic);
    await resolve(b);
    for (const id of [a, b]) {
      const person = (await resources.get('Person', (await personOf(id))!))!;
      const enrolled = { ...person.resource(), extension: [{ url: 'urn:tsumugi:enrolment' }] };
      await resources.commit([replacing(person, enrolled)], 1);
    }
    await resources.commit(
      [replacing((await resources.get('Patient', b))!, halfWidth(CLINIC, '77'), { facility: CLINIC })],
      1,
    );
    expect(await resolve(b)).toBe('review');
    await expect(link(services, [a, b], { by: 'operator-1' })).rejects.toMatchObject({ refusal: 'conflict' });
    expect(await personOf(a)).not.toBe(await personOf(b));
  });

  it('writes an audit record of each link, with nobody’s name in it', async () => {
    const { api, register, resolve, resources } = openRegion();
    const a = await register(patientOf(HOSPITAL, '1'));
    const b = await register(halfWidth(CLINIC, '77'), clinic);
    await resolve(a);
    await resolve(b);
    const links = api.recorded.filter(({ interaction }) => interaction === 'identity-link');
    expect(new Set(links.map(({ patientKey }) => patientKey))).toEqual(
      new Set([resources.patientKey(a), resources.patientKey(b)]),
    );
    expect(JSON.stringify(links)).not.toMatch(/阿波|アワ|1951-/);
  });
});
