// Two regions paired about a person by a code: nothing on the wire says who it is, and residents read what is theirs by it.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor } from '../../../functions/consent/actor.ts';
import { link as joined, unlink } from '../../../functions/identity/desk.ts';
import { identityOf, patientOf } from '../identity/given.ts';
import {
  type Answered,
  doctorAt,
  issues,
  later,
  link,
  matches,
  type Node,
  OPT_IN,
  openNode,
  operatorAt,
  REFUSAL,
  TERMS,
} from './world.ts';

const WEST = 'urn:oid:2.999.3';
const doctor = doctorAt('3610000002');
const resident = (...patients: string[]): Actor => ({
  kind: 'resident',
  subject: `resident-${patients[0]}`,
  role: 'resident',
  facility: undefined,
  facilityType: undefined,
  scopes: parseScopes('patient/*.cruds'),
  patients,
  tokenId: 'token-resident',
});
const clerk: Actor = { ...operatorAt('9886000007'), role: 'municipal', facilityType: 'municipality' };

let east: Node;
let west: Node;
let person: string;
let there: string;
let bodies: string[];
let numbered = 0;

/** Somebody whom nothing but a pairing connects: another name, no number in common. */
const newcomer = async () => {
  numbered += 1;
  const who = (node: Node) =>
    node.person({
      identifier: [{ system: `urn:oid:1.2.392.100495.20.3.51.1${node.hospital.facility}`, value: `P-${numbered}` }],
      name: [{ family: `名${numbered}`, given: [node.name] }],
      telecom: undefined,
      address: undefined,
    });
  person = await who(east);
  there = await who(west);
  await east.observe(person, '2026-11-01');
  await west.observe(there, '2026-11-02');
};

beforeAll(async () => {
  east = await openNode({ oid: '2.999.36', name: 'East', prefecture: '36' });
  west = await openNode({ oid: '2.999.3', name: 'West', prefecture: '03' });
  await link(east, west, { ...TERMS, purposes: ['TREAT', 'PATRQT'] });
});
afterAll(async () => {
  await Promise.all([east, west].map((node) => node?.stop()));
});
beforeEach(async () => {
  west.misbehave = undefined;
  later(3_000);
  await newcomer();
  bodies = [];
  west.misbehave = (request, _response, body) => {
    if (request.url?.includes('/answer/')) bodies.push(body.toString('utf8'));
    return false;
  };
});

const offer = async (as: Actor = resident(there), more: object = {}) =>
  west.call(as, 'POST', '/federation/pairings/codes', { body: { community: east.oid, ...more } });
const bring = (code: unknown, as: Actor = resident(person), more: object = {}) =>
  east.call(as, 'POST', '/federation/pairings', { body: { community: west.oid, code, ...more } });
const codeOf = ({ body }: Answered) => (body as unknown as { code: string }).code;
const pair = async () => {
  const { status, body } = await bring(codeOf(await offer()));
  expect(status, JSON.stringify(body)).toBe(201);
  later(3_000);
};
const chart = (as: Actor = doctor) => east.call(as, 'GET', `/federation/fhir/Observation?patient=${person}`);
const fromWest = ({ body }: Answered) => matches(body).filter(({ resource }) => resource.meta.source === WEST);
const listAt = async (node: Node, patient: string) =>
  ((await node.call(resident(patient), 'GET', '/federation/pairings')).body as unknown as { pairings: object[] })
    .pairings;

describe('a pairing', () => {
  it('finds who could not be found otherwise, and says nothing of who it is', async () => {
    expect(fromWest(await chart())).toEqual([]);
    bodies.length = 0;
    await pair();
    const found = await chart();
    expect(fromWest(found)).toHaveLength(1);
    expect(issues(found.body)).toEqual([]);
    // Codes and sealed values are random letters, and now and then spell anything.
    const said = bodies.join().replace(/"(code|token|pairing|handle)":"[\w-]+"/g, '');
    expect(said).not.toMatch(/demographics|birthDate|1951-|名|P-[0-9]|insurance/);
    expect(bodies.some((body) => body.includes('"pairing"'))).toBe(true);
    later(3_000);
    west.asked.length = 0;
    expect(fromWest(await chart())).toHaveLength(1);
    expect(west.asked).toEqual(['/federation/answer/fhir']); // remembered
  });

  it('holds in both directions', async () => {
    await pair();
    const back = await west.call(doctorAt('0310000002'), 'GET', `/federation/fhir/Observation?patient=${there}`);
    expect(matches(back.body).map(({ resource }) => resource.meta.source)).toContain('urn:oid:2.999.36');
  });

  it('is made at a counter, too, and by nobody who treats', async () => {
    const offered = await offer(clerk, { patient: there });
    expect(offered.status).toBe(201);
    expect((await bring(codeOf(offered), clerk, { patient: person })).status).toBe(201);
    expect((await offer(doctorAt('0310000002'), { patient: there })).status).toBe(403);
  });

  it('is about own records only', async () => {
    expect((await offer(resident(there), { patient: person })).status).toBe(404);
    const code = codeOf(await offer());
    expect((await bring(code, resident(person), { patient: 'somebody-else' })).status).toBe(404);
  });

  it('of a minor who decides alone is no matter of the parents: they neither pair her nor read by it', async () => {
    await pair();
    const parent = { ...resident('parent', person), minors: [person] };
    expect((await chart(parent)).status).toBe(403);
    expect((await bring(codeOf(await offer()), parent, { patient: person })).status).toBe(404);
    expect((await chart(resident(person))).status).toBe(200);
  });

  it('takes a code once, for a day, from the region that it is for, and no other code', async () => {
    const code = codeOf(await offer());
    expect((await bring(code)).status).toBe(201);
    expect((await bring(code)).status).toBe(404);
    expect((await bring('0000-0000-0000')).status).toBe(404);
    const late = codeOf(await offer());
    later(25 * 3_600_000);
    expect((await bring(late)).status).toBe(404);
    const north = await openNode({ oid: '2.999.1', name: 'North', prefecture: '01' });
    await link(north, west, { ...TERMS, purposes: ['TREAT'] });
    const stranger = await north.person();
    const forEast = codeOf(await offer());
    const { status } = await north.call(resident(stranger), 'POST', '/federation/pairings', {
      body: { community: west.oid, code: forEast },
    });
    expect(status).toBe(404);
    await north.stop();
  });

  it('says so when the other region does not answer, and the code stays good', async () => {
    const code = codeOf(await offer());
    west.misbehave = (_request, response) => {
      response.writeHead(503).end();
      return true;
    };
    expect((await bring(code)).status).toBe(503);
    west.misbehave = undefined;
    expect((await bring(code)).status).toBe(201);
  });

  it.each([
    ['here', () => east.call(resident(person), 'DELETE', `/federation/pairings/${west.oid}`)],
    ['there', () => west.call(resident(there), 'DELETE', `/federation/pairings/${east.oid}`)],
  ])('is ended %s, and is over on both sides', async (_, end) => {
    await pair();
    expect(fromWest(await chart())).toHaveLength(1);
    expect((await end()).status).toBe(204);
    later(3_000);
    expect(fromWest(await chart())).toEqual([]);
    for (const list of [await listAt(east, person), await listAt(west, there)])
      expect(list).toMatchObject([{ active: false }]);
    expect((await end()).status).toBe(404);
  });

  it('is over for who did not hear of its end, as soon as it is used', async () => {
    await pair();
    expect(fromWest(await chart())).toHaveLength(1);
    east.misbehave = (_request, response) => {
      response.destroy();
      return true;
    };
    expect((await west.call(resident(there), 'DELETE', `/federation/pairings/${east.oid}`)).status).toBe(204);
    east.misbehave = undefined;
    later(3_000);
    expect(await listAt(east, person)).toMatchObject([{ active: true }]);
    expect(fromWest(await chart())).toEqual([]);
    expect(await listAt(east, person)).toMatchObject([{ active: false }]);
  });

  it('ends with a link that was wrong, and lives on when another record is linked', async () => {
    const services = identityOf(west.api);
    const linked = async (facility: string) => {
      const { id } = await west.store(patientOf(facility, `C-${numbered}`), {
        ...west.hospital,
        facility,
        subject: `system-${facility}`,
        facilityType: 'clinic',
      });
      return joined(services, [there, id], { by: 'desk', reason: 'a test' });
    };
    const first = await linked('0310000008');
    later(3_000);
    await pair();
    expect(fromWest(await chart())).toHaveLength(1);
    await linked('0310000009');
    later(3_000);
    expect(fromWest(await chart())).toHaveLength(1);
    await unlink(services, first.id, { by: 'desk', reason: 'two people' });
    later(3_000);
    expect(fromWest(await chart())).toEqual([]);
  });
});

describe('a resident', () => {
  const own = () => chart(resident(person));

  it('reads what is theirs in the other region, whatever is consented to for others', async () => {
    await west.consent(there, REFUSAL);
    await pair();
    expect(fromWest(await chart())).toEqual([]);
    const found = await own();
    expect(fromWest(found)).toHaveLength(1);
    const { id } = fromWest(found)[0]!.resource;
    const read = await east.call(resident(person), 'GET', `/federation/fhir/Observation/${id}?patient=${person}`);
    expect(read.status).toBe(200);
    const record = west.recorded.filter(({ actorKind }) => actorKind === 'resident').at(-1);
    expect(record).toMatchObject({ purpose: 'PATRQT', interaction: 'read', facility: undefined });
  });

  it('is not shown what the person is not to be told, nor what the contract leaves out', async () => {
    await pair();
    await west.observe(there, '2026-11-03', {
      meta: {
        security: [{ system: 'http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication', code: 'UNINFORMED' }],
      },
    });
    expect(fromWest(await own())).toHaveLength(1);
    await west.consent(there, REFUSAL); // is read at home there, not here
    const everything = await east.call(resident(person), 'GET', `/federation/fhir/Patient/${person}/$everything`);
    const types = new Set(fromWest(everything).map(({ resource }) => resource.resourceType));
    expect([...types].sort()).toEqual(['Observation', 'Patient']);
  });

  it('is told plainly to pair first, and is not looked for by name', async () => {
    await east.consent(person, OPT_IN);
    const { status, body } = await own();
    expect(status).toBe(200);
    expect(bodies).toEqual([]);
    expect(issues(body)).toEqual([
      expect.objectContaining({ code: 'suppressed', diagnostics: expect.stringContaining('pair the two regions') }),
    ]);
  });

  it('is told plainly when the contract does not cover it', async () => {
    const north = await openNode({ oid: '2.999.1', name: 'North', prefecture: '01' });
    await link(east, north, { ...TERMS, purposes: ['TREAT'] });
    const { body } = await own();
    expect(issues(body).map(({ diagnostics }) => diagnostics)).toContain(
      'North (urn:oid:2.999.1): not asked: the link contract does not cover this purpose of use',
    );
    await east.call(operatorAt('9886000007'), 'POST', `/federation/contracts/${north.oid}/end`, {
      body: { reason: 'x' },
    });
    later(3_000);
    await north.stop();
  });

  it('reads nobody else’s, and an office reads nothing there by pairing', async () => {
    await pair();
    expect((await chart(resident(there))).status).toBe(404);
    expect((await chart(clerk)).status).toBe(403);
  });

  it('does not make others see what is theirs alone', async () => {
    await west.consent(there, REFUSAL);
    await pair();
    expect(fromWest(await own())).toHaveLength(1);
    expect(fromWest(await chart())).toEqual([]);
    expect(fromWest(await own())).toHaveLength(1);
  });
});
