// Consents through the API (issue 4, point 5): written by who may, enforced from the next request on, refused where they could not be.
import { describe, expect, it } from 'vitest';
import { type Api, clinic, given, hospital, openApi, residentOf, stored } from '../../support/api.ts';
import { consent, dataClass, facilityActor, sensitivity, typeActor } from '../../support/consents.ts';

const HIV = { meta: { security: [sensitivity('HIV')] } };

const chart = async (api: Api) => {
  const patient = await stored(api, given.patient());
  const observation = await stored(api, given.observation(patient.id));
  return { patient: patient.id, observation: observation.id };
};

/** Status of a read of the hospital's observation by the clinic, and the count of a search. */
const seen = async (api: Api, { patient, observation }: Awaited<ReturnType<typeof chart>>, as = clinic) => {
  const read = await api.send('GET', `/Observation/${observation}`, { as });
  const found = await api.send('GET', `/Observation?patient=${patient}&_total=accurate`, { as });
  expect(found.body.total).toBe(found.body.entry?.length ?? 0);
  return [read.status, found.body.total];
};

const open = () => openApi();

describe('a consent', () => {
  it('opens what it names from the next request on, and its end closes it', async () => {
    const api = open();
    const its = await chart(api);
    expect(await seen(api, its)).toEqual([404, 0]);

    const permit = await stored(
      api,
      consent(its.patient, { type: 'permit', actor: [facilityActor(clinic.facility!)], class: [dataClass('lab')] }),
    );
    expect(await seen(api, its)).toEqual([200, 1]);
    expect((await api.send('GET', `/Patient/${its.patient}`, { as: clinic })).status).toBe(404);

    await stored(api, { ...permit, status: 'inactive' });
    expect(await seen(api, its)).toEqual([404, 0]);
    await stored(api, { ...permit, status: 'active' });
    expect(await seen(api, its)).toEqual([200, 1]);
    await api.send('DELETE', `/Consent/${permit.id}`);
    expect(await seen(api, its)).toEqual([404, 0]);
  });

  it('denies against the implied consent of the region, the source facility excepted', async () => {
    const region = { ...open().services.region, consentDefault: 'implicit' as const };
    const api = openApi({ region });
    const its = await chart(api);
    expect(await seen(api, its)).toEqual([200, 1]);

    await stored(api, consent(its.patient, { type: 'deny', actor: [typeActor('clinic')] }));

    expect(await seen(api, its)).toEqual([404, 0]);
    expect(await seen(api, its, hospital)).toEqual([200, 1]);
  });

  it('must name a sensitive label', async () => {
    const api = open();
    const patient = await stored(api, given.patient());
    const observation = await stored(api, given.observation(patient.id, HIV));
    const its = { patient: patient.id, observation: observation.id };

    await stored(api, consent(its.patient, { type: 'permit' }));
    expect(await seen(api, its)).toEqual([404, 0]);
    await stored(api, consent(its.patient, { type: 'permit', securityLabel: [sensitivity('HIV')] }));
    expect(await seen(api, its)).toEqual([200, 1]);
  });

  it('holds for every write of one transaction', async () => {
    const api = open();
    const bundle = given.bundle('transaction', [
      { fullUrl: 'urn:uuid:1', resource: given.patient(), request: { method: 'POST', url: 'Patient' } },
      {
        resource: { ...given.observation('x'), subject: { reference: 'urn:uuid:1' } },
        request: { method: 'POST', url: 'Observation' },
      },
      {
        resource: { ...consent('x', { type: 'permit' }), patient: { reference: 'urn:uuid:1' } },
        request: { method: 'POST', url: 'Consent' },
      },
    ]);
    const made = await api.send('POST', '', { body: bundle });
    expect(made.status).toBe(200);
    const [patient, observation] = made.body.entry!.map((one) => one.response!.location!.split('/').at(-3)!);

    expect(await seen(api, { patient: patient!, observation: observation! })).toEqual([200, 1]);
  });

  it('of a facility is about its own patients only', async () => {
    const api = open();
    const its = await chart(api);

    const self = await api.send('POST', '/Consent', { body: consent(its.patient, { type: 'permit' }), as: clinic });
    expect(self.status).toBe(403);
    const nobody = await api.send('POST', '/Consent', { body: consent('nobody', { type: 'permit' }), as: clinic });
    expect(nobody.status).toBe(403);
    expect(await seen(api, its)).toEqual([404, 0]);
  });

  it('of a resident is about the own record only', async () => {
    const api = open();
    const its = await chart(api);
    const body = consent(its.patient, { type: 'permit' });

    expect((await api.send('POST', '/Consent', { body, as: residentOf('other') })).status).toBe(403);
    expect((await api.send('POST', '/Consent', { body, as: residentOf(its.patient) })).status).toBe(201);
    expect(await seen(api, its)).toEqual([200, 1]);
  });
});

describe('a consent that cannot be enforced is refused at its element', () => {
  const refused = async (provision: object, more: Record<string, unknown> = {}) => {
    const api = open();
    const { patient } = await chart(api);
    const { status, body } = await api.send('POST', '/Consent', { body: consent(patient, provision, more) });
    expect(await api.services.resources.heads([patient])).toEqual([undefined]);
    return [status, ...(body.issue ?? []).flatMap(({ expression }) => expression ?? [])];
  };
  const coded = (system: string, code: string) => ({ coding: [{ system, code }] });

  it.each([
    ['an unknown class', { type: 'permit', class: [dataClass('everything')] }, 'Consent.provision.class[0]'],
    ['codes', { type: 'permit', code: [{ text: 'x' }] }, 'Consent.provision.code'],
    [
      'single records',
      { type: 'deny', data: [{ meaning: 'instance', reference: { display: 'x' } }] },
      'Consent.provision.data',
    ],
    [
      'a purpose that no request can be for',
      { type: 'deny', purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'FUN' }] },
      'Consent.provision.purpose[0]',
    ],
    [
      'a purpose of another system',
      { type: 'permit', purpose: [{ system: 'x', code: 'TREAT' }] },
      'Consent.provision.purpose[0]',
    ],
    [
      'an actor without a code',
      { type: 'deny', actor: [{ ...facilityActor('1'), reference: { display: 'the clinic round the corner' } }] },
      'Consent.provision.actor[0].reference',
    ],
    ['an action', { type: 'permit', action: [coded('x', 'shred')] }, 'Consent.provision.action[0]'],
    [
      'a nested one',
      { type: 'permit', provision: [{ type: 'deny', class: [dataClass('x')] }] },
      'Consent.provision.provision[0].class[0]',
    ],
    ['no type', { class: [dataClass('lab')] }, 'Consent.provision.type'],
  ])('%s', async (_, provision, expression) => {
    expect(await refused(provision)).toEqual([422, expression]);
  });

  it('$validate says so too', async () => {
    const body = consent('x', { type: 'permit', class: [dataClass('everything')] });
    const { body: outcome } = await open().send('POST', '/Consent/$validate', { body });
    expect(outcome.issue!.map(({ expression }) => expression)).toEqual([['Consent.provision.class[0]']]);
  });

  it('no pattern, no version of the explanation, no evidence', async () => {
    const more = { category: [{ text: 'x' }], policyRule: { text: 'x' }, verification: undefined };
    expect(await refused({ type: 'permit' }, more)).toEqual([
      422,
      'Consent.category',
      'Consent.policyRule',
      'Consent.verification',
    ]);
  });

  it('a permit for everybody, where the region takes consent for named facilities', async () => {
    for (const consentDefault of ['list', 'per-facility'] as const) {
      const api = openApi({ region: { ...open().services.region, consentDefault } });
      const { patient } = await chart(api);
      const list = { category: [coded('urn:tsumugi:consent-pattern', 'list')] };
      const all = await api.send('POST', '/Consent', { body: consent(patient, { type: 'permit' }) });
      expect(all.status).toBe(422);
      const named = consent(patient, { type: 'permit', actor: [facilityActor('3610000002')] }, list);
      expect((await api.send('POST', '/Consent', { body: named })).status).toBe(201);
    }
  });
});

describe('death', () => {
  it('closes the record but to the source facility, whatever was consented to', async () => {
    const region = { ...open().services.region, consentDefault: 'implicit' as const };
    const api = openApi({ region });
    const its = await chart(api);
    const patient = (await api.send('GET', `/Patient/${its.patient}`)).body;
    await stored(api, consent(its.patient, { type: 'permit' }));
    await stored(api, { ...patient, deceasedDateTime: '2026-11-20' });

    expect(await seen(api, its)).toEqual([404, 0]);
    expect(await seen(api, its, residentOf(its.patient))).toEqual([404, 0]);
    expect(await seen(api, its, hospital)).toEqual([200, 1]);

    await stored(api, { ...patient, deceasedBoolean: false });
    expect(await seen(api, its)).toEqual([200, 1]);
  });
});

it('a Binary or a Group of no patient stays with its source', async () => {
  const api = openApi({ region: { ...open().services.region, consentDefault: 'implicit' as const } });
  const { id } = await stored(api, { resourceType: 'Binary', contentType: 'text/plain', data: 'eA==' });
  const group = await stored(api, { resourceType: 'Group', type: 'person', actual: true });
  for (const url of [`/Binary/${id}`, `/Group/${group.id}`]) {
    expect((await api.send('GET', url)).status).toBe(200);
    expect((await api.send('GET', url, { as: clinic })).status).toBe(404);
  }
});
