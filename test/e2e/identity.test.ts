// The identity feed, desk and FHIR faces against the stack as `npm start` runs it: streams, routes and roles as they are synthesized.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';

let stack: LocalStack;
const tokens = new Map<string, string>();

beforeAll(async () => {
  stack = await startLocalStack();
  for (const who of ['system:hospital', 'system:clinic', 'staff:clinic-doctor', 'staff:municipal', 'resident:1'])
    tokens.set(who, await stack.token(who));
});
afterAll(async () => {
  await stack?.stop();
});

const send = async (who: string, method: string, path: string, body?: object) => {
  const base = stack.region().fhir.replace(/\/fhir$/, '');
  const isFhir = path.startsWith('/fhir');
  const response = await fetch(base + path, {
    method,
    headers: {
      authorization: `Bearer ${tokens.get(who)}`,
      ...(body && { 'content-type': isFhir ? 'application/fhir+json' : 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined };
};

const waitFor = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
};

const number = (facility: string, value: string) => [{ system: `urn:oid:1.2.392.100495.20.3.51.1${facility}`, value }];
const about = {
  resourceType: 'Patient',
  gender: 'female',
  birthDate: '1947-02-03',
  telecom: [{ system: 'phone', value: '088-600-4711' }],
  address: [{ postalCode: '770-0047', city: '徳島市', line: ['仮町4-7-11'] }],
};
const HOSPITAL = '3610000001';
const CLINIC = '3610000002';

const personOf = async (patient: string) => {
  const { status, body } = await send('staff:municipal', 'GET', `/identity/patients/${patient}/person`);
  return status === 200 ? (body as { person: string; records: { patient: string }[] }) : undefined;
};

it('links a person of two facilities by the stream, shows the one chart to the other, and takes it back', async () => {
  const first = await send('system:hospital', 'POST', '/fhir/Patient', {
    ...about,
    identifier: number(HOSPITAL, 'H-4711'),
    name: [
      { use: 'official', family: '渡邉', given: ['裕子'] },
      { use: 'official', family: 'ワタナベ', given: ['ユウコ'] },
    ],
  });
  expect(first.status).toBe(201);
  const observed = await send('system:hospital', 'POST', '/fhir/Observation', {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
    subject: { reference: `Patient/${first.body.id}` },
    effectiveDateTime: '2026-11-01T09:00:00+09:00',
  });
  expect(observed.status).toBe(201);
  const second = await send('system:clinic', 'POST', '/fhir/Patient', {
    ...about,
    identifier: number(CLINIC, 'C-1147'),
    name: [
      { use: 'official', family: '渡辺', given: ['裕子'] },
      { use: 'official', family: 'ﾜﾀﾅﾍﾞ', given: ['ﾕｳｺ'] },
    ],
  });
  expect(second.status).toBe(201);

  const person = await waitFor(async () => {
    const found = await personOf(second.body.id);
    return found && found.records.length === 2 ? found : undefined;
  });
  expect(person.records.map(({ patient }) => patient).sort()).toEqual([first.body.id, second.body.id].sort());

  const chart = `/fhir/Observation?patient=${second.body.id}`;
  const shown = await waitFor(async () => {
    const { body } = await send('staff:clinic-doctor', 'GET', chart);
    return body.entry?.length === 1 ? body : undefined;
  });
  expect(shown.entry[0].resource.id).toBe(observed.body.id);

  const source = encodeURIComponent(`urn:oid:1.2.392.100495.20.3.51.1${CLINIC}|C-1147`);
  const pix = await send('system:clinic', 'GET', `/fhir/Patient/$ihe-pix?sourceIdentifier=${source}`);
  expect(pix.status).toBe(200);
  expect(JSON.stringify(pix.body)).toContain('H-4711');

  const matched = await send('system:clinic', 'POST', '/fhir/Patient/$match', {
    ...about,
    name: [{ family: 'わたなべ', given: ['ゆうこ'] }],
  });
  expect(matched.status).toBe(200);
  expect(matched.body.entry[0].search.extension[0].valueCode).toBe('certain');

  const split = await send('staff:municipal', 'POST', `/identity/persons/${person.person}/split`, {
    patients: [second.body.id],
    reason: 'a test',
  });
  expect(split.status).toBe(200);
  expect((await personOf(first.body.id))!.records).toHaveLength(1);
  await waitFor(async () => {
    const { body } = await send('staff:clinic-doctor', 'GET', chart);
    return (body.entry ?? []).length === 0 ? true : undefined;
  });
});

it('is closed to whom it is not for', async () => {
  expect((await send('system:clinic', 'GET', '/identity/reviews')).status).toBe(403);
  expect((await send('staff:municipal', 'GET', '/identity/reviews')).status).toBe(200);
  expect((await send('resident:1', 'GET', '/identity/reviews')).status).toBe(403);
});
