// A link contract with another community: who it is, where it answers, what may be asked for which purpose, and how far each side has
// gone. Either side keeps a row of its own, entered by its own people from what was agreed on paper: an address or a key is never
// taken from a stranger's message. No data moves unless both sides say `active` about the same terms.
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { FhirError } from '../fhir/outcome.ts';

/** OID of a community, `urn:oid:` left out. */
export const Community = z
  .string()
  .check(z.maxLength(64), z.regex(/^[0-2](\.(0|[1-9][0-9]*))+$/, 'must be an OID: digits and dots without "urn:oid:"'));

export const STATES = ['proposed', 'approved', 'active', 'suspended', 'ended'] as const;
export type State = (typeof STATES)[number];

/** A resident reads what is his own. */
export const OWN_REQUEST = 'PATRQT';
/** The glass is broken: in an emergency, whatever was consented to. */
export const BREAK_GLASS = 'BTG';
/** Purposes of use for which a person's own care may need another region's records, and the two that go past consent. */
export const PURPOSES = ['TREAT', 'ETREAT', 'CAREMGT', 'COC', BREAK_GLASS, OWN_REQUEST] as const;
/** Columns of the role × data matrix (consent/matrix.ts) that may be shown to the other side. */
export const AREAS = ['basic', 'clinical', 'document', 'care', 'home', 'admin'] as const;

/** What both sides must have written alike. */
export const Terms = z.strictObject({
  purposes: z.array(z.enum(PURPOSES)).check(z.minLength(1), z.maxLength(PURPOSES.length)),
  classes: z.array(z.enum(AREAS)).check(z.minLength(1), z.maxLength(AREAS.length)),
  /** The day after which it holds no more. */
  until: z.optional(z.string().check(z.regex(/^20[0-9]{2}-[01][0-9]-[0-3][0-9]$/, 'must be a date, YYYY-MM-DD'))),
});
export type Terms = z.infer<typeof Terms>;

const line = z.string().check(z.trim(), z.minLength(1), z.maxLength(100));
const address = z
  .string()
  .check(z.maxLength(300), z.regex(/^https?:\/\/[^\s?#]+[^/\s?#]$/, 'must be an address without a slash at its end'));

const Common = {
  community: Community,
  /** As residents read it. */
  name: line,
  terms: Terms,
};

/** A region on this software: JSON, and an exchange in which each side says where it stands. */
const TsumugiSide = {
  protocol: z.literal('tsumugi'),
  /** Of its API: it answers below `<baseUrl>/federation/answer`, and its resources are those of `<baseUrl>/fhir`. */
  baseUrl: address,
  /** https://datatracker.ietf.org/doc/html/rfc7517#section-5 */
  jwksUrl: address,
};

/** PEM. The key that an assertion verifies under; two stand side by side while one is changed. */
export const Certificates = z
  .array(
    z
      .string()
      .check(
        z.trim(),
        z.maxLength(8_000),
        z.regex(
          /^-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----$/,
          'must be one certificate, PEM',
        ),
      ),
  )
  .check(z.minLength(1), z.maxLength(2));

/** What was agreed with a community that cannot say so itself: the paper, its number and its day, and where it is kept. */
export const AgreedOn = z.string().check(z.trim(), z.minLength(1), z.maxLength(500));

/**
 * A community with IHE gateways, on whatever software: XCPD, XCA and XUA. Its homeCommunityId is `community`. It has no word for
 * "approved", so our own people record what both sides have signed, and a second of them confirms it.
 */
const IheSide = {
  protocol: z.literal('ihe'),
  ihe: z.strictObject({
    /** Where its responding gateway takes ITI-55, ITI-38 and ITI-39. */
    discovery: address,
    query: address,
    retrieve: address,
    certificates: Certificates,
    /** OID under which its gateway names patients. */
    assigningAuthority: Community,
    /** OID under which the two have agreed to name insurances 被保険者個人識別子, which have none of their own. Absent: they are not told. */
    insuranceAuthority: z.optional(Community),
    /** Its gateway asks for a client certificate: ours, the one that our assertions are signed under. */
    mutualTls: z.optional(z.boolean()),
  }),
  agreedOn: AgreedOn,
};

/** What was written before there was a choice is Tsumugi's own. */
const withProtocol = z.transform((value: unknown) =>
  typeof value === 'object' && value !== null && !('protocol' in value) ? { ...value, protocol: 'tsumugi' } : value,
);

export const Proposal = z.pipe(
  withProtocol,
  z.discriminatedUnion('protocol', [
    z.strictObject({ ...Common, ...TsumugiSide }),
    z.strictObject({ ...Common, ...IheSide }),
  ]),
);
export type Proposal = z.infer<typeof Proposal>;

const Step = z.strictObject({
  at: z.number(),
  side: z.enum(['own', 'peer']),
  state: z.enum(STATES),
  by: z.optional(z.string()),
  reason: z.optional(z.string()),
});

const Course = {
  own: z.enum(STATES),
  /** As the other side last said it, and about which terms; absent: it has said nothing yet. */
  peer: z.optional(z.strictObject({ state: z.enum(STATES), terms: z.string(), at: z.number() })),
  /** Whether the other side has heard of our last step. */
  told: z.boolean(),
  steps: z.array(Step),
};

/** Certificates that one has entered and another has yet to confirm. */
const Rotation = z.strictObject({ certificates: Certificates, agreedOn: AgreedOn, by: z.string(), at: z.number() });

export const Contract = z.pipe(
  withProtocol,
  z.discriminatedUnion('protocol', [
    z.strictObject({ ...Common, ...TsumugiSide, ...Course }),
    z.strictObject({ ...Common, ...IheSide, ...Course, rotation: z.optional(Rotation) }),
  ]),
);
export type Contract = z.infer<typeof Contract>;
export type TsumugiContract = Extract<Contract, { protocol: 'tsumugi' }>;
export type IheContract = Extract<Contract, { protocol: 'ihe' }>;

/** The terms whatever order they were written in. */
export const termsHash = ({ purposes, classes, until }: Terms): string =>
  createHash('sha256')
    .update(JSON.stringify([[...purposes].sort(), [...classes].sort(), until ?? null]))
    .digest('base64url');

const DAY = 86_400_000;
/** The last day of the contract ends in Japan. A day that no calendar has is over. */
export const hasRunOut = ({ until }: Terms, now: number): boolean =>
  until !== undefined && !(now < Date.parse(`${until}T00:00:00+09:00`) + DAY);

/** Why nothing may be asked or answered now; undefined: it may. */
export const notInForce = (contract: Contract | undefined, now: number): string | undefined => {
  if (!contract) return 'there is no link contract';
  const { own, peer, terms } = contract;
  if (own !== 'active') return `the link contract is ${own} on this side`;
  if (contract.protocol === 'ihe') return hasRunOut(terms, now) ? 'the link contract has run out' : undefined;
  if (peer?.state !== 'active') return `the link contract is ${peer?.state ?? 'not known'} on the other side`;
  if (peer.terms !== termsHash(terms)) return 'the two sides have written different terms';
  return hasRunOut(terms, now) ? 'the link contract has run out' : undefined;
};

export const ACTIONS = ['approve', 'activate', 'suspend', 'resume', 'end'] as const;
export type Action = (typeof ACTIONS)[number];

const NEXT: Readonly<Record<Action, { readonly from: readonly State[]; readonly to: State }>> = {
  approve: { from: ['proposed'], to: 'approved' },
  activate: { from: ['approved'], to: 'active' },
  suspend: { from: ['active'], to: 'suspended' },
  resume: { from: ['suspended'], to: 'active' },
  end: { from: ['proposed', 'approved', 'active', 'suspended'], to: 'ended' },
};

/** What the other side must have said before we may go on. */
const AWAITS: Partial<Readonly<Record<Action, readonly State[]>>> = {
  approve: ['proposed', 'approved', 'active'],
  activate: ['approved', 'active'],
};

const MOST_STEPS = 50;

const conflict = (diagnostics: string) => new FhirError('conflict', [{ diagnostics }]);

const proposerOf = ({ steps }: Contract): string | undefined =>
  steps.findLast(({ side, state }) => side === 'own' && state === 'proposed')?.by;

/** Where the other side's word is missing, two of ours must have read the same paper. */
const assertAnother = (by: string, first: string | undefined) => {
  if (first === undefined || by === first) throw conflict('another person than who entered it must confirm it');
};

/** New certificates for an IHE community, to be confirmed; those in use stay in use until then. */
export const rotating = (
  contract: IheContract,
  rotation: { certificates: readonly string[]; agreedOn: string; by: string; at: number },
): IheContract => ({ ...contract, rotation: { ...rotation, certificates: [...rotation.certificates] } });

/** @throws FhirError `conflict` where there is nothing to confirm, or by who entered it */
export const rotated = (contract: IheContract, by: string): IheContract => {
  const { rotation, ...rest } = contract;
  if (!rotation) throw conflict('there are no new certificates to confirm');
  assertAnother(by, rotation.by);
  return { ...rest, agreedOn: rotation.agreedOn, ihe: { ...rest.ihe, certificates: rotation.certificates } };
};

/** Our next step. @throws FhirError `conflict` where it cannot be taken from here */
export const stepped = (
  contract: Contract,
  action: Action,
  { at, by, reason }: { at: number; by: string; reason?: string | undefined },
): Contract => {
  const { from, to } = NEXT[action];
  if (!from.includes(contract.own)) throw conflict(`a contract that is ${contract.own} here cannot ${action}`);
  if (contract.protocol === 'ihe' && action === 'approve') assertAnother(by, proposerOf(contract));
  const awaited = contract.protocol === 'tsumugi' ? AWAITS[action] : undefined;
  if (awaited && !awaited.includes(contract.peer?.state ?? 'ended'))
    throw conflict(`to ${action}, the other side must have said ${awaited.join(' or ')}`);
  if (awaited && contract.peer?.terms !== termsHash(contract.terms))
    throw conflict('the two sides have written different terms');
  const step = { at, side: 'own' as const, state: to, by, ...(reason !== undefined && { reason }) };
  // Nobody on the other side could be told by us.
  return {
    ...contract,
    own: to,
    told: contract.protocol === 'ihe',
    steps: [...contract.steps, step].slice(-MOST_STEPS),
  };
};

/** What the other side says, unless something newer is known already. */
export const heard = <C extends Contract>(contract: C, said: NonNullable<Contract['peer']>): C => {
  const { peer } = contract;
  if (peer && peer.at > said.at) return contract;
  const isNews = peer?.state !== said.state;
  const step = { at: said.at, side: 'peer' as const, state: said.state };
  return { ...contract, peer: said, steps: isNews ? [...contract.steps, step].slice(-MOST_STEPS) : contract.steps };
};

export const proposed = (proposal: Proposal, at: number, by: string): Contract => ({
  ...proposal,
  own: 'proposed',
  told: proposal.protocol === 'ihe',
  steps: [{ at, side: 'own', state: 'proposed', by }],
});
