// Joining, changing, leaving and coming back: domain.md 2.4, docs/enrolment.md.
import { beforeEach, describe, expect, it } from 'vitest';
import { validate } from '../../../functions/fhir/validate.ts';
import { clinicDoctor, crew, doctor, evidence, form, municipal, openRegion, operator, privacy } from './given.ts';

let region: ReturnType<typeof openRegion>;
beforeEach(() => {
  region = openRegion();
});

describe('joining at a counter', () => {
  it('makes Person, Patient, Consent, card and head in one commit', async () => {
    const versions: number[] = [];
    const { commit } = region.services.resources;
    region.services.resources.commit = (writes, now) => {
      versions.push(writes.length);
      return commit(writes, now);
    };
    const { person, patient, card } = await region.joined();

    expect(versions).toEqual([4]);
    const { resources } = region.services;
    const stored = await resources.get('Person', person);
    expect(stored?.resource()).toMatchObject({
      active: true,
      birthDate: '1951-04-01',
      link: [{ target: { reference: `Patient/${patient}` } }],
      identifier: [{ use: 'official', value: card.number }],
    });
    expect((await resources.get('Patient', patient))?.facility).toBe('0000000000');
    const [head] = await resources.heads([patient]);
    expect(head).toMatchObject({ person, linked: [patient] });
    expect(JSON.parse(head!.policy!).rules).toEqual([{ is: 'permit' }]);
    const consents = await resources.scan({ patient, type: 'Consent' });
    expect(consents.items).toHaveLength(1);
  });

  it('writes resources that are valid FHIR', async () => {
    const { person, patient } = await region.joined({ consent: { textVersion: '1', except: ['3610000002'] } });
    const { resources } = region.services;
    const consents = await resources.scan({ patient, type: 'Consent' });
    const written = [await resources.get('Person', person), await resources.get('Patient', patient), ...consents.items];
    for (const one of written) {
      const faults = validate(one!.resource(), { type: one!.type }).filter(({ severity }) => severity === 'error');
      expect(faults).toEqual([]);
    }
  });

  it('takes a form that came by post, with its scan and who signed', async () => {
    const signed = { ...evidence, scan: 'file-2026-0002', signedBy: '紬木 織' };
    const { person } = await region.joined({ route: 'post', evidence: signed });
    const seen = await region.call(operator, 'GET', `/enrolment/people/${person}`);
    expect(seen.body).toMatchObject({ route: 'post', status: 'enrolled' });
    expect((await region.services.resources.get('Person', person))?.text()).toContain('file-2026-0002');
  });

  it('keeps the scan of the signed form, and shows it through the person alone', async () => {
    const pdf = '%PDF-1.7 a form';
    const kept = await region.call(municipal, 'POST', '/enrolment/scans', pdf);
    expect(kept.status).toBe(201);
    const { person } = await region.joined({ route: 'post', evidence: { ...evidence, scan: kept.body.scan } });
    const seen = await region.call(municipal, 'GET', `/enrolment/people/${person}/scan`);
    expect(seen.body.url).toContain(kept.body.scan);
    expect((await region.call(municipal, 'POST', '/enrolment/scans', '<script>')).status).toBe(415);
    expect((await region.call(doctor, 'POST', '/enrolment/scans', pdf)).status).toBe(403);
  });

  it('refuses a person who has joined already: by insurance number, and by name with birth date', async () => {
    const first = await region.joined();
    const again = await region.call(municipal, 'POST', '/enrolment/people', form());
    expect(again.status).toBe(409);
    const check = await region.call(municipal, 'POST', '/enrolment/check', personOf(form({ insurance: undefined })));
    expect(check.body.duplicates).toMatchObject([{ person: first.person, by: 'name-and-birth-date' }]);
    const kana = { kanji: { family: '紡木', given: '絲' }, kana: { family: 'つむぎ', given: 'いと' } };
    const variant = await region.call(
      municipal,
      'POST',
      '/enrolment/people',
      form({ name: kana, insurance: undefined }),
    );
    expect(variant.status).toBe(409);
  });

  it('finds who has lost the card by the name as it sounds and the birth date', async () => {
    const first = await region.joined();
    const { name, birthDate } = form();
    const check = await region.call(municipal, 'POST', '/enrolment/check', { name: { kana: name.kana }, birthDate });
    expect(check.body.duplicates).toMatchObject([{ person: first.person, status: 'enrolled' }]);
    expect((await region.call(municipal, 'POST', '/enrolment/check', { birthDate })).status).toBe(400);
  });

  it('lets a desk that has looked say that it is another person of the same name and birth date', async () => {
    const first = await region.joined();
    const twin = form({ insurance: undefined, differsFrom: [first.person] });
    const answer = await region.call(municipal, 'POST', '/enrolment/people', twin);
    expect(answer.status).toBe(201);
    expect(answer.body.patient).not.toBe(first.patient);
  });

  it('lets only one of two desks enrol the same person at the same moment', async () => {
    const send = () => region.call(municipal, 'POST', '/enrolment/people', form());
    const answers = await Promise.all([send(), send()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('refuses other roles before the body is read', async () => {
    for (const actor of [doctor, privacy, crew])
      expect((await region.call(actor, 'POST', '/enrolment/people', {})).status).toBe(403);
  });

  it('names the element and never the value of a form that does not fit', async () => {
    const answer = await region.call(municipal, 'POST', '/enrolment/people', form({ birthDate: '1951-02-30' }));
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain('birthDate');
    expect(JSON.stringify(answer.body)).not.toContain('1951-');
  });

  it('is audited with the person whom it is about, and logged without a name', async () => {
    const { person, patient } = await region.joined();
    const patientKey = region.services.resources.patientKey(patient);
    expect(region.recorded).toContainEqual(
      expect.objectContaining({ interaction: 'enrolment-create', patientKey, entities: [`Person/${person}`] }),
    );
    await region.call(municipal, 'POST', '/enrolment/people', form());
    expect(JSON.stringify([region.recorded, region.logged])).not.toMatch(/紬木|ツムギ|01234567/);
  });
});

describe('consent patterns', () => {
  const policyOf = async (settings: Parameters<typeof openRegion>[0], consent: object) => {
    const one = openRegion(settings);
    const { patient } = await one.joined({ consent: { textVersion: '1', ...consent } });
    const [head] = await one.services.resources.heads([patient]);
    return head?.policy === undefined ? undefined : JSON.parse(head.policy).rules;
  };

  it('一括 opens to all, with exceptions', async () => {
    expect(await policyOf({ consentDefault: 'blanket' }, { except: ['3610000002'] })).toEqual([
      { is: 'permit' },
      { is: 'deny', who: [{ facility: '3610000002' }] },
    ]);
  });

  it('リスト opens to those that are ticked', async () => {
    const facilities = ['3610000001', '3640000003'];
    expect(await policyOf({ consentDefault: 'list' }, { facilities })).toEqual([
      { is: 'permit', who: facilities.map((facility) => ({ facility })) },
    ]);
  });

  it('施設ごと opens to the one where it was signed', async () => {
    const facilities = ['3610000001'];
    expect(await policyOf({ consentDefault: 'per-facility' }, { facilities })).toEqual([
      { is: 'permit', who: [{ facility: '3610000001' }] },
    ]);
  });

  it('黙示 leaves it to the region, but for exceptions', async () => {
    expect(await policyOf({ consentDefault: 'implicit' }, {})).toBeUndefined();
    expect(await policyOf({ consentDefault: 'implicit' }, { except: ['3610000002'] })).toEqual([
      { is: 'deny', who: [{ facility: '3610000002' }] },
    ]);
  });

  it('refuses a list without facilities, and a region of no pattern a form without one', async () => {
    const list = openRegion({ consentDefault: 'list' });
    expect((await list.call(municipal, 'POST', '/enrolment/people', form())).status).toBe(422);
    const none = openRegion({ consentDefault: 'own-facility' });
    expect((await none.call(municipal, 'POST', '/enrolment/people', form())).status).toBe(422);
  });
});

describe('changes', () => {
  it('changes what is given in Person and Patient and keeps the rest', async () => {
    const { person, patient } = await region.joined();
    const name = { kanji: { family: '織部', given: '糸' }, kana: { family: 'オリベ', given: 'イト' } };
    const answer = await region.call(municipal, 'POST', `/enrolment/people/${person}/changes`, { name, evidence });
    expect(answer.status).toBe(200);
    const stored = (await region.services.resources.get('Patient', patient))!;
    expect(stored.text()).toContain('織部');
    expect(stored.text()).not.toContain('紬木');
    expect(stored.resource()).toMatchObject({ birthDate: '1951-04-01', telecom: [{ value: '090-0000-1234' }] });
    const history = await region.services.resources.history('Patient', patient, { limit: 5 });
    expect(history.items).toHaveLength(2);
  });
});

describe('leaving', () => {
  const asked = { headers: {}, path: (patient: string) => `/fhir/Observation?patient=${patient}` };
  const withResult = async () => {
    const one = await region.joined();
    const { status } = await region.call(doctor, 'POST', '/fhir/Observation', {
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
      subject: { reference: `Patient/${one.patient}` },
      effectiveDateTime: '2026-11-01',
    });
    expect(status).toBe(201);
    return one;
  };

  it('closes the record to others at the next request, and never to the source facility', async () => {
    const { person, patient } = await withResult();
    const before = await region.call(clinicDoctor, 'GET', asked.path(patient));
    expect(before.body.entry).toHaveLength(1);

    const left = await region.call(municipal, 'POST', `/enrolment/people/${person}/withdrawal`, { evidence });
    expect(left.status).toBe(200);
    region.time.now += 5000;

    const after = await region.call(clinicDoctor, 'GET', asked.path(patient));
    expect(after.body.entry ?? []).toEqual([]);
    const source = await region.call(doctor, 'GET', asked.path(patient));
    expect(source.body.entry).toHaveLength(1);
  });

  it('keeps a consent that the person has given for one facility out of it: everything is closed', async () => {
    const { person, patient } = await withResult();
    await region.call(municipal, 'POST', `/enrolment/people/${person}/withdrawal`, { evidence });
    const [head] = await region.services.resources.heads([patient]);
    expect(JSON.parse(head!.policy!).rules).toEqual([{ is: 'deny' }]);
  });

  it('lets the person come back with new consents and a new card', async () => {
    const { person, patient, card } = await withResult();
    await region.call(municipal, 'POST', `/enrolment/people/${person}/withdrawal`, { evidence });
    const back = await region.call(municipal, 'POST', `/enrolment/people/${person}/return`, {
      consent: { textVersion: '2026-10' },
      evidence,
    });
    expect(back.status).toBe(200);
    expect(back.body).toMatchObject({ person, patient });
    expect(back.body.card.number).not.toBe(card.number);
    region.time.now += 5000;
    const seen = await region.call(clinicDoctor, 'GET', asked.path(patient));
    expect(seen.body.entry).toHaveLength(1);
  });

  it('closes the record of somebody who died, the card and the account', async () => {
    const { person, patient, card } = await withResult();
    await region.account(person, 'ito@resident.example');
    const answer = await region.call(municipal, 'POST', `/enrolment/people/${person}/death`, {
      on: '2026-11-20',
      evidence,
    });
    expect(answer.status).toBe(200);
    const [head] = await region.services.resources.heads([patient]);
    expect(JSON.parse(head!.policy!)).toMatchObject({ closed: true });
    expect(region.accounts.disabled.size).toBe(1);
    const lookup = await region.call(doctor, 'POST', '/enrolment/cards/lookup', { card: card.number });
    expect(lookup.status).toBe(410);
    const again = await region.call(municipal, 'POST', `/enrolment/people/${person}/return`, {
      consent: { textVersion: '1' },
      evidence,
    });
    expect(again.status).toBe(409);
  });
});

describe('cards', () => {
  it('lead by number or QR code to the patient id, and tell nothing else', async () => {
    const { patient, person, card } = await region.joined();
    for (const shown of [card.number, card.number.replace(/(....)(....)/, '$1-$2-'), card.qr]) {
      const { status, body } = await region.call(crew, 'POST', '/enrolment/cards/lookup', { card: shown });
      expect(status).toBe(200);
      expect(body).toEqual({ person, patient, linked: [patient], status: 'enrolled' });
    }
    expect(card.qr).not.toContain(card.number);
  });

  it('are dead from the moment that they are lost, and a new one is made with the history kept', async () => {
    const { person, card } = await region.joined();
    const stopped = await region.call(municipal, 'POST', `/enrolment/people/${person}/cards/stop`, { why: 'lost' });
    expect(stopped.status).toBe(200);
    for (const shown of [card.number, card.qr])
      expect((await region.call(doctor, 'POST', '/enrolment/cards/lookup', { card: shown })).status).toBe(410);

    const next = await region.call(municipal, 'POST', `/enrolment/people/${person}/cards`, { why: 'lost' });
    expect(next.status).toBe(201);
    expect((await region.call(doctor, 'POST', '/enrolment/cards/lookup', { card: next.body.card.qr })).status).toBe(
      200,
    );
    const seen = await region.call(municipal, 'GET', `/enrolment/people/${person}`);
    expect(seen.body.cards).toMatchObject([{ valid: false, stopped: 'lost' }, { valid: true }]);
  });

  it('with a wrong digit are refused without a look-up', async () => {
    const { card } = await region.joined();
    const wrong = card.number.replace(/.$/, (digit) => String((Number(digit) + 1) % 10));
    const answer = await region.call(doctor, 'POST', '/enrolment/cards/lookup', { card: wrong });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).not.toContain(wrong);
  });

  it('of another region are no cards here', async () => {
    const elsewhere = openRegion({ name: 'kesen' });
    const { card } = await elsewhere.joined();
    expect((await region.call(doctor, 'POST', '/enrolment/cards/lookup', { card: card.qr })).status).toBe(400);
  });
});

const personOf = ({ route: _, consent: __, evidence: ___, ...who }: ReturnType<typeof form>) => who;
