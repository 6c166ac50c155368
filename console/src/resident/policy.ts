// A person's Consents as switches, and what they come to: who may see which kind of data. The region decides by the same rules
// (docs/consent.md); where a rule depends on more than facility and kind of data, this says "partly" and not more.
import type { Resource } from '../api/client.ts';

/** How the region takes consent; only `implicit` opens anything by itself. */
export type ConsentDefault = 'implicit' | 'own-facility' | 'blanket' | 'list' | 'per-facility';

export interface Facility {
  /** 10 digits. */
  readonly code: string;
  readonly name: string;
  /** `hospital`, `pharmacy`, …, where the directory says so. */
  readonly type: string | undefined;
  /** Offices look after no patients. */
  readonly isOffice: boolean;
}

/** Kinds of data that people tell apart (functions/consent/data-classes.ts has them all). */
export const CLASSES = ['disease', 'allergy', 'drug', 'lab', 'image', 'document', 'care', 'home'] as const;
export type DataClass = (typeof CLASSES)[number];

const DATA_CLASS = 'urn:tsumugi:data-class';
const FACILITY_TYPE = 'urn:tsumugi:facility-type';
/** Another region by its OID, or `*`: all others. */
const COMMUNITY = 'urn:tsumugi:community';
const INSTITUTION = 'http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no';
const PRIVACY = 'patient-privacy';
/** Of the words of this console; a change of what they say is a new one. */
export const EXPLANATION = 'console-2026-11';

interface Coding {
  readonly system?: string;
  readonly code?: string;
}

export interface Provision {
  readonly type?: 'permit' | 'deny';
  readonly actor?: readonly {
    readonly role?: { readonly coding?: readonly Coding[] };
    readonly reference?: {
      readonly identifier?: { readonly system?: string; readonly value?: string };
      readonly display?: string;
    };
  }[];
  readonly class?: readonly Coding[];
  readonly securityLabel?: readonly Coding[];
  readonly purpose?: readonly Coding[];
  readonly period?: { readonly start?: string; readonly end?: string };
  readonly dataPeriod?: unknown;
  readonly provision?: readonly Provision[];
}

export const provisionOf = (consent: Resource): Provision => (consent['provision'] as Provision | undefined) ?? {};

export const isAboutPrivacy = (consent: Resource): boolean =>
  ((consent['scope'] as { coding?: Coding[] } | undefined)?.coding ?? []).some(({ code }) => code === PRIVACY);

/** Facilities and members of staff that a provision names. */
export const namedIn = ({
  actor = [],
}: Provision): { facilities: string[]; regions: number; proxies: number; others: number } => {
  const facilities = actor.flatMap(({ reference }) => {
    const { system, value = '' } = reference?.identifier ?? {};
    return system === INSTITUTION && /^\d{10}$/.test(value) ? [value] : [];
  });
  const regions = actor.filter(isOthers).length;
  const proxies = actor.filter(isProxies).length;
  return { facilities, regions, proxies, others: actor.length - facilities.length - regions - proxies };
};

/** What a switch sets: one facility or all, one kind of data or all. */
export interface Target {
  readonly facility: string | undefined;
  readonly dataClass: string | undefined;
}

/** Undefined: more than a switch says. */
export const targetOf = (provision: Provision): (Target & { type: 'permit' | 'deny' }) | undefined => {
  const { type, actor = [], class: classes = [], ...more } = provision;
  const { facilities, regions, proxies, others } = namedIn(provision);
  const isPlain =
    Object.entries(more).every(([name, value]) => name === 'id' || value === undefined) &&
    others + regions + proxies === 0 &&
    actor.length <= 1 &&
    classes.length <= 1 &&
    classes.every(({ system }) => system === DATA_CLASS);
  return type !== undefined && isPlain ? { type, facility: facilities[0], dataClass: classes[0]?.code } : undefined;
};

export const isTarget = (consent: Resource, type: 'permit' | 'deny', { facility, dataClass }: Target): boolean => {
  const found = targetOf(provisionOf(consent));
  return found?.type === type && found.facility === facility && found.dataClass === dataClass;
};

/** As the region's profile wants it. */
export const consentWith = (patient: string, provision: Provision, now: Date): Resource => ({
  resourceType: 'Consent',
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: PRIVACY }] },
  category: [{ coding: [{ system: 'urn:tsumugi:consent-pattern', code: 'per-facility' }] }],
  patient: { reference: `Patient/${patient}` },
  dateTime: now.toISOString(),
  performer: [{ reference: `Patient/${patient}` }],
  policyRule: { coding: [{ system: 'urn:tsumugi:explanation-version', code: EXPLANATION }] },
  provision,
});

const RECIPIENT = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] };

export const consentOf = (
  patient: string,
  type: 'permit' | 'deny',
  { facility, dataClass }: Target,
  now: Date,
): Resource =>
  consentWith(
    patient,
    {
      type,
      ...(facility !== undefined && {
        actor: [{ role: RECIPIENT, reference: { identifier: { system: INSTITUTION, value: facility } } }],
      }),
      ...(dataClass !== undefined && { class: [{ system: DATA_CLASS, code: dataClass }] }),
    },
    now,
  );

/** Over all other regions: a permit is the opt-in to be looked for there, a denial keeps everything here. */
export const othersConsent = (patient: string, type: 'permit' | 'deny', now: Date): Resource =>
  consentWith(
    patient,
    { type, actor: [{ role: { coding: [{ system: COMMUNITY, code: '*' }] }, reference: { display: '*' } }] },
    now,
  );

const isOthers = (actor: NonNullable<Provision['actor']>[number]): boolean =>
  actor.role?.coding?.some(({ system }) => system === COMMUNITY) === true;

/** Who acts for a minor who decides alone: residents, too. */
const ROLE = 'urn:tsumugi:role';
export const PROXIES = { role: { coding: [{ system: ROLE, code: 'proxy' }] }, reference: { display: 'proxy' } };

export const isProxies = ({ role }: NonNullable<Provision['actor']>[number]): boolean =>
  role?.coding?.some(({ system, code }) => system === ROLE && code === 'proxy') === true;

/** Other regions that a provision names, by OID; `*`: all of them. */
export const communitiesIn = ({ actor = [] }: Provision): string[] =>
  actor.flatMap(({ role }) =>
    (role?.coding ?? []).flatMap(({ system, code }) => (system === COMMUNITY && code ? [code] : [])),
  );

/** Whether a Consent says this of all other regions, and nothing else. */
export const isOthersConsent = (consent: Resource, type: 'permit' | 'deny'): boolean => {
  const { type: said, actor = [], ...more } = provisionOf(consent);
  const [only] = actor;
  return (
    said === type &&
    actor.length === 1 &&
    only !== undefined &&
    isOthers(only) &&
    only.role?.coding?.[0]?.code === '*' &&
    Object.entries(more).every(([name, value]) => name === 'id' || value === undefined)
  );
};

export type OthersChoice = 'permit' | 'deny' | 'region';

/** What was chosen of other regions; `region`: nothing, and the region's own rule holds. */
export const othersChoice = (consents: readonly Resource[]): OthersChoice => {
  const active = consents.filter((one) => one['status'] === 'active' && isAboutPrivacy(one));
  if (active.some((one) => isOthersConsent(one, 'deny'))) return 'deny';
  return active.some((one) => isOthersConsent(one, 'permit')) ? 'permit' : 'region';
};

export const othersPlan = (consents: readonly Resource[], wanted: OthersChoice): Plan => {
  const idsOf = (type: 'permit' | 'deny', status: string) =>
    consents
      .filter((one) => isAboutPrivacy(one) && one['status'] === status && isOthersConsent(one, type))
      .flatMap(({ id }) => id ?? []);
  const types = ['permit', 'deny'] as const;
  const withdraw = types.filter((type) => type !== wanted).flatMap((type) => idsOf(type, 'active'));
  if (wanted === 'region' || idsOf(wanted, 'active').length > 0) return { ...NOTHING, withdraw };
  const [again] = idsOf(wanted, 'inactive');
  return again === undefined
    ? { withdraw, resume: [], create: wanted }
    : { withdraw, resume: [again], create: undefined };
};

export type Effect = 'open' | 'part' | 'closed';
type Match = 'yes' | 'part' | 'no';
type Said = 'deny' | 'permit' | 'part-deny' | 'part-permit';

const CLINICAL: readonly string[] = ['disease', 'allergy', 'drug', 'lab'];

const weaker = (one: Match, other: Match): Match =>
  one === 'no' || other === 'no' ? 'no' : one === 'part' ? one : other;

const matchActor = ({ actor = [] }: Provision, { code, type }: Facility): Match => {
  if (actor.length === 0) return 'yes';
  let match: Match = 'no';
  for (const one of actor) {
    const { role, reference } = one;
    if (isOthers(one) || isProxies(one)) continue; // nobody of a facility
    const { system, value } = reference?.identifier ?? {};
    if (system === INSTITUTION) {
      if (value === code) return 'yes';
      continue;
    }
    const kind = role?.coding?.find((coding) => coding.system === FACILITY_TYPE);
    if (kind && type !== undefined) {
      if (kind.code === type) return 'yes';
      continue;
    }
    match = 'part'; // a profession, or one member of staff
  }
  return match;
};

const matchClass = ({ class: classes = [] }: Provision, dataClass: DataClass): Match => {
  if (classes.length === 0) return 'yes';
  let match: Match = 'no';
  for (const { system, code = '' } of classes) {
    if (system !== DATA_CLASS) match = 'part';
    else if (code === dataClass || (code === 'clinical' && CLINICAL.includes(dataClass))) return 'yes';
    else if (code === 'progress-note' && dataClass === 'document') match = 'part';
  }
  return match;
};

const holds = ({ period }: Provision, now: number): boolean =>
  !(period?.start !== undefined && Date.parse(period.start) > now) &&
  !(
    period?.end !== undefined &&
    Date.parse(period.end.length === 10 ? `${period.end}T23:59:59+09:00` : period.end) < now
  );

const said = (provision: Provision, facility: Facility, dataClass: DataClass, now: number): Said | undefined => {
  if (!holds(provision, now)) return undefined;
  const { securityLabel = [], purpose = [], dataPeriod, type } = provision;
  const narrower: Match = securityLabel.length > 0 || purpose.length > 0 || dataPeriod !== undefined ? 'part' : 'yes';
  const match = weaker(weaker(matchActor(provision, facility), matchClass(provision, dataClass)), narrower);
  if (match === 'no') return undefined;
  const inner = (provision.provision ?? []).flatMap((one) => said(one, facility, dataClass, now) ?? []);
  const own: Said | undefined = type && (match === 'yes' ? type : `part-${type}`);
  if (inner.includes('deny')) return match === 'yes' ? 'deny' : 'part-deny';
  if (inner.includes('permit')) return match === 'yes' ? 'permit' : 'part-permit';
  if (inner.includes('part-deny')) return own === 'deny' ? 'deny' : 'part-deny';
  if (inner.includes('part-permit')) return own === 'permit' ? 'permit' : 'part-permit';
  return own;
};

/** What a facility sees of one kind of data that others have written. */
export const effectOf = (
  consents: readonly Resource[],
  region: ConsentDefault,
  facility: Facility,
  dataClass: DataClass,
  now: number,
): Effect => {
  const all = consents
    .filter((one) => one['status'] === 'active' && isAboutPrivacy(one))
    .flatMap((one) => said(provisionOf(one), facility, dataClass, now) ?? []);
  if (all.includes('deny')) return 'closed';
  const isOpen = all.includes('permit') || region === 'implicit';
  if (isOpen) return all.includes('part-deny') ? 'part' : 'open';
  return all.includes('part-permit') ? 'part' : 'closed';
};

/** Of all kinds together. */
export const overall = (effects: readonly Effect[]): Effect =>
  effects.every((one) => one === 'open') ? 'open' : effects.every((one) => one === 'closed') ? 'closed' : 'part';

export interface Plan {
  /** Consents that are taken back or brought back, by id. */
  readonly withdraw: readonly string[];
  readonly resume: readonly string[];
  readonly create: 'permit' | 'deny' | undefined;
}

export const NOTHING: Plan = { withdraw: [], resume: [], create: undefined };

/** What one tap changes: a Consent that says just this is used again, before another is written. */
export const planFor = (
  consents: readonly Resource[],
  region: ConsentDefault,
  target: Target,
  wanted: 'open' | 'closed',
): Plan => {
  const own = consents.filter(isAboutPrivacy);
  const idsOf = (type: 'permit' | 'deny', status: string) =>
    own.filter((one) => one['status'] === status && isTarget(one, type, target)).flatMap(({ id }) => id ?? []);
  if (wanted === 'closed') {
    if (idsOf('deny', 'active').length > 0) return NOTHING;
    const [again] = idsOf('deny', 'inactive');
    return again === undefined ? { ...NOTHING, create: 'deny' } : { ...NOTHING, resume: [again] };
  }
  const withdraw = idsOf('deny', 'active');
  const isPermitted =
    region === 'implicit' ||
    target.facility === undefined ||
    own.some((one) => one['status'] === 'active' && isPermitFor(one, target));
  if (isPermitted) return { ...NOTHING, withdraw };
  const [again] = idsOf('permit', 'inactive');
  return again === undefined
    ? { withdraw, resume: [], create: 'permit' }
    : { withdraw, resume: [again], create: undefined };
};

const isPermitFor = (consent: Resource, { facility, dataClass }: Target): boolean => {
  const { type, class: classes = [], ...provision } = provisionOf(consent);
  const { facilities, regions, proxies, others } = namedIn(provision);
  const names = facilities.length + regions + proxies + others === 0 || facilities.includes(facility ?? '');
  return type === 'permit' && names && (classes.length === 0 || classes.some(({ code }) => code === dataClass));
};
