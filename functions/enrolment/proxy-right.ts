// A proxy as it is stored, and whether it holds. Apart from the forms, because every request of a resident asks it.
import type { Resource } from '../fhir/types.ts';

export const PROXY = 'urn:tsumugi:proxy';

/** 親権者, 未成年後見人, 成年後見人, 家族, 任意代理人. */
export const KINDS = ['parent', 'guardian-of-minor', 'adult-guardian', 'family', 'delegate'] as const;
export type Kind = (typeof KINDS)[number];

export interface RelatedPerson extends Resource {
  resourceType: 'RelatedPerson';
  active: boolean;
  patient: { reference: string };
  period: { start: string; end?: string };
  extension: { url: string; extension: { url: string; valueCode?: string; valueString?: string }[] }[];
}

export interface ProxyRight {
  readonly id: string;
  /** Id of the region's Patient that is acted for. */
  readonly patient: string;
  /** Id of the Person who acts. */
  readonly person: string;
  readonly kind: Kind;
  readonly basis: string;
  readonly from: string;
  readonly until: string | undefined;
  readonly active: boolean;
}

export const proxyOf = (resource: Resource): ProxyRight | undefined => {
  const { id = '', patient, period, active, extension } = resource as RelatedPerson;
  const parts = extension?.find(({ url }) => url === PROXY)?.extension;
  if (!parts || !patient) return undefined;
  const text = (url: string) => parts.find((part) => part.url === url)?.valueString ?? '';
  return {
    id,
    patient: patient.reference.slice('Patient/'.length),
    person: text('person'),
    kind: parts.find(({ url }) => url === 'kind')?.valueCode as Kind,
    basis: text('basis'),
    from: period.start,
    until: period.end,
    active,
  };
};

export const isInForce = ({ active, from, until }: ProxyRight, now: number): boolean =>
  active && Date.parse(from) <= now && (until === undefined || now < Date.parse(until));

/** Look-up key under which the proxies of an acting person stand. */
export const actingKey = (person: string): string => `RelatedPerson.proxy|Person/${person}`;
