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

/** Purposes of use for which a person's own care may need another region's records. */
export const PURPOSES = ['TREAT', 'ETREAT', 'CAREMGT', 'COC'] as const;
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
const address = z.string().check(z.maxLength(300), z.regex(/^https?:\/\/[^\s?#]+[^/\s?#]$/, 'must be an address'));

export const Proposal = z.strictObject({
  community: Community,
  /** As residents read it. */
  name: line,
  /** Of its API: it answers below `<baseUrl>/federation/answer`, and its resources are those of `<baseUrl>/fhir`. */
  baseUrl: address,
  /** https://datatracker.ietf.org/doc/html/rfc7517#section-5 */
  jwksUrl: address,
  terms: Terms,
});
export type Proposal = z.infer<typeof Proposal>;

const Step = z.strictObject({
  at: z.number(),
  side: z.enum(['own', 'peer']),
  state: z.enum(STATES),
  by: z.optional(z.string()),
  reason: z.optional(z.string()),
});

export const Contract = z.strictObject({
  ...Proposal.shape,
  own: z.enum(STATES),
  /** As the other side last said it, and about which terms; absent: it has said nothing yet. */
  peer: z.optional(z.strictObject({ state: z.enum(STATES), terms: z.string(), at: z.number() })),
  /** Whether the other side has heard of our last step. */
  told: z.boolean(),
  steps: z.array(Step),
});
export type Contract = z.infer<typeof Contract>;

/** The terms whatever order they were written in. */
export const termsHash = ({ purposes, classes, until }: Terms): string =>
  createHash('sha256')
    .update(JSON.stringify([[...purposes].sort(), [...classes].sort(), until ?? null]))
    .digest('base64url');

const DAY = 86_400_000;
/** The last day of the contract ends in Japan. */
const hasRunOut = ({ until }: Terms, now: number): boolean =>
  until !== undefined && now >= Date.parse(`${until}T00:00:00+09:00`) + DAY;

/** Why nothing may be asked or answered now; undefined: it may. */
export const notInForce = (contract: Contract | undefined, now: number): string | undefined => {
  if (!contract) return 'there is no link contract';
  const { own, peer, terms } = contract;
  if (own !== 'active') return `the link contract is ${own} on this side`;
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

/** Our next step. @throws FhirError `conflict` where it cannot be taken from here */
export const stepped = (
  contract: Contract,
  action: Action,
  { at, by, reason }: { at: number; by: string; reason?: string | undefined },
): Contract => {
  const { from, to } = NEXT[action];
  if (!from.includes(contract.own)) throw conflict(`a contract that is ${contract.own} here cannot ${action}`);
  const awaited = AWAITS[action];
  if (awaited && !awaited.includes(contract.peer?.state ?? 'ended'))
    throw conflict(`to ${action}, the other side must have said ${awaited.join(' or ')}`);
  if (awaited && contract.peer?.terms !== termsHash(contract.terms))
    throw conflict('the two sides have written different terms');
  const step = { at, side: 'own' as const, state: to, by, ...(reason !== undefined && { reason }) };
  return { ...contract, own: to, told: false, steps: [...contract.steps, step].slice(-MOST_STEPS) };
};

/** What the other side says, unless something newer is known already. */
export const heard = (contract: Contract, said: NonNullable<Contract['peer']>): Contract => {
  const { peer } = contract;
  if (peer && peer.at > said.at) return contract;
  const isNews = peer?.state !== said.state;
  const step = { at: said.at, side: 'peer' as const, state: said.state };
  return { ...contract, peer: said, steps: isNews ? [...contract.steps, step].slice(-MOST_STEPS) : contract.steps };
};

export const proposed = (proposal: Proposal, at: number, by: string): Contract => ({
  ...proposal,
  own: 'proposed',
  told: false,
  steps: [{ at, side: 'own', state: 'proposed', by }],
});
