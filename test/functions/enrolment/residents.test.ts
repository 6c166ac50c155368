// Residents' accounts, applications, proxies and own entries: docs/enrolment.md.
import { beforeEach, describe, expect, it } from 'vitest';
import { clinicDoctor, doctor, evidence, form, municipal, openRegion, resident } from './given.ts';

let region: ReturnType<typeof openRegion>;
beforeEach(() => {
  region = openRegion();
});

const child = form({
  name: { kanji: { family: '紬木', given: '小糸' }, kana: { family: 'ツムギ', given: 'コイト' } },
  birthDate: '2012-05-05',
  insurance: { insurer: '39360000', number: '01234567', branch: '02' },
});
const neighbour = form({
  name: { kanji: { family: '架空', given: '太郎' }, kana: { family: 'カクウ', given: 'タロウ' } },
  birthDate: '1948-01-01',
  insurance: { insurer: '39360000', number: '7654321', branch: '00' },
});
const weight = (patient: string) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
  subject: { reference: `Patient/${patient}` },
  performer: [{ reference: `Patient/${patient}` }],
  effectiveDateTime: '2026-11-21',
  valueQuantity: { value: 52.5, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
});

describe('an account', () => {
  it('shows its person, and gives the first password on paper only once', async () => {
    const { person, patient } = await region.joined();
    const answer = await region.call(municipal, 'POST', `/enrolment/people/${person}/account`, {
      email: 'ito@resident.example',
      by: 'letter',
    });
    expect(answer.body).toMatchObject({ person, password: expect.any(String) });
    expect(answer.body.sub).toBeUndefined();
    const me = await region.call(resident('sub-1'), 'GET', '/me/person');
    expect(me.body).toMatchObject({ person, patients: [patient], status: 'enrolled', account: true });
    const again = { email: 'other@resident.example', by: 'letter' };
    expect((await region.call(municipal, 'POST', `/enrolment/people/${person}/account`, again)).status).toBe(409);
  });

  it('sees what is linked to its person as soon as it is linked', async () => {
    const { person, patient } = await region.joined();
    const me = await region.account(person, 'ito@resident.example');
    const made = await region.call(doctor, 'POST', '/fhir/Patient', {
      resourceType: 'Patient',
      name: [{ family: '紬木', given: ['糸'] }],
      birthDate: '1951-04-01',
    });
    const record = made.body.id as string;
    expect((await region.call(me, 'GET', `/fhir/Patient/${record}`)).status).toBe(404);

    const { resources } = region.services;
    const [own, facility] = await resources.heads([patient, record]);
    const linked = [patient, record];
    await resources.commit(
      [
        { kind: 'head', patient, expectVersion: own!.version, person, linked, policy: own!.policy },
        { kind: 'head', patient: record, expectVersion: facility?.version ?? 0, person, linked, policy: own!.policy },
      ],
      region.time.now,
    );
    region.time.now += 3000;
    expect((await region.call(me, 'GET', `/fhir/Patient/${record}`)).status).toBe(200);
  });

  it('writes home measurements of somebody whom no facility knows, and nothing else', async () => {
    const { person, patient } = await region.joined();
    const me = await region.account(person, 'ito@resident.example');
    const made = await region.call(me, 'POST', '/fhir/Observation', weight(patient));
    expect(made.status).toBe(201);
    const stored = await region.services.resources.get('Observation', made.body.id);
    expect(stored).toMatchObject({ facility: '0000000000', dataClass: 'home' });
    const changed = { ...made.body, valueQuantity: { ...made.body.valueQuantity, value: 53 } };
    expect((await region.call(me, 'PUT', `/fhir/Observation/${made.body.id}`, changed)).status).toBe(200);
    // Seen by a doctor under the person's consent.
    const seen = await region.call(doctor, 'GET', `/fhir/Observation?patient=${patient}`);
    expect(seen.body.entry).toHaveLength(1);

    const allergy = {
      resourceType: 'AllergyIntolerance',
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
      },
      code: { text: 'そば' },
      patient: { reference: `Patient/${patient}` },
      recorder: { reference: `Patient/${patient}` },
    };
    expect((await region.call(me, 'POST', '/fhir/AllergyIntolerance', allergy)).status).toBe(201);
    const clinical = { ...weight(patient), performer: undefined };
    expect((await region.call(me, 'POST', '/fhir/Observation', clinical)).status).toBe(403);
    const other = await region.joined(neighbour);
    expect((await region.call(me, 'POST', '/fhir/Observation', weight(other.patient))).status).not.toBe(201);
  });

  it('writes a bundle of home measurements in one transaction', async () => {
    const { person, patient } = await region.joined();
    const me = await region.account(person, 'ito@resident.example');
    const entry = [1, 2].map(() => ({
      resource: weight(patient),
      request: { method: 'POST', url: 'Observation' },
    }));
    const answer = await region.call(me, 'POST', '/fhir', { resourceType: 'Bundle', type: 'transaction', entry });
    expect(answer.status).toBe(200);
  });

  it('tells what facility staff may not ask at /me, and nothing to staff', async () => {
    for (const path of ['/me/person', '/me/cards', '/me/proxies', '/me/alerts'])
      expect((await region.call(clinicDoctor, 'GET', path)).status).toBe(403);
  });

  it('is told how it stands without being refused, and what the region opens by itself', async () => {
    const stranger = await region.call(resident('sub-of-nobody'), 'GET', '/me/enrolment');
    expect(stranger).toMatchObject({ status: 200, body: { status: 'none', patients: [], consentDefault: 'blanket' } });
    const { person, patient } = await region.joined();
    const me = await region.account(person, 'ito@resident.example');
    expect((await region.call(me, 'GET', '/me/enrolment')).body).toMatchObject({
      status: 'enrolled',
      person,
      patient,
      patients: [patient],
    });
    expect((await region.call(clinicDoctor, 'GET', '/me/enrolment')).status).toBe(403);
  });

  it('shows its card on the telephone as long as the card is good', async () => {
    const { person, patient } = await region.joined();
    const me = await region.account(person, 'ito@resident.example');
    const [shown] = (await region.call(me, 'GET', '/me/cards')).body.cards;
    const seen = await region.call(doctor, 'POST', '/enrolment/cards/lookup', { card: shown.qr });
    expect(seen.body.patient).toBe(patient);
    await region.call(me, 'POST', '/me/cards/stop', { why: 'lost' });
    expect((await region.call(me, 'GET', '/me/cards')).body.cards[0].qr).toBeUndefined();
  });

  it('changes its own address and telephone number, and nothing that identifies', async () => {
    const { person } = await region.joined();
    const me = await region.account(person, 'ito@resident.example');
    expect((await region.call(me, 'POST', '/me/contact', { phone: '090-9999-0000' })).status).toBe(200);
    expect((await region.call(me, 'GET', '/me/person')).body.phone).toBe('090-9999-0000');
    expect((await region.call(me, 'POST', '/me/contact', { birthDate: '1990-01-01' })).status).toBe(400);
    const emergency = [{ name: '紬木 織', phone: '090-1111-2222', relationship: '娘' }];
    expect((await region.call(me, 'POST', '/me/contact', { emergency })).status).toBe(200);
    const { patients } = (await region.call(me, 'GET', '/me/person')).body;
    const seen = await region.call(doctor, 'GET', `/fhir/Patient/${patients[0]}`);
    expect(seen.body.contact).toMatchObject([{ telecom: [{ value: '090-1111-2222' }] }]);
  });

  it('reports a lost card and withdraws by itself', async () => {
    const { person, card } = await region.joined();
    const me = await region.account(person, 'ito@resident.example');
    expect((await region.call(me, 'POST', '/me/cards/stop', { why: 'lost' })).status).toBe(200);
    expect((await region.call(doctor, 'POST', '/enrolment/cards/lookup', { card: card.number })).status).toBe(410);
    expect((await region.call(me, 'POST', '/me/withdrawal')).status).toBe(200);
    expect((await region.call(me, 'GET', '/me/person')).body.status).toBe('withdrawn');
    expect((await region.call(me, 'POST', '/me/return', { consent: { textVersion: '2' } })).status).toBe(200);
    expect((await region.call(me, 'GET', '/me/person')).body.status).toBe('enrolled');
  });
});

describe('an application', () => {
  const { evidence: _, route: __, ...who } = neighbour;
  const application = { ...who, route: 'qr' };
  const newcomer = resident('sub-of-newcomer');

  it('opens nothing until a desk confirms it with the papers', async () => {
    const applied = await region.call(newcomer, 'POST', '/me/application', application);
    expect(applied.status).toBe(201);
    expect((await region.call(newcomer, 'GET', '/me/application')).body).toMatchObject({ status: 'applied' });
    expect((await region.call(newcomer, 'GET', '/me/person')).status).toBe(403);
    expect((await region.call(newcomer, 'POST', '/me/application', application)).status).toBe(409);

    const list = await region.call(municipal, 'GET', '/enrolment/applications');
    expect(list.body.applications).toMatchObject([{ receipt: applied.body.receipt, status: 'applied' }]);
    const path = `/enrolment/applications/${applied.body.receipt}/confirmation`;
    const confirmed = await region.call(municipal, 'POST', path, { evidence });
    expect(confirmed.status).toBe(201);

    const me = await region.call(newcomer, 'GET', '/me/person');
    expect(me.body).toMatchObject({ person: confirmed.body.person, status: 'enrolled', route: 'qr' });
    expect((await region.call(municipal, 'GET', '/enrolment/applications')).body.applications).toEqual([]);
    expect((await region.call(municipal, 'POST', path, { evidence })).status).toBe(404);
  });

  it('is confirmed against a number only when it is the applicant’s', async () => {
    const { body } = await region.call(newcomer, 'POST', '/me/application', application);
    const path = `/enrolment/applications/${body.receipt}/confirmation`;
    const wrong = { insurer: '39360000', number: '1111111', branch: '00' };
    expect((await region.call(municipal, 'POST', path, { evidence, insurance: wrong })).status).toBe(422);
    const right = { evidence, insurance: neighbour.insurance };
    expect((await region.call(municipal, 'POST', path, right)).status).toBe(201);
  });

  it('of somebody who has joined already is a duplicate at the desk', async () => {
    await region.joined(neighbour);
    const { body } = await region.call(newcomer, 'POST', '/me/application', application);
    const path = `/enrolment/applications/${body.receipt}/confirmation`;
    expect((await region.call(municipal, 'POST', path, { evidence })).status).toBe(409);
    const rejected = await region.call(municipal, 'POST', `/enrolment/applications/${body.receipt}/rejection`);
    expect(rejected.status).toBe(200);
    expect((await region.call(newcomer, 'GET', '/me/application')).body.status).toBe('rejected');
  });
});

describe('a proxy', () => {
  const family = async () => {
    const mother = await region.joined();
    const daughter = await region.joined(child);
    const me = await region.account(mother.person, 'ito@resident.example');
    const path = `/enrolment/people/${daughter.person}/proxies`;
    const granted = await region.call(municipal, 'POST', path, {
      by: mother.person,
      kind: 'parent',
      basis: '戸籍謄本 確認済',
      evidence,
    });
    return { mother, daughter, me, granted };
  };

  it('sees the record of whom it acts for, and both see who acts for whom', async () => {
    const { mother, daughter, me, granted } = await family();
    expect(granted.status).toBe(201);
    region.time.now += 3000;
    expect((await region.call(me, 'GET', `/fhir/Patient/${daughter.patient}`)).status).toBe(200);
    const mine = await region.call(me, 'GET', '/me/proxies');
    expect(mine.body).toMatchObject({ actForMe: [], iActFor: [{ patient: daughter.patient, inForce: true }] });
    const herself = await region.account(daughter.person, 'koito@resident.example');
    const hers = await region.call(herself, 'GET', '/me/proxies');
    expect(hers.body.actForMe).toMatchObject([{ person: mother.person, kind: 'parent', inForce: true }]);
  });

  it('of a child ends with the eighteenth birthday, within seconds', async () => {
    const { daughter, me } = await family();
    region.time.now = Date.parse('2030-05-04T23:59:50+09:00');
    expect((await region.call(me, 'GET', `/fhir/Patient/${daughter.patient}`)).status).toBe(200);
    region.time.now = Date.parse('2030-05-05T00:00:05+09:00');
    expect((await region.call(me, 'GET', `/fhir/Patient/${daughter.patient}`)).status).toBe(404);
  });

  it('ends when it is revoked, within five seconds', async () => {
    const { daughter, me, granted } = await family();
    region.time.now += 3000;
    expect((await region.call(me, 'GET', `/fhir/Patient/${daughter.patient}`)).status).toBe(200);
    const path = `/enrolment/proxies/${granted.body.id}/revocation`;
    expect((await region.call(municipal, 'POST', path, { evidence })).status).toBe(200);
    region.time.now += 3000;
    expect((await region.call(me, 'GET', `/fhir/Patient/${daughter.patient}`)).status).toBe(404);
  });

  it('ends with the day that a corrected birth date makes the eighteenth birthday', async () => {
    const { daughter, me } = await family();
    const path = `/enrolment/people/${daughter.person}/changes`;
    await region.call(municipal, 'POST', path, { birthDate: '2008-11-01', evidence });
    region.time.now += 3000;
    expect((await region.call(me, 'GET', `/fhir/Patient/${daughter.patient}`)).status).toBe(404);
  });

  it('of an adult needs a basis and a last day, and the adult may revoke it', async () => {
    const wife = await region.joined();
    const husband = await region.joined(neighbour);
    const path = `/enrolment/people/${husband.person}/proxies`;
    const grant = { by: wife.person, kind: 'family', basis: '本人の委任状 2026-11-01', evidence };
    expect((await region.call(municipal, 'POST', path, grant)).status).toBe(422);
    expect((await region.call(municipal, 'POST', path, { ...grant, basis: '' })).status).toBe(400);
    const made = await region.call(municipal, 'POST', path, { ...grant, until: '2027-10-31' });
    expect(made.status).toBe(201);
    expect((await region.call(municipal, 'POST', path, { ...grant, until: '2027-10-31' })).status).toBe(409);

    const he = await region.account(husband.person, 'taro@resident.example');
    expect((await region.call(he, 'POST', `/me/proxies/${made.body.id}/revocation`)).status).toBe(200);
  });

  it('is not dismissed by a child, and a stranger learns nothing of it', async () => {
    const { daughter, granted } = await family();
    const herself = await region.account(daughter.person, 'koito@resident.example');
    expect((await region.call(herself, 'POST', `/me/proxies/${granted.body.id}/revocation`)).status).toBe(404);
    const other = await region.joined(neighbour);
    const stranger = await region.account(other.person, 'taro@resident.example');
    expect((await region.call(stranger, 'POST', `/me/proxies/${granted.body.id}/revocation`)).status).toBe(404);
  });

  it('acts for nobody who has died', async () => {
    const { daughter, me } = await family();
    const path = `/enrolment/people/${daughter.person}/death`;
    await region.call(municipal, 'POST', path, { on: '2026-11-21', evidence });
    region.time.now += 3000;
    expect((await region.call(me, 'GET', `/fhir/Patient/${daughter.patient}`)).status).toBe(404);
  });
});
