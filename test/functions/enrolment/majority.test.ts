// Coming of age: 民法4条, domain.md 4.4 ("at 18 proxy rights lapse and the person is asked").
import { beforeEach, describe, expect, it } from 'vitest';
import { clinicDoctor, doctor, evidence, municipal, openRegion } from './given.ts';

let region: ReturnType<typeof openRegion>;
beforeEach(() => {
  region = openRegion();
});

const girl = {
  name: { kanji: { family: '紬木', given: '小糸' }, kana: { family: 'ツムギ', given: 'コイト' } },
  birthDate: '2012-05-05',
  insurance: { insurer: '39360000', symbol: '', number: '01234567', branch: '02' },
};
const EVE = Date.parse('2030-05-04T23:59:30+09:00');
const DAY = Date.parse('2030-05-05T00:00:05+09:00');

const family = async () => {
  const mother = await region.joined();
  const daughter = await region.joined(girl);
  const herself = await region.account(daughter.person, 'koito@resident.example');
  const granted = await region.call(municipal, 'POST', `/enrolment/people/${daughter.person}/proxies`, {
    by: mother.person,
    kind: 'parent',
    basis: '戸籍謄本 2026-11-01',
    evidence,
  });
  expect(granted.status).toBe(201);
  return { mother, daughter, herself };
};
const asked = async (who: Awaited<ReturnType<typeof family>>['herself']) =>
  (await region.call(who, 'GET', '/me/enrolment')).body.asked;

describe('somebody for whom others have agreed', () => {
  it('is asked from the eighteenth birthday on, until there is an answer; consents stay as they are', async () => {
    const { daughter, herself } = await family();
    region.time.now = EVE;
    expect(await asked(herself)).toBeUndefined();
    expect((await region.call(herself, 'POST', '/me/majority')).status).toBe(409);
    region.time.now = DAY;
    expect(await asked(herself)).toBe('majority');
    expect((await region.call(clinicDoctor, 'GET', `/fhir/Patient/${daughter.patient}`)).status).toBe(200);

    expect((await region.call(herself, 'POST', '/me/majority')).status).toBe(200);

    expect(await asked(herself)).toBeUndefined();
    expect((await region.call(herself, 'POST', '/me/majority')).status).toBe(409);
    expect((await region.call(clinicDoctor, 'GET', `/fhir/Patient/${daughter.patient}`)).status).toBe(200);
  });

  it('may say no by leaving, and is not asked when coming back', async () => {
    const { daughter, herself } = await family();
    region.time.now = DAY;
    expect((await region.call(herself, 'POST', '/me/withdrawal')).status).toBe(200);
    expect(await asked(herself)).toBeUndefined();
    region.time.now += 3000;
    expect((await region.call(clinicDoctor, 'GET', `/fhir/Patient/${daughter.patient}`)).status).toBe(404);
    expect((await region.call(herself, 'POST', '/me/return', { consent: { textVersion: '2030-04' } })).status).toBe(
      200,
    );
    expect(await asked(herself)).toBeUndefined();
  });

  it('answers on paper where there is no account', async () => {
    const { daughter, herself } = await family();
    const path = `/enrolment/people/${daughter.person}/majority`;
    region.time.now = DAY;
    expect((await region.call(municipal, 'POST', path, { evidence })).status).toBe(200);
    expect(await asked(herself)).toBeUndefined();
    expect((await region.call(municipal, 'POST', path, { evidence })).status).toBe(409);
  });

  it('is asked only if a child at joining', async () => {
    const { person } = await region.joined();
    expect(await asked(await region.account(person, 'ito@resident.example'))).toBeUndefined();
  });
});

describe('the list of a month', () => {
  const list = (month: string, as = municipal) => region.call(as, 'GET', `/enrolment/majorities?month=${month}`);

  it('names who comes of age, with how many proxies lapse, for the office alone and in the trail', async () => {
    const { daughter } = await family();
    await region.call(
      municipal,
      'POST',
      `/enrolment/people/${(await region.joined({ ...girl, name: { kanji: { family: '藍', given: '育' }, kana: { family: 'アイ', given: 'イク' } }, birthDate: '2012-05-31', insurance: undefined })).person}/withdrawal`,
      { evidence },
    );
    const { status, body } = await list('2030-05');
    expect(status).toBe(200);
    expect(body.people).toMatchObject([{ person: daughter.person, birthDate: '2012-05-05', proxies: 1, asked: false }]);
    expect(region.recorded.at(-1)).toMatchObject({ interaction: 'majority-list', count: 1 });
    expect((await list('2030-06')).body.people).toEqual([]);
    expect((await list('2030-05', doctor)).status).toBe(403);
    expect((await list('May')).status).toBe(400);

    region.time.now = DAY;
    expect((await list('2030-05')).body.people).toMatchObject([{ proxies: 1, asked: true }]);
  });

  it('has those who were born on a leap day', async () => {
    const { person } = await region.joined({ ...girl, birthDate: '2012-02-29' });
    expect((await list('2030-02')).body.people).toMatchObject([{ person }]);
    expect((await list('2030-03')).body.people).toEqual([]);
  });
});
