// What a minor who decides alone keeps from parents and others who act for her: each switch is one Consent that denies the role `proxy`.
// Nobody at a facility is concerned. docs/enrolment.md, "Mature minors"
import type { Resource } from '../api/client.ts';
import {
  CLASSES,
  consentWith,
  type DataClass,
  isAboutPrivacy,
  isProxies,
  NOTHING,
  type Plan,
  PROXIES,
  provisionOf,
} from './policy.ts';

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const DATA_CLASS = 'urn:tsumugi:data-class';

/** Sensitive records across all kinds, as the region labels them (docs/terminology.md): what a minor most often wants to keep comes first. */
export const LABELS = ['SEX', 'PSY', 'SDV', 'SUD', 'HIV'] as const;
export type Label = (typeof LABELS)[number];
/** Of all that rules may name. */
export const isLabel = (code: string): code is Label | 'GDIS' => [...LABELS, 'GDIS'].includes(code);

/** Everything, one kind of data, or what has one label. */
export type Kept = 'everything' | DataClass | Label;

const provisionFor = (kept: Kept) => ({
  type: 'deny' as const,
  actor: [PROXIES],
  ...((CLASSES as readonly string[]).includes(kept) && { class: [{ system: DATA_CLASS, code: kept }] }),
  ...(isLabel(kept) && { securityLabel: [{ system: ACT_CODE, code: kept }] }),
});

export const keepConsent = (patient: string, kept: Kept, now: Date): Resource =>
  consentWith(patient, provisionFor(kept), now);

/** What a Consent keeps, where it says that and nothing else. */
const keptBy = (consent: Resource): string | undefined => {
  const { type, actor = [], class: classes = [], securityLabel = [], ...more } = provisionOf(consent);
  const isPlain = Object.entries(more).every(([name, value]) => name === 'id' || value === undefined);
  const [only] = actor;
  const said = [...classes, ...securityLabel];
  if (!isPlain || type !== 'deny' || actor.length !== 1 || !only || !isProxies(only) || said.length > 1)
    return undefined;
  return said[0]?.code ?? 'everything';
};

const idsOf = (consents: readonly Resource[], kept: Kept, status: string): string[] =>
  consents
    .filter((one) => isAboutPrivacy(one) && one['status'] === status && keptBy(one) === kept)
    .flatMap(({ id }) => id ?? []);

export const isKept = (consents: readonly Resource[], kept: Kept): boolean =>
  idsOf(consents, kept, 'active').length > 0;

/** What one tap changes: a Consent that says just this is used again, before another is written. */
export const keepPlan = (consents: readonly Resource[], kept: Kept, wanted: boolean): Plan => {
  const active = idsOf(consents, kept, 'active');
  if (!wanted) return { ...NOTHING, withdraw: active };
  if (active.length > 0) return NOTHING;
  const [again] = idsOf(consents, kept, 'inactive');
  return again === undefined ? { ...NOTHING, create: 'deny' } : { ...NOTHING, resume: [again] };
};
