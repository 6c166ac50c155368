// Parties of the auth tests: a region with its KMS key, two Cognito pools as their keys look from outside, and a clinic's system.
import { createPublicKey, createSign, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { FetchLike } from '../../../functions/auth/jwks.ts';
import type { FacilityRow, Identities, ResidentRow, StaffRow, SystemRow } from '../../../functions/auth/rows.ts';
import { type CallKms, openTokenKeys } from '../../../functions/auth/token-keys.ts';
import type { TokenTrust } from '../../../functions/auth/verify-token.ts';

export const BASE_URL = 'https://api.tokushima.example';
export const NOW = Date.parse('2026-11-22T09:00:00Z');
export const seconds = (ms: number) => Math.floor(ms / 1000);

export const handClock = (start = NOW) => {
  let now = start;
  return Object.assign(() => now, { advance: (ms: number) => (now += ms) });
};

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly jwk: { kty: 'EC' | 'RSA'; kid: string; [member: string]: unknown };
}

export const ecKey = (namedCurve: 'P-256' | 'P-384', kid: string): KeyPair => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kty: 'EC', kid } };
};
export const rsaKey = (kid: string): KeyPair => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kty: 'RSA', kid } };
};

/** KMS as the wire has it: DER signatures, SPKI public keys. */
export const kmsWith =
  (keys: Record<string, KeyObject>): CallKms =>
  async (target, body) => {
    const key = keys[String(body.KeyId)];
    if (!key) throw new Error('NotFoundException');
    if (target === 'TrentService.GetPublicKey')
      return { PublicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64') };
    const message = Buffer.from(String(body.Message), 'base64');
    return { Signature: createSign('sha256').update(message).sign(key, 'base64') };
  };

export const memoryIdentities = (rows: {
  systems?: SystemRow[];
  staff?: StaffRow[];
  residents?: ResidentRow[];
  facilities?: FacilityRow[];
}): Identities & { readonly rows: Required<typeof rows>; reads: number } => {
  const used = new Set<string>();
  const all = { systems: [], staff: [], residents: [], facilities: [], ...rows };
  const counted = async <T>(row: T) => {
    store.reads += 1;
    return row;
  };
  const store = {
    rows: all,
    reads: 0,
    system: (id: string) => counted(all.systems.find(({ clientId }) => clientId === id)),
    staff: (id: string) => counted(all.staff.find(({ sub }) => sub === id)),
    resident: (id: string) => counted(all.residents.find(({ sub }) => sub === id)),
    facility: (id: string) => counted(all.facilities.find(({ code }) => code === id)),
    useOnce: async (hash: string) => !used.has(hash) && !!used.add(hash),
  };
  return store;
};

export const CLINIC = '3610000002';
export const CLIENT = 'system-clinic';
export const standing = { disabled: false, notBefore: 0 };

export const tokenKey = ecKey('P-256', 'kms');
export const clientKey = ecKey('P-384', 'clinic-1');
export const staffKey = rsaKey('staff-1');
export const residentsKey = rsaKey('residents-1');
export const staffPool = { id: 'ap-northeast-1_Staff1234', clientId: 'console-staff' };
export const residentsPool = { id: 'ap-northeast-1_Resident1', clientId: 'console-residents' };
const issuer = (pool: { id: string }) => `https://cognito-idp.ap-northeast-1.amazonaws.com/${pool.id}`;
export const STAFF_ISSUER = issuer(staffPool);
export const RESIDENTS_ISSUER = issuer(residentsPool);

/** Both pools' key sets where Cognito has them; nothing else on the net. */
export const cognitoFetch: FetchLike = async (url) => {
  const keys =
    url === `${STAFF_ISSUER}/.well-known/jwks.json`
      ? [staffKey.jwk]
      : url === `${RESIDENTS_ISSUER}/.well-known/jwks.json`
        ? [residentsKey.jwk]
        : undefined;
  if (!keys) throw new TypeError('fetch failed');
  return Response.json({ keys });
};

export const identities = () =>
  memoryIdentities({
    facilities: [
      { code: CLINIC, type: 'clinic', name: 'Clinic', disabled: false },
      { code: '3610000001', type: 'hospital', name: 'Hospital', disabled: false },
    ],
    systems: [
      {
        ...standing,
        clientId: CLIENT,
        name: 'EMR gateway',
        facility: CLINIC,
        scopes: 'system/*.cruds',
        jwks: { keys: [clientKey.jwk] },
      },
    ],
    staff: [
      {
        ...standing,
        sub: 'staff-sub',
        memberships: [
          { facility: CLINIC, profession: 'doctor', role: 'doctor' },
          { facility: '3610000001', profession: 'nurse', role: 'nurse' },
        ],
        active: CLINIC,
      },
    ],
    residents: [{ ...standing, sub: 'resident-sub', patients: ['demo-resident-1'] }],
  });

export const tokenKeys = openTokenKeys(kmsWith({ 'token-key': tokenKey.privateKey }), 'token-key');

export const trust = (clock: () => number): TokenTrust => ({
  baseUrl: BASE_URL,
  region: 'tokushima',
  tokenKeys: tokenKeys.publicKeys,
  staffPool,
  residentsPool,
  clock,
  fetch: cognitoFetch,
});

export const jwt = (
  claims: Record<string, unknown>,
  { key, alg, header = {} }: { key: KeyPair; alg: string; header?: Record<string, unknown> },
) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg, kid: key.jwk.kid, ...header })
    .sign(key.privateKey, { crit: { urgent: true } });

export const ownClaims = (more: Record<string, unknown> = {}) => ({
  iss: BASE_URL,
  aud: `${BASE_URL}/fhir`,
  sub: CLIENT,
  client_id: CLIENT,
  jti: randomUUID(),
  iat: seconds(NOW),
  exp: seconds(NOW) + 600,
  region: 'tokushima',
  facility: CLINIC,
  facility_type: 'clinic',
  role: 'system',
  scope: 'system/*.cruds',
  ...more,
});

export const staffClaims = (more: Record<string, unknown> = {}) => ({
  iss: STAFF_ISSUER,
  sub: 'staff-sub',
  token_use: 'access',
  client_id: staffPool.clientId,
  jti: randomUUID(),
  auth_time: seconds(NOW),
  iat: seconds(NOW),
  exp: seconds(NOW) + 3600,
  facility: CLINIC,
  facility_type: 'clinic',
  profession: 'doctor',
  role: 'doctor',
  'tsumugi:scopes': 'user/*.cruds',
  scope: 'aws.cognito.signin.user.admin',
  ...more,
});

export const residentClaims = (more: Record<string, unknown> = {}) => ({
  iss: RESIDENTS_ISSUER,
  sub: 'resident-sub',
  token_use: 'access',
  client_id: residentsPool.clientId,
  jti: randomUUID(),
  auth_time: seconds(NOW),
  iat: seconds(NOW),
  exp: seconds(NOW) + 3600,
  scope: 'aws.cognito.signin.user.admin',
  ...more,
});
