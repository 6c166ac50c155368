import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { derivedId } from '../../functions/bulk/derived-id.ts';
import { Journal } from '../../infra/local/load/journal.ts';
import { plan } from '../../infra/local/load/plan.ts';
import { Report } from '../../infra/local/load/report.ts';
import { Sender, type SendOptions } from '../../infra/local/load/send.ts';
import { Target } from '../../infra/local/load/target.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** What a FHIR server would say, scripted: the loader's side is under test. */
type Script = (seen: Seen, response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
let base: string;
let folder: string;
let seen: Seen[];
let script: Script;

const answer = (response: ServerResponse, status: number, body?: unknown, headers = {}) => {
  response.writeHead(status, headers).end(body === undefined ? '' : JSON.stringify(body));
};

const entriesOf = (body: string): { resource: { id: string; resourceType: string }; request: { url: string } }[] =>
  JSON.parse(body).entry;

const stored: Script = ({ method, body }, response) => {
  if (method === 'GET') answer(response, 404);
  else {
    const entry = entriesOf(body).map(() => ({ response: { status: '201' } }));
    answer(response, 200, { resourceType: 'Bundle', type: 'transaction-response', entry });
  }
};

const outcome = (...issue: object[]) => ({
  resourceType: 'OperationOutcome',
  issue: issue.map((one) => ({ severity: 'error', code: 'invalid', ...one })),
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sending-'));
  seen = [];
  script = stored;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const body = bytes[0] === 0x1f ? gunzipSync(bytes).toString() : bytes.toString();
      const item = { method: request.method ?? '', url: request.url ?? '', body };
      seen.push(item);
      script(item, response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const load = async (files: readonly string[], more: Partial<SendOptions> = {}, check = (_: object): string[] => []) => {
  const report = new Report(join(folder, 'report', 'refused.ndjson'), { write: () => true } as never);
  const journal = new Journal(join(folder, 'report', 'journal'));
  const target = new Target({ fhir: base, token: async () => 'token' });
  const planned = await plan(files, { facility: 'f', parse: (text) => JSON.parse(text), check, report });
  const sender = new Sender({ target, report, journal, ...more });
  for (const unit of [...planned.first, ...planned.rest]) await sender.send(unit);
  await planned.close();
  return { report, target, journal };
};

const file = async (name: string, value: unknown) => {
  const path = join(folder, name);
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
};

const post = (fullUrl: string, resource: { resourceType: string; [element: string]: unknown }) => ({
  fullUrl,
  resource,
  request: { method: 'POST', url: resource.resourceType },
});

const bundle = (...entry: unknown[]) => ({ resourceType: 'Bundle', type: 'transaction', entry });

const chart = (name: string) =>
  bundle(
    post(`urn:uuid:${name}`, { resourceType: 'Patient' }),
    post('urn:uuid:org', { resourceType: 'Organization', name }),
    post(`urn:uuid:${name}-o`, {
      resourceType: 'Observation',
      subject: { reference: `urn:uuid:${name}` },
      performer: [{ reference: 'urn:uuid:org' }],
    }),
  );

const posts = () => seen.filter(({ method }) => method === 'POST').map(({ body }) => entriesOf(body));

it('sends a patient bundle as one transaction of PUTs, what patients share before it and only once', async () => {
  const { report } = await load([await file('a.json', chart('a')), await file('b.json', chart('b'))]);
  const urls = posts().map((entries) => entries.map(({ request }) => request.url));
  const id = (name: string) => derivedId('f', `urn:uuid:${name}`);
  expect(urls).toEqual([
    [`Organization/${id('org')}`],
    [`Patient/${id('a')}`, `Observation/${id('a-o')}`],
    [`Patient/${id('b')}`, `Observation/${id('b-o')}`],
  ]);
  expect(posts()[1]?.[1]?.resource).toMatchObject({
    subject: { reference: `Patient/${id('a')}` },
    performer: [{ reference: `Organization/${id('org')}` }],
  });
  expect(report).toMatchObject({ created: 5, unchanged: 1, refused: 0, failed: 0 });
});

it('loads files of shared resources before the bundles that refer to them, whatever the order', async () => {
  const hospitals = bundle(post('urn:uuid:org', { resourceType: 'Organization' }));
  await load([await file('a.json', chart('a')), await file('z.json', hospitals)]);
  expect(posts().map((entries) => entries[0]?.resource.resourceType)).toEqual(['Organization', 'Patient']);
});

it('leaves out what the rules refuse and loads the rest; without its Patient nothing of a patient', async () => {
  const lines = [
    '{"resourceType":"Patient","id":"p"}',
    '{"resourceType":"Observation","id":"bad","subject":{"reference":"Patient/p"}}',
  ];
  const check = (resource: object) => ((resource as { id: string }).id === 'bad' ? ['Observation.code: missing'] : []);
  const first = await load([await file('a.ndjson', lines.join('\n'))], {}, check);
  expect(posts()).toHaveLength(1);
  expect(first.report).toMatchObject({ created: 1, refused: 1 });

  const orphan = (resource: object) => ((resource as { id: string }).id === 'p' ? ['Patient.name: wrong'] : []);
  const second = await load([await file('b.ndjson', lines.join('\n'))], {}, orphan);
  expect(posts()).toHaveLength(1);
  expect(second.report).toMatchObject({ created: 0, refused: 2 });
  expect([...second.report.rules.keys()]).toEqual(['Patient.name: wrong', 'its Patient was refused']);
});

it('sends again without the entries that the server speaks against, and reports their rule without indexes', async () => {
  script = (item, response, request) => {
    const at = item.method === 'POST' ? entriesOf(item.body).findIndex(({ resource }) => resource.id === 'o1') : -1;
    if (at < 0) stored(item, response, request);
    else {
      const expression = [`Bundle.entry[${at}].resource.code[0]`];
      answer(
        response,
        422,
        outcome({ expression, diagnostics: `Bundle.entry[${at}]: Observation.code[0]: must not be` }),
      );
    }
  };
  const lines = ['p', 'o1', 'o2'].map((id) =>
    JSON.stringify({
      resourceType: id === 'p' ? 'Patient' : 'Observation',
      id,
      ...(id !== 'p' && { subject: { reference: 'Patient/p' } }),
    }),
  );
  const { report } = await load([await file('a.ndjson', lines.join('\n'))]);
  expect(report).toMatchObject({ created: 2, refused: 1, failed: 0 });
  expect([...report.rules]).toEqual([['Observation.code: must not be', { count: 1, example: 'Observation/o1' }]]);
  expect(await readFile(join(folder, 'report', 'refused.ndjson'), 'utf8')).toContain('Observation/o1');
});

it('gives each entry of a patient who is refused its own rules, and the others the reason that they share', async () => {
  script = (item, response, request) => {
    if (item.method !== 'POST') return stored(item, response, request);
    const at = (id: string) => entriesOf(item.body).findIndex(({ resource }) => resource.id === id);
    const fault = (id: string, element: string) => ({
      expression: [`Bundle.entry[${at(id)}].resource.${element}`],
      diagnostics: `Bundle.entry[${at(id)}]: ${element}: wrong`,
    });
    answer(response, 400, outcome(fault('p', 'name'), fault('o1', 'code')));
  };
  const lines = ['p', 'o1', 'o2', 'o3'].map((id) =>
    JSON.stringify({
      resourceType: id === 'p' ? 'Patient' : 'Observation',
      id,
      ...(id !== 'p' && { subject: { reference: 'Patient/p' } }),
    }),
  );
  const { report } = await load([await file('a.ndjson', lines.join('\n'))]);
  expect(report).toMatchObject({ created: 0, refused: 4, failed: 0 });
  expect([...report.rules].map(([rule, { count }]) => [rule, count]).sort()).toEqual([
    ['code: wrong', 1],
    ['its Patient was refused', 2],
    ['name: wrong', 1],
  ]);
});

it('waits and tries again after 429, 503 and a dropped connection', async () => {
  let turn = 0;
  script = (item, response, request) => {
    turn++;
    if (turn === 1) answer(response, 429, undefined, { 'retry-after': '0' });
    else if (turn === 2) request.socket.destroy();
    else if (turn === 3) answer(response, 503);
    else stored(item, response, request);
  };
  const { report, target } = await load([await file('a.ndjson', '{"resourceType":"Patient","id":"p"}')]);
  expect(report).toMatchObject({ created: 1, failed: 0 });
  expect(target.repeats).toBe(3);
});

it("counts as unchanged what was there before the server's commit, however short a time before", async () => {
  const at = (lastModified: string, status = '200') => ({ response: { status, lastModified } });
  script = (_, response) => {
    const timestamp = '2026-11-22T03:00:00.500Z';
    const entry = [at('2026-11-22T03:00:00.499Z'), at(timestamp), at(timestamp, '201')];
    answer(response, 200, { resourceType: 'Bundle', type: 'transaction-response', timestamp, entry });
  };
  const lines = [
    '{"resourceType":"Patient","id":"p"}',
    ...['o', 'n'].map((id) => `{"resourceType":"Observation","id":"${id}","subject":{"reference":"Patient/p"}}`),
  ];
  const { report } = await load([await file('a.ndjson', lines.join('\n'))]);
  expect(report).toMatchObject({ created: 1, updated: 1, unchanged: 1 });
});

it('goes on where an interrupted load stopped, when the server still has what was acknowledged', async () => {
  const path = await file('a.ndjson', '{"resourceType":"Patient","id":"p"}');
  await load([path]);
  script = (item, response, request) =>
    item.method === 'GET' ? answer(response, 200, {}) : stored(item, response, request);
  const again = await load([path]);
  expect(posts()).toHaveLength(1);
  expect(again.report).toMatchObject({ unchanged: 1 });

  script = stored; // the server has lost it: 404
  await load([path]);
  expect(posts()).toHaveLength(2);
});

/** A server that also takes uploads, and says of each that `created` resources are there. */
const uploads =
  (created: number): Script =>
  (item, response, request) => {
    const address = base.replace('/fhir', '');
    if (item.url === '/fhir/$upload') {
      const parameter = [
        { name: 'url', valueUrl: `${address}/put` },
        { name: 'job', valueId: '1' },
        { name: 'contentType', valueCode: 'application/fhir+json' },
      ];
      answer(response, 201, { resourceType: 'Parameters', parameter });
    } else if (item.url === '/put') answer(response, 200);
    else if (item.url.startsWith('/fhir/$upload-status')) {
      const refusals = outcome({ details: { text: 'Observation/o2' }, diagnostics: 'Observation.code: missing' });
      const parameter = [
        { name: 'state', valueCode: 'done' },
        { name: 'created', valueInteger: created },
        { name: 'refusals', resource: refusals },
      ];
      answer(response, 200, { resourceType: 'Parameters', parameter });
    } else stored(item, response, request);
  };

it('takes a patient who is too large for a request through an upload, as a whole', async () => {
  script = uploads(2);
  const lines = ['p', 'o1', 'o2'].map((id) =>
    JSON.stringify({
      resourceType: id === 'p' ? 'Patient' : 'Observation',
      id,
      ...(id !== 'p' && { subject: { reference: 'Patient/p' } }),
    }),
  );
  const { report } = await load([await file('a.ndjson', lines.join('\n'))], { mostEntries: 2 });
  const put = seen.find(({ method }) => method === 'PUT');
  expect(entriesOf(put?.body ?? '').map(({ request }) => request.url)).toEqual([
    'Patient/p',
    'Observation/o1',
    'Observation/o2',
  ]);
  expect(report).toMatchObject({ created: 2, refused: 1, failed: 0 });
});

it('takes the upload way at once when the server has not time enough for a large patient, and waits when it is busy', async () => {
  const take = uploads(120);
  let busy = 1;
  script = (item, response, request) => {
    if (item.method !== 'POST' || item.url.includes('$')) take(item, response, request);
    else answer(response, 503, undefined, { 'retry-after': busy-- > 0 ? '0' : '10' });
  };
  const observation = (at: number) => ({
    resourceType: 'Observation',
    id: `o${at}`,
    subject: { reference: 'Patient/p' },
  });
  const all = [{ resourceType: 'Patient', id: 'p' }, ...Array.from({ length: 119 }, (_, at) => observation(at))];
  const { report, target } = await load([await file('a.ndjson', all.map((one) => JSON.stringify(one)).join('\n'))]);

  expect(seen.filter(({ url }) => url === '/fhir')).toHaveLength(2);
  expect(target.repeats).toBe(1);
  expect(report).toMatchObject({ created: 120, failed: 0 });
});

const PATIENT = '{"resourceType":"Patient","id":"a"}';
const UTF16 = Buffer.from(`\uFEFF${PATIENT}`, 'utf16le');
const SHIFT_JIS = Buffer.from([...Buffer.from('{"resourceType":"Patient","name":[{"text":"'), 0x8c, 0xa9, 0x96, 0x7b]);
it.each<[string, string, string | Buffer]>([
  ['a.json', 'not JSON', 'hello'],
  ['a.json', 'ends in the middle', '{"resourceType":"Patient"'],
  ['a.json', 'is UTF-16', UTF16],
  ['a.json', 'is not UTF-8', SHIFT_JIS],
  ['a.json', 'is a zip archive', Buffer.from('PK\x03\x04')],
  ['a.json', 'is XML', '<Patient/>'],
  ['a.json', 'has to end in .gz', gzipSync(PATIENT)],
  ['a.json.gz', 'is not compressed by gzip', PATIENT],
  ['a.json.gz', 'is cut off', gzipSync(PATIENT).subarray(0, 20)],
])('%s that %s: said in one line by its name, and the others are loaded', async (name, why, content) => {
  const path = join(folder, name);
  await writeFile(path, content);
  const { report } = await load([path, await file('sound.json', { resourceType: 'Patient', id: 'sound' })]);
  expect(report).toMatchObject({ created: 1, damaged: 1, failed: 0 });
  expect(report.exitCode({ strict: false })).toBe(1);
  const [note = ''] = (await readFile(join(folder, 'report', 'refused.ndjson'), 'utf8')).split('\n');
  const { failed } = JSON.parse(note) as { failed: string };
  expect([failed.startsWith(`${path}: `), failed]).toEqual([true, expect.stringContaining(why)]);
});

it.each<[string, string, string | Buffer]>([
  ['a.ndjson', 'is UTF-16', UTF16],
  ['a.ndjson', 'is not UTF-8', SHIFT_JIS],
  ['a.ndjson.gz', 'is cut off', gzipSync(PATIENT).subarray(0, 20)],
  ['a.tar', 'is not a tar', 'hello'],
  ['a.tar.gz', 'is not a tar', gzipSync(PATIENT)],
])('%s that %s ends the run before anything is sent: a patient may be in several files', async (name, why, content) => {
  const path = join(folder, name);
  await writeFile(path, content);
  const loading = load([await file('sound.json', { resourceType: 'Patient', id: 'sound' }), path]);
  await expect(loading).rejects.toThrow(`${path}: `);
  await expect(loading).rejects.toThrow(why);
  expect(seen).toEqual([]);
});

it('counts the files that hold no resource, and says in which line something is no JSON', async () => {
  const empty = await file('empty.ndjson', '');
  const { report } = await load([
    empty,
    await file('bundle.json', bundle()),
    await file('lines.ndjson', `\n${PATIENT}\n{"a"\n`),
  ]);
  expect(report.barren).toEqual([empty, join(folder, 'bundle.json')]);
  expect(report).toMatchObject({ created: 1, refused: 1 });
  expect([...report.rules.values()]).toMatchObject([{ example: `${join(folder, 'lines.ndjson')} line 3` }]);
});
