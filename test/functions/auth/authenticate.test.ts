// Who may come in, and every way of a token to be wrong (issue 2, "tokens expired / from another issuer / alg none / …").
import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { authenticate } from '../../../functions/middleware/authenticate.ts';
import * as g from './given.ts';

const ES256 = { key: { ...g.tokenKey }, alg: 'ES256', header: { typ: 'at+jwt' } };
const STAFF = { key: g.staffKey, alg: 'RS256' };
const RESIDENT = { key: g.residentsKey, alg: 'RS256' };

beforeAll(async () => {
  const [published] = await g.tokenKeys.publicKeys();
  ES256.key = { privateKey: g.tokenKey.privateKey, jwk: { ...g.tokenKey.jwk, kid: published!.kid } };
});

const given = (more: Partial<Parameters<typeof authenticate>[0]> = {}) => {
  const clock = g.handClock();
  const identities = g.identities();
  const ask = authenticate({ ...g.trust(clock), identities, ...more });
  return { clock, identities, ask, as: (token: string) => ask({ authorization: `Bearer ${token}` }) };
};

const REFUSED = { refusal: 'unauthenticated', status: 401 };

describe('a token of our own', () => {
  it('makes a system of its facility', async () => {
    const token = await g.jwt(g.ownClaims({ jti: 'j1', scope: 'system/Observation.rs' }), ES256);
    expect(await given().as(token)).toMatchObject({
      kind: 'system',
      subject: g.CLIENT,
      role: 'system',
      facility: g.CLINIC,
      facilityType: 'clinic',
      scopes: [{ level: 'system', type: 'Observation', read: true, search: true, create: false }],
      patients: [],
      tokenId: 'j1',
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['expired', { exp: g.seconds(g.NOW) - 1 }],
    ['of the future', { iat: g.seconds(g.NOW) + 120 }],
    ['not valid yet', { nbf: g.seconds(g.NOW) + 120 }],
    ['of another region by its claim', { region: 'kesen' }],
    ['for another audience', { aud: 'https://api.kesen.example/fhir' }],
    ['without an audience', { aud: undefined }],
    ['without an expiry', { exp: undefined }],
    ['without an id', { jti: undefined }],
    ['without a facility', { facility: undefined }],
    ['of an issuer that we do not know', { iss: 'https://api.kesen.example' }],
    [
      'that names the staff pool as its issuer',
      { iss: g.STAFF_ISSUER, token_use: 'access', client_id: g.staffPool.clientId },
    ],
    ['of a client that is not registered', { sub: 'system-unknown', client_id: 'system-unknown' }],
    ["for a facility that is not the client's", { facility: '3610000001', facility_type: 'hospital' }],
    ['for a facility that does not exist', { facility: '3619999999' }],
    ['for a facility as another type', { facility_type: 'hospital' }],
  ])('%s is refused', async (_, claims) => {
    await expect(given().as(await g.jwt(g.ownClaims(claims), ES256))).rejects.toMatchObject(REFUSED);
  });

  it.each<[string, () => Promise<string>]>([
    ['of another type (an assertion, an id token)', () => g.jwt(g.ownClaims(), { ...ES256, header: { typ: 'JWT' } })],
    ['without a type', () => g.jwt(g.ownClaims(), { ...ES256, header: {} })],
    [
      'signed by another key under our key id',
      () => g.jwt(g.ownClaims(), { ...ES256, key: { ...g.ecKey('P-256', ES256.key.jwk.kid), jwk: ES256.key.jwk } }),
    ],
    ['with an unknown key id', () => g.jwt(g.ownClaims(), { ...ES256, header: { typ: 'at+jwt', kid: 'other' } })],
    [
      'with a critical header that we do not know',
      () => g.jwt(g.ownClaims(), { ...ES256, header: { typ: 'at+jwt', crit: ['urgent'], urgent: 1 } }),
    ],
    ['signed with RS256 by a pool', () => g.jwt(g.ownClaims(), { ...STAFF, header: { typ: 'at+jwt' } })],
  ])('%s is refused', async (_, make) => {
    await expect(given().as(await make())).rejects.toMatchObject(REFUSED);
  });

  it("of another region, signed by that region's key, is refused", async () => {
    const other = g.ecKey('P-256', 'kesen');
    const claims = g.ownClaims({
      iss: 'https://api.kesen.example',
      aud: 'https://api.kesen.example/fhir',
      region: 'kesen',
    });
    await expect(given().as(await g.jwt(claims, { ...ES256, key: other }))).rejects.toMatchObject(REFUSED);
    const pretending = g.ownClaims();
    await expect(given().as(await g.jwt(pretending, { ...ES256, key: other }))).rejects.toMatchObject(REFUSED);
  });
});

describe('alg none and shared secrets', () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  it.each(['none', 'None', 'NONE', ''])('"%s" is refused', async (alg) => {
    for (const signature of ['', 'AAAA']) {
      const token = `${encode({ alg, typ: 'at+jwt' })}.${encode(g.ownClaims())}.${signature}`;
      await expect(given().as(token)).rejects.toMatchObject(REFUSED);
    }
  });

  it('HS256 with our public key as the secret is refused', async () => {
    const [publicKey] = await g.tokenKeys.publicKeys();
    const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: publicKey!.kid })}.${encode(g.ownClaims())}`;
    const token = `${input}.${createHmac('sha256', JSON.stringify(publicKey)).update(input).digest('base64url')}`;
    await expect(given().as(token)).rejects.toMatchObject(REFUSED);
  });

  it('a token whose claims were changed after signing is refused', async () => {
    const [header, , signature] = (await g.jwt(g.ownClaims({ scope: 'system/Patient.r' }), ES256)).split('.');
    await expect(given().as(`${header}.${encode(g.ownClaims())}.${signature}`)).rejects.toMatchObject(REFUSED);
  });
});

describe('a staff token', () => {
  it('makes a member of staff at the active facility', async () => {
    expect(await given().as(await g.jwt(g.staffClaims(), STAFF))).toMatchObject({
      kind: 'staff',
      subject: 'staff-sub',
      role: 'doctor',
      facility: g.CLINIC,
      scopes: [{ level: 'user', type: '*', create: true }],
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['that is an id token', { token_use: 'id', aud: g.staffPool.clientId, client_id: undefined }],
    ['that is an id token in disguise', { token_use: 'id' }],
    ['of another client of the pool', { client_id: 'somebody-else' }],
    ['that is expired', { exp: g.seconds(g.NOW) - 1 }],
    ['without the claims of the pre-token trigger', { facility: undefined, role: undefined }],
    ['with a role that is none of staff', { role: 'system' }],
    ['with a role that the person does not have there', { role: 'admin' }],
    ['for a facility that the person does not belong to', { facility: '3640000003', facility_type: 'pharmacy' }],
    ['of a person without a row', { sub: 'nobody' }],
    [
      'of another pool of the same AWS region',
      { iss: 'https://cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_Other1234' },
    ],
    [
      'that claims to be of the residents pool',
      { iss: g.RESIDENTS_ISSUER, client_id: g.residentsPool.clientId, sub: 'resident-sub' },
    ],
  ])('%s is refused', async (_, claims) => {
    await expect(given().as(await g.jwt(g.staffClaims(claims), STAFF))).rejects.toMatchObject(REFUSED);
  });
});

describe('a resident token', () => {
  it('makes a resident with the own patients, whatever else the token says', async () => {
    const token = await g.jwt(
      g.residentClaims({ role: 'doctor', facility: g.CLINIC, scope: 'user/*.cruds' }),
      RESIDENT,
    );
    expect(await given().as(token)).toMatchObject({
      kind: 'resident',
      role: 'resident',
      facility: undefined,
      patients: ['demo-resident-1'],
    });
  });

  it('does not open the staff side', async () => {
    const token = await g.jwt(g.staffClaims({ iss: g.RESIDENTS_ISSUER }), RESIDENT);
    await expect(given().as(token)).rejects.toMatchObject(REFUSED);
  });
});

describe('within a minute', () => {
  const later = async (change: (rows: ReturnType<typeof g.identities>['rows']) => void, token: string) => {
    const { as, clock, identities } = given();
    await as(token);
    change(identities.rows);
    clock.advance(31_000);
    return as(token);
  };
  const staff = () => g.jwt(g.staffClaims(), STAFF);
  const system = () => g.jwt(g.ownClaims(), ES256);

  it('a disabled member of staff is refused', async () => {
    await expect(
      later(({ staff }) => Object.assign(staff[0]!, { disabled: true }), await staff()),
    ).rejects.toMatchObject(REFUSED);
  });
  it('a member of staff whose row says "not before" is refused with older tokens, and let in with newer ones', async () => {
    const change = ({ staff }: { staff: { notBefore: number }[] }) =>
      Object.assign(staff[0]!, { notBefore: g.NOW + 500 });
    await expect(later(change, await staff())).rejects.toMatchObject(REFUSED);
    await expect(
      later(change, await g.jwt(g.staffClaims({ iat: g.seconds(g.NOW) + 1, auth_time: g.seconds(g.NOW) + 1 }), STAFF)),
    ).resolves.toBeDefined();
  });
  it('a session of before is refused however often it is refreshed, of staff and of residents', async () => {
    const change = ({ staff, residents }: { staff: { notBefore: number }[]; residents: { notBefore: number }[] }) => {
      for (const row of [staff[0]!, residents[0]!]) Object.assign(row, { notBefore: g.NOW });
    };
    const refreshed = { iat: g.seconds(g.NOW) + 20 };
    for (const [ours, key] of [
      [g.staffClaims, STAFF],
      [g.residentClaims, RESIDENT],
    ] as const) {
      const old = await g.jwt(ours({ ...refreshed, auth_time: g.seconds(g.NOW) - 3600 }), key);
      await expect(later(change, old)).rejects.toMatchObject(REFUSED);
      const since = await g.jwt(ours({ ...refreshed, auth_time: g.seconds(g.NOW) }), key);
      await expect(later(change, since)).resolves.toBeDefined();
      const silent = await g.jwt(ours({ auth_time: undefined }), key);
      await expect(given().as(silent)).rejects.toMatchObject(REFUSED);
    }
  });
  it('a member of staff who left the facility is refused there', async () => {
    await expect(
      later(({ staff }) => Object.assign(staff[0]!, { memberships: [] }), await staff()),
    ).rejects.toMatchObject(REFUSED);
  });
  it('a withdrawn system is refused', async () => {
    await expect(later(({ systems }) => systems.splice(0), await system())).rejects.toMatchObject(REFUSED);
  });
  it('everyone of a disabled facility is refused', async () => {
    const change = ({ facilities }: { facilities: { disabled: boolean }[] }) =>
      Object.assign(facilities[0]!, { disabled: true });
    await expect(later(change, await system())).rejects.toMatchObject(REFUSED);
    await expect(later(change, await staff())).rejects.toMatchObject(REFUSED);
  });
  it('a resident loses a patient that is not theirs any more', async () => {
    const actor = await later(
      ({ residents }) => Object.assign(residents[0]!, { patients: [] }),
      await g.jwt(g.residentClaims(), RESIDENT),
    );
    expect(actor.patients).toEqual([]);
  });

  it('one token costs one verification and one look at its rows', async () => {
    const { as, identities } = given();
    const token = await system();
    for (let i = 0; i < 50; i += 1) await as(token);
    expect(identities.reads).toBe(2);
  });

  it('a remembered token expires all the same', async () => {
    const { as, clock } = given();
    const token = await system();
    await as(token);
    clock.advance(600_000);
    await expect(as(token)).rejects.toMatchObject(REFUSED);
  });
});

describe('the answer', () => {
  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic dXNlcjpwYXNz', 'Bearer a b', 'Bearer ü'])(
    'to "%s" asks for a bearer token (RFC 6750)',
    async (authorization) => {
      await expect(given().ask({ authorization })).rejects.toMatchObject({
        ...REFUSED,
        headers: { 'www-authenticate': `Bearer realm="${g.BASE_URL}"` },
      });
    },
  );

  it.each(['x', 'a.b.c', 'a.b', `${'a'.repeat(9000)}.b.c`, '..'])(
    'to a token that is none says invalid_token, and no more',
    async (token) => {
      await expect(given().as(token)).rejects.toMatchObject({
        ...REFUSED,
        issues: [{ code: 'login', diagnostics: 'the access token is not valid' }],
        headers: { 'www-authenticate': `Bearer realm="${g.BASE_URL}", error="invalid_token"` },
      });
    },
  );

  it('is 503, not 401, when the keys of a pool cannot be fetched', async () => {
    const { as } = given({ fetch: () => Promise.reject(new TypeError('fetch failed')) });
    await expect(as(await g.jwt(g.staffClaims(), STAFF))).rejects.toMatchObject({ refusal: 'unavailable' });
  });

  it('fetches the keys of a local stand-in from its origin, and still expects the real issuer', async () => {
    const asked: string[] = [];
    const fetch = async (url: string) => {
      asked.push(url);
      return Response.json({ keys: [g.staffKey.jwk] });
    };
    const { as } = given({ fetch, cognitoOrigin: 'http://127.0.0.1:9001' });
    await as(await g.jwt(g.staffClaims(), STAFF));
    expect(asked).toEqual([`http://127.0.0.1:9001/${g.staffPool.id}/.well-known/jwks.json`]);
  });
});
