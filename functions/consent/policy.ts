// A person's consents as the decision reads them: compiled when a Consent is written (compile.ts), kept as JSON in the heads of all of
// the person's patient records, and asked for every record. What each part means: docs/consent.md.
import type { Actor, Role } from './actor.ts';
import { DATA_CLASSES } from './data-classes.ts';
import { SENSITIVE, systemRole } from './matrix.ts';

/** Milliseconds, `[from, to)`; null: open. */
export type Period = readonly [from: number | null, to: number | null];

/** One of: a facility by its code, facilities of a type, a role, a member of staff by the `sub` of the account, another region or all (`*`). */
export type Who =
  | { readonly facility: string }
  | { readonly facilityType: string }
  | { readonly role: string }
  | { readonly staff: string }
  | { readonly community: string };

/** One provision. What it does not name it does not restrict. */
export interface Rule {
  /** Absent: it only holds others. */
  readonly is?: 'permit' | 'deny';
  readonly who?: readonly Who[];
  /** Names of data-classes.ts, or resource types. */
  readonly classes?: readonly string[];
  /** `system|code`: speaks of records with one of these labels only. */
  readonly labels?: readonly string[];
  readonly purposes?: readonly string[];
  /** Clinical dates of records. */
  readonly data?: Period;
  /** When the rule holds. */
  readonly valid?: Period;
  /** Exceptions, within what it speaks of. */
  readonly but?: readonly Rule[];
}

export interface Policy {
  /** Nothing leaves but to the source facility: the person is dead, or the rules could not be read. */
  readonly closed?: boolean;
  /** One for each Consent that is active. */
  readonly rules: readonly Rule[];
}

export const OPEN: Policy = { rules: [] };
/** For who does not know what the patient has said: nothing leaves. */
export const CLOSED: Policy = { closed: true, rules: [] };

/** What a rule may want to know of a record; asked for only where a rule does. */
export interface Facts {
  /** `system|code` of its code or type. */
  codes(): readonly string[];
  /** Its clinical time in milliseconds, half open; undefined: it has none. */
  span(): { readonly low: number; readonly high: number } | undefined;
  /** Whether it is addressed to the facility that asks (participants.ts). */
  isAddressed(): boolean;
}

export interface Subject {
  readonly actor: Actor;
  readonly type: string;
  readonly dataClass?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly codes?: readonly string[] | undefined;
  readonly facts?: Facts | undefined;
  readonly purpose: string;
  readonly now: number;
}

export interface Verdict {
  readonly is: 'permit' | 'deny' | undefined;
  /** Sensitive labels of the record that permits name. */
  readonly named: readonly string[];
}

/** What all consents together say of a record: one that denies it outweighs all that permit it. */
export const verdictOf = ({ rules }: Policy, subject: Subject): Verdict => {
  let is: Verdict['is'];
  let named: readonly string[] = NONE;
  for (const rule of rules) {
    const found = resolve(rule, subject, NONE);
    if (found === DENIED) return DENIED;
    if (found.is === undefined) continue;
    is = 'permit';
    if (found.named.length > 0) named = named.length === 0 ? found.named : [...named, ...found.named];
  }
  return is === undefined ? SILENT : named.length === 0 ? PERMITTED : { is, named };
};

const NONE: readonly string[] = [];
const DENIED: Verdict = { is: 'deny', named: NONE };
const SILENT: Verdict = { is: undefined, named: NONE };
const PERMITTED: Verdict = { is: 'permit', named: NONE };

/** The most special rule that speaks of the record: an exception outweighs what it is an exception from, a denial any permit beside it. */
const resolve = (rule: Rule, subject: Subject, above: readonly string[]): Verdict => {
  const match = speaksOf(rule, subject);
  if (match === 'no') return SILENT;
  const named = rule.labels ? [...above, ...sensitiveIn(rule.labels, subject.labels)] : above;
  let permitted: Verdict | undefined;
  for (const exception of rule.but ?? NO_RULES) {
    const found = resolve(exception, subject, named);
    if (found === DENIED) return DENIED;
    if (found.is === 'permit')
      permitted = permitted ? { is: 'permit', named: [...permitted.named, ...found.named] } : found;
  }
  // What may be meant is denied, but permitted is only what surely is.
  if (match === 'yes' && permitted) return permitted;
  if (rule.is === 'deny') return DENIED;
  if (rule.is !== 'permit' || match !== 'yes') return SILENT;
  return named.length === 0 ? PERMITTED : { is: 'permit', named };
};

const NO_RULES: readonly Rule[] = [];

type Match = 'yes' | 'perhaps' | 'no';

const speaksOf = (rule: Rule, subject: Subject): Match => {
  const { who, classes, labels, purposes, data, valid } = rule;
  if (valid && !within(valid, subject.now)) return 'no';
  if (labels && !labels.some((label) => subject.labels?.includes(label))) return 'no';
  if (!isForPurpose(rule, purposes, subject.purpose)) return 'no';
  let match: Match = 'yes';
  if (who) match = weaker(match, isNamed(who, subject.actor));
  if (match !== 'no' && classes) match = weaker(match, isOfClass(classes, subject));
  if (match !== 'no' && data) match = weaker(match, isDated(data, subject));
  return match;
};

const weaker = (one: Match, other: Match): Match =>
  one === 'no' || other === 'no' ? 'no' : one === 'perhaps' ? one : other;

const within = ([from, to]: Period, now: number) => (from === null || now >= from) && (to === null || now < to);

/** A permit that names no purpose is for the care of the patient; a denial, and what only holds others, for any. */
const isForPurpose = ({ is }: Rule, purposes: readonly string[] | undefined, purpose: string): boolean =>
  purposes ? purposes.includes(purpose) : is !== 'permit' || CARE_PURPOSES.has(purpose);

/** Purposes that consent to the patient's own care covers (個人情報保護法, domain.md 4.3). */
export const CARE_PURPOSES: ReadonlySet<string> = new Set(['TREAT', 'ETREAT', 'BTG', 'CAREMGT', 'COC']);

/** `facilityType` of who asks from another community whose software does not say it: it may be any. */
export const UNKNOWN_KIND = 'unknown';

const isNamed = (who: readonly Who[], actor: Actor): Match => {
  let match: Match = 'no';
  for (const one of who) {
    if ('facility' in one) {
      if (one.facility === actor.facility) return 'yes';
      // What another region says of its facilities is enough to deny by, and not to permit by.
      if (actor.community !== undefined && actor.facility === `${actor.community}~${one.facility}`) match = 'perhaps';
    } else if ('community' in one) {
      if (actor.community !== undefined && (one.community === '*' || one.community === actor.community)) return 'yes';
    } else if ('facilityType' in one) {
      if (one.facilityType === actor.facilityType) return 'yes';
      if (actor.facilityType === UNKNOWN_KIND) match = 'perhaps';
    } else if ('role' in one) {
      if (one.role === actor.role) return 'yes';
      // Whoever sits before a facility's system may have the role.
      if (actor.role === 'system' && systemRole(actor.facilityType) === (one.role as Role)) match = 'perhaps';
    } else if (one.staff === actor.subject) return 'yes';
  }
  return match;
};

const isOfClass = (classes: readonly string[], subject: Subject): Match => {
  let match: Match = 'no';
  for (const name of classes) {
    const found = name === subject.type ? 'yes' : (DATA_CLASSES[name]?.(subject) ?? 'no');
    if (found === 'yes') return 'yes';
    if (found === 'perhaps') match = 'perhaps';
  }
  return match;
};

/** Wholly within: yes; partly, or undated: perhaps. Who a Patient is has no date. */
const isDated = ([from, to]: Period, { type, facts }: Subject): Match => {
  if (type === 'Patient') return 'yes';
  const span = facts?.span();
  if (!span) return 'perhaps';
  const [low, high] = [from ?? Number.NEGATIVE_INFINITY, to ?? Number.POSITIVE_INFINITY];
  if (span.low >= low && span.high <= high) return 'yes';
  return span.low < high && span.high > low ? 'perhaps' : 'no';
};

const sensitiveIn = (labels: readonly string[], had: readonly string[] | undefined): string[] =>
  labels.filter((label) => SENSITIVE.has(label) && had?.includes(label));

const parsed = new Map<string, Policy>();
const MOST_PARSED = 500;

/** From a head's JSON. What cannot be read opens nothing. */
export const policyOf = (json: string | undefined): Policy => {
  if (json === undefined) return OPEN;
  const known = parsed.get(json);
  if (known) return known;
  const policy = read(json);
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(json, policy);
  return policy;
};

const read = (json: string): Policy => {
  try {
    const value = JSON.parse(json) as Policy;
    return Array.isArray(value.rules) ? value : CLOSED;
  } catch {
    return CLOSED;
  }
};
