// What somebody may not know of answers as what never was: https://hl7.org/fhir/R4/security.html#AccessDenied
import { beforeEach, describe, expect, it } from 'vitest';
import { type Api, clinic, type Got, given, openApi, residentOf, type Sent, stored } from '../support/api.ts';

let api: Api;
let hidden: string;
let neverUsed: string;

beforeEach(async () => {
  api = openApi(); // no consent opens anything
  const patient = await stored(api, given.patient());
  hidden = (await stored(api, given.observation(patient.id))).id;
  neverUsed = api.services.resources.allocate('Observation', {
    patient: patient.id,
    otherPatients: [],
    date: 1_800_000_000,
    spansDays: false,
  });
});

/** The answer without the id that was asked for, and without what differs between any two answers. */
const shape = ({ status, text, headers }: Got, id: string) => {
  const { 'last-modified': _, date: __, ...rest } = headers;
  return { status, text: text.replaceAll(id, 'ID').replace(/"(timestamp|lastUpdated)":"[^"]+"/g, ''), headers: rest };
};

const same = async (method: string, path: (id: string) => string, sent: (id: string) => Sent) => {
  const [one, other] = [
    await api.send(method, path(hidden), sent(hidden)),
    await api.send(method, path(neverUsed), sent(neverUsed)),
  ];
  expect(shape(one, hidden)).toEqual(shape(other, neverUsed));
  return one.status;
};

const observation = (id: string) => ({ ...given.observation('p9'), id });
const patch = [{ op: 'replace', path: '/status', value: 'amended' }];
const asPatch = { 'content-type': 'application/json-patch+json' };

describe.each([
  ['another facility', clinic],
  ['another resident', residentOf('someone')],
] as const)('to %s', (_, as) => {
  it.each([
    ['GET', (id: string) => `/Observation/${id}`],
    ['HEAD', (id: string) => `/Observation/${id}`],
    ['GET', (id: string) => `/Observation/${id}/_history`],
    ['GET', (id: string) => `/Observation/${id}/_history/1`],
    ['GET', (id: string) => `/Observation?_id=${id}`],
    ['GET', (id: string) => `/Observation?_id=${id}&_summary=count`],
    ['DELETE', (id: string) => `/Observation/${id}`],
  ])('%s %s', async (method, path) => {
    await same(method, path, () => ({ as }));
  });

  it('DELETE with If-Match', async () => {
    await same(
      'DELETE',
      (id) => `/Observation/${id}`,
      () => ({ as, headers: { 'if-match': 'W/"1"' } }),
    );
  });

  it('DELETE that asks for an OperationOutcome', async () => {
    await same(
      'DELETE',
      (id) => `/Observation/${id}`,
      () => ({ as, headers: { prefer: 'return=OperationOutcome' } }),
    );
  });

  it.each<Record<string, string>>([{}, { 'if-match': 'W/"1"' }, { 'if-none-match': '*' }])(
    'PUT with %o',
    async (headers) => {
      const status = await same(
        'PUT',
        (id) => `/Observation/${id}`,
        (id) => ({ as, headers, body: observation(id) }),
      );
      expect(status).toBeGreaterThanOrEqual(400);
    },
  );

  it.each<Record<string, string>>([{}, { 'if-match': 'W/"1"' }])('PATCH with %o', async (headers) => {
    const sent = () => ({ as, headers: { ...asPatch, ...headers }, body: JSON.stringify(patch) });
    await same('PATCH', (id) => `/Observation/${id}`, sent);
  });

  it('a conditional PUT that names an id', async () => {
    const status = await same(
      'PUT',
      () => '/Observation?identifier=urn:x|nobody-has-it',
      (id) => ({ as, body: observation(id) }),
    );
    expect(status).toBe(403);
  });

  it.each(['batch', 'transaction'])('DELETE, PUT and GET in a %s', async (type) => {
    for (const method of ['DELETE', 'PUT', 'GET']) {
      const entry = (id: string) => ({
        request: { method, url: `Observation/${id}`, ...(method === 'PUT' && { ifMatch: 'W/"1"' }) },
        ...(method === 'PUT' && { resource: observation(id) }),
      });
      await same(
        'POST',
        () => '',
        (id) => ({ as, body: given.bundle(type, [entry(id)]) }),
      );
    }
  });
});

it('a DELETE of what one may not know of deletes nothing', async () => {
  expect((await api.send('DELETE', `/Observation/${hidden}`, { as: clinic })).status).toBe(204);
  expect((await api.send('GET', `/Observation/${hidden}`)).status).toBe(200);
});

it('nor does one in a transaction', async () => {
  const entry = [{ request: { method: 'DELETE', url: `Observation/${hidden}` } }];
  expect((await api.send('POST', '', { as: clinic, body: given.bundle('transaction', entry) })).status).toBe(200);
  expect((await api.send('GET', `/Observation/${hidden}`)).status).toBe(200);
});

it('also answers so once it is deleted', async () => {
  await api.send('DELETE', `/Observation/${hidden}`);
  for (const [method, path] of [
    ['GET', (id: string) => `/Observation/${id}`],
    ['DELETE', (id: string) => `/Observation/${id}`],
    ['GET', (id: string) => `/Observation/${id}/_history`],
  ] as const)
    await same(method, path, () => ({ as: clinic }));
});

describe('an id that a client chose is refused to others', () => {
  const taken = [{ severity: 'error', code: 'forbidden', diagnostics: 'Observation/chosen-1 may not be changed' }];
  const take = async () => {
    const patient = await stored(api, given.patient());
    await stored(api, { ...given.observation(patient.id), id: 'chosen-1' });
  };
  const tried = (path: string, headers: Record<string, string> = {}) =>
    api.send('PUT', path, { as: clinic, headers, body: observation('chosen-1') });

  it('without saying whose it is, whether it is there still, or at which version', async () => {
    await take();
    const before = await tried('/Observation/chosen-1');
    expect([before.status, before.body.issue]).toEqual([403, taken]);
    await api.send('DELETE', '/Observation/chosen-1');
    const after = await tried('/Observation/chosen-1');
    expect([after.status, after.body.issue]).toEqual([403, taken]);
    for (const version of [1, 2]) {
      const guessed = await tried('/Observation/chosen-1', { 'if-match': `W/"${version}"` });
      expect(guessed.status).toBe(412);
    }
  });

  it('by a condition too', async () => {
    await take();
    const got = await tried('/Observation?identifier=urn:x|nobody-has-it');
    expect([got.status, got.body.issue]).toEqual([403, taken]);
  });
});
