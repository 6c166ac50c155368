// `_linked` (design section 5): a search that names one of a person's Patients covers all of them, record by record under consent.
import { describe, expect, it } from 'vitest';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor } from '../../../functions/consent/actor.ts';
import { type Api, clinic, given, hospital, openApi, residentOf, stored } from '../../support/api.ts';
import { consent, facilityActor } from '../../support/consents.ts';

const doctor = (at: Actor): Actor => ({ ...at, kind: 'staff', role: 'doctor', scopes: parseScopes('user/*.cruds') });

const category = [
  { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] },
];

/** One person, a patient of the hospital and of the clinic. */
const linkedPerson = async (consentDefault: 'implicit' | 'own-facility' = 'implicit') => {
  const plain = openApi();
  const api = openApi({ region: { ...plain.services.region, consentDefault } });
  const [first, second] = [await stored(api, given.patient()), await stored(api, given.patient(), { as: clinic })];
  const link = [first.id, second.id];
  await api.services.resources.commit(
    link.map((patient) => ({
      kind: 'head',
      patient,
      expectVersion: 0,
      person: 'one',
      linked: link,
      policy: undefined,
    })),
    api.time.now,
  );
  for (let at = 0; at < 3; at++) {
    const [one, two] = [`2026-10-0${at + 1}`, `2026-10-0${at + 4}`];
    await stored(api, given.observation(first.id, { category, effectiveDateTime: one }));
    await stored(api, given.observation(second.id, { category, effectiveDateTime: two }), { as: clinic });
  }
  return { api, at: { hospital: first.id, clinic: second.id } };
};

const countOf = async (api: Api, url: string, as: Actor) => {
  const { status, body } = await api.send('GET', url, { as });
  expect(status).toBe(200);
  return body.entry?.length ?? 0;
};

describe('_linked', () => {
  it('is what staff and residents mean, and what systems must ask for', async () => {
    const { api, at } = await linkedPerson();
    const url = `/Observation?patient=${at.hospital}`;

    expect(await countOf(api, url, doctor(hospital))).toBe(6);
    expect(await countOf(api, `${url}&_linked=false`, doctor(hospital))).toBe(3);
    expect(await countOf(api, url, residentOf(at.hospital))).toBe(6); // linked is theirs too
    expect(await countOf(api, url, hospital)).toBe(3);
    expect(await countOf(api, `${url}&_linked=true`, hospital)).toBe(6);
    const { body } = await api.send('GET', url, { as: doctor(hospital) });
    expect(body.link![0]!.url).toMatch(/_linked=true$/);
    expect(JSON.stringify(body.link)).not.toContain(at.clinic);
  });

  it('covers compartments, $everything, $lastn and $summary', async () => {
    const { api, at } = await linkedPerson();
    const as = doctor(hospital);
    expect(await countOf(api, `/Patient/${at.clinic}/Observation`, as)).toBe(6);
    expect(await countOf(api, `/Patient/${at.clinic}/$everything`, as)).toBe(8);
    expect(await countOf(api, `/Patient/${at.clinic}/$everything?_linked=false`, as)).toBe(4);
    expect(await countOf(api, `/Observation/$lastn?patient=${at.clinic}&code=718-7&max=10`, as)).toBe(6);
    const { text } = await api.send('GET', `/Patient/${at.hospital}/$summary`, { as });
    for (const month of ['2026-10-03', '2026-10-06']) expect(text).toContain(month);
  });

  it('goes on from page to page, newest first over all of them, each once', async () => {
    const { api, at } = await linkedPerson();
    for (const start of [
      `/Observation?patient=${at.hospital}&_count=2&_sort=-date`,
      `/Observation?patient=${at.hospital}&_count=2`,
      `/Patient/${at.hospital}/$everything?_count=3&_type=Observation`,
    ]) {
      const seen: string[] = [];
      let next: string | undefined = start;
      while (next) {
        const { status, body } = await api.send('GET', next, { as: doctor(hospital) });
        expect(status).toBe(200);
        seen.push(...(body.entry ?? []).map(({ resource }) => String(resource!.effectiveDateTime)));
        next = body.link!.find(({ relation }) => relation === 'next')?.url;
      }
      expect(seen).toHaveLength(6);
      expect(new Set(seen).size).toBe(6);
      if (start.includes('_sort')) expect(seen).toEqual([...seen].sort().reverse());
    }
  });

  it('opens nothing that consent closes, and a consent at one facility rules at all', async () => {
    const { api, at } = await linkedPerson();
    await stored(api, consent(at.hospital, { type: 'deny', actor: [facilityActor(hospital.facility!)] }));

    const [one, two] = await api.services.resources.heads([at.hospital, at.clinic]);
    expect(one!.policy).toBe(two!.policy);
    expect([one!.person, two!.linked]).toEqual(['one', [at.hospital, at.clinic]]);
    expect(await countOf(api, `/Observation?patient=${at.hospital}`, doctor(hospital))).toBe(3);
    expect(await countOf(api, `/Observation?patient=${at.hospital}`, doctor(clinic))).toBe(6);
  });

  it('tells nobody whom a Patient is linked to whose Patient that is not to be seen', async () => {
    const { api, at } = await linkedPerson('own-facility');
    expect(await countOf(api, `/Observation?patient=${at.hospital}`, doctor(clinic))).toBe(0);
    expect(await countOf(api, `/Observation?patient=${at.clinic}`, doctor(clinic))).toBe(3);
  });

  it('does not reach conditional interactions: those look at the own records', async () => {
    const { api, at } = await linkedPerson();
    const got = await api.send('DELETE', `/Observation?patient=${at.clinic}`, { as: doctor(hospital) });
    expect(got.status).toBe(204);
    expect(await countOf(api, `/Observation?patient=${at.clinic}`, doctor(clinic))).toBe(6);
  });
});
