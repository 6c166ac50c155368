// npm run load-package: docs/profiles.md
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Resource } from '../../functions/fhir/types.ts';
import { validate } from '../../functions/fhir/validate.ts';
import { openProfiles } from '../../functions/profiles/loaded.ts';
import { openMemory } from '../../functions/storage/memory.ts';
import { Target } from '../../infra/local/load/target.ts';
import { definitions, idOf, loadPackages } from '../../infra/local/load-package.ts';
import { sharedData } from '../functions/fhir/shared-data.ts';
import { hospital, NOW, openApi } from '../support/api.ts';

const packageOf = (files: Record<string, unknown>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tsumugi-package-'));
  mkdirSync(join(folder, 'package'));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, 'package', name), JSON.stringify(content));
  const file = join(folder, 'example.tgz');
  execFileSync('tar', ['czf', file, '-C', folder, 'package']);
  return file;
};

const profile = (version: string, more: object = {}): Resource => ({
  resourceType: 'StructureDefinition',
  id: 'named',
  url: 'https://example.org/named',
  version,
  name: 'Named',
  status: 'active',
  kind: 'resource',
  abstract: false,
  type: 'Patient',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
  derivation: 'constraint',
  snapshot: {
    element: [
      {
        id: 'Patient',
        path: 'Patient',
        min: 0,
        max: '*',
        definition: '',
        comment: '',
        base: { path: 'Patient', min: 0, max: '*' },
      },
      {
        id: 'Patient.name',
        path: 'Patient.name',
        min: 1,
        max: '*',
        definition: 'names',
        base: { path: 'Patient.name', min: 0, max: '*' },
        mapping: [{ identity: 'v2', map: 'PID-5' }],
      },
    ],
  },
  differential: { element: [{ id: 'Patient.name', path: 'Patient.name', min: 1 }] },
  ...more,
});
const broken = profile('1', { url: 'https://example.org/broken', status: 'nonsense' });
const EXAMPLE = packageOf({
  'package.json': { name: 'example', version: '1.0.0' },
  '.index.json': { files: [] },
  'StructureDefinition-named.json': profile('1.0.0'),
  'StructureDefinition-named-2.json': profile('2.0.0'),
  'StructureDefinition-broken.json': broken,
  'ValueSet-vs.json': { resourceType: 'ValueSet', url: 'https://example.org/vs', status: 'active', text: { div: '' } },
  'Patient-example.json': { resourceType: 'Patient', id: 'example' },
});

const clock = () => NOW;
const store = openMemory(clock);
const api = openApi({
  ...store,
  profiles: openProfiles({ resources: store.resources, clock }, { publisher: hospital.facility }),
});
let server: Server;
let target: Target;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    const got = await api.send(request.method!, request.url!, { body });
    response.writeHead(got.status, { 'content-type': 'application/fhir+json' }).end(got.text);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  target = new Target({ fhir: `http://127.0.0.1:${port}`, token: async () => 'token' });
});
afterAll(() => void server.close());

describe('load-package', () => {
  it('stores profiles, value sets and code systems, passes over the rest, and says what was refused and why', async () => {
    const { stored, passedOver, refused } = await loadPackages(target, [EXAMPLE]);
    expect({ stored, passedOver }).toEqual({ stored: 3, passedOver: 1 });
    expect(refused).toMatchObject([{ what: 'StructureDefinition https://example.org/broken' }]);
    expect(refused[0]?.rules.join()).toContain('StructureDefinition.status');
  });

  it('keeps two versions of one profile side by side, and changes nothing the second time', async () => {
    await loadPackages(target, [EXAMPLE]);
    for (const version of ['1.0.0', '2.0.0']) {
      const { body } = await api.send('GET', `/StructureDefinition/${idOf(profile(version))}`);
      expect(body).toMatchObject({ version, meta: { versionId: '1' } });
    }
  });

  it('leaves prose and mappings in the package, and the differential where there is a snapshot', async () => {
    const { body } = await api.send('GET', `/StructureDefinition/${idOf(profile('1.0.0'))}`);
    expect(body.differential).toBeUndefined();
    expect(JSON.stringify(body)).not.toContain('PID-5');
    expect(body).toMatchObject({ snapshot: { element: [{ definition: 'Patient' }, { definition: 'names' }] } });
  });

  it('makes a profile bind', async () => {
    const patient = { resourceType: 'Patient', meta: { profile: ['https://example.org/named|2.0.0'] } };
    const refused = await api.send('POST', '/Patient', { body: patient });
    expect(refused.status).toBe(422);
    expect(refused.body.issue).toMatchObject([{ expression: ['Patient.name'] }]);
  });
});

const PACKAGES = ['jp-clins.r4-1.5.2-snapshot', 'jp-core.r4-1.1.2-snapshot', 'jp-eCheckupReport.r4', 'jp-eReferral.r4'];
describe.skipIf(!sharedData('jp/packages'))('official packages (skipped: no shared data)', () => {
  it.each(PACKAGES)('%s is valid R4 as it is stored, and small enough', async (name) => {
    for await (const resource of definitions(sharedData(`jp/packages/${name}.tgz`)!)) {
      if (!resource) continue;
      expect(validate(resource), String(resource.url)).toEqual([]);
      expect(JSON.stringify(resource).length).toBeLessThan(4_000_000);
    }
  });
});
