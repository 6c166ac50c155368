// The same promises on DynamoDB: conditions, races and transactions are its, not ours.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '../../../functions/consent/actor.ts';
import { MEMBER_ID } from '../../../functions/identity/matching/insurance.ts';
import { resolveCoverage } from '../../../functions/identity/resolve.ts';
import type { Api } from '../../support/api.ts';
import { clinic, hospital, stored } from '../../support/api.ts';
import { BOTH_STORES } from '../../support/both-stores.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { CLINIC, HOSPITAL, halfWidth, KANA, KANJI, openDesk, operator, patientOf } from './given.ts';

const [, openDynamoDb] = BOTH_STORES.find(([name]) => name === 'DynamoDB')!;

const coverageOf = (patient: string, value: string) => ({
  resourceType: 'Coverage',
  status: 'active',
  identifier: [{ system: MEMBER_ID, value }],
  beneficiary: { reference: `Patient/${patient}` },
  payor: [{ display: 'insurer' }],
});

describe('identity on DynamoDB', () => {
  let api: Api;
  beforeAll(async () => {
    api = await openDynamoDb();
  });
  afterAll(stopDynamoDb);

  it('makes one Person of six records that are decided on at the same time', async () => {
    const { register, resolve, personOf, resources } = openDesk(api);
    const ids: string[] = [];
    for (const number of ['1', '2', '3', '4', '5', '6']) {
      const facility = `361000000${number}`;
      ids.push(await register(patientOf(facility, `race-${number}`), { ...clinic, facility }));
    }
    await Promise.all(ids.map(resolve));
    expect(new Set(await Promise.all(ids.map(personOf))).size).toBe(1);
    const [head] = await resources.heads([ids[0]!]);
    expect([...head!.linked].sort()).toEqual([...ids].sort());
  });

  it('links by the insurances of two Coverages, whose ids the server has given, and old cards count', async () => {
    const { register, resolve, personOf, services } = openDesk(api);
    const named = (family: string, kana: string) => ({
      name: [
        { extension: [KANJI], family, given: ['千代'] },
        { extension: [KANA], family: kana, given: ['チヨ'] },
      ],
      birthDate: '1939-09-09',
      telecom: undefined,
      address: undefined,
    });
    const a = await register(patientOf(HOSPITAL, 'c1', named('粟野', 'アワノ')));
    const b = await register(patientOf(CLINIC, 'c2', named('麦田', 'ムギタ')), clinic);
    await resolve(a);
    await resolve(b);
    const cover = async (patient: string, value: string, as: Actor) =>
      resolveCoverage(services, (await stored(api, coverageOf(patient, value), { as })).id);
    await cover(a, '06360012:77:1234:01', hospital);
    const { id } = await stored(api, coverageOf(b, '06360012:77:1234:01'), { as: clinic });
    await stored(api, { ...coverageOf(b, '39360009::5:00'), id }, { as: clinic });
    expect(await resolveCoverage(services, id)).toBe('linked');
    expect(await personOf(a)).toBe(await personOf(b));
  });

  it('links, and gives both sides back byte for byte', async () => {
    const { call, register, resolve, rows } = openDesk(api);
    const other = {
      birthDate: '1948-11-30',
      telecom: [{ system: 'phone', value: '088-600-0002' }],
      address: [{ postalCode: '770-0002' }],
    };
    const a = await register(patientOf(HOSPITAL, 'u1', other));
    const b = await register(
      halfWidth(CLINIC, 'u2', { ...other, telecom: [{ system: 'phone', value: '0886009999' }], address: undefined }),
      clinic,
    );
    await resolve(a);
    expect(await resolve(b)).toBe('review');
    const before = await rows(a, b);
    const reason = 'looked at the forms of both';
    const linked = await call(operator, 'POST', '/identity/links', { patients: [a, b], reason });
    expect(linked.status).toBe(200);
    expect(await rows(a, b)).not.toEqual(before);
    const unlinked = await call(operator, 'POST', `/identity/pairs/${linked.body.id}/unlink`, { reason });
    expect(unlinked.status).toBe(200);
    expect(await rows(a, b)).toEqual(before);
  });

  it('merges duplicates of one facility, and gives both back', async () => {
    const { call, register, resources } = openDesk(api);
    const kept = await register(patientOf(HOSPITAL, 'm1', { birthDate: '1933-03-03' }));
    const replaced = await register(patientOf(HOSPITAL, 'm2', { birthDate: '1933-03-03' }));
    const text = async (id: string) => {
      const { meta: _meta, ...rest } = (await resources.get('Patient', id))!.resource();
      return rest;
    };
    const before = [await text(kept), await text(replaced)];
    const reason = 'registered twice';
    const merged = await call(operator, 'POST', '/identity/merges', { kept, replaced, reason });
    expect(merged.status).toBe(200);
    expect(await text(kept)).toMatchObject({ link: [{ type: 'replaces' }] });
    expect(await text(replaced)).toMatchObject({ active: false, link: [{ type: 'replaced-by' }] });
    const unmerged = await call(operator, 'POST', `/identity/pairs/${merged.body.id}/unmerge`, { reason });
    expect(unmerged.status).toBe(200);
    expect([await text(kept), await text(replaced)]).toEqual(before);
  });

  it('leaves a Patient alone that another one names', async () => {
    const { register, resources } = openDesk(api);
    const named = await register(patientOf(HOSPITAL, 'l1', { birthDate: '1934-04-04' }));
    const link = [{ other: { reference: `Patient/${named}` }, type: 'seealso' }];
    await register(patientOf(CLINIC, 'l2', { birthDate: '1934-04-04', link }), clinic);
    expect((await resources.get('Patient', named))?.resource()).toMatchObject({ birthDate: '1934-04-04' });
  });
});
