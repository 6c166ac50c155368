// What a client says of its question: of which communities, how strictly, for which types its token is good, and how much of it.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import { MOST_IN_LINK, openCursors } from '../../../functions/federation/cursor.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import type { Context } from '../../../functions/interactions/contract.ts';
import { desk, doctorAt, issues, later, link, matches, type Node, nextOf, OPT_IN, openNode, time } from './world.ts';

let east: Node;
let west: Node;
let north: Node;
let person: string;
let there: string;
const doctor = doctorAt('3610000002');
const EAST = 'urn:oid:2.999.36';
const WEST = 'urn:oid:2.999.3';
const NORTH = 'urn:oid:2.999.1';
/** Request line and headers have 10,240 bytes at API Gateway's HTTP API, a token of ours up to 4,000 of them. */
const MOST_LINK = 5_000;
const STRICT = { prefer: 'handling=strict' };

beforeAll(async () => {
  east = await openNode({ oid: '2.999.36', name: 'East', prefecture: '36' });
  west = await openNode({ oid: '2.999.3', name: 'West, by the sea', prefecture: '03' });
  north = await openNode({ oid: '2.999.1', name: 'North', prefecture: '01' });
  await link(east, west);
  await link(east, north);
  person = await east.person();
  there = await west.person();
  const far = await north.person();
  for (const [node, id] of [
    [east, person],
    [west, there],
    [north, far],
  ] as const) {
    await node.consent(id, OPT_IN);
    for (const day of ['2026-11-01', '2026-11-03', '2026-11-05']) await node.observe(id, day);
  }
  await west.store({
    resourceType: 'Condition',
    code: { text: 'a cold' },
    subject: { reference: `Patient/${there}` },
  });
});
afterAll(async () => {
  await Promise.all([east, west, north].map((node) => node?.stop()));
});
beforeEach(() => {
  for (const node of [east, west, north]) {
    node.misbehave = undefined;
    node.asked.length = 0;
  }
  later(3_000);
});

const chart = (query = '', headers = {}) =>
  east.call(doctor, 'GET', `/federation/fhir/Observation?patient=${person}${query}`, { headers });
type Answered = Awaited<ReturnType<typeof chart>>;
const sources = ({ body }: Answered) => [...new Set(matches(body).map(({ resource }) => resource.meta.source))].sort();
const rules = ({ body }: Answered) => issues(body).map(({ diagnostics }) => diagnostics);

const allPages = async (first: Answered) => {
  const shown = [...matches(first.body)];
  let path = nextOf(first.body);
  for (let pages = 0; path && pages < 50; pages += 1) {
    const { status, body } = await east.call(doctor, 'GET', path);
    expect(status).toBe(200);
    expect(issues(body)).toEqual([]);
    expect(path.length).toBeLessThan(MOST_LINK);
    shown.push(...matches(body));
    path = nextOf(body);
  }
  return shown;
};

describe('_community on a search', () => {
  it.each([
    ['an OID', '_community=2.999.3', [WEST]],
    ['an OID as a URN', '_community=urn:oid:2.999.3', [WEST]],
    ['the name that the contract has', `_community=${encodeURIComponent('West\\, by the sea')}`, [WEST]],
    ['this region', '_community=2.999.36', [EAST]],
    ['this region by its name', '_community=East', [EAST]],
    ['one or the other', '_community=2.999.36,North', [NORTH, EAST]],
    ['one or the other, said twice', '_community=2.999.36&_community=2.999.1', [NORTH, EAST]],
  ])('asks %s and nobody else', async (_, query, wanted) => {
    const answer = await chart(`&${query}`);
    expect(answer.status).toBe(200);
    expect(sources(answer)).toEqual(wanted);
    expect(rules(answer)).toEqual([]);
    expect([west, north].filter(({ asked }) => asked.length > 0).map(({ oid }) => `urn:oid:${oid}`)).toEqual(
      wanted.filter((one) => one !== EAST),
    );
  });

  it('says which of them are not known, and asks nobody in their place', async () => {
    const some = await chart('&_community=2.999.3,Nowhere');
    expect(sources(some)).toEqual([WEST]);
    expect(rules(some)).toEqual([
      'search parameter _community names what is no community under a link contract with this region (1 of 2); nobody was asked in its place',
    ]);
    const none = await chart('&_community=Nowhere,2.999.77');
    expect(matches(none.body)).toEqual([]);
    expect(rules(none)[0]).toContain('(2 of 2)');
    expect(north.asked).toEqual([]);
  });

  it('refuses those under Prefer: handling=strict, and asks nobody', async () => {
    const { status, body } = await chart('&_community=2.999.3,Nowhere', STRICT);
    expect(status).toBe(400);
    expect(body.issue![0]!.diagnostics).toContain('search parameter _community');
    expect(west.asked).toEqual([]);
  });

  it('holds for the pages that follow, for POST, for $everything and for a count, and stands in the self link', async () => {
    const first = await chart('&_community=West%5C%2C%20by%20the%20sea,East&_count=2');
    expect(first.body.link[0]!.url).toContain('_community=');
    const shown = await allPages(first);
    expect(shown).toHaveLength(6);
    expect(shown.map(({ resource }) => resource.meta.source)).not.toContain(NORTH);

    const form = `patient=${person}&_community=2.999.1`;
    expect(sources(await east.call(doctor, 'POST', '/federation/fhir/Observation/_search', { form }))).toEqual([NORTH]);
    const all = await east.call(doctor, 'GET', `/federation/fhir/Patient/${person}/$everything?_community=2.999.1`);
    expect(sources(all)).toEqual([NORTH]);
    expect((await chart('&_community=2.999.1&_summary=count')).body.total).toBe(3);
  });

  it('says of one whose contract is held why it is not asked', async () => {
    await desk(east, 'suspend', north);
    later(3_000);
    const [answer, other] = [await chart('&_community=2.999.1'), await chart('&_community=2.999.3')];
    await desk(east, 'resume', north);
    later(3_000);
    expect(rules(answer)).toEqual([expect.stringMatching(/^North \(urn:oid:2\.999\.1\): not asked: /)]);
    expect(rules(other)).toEqual([]);
  });

  it('without a value means all of them, and says so', async () => {
    const answer = await chart('&_community=');
    expect(sources(answer)).toEqual([NORTH, WEST, EAST]);
    expect(rules(answer)).toEqual(['search parameter _community has no value; it was ignored']);
    expect((await chart('&_community=', STRICT)).status).toBe(400);
  });
});

describe('_community on a read', () => {
  it('takes a name too, and says when there is no such community', async () => {
    const id = matches((await chart('&_community=2.999.3')).body)[0]!.resource.id;
    const read = (community: string) =>
      east.call(doctor, 'GET', `/federation/fhir/Observation/${id}?patient=${person}&_community=${community}`);
    expect((await read(encodeURIComponent('West\\, by the sea'))).status).toBe(200);
    const { status, body } = await read('Nowhere');
    expect(status).toBe(404);
    expect(body.issue!.map(({ diagnostics }) => diagnostics)).toContainEqual(
      expect.stringContaining('no community under a link contract'),
    );
  });
});

it('a facility that sees its own records only asks no other region', async () => {
  east.narrow({ contracts: { noView: new Set([east.hospital.facility!]), noDisclose: new Set() } });
  const answer = await east.call(east.hospital, 'GET', `/federation/fhir/Observation?patient=${person}`);
  east.narrow(undefined);
  expect(sources(answer)).toEqual([EAST]);
  expect(rules(answer)).toEqual([1, 2].map(() => expect.stringContaining('the facility sees its own records only')));
  expect([west, north].flatMap(({ asked }) => asked)).toEqual([]);
});

it('a read names whose record it is, and gets no record of somebody else, in the own region neither', async () => {
  const other = await east.person({ identifier: [{ system: 'urn:x', value: 'another' }], name: [{ family: '別人' }] });
  const id = await east.observe(other, '2026-11-04');
  const read = (whose: string) => east.call(doctor, 'GET', `/federation/fhir/Observation/${id}?patient=${whose}`);
  expect((await read(other)).status).toBe(200);
  expect((await read(person)).status).toBe(404);
});

describe('Prefer: handling=strict', () => {
  it('refuses what would be ignored, before anybody is asked', async () => {
    const lenient = await chart('&colour=red');
    expect(lenient.status).toBe(200);
    expect(rules(lenient)).toEqual([expect.stringContaining('search parameter colour')]);
    for (const node of [west, north]) node.asked.length = 0;
    const { status, body } = await chart('&colour=red', { prefer: 'wait=5, handling=strict' });
    expect(status).toBe(400);
    expect(body.issue).toEqual([expect.objectContaining({ code: 'not-supported' })]);
    expect([west, north].flatMap(({ asked }) => asked)).toEqual([]);
  });

  it('has nothing against a question that is understood', async () => {
    const { status, body } = await chart('&code=http://loinc.org|718-7&_sort=-date', STRICT);
    expect(status).toBe(200);
    expect(matches(body)).toHaveLength(9);
  });
});

describe('a token for some types only', () => {
  const narrow = doctorAt('3610000002', { scopes: parseScopes('user/Patient.rs user/Observation.rs') });

  it('reads no other type of another region, found or named', async () => {
    const ours = await east.call(narrow, 'GET', `/federation/fhir/Condition?patient=${person}`);
    expect(ours.status).toBe(403);
    const theirs = await east.call(narrow, 'GET', `/federation/fhir/Condition?patient=${person}&_community=2.999.3`);
    expect(theirs.status).toBe(403);
    const { body } = await east.call(doctor, 'GET', `/federation/fhir/Condition?patient=${person}`);
    const { id } = matches(body)[0]!.resource;
    for (const more of ['', '&_community=2.999.3'])
      expect((await east.call(narrow, 'GET', `/federation/fhir/Condition/${id}?patient=${person}${more}`)).status).toBe(
        403,
      );
  });

  it('finds what it may search, matches and what comes with them, as the regional search does', async () => {
    const searching = doctorAt('3610000002', { scopes: parseScopes('user/Patient.rs user/Observation.s') });
    const query = `/federation/fhir/Observation?patient=${person}&_include=Observation:subject&_total=accurate`;
    const { status, body } = await east.call(searching, 'GET', query);
    expect(status).toBe(200);
    expect(body.total).toBe(9);
    expect(matches(body)).toHaveLength(9);
    expect(body.entry?.filter(({ search }) => search?.mode === 'include')).toHaveLength(3);
    // Everything of a person is read, and so are records one by one.
    const all = await east.call(searching, 'GET', `/federation/fhir/Patient/${person}/$everything`);
    expect([...new Set(matches(all.body).map(({ resource }) => resource.resourceType))]).toEqual(['Patient']);

    const reverse = `/federation/fhir/Patient?_id=${person}&_revinclude=Observation:subject`;
    const federated = await east.call(searching, 'GET', reverse);
    expect(federated.body.entry?.filter(({ search }) => search?.mode === 'include')).toHaveLength(9);
  });

  it('gets everything of these types, and no more', async () => {
    const { body } = await east.call(narrow, 'GET', `/federation/fhir/Patient/${person}/$everything`);
    expect([...new Set(matches(body).map(({ resource }) => resource.resourceType))].sort()).toEqual([
      'Observation',
      'Patient',
    ]);
    expect(new Set(matches(body).map(({ resource }) => resource.meta.source)).size).toBe(3);
  });
});

it('what can be asked is said to everybody, in a CapabilityStatement that holds', async () => {
  const { status, body, headers } = await east.call(undefined as never, 'GET', '/federation/fhir/metadata');
  expect([status, headers['content-type']]).toEqual([200, 'application/fhir+json; charset=utf-8']);
  expect(validate(body as never)).toEqual([]);
  const { implementation, rest } = body as unknown as {
    implementation: { url: string };
    rest: { resource: { type: string; interaction: { code: string }[]; searchParam?: { name: string }[] }[] }[];
  };
  expect(implementation.url).toBe(`${east.baseUrl}/federation/fhir`);
  const of = (name: string) => rest[0]!.resource.find(({ type }) => type === name);
  expect(of('Observation')!.interaction.map(({ code }) => code)).toEqual(['read', 'search-type']);
  expect(of('Observation')!.searchParam!.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['code', 'date', '_community']),
  );
  expect(of('Binary')!.interaction.map(({ code }) => code)).toEqual(['read']);
  expect(of('Practitioner')).toBeUndefined();
});

describe('_maxresults', () => {
  it('is of all communities together, over all pages', async () => {
    const seen: string[] = [];
    let path: string | undefined = `/federation/fhir/Observation?patient=${person}&_maxresults=4&_count=3`;
    for (let page = 0; path && page < 9; page += 1) {
      const { body }: Answered = await east.call(doctor, 'GET', path);
      seen.push(...matches(body).map(({ resource }) => resource.effectiveDateTime.slice(8, 10)));
      path = nextOf(body);
    }
    expect(seen).toEqual(['05', '05', '05', '03']);
  });
});

describe('a link to the next page', () => {
  const PEOPLE = 120;

  it('is short however many practitioners the pages have named', async () => {
    const [author] = await Promise.all(
      Array.from({ length: PEOPLE }, async (_, n) => {
        const id = `practitioner-with-a-long-name-of-its-own-facility-number-${n}`;
        await west.store({ resourceType: 'Practitioner', id, name: [{ family: `Name ${n}` }] });
        return id;
      }),
    );
    expect(author).toBeDefined();
    for (let n = 0; n < PEOPLE; n += 6)
      await west.observe(there, '2026-10-01', {
        performer: Array.from({ length: 6 }, (_, at) => ({
          reference: `Practitioner/practitioner-with-a-long-name-of-its-own-facility-number-${n + at}`,
        })),
      });
    const path = `/federation/fhir/Patient/${person}/$everything?_count=5&_community=2.999.3`;
    const shown = await allPages(await east.call(doctor, 'GET', path));
    expect(shown.filter(({ resource }) => resource.resourceType === 'Observation')).toHaveLength(3 + PEOPLE / 6);
    expect(new Set(shown.map(({ fullUrl }) => fullUrl)).size).toBe(shown.length);
  });

  it('is followed as it is: no parameter beside it, no other question', async () => {
    const next = nextOf((await chart('&_count=2')).body)!;
    const [, query = ''] = next.split('?');
    const refused = async (path: string) => (await east.call(doctor, 'GET', path)).status;
    expect(await refused(`${next}&_deadline=5000`)).toBe(200);
    expect(await refused(`/federation/fhir/Observation?${query}`)).toBe(200);
    expect(await refused(`${next}&code=718-7`)).toBe(400);
    expect(await refused(`${next}&_community=2.999.3`)).toBe(400);
    expect(await refused(`/federation/fhir/Condition?${query}`)).toBe(400);
    expect(await refused(`/federation/fhir/Patient/${person}/$everything?${query}`)).toBe(400);
  });

  it('is kept here when it is long, for who asked alone and for a while', async () => {
    const cursors = openCursors({ rows: east.rows, seal: east.api.services.seal });
    const context = { actor: doctor, now: time.now } as Context;
    const asked = { kind: 'everything', patient: person, params: [] } as const;
    const places = (count: number) =>
      Array.from({ length: count }, (_, n) => [`2.999.1000.${n}`, { cursor: 'c'.repeat(3_000), skip: n }] as const);
    const written = (count: number) => cursors.write(context, { asked, places: places(count), last: [], shown: 0 });

    expect((await written(0)).length).toBeLessThan(MOST_IN_LINK);
    for (const count of [2, 300]) {
      const token = await written(count);
      expect(token.length).toBeLessThan(100);
      expect((await cursors.read(context, token)).places).toEqual(places(count));
      await expect(cursors.read({ ...context, actor: doctorAt('3610000009') }, token)).rejects.toThrow(
        'another caller',
      );
      await expect(cursors.read({ ...context, now: time.now + 5 * 3_600_000 }, token)).rejects.toThrow('expired');
    }
    await expect(cursors.read(context, `kept.${'A'.repeat(22)}`)).rejects.toThrow('_cursor');
  });

  it('is kept in parts that the store takes, however long the places of all communities are', async () => {
    const sizes: number[] = [];
    const rows: typeof east.rows = {
      ...east.rows,
      write: async (changes) => {
        sizes.push(JSON.stringify(changes).length);
        return east.rows.write(changes);
      },
    };
    const cursors = openCursors({ rows, seal: east.api.services.seal });
    const context = { actor: doctor, now: time.now } as Context;
    const asked = { kind: 'everything', patient: person, params: [] } as const;
    const places = Array.from(
      { length: 300 },
      (_, n) => [`2.999.1000.${n}`, { cursor: randomBytes(12_000).toString('base64url'), skip: n }] as const,
    );
    const token = await cursors.write(context, { asked, places, last: [], shown: 0 });
    expect(Math.max(...sizes)).toBeLessThan(4_000_000);
    expect((await cursors.read(context, token)).places).toEqual(places);
  });
});
