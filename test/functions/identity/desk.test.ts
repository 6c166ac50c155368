import { describe, expect, it } from 'vitest';
import { pairId, readPairs, ruling } from '../../../functions/identity/pairs.ts';
import { clinic, hospital, privacyOfficer, residentOf, stored } from '../../support/api.ts';
import { CLINIC, HOSPITAL, halfWidth, openDesk, operator, patientOf } from './given.ts';

const elsewhere = { telecom: [{ system: 'phone', value: '088-600-9999' }], address: [{ postalCode: '779-0009' }] };
const because = { reason: 'looked at the forms of both' };

const linkedPair = async () => {
  const desk = openDesk();
  const a = await desk.register(patientOf(HOSPITAL, '1'));
  await desk.resolve(a);
  const b = await desk.register(halfWidth(CLINIC, '77'), clinic);
  return { ...desk, a, b, pair: pairId(desk.resources, a, b) };
};

const openQuestion = async () => {
  const desk = openDesk();
  const a = await desk.register(patientOf(HOSPITAL, '1'));
  const b = await desk.register(patientOf(CLINIC, '2', elsewhere), clinic);
  await desk.resolve(a);
  await desk.resolve(b);
  return { ...desk, a, b };
};

describe('the review queue', () => {
  it('shows what the matcher was not sure of, with what agrees and no name', async () => {
    const { call, a, b } = await openQuestion();
    const { status, body } = await call(operator, 'GET', '/identity/reviews');
    expect(status).toBe(200);
    expect(body.reviews).toHaveLength(1);
    expect([...body.reviews[0].patients].sort()).toEqual([a, b].sort());
    expect(body.reviews[0].agreement).toMatchObject({
      family: 'full',
      given: 'full',
      birth: 'same',
      phone: 'different',
    });
    expect(JSON.stringify(body)).not.toMatch(/阿波|アワ/);
  });

  it('comes in pages that are bound to who asks', async () => {
    const { call, resources } = openDesk();
    const pairs = Array.from({ length: 205 }, (_, at): [string, string] => [`a${at}`, `b${at}`]);
    const asked = { state: 'review', by: 'identity-feed', at: '2026-11-22T00:00:00Z' } as const;
    for (const row of await readPairs(resources, pairs)) await resources.commit([ruling(row, asked)], 1);
    const { body } = await call(operator, 'GET', '/identity/reviews');
    expect(body.next).toBeDefined();
    const more = await call(operator, 'GET', `/identity/reviews?after=${encodeURIComponent(body.next)}`);
    expect(more.status).toBe(200);
    const seen = [...body.reviews, ...more.body.reviews].map(({ id }: { id: string }) => id);
    expect(new Set(seen).size).toBe(205);
    const stolen = await call(
      { ...operator, subject: 'operator-2' },
      'GET',
      `/identity/reviews?after=${encodeURIComponent(body.next)}`,
    );
    expect(stolen.status).toBe(400);
  });

  it('shows two records side by side, and what differs', async () => {
    const { call } = await openQuestion();
    const { body: list } = await call(operator, 'GET', '/identity/reviews');
    const { status, body } = await call(operator, 'GET', `/identity/pairs/${list.reviews[0].id}`);
    expect(status).toBe(200);
    expect(body.sides).toHaveLength(2);
    expect(body.difference.differs).toEqual(['identifier', 'telecom', 'address']);
    expect(body.difference.grade).toBe('possible');
  });

  it.each([hospital, privacyOfficer, residentOf('p1')])('is for operators and municipal offices only', async (as) => {
    const { call } = openDesk();
    expect((await call(as, 'GET', '/identity/reviews')).status).toBe(403);
  });

  it('asks no more once people have said that the two are two', async () => {
    const { call, a, b, resolve, personOf } = await openQuestion();
    const said = await call(operator, 'POST', '/identity/differences', { patients: [a, b], ...because });
    expect(said.body).toMatchObject({ state: 'different', by: 'operator-1', reason: because.reason });
    expect((await call(operator, 'GET', '/identity/reviews')).body.reviews).toEqual([]);
    expect(await resolve(b)).toBe('alone');
    expect((await call(operator, 'GET', '/identity/reviews')).body.reviews).toEqual([]);
    expect(await personOf(a)).not.toBe(await personOf(b));
  });
});

describe('link and unlink', () => {
  it('links by hand at assurance level 4, and settles the question', async () => {
    const { call, a, b, personOf, resources } = await openQuestion();
    const { status, body } = await call(operator, 'POST', '/identity/links', { patients: [a, b], ...because });
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'linked', by: 'operator-1' });
    expect(await personOf(a)).toBe(await personOf(b));
    const person = await resources.get('Person', (await personOf(a))!);
    expect(person!.resource().link).toMatchObject([{}, { assurance: 'level4' }]);
    expect((await call(operator, 'GET', '/identity/reviews')).body.reviews).toEqual([]);
  });

  it('gives both sides back byte for byte: Persons, heads, Patients', async () => {
    const { call, a, b, rows } = await openQuestion();
    const before = await rows(a, b);
    const linked = await call(operator, 'POST', '/identity/links', { patients: [a, b], ...because });
    const between = await rows(a, b);
    expect(between).not.toEqual(before);
    expect(between.patients).toEqual(before.patients);
    const { status } = await call(operator, 'POST', `/identity/pairs/${linked.body.id}/unlink`, because);
    expect(status).toBe(200);
    expect(await rows(a, b)).toEqual(before);
  });

  it('takes back what was linked by rule, and the rule does not link it again', async () => {
    const { call, resolve, a, b, pair, personOf } = await linkedPair();
    expect(await resolve(b)).toBe('linked');
    expect((await call(operator, 'POST', `/identity/pairs/${pair}/unlink`, because)).status).toBe(200);
    expect(await personOf(a)).not.toBe(await personOf(b));
    expect(await resolve(b)).toBe('alone');
    expect(await resolve(a)).toBe('alone');
    expect(await personOf(a)).not.toBe(await personOf(b));
  });

  it('leaves with the Person what was linked to it since', async () => {
    const desk = await linkedPair();
    const { call, resolve, register, a, b, pair, resources, personOf } = desk;
    await resolve(b);
    const third = { ...clinic, facility: '3610000003' };
    const c = await register(patientOf('3610000003', '9'), third);
    expect(await resolve(c)).toBe('linked');
    await call(operator, 'POST', `/identity/pairs/${pair}/unlink`, because);
    expect(await personOf(a)).toBe(await personOf(c));
    const heads = await resources.heads([a, b, c]);
    expect(heads.map((head) => head!.linked)).toEqual([[a, c], [b], [a, c]]);
  });

  it('refuses to take the same link back twice', async () => {
    const { call, resolve, b, pair } = await linkedPair();
    await resolve(b);
    await call(operator, 'POST', `/identity/pairs/${pair}/unlink`, because);
    expect((await call(operator, 'POST', `/identity/pairs/${pair}/unlink`, because)).status).toBe(409);
  });

  it('splits a Person, and rules nothing back together', async () => {
    const { call, resolve, a, b, personOf } = await linkedPair();
    await resolve(b);
    const person = await personOf(a);
    const { status, body } = await call(operator, 'POST', `/identity/persons/${person}/split`, {
      patients: [b],
      ...because,
    });
    expect(status).toBe(200);
    expect(await personOf(b)).toBe(body.person);
    expect(await personOf(a)).toBe(person);
    expect(await resolve(b)).toBe('alone');
  });

  it('is audited: each person once, by record, with no name', async () => {
    const { call, api, a, b, resources } = await openQuestion();
    const from = api.recorded.length;
    await call(operator, 'POST', '/identity/links', { patients: [a, b], ...because });
    const written = api.recorded.slice(from);
    expect(written.map(({ patientKey }) => patientKey).sort()).toEqual([a, b].map(resources.patientKey).sort());
    expect(written[0]).toMatchObject({ action: 'U', interaction: 'identity-link', actor: 'operator-1', status: 200 });
  });
});

describe('a link in doubt', () => {
  const corrected = async () => {
    const desk = await linkedPair();
    await desk.resolve(desk.b);
    await stored(desk.api, { ...halfWidth(CLINIC, '77', { birthDate: '1975-12-24' }), id: desk.b }, { as: clinic });
    return desk;
  };

  it('stays, and asks, when a record is corrected into somebody else', async () => {
    const { call, resolve, a, b, pair, personOf } = await corrected();
    expect(await resolve(b)).toBe('review');
    expect(await personOf(a)).toBe(await personOf(b));
    const { body } = await call(operator, 'GET', '/identity/reviews');
    expect(body.reviews).toMatchObject([{ id: pair, state: 'linked', doubt: true, agreement: { birth: 'different' } }]);
    expect((await call(operator, 'POST', `/identity/pairs/${pair}/unlink`, because)).status).toBe(200);
    expect((await call(operator, 'GET', '/identity/reviews')).body.reviews).toEqual([]);
    expect(await personOf(a)).not.toBe(await personOf(b));
  });

  it('is confirmed once', async () => {
    const { call, resolve, b, pair } = await corrected();
    await resolve(b);
    expect((await call(operator, 'POST', `/identity/pairs/${pair}/confirm`, because)).status).toBe(200);
    expect((await call(operator, 'GET', '/identity/reviews')).body.reviews).toEqual([]);
    expect(await resolve(b)).toBe('known');
  });
});

describe('a facility’s duplicate', () => {
  it('is merged by FHIR’s own marks, and given back byte for byte', async () => {
    const { call, register, resolve, resources, personOf } = openDesk();
    const kept = await register(patientOf(HOSPITAL, '1'));
    const replaced = await register(halfWidth(HOSPITAL, '2'));
    await resolve(kept);
    await resolve(replaced);
    const text = async (id: string) => {
      const { meta: _meta, ...rest } = (await resources.get('Patient', id))!.resource();
      return JSON.stringify(rest);
    };
    const before = [await text(kept), await text(replaced)];
    const { status, body } = await call(operator, 'POST', '/identity/merges', { kept, replaced, ...because });
    expect(status).toBe(200);
    expect(JSON.parse(await text(replaced))).toMatchObject({
      active: false,
      link: [{ other: { reference: `Patient/${kept}` }, type: 'replaced-by' }],
    });
    expect(JSON.parse(await text(kept)).link).toEqual([
      { other: { reference: `Patient/${replaced}` }, type: 'replaces' },
    ]);
    expect((await resources.get('Patient', kept))!.facility).toBe(HOSPITAL);
    expect(await personOf(kept)).toBe(await personOf(replaced));
    expect((await call(operator, 'POST', `/identity/pairs/${body.id}/unmerge`, because)).status).toBe(200);
    expect([await text(kept), await text(replaced)]).toEqual(before);
  });

  it('is not merged across facilities', async () => {
    const { call, a, b } = await openQuestion();
    expect((await call(operator, 'POST', '/identity/merges', { kept: a, replaced: b, ...because })).status).toBe(403);
  });
});
