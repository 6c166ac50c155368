// Two regions on this software that know each other only by IHE: our initiating gateway asks our responding one.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { storeLetter } from '../../support/letter.ts';
import { linkBySoap, soapFaces } from './soap-faces.ts';
import { doctorAt, issues, later, matches, type Node, OPT_IN, openNode, REFUSAL } from './world.ts';

let east: Node;
let west: Node;
let person: string;
let there: string;
const WEST = 'urn:oid:2.999.3';
const doctor = doctorAt('3610000002');
const letter = Buffer.from('紹介状');

beforeAll(async () => {
  east = await openNode({ oid: '2.999.36', name: 'East', prefecture: '36' });
  west = await openNode({ oid: '2.999.3', name: 'West', prefecture: '03' });
  west.misbehave = soapFaces(west);
  await linkBySoap(east, west);
  person = await east.person();
  await east.consent(person, OPT_IN);
  there = await west.person();
  await storeLetter(west.store, there, letter);
});
afterAll(async () => {
  await Promise.all([east, west].map((one) => one?.stop()));
});
beforeEach(() => later(3_000));

const documents = (query = '', as = doctor) =>
  east.call(as, 'GET', `/federation/fhir/DocumentReference?patient=${person}${query}`);
const theirs = (body: Parameters<typeof matches>[0]) =>
  matches(body).filter(({ resource }) => resource.meta.source === WEST);

it('shows the letter and the summary that is made on demand, and brings the bytes of both', async () => {
  const { body } = await documents();
  expect(issues(body)).toEqual([]);
  expect(theirs(body)).toHaveLength(2);
  const read = (id: string) =>
    east.call(doctor, 'GET', `/federation/fhir/Binary/${id}?patient=${person}&_community=2.999.3`);
  const stable = theirs((await documents('&type=http://loinc.org|57133-1')).body);
  expect(stable).toHaveLength(1);
  const { status, body: binary } = await read(stable[0]!.resource.id);
  expect([status, binary]).toMatchObject([200, { contentType: 'text/plain', data: letter.toString('base64') }]);
  const summary = theirs(body).find(({ resource }) => resource.id !== stable[0]!.resource.id)!;
  const made = await read(summary.resource.id);
  expect(made.body).toMatchObject({ contentType: 'application/fhir+json', meta: { source: WEST } });
  expect(JSON.parse(Buffer.from((made.body as unknown as { data: string }).data, 'base64').toString())).toMatchObject({
    resourceType: 'Bundle',
    type: 'document',
  });
});

it('is written down on both sides under one number', async () => {
  await documents();
  const { requestId } = east.recorded.at(-1)!;
  const there = west.recorded.filter((record) => record.requestId === requestId);
  expect(
    there.map(({ interaction, actor, purpose }) => [interaction, purpose, actor.startsWith('2.999.36~')]),
  ).toContainEqual(['ihe-xca-query', 'TREAT', true]);
});

it('is decided there: what the person denies is not shown', async () => {
  const id = await west.consent(there, REFUSAL);
  later(61_000);
  const { body } = await documents();
  expect(theirs(body)).toEqual([]);
  await west.api.send('DELETE', `/Consent/${id.id}`, { as: west.hospital });
  later(61_000);
  expect(theirs((await documents()).body)).toHaveLength(2);
});

it('asks nothing for a resident, of whom it cannot be told that the records are their own', async () => {
  west.asked.length = 0;
  const resident = doctorAt('x', {
    kind: 'resident',
    role: 'resident',
    facility: undefined,
    facilityType: undefined,
    patients: [person],
  });
  const { body } = await documents('', resident);
  expect(west.asked).toEqual([]);
  expect(JSON.stringify(body)).not.toContain('紹介状');
});
