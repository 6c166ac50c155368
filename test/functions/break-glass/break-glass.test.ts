// Break-glass: domain.md 4.4 (9), design section 6, docs/enrolment.md.
import { beforeEach, describe, expect, it } from 'vitest';
import { namedIn } from '../../../functions/middleware/break-glass.ts';
import {
  clinicDoctor,
  crew,
  doctor,
  evidence,
  municipal,
  openRegion,
  pharmacist,
  privacy,
} from '../enrolment/given.ts';

let region: ReturnType<typeof openRegion>;
beforeEach(() => {
  region = openRegion({ consentDefault: 'per-facility' });
});

const REASON = '救急搬送中で意識がなく、本人に確認できない';
const headers = (reason: string | undefined = REASON): Record<string, string> => ({
  'x-purpose': 'BTG',
  ...(reason !== undefined && { 'x-purpose-reason': encodeURIComponent(reason) }),
});

/** Joined with consent for the hospital alone; the hospital knows an allergy and wrote a note. */
const chart = async () => {
  const consent = { textVersion: '1', facilities: ['3610000001'] };
  const joined = await region.joined({ consent });
  const subject = { reference: `Patient/${joined.patient}` };
  const allergy = await region.call(doctor, 'POST', '/fhir/AllergyIntolerance', {
    resourceType: 'AllergyIntolerance',
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
    },
    code: { text: 'ペニシリン' },
    patient: subject,
  });
  const note = await region.call(doctor, 'POST', '/fhir/ClinicalImpression', {
    resourceType: 'ClinicalImpression',
    status: 'completed',
    subject,
  });
  expect([allergy.status, note.status]).toEqual([201, 201]);
  return { ...joined, allergy: allergy.body.id as string, note: note.body.id as string };
};

const queue = () => region.call(privacy, 'GET', '/admin/break-glass').then(({ body }) => body);

describe('breaking the glass', () => {
  it('shows the emergency set of the one person, and nothing more', async () => {
    const { patient, allergy, note } = await chart();
    const path = `/fhir/AllergyIntolerance?patient=${patient}`;
    expect((await region.call(clinicDoctor, 'GET', path)).body.entry ?? []).toEqual([]);
    const opened = await region.call(clinicDoctor, 'GET', path, undefined, headers());
    expect(opened.body.entry).toHaveLength(1);
    const read = (type: string, id: string) =>
      region.call(clinicDoctor, 'GET', `/fhir/${type}/${id}`, undefined, headers());
    expect((await read('AllergyIntolerance', allergy)).status).toBe(200);
    expect((await read('Patient', patient)).status).toBe(200);
    expect((await read('ClinicalImpression', note)).status).not.toBe(200);
    // Without the purpose the open grant is of no use.
    expect((await region.call(clinicDoctor, 'GET', `/fhir/AllergyIntolerance/${allergy}`)).status).not.toBe(200);
  });

  it('needs a reason that says something, and repeats it nowhere', async () => {
    const { patient } = await chart();
    for (const reason of ['', '急患', '          ']) {
      const answer = await region.call(crew, 'GET', `/fhir/Patient/${patient}`, undefined, headers(reason));
      expect(answer.status).toBe(400);
    }
    const none = await region.call(crew, 'GET', `/fhir/Patient/${patient}`, undefined, { 'x-purpose': 'BTG' });
    expect(none.status).toBe(400);
    await region.call(crew, 'GET', `/fhir/Patient/${patient}`, undefined, headers(`${REASON}\n偽の行`));
    expect(JSON.stringify(region.logged)).not.toContain('救急');
    expect((await queue()).cases[0].reason).not.toContain('\n');
  });

  it('is for roles that meet emergencies, and never for a system', async () => {
    const { patient } = await chart();
    const system = { ...doctor, kind: 'system' as const, role: 'system' as const };
    for (const actor of [municipal, privacy, system])
      expect((await region.call(actor, 'GET', `/fhir/Patient/${patient}`, undefined, headers())).status).toBe(403);
    expect((await queue()).cases).toEqual([]);
  });

  it('is audited with purpose, case and reason for every read', async () => {
    const { patient, allergy } = await chart();
    await region.call(crew, 'GET', `/fhir/AllergyIntolerance/${allergy}`, undefined, headers());
    await region.call(crew, 'GET', `/fhir/AllergyIntolerance?patient=${patient}`, undefined, headers());
    const [opened] = (await queue()).cases;
    const records = region.recorded.filter(({ purpose }) => purpose === 'BTG');
    expect(records).toHaveLength(2);
    const shown = await region.call(privacy, 'GET', `/admin/break-glass/${opened.id}`);
    expect(shown.body.seen).toMatchObject([
      { interaction: 'search-type' },
      { interaction: 'read', entities: [`AllergyIntolerance/${allergy}`], reason: REASON },
    ]);
    for (const record of records)
      expect(record).toMatchObject({ grant: opened.id, reason: REASON, actor: 'staff-ambulance' });
  });

  it('lasts for its time box; then a new case begins', async () => {
    const { patient } = await chart();
    const look = () => region.call(crew, 'GET', `/fhir/Patient/${patient}`, undefined, headers());
    await look();
    await look();
    expect((await queue()).cases).toHaveLength(1);
    region.time.now += 31 * 60_000;
    await look();
    expect((await queue()).cases).toHaveLength(2);
  });

  it('holds however many grants an actor has had', async () => {
    const { patient } = await chart();
    for (let at = 0; at < 120; at += 1)
      await region.rows.write([
        { kind: 'put', p: 'btg#open#staff-ambulance', s: `0${at}`, data: { id: 'old', keys: [], until: 0 } },
      ]);
    const answer = await region.call(crew, 'GET', `/fhir/Patient/${patient}`, undefined, headers());
    expect(answer.status).toBe(200);
  });

  it('opens one case for two requests at once', async () => {
    const { patient } = await chart();
    const look = () => region.call(crew, 'GET', `/fhir/Patient/${patient}`, undefined, headers());
    await Promise.all([look(), look(), look()]);
    expect((await queue()).cases).toHaveLength(1);
  });

  it('does not open what the person has denied outright, unless the region says so', async () => {
    const look = async () => {
      const { person, patient, allergy } = await chart();
      await region.call(municipal, 'POST', `/enrolment/people/${person}/withdrawal`, { evidence });
      region.time.now += 5000;
      const path = `/fhir/AllergyIntolerance/${allergy}`;
      const { status } = await region.call(crew, 'GET', path, undefined, headers());
      void patient;
      return status;
    };
    expect(await look()).not.toBe(200);
    region = openRegion({ consentDefault: 'per-facility', glassOverridesDenial: true });
    expect(await look()).toBe(200);
  });

  it('is of one person, or a few, at a time', async () => {
    const many = Array.from({ length: 6 }, (_, at) => `p${at}`).join(',');
    const answer = await region.call(crew, 'GET', `/fhir/Condition?patient=${many}`, undefined, headers());
    expect(answer.status).toBe(400);
  });

  it('opens no case for a patient who is not there', async () => {
    const answer = await region.call(crew, 'GET', '/fhir/Patient/nobody', undefined, headers());
    expect(answer.status).toBe(404);
    expect((await queue()).cases).toEqual([]);
  });

  it('wakes the privacy officer, once for each case', async () => {
    const { patient, allergy } = await chart();
    await region.call(crew, 'GET', `/fhir/Patient/${patient}`, undefined, headers(''));
    expect(region.alerted).toEqual([]);
    await region.call(crew, 'GET', `/fhir/Patient/${patient}`, undefined, headers());
    await region.call(crew, 'GET', `/fhir/AllergyIntolerance/${allergy}`, undefined, headers());
    expect(region.alerted).toHaveLength(1);
    await region.call(clinicDoctor, 'GET', `/fhir/Patient/${patient}`, undefined, headers());
    expect(region.alerted).toHaveLength(2);
  });

  it('tells the person at once', async () => {
    const { person, patient } = await chart();
    const me = await region.account(person, 'ito@resident.example');
    await region.call(crew, 'GET', `/fhir/Patient/${patient}`, undefined, headers());
    const { body } = await region.call(me, 'GET', '/me/alerts');
    expect(body.alerts).toMatchObject([{ kind: 'break-glass', role: 'ambulance', facility: '9886000005' }]);
    // Why is for the officer to judge: it may speak of others.
    expect(JSON.stringify(body)).not.toContain('救急');
  });
});

describe('the review', () => {
  const opened = async () => {
    const { person, patient } = await chart();
    await region.call(pharmacist, 'GET', `/fhir/Patient/${patient}`, undefined, headers());
    const { cases } = await queue();
    return { id: cases[0].id as string, person };
  };
  const review = (id: string, outcome: string, as = privacy) =>
    region.call(as, 'POST', `/admin/break-glass/${id}/review`, { outcome, note: '施設に確認した' });

  it('waits in a queue, longest due first, and says what is overdue', async () => {
    const { id } = await opened();
    expect((await queue()).cases).toMatchObject([{ id, reason: REASON, overdue: false }]);
    region.time.now += 4 * 24 * 3_600_000;
    expect(await queue()).toMatchObject({ overdue: 1, cases: [{ id, overdue: true, open: false }] });
  });

  it('closes a case as justified or not, and leaves it open for a follow-up', async () => {
    const { id } = await opened();
    expect((await review(id, 'follow-up')).status).toBe(200);
    expect((await queue()).cases).toHaveLength(1);
    expect((await review(id, 'not-justified')).status).toBe(200);
    expect((await queue()).cases).toEqual([]);
    const done = await region.call(privacy, 'GET', '/admin/break-glass?state=done');
    expect(done.body.cases[0].reviews).toMatchObject([{ outcome: 'follow-up' }, { outcome: 'not-justified' }]);
    expect((await review(id, 'justified')).status).toBe(409);
  });

  it('is told to the person', async () => {
    const { id, person } = await opened();
    const me = await region.account(person, 'ito@resident.example');
    await review(id, 'not-justified');
    const { body } = await region.call(me, 'GET', '/me/alerts');
    expect(body.alerts).toMatchObject([{ outcome: 'not-justified' }]);
  });

  it('is the privacy officer’s alone, and never of an own case', async () => {
    const { id } = await opened();
    for (const actor of [doctor, municipal]) {
      expect((await region.call(actor, 'GET', '/admin/break-glass')).status).toBe(403);
      expect((await review(id, 'justified', actor)).status).toBe(403);
    }
    expect((await review(id, 'justified', { ...privacy, subject: 'staff-pharmacist' })).status).toBe(403);
  });
});

describe('whom a request names', () => {
  it('is read from its address', () => {
    const of = (path: string[], ...params: [string, string][]) => namedIn({ path, params });
    expect(of(['Patient', 'p1', '$everything'])).toEqual({ patients: ['p1'] });
    expect(of(['Condition'], ['patient', 'Patient/p1'])).toEqual({ patients: ['p1'] });
    expect(of(['Condition'], ['subject', 'p1,p2'])).toEqual({ patients: ['p1', 'p2'] });
    expect(of(['Patient'], ['_id', 'p1'])).toEqual({ patients: ['p1'] });
    expect(of(['Condition', 'c1'])).toEqual({ patients: [], resource: { type: 'Condition', id: 'c1' } });
    expect(of(['Patient'], ['name', 'x'])).toEqual({ patients: [] });
  });
});
