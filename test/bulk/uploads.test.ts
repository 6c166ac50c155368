import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { derivedId } from '../../functions/bulk/derived-id.ts';
import { incomingName, jobOf, readJob } from '../../functions/bulk/job.ts';
import { runJob } from '../../functions/bulk/run-job.ts';
import type { Narrow } from '../../functions/consent/matrix.ts';
import type { Context } from '../../functions/interactions/contract.ts';
import { openMemory } from '../../functions/storage/memory.ts';
import { clinic, given, hospital, openApi, residentOf } from '../support/api.ts';

const open = (narrow?: Narrow) => {
  const uploads = openMemory().documents;
  return { uploads, ...openApi({ uploads, narrow: async () => narrow }) };
};
type Open = ReturnType<typeof open>;

const parameters = (body: object) =>
  new Map(
    ((body as { parameter?: { name: string; resource?: unknown }[] }).parameter ?? []).map(
      ({ name, resource, ...value }) => [name, resource ?? Object.values(value)[0]],
    ),
  );

async function* chunked(bytes: Uint8Array, size = 64 << 10) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const carryOut = (api: Open, id: string, bytes: Uint8Array, settled: Context[] = []) =>
  runJob(
    {
      services: api.services,
      uploads: api.uploads,
      open: async () => chunked(bytes),
      record: async (context) => void settled.push(context),
    },
    incomingName('3610000001', id),
  );

/** Opens a job as a client does, then does what the bulk-load function does with the bytes. */
const upload = async (api: Open, bytes: Uint8Array, contentType = 'application/fhir+json', settled: Context[] = []) => {
  const got = await api.send('POST', '/$upload', {
    body: { resourceType: 'Parameters', parameter: [{ name: 'contentType', valueCode: contentType }] },
  });
  expect(got.status).toBe(201);
  const id = String(parameters(got.body).get('job'));
  await carryOut(api, id, bytes, settled);
  return parameters((await api.send('GET', `/$upload-status?job=${id}`)).body);
};

const ndjson = (...resources: object[]) =>
  Buffer.from(resources.map((resource) => JSON.stringify(resource)).join('\n'));

const patient = (id: string) => given.patient({ id, identifier: [{ system: 'urn:x', value: id }] });

it('opens a job, says where to put the file, and 202 until it is loaded', async () => {
  const api = open();
  const got = await api.send('POST', '/$upload', { body: { resourceType: 'Parameters' } });
  const job = String(parameters(got.body).get('job'));
  expect(parameters(got.body).get('status')).toBe(got.headers.location);
  expect(jobOf(incomingName('3610000001', job))).toEqual({ facility: '3610000001', id: job });
  const waiting = await api.send('GET', `/$upload-status?job=${job}`);
  expect([waiting.status, parameters(waiting.body).get('state')]).toEqual([202, 'waiting']);
});

it('shows a job to the facility that opened it and to nobody else', async () => {
  const api = open();
  const got = await api.send('POST', '/$upload', { body: { resourceType: 'Parameters' } });
  const job = String(parameters(got.body).get('job'));
  expect((await api.send('GET', `/$upload-status?job=${job}`, { as: clinic })).status).toBe(404);
  expect((await api.send('GET', '/$upload-status?job=../../x')).status).toBe(404);
  expect(
    (await api.send('POST', '/$upload', { as: residentOf('p'), body: { resourceType: 'Parameters' } })).status,
  ).toBe(403);
  expect((await api.send('GET', '/$upload')).status).toBe(405);
});

it('takes a Bundle or NDJSON, gzipped or not, and nothing else', async () => {
  const api = open();
  const parameter = [{ name: 'contentType', valueCode: 'text/csv' }];
  expect((await api.send('POST', '/$upload', { body: { resourceType: 'Parameters', parameter } })).status).toBe(415);
  const lines = ndjson(patient('a'), given.observation('a', { id: 'a-o' }));
  expect((await upload(api, lines, 'application/fhir+ndjson')).get('created')).toBe(2);
  expect((await upload(api, gzipSync(lines), 'application/fhir+ndjson')).get('unchanged')).toBe(2);
  expect((await api.send('GET', '/Observation/a-o')).status).toBe(200);
});

it('is held to what the region has taken from the matrix, as any write', async () => {
  const api = open({ system: { write: { clinical: false } } });
  const status = await upload(
    api,
    ndjson(patient('a'), given.observation('a', { id: 'a-o' })),
    'application/fhir+ndjson',
  );
  expect([status.get('created'), status.get('refused')]).toEqual([1, 1]);
  expect((await api.send('GET', '/Observation/a-o')).status).toBe(404);
  expect((await api.send('PUT', '/Observation/a-o', { body: given.observation('a', { id: 'a-o' }) })).status).toBe(403);
});

it('loads a file of 20 MB patient by patient, and again without changing anything', async () => {
  const api = open();
  const patients = Array.from({ length: 40 }, (_, at) => `p${at}`);
  const note = [{ text: '見本'.repeat(8_000) }];
  const resources = patients.flatMap((id) => [
    ...Array.from({ length: 10 }, (_, at) => given.observation(id, { id: `${id}-o${at}`, note })),
    patient(id),
  ]);
  const bytes = ndjson({ resourceType: 'Organization', id: 'org', name: 'Awa' }, ...resources);
  expect(bytes.length).toBeGreaterThan(19_000_000);
  const settled: Context[] = [];
  const first = await upload(api, bytes, 'application/fhir+ndjson', settled);
  expect(Object.fromEntries(first)).toMatchObject({ state: 'done', created: 441, refused: 0, patients: 40 });
  // One audit record set for each group: the shared resources, and each patient.
  expect(settled).toHaveLength(41);
  expect(new Set(settled.flatMap(({ disclosed }) => disclosed.map(({ patientKey }) => patientKey))).size).toBe(41);
  expect((await api.send('GET', '/Patient/p7/Observation?_count=20')).body.entry).toHaveLength(10);

  const again = await upload(api, bytes, 'application/fhir+ndjson');
  expect(Object.fromEntries(again)).toMatchObject({ state: 'done', created: 0, updated: 0, unchanged: 441 });
  expect((await api.send('GET', '/Patient/p7')).headers.etag).toBe('W/"1"');
});

it('gives posted entries of a Bundle derived ids, and follows references and conditional references', async () => {
  const api = open();
  const put = await api.send('PUT', '/Practitioner/dr', {
    body: { resourceType: 'Practitioner', id: 'dr', identifier: [{ system: 'urn:staff', value: '1' }] },
  });
  expect(put.status).toBe(201);
  const post = (fullUrl: string, resource: { resourceType: string }) => ({
    fullUrl,
    resource,
    request: { method: 'POST', url: resource.resourceType },
  });
  const observation = given.observation('x', {
    subject: { reference: 'urn:uuid:p' },
    performer: [{ reference: 'Practitioner?identifier=urn:staff|1' }],
  });
  const bundle = given.bundle('transaction', [post('urn:uuid:o', observation), post('urn:uuid:p', given.patient())]);
  expect(Object.fromEntries(await upload(api, Buffer.from(JSON.stringify(bundle))))).toMatchObject({
    created: 2,
    refused: 0,
  });
  const [p, o] = ['urn:uuid:p', 'urn:uuid:o'].map((url) => derivedId('3610000001', url));
  expect((await api.send('GET', `/Observation/${o}`)).body).toMatchObject({
    subject: { reference: `Patient/${p}` },
    performer: [{ reference: 'Practitioner/dr' }],
  });
});

it('refuses what is not valid and says each rule; a patient whose Patient is refused is not there at all', async () => {
  const api = open();
  const bytes = ndjson(
    patient('good'),
    given.observation('good', { id: 'good-o', status: 'wrong' }),
    { ...patient('bad'), gender: 'wrong' },
    given.observation('bad', { id: 'bad-o' }),
  );
  const withNoise = Buffer.concat([Buffer.from('not json\n'), bytes]);
  const result = await upload(api, withNoise, 'application/fhir+ndjson');
  expect(Object.fromEntries(result)).toMatchObject({ state: 'done', created: 1, refused: 4, patients: 1 });
  const issues = (result.get('refusals') as { issue: { details: { text: string }; expression?: string[] }[] }).issue;
  expect(issues.map(({ details, expression }) => [details.text, expression?.[0]])).toEqual([
    ['line 1', undefined],
    ['Observation/good-o', 'Observation.status'],
    ['Patient/bad', 'Patient.gender'],
    ['Observation/bad-o', undefined],
  ]);
  expect((await api.send('GET', '/Observation/bad-o')).status).toBe(404);
  expect(JSON.stringify(issues)).not.toContain('wrong');
});

it('refuses what belongs to another facility, as a request would', async () => {
  const api = open();
  await api.send('PUT', '/Patient/theirs', { as: clinic, body: patient('theirs') });
  const result = await upload(
    api,
    ndjson({ ...patient('theirs'), birthDate: '1900-01-01' }),
    'application/fhir+ndjson',
  );
  expect(Object.fromEntries(result)).toMatchObject({ created: 0, updated: 0, refused: 1 });
  expect(hospital.facility).not.toBe(clinic.facility);
});

it('does nothing when the event comes a second time, or for an object that is no upload', async () => {
  const api = open();
  const got = await api.send('POST', '/$upload', { body: { resourceType: 'Parameters' } });
  const id = String(parameters(got.body).get('job'));
  const settled: Context[] = [];
  const bytes = Buffer.from(JSON.stringify(patient('a')));
  expect((await carryOut(api, id, bytes, settled))?.counts.created).toBe(1);
  await carryOut(api, id, bytes, settled);
  expect(settled).toHaveLength(1);
  expect(await carryOut(api, '../x', bytes, settled)).toBeUndefined();
});

it('fails a job whose file is cut off, keeps whole patients, and says nothing of the content', async () => {
  const api = open();
  const text = JSON.stringify(given.bundle('collection', [{ resource: patient('a') }, { resource: patient('b') }]));
  for (const bytes of [
    Buffer.from(text.slice(0, -30)),
    gzipSync(text).subarray(0, 80),
    Buffer.from([0x7b, 0xff, 0x7d]),
  ]) {
    const result = await upload(api, bytes);
    expect(result.get('state')).toBe('failed');
    expect(JSON.stringify([...result])).not.toContain('Awa');
  }
});

it('leaves the job open when the store fails, so that the next try completes it', async () => {
  const api = open();
  const got = await api.send('POST', '/$upload', { body: { resourceType: 'Parameters' } });
  const id = String(parameters(got.body).get('job'));
  const bytes = ndjson(patient('a'), given.observation('a', { id: 'a-o' }));
  const failing = {
    ...api.services,
    resources: { ...api.services.resources, commit: async () => Promise.reject(new Error('away')) },
  };
  await expect(carryOut({ ...api, services: failing } as Open, id, bytes)).rejects.toThrow('away');
  expect((await readJob(api.uploads, '3610000001', id))?.state).toBe('waiting');
  expect((await carryOut(api, id, bytes))?.state).toBe('done');
});

it('stores canonical systems and labels what is sensitive, as any other write does', async () => {
  const api = open();
  const coding = [{ system: '1.2.392.200119.4.504', code: '5F560155002302321' }];
  await upload(
    api,
    ndjson(patient('p'), given.observation('p', { id: 'o', code: { coding } })),
    'application/fhir+ndjson',
  );
  const [found] = (await api.send('GET', '/Observation?patient=p&code=urn:oid:1.2.392.200119.4.504|')).body.entry ?? [];
  expect(JSON.stringify(found?.resource?.code)).toContain('http://medis.or.jp/CodeSystem/master-JLAC10-17digits');
  expect(found?.resource?.meta?.security?.map(({ code }) => code)).toEqual(['HIV']);
});
