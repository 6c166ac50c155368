// A facility's software: SMART Backend Services clients, known by their public keys.
import * as z from 'zod/mini';
import type { FacilityRow, PublicJwk, SystemRow } from '../auth/rows.ts';
import { parseScope } from '../auth/scopes.ts';
import { decide } from '../consent/decide.ts';
import { rulesOf } from '../consent/matrix.ts';
import { notFound, refuse } from '../fhir/outcome.ts';
import { isResourceType } from '../fhir/resource-types.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import { classesOf } from '../search/data-class.ts';
import { keyFault, keySetUrlFault, MOST_KEYS } from './client-keys.ts';
import { all, change, find, plainText } from './records.ts';
import type { Rows } from './rows.ts';

const Jwk = z.record(z.string(), z.unknown());
const keys = z.array(Jwk).check(z.minLength(1), z.maxLength(MOST_KEYS));
const scopes = z.string().check(z.maxLength(2000));

const NewSystem = z.strictObject({
  clientId: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{2,63}$/, 'must be 3 to 64 small letters, digits and hyphens')),
  name: plainText(120),
  facility: z.string(),
  scopes,
  keys: z.optional(keys),
  jwksUrl: z.optional(z.string()),
});

const SystemChange = z.partial(z.strictObject({ name: plainText(120), scopes, jwksUrl: z.string() }));

/** What is asked for must be SMART scopes of a system, and each within what that kind of facility may do at all. */
export const scopesFault = (text: string, { type, code }: Pick<FacilityRow, 'type' | 'code'>): string | undefined => {
  const named = text.split(' ').filter(Boolean);
  if (named.length === 0) return 'must name a scope';
  for (const one of named) {
    const scope = parseScope(one);
    if (scope?.level !== 'system') return 'must be SMART scopes of a system, such as system/Observation.rs';
    if (scope.type !== '*' && !isResourceType(scope.type)) return 'names a type that FHIR R4 does not have';
    if (scope.type === '*') continue; // all that the facility may do, and no more: the decision holds it
    const actor = {
      kind: 'system',
      subject: '',
      role: 'system',
      facility: code,
      facilityType: type,
      scopes: [scope],
      patients: [],
      tokenId: '',
    } as const;
    const purpose = rulesOf(actor).purposes?.[0] ?? 'TREAT';
    const may = (action: 'search' | 'create') =>
      classesOf(scope.type).some(
        (dataClass) =>
          decide({
            actor: { ...actor, scopes: [{ ...scope, search: true, create: true }] },
            action,
            type: scope.type,
            dataClass,
            purpose,
            now: 0,
          }).permit,
      );
    if ((scope.read || scope.search) && !may('search')) return `names a type that a ${type} may not read`;
    if ((scope.create || scope.update || scope.delete) && !may('create'))
      return `names a type that a ${type} may not write`;
  }
  return undefined;
};

const requireKeys = (given: readonly Readonly<Record<string, unknown>>[]): PublicJwk[] => {
  for (const [index, jwk] of given.entries()) {
    const fault = keyFault(jwk);
    if (fault) throw refuse('invalid', `keys[${index}] ${fault}`, `keys[${index}]`);
  }
  if (new Set(given.map(({ kid }) => kid)).size < given.length)
    throw refuse('invalid', 'two keys have the same kid', 'keys');
  return given as unknown as PublicJwk[];
};

const requireUrl = (url: string | undefined) => {
  const fault = url === undefined ? undefined : keySetUrlFault(url);
  if (fault) throw refuse('invalid', `jwksUrl ${fault}`, 'jwksUrl');
};

const view = ({ jwks, ...row }: SystemRow) => ({
  clientId: row.clientId,
  name: row.name,
  facility: row.facility,
  scopes: row.scopes,
  disabled: row.disabled,
  jwksUrl: row.jwksUrl,
  keys: (jwks?.keys ?? []).map(({ kid, kty }) => ({ kid, kty })),
});

export interface SystemNeeds {
  readonly rows: Rows;
}

export const systemRoutes = ({ rows }: SystemNeeds): readonly JsonRoute[] => {
  const held = async (clientId: string) => {
    const [row, record] = await Promise.all([find(rows, 'systemRow', clientId), find(rows, 'system', clientId)]);
    if (!row.value) throw notFound('a system with this client id');
    return { row, record, value: row.value };
  };
  const facilityOf = async (code: string) => {
    const { value } = await find(rows, 'facilityRow', code);
    if (!value || value.disabled)
      throw refuse('invalid', 'facility must be one of the region, and not disabled', 'facility');
    return value;
  };
  const requireScopes = async (text: string, code: string) => {
    const fault = scopesFault(text, await facilityOf(code));
    if (fault) throw refuse('invalid', `scopes ${fault}`, 'scopes');
  };
  const save = async (found: Awaited<ReturnType<typeof held>>, next: SystemRow, now: number) => {
    const { clientId } = next;
    await rows.write([
      change(found.row, next),
      change(found.record, { ...found.record.value, clientId, changed: now }),
    ]);
    return { status: 200, body: view(next) };
  };

  return [
    route({
      method: 'POST',
      path: '/admin/systems',
      interaction: 'system-create',
      roles: ['admin'],
      body: NewSystem,
      handle: async (context, { body }) => {
        const { clientId, name, facility, jwksUrl } = body;
        const [row, record] = await Promise.all([find(rows, 'systemRow', clientId), find(rows, 'system', clientId)]);
        if (row.value) throw refuse('conflict', 'a system with this client id is there already', 'clientId');
        if ((body.keys === undefined) === (jwksUrl === undefined))
          throw refuse('invalid', 'either keys or jwksUrl is needed, and not both', 'keys');
        await requireScopes(body.scopes, facility);
        requireUrl(jwksUrl);
        const made: SystemRow = {
          clientId,
          name,
          facility,
          scopes: body.scopes,
          disabled: false,
          notBefore: 0, // there are no tokens of before; the second of its making must not refuse the first
          ...(body.keys && { jwks: { keys: requireKeys(body.keys) } }),
          ...(jwksUrl !== undefined && { jwksUrl }),
        };
        await rows.write([change(row, made), change(record, { clientId, changed: context.now })]);
        note(context, 'C', `system/${clientId}`);
        return { status: 201, body: view(made), headers: { location: `/admin/systems/${clientId}` } };
      },
    }),
    route({
      method: 'GET',
      path: '/admin/systems',
      interaction: 'system-list',
      roles: ['admin', 'operator', 'privacy'],
      handle: async (context) => {
        const records = await all(rows, 'system');
        const found = await Promise.all(records.map(({ clientId }) => find(rows, 'systemRow', clientId)));
        note(context, 'R', 'system');
        return { status: 200, body: { systems: found.flatMap(({ value }) => (value ? [view(value)] : [])) } };
      },
    }),
    route({
      method: 'GET',
      path: '/admin/systems/{clientId}',
      interaction: 'system-read',
      roles: ['admin', 'operator', 'privacy'],
      handle: async (context, { params }) => {
        const { value } = await held(params.clientId!);
        note(context, 'R', `system/${value.clientId}`);
        return { status: 200, body: view(value) };
      },
    }),
    route({
      method: 'PATCH',
      path: '/admin/systems/{clientId}',
      interaction: 'system-change',
      roles: ['admin'],
      body: SystemChange,
      handle: async (context, { params, body }) => {
        const found = await held(params.clientId!);
        const { value } = found;
        if (body.scopes !== undefined) await requireScopes(body.scopes, value.facility);
        requireUrl(body.jwksUrl);
        if (body.jwksUrl !== undefined && value.jwks)
          throw refuse('conflict', 'the system is known by its own keys; revoke them first', 'jwksUrl');
        note(context, 'U', `system/${value.clientId}`);
        // Narrower scopes hold at once: tokens with the wider ones are refused.
        return save(
          found,
          { ...value, ...body, ...(body.scopes !== undefined && { notBefore: context.now }) },
          context.now,
        );
      },
    }),
    route({
      method: 'POST',
      path: '/admin/systems/{clientId}/keys',
      interaction: 'system-key-add',
      roles: ['admin'],
      body: Jwk,
      handle: async (context, { params, body }) => {
        const found = await held(params.clientId!);
        const { jwksUrl: _, ...value } = found.value;
        const before = value.jwks?.keys ?? [];
        if (before.length >= MOST_KEYS)
          throw refuse('unprocessable', `a system has at most ${MOST_KEYS} keys; revoke one first`);
        note(context, 'U', `system/${value.clientId}`);
        return save(found, { ...value, jwks: { keys: requireKeys([...before, body]) } }, context.now);
      },
    }),
    route({
      method: 'DELETE',
      path: '/admin/systems/{clientId}/keys/{kid}',
      interaction: 'system-key-revoke',
      roles: ['admin'],
      handle: async (context, { params }) => {
        const found = await held(params.clientId!);
        const left = found.value.jwks?.keys.filter(({ kid }) => kid !== params.kid) ?? [];
        if (left.length === (found.value.jwks?.keys.length ?? 0)) throw notFound('a key with this kid');
        note(context, 'U', `system/${found.value.clientId}`);
        // Whoever holds the revoked key may hold tokens as well: all of them end, the system fetches a new one.
        return save(found, { ...found.value, jwks: { keys: left }, notBefore: context.now }, context.now);
      },
    }),
    ...(['disable', 'enable'] as const).map((verb) =>
      route({
        method: 'POST',
        path: `/admin/systems/{clientId}/${verb}`,
        interaction: `system-${verb}`,
        roles: ['admin'],
        handle: async (context, { params }) => {
          const found = await held(params.clientId!);
          note(context, 'U', `system/${found.value.clientId}`);
          return save(found, { ...found.value, disabled: verb === 'disable', notBefore: context.now }, context.now);
        },
      }),
    ),
  ];
};
