// Two regions answer as one: discovery, consent of the region that holds the record, merge, pages, audit on both sides.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Answered,
  desk,
  doctorAt,
  issues,
  later,
  link,
  matches,
  type Node,
  nextOf,
  OPT_IN,
  openNode,
  REFUSAL,
} from './world.ts';

let east: Node;
let west: Node;
let person: string;
let there: string;
const doctor = doctorAt('3610000002');

beforeAll(async () => {
  east = await openNode({ oid: '2.999.36', name: 'East', prefecture: '36' });
  west = await openNode({ oid: '2.999.3', name: 'West', prefecture: '03', consentDefault: 'own-facility' });
  await link(east, west);
  person = await east.person();
  there = await west.person();
  for (const day of ['2026-11-01', '2026-11-03', '2026-11-05']) await east.observe(person, day);
  for (const day of ['2026-11-02', '2026-11-04']) await west.observe(there, day);
  await east.consent(person, OPT_IN);
  await west.consent(there, OPT_IN);
});
afterAll(async () => {
  await Promise.all([east, west].map((node) => node?.stop()));
});
beforeEach(() => {
  west.misbehave = undefined;
  later(3_000);
});

const chart = (query = '', headers = {}) =>
  east.call(doctor, 'GET', `/federation/fhir/Observation?patient=${person}${query}`, { headers });

it('merges both regions newest first, each entry with its origin and its own address', async () => {
  const { status, body } = await chart();

  expect(status).toBe(200);
  expect(issues(body)).toEqual([]);
  expect(matches(body).map(({ resource }) => resource.effectiveDateTime.slice(0, 10))).toEqual([
    '2026-11-05',
    '2026-11-04',
    '2026-11-03',
    '2026-11-02',
    '2026-11-01',
  ]);
  expect(matches(body).map(({ resource }) => resource.meta.source)).toEqual([
    'urn:oid:2.999.36',
    'urn:oid:2.999.3',
    'urn:oid:2.999.36',
    'urn:oid:2.999.3',
    'urn:oid:2.999.36',
  ]);
  expect(matches(body)[1]!.fullUrl).toBe(`${west.baseUrl}/fhir/Observation/${matches(body)[1]!.resource.id}`);
});

it('sorts, counts and pages over both, and loses and repeats nothing', async () => {
  const seen: string[] = [];
  let path: string | undefined = `/federation/fhir/Observation?patient=${person}&_sort=date&_count=2&_total=accurate`;
  for (let page = 0; path && page < 9; page += 1) {
    const { body }: Answered = await east.call(doctor, 'GET', path);
    if (page === 0) expect(body.total).toBe(5);
    expect(matches(body).length).toBeLessThanOrEqual(2);
    seen.push(...matches(body).map(({ resource }) => resource.effectiveDateTime.slice(8, 10)));
    path = nextOf(body);
  }
  expect(seen).toEqual(['01', '02', '03', '04', '05']);
});

it('takes a search by POST, parameters of the regional search, and only the elements that were asked for', async () => {
  const { body } = await east.call(doctor, 'POST', '/federation/fhir/Observation/_search', {
    form: `patient=Patient/${person}&code=http://loinc.org|718-7&date=ge2026-11-04&_elements=code`,
  });
  expect(matches(body)).toHaveLength(2);
  expect(matches(body)[0]!.resource.subject).toBeUndefined();
});

it('answers everything of a person, and the one Patient of each region', async () => {
  const { body } = await east.call(doctor, 'GET', `/federation/fhir/Patient/${person}/$everything`);
  const types = matches(body).map(({ resource }) => `${resource.meta.source.slice(-2)} ${resource.resourceType}`);
  expect(types.filter((one) => one === '36 Observation')).toHaveLength(3);
  expect(types.filter((one) => one === '.3 Observation')).toHaveLength(2);
  expect(types.filter((one) => one.endsWith('Patient'))).toHaveLength(2);

  const patients = await east.call(doctor, 'GET', `/federation/fhir/Patient?_id=${person}`);
  expect(
    matches(patients.body)
      .map(({ resource }) => resource.id)
      .sort(),
  ).toEqual([person, there].sort());
});

it('pages everything of a person too, and loses and repeats nothing, whichever region has more', async () => {
  const names = ({ resource }: { resource: { resourceType: string; id: string; meta: { source: string } } }) =>
    `${resource.meta.source} ${resource.resourceType}/${resource.id}`;
  const whole = await east.call(doctor, 'GET', `/federation/fhir/Patient/${person}/$everything`);
  const seen: string[] = [];
  let pages = 0;
  for (
    let path: string | undefined = `/federation/fhir/Patient/${person}/$everything?_count=1&_type=Patient,Observation`;
    path !== undefined && pages < 20;
    pages += 1
  ) {
    const { status, body } = await east.call(doctor, 'GET', path);
    expect(status).toBe(200);
    expect(issues(body)).toEqual([]);
    seen.push(...matches(body).map(names));
    path = nextOf(body);
  }
  expect(pages).toBeGreaterThan(5);
  expect(seen.toSorted()).toEqual(
    matches(whole.body)
      .filter(({ resource }) => ['Patient', 'Observation'].includes(resource.resourceType))
      .map(names)
      .toSorted(),
  );
});

it('reads one record of the other region, of this person only', async () => {
  const id = matches((await chart()).body)[1]!.resource.id;
  const read = await east.call(
    doctor,
    'GET',
    `/federation/fhir/Observation/${id}?patient=${person}&_community=urn:oid:2.999.3`,
  );
  expect(read.status).toBe(200);
  expect(read.body.meta.source).toBe('urn:oid:2.999.3');

  const stranger = await west.person({
    name: [{ family: '他', given: ['人'] }],
    birthDate: '1990-01-01',
    telecom: undefined,
    address: undefined,
  });
  const other = await west.observe(stranger, '2026-11-04');
  const refused = await east.call(doctor, 'GET', `/federation/fhir/Observation/${other}?patient=${person}`);
  expect(refused.status).toBe(404);
});

it('finds the person once: the second opening asks nothing but the records, and signs nothing', async () => {
  await chart();
  west.asked.length = 0;
  const signed = east.asserter.signed();
  await chart();
  expect(west.asked).toEqual(['/federation/answer/fhir']);
  expect(east.asserter.signed()).toBe(signed);
});

it('writes the same number into the audit trails of both sides, and who asked as another region has it', async () => {
  east.recorded.length = 0;
  west.recorded.length = 0;
  await chart();
  const ours = east.recorded.filter(({ interaction }) => interaction === 'search-type');
  const theirs = west.recorded.filter(({ interaction }) => interaction === 'search-type');
  expect(ours[0]?.requestId).toBe('request-East');
  expect(theirs[0]?.requestId).toBe('request-East');
  expect(theirs[0]).toMatchObject({
    actorKind: 'staff',
    role: 'doctor',
    facility: '2.999.36~3610000002',
    count: 2,
    purpose: 'TREAT',
  });
  expect(theirs[0]?.actor).not.toContain('doctor-3610000002');
  expect(ours[0]?.count).toBe(5);
  expect(ours[0]?.entities.some((one) => one.startsWith('urn:oid:2.999.3/Observation/'))).toBe(true);
});

it('asks nobody for a role that has no business elsewhere', async () => {
  west.asked.length = 0;
  const { status } = await east.call(
    { ...doctor, role: 'municipal' },
    'GET',
    `/federation/fhir/Observation?patient=${person}`,
  );
  expect(status).toBe(403);
  expect(west.asked).toEqual([]);
});

it('needs one patient, and a type of records that patients have', async () => {
  expect((await east.call(doctor, 'GET', '/federation/fhir/Observation?code=x')).status).toBe(400);
  expect((await east.call(doctor, 'GET', `/federation/fhir/Organization?patient=${person}`)).status).toBe(501);
  expect((await east.call(doctor, 'PUT', `/federation/fhir/Observation/x`)).status).toBe(405);
  expect((await east.call(doctor, 'GET', '/federation/fhir/Observation?patient=nobody')).status).toBe(404);
});

describe('consent', () => {
  it('of the region that holds the record decides there: a denial is absent, without a trace of its number', async () => {
    const denial = await west.consent(there, REFUSAL);
    later(3_000);
    const { body } = await chart('&_total=accurate');
    expect(matches(body)).toHaveLength(3);
    expect(body.total === undefined || body.total === 3).toBe(true);
    await west.api.send('DELETE', `/Consent/${denial.id}`, { as: west.hospital });
    later(3_000);
    expect(matches((await chart()).body)).toHaveLength(5);
  });

  it('here says whether anything leaves: who refuses is not looked for, and no correlation is used', async () => {
    const denial = await east.consent(person, REFUSAL);
    later(3_000);
    west.asked.length = 0;
    const { body } = await chart();
    expect(west.asked).toEqual([]);
    expect(matches(body)).toHaveLength(3);
    expect(issues(body)).toEqual([expect.objectContaining({ code: 'suppressed', severity: 'information' })]);
    await east.api.send('DELETE', `/Consent/${denial.id}`, { as: east.hospital });
  });

  it('who has not opted in is told of by no name: only numbers leave', async () => {
    const quiet = await east.person({
      identifier: [
        { system: 'urn:oid:1.2.392.100495.20.3.51.13610000001', value: 'Q-1' },
        { system: 'http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID', value: '00360000:12:345:01' },
      ],
    });
    const bodies: string[] = [];
    west.misbehave = (request, _response, body) => {
      if (request.url?.includes('/answer/')) bodies.push(body.toString('utf8'));
      return false;
    };
    await east.call(doctor, 'GET', `/federation/fhir/Observation?patient=${quiet}`);
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toContain('00360000:12:345:01');
    expect(bodies[0]).not.toMatch(/阿波|1951-|"Q-1"/);
  });
});

it('suspending stops the next page, on either side', async () => {
  const { body } = await chart('&_count=2');
  const next = nextOf(body)!;
  expect((await desk(west, 'suspend', east)).status).toBe(200);
  later(3_000);
  const second = await east.call(doctor, 'GET', next);
  expect(second.status).toBe(200);
  expect(matches(second.body).every(({ resource }) => resource.meta.source === 'urn:oid:2.999.36')).toBe(true);
  expect(issues(second.body)[0]).toMatchObject({ code: 'suppressed' });
  // A chart that is opened now says what it leaves out.
  const fresh = await chart();
  expect(issues(fresh.body)).toMatchObject([{ code: 'suppressed', diagnostics: expect.stringContaining('suspended') }]);
  expect((await desk(west, 'resume', east)).status).toBe(200);
  later(3_000);
  expect(matches((await chart()).body)).toHaveLength(5);
});

it('goes on through a change of keys', async () => {
  await chart();
  east.rotate();
  later(5 * 60_000);
  const { body } = await chart();
  expect(issues(body)).toEqual([]);
  expect(matches(body)).toHaveLength(5);
});
