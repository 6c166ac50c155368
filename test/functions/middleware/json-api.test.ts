import type { APIGatewayProxyStructuredResultV2, Context as LambdaContext } from 'aws-lambda';
import { expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { AuditRecord } from '../../../functions/audit/port.ts';
import type { Actor } from '../../../functions/consent/actor.ts';
import { FhirError } from '../../../functions/fhir/outcome.ts';
import { note, route } from '../../../functions/interactions/json-route.ts';
import { jsonApi } from '../../../functions/middleware/json-api.ts';
import { hospital, NOW } from '../../support/api.ts';

const admin: Actor = { ...hospital, kind: 'staff', subject: 'admin-1', role: 'admin', facilityType: 'operator' };

const Body = z.strictObject({ name: z.string().check(z.maxLength(8)), tags: z.optional(z.array(z.enum(['a', 'b']))) });

const routes = [
  route({
    method: 'POST',
    path: '/admin/things',
    interaction: 'thing-create',
    roles: ['admin'],
    body: Body,
    handle: async (context, { body }) => {
      note(context, 'C', 'thing/1');
      return { status: 201, body: { name: body.name } };
    },
  }),
  route({
    method: 'GET',
    path: '/admin/things/{id}',
    interaction: 'thing-read',
    query: ['q'],
    roles: ['admin', 'privacy'],
    handle: async (_, { params, query }) => ({ status: 200, body: { id: params.id, query } }),
  }),
  route({
    method: 'GET',
    path: '/admin/things/newest',
    interaction: 'thing-newest',
    roles: ['admin'],
    handle: async () => ({ status: 200, text: { contentType: 'text/csv; charset=utf-8', text: 'a,b' } }),
  }),
  route({
    method: 'POST',
    path: '/admin/things/newest',
    interaction: 'thing-touch',
    roles: ['admin'],
    handle: async () => ({ status: 200 }),
  }),
  route({
    method: 'POST',
    path: '/admin/things/{id}/close',
    interaction: 'thing-close',
    roles: ['admin'],
    body: z.strictObject({ why: z.optional(z.string()) }),
    handle: async (_, { body }) => ({ status: 200, body: { why: body.why ?? null } }),
  }),
  route({
    method: 'POST',
    path: '/admin/broken',
    interaction: 'thing-broken',
    roles: ['admin'],
    handle: async () => {
      throw new Error('of Awa Hanako');
    },
  }),
];

const open = ({ failing = false } = {}) => {
  const recorded: AuditRecord[] = [];
  const logged: Record<string, unknown>[] = [];
  let actor: Actor | undefined;
  const handler = jsonApi({
    services: {
      clock: () => NOW,
      region: { name: 'tokushima', baseUrl: 'https://api.example', homeCommunityId: '1.2.3' },
      audit: {
        record: async (records) => {
          if (failing) throw new FhirError('unavailable', [{ diagnostics: 'not recorded' }]);
          recorded.push(...records);
        },
      },
    },
    authenticate: async () => {
      if (!actor) throw new FhirError('unauthenticated', [{ diagnostics: 'a bearer token is needed' }]);
      return actor;
    },
    routes,
    log: (line) => void logged.push(line),
  });
  const send = async (method: string, path: string, body?: string, as: Actor | undefined = admin, headers = {}) => {
    actor = as;
    const [rawPath, rawQueryString = ''] = path.split('?');
    const event = {
      rawPath,
      rawQueryString,
      headers: { 'content-type': 'application/json', ...headers },
      requestContext: { requestId: 'request-1', http: { method, path: rawPath } },
      isBase64Encoded: false,
      ...(body !== undefined && { body }),
    };
    const got = (await handler(event as never, {} as LambdaContext)) as APIGatewayProxyStructuredResultV2;
    const type = String(got.headers?.['content-type'] ?? '');
    return {
      status: got.statusCode,
      headers: got.headers,
      body: type.includes('json') ? JSON.parse(got.body!) : got.body,
    };
  };
  return { send, recorded, logged };
};

it('answers JSON, and writes the audit record before the answer leaves', async () => {
  const { send, recorded } = open();

  const got = await send('POST', '/admin/things', '{"name":"x"}');

  expect(got).toMatchObject({ status: 201, body: { name: 'x' }, headers: { 'cache-control': 'no-store' } });
  expect(recorded).toMatchObject([
    { interaction: 'thing-create', action: 'C', entities: ['thing/1'], actor: 'admin-1' },
  ]);
});

it('refuses an answer that cannot be recorded', async () => {
  const { send } = open({ failing: true });

  expect((await send('POST', '/admin/things', '{"name":"x"}')).status).toBe(503);
});

it('asks who it is before it says what there is', async () => {
  const { send, recorded } = open();

  expect((await send('GET', '/admin/nothing', undefined, null as never)).status).toBe(401);
  expect(recorded).toEqual([]);
});

it('lets in the roles of the route only, and records the attempt of the others', async () => {
  const { send, recorded } = open();

  const got = await send('POST', '/admin/things', 'not even JSON', { ...admin, role: 'doctor' });

  expect(got.status).toBe(403);
  expect(recorded).toMatchObject([{ interaction: 'thing-create', status: 403, outcome: '4', entities: [] }]);
});

it('takes the address with fewer named segments, and hands on what the others name', async () => {
  const { send } = open();

  expect((await send('GET', '/admin/things/newest')).body).toBe('a,b');
  expect((await send('GET', '/admin/things/a%2Fb?q=1')).body).toEqual({ id: 'a/b', query: { q: '1' } });
});

it('answers 404 for an unknown address, 405 for an unknown method of a known one', async () => {
  const { send } = open();

  expect((await send('GET', '/admin/nothing')).status).toBe(404);
  expect(await send('DELETE', '/admin/things')).toMatchObject({ status: 405, headers: { allow: 'POST' } });
});

it.each(['', ', also where zod has been given a language'])(
  'names the element and the rule of each fault of a body, and never the value%s',
  async (language) => {
    if (language) z.config(z.locales.en());
    const { send, logged } = open();

    const got = await send('POST', '/admin/things', '{"name":"Awa Hanako","tags":["a","secret"],"hidden":1}');

    expect(got.status).toBe(400);
    expect(got.body.issue.map(({ diagnostics }: { diagnostics: string }) => diagnostics).sort()).toEqual([
      'body has elements that are not known here',
      'name must not be more than 8',
      'tags[1] must be one of a, b',
    ]);
    expect(JSON.stringify([got.body, logged])).not.toMatch(/Awa|secret|hidden/);
  },
);

it.each([
  ['text that is no JSON', '{', 400, {}],
  ['another type', '{}', 415, { 'content-type': 'text/plain' }],
  ['more than fits', `"${'x'.repeat(300_000)}"`, 413, {}],
])('refuses %s', async (_, body, status, headers) => {
  const { send } = open();

  expect((await send('POST', '/admin/things', body, admin, headers)).status).toBe(status);
});

it('says of a missing body what it would have to hold', async () => {
  const { send } = open();
  const got = await send('POST', '/admin/things');
  expect(got.status).toBe(400);
  expect(got.body.issue.map(({ diagnostics }: { diagnostics: string }) => diagnostics)).toEqual([
    'a body in JSON (application/json) is needed',
    'name must be of type string',
  ]);
});

it('takes no body for an empty one, where nothing has to be said and where nothing can be', async () => {
  const { send } = open();
  expect((await send('POST', '/admin/things/newest')).status).toBe(200);
  expect((await send('POST', '/admin/things/newest', '{}')).status).toBe(200);
  expect((await send('POST', '/admin/things/newest/close')).body).toEqual({ why: null });
  expect((await send('POST', '/admin/things/newest', '{"name":"a"}')).status).toBe(400);
});

it('says of an unforeseen error nothing but the number of the request', async () => {
  const { send, logged, recorded } = open();

  const got = await send('POST', '/admin/broken');

  expect(got.status).toBe(500);
  expect(JSON.stringify([got.body, logged])).not.toContain('Awa');
  expect(logged).toMatchObject([{ event: 'fault', target: 'thing-broken' }]);
  expect(recorded).toMatchObject([{ status: 500, outcome: '8' }]);
});

it('refuses a parameter that is mistyped, and says which there are', async () => {
  const { send } = open();

  const got = await send('GET', '/admin/things/a?Q=1');
  expect(got.status).toBe(400);
  expect(got.body.issue[0].diagnostics).toBe('the query may have here: q');
  expect((await send('POST', '/admin/things/newest?q=1')).body.issue[0].diagnostics).toBe(
    'the query may have here: nothing',
  );
});

it('refuses a parameter that is given twice', async () => {
  const { send } = open();

  expect((await send('GET', '/admin/things/a?q=1&q=2')).status).toBe(400);
});
