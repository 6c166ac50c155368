// Insurance numbers that stand in a Coverage, as JP Core has them, and not in the Patient.
// https://jpfhir.jp/fhir/core/1.2.0/StructureDefinition-jp-coverage.html
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { link, unlink } from '../../../functions/identity/desk.ts';
import { coverageInsurance } from '../../../functions/identity/matching/coverage.ts';
import { resolveCoverage } from '../../../functions/identity/resolve.ts';
import { clinic, hospital, stored } from '../../support/api.ts';
import { CLINIC, HOSPITAL, KANA, KANJI, openRegion, patientOf } from './given.ts';

const EXTENSION = 'http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Coverage_InsuredPerson';
const part = (name: string, valueString: string) => ({ url: `${EXTENSION}${name}`, valueString });
const insurer = (value: string) => ({
  identifier: { system: 'http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber', value },
});

const coverageOf = (patient: string, [symbol, number, branch]: readonly string[], more: object = {}): Resource => ({
  resourceType: 'Coverage',
  status: 'active',
  beneficiary: { reference: `Patient/${patient}` },
  payor: [insurer('06360012')],
  extension: [
    part('Symbol', symbol!),
    part('Number', number!),
    ...(branch === undefined ? [] : [part('SubNumber', branch)]),
  ],
  ...more,
});

const named = (family: string, kana: string) => ({
  name: [
    { extension: [KANJI], family, given: ['花子'] },
    { extension: [KANA], family: kana, given: ['ハナコ'] },
  ],
  telecom: undefined,
  address: undefined,
});
/** Married and moved: family name, telephone and address are others, and only the insurance says who it is. */
const MARRIED = named('滝川', 'タキガワ');
const MAIDEN = named('阿波', 'アワ');

const openTwo = async (married: Record<string, unknown> = MARRIED) => {
  const region = openRegion();
  const { api, register, resolve, services } = region;
  const a = await register(patientOf(HOSPITAL, '1', MAIDEN));
  const b = await register(patientOf(CLINIC, '2', married), clinic);
  await resolve(a);
  await resolve(b);
  const cover = async (resource: Resource, as = hospital) => {
    const { id } = await stored(api, resource, { as });
    return { id, outcome: await resolveCoverage(services, id) };
  };
  return { ...region, a, b, cover };
};

describe('an insurance number in a Coverage', () => {
  it.each([
    ['extensions and the payor’s identifier', coverageOf('x', ['１２３', '4567', '1'])],
    [
      'an OID for the insurer, and the branch as dependent',
      {
        ...coverageOf('x', ['123', '04567'], { dependent: '01' }),
        payor: [{ identifier: { system: 'urn:oid:1.2.392.100495.20.3.61', value: '6360012' } }],
      },
    ],
    [
      'a contained Organization',
      {
        ...coverageOf('x', ['123', '4567', '01']),
        payor: [{ reference: '#payor' }],
        contained: [{ resourceType: 'Organization', id: 'payor', identifier: [insurer('06360012').identifier] }],
      },
    ],
    [
      'one string',
      {
        resourceType: 'Coverage',
        identifier: [
          { system: 'http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID', value: '06360012:123:4567:01' },
        ],
      },
    ],
    [
      'subscriberId as the card prints it',
      { ...coverageOf('x', ['', '']), extension: [], subscriberId: '123・4567', dependent: '01' },
    ],
  ])('is read from %s', (_, coverage) => {
    expect(coverageInsurance(coverage as Resource, [])).toEqual({
      insurer: '06360012',
      symbol: '123',
      number: '4567',
      branch: '01',
    });
  });

  it('is none where nobody insures, or the public pays', () => {
    expect(
      coverageInsurance({ ...coverageOf('x', ['1', '2']), payor: [{ reference: 'Patient/x' }] }, []),
    ).toBeUndefined();
    const system = 'http://jpfhir.jp/fhir/core/mhlw/IdSystem/PublicPayerNumber';
    const payor = [{ identifier: { system, value: '12345678' } }];
    expect(coverageInsurance({ ...coverageOf('x', ['1', '2']), payor }, [])).toBeUndefined();
  });
});

describe('a facility that writes a Coverage of its patient', () => {
  it('links what only the insurance links, whichever of the two comes first', async () => {
    const { a, b, cover, personOf } = await openTwo();
    expect(await personOf(a)).not.toBe(await personOf(b));
    expect((await cover(coverageOf(a, ['123', '4567', '01']))).outcome).not.toBe('linked');
    const { outcome } = await cover(coverageOf(b, ['１２３', '04567', '01']), clinic);
    expect(outcome).toBe('linked');
    expect(await personOf(a)).toBe(await personOf(b));
  });

  it('is compared with what another writes in the Patient itself', async () => {
    const memberId = {
      system: 'http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID',
      value: '06360012:123:4567:01',
    };
    const { a, b, cover, personOf } = await openTwo({ ...MARRIED, identifier: [memberId] });
    expect((await cover(coverageOf(a, ['123', '4567', '01']))).outcome).toBe('linked');
    expect(await personOf(a)).toBe(await personOf(b));
  });

  it('keeps the old card when a new one takes its place', async () => {
    const { api, a, b, cover, services, personOf } = await openTwo();
    const { id } = await cover(coverageOf(a, ['123', '4567', '01']));
    const next = { ...coverageOf(a, ['９', '99', '00']), id };
    await stored(api, next, { as: hospital });
    expect(await resolveCoverage(services, id)).not.toBe('linked');
    expect((await cover(coverageOf(b, ['123', '4567', '01'], { period: { end: '2020-03-31' } }), clinic)).outcome).toBe(
      'linked',
    );
    expect(await personOf(a)).toBe(await personOf(b));
  });

  it('knows all cards in between when several versions came before it looked', async () => {
    const { api, a, b, cover, services } = await openTwo();
    const { id } = await stored(api, coverageOf(a, ['1', '11', '01']));
    for (const card of [
      ['123', '4567', '01'],
      ['3', '33', '00'],
    ])
      await stored(api, { ...coverageOf(a, card), id }, { as: hospital });
    await resolveCoverage(services, id);
    expect((await cover(coverageOf(b, ['123', '4567', '01']), clinic)).outcome).toBe('linked');
  });

  it('may correct a branch, and is not held to the mistake', async () => {
    const { api, a, b, cover, services } = await openTwo();
    const { id } = await cover(coverageOf(a, ['123', '4567', '02']));
    await stored(api, { ...coverageOf(a, ['123', '4567', '01']), id }, { as: hospital });
    await resolveCoverage(services, id);
    expect((await cover(coverageOf(b, ['123', '4567', '01']), clinic)).outcome).toBe('linked');
  });

  it.each([
    ['marked as entered in error', { status: 'entered-in-error' }],
    ['deleted', undefined],
  ])('takes back what was %s', async (_, mark) => {
    const { api, a, b, cover, services, personOf } = await openTwo();
    const { id } = await cover(coverageOf(a, ['123', '4567', '01']));
    if (mark) await stored(api, { ...coverageOf(a, ['123', '4567', '01'], mark), id }, { as: hospital });
    else await api.send('DELETE', `/Coverage/${id}`, { as: hospital });
    await resolveCoverage(services, id);
    expect((await cover(coverageOf(b, ['123', '4567', '01']), clinic)).outcome).not.toBe('linked');
    expect(await personOf(a)).not.toBe(await personOf(b));
  });

  it('says nothing of another facility’s patient', async () => {
    const { a, b, cover, personOf } = await openTwo();
    await cover(coverageOf(a, ['123', '4567', '01']), clinic);
    expect((await cover(coverageOf(b, ['123', '4567', '01']), clinic)).outcome).not.toBe('linked');
    expect(await personOf(a)).not.toBe(await personOf(b));
  });

  it('puts a link into the queue that another branch of one insurance speaks against', async () => {
    const { a, b, cover } = await openTwo({ ...MAIDEN, telecom: [{ system: 'phone', value: '088-600-0001' }] });
    await cover(coverageOf(a, ['123', '4567', '01']));
    expect((await cover(coverageOf(b, ['123', '4567', '02']), clinic)).outcome).toBe('review');
  });

  it('changes nothing when the stream brings it again', async () => {
    const { a, b, cover, rows, services, resources } = await openTwo();
    const { id } = await cover(coverageOf(a, ['123', '4567', '01']));
    const other = await cover(coverageOf(b, ['123', '4567', '01']), clinic);
    const before = [await rows(a, b), await resources.heads([a, b])];
    expect(await resolveCoverage(services, id)).toBe('known');
    expect(await resolveCoverage(services, other.id)).toBe('known');
    expect([await rows(a, b), await resources.heads([a, b])]).toEqual(before);
  });

  it('may come before its Patient does', async () => {
    const { api, services, resolve, register, personOf } = openRegion();
    const early = await api.send('PUT', '/Coverage/early', {
      body: { ...coverageOf('late', ['5', '55', '01']), id: 'early' },
    });
    expect(early.status).toBe(201);
    expect(await resolveCoverage(services, 'early')).toBe('gone');
    const b = await register(patientOf(CLINIC, '2', MARRIED), clinic);
    await resolve(b);
    const { id } = await stored(api, coverageOf(b, ['5', '55', '01']), { as: clinic });
    await resolveCoverage(services, id);
    await stored(api, { ...patientOf(HOSPITAL, '1', MAIDEN), id: 'late' });
    expect(await resolve('late')).toBe('linked');
    expect(await personOf('late')).toBe(await personOf(b));
  });

  it('leaves unlinking as it was: both sides come back byte for byte', async () => {
    const { a, b, cover, rows, services } = await openTwo();
    await cover(coverageOf(a, ['1', '11', '01']));
    await cover(coverageOf(b, ['2', '22', '01']), clinic);
    const before = await rows(a, b);
    const { id } = await link(services, [a, b], { by: 'operator-1', reason: 'looked at both' });
    expect(await rows(a, b)).not.toEqual(before);
    await unlink(services, id, { by: 'operator-1', reason: 'two people' });
    expect(await rows(a, b)).toEqual(before);
  });

  it('is shown to no client: neither by id nor by a search', async () => {
    const { api, a, cover, resources } = await openTwo();
    await cover(coverageOf(a, ['123', '4567', '01']));
    const { rows } = await resources.lookup({ bucket: 'identifier', key: 'insured|06360012:123:4567' });
    expect(rows).toHaveLength(1);
    for (const as of [hospital, clinic]) {
      expect((await api.send('GET', `/Linkage/${rows[0]!.id}`, { as })).status).toBe(404);
      const found = await api.send('GET', '/Linkage?_total=accurate', { as });
      expect(found.body).toMatchObject({ total: 0 });
    }
  });
});
