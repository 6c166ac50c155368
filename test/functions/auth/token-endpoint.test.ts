// https://hl7.org/fhir/smart-app-launch/STU2.1/backend-services.html
import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { memoryAudit } from '../../../functions/audit/memory.ts';
import type { FetchLike } from '../../../functions/auth/jwks.ts';
import { openIdentities } from '../../../functions/auth/rows.ts';
import { TOKEN_SECONDS } from '../../../functions/auth/token-endpoint.ts';
import { type TokenHttpDeps, tokenHttp } from '../../../functions/auth/token-http.ts';
import { joseSignature } from '../../../functions/auth/token-keys.ts';
import { authenticate } from '../../../functions/middleware/authenticate.ts';
import { createTables, dynamoClient, stopDynamoDb } from '../../support/dynamodb.ts';
import * as g from './given.ts';

afterAll(stopDynamoDb);

const TOKEN_URL = `${g.BASE_URL}/auth/token`;
const ES384 = { key: g.clientKey, alg: 'ES384', header: { typ: 'JWT' } };

const given = (more: Partial<TokenHttpDeps> = {}) => {
  const clock = g.handClock();
  const identities = g.identities();
  const audit = memoryAudit(clock);
  const logged: Record<string, unknown>[] = [];
  const deps = {
    baseUrl: g.BASE_URL,
    region: 'tokushima',
    identities,
    keys: g.tokenKeys,
    clock,
    newId: randomUUID,
    audit,
    log: (line: Record<string, unknown>) => logged.push(line),
    ...more,
  };
  const handle = tokenHttp(deps);
  const call = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
    const answer = await handle({
      rawPath: path,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      ...(body !== undefined && { body }),
      isBase64Encoded: false,
      requestContext: { requestId: 'request-1', http: { method } } as never,
    });
    return {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string>,
      body: JSON.parse(answer.body ?? 'null'),
    };
  };
  const post = (form: Record<string, string>, headers = {}) =>
    call('POST', '/auth/token', new URLSearchParams(form).toString(), headers);
  return { ...deps, clock, identities, audit, logged, call, post };
};

const claims = (more: Record<string, unknown> = {}) => ({
  iss: g.CLIENT,
  sub: g.CLIENT,
  aud: TOKEN_URL,
  exp: g.seconds(g.NOW) + 300,
  jti: randomUUID(),
  ...more,
});
const form = (assertion: string, more: Record<string, string> = {}) => ({
  grant_type: 'client_credentials',
  scope: 'system/*.cruds',
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
  ...more,
});

describe('a registered system', () => {
  it('exchanges an assertion for an access token that the API takes', async () => {
    const { post, identities, clock, audit } = given();
    const { status, headers, body } = await post(form(await g.jwt(claims(), ES384)));
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      pragma: 'no-cache',
    });
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: TOKEN_SECONDS,
      scope: 'system/*.cruds',
    });
    const actor = await authenticate({ ...g.trust(clock), identities })({
      authorization: `Bearer ${body.access_token}`,
    });
    expect(actor).toMatchObject({ kind: 'system', facility: g.CLINIC, facilityType: 'clinic' });
    expect(audit.records).toMatchObject([
      { interaction: 'token', actor: g.CLIENT, tokenId: actor.tokenId, patientKey: undefined },
    ]);
  });

  it('may sign with RS384', async () => {
    const key = g.rsaKey('rsa-1');
    const { post, identities } = given();
    Object.assign(identities.rows.systems[0]!, { jwks: { keys: [g.clientKey.jwk, key.jwk] } });
    expect(await post(form(await g.jwt(claims(), { key, alg: 'RS384' })))).toMatchObject({ status: 200 });
  });

  it.each([
    ['system/Patient.rs', 'system/*.cruds', 'system/Patient.rs'],
    ['system/*.cruds', 'system/Observation.cu', 'system/Observation.cu'],
    ['system/*.read', 'system/*.cruds', 'system/*.rs'],
    ['system/*.cruds openid user/*.rs', 'system/*.cruds user/*.cruds', 'system/*.cruds'],
  ])('that asks for %s and is registered for %s gets %s', async (scope, registered, granted) => {
    const { post, identities } = given();
    Object.assign(identities.rows.systems[0]!, { scopes: registered });
    expect((await post(form(await g.jwt(claims(), ES384), { scope }))).body.scope).toBe(granted);
  });

  it.each(['user/*.rs', 'openid', 'system/Observation.rs?category=x', 'nonsense'])(
    'gets nothing for %s: invalid_scope',
    async (scope) => {
      expect(await given().post(form(await g.jwt(claims(), ES384), { scope }))).toMatchObject({
        status: 400,
        body: { error: 'invalid_scope' },
      });
    },
  );
});

describe('an assertion', () => {
  const REFUSED = { status: 401, body: { error: 'invalid_client', error_description: 'client authentication failed' } };

  it.each<[string, Record<string, unknown>]>([
    ['that is expired', { exp: g.seconds(g.NOW) - 60 }],
    ['that lives longer than five minutes', { exp: g.seconds(g.NOW) + 330 }],
    ['that never expires', { exp: undefined }],
    ['for another audience', { aud: 'https://api.kesen.example/auth/token' }],
    ['for the API instead of the token URL', { aud: g.BASE_URL }],
    ['without a jti', { jti: undefined }],
    ['with an endless jti', { jti: 'x'.repeat(257) }],
    ['of one client for another', { sub: 'system-hospital' }],
    ['of a client that is not registered', { iss: 'unknown', sub: 'unknown' }],
    ['that is not valid yet', { nbf: g.seconds(g.NOW) + 120 }],
  ])('%s is refused, and the answer does not say why', async (_, more) => {
    expect(await given().post(form(await g.jwt(claims(more), ES384)))).toMatchObject(REFUSED);
  });

  it('that is used a second time is refused', async () => {
    const { post } = given();
    const assertion = await g.jwt(claims(), ES384);
    expect((await post(form(assertion))).status).toBe(200);
    expect(await post(form(assertion))).toMatchObject(REFUSED);
    const sameId = await g.jwt(
      claims({
        jti: JSON.parse(Buffer.from(assertion.split('.')[1]!, 'base64url').toString()).jti,
        exp: g.seconds(g.NOW) + 200,
      }),
      ES384,
    );
    expect(await post(form(sameId))).toMatchObject(REFUSED);
  });

  it('with a stolen key id, signed by another key, is refused', async () => {
    const thief = { ...g.ecKey('P-384', 'clinic-1') };
    expect(await given().post(form(await g.jwt(claims(), { ...ES384, key: thief })))).toMatchObject(REFUSED);
  });

  it('with an unknown key id is refused', async () => {
    expect(
      await given().post(form(await g.jwt(claims(), { ...ES384, key: g.ecKey('P-384', 'clinic-2') }))),
    ).toMatchObject(REFUSED);
  });

  it.each(['ES256', 'RS256', 'PS384'])('signed with %s is refused: RS384 and ES384 only', async (alg) => {
    const key = alg === 'ES256' ? g.ecKey('P-256', 'clinic-1') : g.rsaKey('clinic-1');
    const { post, identities } = given();
    Object.assign(identities.rows.systems[0]!, { jwks: { keys: [key.jwk] } });
    expect(await post(form(await g.jwt(claims(), { key, alg })))).toMatchObject(REFUSED);
  });

  it('with alg none is refused', async () => {
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    expect(await given().post(form(`${encode({ alg: 'none' })}.${encode(claims())}.`))).toMatchObject(REFUSED);
  });

  it('of a disabled system, or of one at a disabled facility, is refused', async () => {
    for (const row of ['systems', 'facilities'] as const) {
      const { post, identities } = given();
      Object.assign(identities.rows[row][0]!, { disabled: true });
      expect(await post(form(await g.jwt(claims(), ES384)))).toMatchObject(REFUSED);
    }
  });

  it('that points to a key set of its own choice (jku) is refused', async () => {
    const header = { typ: 'JWT', jku: 'https://evil.example/jwks.json' };
    expect(await given().post(form(await g.jwt(claims(), { ...ES384, header })))).toMatchObject(REFUSED);
  });

  it('that was refused leaves no trace of its content in the log', async () => {
    const { post, logged } = given();
    await post(form(await g.jwt(claims({ iss: 'secret-client' }), ES384)));
    expect(logged).toEqual([
      {
        level: 'info',
        event: 'token-refused',
        requestId: 'request-1',
        error: 'invalid_client',
        rule: 'client authentication failed',
      },
    ]);
  });
});

describe('keys behind a URL', () => {
  const url = 'https://emr.example/jwks.json';
  const withUrl = (fetch: FetchLike, jwksUrl = url) => {
    const it = given({ fetch });
    const { jwks: _, ...row } = it.identities.rows.systems[0]!;
    it.identities.rows.systems.splice(0, 1, { ...row, jwksUrl });
    return it;
  };

  it('are fetched, and remembered for as long as their owner lets us, five minutes at most', async () => {
    let fetched = 0;
    const { post, clock } = withUrl(async (asked) => {
      expect(asked).toBe(url);
      fetched += 1;
      return Response.json({ keys: [g.clientKey.jwk] }, { headers: { 'cache-control': 'max-age=86400' } });
    });
    const ask = async () => (await post(form(await g.jwt(claims({ exp: g.seconds(clock()) + 60 }), ES384)))).status;
    expect([await ask(), await ask()]).toEqual([200, 200]);
    expect(fetched).toBe(1);
    clock.advance(5 * 60_000);
    expect(await ask()).toBe(200);
    expect(fetched).toBe(2);
  });

  it.each<[string, FetchLike, string?]>([
    ['over plain http', async () => Response.json({ keys: [g.clientKey.jwk] }), 'http://emr.example/jwks.json'],
    ['at an address', async () => Response.json({ keys: [g.clientKey.jwk] }), 'https://169.254.169.254/jwks.json'],
    ['at an IPv6 address', async () => Response.json({ keys: [g.clientKey.jwk] }), 'https://[::1]/jwks.json'],
    ['at an address in disguise', async () => Response.json({ keys: [g.clientKey.jwk] }), 'https://0x7f.1/jwks.json'],
    ['at a name of our own network', async () => Response.json({ keys: [g.clientKey.jwk] }), 'https://db.internal/k'],
    ['at localhost', async () => Response.json({ keys: [g.clientKey.jwk] }), 'https://localhost/jwks.json'],
    ['that do not answer', async () => Promise.reject(new TypeError('fetch failed'))],
    ['that are no JSON', async () => new Response('<html>')],
    ['that are larger than 64 KB', async () => Response.json({ keys: [g.clientKey.jwk], padding: 'x'.repeat(70_000) })],
    ['that are too many', async () => Response.json({ keys: Array.from({ length: 21 }, () => g.clientKey.jwk) })],
    ['that answer an error', async () => Response.json({ keys: [g.clientKey.jwk] }, { status: 500 })],
  ])('%s are not taken', async (_, fetch, jwksUrl) => {
    expect(await withUrl(fetch, jwksUrl).post(form(await g.jwt(claims(), ES384)))).toMatchObject({ status: 401 });
  });
});

describe('a request', () => {
  it.each<[string, Record<string, string | undefined>, string]>([
    ['with another grant', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['without a grant', { grant_type: undefined }, 'invalid_request'],
    ['without a scope', { scope: undefined }, 'invalid_request'],
    ['without an assertion', { client_assertion: undefined }, 'invalid_request'],
    [
      'with another type of assertion',
      { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' },
      'invalid_request',
    ],
  ])('%s is refused: %s %s', async (_, change, error) => {
    const fields = { ...form(await g.jwt(claims(), ES384)), ...change };
    const sent = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >;
    expect(await given().post(sent)).toMatchObject({
      status: 400,
      body: { error },
      headers: { 'cache-control': 'no-store' },
    });
  });

  it('that repeats a parameter, is JSON, is too long, or has a password too is refused', async () => {
    const { call, post } = given();
    const assertion = await g.jwt(claims(), ES384);
    const text = new URLSearchParams(form(assertion)).toString();
    for (const [body, headers] of [
      [`${text}&scope=system/*.rs`, {}],
      [text, { 'content-type': 'application/json' }],
      [`${text}&padding=${'x'.repeat(20_000)}`, {}],
    ] as const)
      expect(await call('POST', '/auth/token', body, headers)).toMatchObject({
        status: 400,
        body: { error: 'invalid_request' },
      });
    expect(await post(form(assertion), { authorization: 'Basic eDp5' })).toMatchObject({ status: 400 });
  });

  it('gets no token when its issue cannot be recorded', async () => {
    const audit = { record: () => Promise.reject(new Error('throttled')) };
    const { status, body } = await given({ audit }).post(form(await g.jwt(claims(), ES384)));
    expect(status).toBe(500);
    expect(body).toEqual({ error: 'server_error', error_description: 'request request-1' });
  });
});

describe('what is published', () => {
  it('the key set has the public half of the token key, and nothing private', async () => {
    const { status, body } = await given().call('GET', '/auth/jwks.json');
    expect(status).toBe(200);
    expect(body.keys).toEqual([
      {
        kty: 'EC',
        crv: 'P-256',
        x: expect.any(String),
        y: expect.any(String),
        kid: expect.any(String),
        alg: 'ES256',
        use: 'sig',
      },
    ]);
  });

  it('the SMART configuration names what is required of a server without authorization endpoint', async () => {
    const { body } = await given().call('GET', '/fhir/.well-known/smart-configuration');
    expect(body).toMatchObject({
      token_endpoint: TOKEN_URL,
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
      scopes_supported: expect.arrayContaining(['system/*.rs']),
      code_challenge_methods_supported: ['S256'],
      capabilities: expect.arrayContaining(['client-confidential-asymmetric', 'permission-v2']),
      jwks_uri: `${g.BASE_URL}/auth/jwks.json`,
    });
  });

  it('nothing else answers', async () => {
    for (const [method, path] of [
      ['GET', '/auth/token'],
      ['POST', '/auth/jwks.json'],
      ['GET', '/'],
    ] as const)
      expect(await given().call(method, path)).toMatchObject({ status: 404 });
  });
});

describe('rows in DynamoDB', () => {
  it('a jti is taken once, by one of many at the same time', async () => {
    const client = await dynamoClient();
    const { registry: table } = await createTables(client);
    const identities = openIdentities({ client, table });
    const firsts = await Promise.all(Array.from({ length: 8 }, () => identities.useOnce('hash', g.NOW)));
    expect(firsts.filter(Boolean)).toHaveLength(1);
    expect(await identities.system('nobody')).toBeUndefined();
  });
});

describe('signatures from KMS', () => {
  it('come in DER and leave at full length, leading zeros and sign bytes included', () => {
    const der = (r: number[], s: number[]) =>
      Buffer.from([0x30, 4 + r.length + s.length, 2, r.length, ...r, 2, s.length, ...s]);
    expect(joseSignature(der([1], [0, 0x80])).toString('hex')).toBe(`${'00'.repeat(31)}01${'00'.repeat(31)}80`);
    const full = Array.from({ length: 32 }, () => 0xff);
    expect(joseSignature(der([0, ...full], [0, ...full])).toString('hex')).toBe('ff'.repeat(64));
    for (const bad of [Buffer.from([]), Buffer.from([0x30, 0]), Buffer.concat([der([1], [1]), Buffer.of(0)])])
      expect(() => joseSignature(bad)).toThrow();
  });
});
