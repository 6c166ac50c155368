// A region that is down is remembered, and what it did not say can be asked for by itself.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openCircuits } from '../../../functions/federation/circuits.ts';
import { memoryRowStore } from '../../../functions/services/row-store.ts';
import {
  doctorAt,
  issues,
  later,
  link,
  type Misbehave,
  matches,
  type Node,
  nextOf,
  OPERATOR,
  OPT_IN,
  openNode,
  time,
} from './world.ts';

let east: Node;
let west: Node;
let north: Node;
let person: string;
const doctor = doctorAt('3610000002');
const EAST = 'urn:oid:2.999.36';
const WEST = 'urn:oid:2.999.3';
const NORTH = 'urn:oid:2.999.1';

beforeAll(async () => {
  east = await openNode({ oid: '2.999.36', name: 'East', prefecture: '36' });
  west = await openNode({ oid: '2.999.3', name: 'West', prefecture: '03' });
  north = await openNode({ oid: '2.999.1', name: 'North', prefecture: '01' });
  await link(east, west);
  await link(east, north);
  person = await east.person();
  await east.consent(person, OPT_IN);
  await east.observe(person, '2026-11-01');
  await west.observe(await west.person(), '2026-11-02');
  const there = await north.person();
  for (const day of ['2026-11-03', '2026-11-04', '2026-11-05']) await north.observe(there, day);
  expect(sources((await chart()).body)).toEqual([NORTH, WEST, EAST]);
});
afterAll(async () => {
  await Promise.all([east, west, north].map((node) => node?.stop()));
});
beforeEach(() => {
  west.misbehave = undefined;
  west.asked.length = 0;
  later(11 * 60_000); // nothing is known of anybody's failures any more
});

const chart = (query = '') => east.call(doctor, 'GET', `/federation/fhir/Observation?patient=${person}${query}`);
const sources = (body: Parameters<typeof matches>[0]) =>
  [...new Set(matches(body).map(({ resource }) => resource.meta.source))].sort();
const missingOf = ({ link: links }: { link: readonly { relation: string; url: string }[] }) =>
  links.find(({ relation }) => relation === 'urn:tsumugi:missing')?.url;
const answering =
  (status: number): Misbehave =>
  (request, response) => {
    if (!request.url?.includes('/answer/')) return false;
    response.writeHead(status).end();
    return true;
  };
const silent: Misbehave = (request) => request.url?.includes('/answer/') === true;
const ofWest = (body: Parameters<typeof issues>[0]) =>
  issues(body).find(({ diagnostics }) => diagnostics.includes(WEST))?.diagnostics;
const health = async () =>
  ((await east.call(OPERATOR, 'GET', `/federation/contracts/${west.oid}`)).body as { down?: { failures: number } })
    .down;

describe('a region that does not answer', () => {
  it('is asked by everybody twice more, and then by one now and then; an entry says since when', async () => {
    west.misbehave = answering(503);
    const began = new Date(time.now).toISOString();
    for (const failures of [1, 2, 3]) {
      const { status, body } = await chart();
      expect(status).toBe(200);
      expect(sources(body)).toEqual([NORTH, EAST]);
      if (failures > 1) expect(ofWest(body)).toContain(`it has not answered since ${began}`);
      expect(await health()).toMatchObject({ failures });
      later(100);
    }
    expect(west.asked).toHaveLength(3);
    const { body } = await chart();
    expect(west.asked).toHaveLength(3);
    expect(ofWest(body)).toContain(`not asked at this moment; it has not answered since ${began}`);
    later(5_000);
    await chart();
    expect(west.asked).toHaveLength(4);
    expect(await health()).toMatchObject({ failures: 4 });
  });

  it('is whole again with the first probe that it answers', async () => {
    west.misbehave = answering(503);
    for (let n = 0; n < 3; n += 1) {
      await chart();
      later(100);
    }
    west.misbehave = undefined;
    later(5_000);
    expect(sources((await chart()).body)).toEqual([NORTH, WEST, EAST]);
    expect(await health()).toBeUndefined();
    expect(issues((await chart()).body)).toEqual([]);
  });

  it('is tried by whoever asks it by name', async () => {
    const { id } = matches((await chart()).body).find(({ resource }) => resource.meta.source === WEST)!.resource;
    west.misbehave = answering(503);
    for (let n = 0; n < 3; n += 1) {
      await chart();
      later(100);
    }
    west.misbehave = undefined;
    const read = (query = '') =>
      east.call(doctor, 'GET', `/federation/fhir/Observation/${id}?patient=${person}${query}`);
    expect((await read()).status).toBe(404);
    expect((await read(`&_community=${WEST}`)).status).toBe(200);
  });

  it('is waited for as long as a probe, and not as long as the client would', async () => {
    west.misbehave = answering(503);
    await chart();
    later(100);
    west.misbehave = silent;
    // The test itself ends before such a deadline would.
    const { body } = await chart('&_deadline=25000');
    expect(ofWest(body)).toContain('it did not answer in time; it has not answered since');
  });

  it('is not down because a client was in a hurry, nor because it refuses or stumbles', async () => {
    west.misbehave = silent;
    expect(ofWest((await chart('&_deadline=150')).body)).toContain('did not answer in time');
    for (const status of [500, 429, 403, 401, 404]) {
      west.misbehave = answering(status);
      expect(ofWest((await chart()).body)).toBeDefined();
    }
    expect(await health()).toBeUndefined();
  });

  it('is no news to the other execution environments', async () => {
    const rows = memoryRowStore();
    const [here, there] = [
      openCircuits({ rows, clock: () => time.now }),
      openCircuits({ rows, clock: () => time.now }),
    ];
    const since = time.now;
    for (let n = 0; n < 3; n += 1) {
      await here.learn(time.now, new Map([['1.2', { answered: false, code: 'timeout' }]]));
      later(1);
    }
    expect(await there.known()).toEqual(new Map([['1.2', { since, last: since + 2, failures: 3, code: 'timeout' }]]));
    const down = (await there.known()).get('1.2')!;
    expect(there.mayProbe('1.2', down)).toBe(false);
    later(5_000);
    expect([there.mayProbe('1.2', down), there.mayProbe('1.2', down)]).toEqual([true, false]);
    await there.learn(time.now, new Map([['1.2', { answered: true }]]));
    expect(await here.known()).toEqual(new Map());
  });

  it('has failed once, where charts were opened at once and failed at once', async () => {
    const circuits = openCircuits({ rows: memoryRowStore(), clock: () => time.now });
    const asked = time.now;
    later(8_000);
    for (let n = 0; n < 10; n += 1) {
      await circuits.learn(asked, new Map([['1.2', { answered: false, code: 'timeout' }]]));
      later(10);
    }
    expect((await circuits.known()).get('1.2')).toMatchObject({ failures: 1 });
  });
});

describe('what was missing', () => {
  it('is asked for by a link of its own, which asks nobody else', async () => {
    west.misbehave = answering(503);
    const first = await chart();
    expect(sources(first.body)).toEqual([NORTH, EAST]);
    expect(nextOf(first.body)).toBeUndefined();
    west.misbehave = undefined;
    north.asked.length = 0;
    const rest = await east.call(doctor, 'GET', missingOf(first.body)!);
    expect(sources(rest.body)).toEqual([WEST]);
    expect(issues(rest.body)).toEqual([]);
    expect(missingOf(rest.body)).toBeUndefined();
    expect(north.asked).toEqual([]);
  });

  it('leads there again while it is still missing, and tries a region that is known to be down', async () => {
    west.misbehave = answering(503);
    let { body } = await chart();
    for (let n = 0; n < 3; n += 1) {
      later(100);
      ({ body } = await east.call(doctor, 'GET', missingOf(body)!));
      expect(matches(body)).toEqual([]);
      expect(ofWest(body)).not.toContain('not asked');
    }
    west.misbehave = undefined;
    expect(sources((await east.call(doctor, 'GET', missingOf(body)!)).body)).toEqual([WEST]);
  });

  it('is no next page: who follows those to the end does not go round for ever', async () => {
    west.misbehave = answering(503);
    let path: string | undefined = `/federation/fhir/Observation?patient=${person}&_count=2`;
    const seen: string[] = [];
    for (let page = 0; path; page += 1) {
      expect(page).toBeLessThan(4);
      const { body }: Awaited<ReturnType<typeof chart>> = await east.call(doctor, 'GET', path);
      seen.push(...matches(body).map(({ resource }) => resource.effectiveDateTime.slice(8, 10)));
      path = nextOf(body);
      if (!path) expect(missingOf(body)).toBeDefined();
      later(100);
    }
    expect(seen.sort()).toEqual(['01', '03', '04', '05']);
  });

  it('makes a total unknown', async () => {
    expect((await chart('&_total=accurate')).body.total).toBe(5);
    west.misbehave = answering(503);
    expect((await chart('&_total=accurate')).body.total).toBeUndefined();
  });

  it('belongs to who asked', async () => {
    west.misbehave = answering(503);
    const { body } = await chart();
    const other = await east.call(doctorAt('3610000005'), 'GET', missingOf(body)!);
    expect(other.status).toBe(400);
  });
});
