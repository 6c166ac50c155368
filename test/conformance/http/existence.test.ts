// Who may not see a record must not learn from a write that it exists: https://hl7.org/fhir/R4/security.html#AccessDenied
import { describe, expect, it } from 'vitest';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor, Role } from '../../../functions/consent/actor.ts';
import { given, hospital, openApi, stored } from '../../support/api.ts';

const staff = (role: Role, facilityType: string): Actor => ({
  ...hospital,
  kind: 'staff',
  subject: `${role}-1`,
  role,
  facility: '3690000002',
  facilityType,
  scopes: parseScopes('user/*.cruds'),
});

const WRITES: readonly (readonly [string, string])[] = [
  ['DELETE', ''],
  ['PUT', ''],
  ['PATCH', ''],
  ['DELETE', '?identifier='],
  ['PUT', '?identifier='],
  ['PATCH', '?identifier='],
];
const ROLES = [
  ['admin', staff('admin', 'operator')],
  ['municipal', staff('municipal', 'municipality')],
  ['privacy', staff('privacy', 'operator')],
] as const;
const CASES = ROLES.flatMap(([name, actor]) => WRITES.map(([method, query]) => [name, method, query, actor] as const));

describe('a role that may not write the type', () => {
  it.each(CASES)('%s: %s%s is 403, whether there is something or not', async (_role, method, query, as) => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    const identifier = (value: string) => [{ system: 'urn:x', value }];
    await stored(api, given.observation('p1', { id: 'o1', identifier: identifier('o1') }));
    expect((await api.send('GET', '/Observation/o1', { as })).status).toBe(404);

    const sent = (id: string) =>
      api.send(method, query ? `/Observation${query}${id}` : `/Observation/${id}`, {
        as,
        ...(method === 'PUT' && { body: given.observation('p1', { id, identifier: identifier(id) }) }),
        ...(method === 'PATCH' && { body: '[]', headers: { 'content-type': 'application/json-patch+json' } }),
      });
    const [there, never] = [await sent('o1'), await sent('o2')];
    expect([there.status, never.status]).toEqual([403, 403]);
    expect(there.text.replaceAll('o1', 'o2')).toBe(never.text);
    expect((await api.send('GET', '/Observation/o1')).headers.etag).toBe('W/"1"');
  });

  it.each(['batch', 'transaction'])('is told the same in a %s', async (type) => {
    const api = openApi();
    await stored(api, given.patient({ id: 'p1' }));
    await stored(api, given.observation('p1', { id: 'o1' }));
    const sent = async (id: string) => {
      const entry = [{ request: { method: 'DELETE', url: `Observation/${id}` } }];
      const { status, text } = await api.send('POST', '', { as: ROLES[0][1], body: given.bundle(type, entry) });
      return { status, text: text.replaceAll(id, '').replace(/"timestamp":"[^"]+"/, '') };
    };
    const there = await sent('o1');
    expect(there.text).toContain('forbidden');
    expect(there).toEqual(await sent('o2'));
  });
});
