// https://hl7.org/fhir/R4/resource-operation-meta.html, -meta-add and -meta-delete
import { describe, expect, it } from 'vitest';
import type { Meta } from '../../../functions/fhir/types.ts';
import { clinic, given, openApi, stored } from '../../support/api.ts';
import { call, parameters } from './given.ts';

const TAG = { system: 'http://hospital.example/tags', code: 'teaching' };
const RESTRICTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' };
const HIV = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';

const open = async () => {
  const api = openApi();
  await stored(api, given.patient({ id: 'p' }));
  return api;
};
type Api = Awaited<ReturnType<typeof open>>;
const change = async (api: Api, operation: string, meta: Meta, path = '/Patient/p', headers = {}) => {
  const got = await call(api, 'POST', `${path}/$${operation}`, {
    body: parameters({ name: 'meta', valueMeta: meta }),
    headers,
  });
  return { ...got, meta: got.value('return') as Meta };
};

describe('$meta', () => {
  it('answers the meta of the resource, by GET and by POST', async () => {
    const api = await open();
    for (const method of ['GET', 'POST'] as const) {
      const { status, value } = await call(api, method, '/Patient/p/$meta');
      expect(status).toBe(200);
      expect(value('return')).toMatchObject({ versionId: '1' });
    }
  });

  it('is refused as the resource itself would be', async () => {
    const api = await open();
    expect((await api.send('GET', '/Patient/p/$meta', { as: clinic })).status).toBe(404);
    expect((await api.send('GET', '/Patient/nobody/$meta')).status).toBe(404);
    await api.send('DELETE', '/Patient/p');
    expect((await api.send('GET', '/Patient/p/$meta')).status).toBe(410);
  });

  it('takes no parameters that it would have to ignore', async () => {
    expect((await (await open()).send('GET', '/Patient/p/$meta?mode=x')).status).toBe(400);
  });
});

describe('$meta-add', () => {
  it('adds tags, labels and profiles, and answers the meta that results', async () => {
    const api = await open();
    const profile = ['http://hospital.example/StructureDefinition/x'];
    const { status, meta } = await change(api, 'meta-add', { tag: [TAG], security: [RESTRICTED], profile });
    expect(status).toBe(200);
    expect(meta).toMatchObject({ versionId: '2', tag: [TAG], security: [RESTRICTED], profile });
    expect((await api.send('GET', '/Patient/p')).body.meta).toMatchObject({ tag: [TAG] });
  });

  it('adds nothing that is there already, whatever its display, and then makes no version', async () => {
    const api = await open();
    await change(api, 'meta-add', { tag: [TAG] });
    const { meta } = await change(api, 'meta-add', { tag: [{ ...TAG, display: 'Teaching' }] });
    expect(meta).toMatchObject({ versionId: '2', tag: [TAG] });
  });

  it('keeps to If-Match', async () => {
    const api = await open();
    expect((await change(api, 'meta-add', { tag: [TAG] }, '/Patient/p', { 'if-match': 'W/"9"' })).status).toBe(412);
  });

  it('needs a meta, by POST, from the facility that wrote the resource', async () => {
    const api = await open();
    expect((await api.send('POST', '/Patient/p/$meta-add', { body: parameters() })).status).toBe(400);
    expect((await api.send('GET', '/Patient/p/$meta-add')).status).toBe(405);
    const body = parameters({ name: 'meta', valueMeta: { tag: [TAG] } });
    expect((await api.send('POST', '/Patient/p/$meta-add', { body, as: clinic })).status).toBe(404);
    expect((await api.send('GET', '/Patient/p')).headers.etag).toBe('W/"1"');
  });

  it('refuses a meta that is not one', async () => {
    const api = await open();
    const bad = [{ tag: 'x' }, { security: [{ code: 1 }] }, { profile: [{}] }];
    for (const meta of bad) expect((await change(api, 'meta-add', meta as unknown as Meta)).status).toBe(400);
  });
});

describe('$meta-delete', () => {
  it('takes away what is named by system and code, and leaves the rest', async () => {
    const api = await open();
    await change(api, 'meta-add', { tag: [TAG, { ...TAG, code: 'other' }], security: [RESTRICTED] });
    const { meta } = await change(api, 'meta-delete', {
      tag: [{ ...TAG, display: 'anything' }],
      security: [RESTRICTED],
    });
    expect(meta.tag).toEqual([{ ...TAG, code: 'other' }]);
    expect(meta.security).toBeUndefined();
  });

  it('is no error where nothing is there to delete', async () => {
    const { status, meta } = await change(await open(), 'meta-delete', { tag: [TAG] });
    expect(status).toBe(200);
    expect(meta.versionId).toBe('1');
  });

  it('leaves the label that a rule has set', async () => {
    const api = await open();
    const coding = [{ system: 'http://hl7.org/fhir/sid/icd-10', code: 'B24' }];
    const { id } = await stored(api, {
      resourceType: 'Condition',
      subject: { reference: 'Patient/p' },
      code: { coding },
    });
    const security = [{ system: HIV, code: 'HIV' }];
    const { meta } = await change(api, 'meta-delete', { security }, `/Condition/${id}`);
    expect(meta.security).toMatchObject(security);
  });
});
