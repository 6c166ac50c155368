// What of a person may be told to another region to find out whether the person is known there. Reading there is for that region to
// decide; this is about what leaves here before anybody has decided anything (design section 8).
import type { Actor } from './actor.ts';
import type { ConsentDefault } from './decide.ts';
import { CARE_PURPOSES, type Policy, type Rule, type Subject, verdictOf } from './policy.ts';

/**
 * `demographics`: the person has opted in, by a permit that names other regions. `identifiers`: consent covers that others in care see
 * the record, and no more was said: a number leaves, a name does not. `nothing`: nothing was said, where silence is no yes. `refused`: said no.
 */
export type Sharing = 'refused' | 'nothing' | 'identifiers' | 'demographics';

export interface SharingQuestion {
  readonly policy: Policy;
  /** Whom it would be told to. */
  readonly community: string;
  readonly purpose: string;
  readonly now: number;
  readonly consentDefault?: ConsentDefault | undefined;
}

/** Somebody who treats the person there: whoever it will be, as far as it is known beforehand. */
const someoneAt = (community: string): Actor => ({
  kind: 'staff',
  subject: `${community}~`,
  role: 'doctor',
  facility: `${community}~`,
  facilityType: undefined,
  community,
  scopes: [],
  patients: [],
  tokenId: '',
});

export const sharingOf = ({ policy, community, purpose, now, consentDefault }: SharingQuestion): Sharing => {
  if (policy.closed) return 'refused';
  const subject: Subject = { actor: someoneAt(community), type: 'Patient', dataClass: 'basic', purpose, now };
  const { is } = verdictOf(policy, subject);
  if (is === 'deny') return 'refused';
  if (is === 'permit') return isOptedIn(policy, subject) ? 'demographics' : 'identifiers';
  return consentDefault === 'implicit' && CARE_PURPOSES.has(purpose) ? 'identifiers' : 'nothing';
};

/** A 一括 consent to one's own region is no opt-in, nor is one that only leaves another region out: a permit must name others. */
const isOptedIn = ({ rules }: Policy, subject: Subject): boolean => rules.some((rule) => permitsByName(rule, subject));

const permitsByName = (rule: Rule, subject: Subject, above = false): boolean => {
  const { is, who = [], but = [] } = rule;
  const isNamed = above || who.some((one) => 'community' in one);
  if (verdictOf({ rules: [rule] }, subject).is !== 'permit') return false;
  return (is === 'permit' && isNamed) || but.some((one) => permitsByName(one, subject, isNamed));
};
