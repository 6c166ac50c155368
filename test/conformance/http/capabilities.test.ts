// https://hl7.org/fhir/R4/http.html#capabilities
import { describe, expect, it } from 'vitest';
import { RESOURCE_TYPES } from '../../../functions/fhir/resource-types.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import { BASE, openApi } from '../../support/api.ts';

interface Statement {
  fhirVersion: string;
  format: string[];
  implementation: { url: string };
  rest: { mode: string; interaction: { code: string }[]; resource: Claimed[] }[];
}
interface Claimed {
  type: string;
  interaction: { code: string }[];
  searchParam: { name: string; type: string }[];
  [element: string]: unknown;
}

const statement = async () => (await openApi().send('GET', '/metadata')).body as unknown as Statement;

describe('CapabilityStatement', () => {
  it('is a valid resource for 4.0.1 and says where it is', async () => {
    const found = await statement();
    expect(validate(found, { type: 'CapabilityStatement' })).toEqual([]);
    expect(found).toMatchObject({ fhirVersion: '4.0.1', implementation: { url: BASE } });
  });

  it('has an ETag, and is not sent again to whoever has it', async () => {
    const api = openApi();
    const { etag } = (await api.send('GET', '/metadata')).headers;
    expect(etag).toMatch(/^W\/"/);
    const again = await api.send('GET', '/metadata', { headers: { 'if-none-match': etag! } });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  it('shows the part that is asked for', async () => {
    const { body } = await openApi().send('GET', '/metadata?_elements=fhirVersion', { anonymous: true });
    expect(body).toMatchObject({ fhirVersion: '4.0.1', kind: 'instance', meta: { tag: [{ code: 'SUBSETTED' }] } });
    expect(body).not.toHaveProperty('rest');
  });

  it('claims all 145 types that have an endpoint', async () => {
    const types = (await statement()).rest[0]!.resource.map(({ type }) => type);
    expect(types).toEqual(RESOURCE_TYPES.filter((type) => type !== 'Parameters'));
    expect(types).toHaveLength(145);
  });

  it('claims AuditEvent for reading only, and no patch of a Binary', async () => {
    const { resource } = (await statement()).rest[0]!;
    const codes = (type: string) => resource.find((each) => each.type === type)!.interaction.map(({ code }) => code);
    expect(codes('AuditEvent')).toEqual(['search-type', 'read']);
    expect(codes('Binary')).not.toContain('patch');
    const audit = resource.find(({ type }) => type === 'AuditEvent') as { operation?: { name: string }[] };
    expect(audit).toMatchObject({ conditionalRead: 'not-supported' });
    expect(audit.operation?.map(({ name }) => name)).toEqual(['validate']);
    expect(codes('Patient').sort()).toEqual(
      [
        'create',
        'delete',
        'history-instance',
        'history-type',
        'patch',
        'read',
        'search-type',
        'update',
        'vread',
      ].sort(),
    );
  });

  it('has every claimed interaction answer, for every type', async () => {
    const api = openApi();
    const { resource } = (await statement()).rest[0]!;
    const requests: Record<string, [string, string, unknown?]> = {
      read: ['GET', '/x'],
      vread: ['GET', '/x/_history/1'],
      update: ['PUT', '/x', {}],
      patch: ['PATCH', '/x', []],
      delete: ['DELETE', '/x'],
      'history-instance': ['GET', '/x/_history'],
      'history-type': ['GET', '/_history'],
      create: ['POST', '', {}],
      'search-type': ['GET', '?_id=x'],
    };
    for (const { type, interaction } of resource.filter(({ type }) => type !== 'AuditEvent')) {
      for (const { code } of interaction) {
        const [method, path, asked] = requests[code]!;
        // `{}` is no resource, but content of a Binary it may be.
        const body = asked && type === 'Binary' ? { resourceType: 'Binary' } : asked;
        const headers = { 'content-type': code === 'patch' ? 'application/json-patch+json' : 'application/fhir+json' };
        const got = await api.send(method, `/${type}${path}`, body ? { body: JSON.stringify(body), headers } : {});
        expect([200, 204, 400, 404], `${code} of ${type}: ${got.status}`).toContain(got.status);
        expect(got.body.issue?.[0]?.code, `${code} of ${type}`).not.toBe('not-supported');
      }
    }
  });

  it('answers 405 to what it does not claim', async () => {
    const api = openApi();
    for (const [method, path] of [
      ['PUT', '/AuditEvent/x'],
      ['DELETE', '/AuditEvent/x'],
      ['POST', '/AuditEvent'],
      ['PATCH', '/Binary/x'],
    ] as const) {
      expect((await api.send(method, path, { body: {} })).status).toBe(405);
    }
  });

  it('claims the search parameters of each type', async () => {
    const { resource } = (await statement()).rest[0]!;
    const names = resource.find(({ type }) => type === 'Observation')!.searchParam.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['_id', '_lastUpdated', 'code', 'patient', 'date', 'code-value-quantity']),
    );
  });

  it('claims transaction, batch, search and history of the system', async () => {
    expect((await statement()).rest[0]!.interaction.map(({ code }) => code)).toEqual([
      'transaction',
      'batch',
      'search-system',
      'history-system',
    ]);
  });
});
