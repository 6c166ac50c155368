// Searches find a system under each of its spellings, whichever one was written: docs/terminology.md, "Systems".
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, clinic, given, hospital, stored } from '../../support/api.ts';
import { BOTH_STORES } from '../../support/both-stores.ts';
import { stopDynamoDb } from '../../support/dynamodb.ts';
import { TABLE } from './table.ts';

afterAll(stopDynamoDb);

const INSTITUTION = 'http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no';
const BARE = '1.2.392.100495.20.3.51.1';

describe.each(BOTH_STORES)('Systems in searches on %s', (_, open) => {
  let api: Api;
  beforeAll(async () => {
    api = await open();
    await stored(api, given.patient({ id: 'p' }));
    const entry = TABLE.map(([, oid], at) => ({
      request: { method: 'PUT', url: `Observation/o${at}` },
      resource: given.observation('p', {
        id: `o${at}`,
        identifier: [{ system: `urn:oid:${oid}`, value: `i${at}` }],
        code: { coding: [{ system: at % 2 === 0 ? oid : `urn:oid:${oid}`, code: `c${at}` }] },
        valueQuantity: { value: at, system: `urn:oid:${oid}`, code: 'u' },
      }),
    }));
    const { status, text } = await api.send('POST', '', { body: given.bundle('transaction', entry) });
    expect(status, text).toBe(200);
  });

  const found = async (url: string, as = hospital) => {
    const { status, text, body } = await api.send('GET', url, { as });
    expect(status, text).toBe(200);
    return (body.entry ?? []).filter(({ search }) => search?.mode === 'match').map(({ resource }) => resource?.id);
  };

  it.each(TABLE.map(([thing, oid, url], at) => [thing, oid, url, at] as const))(
    'finds %s (%s) by OID, URN and URL: code, identifier, quantity',
    async (_thing, oid, url, at) => {
      const spellings = [oid, `urn:oid:${oid}`, ...(url === '=' ? [] : [url])];
      for (const system of spellings) {
        const criteria = [`code=${system}|c${at}`, `identifier=${system}|i${at}`, `value-quantity=${at}|${system}|u`];
        expect(await found(`/Observation?patient=p&${criteria.join('&')}`)).toEqual([`o${at}`]);
      }
    },
  );

  it('finds what a PATCH wrote as well', async () => {
    await api.send('PATCH', '/Observation/o0', {
      headers: { 'content-type': 'application/json-patch+json' },
      body: JSON.stringify([
        { op: 'add', path: '/category', value: [{ coding: [{ system: '1.2.392.200119.4.804', code: 'vital' }] }] },
      ]),
    });
    const url = 'http://medis.or.jp/CodeSystem/master-nursingObservationKeyCode';
    expect(await found(`/Observation?patient=p&category=${url}|vital`)).toEqual(['o0']);
  });

  it('creates no second resource where a conditional create names the other spelling', async () => {
    const body = given.patient({ identifier: [{ system: 'urn:oid:1.2.392.100495.20.3.61', value: '06360001' }] });
    const once = (system: string) =>
      api.send('POST', '/Patient', { body, headers: { 'if-none-exist': `identifier=${system}|06360001` } });
    expect((await once('1.2.392.100495.20.3.61')).status).toBe(201);
    expect((await once('http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber')).status).toBe(200);
    expect((await once('urn:oid:1.2.392.100495.20.3.61')).status).toBe(200);
  });

  it('keeps patient numbers without a facility apart by the facility that wrote them', async () => {
    const numbered = (system: string) => given.patient({ identifier: [{ system, value: '0042' }] });
    const atHospital = await stored(api, numbered(BARE), { as: hospital });
    const atClinic = await stored(api, numbered(`urn:oid:${BARE}`), { as: clinic });

    for (const system of [BARE, `urn:oid:${BARE}`]) {
      expect(await found(`/Patient?identifier=${system}|0042`, hospital)).toEqual([atHospital.id]);
      expect(await found(`/Patient?identifier=${system}|0042`, clinic)).toEqual([atClinic.id]);
    }
    expect(await found(`/Patient?identifier=urn:oid:${BARE}${hospital.facility}|0042`)).toEqual([atHospital.id]);
    expect(await found(`/Patient?identifier=${BARE}${clinic.facility}|0042`, clinic)).toEqual([atClinic.id]);
  });

  it('finds a facility by its ten digits, pharmacies (4) and home nursing (6) too, and by the misprinted system', async () => {
    for (const value of ['3640000003', '3660000005']) {
      const { id } = await stored(api, {
        resourceType: 'Organization',
        name: 'そうごう',
        identifier: [{ system: 'http://jpfhir.jp/fhir/core/CodeSystem/medicalInstitutionCode', value }],
      });
      expect(await found(`/Organization?identifier=${INSTITUTION}|${value}`)).toEqual([id]);
    }
  });

  it('finds an insurance member id in either width', async () => {
    const system = 'http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID';
    const { id } = await stored(api, given.patient({ identifier: [{ system, value: '00012345:あいう:１８７:05' }] }));
    expect(await found(`/Patient?identifier=${encodeURIComponent(`${system}|00012345:あいう:187:05`)}`)).toEqual([id]);
  });
});
