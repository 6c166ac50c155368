// The loader against the stack as `npm start` runs it: built bundles, DynamoDB Local on disk, tokens from the token endpoint.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningStack, startStack } from '../bench/parts/stack.ts';

const REGION = 'tokushima';
const root = fileURLToPath(new URL('../..', import.meta.url));
const args = ['--regions', REGION, '--empty'];

let stack: RunningStack;
let folder: string;
let token: string;

/** Patients of ours with five results each, as NDJSON per type, the way that a bulk export gives them. */
const writeFiles = (name: string, count: number): string => {
  const ids = Array.from({ length: count }, (_, at) => `${name}-${at}`);
  const patients = ids.map((id) => ({
    resourceType: 'Patient',
    id,
    identifier: [{ system: 'urn:tsumugi:test', value: id }],
    name: [{ text: '見本 太郎' }],
  }));
  const observations = ids.flatMap((id) =>
    Array.from({ length: 5 }, (_, at) => ({
      resourceType: 'Observation',
      id: `${id}-o${at}`,
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
      subject: { reference: `Patient/${id}` },
      effectiveDateTime: `2026-01-0${at + 1}T09:00:00+09:00`,
      valueQuantity: { value: 12.5 + at, unit: 'g/dL' },
    })),
  );
  const file = join(folder, `${name}.ndjson`);
  writeFileSync(file, [...patients, ...observations].map((one) => JSON.stringify(one)).join('\n'));
  return file;
};

interface Ended {
  readonly code: number;
  readonly said: string;
}

const load = (...more: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'infra/local/load.ts'), '--region', REGION, ...more],
      { cwd: root, env: { ...process.env, TSUMUGI_LOCAL_DIR: stack.dir }, timeout: 240_000 },
      (error, out, err) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, said: out + err }),
    );
  });

const send = (method: string, path: string, body?: object): Promise<Response> =>
  fetch(`${stack.fhir(REGION)}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/fhir+json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'load-files-'));
  stack = await startStack({ args, quick: true });
  token = stack.token(REGION, 'system:hospital');
});

afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

it('loads a file, and the same file again without changing anything', async () => {
  const file = writeFiles('twice', 4);
  expect(await load(file)).toMatchObject({
    code: 0,
    said: expect.stringContaining('24 new, 0 changed, 0 as they were'),
  });
  expect(await load(file)).toMatchObject({
    code: 0,
    said: expect.stringContaining('0 new, 0 changed, 24 as they were'),
  });
  const read = await send('GET', '/Observation/twice-0-o1');
  expect([read.status, read.headers.get('etag')]).toEqual([200, 'W/"1"']);
  const chart = (await (await send('GET', '/Observation?patient=twice-0')).json()) as {
    total?: number;
    entry: unknown[];
  };
  expect(chart.entry).toHaveLength(5);
});

/** One patient with more results than one transaction of DynamoDB takes. */
const writeLarge = (patient: string, count: number): string => {
  const lines = Array.from({ length: count }, (_, at) => ({
    resourceType: 'Observation',
    id: `${patient}-o${at}`,
    status: 'final',
    code: { text: 'x' },
    subject: { reference: `Patient/${patient}` },
  }));
  const file = join(folder, `${patient}.ndjson`);
  writeFileSync(
    file,
    [{ resourceType: 'Patient', id: patient }, ...lines].map((one) => JSON.stringify(one)).join('\n'),
  );
  return file;
};

it.each([
  ['a large patient', 'large', []],
  ['a patient beyond the limit through an upload', 'larger', ['--upload-above', '100']],
])(
  'takes %s, whole',
  async (_, patient, more) => {
    const file = writeLarge(patient, 120);
    expect(await load(...more, file)).toMatchObject({ code: 0, said: expect.stringContaining('121 new') });
    expect((await send('GET', `/Observation/${patient}-o119`)).status).toBe(200);
    const chart = (await (await send('GET', `/Observation?patient=${patient}&_count=200`)).json()) as {
      entry: unknown[];
    };
    expect(chart.entry).toHaveLength(120);
  },
  240_000,
);

it('another facility loading the same ids is refused and told so, and changes nothing', async () => {
  const file = writeFiles('theirs', 1);
  expect((await load(file)).code).toBe(0);
  const other = await load('--as', 'system:clinic', file);
  expect(other).toMatchObject({ code: 1, said: expect.stringContaining('6 resources refused') });
  expect(other.said).toContain('nothing was stored');
  expect((await send('GET', '/Patient/theirs-0')).headers.get('etag')).toBe('W/"1"');
});

it('says what it reads, stops at Ctrl-C in one line, and goes on when it is run again', async () => {
  const file = writeFiles('stopped', 150);
  const child = spawn(process.execPath, [join(root, 'infra/local/load.ts'), '--region', REGION, file], {
    cwd: root,
    env: { ...process.env, TSUMUGI_LOCAL_DIR: stack.dir },
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
    if (/^patients /m.test(said)) child.kill('SIGINT');
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect(said).toMatch(/^reading: 0 resources so far\n/);
  expect(said.trim().split('\n').at(-1)).toBe('stopped; run the same command again to go on');
  expect(code).toBe(130);
  expect(await load(file)).toMatchObject({ code: 0, said: expect.stringContaining('900 resources stored') });
});

it('keeps every acknowledged write when the host is killed while loading, and the next load completes the rest', async () => {
  const file = writeFiles('killed', 60);
  const loading = load(file);
  const acknowledged: string[] = [];
  let alive = true;
  const writer = async (lane: number) => {
    for (let at = 0; alive; at++) {
      const id = `ack-${lane}-${at}`;
      const answer = await send('PUT', `/Patient/${id}`, { resourceType: 'Patient', id }).catch(() => undefined);
      if (answer?.status === 201) acknowledged.push(id);
    }
  };
  // What the start itself has brought in is changed by somebody too.
  const organization = (await (await send('GET', '/Organization/demo-hospital')).json()) as object;
  const changed = await send('PUT', '/Organization/demo-hospital', { ...organization, alias: ['新しい通称'] });
  expect(changed.status).toBe(200);
  const writers = [0, 1].map(writer);
  while (acknowledged.length < 20) await new Promise((resolve) => setTimeout(resolve, 50));
  await stack.kill('SIGKILL');
  alive = false;
  await Promise.all(writers);

  stack = await startStack({ args, quick: true, dir: stack.dir, port: stack.port });
  token = stack.token(REGION, 'system:hospital');
  const found = await Promise.all(acknowledged.map(async (id) => (await send('GET', `/Patient/${id}`)).status));
  expect(found.filter((status) => status !== 200)).toEqual([]);
  expect(await (await send('GET', '/Organization/demo-hospital')).json()).toMatchObject({ alias: ['新しい通称'] });

  await loading; // it went on with the new host, or gave up and said so
  const again = await load(file);
  expect(again.code).toBe(0);
  for (let at = 0; at < 60; at += 7) {
    const chart = (await (await send('GET', `/Observation?patient=killed-${at}`)).json()) as { entry?: unknown[] };
    expect(chart.entry).toHaveLength(5);
    expect((await send('GET', `/Patient/killed-${at}`)).headers.get('etag')).toBe('W/"1"');
  }
}, 400_000);
