// Who asks at the responding gateway: an XUA assertion of a community under contract becomes an actor, as an assertion of our own
// protocol does (verify.ts). Deny by default: each must hold.
import type { Identities } from '../auth/rows.ts';
import { parseScopes } from '../auth/scopes.ts';
import type { Actor } from '../consent/actor.ts';
import { UNKNOWN_KIND } from '../consent/policy.ts';
import type { ReplayGuard, TrustedIssuers } from '../ihe/ports.ts';
import { SoapFault } from '../ihe/soap/fault.ts';
import type { VerifiedClaims } from '../ihe/xua/claims.ts';
import { verifyAssertion } from '../ihe/xua/verify.ts';
import { communityOf, sha256, type TravellingRole, urnOf } from './assertion.ts';
import { BREAK_GLASS, type IheContract, notInForce, OWN_REQUEST, PURPOSES } from './contract.ts';
import type { Contracts } from './contracts.ts';
import { purposeOf, roleOf } from './xua-codes.ts';

export interface XuaCallerParts {
  /** Ours: an OID. */
  readonly community: string;
  readonly contracts: Pick<Contracts, 'all'>;
  readonly identities: Pick<Identities, 'useOnce'>;
  readonly clock: () => number;
}

export interface XuaCaller {
  readonly actor: Actor;
  readonly purpose: string;
  readonly contract: IheContract;
  /** CX of the patient that the assertion is about, if it is about one only. */
  readonly resourceId: string | undefined;
}

export type VerifyXua = (asked: {
  /** Of the security header. */
  readonly assertion: string | undefined;
  readonly messageId: string | undefined;
  /** The address that was asked. */
  readonly recipient: string;
  /** The same under the name that the connection was made to. */
  readonly otherRecipient?: string | undefined;
  /** PEM, of a connection with mutual TLS: lets an assertion be bound to its holder. */
  readonly clientCertificate?: string | undefined;
}) => Promise<XuaCaller>;

/** A resident is known by a pairing, for which SOAP has no word. */
const BY_SOAP: readonly string[] = PURPOSES.filter((purpose) => purpose !== OWN_REQUEST);
/** An assertion has no place for the reason of who breaks the glass: what is asked in an emergency is answered, and nothing broken. */
const answeredFor = (purpose: string): string => (purpose === BREAK_GLASS ? 'ETREAT' : purpose);

const refused = (rule: string) => new SoapFault('Sender', rule, 'wsse:FailedAuthentication');

export const openXuaVerifier = ({ community, contracts, identities, clock }: XuaCallerParts): VerifyXua => {
  const contractOf = async (issuer: string): Promise<IheContract | undefined> => {
    const peer = communityOf(issuer);
    return (await contracts.all()).find(
      (one): one is IheContract => one.protocol === 'ihe' && one.community === peer && urnOf(peer) === issuer,
    );
  };
  const issuers: TrustedIssuers = {
    certificatesOf: async (issuer) => (await contractOf(issuer))?.ihe.certificates ?? [],
  };
  const replay: ReplayGuard = { firstUse: (use, until) => identities.useOnce(`xua ${sha256(use)}`, until) };

  return async ({ assertion, ...asked }) => {
    if (assertion === undefined)
      throw new SoapFault('Sender', 'a signed SAML assertion is needed', 'wsse:InvalidSecurityToken');
    const now = clock();
    const claims = await verifyAssertion(assertion, { audience: urnOf(community), now, ...asked }, { issuers, replay });
    const contract = await contractOf(claims.issuer);
    const reason = notInForce(contract, now);
    if (!contract || reason) throw refused(reason ?? 'there is no link contract');
    if (claims.homeCommunityId !== urnOf(contract.community))
      throw refused('homeCommunityId is not the community that signs');
    const purpose = (claims.purposeOfUse && purposeOf(claims.purposeOfUse)) ?? '';
    if (!BY_SOAP.includes(purpose)) throw refused('this purpose of use is not answered by XCA');
    if (!contract.terms.purposes.some((one) => one === purpose))
      throw refused('the link contract does not cover this purpose of use');
    const role = claims.role && roleOf(claims.role);
    if (!role) throw refused('the role is none that asks other communities');
    return {
      actor: actorOf(claims, contract.community, role),
      purpose: answeredFor(purpose),
      contract,
      resourceId: claims.resourceId,
    };
  };
};

/** Staff of a foreign facility, whoever it is at home. The community in the facility's name makes it none of ours, whatever its code. */
const actorOf = (claims: VerifiedClaims, community: string, role: TravellingRole): Actor => {
  if (claims.subject === '') throw refused('the assertion names nobody');
  const named = `${community}~${claims.subject}`;
  return {
    kind: 'staff',
    subject: named.length <= 128 ? named : `${community}~${sha256(claims.subject)}`,
    role,
    facility: `${community}~${facilityOf(claims.organizationId)}`,
    facilityType: /^[a-z-]{2,30}$/.exec(claims.facilityType ?? '')?.[0] ?? UNKNOWN_KIND,
    community,
    scopes: parseScopes('user/*.rs'),
    patients: [],
    tokenId: claims.assertionId.slice(0, 64),
  };
};

/** Ten digits of a Japanese facility at the end of whatever names it; anything else as it is. */
const facilityOf = (organizationId: string | undefined): string => {
  if (!organizationId) throw refused('the assertion names no organization');
  const [, code] = /(?:^|[.:/|]1?)(\d{10})$/.exec(organizationId) ?? [];
  return code ?? (/^[A-Za-z0-9.:-]{1,64}$/.test(organizationId) ? organizationId : sha256(organizationId));
};
