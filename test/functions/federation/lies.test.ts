// What a community may do instead of answering, and what becomes of it: an entry that says which and why, and everybody else's records.
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { doctorAt, issues, later, link, type Misbehave, matches, type Node, OPT_IN, openNode } from './world.ts';

let east: Node;
let west: Node;
let liar: Node;
let person: string;
let theirs: string;
const doctor = doctorAt('3610000002');
const nodes = () => [east, west, liar];

beforeAll(async () => {
  east = await openNode({ oid: '2.999.36', name: 'East', prefecture: '36' });
  west = await openNode({ oid: '2.999.3', name: 'West', prefecture: '03' });
  liar = await openNode({ oid: '2.999.13', name: 'Liar', prefecture: '13' });
  await link(east, west);
  await link(east, liar);
  person = await east.person();
  await east.consent(person, OPT_IN);
  await east.observe(person, '2026-11-01');
  await west.observe(await west.person(), '2026-11-02');
  theirs = await liar.person();
  await liar.observe(theirs, '2026-11-03');
  await east.call(doctor, 'GET', `/federation/fhir/Observation?patient=${person}`); // everybody is found
});
afterAll(async () => {
  await Promise.all(nodes().map((node) => node?.stop()));
});
beforeEach(() => {
  liar.misbehave = undefined;
  later(3_000);
});

const chart = (query = '') => east.call(doctor, 'GET', `/federation/fhir/Observation?patient=${person}${query}`);
const atFhir =
  (answer: (response: ServerResponse) => void): Misbehave =>
  (request, response) => {
    if (request.url !== '/federation/answer/fhir') return false;
    answer(response);
    return true;
  };
const say = (body: unknown, status = 200) =>
  atFhir((response) => {
    response.writeHead(status, { 'content-type': 'application/fhir+json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
const observation = (more: object = {}) => ({
  resourceType: 'Observation',
  id: 'o-1',
  status: 'final',
  code: { text: 'x' },
  subject: { reference: `Patient/${theirs}` },
  ...more,
});
const bundle = (...resources: unknown[]) => ({
  resourceType: 'Bundle',
  type: 'searchset',
  entry: resources.map((resource) => ({ resource, search: { mode: 'match' } })),
});

it('shows all three when nobody lies', async () => {
  const { body } = await chart();
  expect(matches(body)).toHaveLength(3);
  expect(issues(body)).toEqual([]);
});

const LIES: readonly [string, string, () => Misbehave][] = [
  [
    'a record of another person',
    'security',
    () => say(bundle(observation({ subject: { reference: 'Patient/somebody-else' } }))),
  ],
  [
    'one stranger among records of the person',
    'security',
    () => say(bundle(observation(), observation({ id: 'o-2', subject: { reference: 'Patient/x' } }))),
  ],
  [
    'a stranger by an absolute address',
    'security',
    () => say(bundle(observation({ subject: { reference: `${liar.baseUrl}/fhir/Patient/x` } }))),
  ],
  ['a record of nobody', 'security', () => say(bundle(observation({ subject: undefined })))],
  ['another type than was asked for', 'structure', () => say(bundle({ ...observation(), resourceType: 'Condition' }))],
  ['a resource without an id', 'structure', () => say(bundle(observation({ id: undefined })))],
  ['an id that is an address', 'structure', () => say(bundle(observation({ id: '../../x' })))],
  ['entries that are no list', 'structure', () => say({ resourceType: 'Bundle', type: 'searchset', entry: {} })],
  ['an entry without a resource', 'structure', () => say({ resourceType: 'Bundle', type: 'searchset', entry: [{}] })],
  ['no searchset', 'structure', () => say({ resourceType: 'Bundle', type: 'transaction' })],
  ['half a document', 'structure', () => say('{"resourceType":"Bundle","type":"sear')],
  [
    'a next page that leads nowhere',
    'structure',
    () => say({ ...bundle(), link: [{ relation: 'next', url: 'http://169.254.169.254/' }] }),
  ],
  [
    'a redirect',
    'security',
    () => atFhir((response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()),
  ],
  [
    'a refusal',
    'forbidden',
    () => say({ resourceType: 'OperationOutcome', issue: [{ code: 'forbidden', diagnostics: 'SECRET 阿波' }] }, 403),
  ],
  ['a fault', 'transient', () => say('oops', 500)],
  ['a closed door', 'transient', () => atFhir((response) => void response.destroy())],
  [
    'a bomb in gzip',
    'too-long',
    () =>
      atFhir((response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
      }),
  ],
];

/** What a busy machine unpacks is late within the eight seconds that are usual. */
const PATIENCE = '&_deadline=25000';
/** Who did not answer the last time is given a second and a half, until there is an answer again (circuits.ts). */
const answering = async () => {
  liar.misbehave = undefined;
  do later(61_000);
  while (issues((await chart(PATIENCE)).body).length > 0);
};

it.each(LIES)('%s becomes an entry that says why (%s), and harms nobody else', async (_, code, lie) => {
  await answering();
  liar.misbehave = lie();
  const { status, body } = await chart(PATIENCE);
  expect(status).toBe(200);
  expect(matches(body).map(({ resource }) => resource.meta.source)).toEqual(['urn:oid:2.999.3', 'urn:oid:2.999.36']);
  expect(issues(body)).toEqual([
    expect.objectContaining({ code, diagnostics: expect.stringContaining('Liar (urn:oid:2.999.13)') }),
  ]);
  expect(JSON.stringify(issues(body))).not.toContain('SECRET');
});

it('an endless answer is cut off', async () => {
  await answering();
  let written = 0;
  liar.misbehave = atFhir((response) => {
    const chunk = Buffer.alloc(1024 * 1024, 'a');
    response.writeHead(200);
    const more = () => {
      if (response.destroyed) return;
      written += chunk.length;
      response.write(chunk, () => setImmediate(more));
    };
    more();
  });
  const { body } = await chart(PATIENCE);
  expect(issues(body)[0]).toMatchObject({ code: 'too-long' });
  expect(written).toBeLessThan(64 * 1024 * 1024);
});

it.each([
  ['_deadline=700', '&_deadline=700', {}],
  ['Prefer: wait=1', '', { prefer: 'wait=1' }],
])('who is silent is not waited for longer than the client says (%s)', async (_, query, headers) => {
  // It says something else later, yet before the eight seconds of who says nothing are over.
  liar.misbehave = atFhir((response) => {
    const later = setTimeout(() => response.writeHead(500).end(), 5_000);
    response.on('close', () => clearTimeout(later));
  });
  const { body } = await east.call(doctor, 'GET', `/federation/fhir/Observation?patient=${person}${query}`, {
    headers,
  });
  // On a busy machine the third region may be late as well.
  expect(matches(body).map(({ resource }) => resource.meta.source)).toContain('urn:oid:2.999.36');
  expect(issues(body)).toContainEqual(
    expect.objectContaining({ code: 'timeout', diagnostics: expect.stringContaining('Liar') }),
  );
});

it('one byte now and then does not keep the answer open either', async () => {
  liar.misbehave = atFhir((response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write(' '), 50);
    response.on('close', () => clearInterval(drip));
  });
  const { body } = await chart('&_deadline=600');
  expect(issues(body)[0]).toMatchObject({ code: 'timeout' });
});

it('who was late for one page is asked again for the next', async () => {
  liar.misbehave = say('oops', 500);
  const first = await chart('&_count=1');
  expect(matches(first.body)).toHaveLength(1);
  expect(issues(first.body)).toHaveLength(1);
  liar.misbehave = undefined;
  const seen = new Set<string>();
  for (let path = first.body.link.find(({ relation }) => relation === 'next')?.url; path; ) {
    const { body } = await east.call(doctor, 'GET', path);
    for (const { resource } of matches(body)) seen.add(resource.meta.source);
    path = body.link.find(({ relation }) => relation === 'next')?.url;
  }
  expect([...seen].sort()).toEqual(['urn:oid:2.999.13', 'urn:oid:2.999.36']);
});

it('a wrong signature is refused, and said so', async () => {
  later(6 * 60_000); // the assertion that is held is too old
  east.misbehave = (request, response) => {
    if (request.url !== '/auth/jwks.json') return false;
    response.end(JSON.stringify({ keys: [] }));
    return true;
  };
  const { body } = await chart();
  expect(matches(body).map(({ resource }) => resource.meta.source)).toEqual(['urn:oid:2.999.36']);
  expect(issues(body).map(({ code }) => code)).toEqual(['security', 'security']);
  east.misbehave = undefined;
  later(60_000);
  expect(matches((await chart()).body)).toHaveLength(3);
});
