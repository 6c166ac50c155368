// Progress against the 5 % and 10 % lines, by municipality and age: domain.md 1.2 (M1), 534 (K3).
import { beforeEach, describe, expect, it } from 'vitest';
import { administrator, evidence, form, municipal, openRegion, operator } from './given.ts';

let region: ReturnType<typeof openRegion>;
beforeEach(() => {
  region = openRegion();
});

let number = 0;
const somebody = (birthDate: string, municipality: string) => {
  number += 1;
  const given = [...String(number)].map((digit) => 'カキクケコサシスセソ'[Number(digit)]).join('');
  return form({
    name: { kanji: { family: '架空', given }, kana: { family: 'カクウ', given } },
    birthDate,
    address: { postcode: '770-0000', text: '架空', municipality },
    insurance: undefined,
  });
};

const population = { name: '架空市', asOf: '2026-10-01' };
const bands = { '0-17': 20, '18-39': 30, '40-64': 40, '65-74': 50, '75+': 60 };
const settle = (code: string) =>
  region.call(administrator, 'PUT', `/enrolment/population/${code}`, { ...population, bands });
const seen = (as: typeof operator) => region.call(as, 'GET', '/enrolment/progress').then(({ body }) => body);

describe('progress', () => {
  it('is the count by hand, per municipality and age band, with the lines that are reached', async () => {
    await settle('36201');
    await settle('36202');
    for (let at = 0; at < 12; at += 1) await region.joined(somebody('1950-06-01', '362018'));
    for (let at = 0; at < 3; at += 1) await region.joined(somebody('2015-06-01', '362018'));
    await region.joined(somebody('1980-12-01', '362026'));

    const body = await seen(operator);
    expect(body.region).toMatchObject({ enrolled: 16, population: 400, percent: 4, reached: [] });
    expect(body.municipalities[0]).toMatchObject({ municipality: '36201', enrolled: 15, percent: 7.5, reached: [5] });
    expect(body.municipalities[0].bands).toMatchObject([
      { band: '0-17', enrolled: 3, percent: 15 },
      { enrolled: 0 },
      { enrolled: 0 },
      { enrolled: 0 },
      { band: '75+', enrolled: 12, percent: 20 },
    ]);
    expect(body.municipalities[1].bands[2]).toMatchObject({ band: '40-64', enrolled: 1 });
  });

  it('counts who lives where nobody has entered a population, and takes shares of the others', async () => {
    await settle('36201');
    for (let at = 0; at < 12; at += 1) await region.joined(somebody('1950-06-01', '36201'));
    await region.joined(somebody('1950-06-01', '13101'));

    const { region: all, municipalities } = await seen(operator);
    expect(all).toMatchObject({ enrolled: 13, population: 200, percent: 6, reached: [5] });
    expect(municipalities).toMatchObject([
      { municipality: '13101', name: '13101', enrolled: 1, population: null, percent: null, reached: [] },
      { municipality: '36201', enrolled: 12, percent: 6 },
    ]);
    // Others do not learn from the sum that there is one elsewhere.
    expect((await seen(municipal)).region).toMatchObject({ enrolled: 12, percent: 6 });
    expect((await seen(municipal)).municipalities[0]).toMatchObject({ municipality: '13101', enrolled: null });
  });

  it('counts before anybody has entered a population', async () => {
    for (let at = 0; at < 11; at += 1) await region.joined(somebody('1950-06-01', '36201'));
    expect((await seen(municipal)).region).toEqual({ enrolled: 11, population: null, percent: null, reached: [] });
  });

  it('shows no cell below ten to others than the operator, nor one that leads to it', async () => {
    await settle('36201');
    for (let at = 0; at < 12; at += 1) await region.joined(somebody('1950-06-01', '36201'));
    for (let at = 0; at < 3; at += 1) await region.joined(somebody('2015-06-01', '36201'));
    const [one] = (await seen(municipal)).municipalities;
    expect(one.enrolled).toBe(15);
    expect(one.bands[0]).toMatchObject({ enrolled: null, percent: null });
    expect(one.bands[4]).toMatchObject({ enrolled: null, percent: null });
  });

  describe('to others than the operator, of places with a population and places without', () => {
    const live = async (counts: Record<string, number>) => {
      for (const [municipality, of] of Object.entries(counts))
        for (let at = 0; at < of; at += 1) await region.joined(somebody('1950-06-01', municipality));
    };
    const shown = async () => {
      const { region: all, municipalities } = await seen(municipal);
      const list = municipalities as { municipality: string; enrolled: number | null }[];
      return { all, of: Object.fromEntries(list.map((one) => [one.municipality, one.enrolled])) };
    };

    it('shows nothing from which the one below ten follows by the sum of those with a population', async () => {
      await settle('36201');
      await settle('36202');
      await live({ '36201': 7, '36202': 20, '13101': 3 });
      const { all, of } = await shown();
      expect(all).toMatchObject({ enrolled: 27 });
      expect(of).toEqual({ '36201': null, '36202': null, '13101': null });
    });

    it('shows no share of a count below ten beside a sum that is not', async () => {
      await settle('36201');
      await live({ '36201': 7, '13101': 12 });
      const { all, of } = await shown();
      expect(all).toMatchObject({ enrolled: 19, percent: null, reached: [] });
      expect(of).toEqual({ '36201': null, '13101': null });
    });

    it('shows nothing from which the one below ten follows by the sum and the share together', async () => {
      await settle('36201');
      await settle('36202');
      await live({ '36201': 10, '36202': 11, '13101': 3, '13102': 12 });
      const { all, of } = await shown();
      // 21 of 400 and 15 elsewhere: both sums can be told from these.
      expect(all).toMatchObject({ enrolled: 36, percent: 5.3 });
      expect(of).toMatchObject({ '36202': 11, '13101': null, '13102': null });
    });
  });

  it('follows people who move, withdraw, come back and die', async () => {
    await settle('36201');
    await settle('36202');
    const { person } = await region.joined(somebody('1950-06-01', '36201'));
    const counts = async () =>
      (await seen(operator)).municipalities.map(({ enrolled }: { enrolled: number }) => enrolled);
    const step = (path: string, body: object) =>
      region.call(municipal, 'POST', `/enrolment/people/${person}/${path}`, { evidence, ...body });
    await step('changes', { address: { postcode: '770-0000', text: '架空', municipality: '362026' } });
    expect(await counts()).toEqual([0, 1]);
    await step('withdrawal', {});
    expect(await counts()).toEqual([0, 0]);
    await step('return', { consent: { textVersion: '1' } });
    expect(await counts()).toEqual([0, 1]);
    await step('death', { on: '2026-11-01' });
    expect(await counts()).toEqual([0, 0]);
  });

  it('moves people to the next band as they grow older', async () => {
    await settle('36201');
    await region.joined(somebody('1961-12-10', '36201'));
    const bandOf = async () =>
      (await seen(operator)).municipalities[0].bands.find(({ enrolled }: { enrolled: number }) => enrolled === 1).band;
    expect(await bandOf()).toBe('40-64');
    region.time.now = Date.parse('2026-12-01T00:00:10+09:00');
    expect(await bandOf()).toBe('65-74');
  });

  it('is put right by a recount when a count was lost', async () => {
    await settle('36201');
    const { write } = region.rows;
    Object.assign(region.rows, {
      write: async () => {
        throw new Error('the line was cut');
      },
    });
    await region.joined(somebody('1950-06-01', '36201'));
    Object.assign(region.rows, { write });
    expect((await seen(operator)).region.enrolled).toBe(0);
    const answer = await region.call(operator, 'POST', '/enrolment/progress/recount');
    expect(answer.body).toMatchObject({ corrected: 1 });
    expect((await seen(operator)).region.enrolled).toBe(1);
    expect((await region.call(operator, 'POST', '/enrolment/progress/recount')).body).toMatchObject({ corrected: 0 });
  });
});
