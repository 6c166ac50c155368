// What ends a correlation, what a contract does not open, and records that come by two ways.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { policyOver } from '../../../functions/consent/head-writes.ts';
import { merge, namesOf } from '../../../functions/federation/merge.ts';
import { resolve } from '../../../functions/identity/resolve.ts';
import { patientOf } from '../identity/given.ts';
import { doctorAt, issues, later, link, matches, type Node, OPT_IN, openNode, TERMS } from './world.ts';

let east: Node;
let west: Node;
let person: string;
let there: string;
const doctor = doctorAt('3610000002');

beforeAll(async () => {
  east = await openNode({ oid: '2.999.36', name: 'East', prefecture: '36' });
  west = await openNode({ oid: '2.999.3', name: 'West', prefecture: '03' });
  await link(east, west, { ...TERMS, classes: ['basic', 'clinical'] });
  person = await east.person();
  there = await west.person();
  await east.consent(person, OPT_IN);
  await east.observe(person, '2026-11-01');
  await west.observe(there, '2026-11-02');
});
afterAll(async () => {
  await Promise.all([east, west].map((node) => node?.stop()));
});
beforeEach(() => later(3_000));

const identityOf = ({ api }: Node) => ({
  resources: api.services.resources,
  audit: api.services.audit,
  clock: api.services.clock,
  policyOver: (patients: readonly string[], writes?: Parameters<typeof policyOver>[2]) =>
    policyOver(api.services.resources, patients, writes),
});
/** Another facility of the region registers the same person, and the two are linked. */
const linkAnother = async (node: Node, facility: string) => {
  const other = await node.store(patientOf(facility, `C-${node.name}`), {
    ...node.hospital,
    subject: 'system-clinic',
    facility,
    facilityType: 'clinic',
  });
  await resolve(identityOf(node), other.id);
  return other.id;
};
const chart = () => east.call(doctor, 'GET', `/federation/fhir/Observation?patient=${person}`);
const discoveries = async () => {
  west.asked.length = 0;
  const { body } = await chart();
  expect(issues(body)).toEqual([]);
  expect(matches(body)).toHaveLength(2);
  return west.asked.filter((path) => path.endsWith('/discover')).length;
};

it('finds the person anew when the records here are linked otherwise', async () => {
  await discoveries();
  expect(await discoveries()).toBe(0);
  await linkAnother(east, '3610000009');
  later(3_000);
  expect(await discoveries()).toBeGreaterThan(0);
  expect(await discoveries()).toBe(0);
});

it('finds the person anew when the other side has linked its records otherwise, within the same request', async () => {
  expect(await discoveries()).toBe(0);
  await linkAnother(west, '0310000009');
  later(3_000);
  expect(await discoveries()).toBeGreaterThan(0);
  expect(await discoveries()).toBe(0);
});

it('forgets in a month', async () => {
  later(31 * 86_400_000);
  expect(await discoveries()).toBeGreaterThan(0);
});

it('answers no class of data that the contract does not name', async () => {
  await west.store({
    resourceType: 'DocumentReference',
    status: 'current',
    subject: { reference: `Patient/${there}` },
    date: '2026-11-02T00:00:00Z',
    content: [{ attachment: { contentType: 'text/plain', data: 'eA==' } }],
  });
  const { body } = await east.call(doctor, 'GET', `/federation/fhir/DocumentReference?patient=${person}`);
  expect(matches(body)).toEqual([]);
  const everything = await east.call(doctor, 'GET', `/federation/fhir/Patient/${person}/$everything`);
  expect(matches(everything.body).some(({ resource }) => resource.resourceType === 'DocumentReference')).toBe(false);
});

const observation = (id: string, more: object = {}) => ({
  resource: { resourceType: 'Observation', id, effectiveDateTime: '2026-11-01', ...more },
  mode: 'match' as const,
});
const source = (community: string, ...entries: ReturnType<typeof observation>[]) => ({
  community,
  place: { skip: 0 },
  entries,
  next: undefined,
});
const all = { sort: [], count: 100, bytes: 1e6, left: [] };

it('shows a copy that names its origin once, and what only looks alike twice', () => {
  const copied = merge(
    [
      source('1.2', observation('a')),
      source('1.3', observation('a', { meta: { source: 'urn:oid:1.2' } }), observation('b')),
    ],
    all,
  );
  expect(copied.shown.map(({ community, resource }) => `${community} ${resource.id}`)).toEqual(['1.2 a', '1.3 b']);
  expect(merge([source('1.2', observation('a')), source('1.3', observation('a'))], all).shown).toHaveLength(2);
});

it('knows a document by its number in all the world', () => {
  const document = {
    resourceType: 'DocumentReference',
    id: 'x',
    masterIdentifier: { system: 'urn:ietf:rfc:3986', value: 'urn:oid:1.2.3.4' },
  };
  expect(namesOf('1.2', document)).toContain('DocumentReference|urn:oid:1.2.3.4');
  expect(namesOf('1.3', { ...document, id: 'y' })).toContain('DocumentReference|urn:oid:1.2.3.4');
});

it('finds the person anew for who may see another part of the person than who asked before, and believes no stranger for it', async () => {
  const other = await linkAnother(west, '0310000008');
  await west.observe(other, '2026-11-03');
  later(3_000);
  await chart();
  // As if somebody had asked before whom consent shows that one record alone.
  const [head] = await east.api.services.resources.heads([person]);
  const key = head?.person ?? `Patient/${person}`;
  const known = (await east.correlations.of(key)).get(west.oid);
  if (known?.kind !== 'match') throw new Error('not found');
  expect(known.patients).toContain(other);
  const fewer = { ...known, patients: known.patients.filter((id) => id !== other) };
  await east.correlations.keep(key, new Map([[west.oid, fewer]]));
  west.asked.length = 0;
  const { body } = await chart();
  expect(issues(body)).toEqual([]);
  expect(matches(body).some(({ resource }) => resource.effectiveDateTime.startsWith('2026-11-03'))).toBe(true);
  expect(west.asked.filter((path) => path.endsWith('/discover')).length).toBeGreaterThan(0);
});
