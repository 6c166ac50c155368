// Who asks, as one region asserts it to another: a JWT with the claims of IHE IUA, signed by the region's KMS token key.
// https://profiles.ihe.net/ITI/IUA/#3714222-json-web-token-option
// A signature for each request would be 300 a query, so an assertion is good for five minutes and bound to a key that only this execution
// environment has; every request carries a proof by that key over its own body and address, which is good once (RFC 9449, DPoP).
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign as signWith,
  verify as verifyWith,
} from 'node:crypto';
import { calculateJwkThumbprint, decodeProtectedHeader } from 'jose';
import * as z from 'zod/mini';
import { holding } from '../auth/cached.ts';
import type { Actor, Role } from '../consent/actor.ts';
import { REGION_OWNER, systemRole } from '../consent/matrix.ts';
import { forbidden } from '../fhir/outcome.ts';

export const ASSERTION_TYPE = 'tsumugi-federation+jwt';
const PROOF_TYPE = 'dpop+jwt';
export const LIFE_SECONDS = 300;
/** What is left of its life when an assertion is taken once more: longer than any request. */
const SPARE_MS = 60_000;
const MOST_CACHED = 5_000;

export const urnOf = (community: string): string => `urn:oid:${community}`;
export const communityOf = (urn: unknown): string => (typeof urn === 'string' ? urn.replace(/^urn:oid:/, '') : '');
export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('base64url');

/** Roles that have something to do with another region's records of a patient: the rest is answered at home. */
export const TRAVELLING_ROLES = [
  'doctor',
  'dentist',
  'nurse',
  'pharmacist',
  'laboratory',
  'care-manager',
  'care-staff',
  'support-centre',
  'ambulance',
] as const satisfies readonly Role[];
export type TravellingRole = (typeof TRAVELLING_ROLES)[number];

/** As whom a caller of ours is asserted; a facility's software reads as what that kind of facility may know. */
export const travellingRole = (actor: Actor): TravellingRole => {
  const role = actor.role === 'system' ? systemRole(actor.facilityType) : actor.role;
  const found = TRAVELLING_ROLES.find((one) => one === role);
  if (!found || actor.facility === undefined) throw forbidden('this role does not ask other regions');
  return found;
};

/** Who comes to pair, at a counter; such an office reads nothing elsewhere. */
export const COUNTER_ROLES = ['municipal', 'operator'] as const satisfies readonly Role[];
const ASSERTED_ROLES = [...TRAVELLING_ROLES, ...COUNTER_ROLES, 'resident'] as const;

/** Whom an assertion speaks of. A resident has no facility: the region stands in its place, as it owns what residents write. */
const assertedAs = (actor: Actor): { role: (typeof ASSERTED_ROLES)[number]; facility: string; type: string } => {
  if (actor.kind === 'resident') return { role: 'resident', facility: REGION_OWNER, type: 'region' };
  const role = COUNTER_ROLES.find((one) => one === actor.role) ?? travellingRole(actor);
  return { role, facility: actor.facility ?? REGION_OWNER, type: actor.facilityType ?? 'region' };
};

const text = z.string().check(z.minLength(1), z.maxLength(200));
const ROLES = 'urn:tsumugi:role';
const PURPOSES = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
const one = <T extends z.core.$ZodType>(shape: T) => z.tuple([shape]);

export const AssertionClaims = z.looseObject({
  iss: text,
  aud: text,
  /** A pseudonym: the same account is the same to one peer, and another to the next. */
  sub: text,
  iat: z.number(),
  exp: z.number(),
  jti: text,
  cnf: z.looseObject({ jkt: text }),
  extensions: z.looseObject({
    ihe_iua: z.looseObject({
      subject_organization_id: z.string().check(z.regex(/^urn:tsumugi:facility:[0-9]{10}$/)),
      subject_role: one(z.looseObject({ system: z.literal(ROLES), code: z.enum(ASSERTED_ROLES) })),
      purpose_of_use: one(
        z.looseObject({ system: z.literal(PURPOSES), code: z.string().check(z.regex(/^[A-Z]{3,16}$/)) }),
      ),
      home_community_id: text,
    }),
    tsumugi: z.looseObject({ facility_type: z.string().check(z.regex(/^[a-z-]{2,30}$/)) }),
  }),
});
export type AssertionClaims = z.infer<typeof AssertionClaims>;

/** Signs with the region's KMS key (auth/token-keys.ts). */
export type Sign = (header: { typ: string }, claims: Record<string, unknown>) => Promise<string>;

export interface AsserterParts {
  readonly community: string;
  readonly sign: Sign;
  readonly clock: () => number;
  /** Pseudonym of an account towards a peer, the same each time. */
  readonly pseudonym: (subject: string, peer: string) => string;
}

export interface Asserted {
  readonly assertion: string;
  /** For one request: this body to this address. */
  proof(url: string, body: string): string;
}

export interface Asserter {
  assert(actor: Actor, purpose: string, peer: string): Promise<Asserted>;
  /** How many signatures were asked of KMS: for figures. */
  readonly signed: () => number;
}

export const openAsserter = ({ community, sign, clock, pseudonym }: AsserterParts): Asserter => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty = '', crv = '', x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const jwk = { kty, crv, x, y };
  const thumbprint = calculateJwkThumbprint(jwk);
  const held = holding<string>({ forMs: LIFE_SECONDS * 1000 - SPARE_MS, most: MOST_CACHED, clock });
  let signed = 0;

  const issue = async (actor: Actor, purpose: string, peer: string): Promise<string> => {
    const iat = Math.floor(clock() / 1000);
    const { role, facility, type } = assertedAs(actor);
    signed += 1;
    return sign({ typ: ASSERTION_TYPE }, {
      iss: urnOf(community),
      aud: urnOf(peer),
      sub: pseudonym(actor.subject, peer),
      iat,
      exp: iat + LIFE_SECONDS,
      jti: randomUUID(),
      cnf: { jkt: await thumbprint },
      extensions: {
        ihe_iua: {
          subject_organization_id: `urn:tsumugi:facility:${facility}`,
          subject_role: [{ system: ROLES, code: role }],
          purpose_of_use: [{ system: PURPOSES, code: purpose }],
          home_community_id: urnOf(community),
        },
        tsumugi: { facility_type: type },
      },
    } satisfies AssertionClaims | Record<string, unknown>);
  };

  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = encode({ alg: 'ES256', typ: PROOF_TYPE, jwk });

  return {
    signed: () => signed,
    assert: async (actor, purpose, peer) => {
      const name = JSON.stringify([peer, actor.subject, actor.facility, actor.role, purpose]);
      const assertion = await held.get(name, () => issue(actor, purpose, peer));
      const ath = sha256(assertion);
      return {
        assertion,
        proof: (url, body) => {
          const claims = {
            htm: 'POST',
            htu: url,
            iat: Math.floor(clock() / 1000),
            jti: randomUUID(),
            ath,
            bh: sha256(body),
          };
          const input = `${header}.${encode(claims)}`;
          const signature = signWith('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
          return `${input}.${signature.toString('base64url')}`;
        },
      };
    },
  };
};

const ProofClaims = z.strictObject({
  htm: z.literal('POST'),
  htu: text,
  iat: z.number(),
  jti: text,
  ath: text,
  bh: text,
});
const ProofHeader = z.looseObject({
  alg: z.literal('ES256'),
  typ: z.literal(PROOF_TYPE),
  jwk: z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: text, y: text }),
});

const PROOF_SECONDS = 60;

interface ProofKey {
  readonly thumbprint: string;
  readonly key: KeyObject;
}
const keys = new Map<string, ProofKey>();

/** An execution environment of a peer signs all its proofs with one key: it is read once, by the very header that carries it. */
const proofKey = async (header: string, proof: string): Promise<ProofKey> => {
  const known = keys.get(header);
  if (known) return known;
  const { jwk } = ProofHeader.parse(decodeProtectedHeader(proof));
  const read = { thumbprint: await calculateJwkThumbprint(jwk), key: createPublicKey({ key: jwk, format: 'jwk' }) };
  if (keys.size >= MOST_CACHED) keys.clear();
  keys.set(header, read);
  return read;
};

/** Throws what is wrong, for a log; answers the id that must be used once, and until when to remember it (ms). */
export const checkProof = async (
  proof: string,
  { assertion, jkt, url, body, now }: { assertion: string; jkt: string; url: string; body: Uint8Array; now: number },
): Promise<{ jti: string; until: number }> => {
  const parts = proof.split('.');
  if (proof.length > 2_048 || parts.length !== 3) throw new Error('no proof');
  const { thumbprint, key } = await proofKey(parts[0]!, proof);
  if (thumbprint !== jkt) throw new Error('the key of the proof is another');
  const input = Buffer.from(`${parts[0]}.${parts[1]}`);
  if (!verifyWith('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(parts[2]!, 'base64url')))
    throw new Error('the signature of the proof');
  const claims = ProofClaims.parse(JSON.parse(Buffer.from(parts[1]!, 'base64url').toString('utf8')));
  if (claims.htu !== url) throw new Error('the proof is for another address');
  if (claims.ath !== sha256(assertion)) throw new Error('the proof is for another assertion');
  if (claims.bh !== sha256(body)) throw new Error('the proof is for another body');
  if (Math.abs(claims.iat - now / 1000) > PROOF_SECONDS) throw new Error('the proof is too old');
  return { jti: `${jkt} ${claims.jti}`, until: now + 3 * PROOF_SECONDS * 1000 };
};
