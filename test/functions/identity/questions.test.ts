// What people are asked, and how seldom: one question for each two people, and none that is answered or that answers itself.
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { different, link, queue } from '../../../functions/identity/desk.ts';
import { clinic } from '../../support/api.ts';
import { KANA, KANJI, openRegion, patientOf } from './given.ts';

const NUMBER = '361000000';
const phone = (value: string) => ({ telecom: [{ system: 'phone', value }] });
const HOME = '088-600-0001';
const MOBILE = '090-0000-0001';
const moved = { address: [{ postalCode: '779-0009', city: '阿南市', line: ['別町9'] }] };
const both = { telecom: [HOME, MOBILE].map((value) => ({ system: 'phone', value })) };

const given = () => {
  const region = openRegion();
  let facility = 0;
  /** Registered by one facility after the other, and decided on. */
  const comes = async (more: Record<string, unknown> = {}) => {
    facility += 1;
    const code = `${NUMBER}${facility}`;
    const id = await region.register(patientOf(code, '1', more) as Resource, { ...clinic, facility: code });
    return { id, outcome: await region.resolve(id) };
  };
  return {
    ...region,
    comes,
    open: async () => (await queue(region.services)).pairs.map(({ patients }) => patients),
  };
};
const said = { by: 'desk-1', reason: 'asked both facilities' };

describe('a record that is certain of two people who were not known to be one', () => {
  it('makes them one, and the question that was open is answered', async () => {
    const { comes, personOf, open } = given();
    const old = await comes(phone(HOME));
    const since = await comes({ ...phone(MOBILE), ...moved });
    expect(since.outcome).toBe('review');
    expect(await open()).toHaveLength(1);

    const third = await comes(both);

    expect(third.outcome).toBe('linked');
    expect(new Set(await Promise.all([old, since, third].map(({ id }) => personOf(id)))).size).toBe(1);
    expect(await open()).toEqual([]);
  });

  it('does not make one of twins whose names sound alike, whatever it shares with both', async () => {
    const { comes, personOf } = given();
    const named = (kanji: string) => ({
      name: [
        { extension: [KANJI], family: '阿波', given: [kanji] },
        { extension: [KANA], family: 'アワ', given: ['ユウ'] },
      ],
    });
    const one = await comes(named('優'));
    const other = await comes(named('悠'));
    expect(await personOf(one.id)).not.toBe(await personOf(other.id));

    await comes({ name: [{ extension: [KANA], family: 'アワ', given: ['ユウ'] }] });

    expect(await personOf(one.id)).not.toBe(await personOf(other.id));
  });
});

describe('a question', () => {
  it('is asked once for each two people, however many records they have', async () => {
    const { comes, open } = given();
    for (let records = 0; records < 3; records += 1) await comes(phone(HOME));
    expect((await comes({ ...phone(MOBILE), ...moved })).outcome).toBe('review');
    expect((await comes({ ...phone(MOBILE), ...moved })).outcome).toBe('linked');
    expect(await open()).toHaveLength(1);
  });

  it('that was answered is not asked again with other records of the same two', async () => {
    const { services, comes, open } = given();
    const one = await comes(phone(HOME));
    const other = await comes({ ...phone(MOBILE), ...moved });
    await different(services, [one.id, other.id], said);
    expect(await open()).toEqual([]);

    await comes(phone(HOME));
    const again = await comes({ ...phone(MOBILE), ...moved });

    expect(again.outcome).toBe('linked');
    expect(await open()).toEqual([]);
  });

  it('is answered with all that is open between the two', async () => {
    const { services, comes, open, resolve } = given();
    const old = await comes(phone(HOME));
    const [a, b] = [
      await comes({ ...phone('080-0000-0002'), address: [{ postalCode: '779-0010' }] }),
      await comes({ ...phone(MOBILE), ...moved }),
    ];
    // Whether the second and the third are one is open too.
    expect((await open()).length).toBeGreaterThan(1);
    await link(services, [a.id, b.id], said);

    await different(services, [old.id, a.id], said);

    expect(await open()).toEqual([]);
    expect(await resolve(b.id)).toBe('known');
    expect(await open()).toEqual([]);
  });

  it('stands beside the others about the same people, and says how many records it is about', async () => {
    const { services, comes } = given();
    const apart = (place: number) => ({
      ...phone(`080-0000-000${place}`),
      address: [{ postalCode: `779-001${place}` }],
    });
    const other = {
      name: [
        { extension: [KANJI], family: '那賀', given: ['太郎'] },
        { extension: [KANA], family: 'ナカ', given: ['タロウ'] },
      ],
      gender: 'male',
      birthDate: '1962-12-31',
    };
    const hers = [await comes(phone(HOME)), await comes(phone(HOME)), await comes(apart(1))];
    await comes({ ...other, ...apart(2) });
    await comes({ ...other, ...apart(3) });
    hers.push(await comes(apart(4)));

    const { pairs } = await queue(services);
    const ids = new Set(hers.map(({ id }) => id));
    const whose = pairs.map(({ patients }) => (patients.some((id) => ids.has(id)) ? 'hers' : 'his'));
    expect(whose.filter((one, at) => one !== whose[at - 1]).toSorted()).toEqual(['hers', 'his']);
    expect(whose.filter((one) => one === 'hers')).toHaveLength(3);
    expect(pairs.map(({ records }) => records).toSorted()).toEqual([2, 2, 3, 3]);
  });
});
