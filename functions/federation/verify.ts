// Whether what another region asserts may be believed: signature by a key of its contract, audience, age, proof, replay, contract and
// purpose. Deny by default: each must hold. What exactly was wrong with a signature helps nobody but who forged it, so the answer does
// not say; the log does.
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { type FindKey, KeySetUnreachable, remoteKeys } from '../auth/jwks.ts';
import type { Identities } from '../auth/rows.ts';
import { parseScopes } from '../auth/scopes.ts';
import type { Actor } from '../consent/actor.ts';
import { FhirError } from '../fhir/outcome.ts';
import {
  ASSERTION_TYPE,
  AssertionClaims,
  COUNTER_ROLES,
  checkProof,
  communityOf,
  LIFE_SECONDS,
  sha256,
  urnOf,
} from './assertion.ts';
import { notInForce, OWN_REQUEST, type TsumugiContract } from './contract.ts';
import type { Contracts } from './contracts.ts';
import { fetchOver, type PeerHttp } from './peer-http.ts';

const ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256'];
const SKEW_SECONDS = 60;
const LONGEST = 8_192;

export interface VerifierParts {
  readonly community: string;
  readonly contracts: Pick<Contracts, 'all'>;
  readonly peers: PeerHttp;
  readonly identities: Pick<Identities, 'useOnce'>;
  readonly clock: () => number;
}

/** Keys of peers by the address of their key set: two keys stand side by side while one is changed. */
export const peerKeys = ({
  peers,
  clock,
}: Pick<VerifierParts, 'peers' | 'clock'>): ((contract: TsumugiContract) => FindKey) => {
  const known = new Map<string, FindKey>();
  return ({ jwksUrl }) => {
    // What may be asked is decided by `peers`, who also sees where a name leads.
    const keys = known.get(jwksUrl) ?? remoteKeys({ url: jwksUrl, plainHttp: true, clock, fetch: fetchOver(peers) });
    known.set(jwksUrl, keys);
    return keys;
  };
};

const refused = () => new FhirError('unauthenticated', [{ diagnostics: 'the assertion is not valid' }]);

/** Claims of a JWT that a community has signed, if its contract has such a key. @throws FhirError `unauthenticated`, `unavailable` */
export const verifyFrom = async (
  jwt: string,
  typ: string,
  { community, contracts, clock }: Pick<VerifierParts, 'community' | 'contracts' | 'clock'>,
  keysOf: (contract: TsumugiContract) => FindKey,
) => {
  const all = await contracts.all();
  try {
    if (jwt.length > LONGEST) throw new Error('too long');
    const peer = communityOf(decodeJwt(jwt).iss);
    const contract = all.find((one) => one.community === peer);
    if (contract?.protocol !== 'tsumugi') throw new Error('no contract');
    if (!ALGORITHMS.includes(decodeProtectedHeader(jwt).alg ?? '')) throw new Error('algorithm');
    const { payload } = await jwtVerify(jwt, keysOf(contract), {
      algorithms: ALGORITHMS,
      issuer: urnOf(peer),
      audience: urnOf(community),
      typ,
      requiredClaims: ['iss', 'aud', 'iat', 'exp', 'jti'],
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(clock()),
    });
    const { iat = 0, exp = 0 } = payload;
    if (exp - iat > LIFE_SECONDS || iat > clock() / 1000 + SKEW_SECONDS) throw new Error('lives too long');
    return { contract, payload };
  } catch (error) {
    if (error instanceof FhirError) throw error;
    if (error instanceof KeySetUnreachable)
      throw new FhirError('unavailable', [{ diagnostics: 'the keys of the asking region cannot be fetched' }]);
    throw refused();
  }
};

export interface Caller {
  readonly actor: Actor;
  readonly purpose: string;
  readonly contract: TsumugiContract;
}

/** `pair`: an agreement of the person with two regions; a purpose of use says nothing about it. */
export type Verify = (asked: {
  readonly what?: 'discover' | 'fhir' | 'pair';
  readonly authorization: string | undefined;
  readonly proof: string | undefined;
  readonly url: string;
  readonly body: Uint8Array;
}) => Promise<Caller>;

export const openVerifier = (parts: VerifierParts): Verify => {
  const keysOf = peerKeys(parts);
  const verified = openVerified(parts);
  return async ({ what, authorization, proof, url, body }) => {
    const [, assertion] = /^DPoP ([A-Za-z0-9\-_.]+)$/.exec(authorization ?? '') ?? [];
    if (assertion === undefined || proof === undefined) throw refused();
    const { contract, payload } = await verified(assertion, () => verifyFrom(assertion, ASSERTION_TYPE, parts, keysOf));
    const now = parts.clock();
    const { claims, once } = await checked(payload, { assertion, proof, url, body, now });
    if (!(await parts.identities.useOnce(once.jti.slice(0, 200), once.until))) throw refused();

    const reason = notInForce(contract, now);
    if (reason) throw new FhirError('forbidden', [{ code: 'suppressed', diagnostics: reason }]);
    const { ihe_iua: iua, tsumugi } = claims.extensions;
    const purpose = iua.purpose_of_use[0].code;
    const role = iua.subject_role[0].code;
    // A resident asks for what is his own, and nobody else does for this purpose.
    if ((role === 'resident') !== (purpose === OWN_REQUEST))
      throw new FhirError('forbidden', [
        { diagnostics: 'this purpose of use is for residents, and they have no other' },
      ]);
    if (what !== 'pair' && COUNTER_ROLES.some((one) => one === role))
      throw new FhirError('forbidden', [{ diagnostics: 'this role does not ask other regions' }]);
    if (what !== 'pair' && !contract.terms.purposes.some((one) => one === purpose))
      throw new FhirError('forbidden', [{ diagnostics: 'the link contract does not cover this purpose of use' }]);
    if (communityOf(iua.home_community_id) !== contract.community) throw refused();
    return {
      actor: actorOf(claims, contract.community, role, tsumugi.facility_type),
      purpose,
      contract,
    };
  };
};

type Verified = Awaited<ReturnType<typeof verifyFrom>>;
const MOST_VERIFIED = 2_000;

/**
 * An assertion is good for five minutes and comes with every request of that time: its signature is checked once. The contract is
 * looked at each time, the proof of each request too.
 */
const openVerified = ({ contracts, clock }: Pick<VerifierParts, 'contracts' | 'clock'>) => {
  const held = new Map<string, { readonly until: number; readonly verified: Verified }>();
  return async (assertion: string, verify: () => Promise<Verified>): Promise<Verified> => {
    const name = sha256(assertion);
    const known = held.get(name);
    if (known && clock() < known.until) {
      const { community, jwksUrl } = known.verified.contract;
      const contract = (await contracts.all()).find((one) => one.community === community);
      if (contract?.protocol === 'tsumugi' && contract.jwksUrl === jwksUrl)
        return { contract, payload: known.verified.payload };
    }
    const verified = await verify();
    if (held.size >= MOST_VERIFIED) held.clear();
    held.set(name, { until: (verified.payload.exp ?? 0) * 1000, verified });
    return verified;
  };
};

const checked = async (payload: unknown, asked: Omit<Parameters<typeof checkProof>[1], 'jkt'> & { proof: string }) => {
  try {
    const claims = AssertionClaims.parse(payload);
    const once = await checkProof(asked.proof, { ...asked, jkt: claims.cnf.jkt });
    return { claims, once };
  } catch {
    throw refused();
  }
};

/** Staff of a foreign facility, whoever it is at home. The community in the facility's name makes it none of ours, whatever its code. */
const actorOf = (claims: AssertionClaims, community: string, role: Actor['role'], facilityType: string): Actor => {
  const who = {
    subject: `${community}~${claims.sub}`.slice(0, 128),
    role,
    community,
    patients: [],
    tokenId: claims.jti.slice(0, 64),
  };
  // Whose records are a resident's own is for the pairing to say (answer.ts).
  if (role === 'resident')
    return {
      ...who,
      kind: 'resident',
      facility: undefined,
      facilityType: undefined,
      scopes: parseScopes('patient/*.rs'),
    };
  const facility = `${community}~${claims.extensions.ihe_iua.subject_organization_id.slice(-10)}`;
  return { ...who, kind: 'staff', facility, facilityType, scopes: parseScopes('user/*.rs') };
};
