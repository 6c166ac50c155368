// What the functions that keep charts may do, done on a whole local stack, whose roles refuse the rest: bytes, large resources, large
// commits, uploads, walks. test/exercised-actions.ts holds what is allowed against what was used.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';

let stack: LocalStack;
let token: string;
beforeAll(async () => {
  stack = await startLocalStack();
  token = await stack.token('system:hospital');
});
afterAll(() => stack?.stop(), 60_000);

const fhir = async (method: string, path: string, body?: unknown, as = token) => {
  const answer = await fetch(`${stack.region().fhir}${path}`, {
    method,
    headers: {
      accept: 'application/fhir+json',
      authorization: `Bearer ${as}`,
      ...(body !== undefined && { 'content-type': 'application/fhir+json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : undefined };
};

const subject = (patient: string) => ({ reference: `Patient/${patient}` });
const result = (patient: string, at: number, day = 1) => ({
  resourceType: 'Observation',
  id: `${patient}-${at}`,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
  subject: subject(patient),
  effectiveDateTime: `2026-0${day}-01T09:00:00+09:00`,
});
const patient = (id: string, more: object = {}) => ({
  resourceType: 'Patient',
  id,
  identifier: [{ system: 'urn:tsumugi:test', value: id }],
  ...more,
});
const photo = () => [{ contentType: 'image/jpeg', data: randomBytes(400_000).toString('base64') }];
const bytes = (id: string, of: string) => ({
  resourceType: 'Binary',
  id,
  contentType: 'application/pdf',
  data: randomBytes(8_000).toString('base64'),
  securityContext: subject(of),
});
const put = (resource: { resourceType: string; id: string }) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
});
const transaction = (...resources: { resourceType: string; id: string }[]) =>
  fhir('POST', '', { resourceType: 'Bundle', type: 'transaction', entry: resources.map(put) });

it('over REST: bytes, a large resource, commits of many rows that come and move, walks, one AuditEvent', async () => {
  expect((await transaction(patient('a', { photo: photo() }), bytes('a-scan', 'a'))).status).toBe(200);
  expect((await fhir('GET', '/Patient/a')).body.photo).toHaveLength(1);
  expect((await fhir('GET', '/Binary/a-scan')).body.data.length).toBeGreaterThan(8_000);

  const many = (day: number) => Array.from({ length: 70 }, (_, at) => result('a', at, day));
  expect((await transaction(...many(1))).status).toBe(200);
  expect((await transaction(...many(2))).status).toBe(200);
  expect((await fhir('GET', '/Observation?patient=a&_summary=count')).body.total).toBe(70);

  expect((await fhir('GET', '/Encounter?length=gt5')).status).toBe(200);
  expect((await fhir('GET', '/Organization?active=true')).status).toBe(200);
  expect((await fhir('GET', '?_lastUpdated=gt2999-01-01')).status).toBe(200);

  // Of two patients, then of one.
  const appointment = (...of: string[]) => ({
    resourceType: 'Appointment',
    id: 'visit',
    status: 'proposed',
    participant: of.map((id) => ({ actor: subject(id), status: 'accepted' })),
  });
  expect((await transaction(patient('c'), appointment('a', 'c'))).status).toBe(200);
  expect((await transaction(appointment('a'))).status).toBe(200);
  expect((await fhir('GET', '/Appointment?patient=c&_summary=count')).body.total).toBe(0);

  const privacy = await stack.token('staff:privacy');
  const [event] = (await fhir('GET', '/AuditEvent?_count=1', undefined, privacy)).body.entry;
  expect((await fhir('GET', `/AuditEvent/${event.resource.id}`, undefined, privacy)).status).toBe(200);
});

it('by upload: the same, loaded from the bucket by the function behind it', async () => {
  const { body } = await fhir('POST', '/$upload', {
    resourceType: 'Parameters',
    parameter: [{ name: 'contentType', valueCode: 'application/fhir+ndjson' }],
  });
  const of = (name: string) => body.parameter.find((one: { name: string }) => one.name === name);
  const status = async () => {
    const got = await fhir('GET', `/$upload-status?job=${of('job').valueId}`);
    return got.status === 202
      ? undefined
      : new Map(
          (got.body.parameter as { name: string }[]).map(({ name, ...value }) => [name, Object.values(value)[0]]),
        );
  };
  expect(await status()).toBeUndefined();
  const lines = [
    patient('b', { photo: photo() }),
    bytes('b-scan', 'b'),
    ...Array.from({ length: 120 }, (_, at) => result('b', at)),
    patient('a', { birthDate: '1951-04-01' }),
    ...Array.from({ length: 70 }, (_, at) => result('a', at, 3)),
    // Whom no index leads to.
    { ...result('b', 900), performer: [{ reference: 'Organization?active=false' }] },
    { ...result('b', 901), encounter: { reference: 'Encounter?length=gt5' } },
    { ...result('b', 902), encounter: { reference: 'Encounter?patient=b&status=finished' } },
  ];
  const sent = await fetch(of('url').valueUrl, {
    method: 'PUT',
    headers: { 'content-type': 'application/fhir+ndjson' },
    body: lines.map((one) => JSON.stringify(one)).join('\n'),
  });
  expect(sent.status).toBe(200);
  await expect.poll(async () => (await status())?.get('state'), { timeout: 240_000, interval: 500 }).toBe('done');
  const told = await status();
  expect([told?.get('created'), told?.get('updated'), told?.get('refused')]).toEqual([122, 71, 3]);
  expect((await fhir('GET', '/Binary/b-scan')).status).toBe(200);
  expect((await fhir('GET', '/Patient/b')).body.photo).toHaveLength(1);
});
