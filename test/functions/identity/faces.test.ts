// https://hl7.org/fhir/R4/patient-operation-match.html, https://profiles.ihe.net/ITI/PIXm/ITI-83.html
import { describe, expect, it } from 'vitest';
import { clinic, hospital, openApi, residentOf } from '../../support/api.ts';
import { CLINIC, HOSPITAL, halfWidth, openDesk, operator, patientOf } from './given.ts';

const region = { name: 'tokushima', baseUrl: 'https://api.tokushima.example', homeCommunityId: '1.2.3' };
const shared = () => openDesk(openApi({ region: { ...region, consentDefault: 'implicit' } }));
const system = (facility: string) => `urn:oid:1.2.392.100495.20.3.51.1${facility}`;
const parameters = (patient: object, more: object[] = []) => ({
  resourceType: 'Parameters',
  parameter: [{ name: 'resource', resource: patient }, ...more],
});

describe('Patient/$match', () => {
  const sought = { ...patientOf('3610000009', 'x'), identifier: undefined };

  it('answers candidates with a score and a grade, the best first', async () => {
    const { call, register } = shared();
    const a = await register(patientOf(HOSPITAL, '1'));
    await register(patientOf(HOSPITAL, '2', { birthDate: '1951-04-10', telecom: undefined, address: undefined }));
    const { status, body } = await call(hospital, 'POST', '/fhir/Patient/$match', parameters(sought));
    expect(status).toBe(200);
    expect(body).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 2 });
    expect(body.entry[0]).toMatchObject({
      resource: { id: a },
      search: {
        mode: 'match',
        extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/match-grade', valueCode: 'certain' }],
      },
    });
    expect(body.entry[0].search.score).toBeGreaterThan(body.entry[1].search.score);
  });

  it('answers certain matches only when asked to, and at most count', async () => {
    const { call, register } = shared();
    await register(patientOf(HOSPITAL, '1'));
    await register(patientOf(HOSPITAL, '2', { birthDate: '1951-04-10', telecom: undefined, address: undefined }));
    const only = { name: 'onlyCertainMatches', valueBoolean: true };
    expect((await call(hospital, 'POST', '/fhir/Patient/$match', parameters(sought, [only]))).body.total).toBe(1);
    const one = { name: 'count', valueInteger: 1 };
    expect((await call(hospital, 'POST', '/fhir/Patient/$match', parameters(sought, [one]))).body.entry).toHaveLength(
      1,
    );
  });

  it('shows another facility’s patients only where consent lets it', async () => {
    const closed = openDesk();
    await closed.register(patientOf(CLINIC, '1'), clinic);
    expect((await closed.call(hospital, 'POST', '/fhir/Patient/$match', parameters(sought))).body.total).toBe(0);
    const open = shared();
    await open.register(patientOf(CLINIC, '1'), clinic);
    expect((await open.call(hospital, 'POST', '/fhir/Patient/$match', parameters(sought))).body.total).toBe(1);
  });

  it.each([
    ['no body', undefined],
    ['another resource', { resourceType: 'Group' }],
    ['two Patients', parameters(sought, [{ name: 'resource', resource: sought }])],
    ['an unknown parameter', parameters(sought, [{ name: 'profile', valueString: 'x' }])],
  ])('refuses %s', async (_, body) => {
    const { call } = shared();
    expect((await call(hospital, 'POST', '/fhir/Patient/$match', body)).status).toBe(400);
  });

  it('refuses to look for a sex, and says who was disclosed', async () => {
    const { call, register, api, resources } = shared();
    const a = await register(patientOf(HOSPITAL, '1'));
    expect(
      (await call(hospital, 'POST', '/fhir/Patient/$match', { resourceType: 'Patient', gender: 'female' })).status,
    ).toBe(422);
    const from = api.recorded.length;
    await call(hospital, 'POST', '/fhir/Patient/$match', parameters(sought));
    expect(api.recorded.slice(from)).toMatchObject([
      { interaction: '$match', action: 'R', patientKey: resources.patientKey(a), entities: [`Patient/${a}`] },
    ]);
  });
});

describe('Patient/$ihe-pix', () => {
  const linked = async () => {
    const desk = shared();
    const a = await desk.register(patientOf(HOSPITAL, '1'));
    const b = await desk.register(halfWidth(CLINIC, '77'), clinic);
    await desk.resolve(a);
    await desk.resolve(b);
    return { ...desk, a, b };
  };
  const ask = (source: string, target?: string) =>
    `/fhir/Patient/$ihe-pix?sourceIdentifier=${encodeURIComponent(source)}${target ? `&targetSystem=${encodeURIComponent(target)}` : ''}`;

  it('answers the identifiers and the Patients that are linked', async () => {
    const { call, b } = await linked();
    const { status, body } = await call(hospital, 'GET', ask(`${system(HOSPITAL)}|1`, system(CLINIC)));
    expect(status).toBe(200);
    expect(body).toEqual({
      resourceType: 'Parameters',
      parameter: [
        { name: 'targetIdentifier', valueIdentifier: { system: system(CLINIC), value: '77' } },
        { name: 'targetId', valueReference: { reference: `Patient/${b}` } },
      ],
    });
  });

  it('takes the same question as a POST', async () => {
    const { call, a, b } = await linked();
    const { body } = await call(hospital, 'POST', '/fhir/Patient/$ihe-pix', {
      resourceType: 'Parameters',
      parameter: [{ name: 'sourceIdentifier', valueIdentifier: { system: system(HOSPITAL), value: '1' } }],
    });
    const references = body.parameter.filter(({ name }: { name: string }) => name === 'targetId');
    expect(
      references.map((one: { valueReference: { reference: string } }) => one.valueReference.reference).sort(),
    ).toEqual([`Patient/${a}`, `Patient/${b}`].sort());
  });

  it.each([
    ['an identifier that nobody has', `${system(HOSPITAL)}|404`, system(CLINIC), 404, 'not-found'],
    ['a domain that nobody here gives out', 'urn:oid:9.9.9|1', system(CLINIC), 400, 'code-invalid'],
    ['a target domain that is not known', `${system(HOSPITAL)}|1`, 'urn:oid:9.9.9', 403, 'code-invalid'],
    ['no system', '1', system(CLINIC), 400, 'invalid'],
  ])('refuses %s', async (_, source, target, status, code) => {
    const { call } = await linked();
    const answer = await call(hospital, 'GET', ask(source, target));
    expect(answer.status).toBe(status);
    expect(answer.body.issue[0].code).toBe(code);
  });

  it('answers an empty list where the target facility has nobody of the person', async () => {
    const { call, register, resolve } = shared();
    await resolve(await register(patientOf(HOSPITAL, '1')));
    const { status, body } = await call(hospital, 'GET', ask(`${system(HOSPITAL)}|1`, system(CLINIC)));
    expect(status).toBe(200);
    expect(body.parameter).toEqual([]);
  });

  it('finds nobody for who may not see Patients of facilities', async () => {
    const { call } = await linked();
    expect((await call(operator, 'GET', ask(`${system(HOSPITAL)}|1`))).status).toBe(404);
    expect((await call(residentOf('somebody'), 'GET', ask(`${system(HOSPITAL)}|1`))).status).toBe(404);
  });
});

// https://profiles.ihe.net/ITI/PDQm/ITI-78.html: the search of the FHIR API.
describe('PDQm', () => {
  it.each([
    'family=阿波',
    'given=ハナコ',
    'name=あわ',
    'birthdate=1951-04-01',
    'gender=female',
    'telecom=0886000001',
    'address=徳島市',
    'address-city=徳島',
    'address-postalcode=770-0001',
    'family:exact=阿波',
    'address:contains=島市',
    `identifier=${system(HOSPITAL)}|1`,
    `identifier=${system(HOSPITAL)}|`,
    '_id=ID',
    'active=true',
  ])('finds a Patient by %s', async (query) => {
    const { api, register } = shared();
    const id = await register(patientOf(HOSPITAL, '1', { active: true }));
    const [name = '', value = ''] = query.replace('ID', id).split(/=(.*)/s);
    const { status, body } = await api.send('GET', `/Patient?${name}=${encodeURIComponent(value)}`);
    expect(status).toBe(200);
    expect(body.entry?.map(({ resource }) => resource?.id)).toEqual([id]);
  });
});
