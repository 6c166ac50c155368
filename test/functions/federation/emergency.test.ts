// Breaking the glass over regions: who asks says why, and the region that answers has a case and an alert of its own.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { doctorAt, issues, later, link, matches, type Node, openNode, REFUSAL, TERMS } from './world.ts';

let east: Node;
let west: Node;
let person: string;
let there: string;
let bodies: string[];
let numbered = 0;
const doctor = doctorAt('3610000002');
const WEST = 'urn:oid:2.999.3';
const REASON = '意識がなく、内服が分からない';
const BTG = { 'x-purpose': 'BTG', 'x-purpose-reason': encodeURIComponent(REASON) };

const insured = () => [
  { system: 'http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID', value: `00360000:1:${numbered}:01` },
];

beforeAll(async () => {
  const asked = { consentDefault: 'own-facility' } as const;
  east = await openNode({ oid: '2.999.36', name: 'East', prefecture: '36', ...asked });
  west = await openNode({ oid: '2.999.3', name: 'West', prefecture: '03', ...asked });
  await link(east, west, { ...TERMS, purposes: ['TREAT', 'BTG'] });
});
afterAll(async () => {
  await Promise.all([east, west].map((node) => node?.stop()));
});
beforeEach(async () => {
  numbered += 1;
  const who = (node: Node) =>
    node.person({ identifier: insured(), name: [{ family: `名${numbered}`, given: ['花'] }] });
  person = await who(east);
  there = await who(west);
  const active = {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
  };
  await west.store({ resourceType: 'AllergyIntolerance', clinicalStatus: active, code: { text: 'a' }, patient: ref() });
  await west.store({ resourceType: 'Condition', code: { text: 'c' }, subject: ref() });
  await west.observe(there, '2026-11-02'); // haemoglobin: in the emergency set
  await west.observe(there, '2026-11-03', { code: { coding: [{ system: 'http://loinc.org', code: '4548-4' }] } }); // not
  bodies = [];
  west.misbehave = (request, _response, body) => {
    if (request.url?.includes('/answer/')) bodies.push(body.toString('utf8'));
    return false;
  };
  west.recorded.length = 0;
  later(3_000);
});
const ref = () => ({ reference: `Patient/${there}` });

const everything = (headers: Record<string, string> = BTG, as = doctor) =>
  east.call(as, 'GET', `/federation/fhir/Patient/${person}/$everything`, { headers });
const fromWest = ({ body }: Awaited<ReturnType<typeof everything>>) =>
  matches(body)
    .filter(({ resource }) => resource.meta.source === WEST)
    .map(({ resource }) => resource.resourceType)
    .sort();
const casesAt = async (node: Node) => (await node.cases.page('open')).cases;
const caseOf = async (node: Node, patient: string) =>
  (await casesAt(node)).find(({ patientKey }) => patientKey === node.api.services.resources.patientKey(patient));

it('opens the emergency set of the other region, and nothing without it', async () => {
  const plain = await everything({});
  expect(fromWest(plain)).toEqual([]);
  expect(fromWest(await everything())).toEqual(['AllergyIntolerance', 'Condition', 'Observation', 'Patient']);
  later(3_000);
  expect(fromWest(await everything({}))).toEqual([]); // it opened that, and no more than that
});

it('is a case for the officer and an alert for the person, on both sides, with the reason', async () => {
  await everything();
  const [here, elsewhere] = [await caseOf(east, person), await caseOf(west, there)];
  expect(here).toMatchObject({ facility: '3610000002', role: 'doctor', reason: REASON });
  expect(elsewhere).toMatchObject({ facility: '2.999.36~3610000002', role: 'doctor', reason: REASON, reviews: [] });
  expect(elsewhere?.subject).not.toContain('doctor-3610000002');
  const [alert] = await west.cases.alerts([west.api.services.resources.patientKey(there)]);
  expect(alert).toMatchObject({ kind: 'break-glass', facility: '2.999.36~3610000002', role: 'doctor' });
  const records = west.recorded.filter(({ purpose }) => purpose === 'BTG');
  expect(records.length).toBeGreaterThan(0);
  for (const record of records) expect(record).toMatchObject({ grant: elsewhere?.id, requestId: 'request-East' });
  await everything();
  expect((await casesAt(west)).filter(({ id }) => id !== elsewhere?.id && id > elsewhere!.id)).toEqual([]);
});

it('tells a number and no name, though nothing was said about other regions', async () => {
  await everything({});
  expect(bodies).toEqual([]);
  await everything();
  expect(bodies[0]).toContain(`00360000:1:${numbered}:01`);
  expect(bodies.join()).not.toMatch(/demographics|birthDate|名[0-9]/);
});

it('opens nothing without a reason, for a role that may not, or for a system', async () => {
  expect((await everything({ 'x-purpose': 'BTG' })).status).toBe(400);
  expect((await everything(BTG, { ...doctor, role: 'care-manager' })).status).toBe(403);
  expect((await everything(BTG, { ...doctor, kind: 'system', role: 'system' })).status).toBe(403);
  expect(bodies).toEqual([]);
});

it('asks no region for it whose contract does not say so', async () => {
  const north = await openNode({ oid: '2.999.1', name: 'North', prefecture: '01' });
  await link(east, north, { ...TERMS, purposes: ['TREAT', 'ETREAT'] });
  north.asked.length = 0;
  const { body } = await everything();
  expect(north.asked).toEqual([]);
  expect(issues(body)).toEqual([
    expect.objectContaining({ diagnostics: expect.stringContaining('does not cover this purpose') }),
  ]);
  await north.stop();
});

it('looks for nobody elsewhere who has refused that', async () => {
  await east.consent(person, REFUSAL);
  later(3_000);
  const { body } = await everything();
  expect(bodies).toEqual([]);
  expect(issues(body).some(({ code }) => code === 'suppressed')).toBe(true);
});

it('shows nothing of who has denied it there, and is a case all the same', async () => {
  await west.consent(there, REFUSAL);
  later(3_000);
  expect(fromWest(await everything())).toEqual([]);
  expect(await caseOf(west, there)).toBeDefined();
});

it('does not remember for others where somebody was found in an emergency', async () => {
  await everything();
  later(3_000);
  bodies.length = 0;
  await everything({});
  expect(bodies).toEqual([]);
});
