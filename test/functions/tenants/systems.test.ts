import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { keyFault, keySetUrlFault } from '../../../functions/tenants/client-keys.ts';
import { type Desk, given, HOSPITAL, openDesk } from './desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
  await desk.send('POST', '/admin/facilities', given.facility());
});

const pair = (kid: string) => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' }),
  kid,
});
const publicKey = (kid: string) => {
  const { d: _, ...key } = pair(kid);
  return key;
};
const gateway = (more = {}) => ({
  clientId: 'awa-gateway',
  name: '阿波中央病院 ゲートウェイ',
  facility: HOSPITAL,
  scopes: 'system/*.cruds',
  keys: [publicKey('2026-a')],
  ...more,
});

describe('a system', () => {
  it('is registered with its public key', async () => {
    const got = await desk.send('POST', '/admin/systems', gateway());

    expect(got).toMatchObject({ status: 201, body: { clientId: 'awa-gateway', keys: [{ kid: '2026-a' }] } });
    expect(await desk.identities.system('awa-gateway')).toMatchObject({ disabled: false, facility: HOSPITAL });
  });

  it('is registered with the address of its keys', async () => {
    const got = await desk.send(
      'POST',
      '/admin/systems',
      gateway({ keys: undefined, jwksUrl: 'https://vendor.example.jp/jwks.json' }),
    );

    expect(got).toMatchObject({ status: 201, body: { jwksUrl: 'https://vendor.example.jp/jwks.json' } });
  });

  it('changes over with two keys side by side; tokens live on until the old one is revoked', async () => {
    await desk.send('POST', '/admin/systems', gateway());
    const made = (await desk.identities.system('awa-gateway'))!;

    const both = await desk.send('POST', '/admin/systems/awa-gateway/keys', publicKey('2026-b'));
    expect(both.body.keys.map(({ kid }: { kid: string }) => kid)).toEqual(['2026-a', '2026-b']);
    expect((await desk.identities.system('awa-gateway'))?.notBefore).toBe(made.notBefore);

    const one = await desk.send('DELETE', '/admin/systems/awa-gateway/keys/2026-a');
    expect(one.body.keys.map(({ kid }: { kid: string }) => kid)).toEqual(['2026-b']);
    expect((await desk.identities.system('awa-gateway'))?.notBefore).toBe(desk.time.now);
  });

  it('is disabled with all of its tokens', async () => {
    await desk.send('POST', '/admin/systems', gateway());

    await desk.send('POST', '/admin/systems/awa-gateway/disable');

    expect(await desk.identities.system('awa-gateway')).toMatchObject({ disabled: true, notBefore: desk.time.now });
    expect((await desk.send('GET', '/admin/systems')).body.systems).toMatchObject([{ disabled: true }]);
  });

  it('gets narrower scopes at once', async () => {
    await desk.send('POST', '/admin/systems', gateway());

    const got = await desk.send('PATCH', '/admin/systems/awa-gateway', { scopes: 'system/Observation.rs' });

    expect(got.body.scopes).toBe('system/Observation.rs');
    expect((await desk.identities.system('awa-gateway'))?.notBefore).toBe(desk.time.now);
  });
});

describe('a registration is refused', () => {
  it.each([
    ['a private part', gateway({ keys: [pair('a')] }), 'keys[0]'],
    ['no key at all', gateway({ keys: undefined }), 'keys'],
    ['two keys of one kid', gateway({ keys: [publicKey('a'), publicKey('a')] }), 'keys'],
    ['a key set over http', gateway({ keys: undefined, jwksUrl: 'http://vendor.example.jp/jwks.json' }), 'jwksUrl'],
    ['scopes of a user', gateway({ scopes: 'user/Observation.rs' }), 'scopes'],
    ['scopes with search parameters', gateway({ scopes: 'system/Observation.rs?category=x' }), 'scopes'],
    ['no scope', gateway({ scopes: '' }), 'scopes'],
    ['a type that there is not', gateway({ scopes: 'system/Observation.rs system/Observations.rs' }), 'scopes'],
    ['a facility that is not there', gateway({ facility: '3610000022' }), 'facility'],
  ])('with %s', async (_, body, at) => {
    const got = await desk.send('POST', '/admin/systems', body);

    expect(got).toMatchObject({ status: 400, body: { issue: [{ expression: [at] }] } });
    expect(await desk.identities.system('awa-gateway')).toBeUndefined();
  });

  it('with a scope that this kind of facility may never use', async () => {
    const city = { code: '9886000006', type: 'municipality', name: '阿波市役所' };
    await desk.send('POST', '/admin/facilities', given.facility(city));

    const wide = await desk.send(
      'POST',
      '/admin/systems',
      gateway({ facility: city.code, scopes: 'system/Observation.rs' }),
    );
    const fitting = await desk.send(
      'POST',
      '/admin/systems',
      gateway({ facility: city.code, scopes: 'system/Organization.rs' }),
    );

    expect(wide).toMatchObject({ status: 400, body: { issue: [{ expression: ['scopes'] }] } });
    expect(fitting.status).toBe(201);
  });
});

describe('keys', () => {
  it.each([
    ['a short RSA key', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })],
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }],
    ['another curve', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })],
    ['a key for encryption', { ...publicKey('a'), use: 'enc' }],
    [
      'RS256',
      { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }), alg: 'RS256' },
    ],
  ])('%s is none', (_, jwk) => {
    expect(keyFault({ kid: 'a', ...jwk })).toBeDefined();
  });

  it('an RSA key of 2048 bits is one', () => {
    const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });

    expect(keyFault({ kid: 'a', alg: 'RS384', ...jwk })).toBeUndefined();
  });

  it.each([
    'http://vendor.example.jp/keys',
    'https://user:secret@vendor.example.jp/keys',
    'https://169.254.169.254/latest',
    'https://[::1]/keys',
    'https://localhost/keys',
    'https://vendor/keys',
    'https://vendor.example.jp:8443/keys',
    'https://dynamodb.ap-northeast-1.amazonaws.com/',
    'not an address',
  ])('%s is no address of a key set', (url) => {
    expect(keySetUrlFault(url)).toBeDefined();
  });
});
